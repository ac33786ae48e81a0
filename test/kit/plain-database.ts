import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Database, Migrations, Sql, SqlRow, SqlValue } from '../../packages/server/src/storage/index.ts';

/** The least that keeps the storage port's promises, for tests of rooms above it. */
export class PlainDatabase implements Database {
  readonly #database: DatabaseSync;
  #last: Promise<unknown> = Promise.resolve();
  /** Transactions committed. */
  commits = 0;
  /** Set by a test: transactions fail with it. */
  failure: Error | undefined;

  constructor(file = ':memory:') {
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    this.#database.exec('CREATE TABLE IF NOT EXISTS migration (room TEXT, step BIGINT, PRIMARY KEY (room, step))');
  }

  all<Row extends SqlRow = SqlRow>(query: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return Promise.resolve(this.#database.prepare(query).all(...(values as SQLInputValue[])) as Row[]);
  }
  async get<Row extends SqlRow = SqlRow>(query: string, values?: readonly SqlValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(query, values))[0];
  }
  run(query: string, values: readonly SqlValue[] = []): Promise<number> {
    return Promise.resolve(Number(this.#database.prepare(query).run(...(values as SQLInputValue[])).changes));
  }

  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      if (this.failure !== undefined) throw this.failure;
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const value = await work(this);
        this.#database.exec('COMMIT');
        this.commits += 1;
        return value;
      } catch (error) {
        this.#database.exec('ROLLBACK');
        throw error;
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  async migrate({ room, steps }: Migrations): Promise<void> {
    for (const [step, statement] of steps.entries()) {
      const done = await this.get('SELECT step FROM migration WHERE room = ? AND step = ?', [room, step]);
      if (done !== undefined) continue;
      await this.run(statement);
      await this.run('INSERT INTO migration VALUES (?, ?)', [room, step]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    if (this.#database.isOpen) this.#database.close();
  }
}
