import { ServiceFault, type Call, type DynamoDbStreamsOperations, type Handlers } from '@mayfly/wire';
import type { Clock } from '../../../base/index.ts';
import { schemaOf } from '../describe.ts';
import { invalid } from '../faults.ts';
import { valueItem } from '../stored.ts';
import { openIterator, sealIterator } from './iterator.ts';
import { eventId, seqOf, sequenceNumber, type StreamInfo, type StreamRow, type Streams } from './streams.ts';

/** @source API Reference, GetRecords: 1000 records or 1 MB */
const mostRecords = 1000;
const answerBytes = 1_048_576;

export function streamHandlers(streams: Streams, clock: Clock): Handlers<DynamoDbStreamsOperations> {
  const find = (call: Call, arn: string | undefined): StreamInfo => {
    const info = streams.get(arn ?? '');
    if (info.account !== call.account || info.region !== call.region) return streams.get('');
    return info;
  };
  const shardOf = (info: StreamInfo, shardId: string | undefined): void => {
    if (shardId === info.shardId) return;
    throw new ServiceFault(
      'ResourceNotFoundException',
      `Requested resource not found: Shard: ${shardId} in Stream: ${info.arn} not found`,
    );
  };
  return {
    ListStreams(input, call) {
      const all = streams.list(call).filter(({ tableName }) => input.TableName === undefined || tableName === input.TableName);
      const from = input.ExclusiveStartStreamArn;
      const rest = from === undefined ? all : all.filter(({ arn }) => arn > from);
      const page = rest.slice(0, input.Limit ?? 100);
      const last = page.at(-1);
      return Promise.resolve({
        Streams: page.map(({ arn, label, tableName }) => ({ StreamArn: arn, StreamLabel: label, TableName: tableName })),
        ...(rest.length > page.length && last !== undefined ? { LastEvaluatedStreamArn: last.arn } : {}),
      });
    },

    DescribeStream(input, call) {
      const info = find(call, input.StreamArn);
      const shown = input.ExclusiveStartShardId === undefined && input.ShardFilter === undefined;
      return Promise.resolve({
        StreamDescription: {
          StreamArn: info.arn,
          StreamLabel: info.label,
          StreamStatus: info.endSeq === undefined ? ('ENABLED' as const) : ('DISABLED' as const),
          StreamViewType: info.viewType,
          CreationRequestDateTime: new Date(info.createdAtMs),
          TableName: info.tableName,
          KeySchema: schemaOf(info.keys),
          Shards: shown
            ? [
                {
                  ShardId: info.shardId,
                  SequenceNumberRange: {
                    StartingSequenceNumber: sequenceNumber(info.startSeq + 1),
                    ...(info.endSeq === undefined ? {} : { EndingSequenceNumber: sequenceNumber(info.endSeq) }),
                  },
                },
              ]
            : [],
        },
      });
    },

    async GetShardIterator(input, call) {
      const info = find(call, input.StreamArn);
      shardOf(info, input.ShardId);
      const seal = (after: number) => ({
        ShardIterator: sealIterator({ arn: info.arn, shardId: info.shardId, after, issuedAtMs: clock.now() }),
      });
      switch (input.ShardIteratorType) {
        case 'TRIM_HORIZON':
          return seal(info.startSeq);
        case 'LATEST':
          return seal(info.endSeq ?? streams.lastSeq);
        default: {
          if (input.SequenceNumber === undefined) {
            throw invalid(`SequenceNumber must be specified for ShardIteratorType ${input.ShardIteratorType}`);
          }
          const seq = seqOf(input.SequenceNumber);
          const [first] = await streams.rows(info, info.startSeq, 1);
          if (seq <= info.startSeq || (first !== undefined && seq < first.seq - 1)) {
            throw new ServiceFault(
              'TrimmedDataAccessException',
              'The operation attempted to read past the oldest stream record in a shard.',
            );
          }
          return seal(input.ShardIteratorType === 'AT_SEQUENCE_NUMBER' ? seq - 1 : seq);
        }
      }
    },

    async GetRecords(input, call) {
      const iterator = openIterator(input.ShardIterator ?? '', clock.now());
      const info = find(call, iterator.arn);
      shardOf(info, iterator.shardId);
      const rows = await streams.rows(info, iterator.after, Math.min(input.Limit ?? mostRecords, mostRecords));
      let bytes = 0;
      const page = rows.filter(({ record }, index) => (bytes += record.sizeBytes) <= answerBytes || index === 0);
      const after = page.at(-1)?.seq ?? iterator.after;
      const ended =
        info.endSeq !== undefined &&
        page.length === rows.length &&
        rows.length < mostRecords &&
        (rows.length === 0 || after >= info.endSeq);
      return {
        Records: page.map((row) => recordOf(info, row)),
        ...(ended ? {} : { NextShardIterator: sealIterator({ ...iterator, after, issuedAtMs: clock.now() }) }),
      };
    },
  };
}

function recordOf(info: StreamInfo, { seq, atMs, record }: StreamRow) {
  const image = (json: object) => valueItem(json as Record<string, unknown>) as never;
  return {
    eventID: eventId(info, seq),
    eventName: record.eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: info.region,
    dynamodb: {
      ApproximateCreationDateTime: new Date(Math.floor(atMs / 1000) * 1000),
      Keys: image(record.keys),
      ...(record.newImage === undefined ? {} : { NewImage: image(record.newImage) }),
      ...(record.oldImage === undefined ? {} : { OldImage: image(record.oldImage) }),
      SequenceNumber: sequenceNumber(seq),
      SizeBytes: record.sizeBytes,
      StreamViewType: record.viewType,
    },
    ...(record.identity === undefined
      ? {}
      : { userIdentity: { Type: record.identity.type, PrincipalId: record.identity.principalId } }),
  };
}
