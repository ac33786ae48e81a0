import type { Clock, Timer } from '../../packages/server/src/base/index.ts';

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets promises, and whatever real I/O hangs on them, go on: a few turns of the real event loop. */
export async function settle(turns = 10): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Time that passes only when a test says so. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #epochMs: number;
  readonly #turns: number;
  #orders = 0;
  readonly #pending = new Set<Pending>();

  /** @param options.turns  of the real event loop after each timer: fewer where nothing waits for real I/O */
  constructor(options: { readonly epochMs?: number; readonly turns?: number } = {}) {
    this.#turns = options.turns ?? 10;
    this.#epochMs = options.epochMs ?? Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  }

  /** The wall clock is set: no time has passed. */
  jump(byMs: number): void {
    this.#epochMs += byMs;
  }

  now(): number {
    return this.#epochMs + this.#nowMs;
  }
  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#orders++, callback };
    this.#pending.add(pending);
    return { unref: () => {}, [Symbol.dispose]: () => void this.#pending.delete(pending) };
  }

  sleep(delayMs: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const timer = this.after(delayMs, resolve);
    signal?.addEventListener('abort', () => {
      timer[Symbol.dispose]();
      reject(signal.reason as Error);
    });
    return promise;
  }

  /** Passes this much time; timers fire in their order, and what they set off may set new ones within the span. */
  async advance(spanMs: number): Promise<void> {
    const untilMs = this.#nowMs + spanMs;
    await settle(this.#turns);
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.atMs > untilMs) break;
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
      await settle(this.#turns);
    }
    this.#nowMs = untilMs;
    await settle(this.#turns);
  }

  #next(): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (first === undefined || pending.atMs < first.atMs || (pending.atMs === first.atMs && pending.order < first.order)) {
        first = pending;
      }
    }
    return first;
  }
}
