import type { Sql } from '../../storage/index.ts';

export interface Count {
  readonly items: number;
  readonly bytes: number;
}

/** Items and bytes of tables: kept by what is committed for tables born in this process, counted in the store for older ones. */
export class Counts {
  readonly #known = new Map<number, Count>();

  add(tableNo: number, delta: Count): void {
    const known = this.#known.get(tableNo);
    if (known !== undefined) this.#known.set(tableNo, { items: known.items + delta.items, bytes: known.bytes + delta.bytes });
  }

  async of(tableNo: number, sql: Sql): Promise<Count> {
    const known = this.#known.get(tableNo);
    if (known !== undefined) return known;
    const row = await sql.get('SELECT COUNT(*) AS items, COALESCE(SUM(size), 0) AS bytes FROM dynamodb_item WHERE table_no = ?', [tableNo]);
    return { items: Number(row?.['items'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
  }

  start(tableNo: number): void {
    this.#known.set(tableNo, { items: 0, bytes: 0 });
  }
  forget(tableNo: number): void {
    this.#known.delete(tableNo);
  }
}
