import type { Waiting } from '../resources/type.ts';
import type { Fields } from '../template/template.ts';
import type { StackStore } from './store.ts';

/** Where answers of custom resources and signals of wait conditions are put; whoever knows the token may. */
export const signalPath = '/_mayfly/cloudformation/';

/** Answers under one token; ours. */
const mostAnswers = 100;

/** What stacks wait for from outside. An answer is on storage before whoever gave it is told so. */
export class Signals implements Waiting {
  readonly #store: StackStore;
  readonly #origins: { readonly function: () => string; readonly anywhere: () => string };
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(store: StackStore, origins: { readonly function: () => string; readonly anywhere: () => string }) {
    this.#store = store;
    this.#origins = origins;
  }

  url(token: string, from: 'function' | 'anywhere'): string {
    return `${this.#origins[from]()}${signalPath}${token}`;
  }

  answers(token: string): readonly Fields[] {
    return this.#store.records.get('signal', '', token)?.answers ?? [];
  }

  async open(token: string, stackId: string, logicalId: string): Promise<void> {
    await this.#store.change((draft) => {
      if (draft.get('signal', '', token) === undefined) draft.put('signal', '', token, { stackId, logicalId, answers: [] });
    });
  }

  async close(token: string): Promise<void> {
    await this.#store.change((draft) => draft.delete('signal', '', token));
  }

  next(token: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const heard = (): void => {
      signal.removeEventListener('abort', heard);
      this.#waiting.get(token)?.delete(heard);
      resolve();
    };
    if (signal.aborted) return Promise.resolve();
    signal.addEventListener('abort', heard, { once: true });
    this.#waiting.set(token, (this.#waiting.get(token) ?? new Set()).add(heard));
    return promise;
  }

  /** @returns false when nobody waits for such an answer */
  async put(token: string, answer: Fields): Promise<boolean> {
    const taken = await this.#store.change((draft) => {
      const known = draft.get('signal', '', token);
      if (known === undefined || known.answers.length >= mostAnswers) return false;
      draft.put('signal', '', token, { ...known, answers: [...known.answers, answer] });
      return true;
    });
    for (const heard of this.#waiting.get(token) ?? []) heard();
    return taken;
  }
}
