import type { Logger } from '../../base/index.ts';
import type { Sql } from '../../storage/index.ts';
import type { PipelinedSql } from '../kit/group-commit.ts';
import { decodeItem } from './stored.ts';
import type { Room } from './room.ts';
import { entryKey, type Table, type TableIndex } from './table.ts';
import { replace } from './tables.ts';
import { addEntry } from './unit.ts';

/** Few enough rows that a client's write waits only milliseconds behind a step. */
const stepRows = 200;

/**
 * Work that clients need not wait for, in small steps between their writes: sweeping what deleted tables and
 * indexes left, and filling new indexes. Both go on after a restart from what the tables say.
 */
export class Background implements AsyncDisposable {
  readonly #room: Room;
  readonly #log: Logger;
  #sweeping: Promise<void> | undefined;
  #filling: Promise<void> | undefined;
  #again = { sweep: false, fill: false };
  #closed = false;

  constructor(room: Room) {
    this.#room = room;
    this.#log = room.log;
  }

  sweep(): void {
    if (this.#sweeping !== undefined) return void (this.#again.sweep = true);
    this.#sweeping = this.#guard('sweep', () => this.#sweepAll()).finally(() => {
      this.#sweeping = undefined;
      if (this.#again.sweep) this.sweep();
    });
  }
  fill(): void {
    if (this.#filling !== undefined) return void (this.#again.fill = true);
    this.#filling = this.#guard('fill', () => this.#fillAll()).finally(() => {
      this.#filling = undefined;
      if (this.#again.fill) this.fill();
    });
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#sweeping !== undefined || this.#filling !== undefined) await Promise.all([this.#sweeping, this.#filling]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#again = { sweep: false, fill: false };
    await this.settled();
  }

  async #guard(what: 'sweep' | 'fill', work: () => Promise<void>): Promise<void> {
    this.#again[what] = false;
    try {
      await work();
    } catch (error) {
      this.#log.error(`DynamoDB's ${what} failed; it is tried again at the next change of a table or start.`, { error });
    }
  }

  async #sweepAll(): Promise<void> {
    for (const row of await this.#room.database.all('SELECT kind, no FROM dynamodb_dropped')) {
      const no = Number(row['no']);
      let removed = stepRows;
      while (removed === stepRows && !this.#closed) {
        removed = await this.#room.writer.run((tx) => (row['kind'] === 'item' ? sweepItems(tx, no) : sweepEntries(tx, no)));
      }
      if (this.#closed) return;
      await this.#room.writer.run((tx) =>
        tx.run('DELETE FROM dynamodb_dropped WHERE kind = ? AND no = ?', [row['kind'] ?? null, no]),
      );
    }
  }

  async #fillAll(): Promise<void> {
    for (const table of [...this.#room.catalogue.all()]) {
      for (const index of table.indexes) {
        if (index.status === 'CREATING') await this.#fillIndex(table, index);
        if (this.#closed) return;
      }
    }
  }

  async #fillIndex(table: Table, index: TableIndex): Promise<void> {
    let [hash, range]: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];
    let seen = stepRows;
    while (seen === stepRows && !this.#closed) {
      const step = await this.#room.writer.run((tx) => fillStep(tx, table, index, hash, range));
      ({ seen, hash, range } = step);
    }
    const now = this.#room.catalogue.find(table, table.name);
    if (this.#closed || now?.no !== table.no) return;
    const indexes = now.indexes.map((each) => (each.no === index.no ? { ...each, status: 'ACTIVE' as const } : each));
    await replace(this.#room, now, { ...now, indexes });
  }
}

async function fillStep(tx: PipelinedSql, table: Table, index: TableIndex, hash: Uint8Array, range: Uint8Array) {
  const rows = await tx.all(
    `SELECT hash_key, range_key, item FROM dynamodb_item WHERE table_no = ? AND (hash_key, range_key) > (?, ?)
       ORDER BY hash_key, range_key LIMIT ${stepRows}`,
    [table.no, hash, range],
  );
  let last = { hash, range };
  for (const row of rows) {
    last = { hash: row['hash_key'] as Uint8Array, range: row['range_key'] as Uint8Array };
    const item = decodeItem(row['item'] as string);
    const { type, range: rangeType } = { type: index.keys.hash.type, range: index.keys.range?.type };
    // Items written before the index may hold another type under its key; they stay out of it.
    const fits = item[index.keys.hash.name] !== undefined && type in (item[index.keys.hash.name] ?? {});
    const fitsRange =
      index.keys.range === undefined || (rangeType !== undefined && rangeType in (item[index.keys.range.name] ?? {}));
    const entry = fits && fitsRange ? entryKey(index, item) : undefined;
    if (entry !== undefined) addEntry(tx, index.no, entry, last);
  }
  return { seen: rows.length, ...last };
}

async function sweepItems(tx: Sql, no: number): Promise<number> {
  const last = await tx.get(
    `SELECT hash_key, range_key FROM dynamodb_item WHERE table_no = ? ORDER BY hash_key, range_key LIMIT 1 OFFSET ${stepRows - 1}`,
    [no],
  );
  if (last === undefined) return tx.run('DELETE FROM dynamodb_item WHERE table_no = ?', [no]).then(() => 0);
  return tx.run('DELETE FROM dynamodb_item WHERE table_no = ? AND (hash_key, range_key) <= (?, ?)', [
    no,
    last['hash_key'] ?? null,
    last['range_key'] ?? null,
  ]);
}

async function sweepEntries(tx: Sql, no: number): Promise<number> {
  const last = await tx.get(
    `SELECT hash_key, range_key, item_hash, item_range FROM dynamodb_entry WHERE index_no = ?
       ORDER BY hash_key, range_key, item_hash, item_range LIMIT 1 OFFSET ${stepRows - 1}`,
    [no],
  );
  if (last === undefined) return tx.run('DELETE FROM dynamodb_entry WHERE index_no = ?', [no]).then(() => 0);
  return tx.run(
    'DELETE FROM dynamodb_entry WHERE index_no = ? AND (hash_key, range_key, item_hash, item_range) <= (?, ?, ?, ?)',
    [no, last['hash_key'] ?? null, last['range_key'] ?? null, last['item_hash'] ?? null, last['item_range'] ?? null],
  );
}
