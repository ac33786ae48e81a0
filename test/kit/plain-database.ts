import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import {
  applyMigrations,
  migrationTable,
  StorageError,
  type Database,
  type Migrations,
  type Sql,
  type SqlRow,
  type SqlValue,
  type Statement,
} from '../../packages/server/src/storage/index.ts';

/**
 * The least that keeps the storage port's promises, for tests of rooms above it: in memory, without
 * threads, so that a virtual clock finds everything done after a few turns. The storage room's suite runs
 * against it too.
 */
export class PlainDatabase implements Database {
  readonly #database: DatabaseSync;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** Transactions committed. */
  commits = 0;
  /** Set by a test: transactions fail with it. */
  failure: Error | undefined;

  constructor(file = ':memory:') {
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    this.#database.exec(migrationTable);
  }

  async all<Row extends SqlRow = SqlRow>(query: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    this.#refuseWhenClosed();
    return this.#all<Row>(query, values);
  }
  async get<Row extends SqlRow = SqlRow>(query: string, values?: readonly SqlValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(query, values))[0];
  }
  run(query: string, values: readonly SqlValue[] = []): Promise<number> {
    return this.#inTransaction(
      (tx) => tx.run(query, values),
      () => {},
    );
  }

  async batch(statements: readonly Statement[]): Promise<void> {
    if (statements.length > 0) await this.transaction((tx) => tx.batch(statements));
  }

  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    return this.#inTransaction(work, () => {
      if (this.failure !== undefined) throw this.failure;
    });
  }

  migrate(migrations: Migrations): Promise<void> {
    return applyMigrations(migrations, {
      clock: { now: () => 0 },
      transaction: (work) =>
        this.#inTransaction(
          (tx) => work(Object.assign(tx, { script: async (sql: string) => this.#database.exec(sql) })),
          () => {},
        ),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#last;
    if (this.#database.isOpen) this.#database.close();
  }

  #all<Row extends SqlRow>(query: string, values: readonly SqlValue[]): Row[] {
    return this.#database.prepare(query).all(...(values as SQLInputValue[])) as Row[];
  }

  async #inTransaction<T>(work: (tx: Sql) => Promise<T>, before: () => void): Promise<T> {
    this.#refuseWhenClosed();
    const result = this.#last.then(async () => {
      before();
      this.#database.exec('BEGIN IMMEDIATE');
      const doom: { error?: unknown } = {};
      try {
        const value = await work(this.#statements(doom));
        if ('error' in doom) throw doom.error;
        this.#database.exec('COMMIT');
        this.commits += 1;
        return value;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** The first statement that fails dooms its transaction. */
  #statements(doom: { error?: unknown }): Sql {
    const dooming = async <T>(work: () => T): Promise<T> => {
      if ('error' in doom) throw doom.error;
      try {
        return work();
      } catch (error) {
        doom.error = error;
        throw error;
      }
    };
    return {
      all: <Row extends SqlRow>(query: string, values: readonly SqlValue[] = []) => dooming(() => this.#all<Row>(query, values)),
      get: <Row extends SqlRow>(query: string, values: readonly SqlValue[] = []) =>
        dooming(() => this.#all<Row>(query, values)[0]),
      run: (query: string, values: readonly SqlValue[] = []) =>
        dooming(() => Number(this.#database.prepare(query).run(...(values as SQLInputValue[])).changes)),
      batch: (statements) =>
        dooming(() => {
          for (const { query, values } of statements) this.#database.prepare(query).run(...(values as SQLInputValue[]));
        }),
    };
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new StorageError('STORAGE_CLOSED', 'Storage is closed.');
  }
}
