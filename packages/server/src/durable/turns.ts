import { ServiceFault } from '@mayfly/wire';
import type { RequestId } from '../base/index.ts';
import type { Execution } from './execution.ts';
import type { ExecutionStore } from './store.ts';

/** The invocation of an execution that is under way; there is at most one. Lost with the process, as the invocation is. */
export interface Invoking {
  readonly requestId: RequestId;
  readonly startedAtMs: number;
  /** The only one that opens the next checkpoint. @source spec 10.2-05 */
  token: string;
  /** The last checkpoint, for a client that did not get its answer. */
  answered?: { readonly token: string; readonly clientToken: string; readonly answer: object };
}

/** What one who has the turn works with. */
export interface Turn {
  readonly id: string;
  /** As stored, with what was changed since. */
  execution: Execution | undefined;
  invoking: Invoking | undefined;
}

interface Place extends Turn {
  users: number;
  last: Promise<unknown>;
}

/**
 * One at a time for each execution, in the order of arrival. An execution is in memory while somebody has or awaits a turn, or while it
 * is invoked; suspended ones are on storage alone.
 */
export class Turns {
  readonly #store: ExecutionStore;
  readonly #places = new Map<string, Place>();

  constructor(store: ExecutionStore) {
    this.#store = store;
  }

  /** @param known  a new one, which need not be read */
  async take<T>(id: string, work: (turn: Turn) => Promise<T>, known?: Execution): Promise<T> {
    let place = this.#places.get(id);
    if (place === undefined)
      this.#places.set(id, (place = { id, execution: known, invoking: undefined, users: 0, last: Promise.resolve() }));
    const own = place;
    own.users += 1;
    const result = own.last.then(async () => {
      own.execution ??= await this.#store.load(id);
      try {
        return await work(own);
      } catch (error) {
        // Of what was refused nothing is left to be written, and what failed to be written is not true.
        if (!(error instanceof ServiceFault)) own.execution = undefined;
        throw error;
      }
    });
    own.last = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      own.users -= 1;
      if (own.users === 0 && own.invoking === undefined) this.#places.delete(id);
    }
  }

  /** Resolves when no turn is taken any more. */
  async settled(): Promise<void> {
    while (this.#places.size > 0) {
      const busy = [...this.#places.values()].filter(({ users }) => users > 0);
      if (busy.length === 0) return;
      await Promise.all(busy.map(({ last }) => last));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
