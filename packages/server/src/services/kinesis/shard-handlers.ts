import { ServiceFault, type Handlers, type KinesisOperations } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { readToken, writeToken } from '../kit/index.ts';
import { badArgument, inUse } from './faults.ts';
import { readHashKey } from './hash.ts';
import { shardOf } from './record-handlers.ts';
import { sequenceNumber } from './sequence.ts';
import { areNeighbours, isOpen, merge, rescale, shardId, shardNo, split, type At, type Shard, type Stream } from './stream.ts';
import type { Streams } from './streams.ts';

type ShardHandlers = Pick<Handlers<KinesisOperations>, 'ListShards' | 'SplitShard' | 'MergeShards' | 'UpdateShardCount'>;
type Filter = KinesisOperations['ListShards']['input']['ShardFilter'];

/** @source API Reference, UpdateShardCount and CreateStream */
const mostShards = 10_000;

export function shardHandlers(streams: Streams, clock: Clock): ShardHandlers {
  const now = (): At => ({ seq: streams.lastSeq, atMs: Math.floor(clock.now()) });
  const openShard = (stream: Stream, id: string): Shard => {
    const shard = shardOf(stream, id);
    if (!isOpen(shard))
      throw inUse(
        `Shard ${shardId(shard.no)} in stream ${stream.name} under account ${stream.account} has already been merged or split, and thus is not eligible for merging or splitting.`,
      );
    return shard;
  };
  return {
    ListShards(input, call) {
      const page = input.NextToken === undefined ? undefined : readPage(input.NextToken);
      if (page !== undefined && (input.StreamName ?? input.StreamARN ?? input.ExclusiveStartShardId) !== undefined) {
        throw badArgument('NextToken and StreamName cannot be provided together.');
      }
      const stream = streams.get(call, input.StreamName, page?.arn ?? input.StreamARN);
      const after = page?.after ?? (input.ExclusiveStartShardId === undefined ? undefined : shardNo(input.ExclusiveStartShardId));
      const all = filtered(stream, page?.filter ?? input.ShardFilter, clock.now()).filter(
        ({ no }) => after === undefined || no > after,
      );
      const shown = all.slice(0, input.MaxResults ?? 1000);
      const last = shown.at(-1);
      return Promise.resolve({
        Shards: shown.map(describeShard),
        ...(all.length > shown.length && last !== undefined
          ? { NextToken: writePage({ arn: stream.arn, after: last.no, filter: page?.filter ?? input.ShardFilter }) }
          : {}),
      });
    },

    async SplitShard(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const shard = openShard(stream, input.ShardToSplit ?? '');
      const start = readHashKey(input.NewStartingHashKey ?? '');
      if (start === undefined || start <= BigInt(shard.low) || start >= BigInt(shard.high)) {
        throw badArgument(
          `NewStartingHashKey ${input.NewStartingHashKey} used in SplitShard() on shard ${shardId(shard.no)} in stream ${stream.name} under account ${stream.account} is not both greater than one plus the shard's StartingHashKey ${shard.low} and less than the shard's EndingHashKey ${BigInt(shard.high) - 1n}.`,
        );
      }
      await streams.save({ ...stream, shards: split(stream.shards, shard, start, now()) }, stream);
      return {};
    },

    async MergeShards(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const one = openShard(stream, input.ShardToMerge ?? '');
      const two = openShard(stream, input.AdjacentShardToMerge ?? '');
      if (!areNeighbours(one, two)) {
        throw badArgument(
          `Shards ${shardId(one.no)} and ${shardId(two.no)} in stream ${stream.name} under account ${stream.account} are not an adjacent pair of shards eligible for merging`,
        );
      }
      await streams.save({ ...stream, shards: merge(stream.shards, one, two, now()) }, stream);
      return {};
    },

    async UpdateShardCount(input, call) {
      const stream = streams.get(call, input.StreamName, input.StreamARN);
      const current = stream.shards.filter(isOpen).length;
      const target = input.TargetShardCount ?? current;
      if (stream.mode === 'ON_DEMAND') {
        throw new ServiceFault(
          'ValidationException',
          `Request is invalid. Stream ${stream.name} under account ${stream.account} is in On-Demand mode.`,
          { status: 400 },
        );
      }
      if (target > current * 2) {
        throw badArgument(
          `UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: ${current} Target shard count: ${target}`,
        );
      }
      if (target < current / 2) {
        throw badArgument(
          `UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: ${current} Target shard count: ${target}`,
        );
      }
      if (target > mostShards)
        throw new ServiceFault('LimitExceededException', `UpdateShardCount cannot scale a stream over ${mostShards} shards.`);
      if (target !== current) await streams.save({ ...stream, shards: rescale(stream.shards, target, now()) }, stream);
      return { StreamName: stream.name, StreamARN: stream.arn, CurrentShardCount: current, TargetShardCount: target };
    },
  };
}

/** @source API Reference, ShardFilter */
function filtered(stream: Stream, filter: Filter, nowMs: number): readonly Shard[] {
  const horizonMs = nowMs - stream.retentionHours * 3_600_000;
  const openAt = (atMs: number) => (shard: Shard) =>
    shard.createdAtMs <= atMs && (shard.closedAtMs === undefined || shard.closedAtMs >= atMs);
  const openSince = (atMs: number) => (shard: Shard) => shard.closedAtMs === undefined || shard.closedAtMs >= atMs;
  const timestamp = (): number => {
    if (filter?.Timestamp === undefined) throw badArgument(`Timestamp is required for the ShardFilter type ${filter?.Type}.`);
    return Math.max(new Date(filter.Timestamp).getTime(), stream.createdAtMs);
  };
  switch (filter?.Type) {
    case undefined:
      return stream.shards;
    case 'AFTER_SHARD_ID': {
      const after = shardNo(filter.ShardId ?? '');
      if (after === undefined) throw badArgument('ShardId is required for the ShardFilter type AFTER_SHARD_ID.');
      return stream.shards.filter(({ no }) => no > after);
    }
    case 'AT_LATEST':
      return stream.shards.filter(isOpen);
    case 'AT_TRIM_HORIZON':
      return stream.shards.filter(openAt(Math.max(horizonMs, stream.createdAtMs)));
    case 'FROM_TRIM_HORIZON':
      return stream.shards.filter(openSince(horizonMs));
    case 'AT_TIMESTAMP':
      return stream.shards.filter(openAt(timestamp()));
    case 'FROM_TIMESTAMP':
      return stream.shards.filter(openSince(timestamp()));
  }
}

interface Continued {
  readonly arn: string;
  readonly after: number;
  readonly filter: Filter;
}

const writePage = (page: Continued): string => writeToken(JSON.stringify(page));

function readPage(token: string): Continued {
  const broken = () => badArgument('Invalid NextToken.');
  try {
    const page = JSON.parse(readToken(token, broken)) as Continued;
    if (typeof page.arn === 'string' && Number.isSafeInteger(page.after)) return page;
  } catch {
    // Falls through: whatever it was, it was not one of ours.
  }
  throw broken();
}

export const describeShard = (shard: Shard) => ({
  ShardId: shardId(shard.no),
  ...(shard.parents[0] === undefined ? {} : { ParentShardId: shardId(shard.parents[0]) }),
  ...(shard.parents[1] === undefined ? {} : { AdjacentParentShardId: shardId(shard.parents[1]) }),
  HashKeyRange: { StartingHashKey: shard.low, EndingHashKey: shard.high },
  SequenceNumberRange: {
    StartingSequenceNumber: sequenceNumber(shard.startSeq, shard.no),
    ...(shard.endSeq === undefined ? {} : { EndingSequenceNumber: sequenceNumber(shard.endSeq, shard.no) }),
  },
});
