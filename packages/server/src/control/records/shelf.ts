import type { AccountId, Region } from '../../base/index.ts';
import type { Database, SqlRow } from '../../storage/index.ts';
import type { Scope } from '../names.ts';
import { Change } from './change.ts';
import { Codec } from './codec.ts';
import { Desk } from './desk.ts';
import type { Kind } from './kinds.ts';
import type { MasterKey } from './master-key.ts';
import { migrations } from './migrations.ts';

/** Told when the change is on stable storage and in memory; must not throw. */
export type ShelfListener = (scope: Scope, change: Change) => void;

interface Row extends SqlRow {
  readonly kind: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly part: string;
  readonly document: string;
}

/**
 * All records of the room: read once, kept in memory, written through.
 *
 * Changes run one at a time. Each decides on what is in memory without waiting for anything, is written
 * in one transaction, and only then becomes visible; one that fails to be written leaves no trace.
 */
export class Shelf {
  readonly #database: Database;
  readonly #codec: Codec;
  readonly #desks = new Map<AccountId, Map<Region, Desk>>();
  readonly #listeners = new Set<ShelfListener>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(database: Database, codec: Codec) {
    this.#database = database;
    this.#codec = codec;
  }

  static async open(database: Database, key: MasterKey): Promise<Shelf> {
    await database.migrate(migrations);
    const shelf = new Shelf(database, new Codec(key));
    const rows = await database.all<Row>('SELECT kind, account, region, name, part, document FROM control_record');
    for (const row of rows) {
      const at = { account: row.account as AccountId, region: row.region as Region, name: row.name, part: row.part };
      const kind = row.kind as Kind;
      shelf.#own(at).apply(kind, row.name, row.part, shelf.#codec.read(kind, row.document, at));
    }
    return shelf;
  }

  /** An empty one for a scope without records: asking leaves nothing behind. */
  desk(scope: Scope): Desk {
    return this.#desks.get(scope.account)?.get(scope.region) ?? new Desk();
  }

  *scopes(): IterableIterator<Scope> {
    for (const [account, regions] of this.#desks) for (const region of regions.keys()) yield { account, region };
  }

  /**
   * Runs `work` when all earlier changes are over, and writes what it put.
   *
   * @param work  synchronous: what it read stays true until it is written. What it throws is the caller's answer.
   */
  change<T>(scope: Scope, work: (desk: Desk, change: Change) => T): Promise<T> {
    const result = this.#last.then(async () => {
      const desk = this.desk(scope);
      const change = new Change(desk);
      const value = work(desk, change);
      if (change.edits.length === 0) return value;
      await this.#write(scope, change);
      const own = this.#own(scope);
      for (const { kind, name, part, document } of change.edits) own.apply(kind, name, part, document);
      for (const listener of this.#listeners) listener(scope, change);
      return value;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  onChange(listener: ShelfListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Resolves when every change begun before is over. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #write({ account, region }: Scope, change: Change): Promise<void> {
    await this.#database.transaction(async (tx) => {
      for (const { kind, name, part, document } of change.edits) {
        if (document === undefined)
          await tx.run('DELETE FROM control_record WHERE account = ? AND region = ? AND name = ? AND kind = ? AND part = ?', [
            account,
            region,
            name,
            kind,
            part,
          ]);
        else
          await tx.run(
            `INSERT INTO control_record (kind, account, region, name, part, document) VALUES (?, ?, ?, ?, ?, ?)
               ON CONFLICT (account, region, name, kind, part) DO UPDATE SET document = excluded.document`,
            [kind, account, region, name, part, this.#codec.write(kind, document, { account, region, name, part })],
          );
      }
    });
  }

  #own({ account, region }: Scope): Desk {
    let regions = this.#desks.get(account);
    if (regions === undefined) this.#desks.set(account, (regions = new Map()));
    let desk = regions.get(region);
    if (desk === undefined) regions.set(region, (desk = new Desk()));
    return desk;
  }
}
