import type { Clock, Timer } from '../base/index.ts';
import { Heap } from '../invoke/index.ts';
import { lookMs } from './limits.ts';

interface Entry {
  readonly id: string;
  readonly atMs: number;
}

/** Entries that no longer hold and are kept until their moments, besides as many as there are executions. */
const mostStale = 1000;

/** When to look at which execution. Follows the wall clock, for an end that is a year away has to survive restarts. */
export class Timetable implements Disposable {
  readonly #clock: Clock;
  readonly #look: (id: string) => void;
  readonly #dueMs = new Map<string, number>();
  /** Also holds what has been set to another moment since; `#dueMs` knows. */
  #heap = new Heap<Entry>();
  #timer: { readonly timer: Timer; readonly atMs: number } | undefined;
  #closed = false;

  constructor(options: { readonly clock: Clock; readonly look: (id: string) => void }) {
    this.#clock = options.clock;
    this.#look = options.look;
  }

  /** @param atMs  epoch milliseconds; absent = never */
  set(id: string, atMs: number | undefined): void {
    if (atMs === undefined) return void this.#dueMs.delete(id);
    if (this.#dueMs.get(id) === atMs) return;
    this.#dueMs.set(id, atMs);
    this.#heap.push(atMs, { id, atMs });
    if (this.#heap.size > 2 * this.#dueMs.size + mostStale) this.#compact();
    this.#arm();
  }

  /** Entries in memory. */
  get size(): number {
    return this.#heap.size;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#timer?.timer[Symbol.dispose]();
  }

  /** The deadline of an execution may be a year away, and it is set anew each time the execution goes on. */
  #compact(): void {
    this.#heap = new Heap();
    for (const [id, atMs] of this.#dueMs) this.#heap.push(atMs, { id, atMs });
  }

  #arm(): void {
    const atMs = this.#heap.firstKey;
    if (atMs === undefined || this.#closed) return;
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.#timer?.timer[Symbol.dispose]();
    const delayMs = Math.min(Math.max(0, atMs - this.#clock.now()), lookMs);
    const timer = this.#clock.after(delayMs, () => this.#ring());
    timer.unref();
    this.#timer = { timer, atMs };
  }

  #ring(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    for (let key = this.#heap.firstKey; key !== undefined && key <= nowMs; key = this.#heap.firstKey) {
      const entry = this.#heap.pop();
      if (entry === undefined || this.#dueMs.get(entry.id) !== entry.atMs) continue;
      this.#dueMs.delete(entry.id);
      this.#look(entry.id);
    }
    this.#arm();
  }
}
