import type { Execution } from './execution.ts';
import { stopping } from './faults.ts';

/** Callers who wait for the ends of executions. */
export class Waiting {
  readonly #of = new Map<string, Set<PromiseWithResolvers<Execution>>>();
  #closed = false;

  /** Resolves when the execution is over. Rejects when the server stops before. */
  for(id: string): Promise<Execution> {
    if (this.#closed) return Promise.reject(stopping());
    const waiter = Promise.withResolvers<Execution>();
    const all = this.#of.get(id) ?? new Set();
    this.#of.set(id, all.add(waiter));
    return waiter.promise;
  }

  tell(execution: Execution): void {
    const { id } = execution.head;
    const all = this.#of.get(id) ?? [];
    this.#of.delete(id);
    for (const { resolve } of all) resolve(execution);
  }

  close(): void {
    this.#closed = true;
    for (const all of this.#of.values()) for (const { reject } of all) reject(stopping());
    this.#of.clear();
  }
}
