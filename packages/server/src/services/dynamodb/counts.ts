import type { Sql } from '../../storage/index.ts';
import type { Table } from './table.ts';

export interface Count {
  readonly items: number;
  readonly bytes: number;
}

/** Of a table and of each of its indexes, by their numbers. */
export type TableCounts = ReadonlyMap<number, Count>;

/**
 * Items and bytes of tables and indexes: kept by what is committed for those born empty in this process,
 * counted in the store for older ones. An entry counts with its whole item, also where the projection is smaller.
 */
export class Counts {
  readonly #known = new Map<number, Count>();

  add(no: number, delta: Count): void {
    const known = this.#known.get(no);
    if (known !== undefined) this.#known.set(no, { items: known.items + delta.items, bytes: known.bytes + delta.bytes });
  }

  async of(table: Table, sql: Sql): Promise<TableCounts> {
    const counts = new Map<number, Count>();
    counts.set(
      table.no,
      this.#known.get(table.no) ??
        (await count(sql, 'SELECT COUNT(*) AS items, COALESCE(SUM(size), 0) AS bytes FROM dynamodb_item WHERE table_no = ?', [
          table.no,
        ])),
    );
    for (const { no } of table.indexes) {
      const entries = `SELECT COUNT(*) AS items, COALESCE(SUM(i.size), 0) AS bytes FROM dynamodb_entry e CROSS JOIN dynamodb_item i
        WHERE e.index_no = ? AND i.table_no = ? AND i.hash_key = e.item_hash AND i.range_key = e.item_range`;
      counts.set(no, this.#known.get(no) ?? (await count(sql, entries, [no, table.no])));
    }
    return counts;
  }

  /** A table, or an index made with it. */
  start({ no, indexes }: Table): void {
    for (const each of [no, ...indexes.map((index) => index.no)]) this.#known.set(each, { items: 0, bytes: 0 });
  }
  forget({ no, indexes }: Table): void {
    for (const each of [no, ...indexes.map((index) => index.no)]) this.#known.delete(each);
  }
}

async function count(sql: Sql, query: string, values: readonly number[]): Promise<Count> {
  const row = await sql.get(query, values);
  return { items: Number(row?.['items'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
}
