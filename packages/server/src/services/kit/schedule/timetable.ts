import type { Clock, Logger, Timer } from '../../../base/index.ts';
import { Heap } from '../heap.ts';

/** A moment something is due, and the slot of its schedule it stands for (they differ in a flexible window). */
export interface Due {
  readonly atMs: number;
  readonly slotMs: number;
}

/** The wall clock may be set: it is looked at again at least this often. */
const longestWaitMs = 60_000;
const afterFailureMs = 10_000;

/**
 * Calls `fire` for each key when it is due, one key never twice at once. What comes next is `fire`'s to say,
 * together with what it writes, so that a crash neither loses a slot nor repeats more than the last one.
 */
export class Timetable implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #fire: (key: string, due: Due) => Promise<void>;
  /** The one valid date of each key; the heap may hold outdated ones. */
  readonly #dates = new Map<string, Due>();
  #heap = new Heap<{ readonly key: string; readonly due: Due }>();
  readonly #running = new Map<string, Promise<void>>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: { readonly clock: Clock; readonly log: Logger; readonly fire: (key: string, due: Due) => Promise<void> }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#fire = options.fire;
  }

  /** Sets or, without a date, forgets a key. */
  set(key: string, due: Due | undefined): void {
    if (due === undefined) this.#dates.delete(key);
    else {
      this.#dates.set(key, due);
      this.#heap.push(due.atMs, { key, due });
      if (this.#heap.size > 2 * this.#dates.size + 1000) this.#rebuild();
    }
    this.#arm();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    await Promise.all(this.#running.values());
  }

  /** A key set over and over leaves outdated dates behind. */
  #rebuild(): void {
    this.#heap = new Heap();
    for (const [key, due] of this.#dates) this.#heap.push(due.atMs, { key, due });
  }

  #arm(): void {
    this.#timer?.[Symbol.dispose]();
    const firstMs = this.#heap.firstKey;
    if (this.#closed || firstMs === undefined) return;
    this.#timer = this.#clock.after(Math.min(Math.max(0, firstMs - this.#clock.now()), longestWaitMs), () => this.#run());
    this.#timer.unref();
  }

  #run(): void {
    while ((this.#heap.firstKey ?? Infinity) <= this.#clock.now()) {
      const next = this.#heap.pop();
      if (next === undefined || this.#dates.get(next.key) !== next.due || this.#running.has(next.key)) continue;
      this.#dates.delete(next.key);
      const run = this.#fire(next.key, next.due)
        .catch((error: unknown) => {
          this.#log.error('A schedule could not fire; it is tried again.', { key: next.key, error });
          if (!this.#dates.has(next.key)) this.set(next.key, { ...next.due, atMs: this.#clock.now() + afterFailureMs });
        })
        .finally(() => {
          this.#running.delete(next.key);
          // A date that came due meanwhile was passed over.
          const due = this.#dates.get(next.key);
          if (due !== undefined && !this.#closed) this.set(next.key, { ...due });
        });
      this.#running.set(next.key, run);
    }
    this.#arm();
  }
}
