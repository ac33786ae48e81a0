import type { Clock } from '../../base/index.ts';

/** What an authorizer said. */
export type Decision =
  | {
      readonly kind: 'allowed';
      /** What it tells the function behind. */
      readonly context: Readonly<Record<string, unknown>>;
      readonly principalId?: string;
      readonly usageIdentifierKey?: string;
    }
  | { readonly kind: 'denied' }
  /** The authorizer itself says so: `Unauthorized`. */
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'broken' };

/** Verdicts that are kept; of all APIs. */
const most = 10_000;

/** Answers of authorizers, kept by whom they were about for as long as each may be. */
export class Verdicts<Verdict> {
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly verdict: Verdict; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): Verdict | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.untilMs > this.#clock.now()) return kept?.verdict;
    this.#kept.delete(key);
    return undefined;
  }

  keep(key: string, verdict: Verdict, forMs: number): void {
    if (forMs <= 0) return;
    this.#kept.delete(key);
    this.#kept.set(key, { verdict, untilMs: this.#clock.now() + forMs });
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > most && oldest.done !== true) this.#kept.delete(oldest.value);
  }
}
