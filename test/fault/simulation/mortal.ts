import type { Clock, Timer } from '../../../packages/server/src/base/index.ts';
import type { Database, Migrations, Sql, SqlRow, SqlValue, Statement } from '../../../packages/server/src/storage/index.ts';
import type { VirtualClock } from '../../kit/virtual-clock.ts';

/** One life of a server. After its death nothing of it moves any more: no timer fires, no query is answered. */
export class Life {
  alive = true;
}

const never = <T>(): Promise<T> => new Promise<T>(() => {});

export class MortalClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #life: Life;

  constructor(clock: VirtualClock, life: Life) {
    this.#clock = clock;
    this.#life = life;
  }
  now(): number {
    return this.#clock.now();
  }
  monotonic(): number {
    return this.#clock.monotonic();
  }
  after(delayMs: number, callback: () => void): Timer {
    return this.#clock.after(delayMs, () => {
      if (this.#life.alive) callback();
    });
  }
  async sleep(delayMs: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
    await this.#clock.sleep(delayMs, options);
    if (!this.#life.alive) await never();
  }
}

/** Storage that outlives the server, fails now and then, and forgets a transaction that death interrupts. */
export class MortalDatabase implements Database {
  readonly #database: Database;
  readonly #life: Life;
  readonly #fault: () => Error | undefined;

  constructor(database: Database, life: Life, fault: () => Error | undefined) {
    this.#database = database;
    this.#life = life;
    this.#fault = fault;
  }

  all<Row extends SqlRow = SqlRow>(query: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return this.#living(() => this.#database.all<Row>(query, values));
  }
  get<Row extends SqlRow = SqlRow>(query: string, values?: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#living(() => this.#database.get<Row>(query, values));
  }
  run(query: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#living(() => this.#database.run(query, values));
  }
  batch(statements: readonly Statement[]): Promise<void> {
    return this.transaction((tx) => tx.batch(statements));
  }
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    return this.#living(() =>
      this.#database.transaction(async (tx) => {
        const fault = this.#fault();
        if (fault !== undefined) throw fault;
        const value = await work(tx);
        if (!this.#life.alive) throw new Error('The server died in the middle of a transaction.');
        return value;
      }),
    );
  }
  migrate(migrations: Migrations): Promise<void> {
    return this.#database.migrate(migrations);
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #living<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#life.alive) return never();
    try {
      const value = await work();
      return this.#life.alive ? value : await never();
    } catch (error) {
      if (!this.#life.alive) return never();
      throw error;
    }
  }
}
