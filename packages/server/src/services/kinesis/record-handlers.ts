import { ServiceFault, type Handlers, type KinesisOperations } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { badArgument, shardNotFound } from './faults.ts';
import { readHashKey } from './hash.ts';
import { openIterator, sealIterator } from './iterator.ts';
import { seqOf, sequenceNumber } from './sequence.ts';
import { shardId, shardNo, type Shard, type Stream } from './stream.ts';
import type { Entry, Row, Streams } from './streams.ts';

type RecordHandlers = Pick<Handlers<KinesisOperations>, 'PutRecord' | 'PutRecords' | 'GetShardIterator' | 'GetRecords'>;

/** @source API Reference, PutRecords: 10 MiB a request. GetRecords: 10,000 records or 10 MiB */
const requestBytes = 10_485_760;
const mostRecords = 10_000;
const answerBytes = 10_485_760;
/** Rows fetched at once; a page takes as many fetches as its bytes allow. */
const fetchRows = 500;

export function recordHandlers(streams: Streams, clock: Clock): RecordHandlers {
  return {
    async PutRecord(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const entry = entryOf(stream, input);
      const [placed] = await streams.put(stream, [entry]);
      return {
        ShardId: shardId(placed?.shard ?? 0),
        SequenceNumber: sequenceNumber(placed?.seq ?? 0, placed?.shard ?? 0),
        EncryptionType: stream.encryption === undefined ? 'NONE' : 'KMS',
      };
    },

    async PutRecords(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const entries = (input.Records ?? []).map((record) => entryOf(stream, record));
      if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > requestBytes)
        throw badArgument('Records size exceeds 10 MB limit');
      const placed = await streams.put(stream, entries);
      return {
        FailedRecordCount: 0,
        Records: placed.map(({ shard, seq }) => ({ ShardId: shardId(shard), SequenceNumber: sequenceNumber(seq, shard) })),
        EncryptionType: stream.encryption === undefined ? 'NONE' : 'KMS',
      };
    },

    async GetShardIterator(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const shard = shardOf(stream, input.ShardId ?? '');
      const after = await startOf(streams, clock, stream, shard, {
        Type: input.ShardIteratorType,
        SequenceNumber: input.StartingSequenceNumber,
        Timestamp: input.Timestamp,
      });
      return {
        ShardIterator: sealIterator({
          streamArn: stream.arn,
          streamNo: stream.no,
          shard: shard.no,
          after,
          issuedAtMs: clock.now(),
        }),
      };
    },

    async GetRecords(input, call) {
      const iterator = openIterator(input.ShardIterator ?? '', clock.now());
      const stream = streams.get(call, undefined, iterator.streamArn);
      if (stream.no !== iterator.streamNo || stream.arn !== iterator.streamArn)
        throw badArgument('The shard iterator is of another stream.');
      const shard = shardOf(stream, shardId(iterator.shard));
      const page = await pageOf(streams, stream, shard, iterator.after, Math.min(input.Limit ?? mostRecords, mostRecords));
      const last = page.rows.at(-1);
      return {
        Records: page.rows.map((row) => recordOf(shard, row)),
        ...(page.ended
          ? { ChildShards: childrenOf(stream, shard) }
          : { NextShardIterator: sealIterator({ ...iterator, after: last?.seq ?? iterator.after, issuedAtMs: clock.now() }) }),
        MillisBehindLatest: page.more && last !== undefined ? Math.max(0, Math.floor(clock.now() - last.atMs)) : 0,
      };
    },
  };
}

/** @throws InvalidArgumentException, ValidationException */
function entryOf(
  stream: Stream,
  input: {
    readonly Data?: Uint8Array | undefined;
    readonly PartitionKey?: string | undefined;
    readonly ExplicitHashKey?: string | undefined;
  },
): Entry {
  const entry = { partitionKey: input.PartitionKey ?? '', data: input.Data ?? new Uint8Array(0) };
  const limit = stream.maxRecordKiB * 1024;
  if (entry.data.length > limit) {
    throw new ServiceFault(
      'ValidationException',
      `1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to ${limit}`,
      { status: 400 },
    );
  }
  if (input.ExplicitHashKey === undefined) return entry;
  const hash = readHashKey(input.ExplicitHashKey);
  if (hash === undefined)
    throw badArgument(
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${input.ExplicitHashKey}`,
    );
  return { ...entry, hash };
}

const sizeOf = (entry: Entry): number => entry.data.length + Buffer.byteLength(entry.partitionKey);

/** @throws ResourceNotFoundException */
export function shardOf(stream: Stream, id: string): Shard {
  const shard = stream.shards.find(({ no }) => no === shardNo(id));
  if (shard === undefined) throw shardNotFound(id, stream.name, stream.account);
  return shard;
}

export interface Start {
  readonly Type: string | undefined;
  readonly SequenceNumber?: string | undefined;
  readonly Timestamp?: Date | undefined;
}

/** Number of the record before the first one wanted. @throws InvalidArgumentException */
export async function startOf(streams: Streams, clock: Clock, stream: Stream, shard: Shard, start: Start): Promise<number> {
  switch (start.Type) {
    case 'TRIM_HORIZON':
      return shard.startSeq;
    case 'LATEST':
      return shard.endSeq ?? streams.lastSeq;
    case 'AT_TIMESTAMP': {
      if (start.Timestamp === undefined)
        throw badArgument(
          'Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.',
        );
      if (start.Timestamp.getTime() > clock.now()) {
        throw badArgument(
          `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${start.Timestamp.getTime()}, currentTimestampInMillis: ${Math.floor(clock.now())}`,
        );
      }
      return streams.seqBefore(stream, shard, start.Timestamp.getTime());
    }
    default: {
      if (start.SequenceNumber === undefined)
        throw badArgument(
          `Must specify startingSequenceNumber parameter for iterator of type ${start.Type}. Current request has no startingSequenceNumber parameter.`,
        );
      const seq = seqOf(start.SequenceNumber);
      if (seq !== 0 && (seq < shard.startSeq || seq > streams.lastSeq)) {
        throw badArgument(
          `StartingSequenceNumber ${start.SequenceNumber} used in GetShardIterator on shard ${shardId(shard.no)} in stream ${stream.name} under account ${stream.account} is invalid because it did not come from this stream.`,
        );
      }
      return start.Type === 'AT_SEQUENCE_NUMBER' ? seq - 1 : seq;
    }
  }
}

export interface Page {
  readonly rows: readonly Row[];
  /** Records follow that the page had no room for. */
  readonly more: boolean;
  /** The shard is closed, and nothing follows. */
  readonly ended: boolean;
}

export async function pageOf(streams: Streams, stream: Stream, shard: Shard, after: number, limit: number): Promise<Page> {
  const rows: Row[] = [];
  let bytes = 0;
  for (;;) {
    // One more than wanted tells whether something follows.
    const wanted = Math.min(fetchRows, limit - rows.length + 1);
    const fetched = await streams.rows(stream, shard.no, rows.at(-1)?.seq ?? after, wanted);
    for (const row of fetched) {
      bytes += row.data.length;
      if (rows.length === limit || (bytes > answerBytes && rows.length > 0)) return { rows, more: true, ended: false };
      rows.push(row);
    }
    if (fetched.length < wanted) return { rows, more: false, ended: shard.endSeq !== undefined };
  }
}

export const recordOf = (shard: Shard, row: Row) => ({
  SequenceNumber: sequenceNumber(row.seq, shard.no),
  ApproximateArrivalTimestamp: new Date(row.atMs),
  Data: row.data,
  PartitionKey: row.partitionKey,
  ...(row.encryption === undefined ? {} : { EncryptionType: 'KMS' as const }),
});

export const childrenOf = (stream: Stream, shard: Shard) =>
  stream.shards
    .filter(({ parents }) => parents.includes(shard.no))
    .map((child) => ({
      ShardId: shardId(child.no),
      ParentShards: child.parents.map(shardId),
      HashKeyRange: { StartingHashKey: child.low, EndingHashKey: child.high },
    }));
