import { ServiceFault } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import type { Database, Sql, SqlRow } from '../../storage/index.ts';
import { GroupCommit } from '../kit/group-commit.ts';
import type { ShardBatch, ShardInfo, ShardPosition, ShardRecord, ShardSource } from '../kit/shards.ts';
import { Wakers } from '../kit/shards.ts';
import { trimStep } from '../kit/trim.ts';
import { shardNotFound, streamNotFound } from './faults.ts';
import { hashKey } from './hash.ts';
import { migrations } from './migrations.ts';
import { seqOf, sequenceNumber } from './sequence.ts';
import { isOpen, shardId, shardNo, type Shard, type Stream } from './stream.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}

export interface Entry {
  readonly partitionKey: string;
  /** Overrides the partition key's. */
  readonly hash?: bigint;
  readonly data: Uint8Array;
}

export interface Row {
  readonly seq: number;
  readonly atMs: number;
  readonly partitionKey: string;
  readonly encryption: string | undefined;
  readonly data: Uint8Array;
}

/** Documents of all streams in memory, records in rows. Numbers are given in the order of arrival and committed in that order. */
export class Streams implements ShardSource {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #group: GroupCommit;
  readonly #wakers = new Wakers();
  readonly #streams = new Map<string, Stream>();
  #lastSeq = 0;
  #lastNo = 0;

  private constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#group = new GroupCommit(database);
  }

  static async open(database: Database, clock: Clock): Promise<Streams> {
    await database.migrate(migrations);
    const streams = new Streams(database, clock);
    for (const row of await database.all('SELECT data FROM kinesis_stream')) {
      const stream = JSON.parse(row['data'] as string) as Stream;
      streams.#streams.set(stream.arn, stream);
      streams.#lastNo = Math.max(streams.#lastNo, stream.no);
      for (const { startSeq, endSeq } of stream.shards) streams.#lastSeq = Math.max(streams.#lastSeq, startSeq, endSeq ?? 0);
    }
    const last = await database.get('SELECT MAX(seq) AS seq, MAX(stream_no) AS no FROM kinesis_record');
    streams.#lastSeq = Math.max(streams.#lastSeq, Number(last?.['seq'] ?? 0));
    streams.#lastNo = Math.max(streams.#lastNo, Number(last?.['no'] ?? 0));
    await streams.sweep();
    return streams;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }
  nextNo(): number {
    return (this.#lastNo += 1);
  }

  find(arn: string): Stream | undefined {
    return this.#streams.get(arn);
  }
  /** By name or by ARN, whichever the caller gave. @throws ResourceNotFoundException */
  get(place: Place, name: string | undefined, arn: string | undefined): Stream {
    const named = arn === undefined ? name : arn.split(':stream/')[1]?.split('/')[0];
    const stream = this.#streams.get(streamArn(place, named ?? ''));
    if (stream === undefined) throw streamNotFound(named ?? '', place.account);
    return stream;
  }
  list(place: Place): readonly Stream[] {
    return [...this.#streams.values()]
      .filter(({ account, region }) => account === place.account && region === place.region)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Puts a document in the place of another, in memory at once; resolves when it is on storage. */
  async save(stream: Stream, before: Stream | undefined): Promise<void> {
    this.#streams.set(stream.arn, stream);
    try {
      await this.#group.write((tx) => writeStream(tx, stream));
    } catch (error) {
      if (this.#streams.get(stream.arn) === stream) {
        if (before === undefined) this.#streams.delete(stream.arn);
        else this.#streams.set(stream.arn, before);
      }
      throw error;
    }
    this.#wakers.wake(stream.arn);
  }

  async remove(stream: Stream): Promise<void> {
    this.#streams.delete(stream.arn);
    try {
      // Gone for good first; its records follow in steps, and what a crash leaves of them is swept at the next start.
      await this.#group.write(async (tx) => {
        await tx.run('DELETE FROM kinesis_stream WHERE stream_no = ?', [stream.no]);
        for (const { no } of stream.shards)
          await tx.run('INSERT INTO kinesis_dropped (stream_no, shard_no) VALUES (?, ?)', [stream.no, no]);
      });
    } catch (error) {
      this.#streams.set(stream.arn, stream);
      throw error;
    }
    this.#wakers.wake(stream.arn);
    await this.sweep();
  }

  /** Deletes what removed streams left. */
  async sweep(): Promise<void> {
    for (const row of await this.#database.all('SELECT stream_no, shard_no FROM kinesis_dropped')) {
      const [streamNo, shard] = [Number(row['stream_no']), Number(row['shard_no'])];
      await this.#drop(streamNo, shard, Number.MAX_SAFE_INTEGER);
      await this.#group.write((tx) =>
        tx.run('DELETE FROM kinesis_dropped WHERE stream_no = ? AND shard_no = ?', [streamNo, shard]),
      );
    }
  }

  async #drop(streamNo: number, shard: number, upToMs: number): Promise<void> {
    const log = { table: 'kinesis_record', where: 'stream_no = ? AND shard_no = ?', values: [streamNo, shard] } as const;
    while (await this.#group.write((tx) => trimStep(tx, log, upToMs)));
  }

  /** Resolves when the records are on stable storage. @returns where each is, in their order */
  async put(stream: Stream, entries: readonly Entry[]): Promise<readonly { readonly shard: number; readonly seq: number }[]> {
    const open = stream.shards
      .filter(isOpen)
      .map((shard) => ({ no: shard.no, low: BigInt(shard.low), high: BigInt(shard.high) }));
    const placed = entries.map((entry) => {
      const hash = entry.hash ?? hashKey(entry.partitionKey);
      const shard = open.find(({ low, high }) => low <= hash && hash <= high);
      if (shard === undefined) throw new Error(`No open shard of ${stream.arn} takes the hash key ${hash}.`);
      return { ...entry, shard: shard.no, seq: (this.#lastSeq += 1) };
    });
    const nowMs = Math.floor(this.#clock.now());
    const encryption = stream.encryption === undefined ? null : 'KMS';
    await this.#group.write((tx) => {
      for (const { shard, seq, partitionKey, data } of placed) {
        tx.later(
          'INSERT INTO kinesis_record (stream_no, shard_no, seq, at, partition_key, encryption, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
          [stream.no, shard, seq, nowMs, partitionKey, encryption, data],
        );
      }
      return Promise.resolve();
    });
    this.#wakers.wake(stream.arn);
    return placed;
  }

  /** Records after a number that are not trimmed, oldest first. */
  async rows(stream: Stream, shard: number, afterSeq: number, limit: number): Promise<readonly Row[]> {
    const rows = await this.#database.all(
      `SELECT seq, at, partition_key, encryption, data FROM kinesis_record
         WHERE stream_no = ? AND shard_no = ? AND seq > ? AND at > ? ORDER BY seq LIMIT ?`,
      [stream.no, shard, afterSeq, this.#horizonMs(stream), limit],
    );
    return rows.map(readRow);
  }

  /** Number before the first record at or after a moment. */
  async seqBefore(stream: Stream, shard: Shard, atMs: number): Promise<number> {
    const row = await this.#database.get(
      'SELECT seq FROM kinesis_record WHERE stream_no = ? AND shard_no = ? AND at >= ? ORDER BY seq LIMIT 1',
      [stream.no, shard.no, Math.ceil(atMs)],
    );
    return row === undefined ? (shard.endSeq ?? this.#lastSeq) : Number(row['seq']) - 1;
  }

  /** Drops records past their stream's retention, and closed shards that have nothing left. */
  async trim(): Promise<void> {
    for (const stream of [...this.#streams.values()]) {
      const horizonMs = this.#horizonMs(stream);
      for (const { no } of stream.shards) await this.#drop(stream.no, no, horizonMs);
      const now = this.#streams.get(stream.arn);
      const shards = now?.shards.filter(({ closedAtMs }) => closedAtMs === undefined || closedAtMs > horizonMs);
      if (now !== undefined && shards !== undefined && shards.length < now.shards.length)
        await this.save({ ...now, shards }, now);
    }
  }

  settled(): Promise<void> {
    return this.#group.settled();
  }

  // For pollers inside this process.

  shards(arn: string): Promise<readonly ShardInfo[]> {
    const stream = this.#known(arn);
    const known = new Set(stream.shards.map(({ no }) => no));
    return Promise.resolve(
      stream.shards.map((shard) => ({
        shardId: shardId(shard.no),
        parentShardIds: shard.parents.filter((no) => known.has(no)).map(shardId),
        startingSequenceNumber: sequenceNumber(shard.startSeq, shard.no),
        ...(shard.endSeq === undefined ? {} : { endingSequenceNumber: sequenceNumber(shard.endSeq, shard.no) }),
      })),
    );
  }

  async read(arn: string, id: string, after: ShardPosition, limit: number): Promise<ShardBatch> {
    const stream = this.#known(arn);
    const shard = stream.shards.find(({ no }) => no === shardNo(id));
    if (shard === undefined) throw shardNotFound(id, stream.name, stream.account);
    const from = await this.#seqOf(stream, shard, after);
    const rows = await this.rows(stream, shard.no, from, limit);
    const last = rows.at(-1);
    const full = rows.length === limit;
    return {
      records: rows.map((row) => shardRecord(stream, shard, row)),
      next: { at: 'after', sequenceNumber: sequenceNumber(last?.seq ?? from, shard.no) },
      ended: shard.endSeq !== undefined && !full,
      behindMs: full && last !== undefined ? Math.max(0, this.#clock.now() - last.atMs) : 0,
    };
  }

  onRecords(arn: string, wake: () => void): Disposable {
    return this.#wakers.add(arn, wake);
  }

  #seqOf(stream: Stream, shard: Shard, after: ShardPosition): Promise<number> | number {
    switch (after.at) {
      case 'trimHorizon':
        return shard.startSeq;
      case 'latest':
        return shard.endSeq ?? this.#lastSeq;
      case 'timestamp':
        return this.seqBefore(stream, shard, after.atMs);
      case 'after':
        return seqOf(after.sequenceNumber);
    }
  }

  #known(arn: string): Stream {
    const stream = this.#streams.get(arn);
    if (stream === undefined) throw new ServiceFault('ResourceNotFoundException', `Stream ${arn} not found.`);
    return stream;
  }

  #horizonMs(stream: Stream): number {
    return Math.floor(this.#clock.now()) - stream.retentionHours * 3_600_000;
  }
}

export const streamArn = ({ account, region }: Place, name: string): string =>
  `arn:aws:kinesis:${region}:${account}:stream/${name}`;

async function writeStream(tx: Sql, stream: Stream): Promise<void> {
  const data = JSON.stringify(stream);
  const changed = await tx.run('UPDATE kinesis_stream SET data = ? WHERE stream_no = ?', [data, stream.no]);
  if (changed > 0) return;
  await tx.run('INSERT INTO kinesis_stream (stream_no, account, region, name, data) VALUES (?, ?, ?, ?, ?)', [
    stream.no,
    stream.account,
    stream.region,
    stream.name,
    data,
  ]);
}

const readRow = (row: SqlRow): Row => ({
  seq: Number(row['seq']),
  atMs: Number(row['at']),
  partitionKey: row['partition_key'] as string,
  encryption: row['encryption'] === null ? undefined : (row['encryption'] as string),
  data: row['data'] as Uint8Array,
});

/** @source spec 6.5-12; the poller adds `invokeIdentityArn`, which is its mapping's */
function shardRecord(stream: Stream, shard: Shard, row: Row): ShardRecord {
  const number = sequenceNumber(row.seq, shard.no);
  return {
    sequenceNumber: number,
    partitionKey: row.partitionKey,
    arrivedAtMs: row.atMs,
    event: {
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: row.partitionKey,
        sequenceNumber: number,
        data: Buffer.from(row.data).toString('base64'),
        approximateArrivalTimestamp: row.atMs / 1000,
        ...(row.encryption === undefined ? {} : { encryptionType: row.encryption }),
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${shardId(shard.no)}:${number}`,
      eventName: 'aws:kinesis:record',
      awsRegion: stream.region,
      eventSourceARN: stream.arn,
    },
  };
}
