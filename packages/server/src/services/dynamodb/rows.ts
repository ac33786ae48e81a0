import type { Sql, SqlValue } from '../../storage/index.ts';
import { decodeItem } from './stored.ts';
import type { KeyRange } from './key-condition.ts';
import type { ItemKey, Table, TableIndex } from './table.ts';
import type { Item } from './value.ts';

/** Where a page ended: in an index, its entry's key and then the item's. */
export interface Place {
  readonly item: ItemKey;
  readonly entry?: ItemKey;
}

export interface Stretch {
  readonly table: Table;
  readonly index?: TableIndex;
  /** A partition, or for scans a stretch of partitions. */
  readonly within: KeyRange | { readonly from: Uint8Array; readonly to?: Uint8Array };
  readonly after?: Place;
  readonly descending: boolean;
}

export interface Row {
  readonly item: Item;
  readonly bytes: number;
  readonly place: Place;
}

/** Enough rows for most pages; the next fetches are sized by what the first ones weighed. */
const firstFetch = 64;
const mostFetched = 1000;
const fetchBytes = 1_048_576;

/** Items of a stretch in their order, fetched in steps, so that no page holds more than it needs in memory. */
export async function* rowsOf(sql: Sql, stretch: Stretch, limit: number): AsyncGenerator<Row, void, undefined> {
  let after = stretch.after;
  let fetch = Math.min(limit, firstFetch);
  let left = limit;
  while (left > 0) {
    const { query, values } = select({ ...stretch, ...(after === undefined ? {} : { after }) }, fetch);
    const rows = await sql.all(query, values);
    let bytes = 0;
    for (const row of rows) {
      const read = readRow(row, stretch.index !== undefined);
      bytes += read.bytes;
      after = read.place;
      yield read;
    }
    left -= rows.length;
    if (rows.length < fetch) return;
    fetch = Math.min(left, mostFetched, Math.max(1, Math.ceil(fetchBytes / (bytes / rows.length + 1))));
  }
}

function readRow(row: Readonly<Record<string, SqlValue>>, indexed: boolean): Row {
  const key = (hash: string, range: string): ItemKey => ({ hash: row[hash] as Uint8Array, range: row[range] as Uint8Array });
  return {
    item: decodeItem(row['item'] as string),
    bytes: Number(row['size']),
    place: indexed
      ? { item: key('item_hash', 'item_range'), entry: key('hash_key', 'range_key') }
      : { item: key('hash_key', 'range_key') },
  };
}

function select({ table, index, within, after, descending }: Stretch, fetch: number): { query: string; values: SqlValue[] } {
  const of = index === undefined ? 'i' : 'e';
  const columns = [`${of}.hash_key`, `${of}.range_key`, ...(index === undefined ? [] : ['e.item_hash', 'e.item_range'])];
  const where: string[] = [];
  const values: SqlValue[] = [];
  const add = (text: string, ...more: SqlValue[]): void => {
    where.push(text);
    values.push(...more);
  };
  if (index === undefined) add('i.table_no = ?', table.no);
  else add('e.index_no = ? AND i.table_no = ? AND i.hash_key = e.item_hash AND i.range_key = e.item_range', index.no, table.no);
  const sort = 'hash' in within ? columns.slice(1) : columns;
  if ('hash' in within) {
    add(`${of}.hash_key = ?`, within.hash);
    // The place where the last page ended is the nearer bound; two bounds would leave the engine a choice.
    if (within.low !== undefined && (after === undefined || descending))
      add(`${of}.range_key ${within.low.inclusive ? '>=' : '>'} ?`, within.low.bytes);
    if (within.high !== undefined && (after === undefined || !descending))
      add(`${of}.range_key ${within.high.inclusive ? '<=' : '<'} ?`, within.high.bytes);
  } else {
    if (after === undefined) add(`${of}.hash_key >= ?`, within.from);
    if (within.to !== undefined) add(`${of}.hash_key < ?`, within.to);
  }
  if (after !== undefined) {
    const first = after.entry ?? after.item;
    const position = [first.hash, first.range, ...(after.entry === undefined ? [] : [after.item.hash, after.item.range])];
    const from = position.slice(position.length - sort.length);
    add(`(${sort.join(', ')}) ${descending ? '<' : '>'} (${sort.map(() => '?').join(', ')})`, ...from);
  }
  // CROSS JOIN: SQLite then walks the index's entries and looks their items up, never the other way round.
  const source = index === undefined ? 'dynamodb_item i' : 'dynamodb_entry e CROSS JOIN dynamodb_item i';
  const order = sort.map((column) => (descending ? `${column} DESC` : column)).join(', ');
  return {
    query: `SELECT ${columns.join(', ')}, i.item, i.size FROM ${source} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ?`,
    values: [...values, fetch],
  };
}
