import type { Database, SqlValue, Statement } from './port.ts';

/** Says what is to be written when its transaction leaves; nothing any more is an answer. */
type Rendered = () => readonly Statement[];

interface Group {
  readonly writes: Rendered[];
  readonly done: PromiseWithResolvers<void>;
}

/** Enough to make the cost of one sync to disk small, few enough to keep the transaction short. */
const groupSize = 256;

/**
 * Puts writes that arrive together into one transaction and one question to storage: a hundred of them cost one sync to
 * disk. For writes that need not read; each resolves when its transaction is on stable storage, in the order of arrival.
 */
export class GroupedWrites {
  readonly #database: Database;
  #groups: Group[] = [];
  #writing: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws what the transaction throws, for every write of its group */
  write(query: string, values: readonly SqlValue[]): Promise<void> {
    const statements = [{ query, values }];
    return this.writeAll(() => statements);
  }

  /** Several statements, of which the last word is had when they leave: what has become needless by then is not written. */
  writeAll(render: Rendered): Promise<void> {
    let group = this.#groups.at(-1);
    if (group === undefined || group.writes.length >= groupSize) {
      this.#groups.push((group = { writes: [], done: Promise.withResolvers() }));
    }
    group.writes.push(render);
    this.#writing ??= this.#writeAll();
    return group.done.promise;
  }

  /** Resolves when nothing is left to write. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // One turn of the event loop, not a delay: what its other sockets have read joins this group.
    await new Promise((resolve) => setImmediate(resolve));
    for (let group = this.#groups.shift(); group !== undefined; group = this.#groups.shift()) {
      try {
        await this.#database.batch(group.writes.flatMap((render) => render()));
        group.done.resolve();
      } catch (error) {
        group.done.reject(error);
      }
    }
    this.#writing = undefined;
  }
}
