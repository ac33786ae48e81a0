import { ServiceFault, type Call, type Handlers, type KinesisOperations } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { readToken, writeToken } from '../kit/index.ts';
import { badArgument, inUse } from './faults.ts';
import { describeShard } from './shard-handlers.ts';
import { firstShards, isOpen, shardNo, type Stream } from './stream.ts';
import { streamArn, type Streams } from './streams.ts';

type StreamHandlers = Pick<
  Handlers<KinesisOperations>,
  | 'CreateStream'
  | 'DeleteStream'
  | 'ListStreams'
  | 'DescribeStream'
  | 'DescribeStreamSummary'
  | 'DescribeLimits'
  | 'IncreaseStreamRetentionPeriod'
  | 'DecreaseStreamRetentionPeriod'
  | 'StartStreamEncryption'
  | 'StopStreamEncryption'
  | 'UpdateStreamMode'
  | 'UpdateMaxRecordSize'
  | 'EnableEnhancedMonitoring'
  | 'DisableEnhancedMonitoring'
>;

/** @source Developer Guide, "Quotas and limits": 200 open shards as the default; an on-demand stream starts with four */
const shardLimit = 10_000;
const onDemandShards = 4;
const firstRetentionHours = 24;
const longestRetentionHours = 8760;
const allMetrics = [
  'IncomingBytes',
  'IncomingRecords',
  'OutgoingBytes',
  'OutgoingRecords',
  'WriteProvisionedThroughputExceeded',
  'ReadProvisionedThroughputExceeded',
  'IteratorAgeMilliseconds',
] as const;
type Metric = (typeof allMetrics)[number] | 'ALL';

/** Streams are ACTIVE as soon as they exist. */
export function streamHandlers(streams: Streams, clock: Clock): StreamHandlers {
  const openShards = (call: Call): number =>
    streams.list(call).reduce((sum, { shards }) => sum + shards.filter(isOpen).length, 0);
  return {
    async CreateStream(input, call) {
      const name = input.StreamName ?? '';
      const arn = streamArn(call, name);
      if (streams.find(arn) !== undefined) throw inUse(`Stream ${name} under account ${call.account} already exists.`);
      const mode = input.StreamModeDetails?.StreamMode ?? 'PROVISIONED';
      if (mode === 'ON_DEMAND' && input.ShardCount !== undefined) {
        throw new ServiceFault('ValidationException', 'ShardCount cannot be specified for a stream in ON_DEMAND mode.', {
          status: 400,
        });
      }
      const count = mode === 'ON_DEMAND' ? onDemandShards : (input.ShardCount ?? 1);
      if (openShards(call) + count > shardLimit) {
        throw new ServiceFault(
          'LimitExceededException',
          `This request would exceed the shard limit for the account ${call.account} in ${call.region}. Limit: ${shardLimit}.`,
        );
      }
      const atMs = Math.floor(clock.now());
      await streams.save(
        {
          no: streams.nextNo(),
          account: call.account,
          region: call.region,
          name,
          arn,
          createdAtMs: atMs,
          mode,
          retentionHours: firstRetentionHours,
          maxRecordKiB: input.MaxRecordSizeInKiB ?? 1024,
          metrics: [],
          tags: input.Tags ?? {},
          shards: firstShards(count, { seq: streams.lastSeq, atMs }),
          consumers: [],
        },
        undefined,
      );
      return {};
    },

    async DeleteStream(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      if (stream.consumers.length > 0 && input.EnforceConsumerDeletion !== true) {
        throw inUse(
          `Stream ${stream.name} under account ${stream.account} has consumers registered. Set EnforceConsumerDeletion to delete them too.`,
        );
      }
      await streams.remove(stream);
      return {};
    },

    ListStreams(input, call) {
      const after =
        input.NextToken === undefined
          ? input.ExclusiveStartStreamName
          : readToken(input.NextToken, () => badArgument('Invalid NextToken.'));
      const all = streams.list(call).filter(({ name }) => after === undefined || name > after);
      const page = all.slice(0, input.Limit ?? 100);
      const last = page.at(-1);
      const more = all.length > page.length;
      return Promise.resolve({
        StreamNames: page.map(({ name }) => name),
        StreamSummaries: page.map((stream) => ({
          StreamName: stream.name,
          StreamARN: stream.arn,
          StreamStatus: 'ACTIVE' as const,
          StreamModeDetails: { StreamMode: stream.mode },
          StreamCreationTimestamp: new Date(stream.createdAtMs),
        })),
        HasMoreStreams: more,
        ...(more && last !== undefined ? { NextToken: writeToken(last.name) } : {}),
      });
    },

    DescribeStream(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const after = input.ExclusiveStartShardId === undefined ? undefined : shardNo(input.ExclusiveStartShardId);
      const all = stream.shards.filter(({ no }) => after === undefined || no > after);
      const shown = all.slice(0, input.Limit ?? 100);
      return Promise.resolve({
        StreamDescription: { ...common(stream), Shards: shown.map(describeShard), HasMoreShards: all.length > shown.length },
      });
    },

    DescribeStreamSummary(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      return Promise.resolve({
        StreamDescriptionSummary: {
          ...common(stream),
          OpenShardCount: stream.shards.filter(isOpen).length,
          ConsumerCount: stream.consumers.length,
          MaxRecordSizeInKiB: stream.maxRecordKiB,
        },
      });
    },

    DescribeLimits: (_, call) =>
      Promise.resolve({
        ShardLimit: shardLimit,
        OpenShardCount: openShards(call),
        OnDemandStreamCount: streams.list(call).filter(({ mode }) => mode === 'ON_DEMAND').length,
        OnDemandStreamCountLimit: 50,
      }),

    async IncreaseStreamRetentionPeriod(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const hours = input.RetentionPeriodHours ?? 0;
      if (hours < stream.retentionHours) {
        throw badArgument(
          `Requested retention period (${hours} hours) for stream ${stream.name} can not be shorter than existing retention period (${stream.retentionHours} hours). Use DecreaseRetentionPeriod API.`,
        );
      }
      if (hours > longestRetentionHours)
        throw badArgument(
          `Maximum allowed retention period is ${longestRetentionHours} hours. Requested retention period (${hours} hours) is too long.`,
        );
      await streams.save({ ...stream, retentionHours: hours }, stream);
      return {};
    },

    async DecreaseStreamRetentionPeriod(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const hours = input.RetentionPeriodHours ?? 0;
      if (hours > stream.retentionHours) {
        throw badArgument(
          `Requested retention period (${hours} hours) for stream ${stream.name} can not be longer than existing retention period (${stream.retentionHours} hours). Use IncreaseRetentionPeriod API.`,
        );
      }
      if (hours < firstRetentionHours)
        throw badArgument(
          `Minimum allowed retention period is ${firstRetentionHours} hours. Requested retention period (${hours} hours) is too short.`,
        );
      await streams.save({ ...stream, retentionHours: hours }, stream);
      return {};
    },

    async StartStreamEncryption(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      await streams.save({ ...stream, encryption: { keyId: input.KeyId ?? 'alias/aws/kinesis' } }, stream);
      return {};
    },
    async StopStreamEncryption(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const { encryption: _, ...rest } = stream;
      await streams.save(rest, stream);
      return {};
    },

    async UpdateStreamMode(input, call) {
      const stream = streams.get(call, undefined, input.StreamARN ?? '');
      const mode = input.StreamModeDetails?.StreamMode ?? stream.mode;
      await streams.save({ ...stream, mode }, stream);
      return {};
    },
    async UpdateMaxRecordSize(input, call) {
      const stream = streams.get(call, undefined, input.StreamARN ?? '');
      await streams.save({ ...stream, maxRecordKiB: input.MaxRecordSizeInKiB ?? stream.maxRecordKiB }, stream);
      return {};
    },

    async EnableEnhancedMonitoring(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      return setMetrics(streams, stream, [...new Set([...stream.metrics, ...named(input.ShardLevelMetrics)])]);
    },
    async DisableEnhancedMonitoring(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const off = named(input.ShardLevelMetrics);
      return setMetrics(
        streams,
        stream,
        stream.metrics.filter((metric) => !off.includes(metric as Metric)),
      );
    },
  };
}

const named = (metrics: readonly Metric[] | undefined): readonly Metric[] =>
  metrics?.includes('ALL') === true ? allMetrics : (metrics ?? []);

async function setMetrics(streams: Streams, stream: Stream, metrics: readonly string[]) {
  await streams.save({ ...stream, metrics }, stream);
  return {
    StreamName: stream.name,
    StreamARN: stream.arn,
    CurrentShardLevelMetrics: [...stream.metrics] as Metric[],
    DesiredShardLevelMetrics: [...metrics] as Metric[],
  };
}

const common = (stream: Stream) => ({
  StreamName: stream.name,
  StreamARN: stream.arn,
  StreamStatus: 'ACTIVE' as const,
  StreamModeDetails: { StreamMode: stream.mode },
  RetentionPeriodHours: stream.retentionHours,
  StreamCreationTimestamp: new Date(stream.createdAtMs),
  EnhancedMonitoring: [{ ShardLevelMetrics: [...stream.metrics] as Metric[] }],
  EncryptionType: stream.encryption === undefined ? ('NONE' as const) : ('KMS' as const),
  ...(stream.encryption === undefined ? {} : { KeyId: stream.encryption.keyId }),
});
