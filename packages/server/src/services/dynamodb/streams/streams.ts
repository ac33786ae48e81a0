import { createHash } from 'node:crypto';
import { ServiceFault } from '@mayfly/wire';
import type { Clock } from '../../../base/index.ts';
import type { Database, Sql, SqlRow, SqlValue } from '../../../storage/index.ts';
import type { ShardBatch, ShardInfo, ShardPosition, ShardRecord, ShardSource, Wakers } from '../../kit/shards.ts';
import { trimStep } from '../../kit/trim.ts';
import type { Keys, StreamViewType, Table } from '../table.ts';
import type { Sequence } from '../writer.ts';
import type { StoredRecord } from './record.ts';

/** A stream of a table: one shard, open as long as the stream is enabled. */
export interface StreamInfo {
  readonly no: number;
  readonly arn: string;
  readonly label: string;
  readonly account: string;
  readonly region: string;
  readonly tableName: string;
  readonly keys: Keys;
  readonly viewType: StreamViewType;
  readonly createdAtMs: number;
  readonly shardId: string;
  /** Records have greater numbers. */
  readonly startSeq: number;
  /** Set when the stream was disabled or its table deleted. */
  readonly endSeq?: number;
  readonly closedAtMs?: number;
}

export interface StreamRow {
  readonly seq: number;
  readonly atMs: number;
  readonly record: StoredRecord;
}

/** @source Developer Guide, "Change data capture for DynamoDB Streams": 24 hours */
export const retentionMs = 86_400_000;

interface StreamsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly wakers: Wakers;
  readonly sequence: Sequence;
}

/** Every stream's settings in memory, its records in rows. */
export class Streams implements ShardSource {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #wakers: Wakers;
  readonly #sequence: Sequence;
  readonly #streams = new Map<string, StreamInfo>();

  private constructor(options: StreamsOptions) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#wakers = options.wakers;
    this.#sequence = options.sequence;
  }

  static async load(options: StreamsOptions): Promise<Streams> {
    const streams = new Streams(options);
    for (const row of await options.database.all('SELECT data FROM dynamodb_stream')) {
      const info = JSON.parse(row['data'] as string) as StreamInfo;
      streams.#streams.set(info.arn, info);
    }
    return streams;
  }

  async create(tx: Sql, { account, region, name, keys, stream }: Table): Promise<void> {
    if (stream === undefined) return;
    const nowMs = Math.floor(this.#clock.now());
    const suffix = createHash('md5').update(stream.arn).digest('hex').slice(0, 8);
    const info: StreamInfo = {
      no: stream.no,
      arn: stream.arn,
      label: stream.label,
      account,
      region,
      tableName: name,
      keys,
      viewType: stream.viewType,
      createdAtMs: nowMs,
      shardId: `shardId-${String(nowMs).padStart(20, '0')}-${suffix}`,
      startSeq: this.#sequence.last,
    };
    await tx.run('INSERT INTO dynamodb_stream (stream_no, account, region, arn, data) VALUES (?, ?, ?, ?, ?)', [
      info.no,
      account,
      region,
      info.arn,
      JSON.stringify(info),
    ]);
    this.#streams.set(info.arn, info);
  }

  /** Nothing is added from here on; what is there can be read until it is trimmed. */
  async close(tx: Sql, arn: string): Promise<void> {
    const info = this.#streams.get(arn);
    if (info === undefined) return;
    const closed: StreamInfo = { ...info, endSeq: this.#sequence.last, closedAtMs: Math.floor(this.#clock.now()) };
    await tx.run('UPDATE dynamodb_stream SET data = ? WHERE stream_no = ?', [JSON.stringify(closed), info.no]);
    this.#streams.set(arn, closed);
    this.#wakers.wake(arn);
  }

  list(place: { readonly account: string; readonly region: string }): readonly StreamInfo[] {
    return [...this.#streams.values()]
      .filter(({ account, region }) => account === place.account && region === place.region)
      .sort((a, b) => (a.arn < b.arn ? -1 : 1));
  }

  all(): Iterable<StreamInfo> {
    return this.#streams.values();
  }

  /** @throws ResourceNotFoundException */
  get(arn: string): StreamInfo {
    const info = this.#streams.get(arn);
    if (info === undefined)
      throw new ServiceFault('ResourceNotFoundException', `Requested resource not found: Stream: ${arn} not found`);
    return info;
  }

  get lastSeq(): number {
    return this.#sequence.last;
  }

  /** Records after a number that are not trimmed yet, oldest first. */
  async rows(info: StreamInfo, afterSeq: number, limit: number): Promise<readonly StreamRow[]> {
    const rows = await this.#database.all(
      'SELECT seq, at, record FROM dynamodb_record WHERE stream_no = ? AND seq > ? AND at > ? ORDER BY seq LIMIT ?',
      [info.no, afterSeq, this.#horizonMs(), limit],
    );
    return rows.map(readRow);
  }

  /** Number before the first record at or after a moment. */
  async seqBefore(info: StreamInfo, atMs: number): Promise<number> {
    const row = await this.#one('SELECT seq FROM dynamodb_record WHERE stream_no = ? AND at >= ? ORDER BY seq LIMIT 1', [
      info.no,
      Math.ceil(atMs),
    ]);
    return row === undefined ? this.lastSeq : Number(row['seq']) - 1;
  }

  /** Drops records past their day, and closed streams without any. */
  async trim(write: <T>(work: (tx: Sql) => Promise<T>) => Promise<T>): Promise<void> {
    const horizonMs = this.#horizonMs();
    for (const info of [...this.#streams.values()]) {
      const log = { table: 'dynamodb_record', where: 'stream_no = ?', values: [info.no] } as const;
      while (await write((tx) => trimStep(tx, log, horizonMs)));
      if (info.closedAtMs === undefined || info.closedAtMs > horizonMs) continue;
      await write((tx) => tx.run('DELETE FROM dynamodb_stream WHERE stream_no = ?', [info.no]));
      this.#streams.delete(info.arn);
    }
  }

  shards(streamArn: string): Promise<readonly ShardInfo[]> {
    const info = this.get(streamArn);
    return Promise.resolve([
      {
        shardId: info.shardId,
        parentShardIds: [],
        startingSequenceNumber: sequenceNumber(info.startSeq + 1),
        ...(info.endSeq === undefined ? {} : { endingSequenceNumber: sequenceNumber(info.endSeq) }),
      },
    ]);
  }

  async read(streamArn: string, shardId: string, after: ShardPosition, limit: number): Promise<ShardBatch> {
    const info = this.get(streamArn);
    if (shardId !== info.shardId)
      throw new ServiceFault('ResourceNotFoundException', `Requested resource not found: Shard: ${shardId} not found`);
    const from = await this.#seqOf(info, after);
    // Read before the rows: what is added in between is seen as not yet read.
    const tip = info.endSeq ?? this.lastSeq;
    const rows = await this.rows(info, from, limit);
    const last = rows.at(-1);
    const full = rows.length === limit;
    return {
      records: rows.map((row) => shardRecord(info, row)),
      next: { at: 'after', sequenceNumber: sequenceNumber(last?.seq ?? from) },
      ended: info.endSeq !== undefined && !full && (last?.seq ?? from) <= tip,
      behindMs: full && last !== undefined ? Math.max(0, this.#clock.now() - last.atMs) : 0,
    };
  }

  onRecords(streamArn: string, wake: () => void): Disposable {
    return this.#wakers.add(streamArn, wake);
  }

  #seqOf(info: StreamInfo, after: ShardPosition): Promise<number> | number {
    switch (after.at) {
      case 'trimHorizon':
        return info.startSeq;
      case 'latest':
        return info.endSeq ?? this.lastSeq;
      case 'timestamp':
        return this.seqBefore(info, after.atMs);
      case 'after':
        return seqOf(after.sequenceNumber);
    }
  }

  async #one(query: string, values: readonly SqlValue[]): Promise<SqlRow | undefined> {
    return this.#database.get(query, values);
  }

  #horizonMs(): number {
    return Math.floor(this.#clock.now()) - retentionMs;
  }
}

const readRow = (row: SqlRow): StreamRow => ({
  seq: Number(row['seq']),
  atMs: Number(row['at']),
  record: JSON.parse(row['record'] as string) as StoredRecord,
});

/** All of one length, so that they order as text too. */
const numberBase = 100_000_000_000_000_000_000n;
export const sequenceNumber = (seq: number): string => String(numberBase + BigInt(seq));

/** @throws ValidationException */
export function seqOf(text: string): number {
  const value = /^\d{1,40}$/.test(text) ? BigInt(text) - numberBase : -1n;
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new ServiceFault('ValidationException', `Invalid SequenceNumber: ${text.slice(0, 60)}`, { status: 400 });
  }
  return Number(value);
}

export const eventId = (info: StreamInfo, seq: number): string => createHash('md5').update(`${info.arn}/${seq}`).digest('hex');

/** @source spec 6.5-13 */
function shardRecord(info: StreamInfo, { seq, atMs, record }: StreamRow): ShardRecord {
  return {
    sequenceNumber: sequenceNumber(seq),
    arrivedAtMs: atMs,
    event: {
      eventID: eventId(info, seq),
      eventName: record.eventName,
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: info.region,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(atMs / 1000),
        Keys: record.keys,
        ...(record.newImage === undefined ? {} : { NewImage: record.newImage }),
        ...(record.oldImage === undefined ? {} : { OldImage: record.oldImage }),
        SequenceNumber: sequenceNumber(seq),
        SizeBytes: record.sizeBytes,
        StreamViewType: record.viewType,
      },
      ...(record.identity === undefined ? {} : { userIdentity: record.identity }),
      eventSourceARN: info.arn,
    },
  };
}
