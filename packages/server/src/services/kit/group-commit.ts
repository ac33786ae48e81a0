import type { Database, Sql, SqlRow, SqlValue, Statement } from '../../storage/index.ts';
import { ServiceFault } from '@mayfly/wire';

/** A transaction that also takes statements nobody waits for one by one. */
export interface PipelinedSql extends Sql {
  /** Sent in its order; the commit waits for it, and a failure undoes the transaction. */
  later(query: string, values?: readonly SqlValue[]): void;
}

interface Pending {
  readonly work: (tx: PipelinedSql) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Ending = { readonly value: unknown } | { readonly fault: ServiceFault };

/** Enough to make the cost of one sync to disk small, few enough to keep the transaction short. */
const groupSize = 256;

/**
 * Puts changes that arrive together into one transaction: a hundred of them cost one sync to disk.
 *
 * A change reads, decides and writes. It refuses by throwing a `ServiceFault` before its first write, which
 * ends this change alone. Anything else it throws undoes the group, whose changes then run again one by one,
 * so that the broken one fails alone; a change must therefore touch nothing but `tx` and its own answer.
 */
export class GroupCommit {
  readonly #database: Database;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when the change is on stable storage, in the order of arrival. */
  write<T>(work: (tx: PipelinedSql) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#pending.push({ work, resolve: resolve as (value: unknown) => void, reject });
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
        await this.#commit(group);
      } catch (error) {
        if (group.length === 1) group[0]?.reject(error);
        else for (const alone of group) await this.#commit([alone]).catch((reason: unknown) => alone.reject(reason));
      }
    }
    this.#writing = undefined;
  }

  async #commit(group: readonly Pending[]): Promise<void> {
    const endings = await this.#database.transaction(async (tx) => {
      const results: Ending[] = [];
      const pipeline = new Pipeline(tx);
      for (const { work } of group) results.push(await ending(work, pipeline));
      await pipeline.done();
      return results;
    });
    for (const [index, { resolve, reject }] of group.entries()) {
      const end = endings[index];
      if (end === undefined) continue;
      if ('fault' in end) reject(end.fault);
      else resolve(end.value);
    }
  }
}

/** Statements that nobody waits for travel together, at the latest before the next one that somebody waits for. */
class Pipeline implements PipelinedSql {
  readonly #tx: Sql;
  #held: Statement[] = [];
  readonly #sent: Promise<void>[] = [];

  constructor(tx: Sql) {
    this.#tx = tx;
  }

  all<Row extends SqlRow = SqlRow>(query: string, values?: readonly SqlValue[]): Promise<Row[]> {
    this.#send();
    return this.#tx.all<Row>(query, values);
  }

  get<Row extends SqlRow = SqlRow>(query: string, values?: readonly SqlValue[]): Promise<Row | undefined> {
    this.#send();
    return this.#tx.get<Row>(query, values);
  }

  run(query: string, values?: readonly SqlValue[]): Promise<number> {
    this.#send();
    return this.#tx.run(query, values);
  }

  batch(statements: readonly Statement[]): Promise<void> {
    this.#send();
    return this.#tx.batch(statements);
  }

  later(query: string, values: readonly SqlValue[] = []): void {
    this.#held.push({ query, values });
  }

  /** Resolves when all that was sent has been done. */
  async done(): Promise<void> {
    this.#send();
    await Promise.all(this.#sent);
  }

  #send(): void {
    if (this.#held.length === 0) return;
    const answer = this.#tx.batch(this.#held);
    this.#held = [];
    // Waited for at the end of the group; until then a failure must not count as unhandled.
    answer.catch(() => undefined);
    this.#sent.push(answer);
  }
}

async function ending(work: Pending['work'], tx: PipelinedSql): Promise<Ending> {
  try {
    return { value: await work(tx) };
  } catch (error) {
    if (error instanceof ServiceFault) return { fault: error };
    throw error;
  }
}
