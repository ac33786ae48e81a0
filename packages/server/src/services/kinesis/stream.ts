import { evenStarts, hashSpace } from './hash.ts';

export interface Shard {
  readonly no: number;
  /** One or two. */
  readonly parents: readonly number[];
  /** Both inclusive, decimal: 128 bits do not fit a number. */
  readonly low: string;
  readonly high: string;
  /** Records have greater numbers. */
  readonly startSeq: number;
  readonly createdAtMs: number;
  /** Set once it is closed by a split or a merge. */
  readonly endSeq?: number;
  readonly closedAtMs?: number;
}

export interface Consumer {
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** A stream's document. Frozen: a change is a new one. */
export interface Stream {
  readonly no: number;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  readonly mode: 'PROVISIONED' | 'ON_DEMAND';
  readonly retentionHours: number;
  readonly maxRecordKiB: number;
  readonly encryption?: { readonly keyId: string };
  readonly metrics: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly shards: readonly Shard[];
  readonly consumers: readonly Consumer[];
  /** By the ARN of the stream or of one of its consumers. */
  readonly policies?: Readonly<Record<string, string>>;
}

export const shardId = (no: number): string => `shardId-${String(no).padStart(12, '0')}`;
export const isOpen = (shard: Shard): boolean => shard.endSeq === undefined;

/** Takes `shardId-000000000003` and the short `3` as AWS does. */
export function shardNo(id: string): number | undefined {
  const digits = /^(?:shardId-)?(\d{1,12})$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Moment and number of a change of shards. */
export interface At {
  readonly seq: number;
  readonly atMs: number;
}

export function firstShards(count: number, at: At): readonly Shard[] {
  const starts = evenStarts(count);
  return starts.map((low, no) => newShard(no, [], low, (starts[no + 1] ?? hashSpace) - 1n, at));
}

const newShard = (no: number, parents: readonly number[], low: bigint, high: bigint, at: At): Shard => ({
  no,
  parents,
  low: String(low),
  high: String(high),
  startSeq: at.seq,
  createdAtMs: at.atMs,
});

const closed = (shards: readonly Shard[], nos: readonly number[], at: At): readonly Shard[] =>
  shards.map((shard) => (nos.includes(shard.no) ? { ...shard, endSeq: at.seq, closedAtMs: at.atMs } : shard));

const nextNo = (shards: readonly Shard[]): number => Math.max(-1, ...shards.map(({ no }) => no)) + 1;

/** Closes a shard; two take its place, the second from `start` on. */
export function split(shards: readonly Shard[], shard: Shard, start: bigint, at: At): readonly Shard[] {
  const no = nextNo(shards);
  return [
    ...closed(shards, [shard.no], at),
    newShard(no, [shard.no], BigInt(shard.low), start - 1n, at),
    newShard(no + 1, [shard.no], start, BigInt(shard.high), at),
  ];
}

/** Closes two neighbours; one takes their place. */
export function merge(shards: readonly Shard[], one: Shard, two: Shard, at: At): readonly Shard[] {
  const [first, second] = BigInt(one.low) < BigInt(two.low) ? [one, two] : [two, one];
  return [
    ...closed(shards, [one.no, two.no], at),
    newShard(nextNo(shards), [one.no, two.no], BigInt(first.low), BigInt(second.high), at),
  ];
}

export const areNeighbours = (one: Shard, two: Shard): boolean =>
  BigInt(one.high) + 1n === BigInt(two.low) || BigInt(two.high) + 1n === BigInt(one.low);

/** Splits at the borders of `count` even parts, then merges what no border divides: each step has at most two parents. */
export function rescale(shards: readonly Shard[], count: number, at: At): readonly Shard[] {
  const borders = evenStarts(count).slice(1);
  let now = shards;
  for (const border of borders) {
    const over = now.find((shard) => isOpen(shard) && BigInt(shard.low) < border && border <= BigInt(shard.high));
    if (over !== undefined) now = split(now, over, border, at);
  }
  for (;;) {
    const open = now.filter(isOpen).sort((a, b) => (BigInt(a.low) < BigInt(b.low) ? -1 : 1));
    const index = open.findIndex((shard, place) => place > 0 && !borders.includes(BigInt(shard.low)));
    const [left, right] = [open[index - 1], open[index]];
    if (left === undefined || right === undefined) return now;
    now = merge(now, left, right, at);
  }
}
