import type { Clock, Timer } from '../../base/index.ts';
import { Heap } from '../queue/heap.ts';

/** More than can be remembered of habits makes no sense. */
const most = 10_000;

/** Things to be done at their time, one for each key, with one timer. */
export class Returns<T> implements Disposable {
  readonly #clock: Clock;
  readonly #onDue: (item: T) => void;
  readonly #items = new Map<string, { readonly item: T }>();
  readonly #heap = new Heap<{ readonly key: string; readonly entry: { readonly item: T } }>();
  #timer: { readonly timer: Timer; readonly atMs: number } | undefined;

  constructor(clock: Clock, onDue: (item: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Takes the place of what was planned for this key. */
  plan(key: string, atMs: number, item: T): void {
    // What was cancelled leaves the heap only at its time.
    if (this.#heap.size >= most) return;
    const entry = { item };
    this.#items.set(key, entry);
    this.#heap.push(atMs, { key, entry });
    this.#arm();
  }

  cancel(unwanted: (item: T) => boolean): void {
    for (const [key, { item }] of this.#items) if (unwanted(item)) this.#items.delete(key);
  }

  [Symbol.dispose](): void {
    this.#items.clear();
    this.#timer?.timer[Symbol.dispose]();
  }

  #arm(): void {
    const atMs = this.#heap.firstKey;
    if (atMs === undefined || (this.#timer !== undefined && this.#timer.atMs <= atMs)) return;
    this.#timer?.timer[Symbol.dispose]();
    const timer = this.#clock.after(Math.max(1, atMs - this.#clock.monotonic()), () => {
      this.#timer = undefined;
      this.#due();
    });
    timer.unref();
    this.#timer = { timer, atMs };
  }

  #due(): void {
    const nowMs = this.#clock.monotonic();
    while ((this.#heap.firstKey ?? Infinity) <= nowMs) {
      const due = this.#heap.pop();
      if (due === undefined || this.#items.get(due.key) !== due.entry) continue;
      this.#items.delete(due.key);
      this.#onDue(due.entry.item);
    }
    this.#arm();
  }
}
