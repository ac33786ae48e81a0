import type { Clock, Logger, Timer } from '../../base/index.ts';
import type { PipelinedSql } from '../kit/group-commit.ts';
import { decodeItem } from './stored.ts';
import type { Room } from './room.ts';
import { timeToLive } from './streams/record.ts';
import type { ItemKey, Table } from './table.ts';
import { expiryOf } from './unit.ts';

/** @source Developer Guide, "Using time to live": older than five years is not deleted */
const oldestMs = 5 * 365 * 86_400_000;
const stepRows = 100;
/** A full look now and then, for times that were set while no timer was armed. */
const longestWaitMs = 3_600_000;
const afterFailureMs = 10_000;

/** Deletes items whose time has come, on the dot; DynamoDB itself takes up to days. */
export class TimeToLive implements AsyncDisposable {
  readonly #room: Room;
  readonly #clock: Clock;
  readonly #log: Logger;
  #timer: Timer | undefined;
  #dueMs = Infinity;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(room: Room) {
    this.#room = room;
    this.#clock = room.clock;
    this.#log = room.log;
    room.writer.onExpiry = (atMs) => this.#arm(atMs);
    this.#arm(0);
  }

  /** Items of a table get their times, or lose them. */
  async mark(table: Table): Promise<void> {
    let last: ItemKey = { hash: new Uint8Array(0), range: new Uint8Array(0) };
    let seen = stepRows;
    while (seen === stepRows && !this.#closed) {
      ({ seen, last } = await this.#room.writer.run((tx) => markStep(tx, table, last)));
    }
    this.#arm(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  /** @param atMs  milliseconds since the epoch */
  #arm(atMs: number): void {
    if (this.#closed || atMs >= this.#dueMs) return;
    this.#dueMs = atMs;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock.after(Math.min(Math.max(0, atMs - this.#clock.now()), longestWaitMs), () => this.#run());
    this.#timer.unref();
  }

  #run(): void {
    this.#dueMs = Infinity;
    this.#running = (this.#running ?? Promise.resolve()).then(async () => {
      try {
        let deleted = stepRows;
        while (deleted === stepRows && !this.#closed) deleted = await this.#step();
        const next = await this.#room.database.get('SELECT MIN(expires_at) AS at FROM dynamodb_item WHERE expires_at > ?', [
          this.#floorMs(),
        ]);
        const at = next?.['at'];
        this.#arm(at === null || at === undefined ? this.#clock.now() + longestWaitMs : Number(at));
      } catch (error) {
        this.#log.error('Expired items could not be deleted; the next try follows.', { error });
        this.#arm(this.#clock.now() + afterFailureMs);
      }
    });
  }

  async #step(): Promise<number> {
    const nowMs = Math.floor(this.#clock.now());
    const rows = await this.#room.database.all(
      `SELECT table_no, hash_key, range_key FROM dynamodb_item WHERE expires_at > ? AND expires_at <= ? ORDER BY expires_at LIMIT ${stepRows}`,
      [this.#floorMs(), nowMs],
    );
    const tables = new Map([...this.#room.catalogue.all()].map((table) => [table.no, table]));
    let deleted = 0;
    for (const row of rows) {
      const table = tables.get(Number(row['table_no']));
      const key = { hash: row['hash_key'] as Uint8Array, range: row['range_key'] as Uint8Array };
      if (table === undefined) continue;
      deleted += 1;
      await this.#room.writer.change(async (unit) => {
        const item = await unit.read(table, key);
        // It may have been given more time since it was found.
        const dueMs = item === undefined ? undefined : expiryOf(table, item);
        if (dueMs !== undefined && dueMs <= nowMs) unit.change(table, key, item, undefined, timeToLive);
      });
    }
    return deleted;
  }

  #floorMs(): number {
    return Math.floor(this.#clock.now()) - oldestMs;
  }
}

async function markStep(tx: PipelinedSql, table: Table, after: ItemKey): Promise<{ seen: number; last: ItemKey }> {
  const rows = await tx.all(
    `SELECT hash_key, range_key, item FROM dynamodb_item WHERE table_no = ? AND (hash_key, range_key) > (?, ?)
       ORDER BY hash_key, range_key LIMIT ${stepRows}`,
    [table.no, after.hash, after.range],
  );
  let last = after;
  for (const row of rows) {
    last = { hash: row['hash_key'] as Uint8Array, range: row['range_key'] as Uint8Array };
    const expiresAt = expiryOf(table, decodeItem(row['item'] as string)) ?? null;
    tx.later('UPDATE dynamodb_item SET expires_at = ? WHERE table_no = ? AND hash_key = ? AND range_key = ?', [
      expiresAt,
      table.no,
      last.hash,
      last.range,
    ]);
  }
  return { seen: rows.length, last };
}
