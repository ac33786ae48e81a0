import type { Database, Statement } from '../../storage/index.ts';

interface Pending {
  readonly statement: Statement;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Enough to make the cost of one sync to disk small, few enough to keep the transaction short. */
const groupSize = 256;

/**
 * Puts writes that arrive together into one transaction: a hundred events cost one sync to disk instead
 * of a hundred. A write is resolved when its transaction is on stable storage, in the order of arrival.
 */
export class GroupCommit {
  readonly #database: Database;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws what the transaction throws, for every write of its group */
  write(query: string, values: Statement['values']): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.push({ statement: { query, values }, resolve, reject });
    this.#writing ??= this.#writeAll();
    return promise;
  }

  /** Resolves when nothing is left to write. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // One turn of the event loop, not a delay: what its other sockets have read joins this group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const group = this.#pending.splice(0, groupSize);
      try {
        await this.#database.batch(group.map(({ statement }) => statement));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#writing = undefined;
  }
}
