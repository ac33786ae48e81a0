import type { Random } from '../../base/index.ts';
import type { Sql } from '../../storage/index.ts';
import type { Parcel } from '../kit/outbox.ts';
import { changesFor } from './destinations.ts';
import type { PipelinedSql } from '../kit/group-commit.ts';
import { decodeItem, encodeItem } from './stored.ts';
import { entryKey, sameKey, type ItemKey, type Table } from './table.ts';
import { equalItems, itemSize, member, type Item } from './value.ts';
import { streamRecord, type Identity } from './streams/record.ts';

/** What a committed unit means to the rest of the room. */
export interface Effects {
  readonly streams: Set<string>;
  readonly counts: Map<number, { items: number; bytes: number }>;
  /** Milliseconds since the epoch. */
  earliestExpiryMs: number;
  /** For streams of Kinesis. */
  readonly parcels: Parcel[];
}

export const noEffects = (): Effects => ({ streams: new Set(), counts: new Map(), earliestExpiryMs: Infinity, parcels: [] });

/** One all-or-nothing change of items, inside a transaction: rows, index entries and stream records together. */
export class Unit {
  readonly #tx: PipelinedSql;
  readonly #nextSeq: () => number;
  readonly nowMs: number;
  readonly effects: Effects;
  readonly #random: Pick<Random, 'uuid'>;

  constructor(
    tx: PipelinedSql,
    options: {
      readonly nowMs: number;
      readonly nextSeq: () => number;
      readonly effects: Effects;
      readonly random: Pick<Random, 'uuid'>;
    },
  ) {
    this.#tx = tx;
    this.nowMs = options.nowMs;
    this.#nextSeq = options.nextSeq;
    this.effects = options.effects;
    this.#random = options.random;
  }

  async read(table: Table, key: ItemKey): Promise<Item | undefined> {
    return readItemRow(this.#tx, table, key);
  }

  /** Brings an item from `old` to `next`; either may be absent. Nothing is waited for: the commit does that. */
  change(table: Table, key: ItemKey, old: Item | undefined, next: Item | undefined, by?: Identity): void {
    if (old === undefined && next === undefined) return;
    const size = next === undefined ? 0 : itemSize(next);
    if (next === undefined) {
      this.#tx.later('DELETE FROM dynamodb_item WHERE table_no = ? AND hash_key = ? AND range_key = ?', [
        table.no,
        key.hash,
        key.range,
      ]);
    } else {
      const expiresAt = expiryOf(table, next);
      this.effects.earliestExpiryMs = Math.min(this.effects.earliestExpiryMs, expiresAt ?? Infinity);
      this.#tx.later(
        `INSERT INTO dynamodb_item (table_no, hash_key, range_key, item, size, expires_at) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (table_no, hash_key, range_key) DO UPDATE SET item = excluded.item, size = excluded.size, expires_at = excluded.expires_at`,
        [table.no, key.hash, key.range, encodeItem(next), size, expiresAt ?? null],
      );
    }
    const oldSize = old === undefined ? 0 : itemSize(old);
    this.#count(table.no, old === undefined ? undefined : oldSize, next === undefined ? undefined : size);
    for (const index of table.indexes) {
      const before = old === undefined ? undefined : entryKey(index, old);
      const after = next === undefined ? undefined : entryKey(index, next);
      this.#count(index.no, before === undefined ? undefined : oldSize, after === undefined ? undefined : size);
      if (before !== undefined && after !== undefined && sameKey(before, after)) continue;
      if (before !== undefined) removeEntry(this.#tx, index.no, before, key);
      if (after !== undefined) addEntry(this.#tx, index.no, after, key);
    }
    this.#record(table, old, next, by);
    if (table.destinations !== undefined) {
      const at = { nowMs: this.nowMs, random: this.#random };
      this.effects.parcels.push(...changesFor(table, { old, next, by }, at));
    }
  }

  /** Digest of the transaction answered under a client's token. */
  async tokenDigest(
    place: { readonly account: string; readonly region: string },
    token: string,
    lifeMs: number,
  ): Promise<string | undefined> {
    const row = await this.#tx.get(
      'SELECT digest FROM dynamodb_token WHERE account = ? AND region = ? AND token = ? AND at > ?',
      [place.account, place.region, token, this.nowMs - lifeMs],
    );
    return row?.['digest'] as string | undefined;
  }
  keepToken(place: { readonly account: string; readonly region: string }, token: string, digest: string): void {
    this.#tx.later(
      `INSERT INTO dynamodb_token (account, region, token, digest, at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (account, region, token) DO UPDATE SET digest = excluded.digest, at = excluded.at`,
      [place.account, place.region, token, digest, this.nowMs],
    );
  }

  /** @param before, after  bytes, where there is something */
  #count(no: number, before: number | undefined, after: number | undefined): void {
    const count = this.effects.counts.get(no) ?? { items: 0, bytes: 0 };
    count.items += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    count.bytes += (after ?? 0) - (before ?? 0);
    this.effects.counts.set(no, count);
  }

  /** A write that changes nothing leaves no record. @source Developer Guide, "Change data capture for DynamoDB Streams" */
  #record(table: Table, old: Item | undefined, next: Item | undefined, by: Identity | undefined): void {
    if (table.stream?.enabled !== true) return;
    if (old !== undefined && next !== undefined && equalItems(old, next)) return;
    const record = streamRecord(table, table.stream.viewType, old, next, by);
    this.#tx.later('INSERT INTO dynamodb_record (stream_no, seq, at, record) VALUES (?, ?, ?, ?)', [
      table.stream.no,
      this.#nextSeq(),
      this.nowMs,
      JSON.stringify(record),
    ]);
    this.effects.streams.add(table.stream.arn);
  }
}

export async function readItemRow(sql: Sql, table: Table, key: ItemKey): Promise<Item | undefined> {
  const row = await sql.get('SELECT item FROM dynamodb_item WHERE table_no = ? AND hash_key = ? AND range_key = ?', [
    table.no,
    key.hash,
    key.range,
  ]);
  return row === undefined ? undefined : decodeItem(row['item'] as string);
}

export const addEntry = (tx: PipelinedSql, indexNo: number, entry: ItemKey, key: ItemKey): void =>
  tx.later(
    'INSERT INTO dynamodb_entry (index_no, hash_key, range_key, item_hash, item_range) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    [indexNo, entry.hash, entry.range, key.hash, key.range],
  );

const removeEntry = (tx: PipelinedSql, indexNo: number, entry: ItemKey, key: ItemKey): void =>
  tx.later(
    'DELETE FROM dynamodb_entry WHERE index_no = ? AND hash_key = ? AND range_key = ? AND item_hash = ? AND item_range = ?',
    [indexNo, entry.hash, entry.range, key.hash, key.range],
  );

/** Milliseconds since the epoch; `undefined` for what is no time. */
export function expiryOf(table: Table, item: Item): number | undefined {
  const value = table.ttlAttribute === undefined ? undefined : member(item, table.ttlAttribute);
  if (value === undefined || !('N' in value)) return undefined;
  const seconds = Math.floor(Number(value.N));
  return seconds > 0 && seconds < 1e11 ? seconds * 1000 : undefined;
}
