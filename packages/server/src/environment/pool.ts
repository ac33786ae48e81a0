import type { Logger } from '../base/index.ts';
import type { Booted, Box } from './box.ts';

export interface PooledBox {
  readonly box: Box;
  readonly booted: Booted | undefined;
}

export interface BoxPoolOptions {
  /** Boxes ready for each key. */
  readonly size: number;
  /** Keys at once; the one that was asked for longest ago gives way. */
  readonly keys: number;
  /** Boots at once, about the number of cores: they compete with invocations. */
  readonly boots: number;
  readonly log: Logger;
}

type Make = (signal: AbortSignal) => Promise<PooledBox>;

interface Shelf {
  readonly make: Make;
  readonly ready: PooledBox[];
  making: number;
  /** Boots in a row that came to nothing; after a few nobody tries until the next claim. */
  failures: number;
}

const triesInARow = 3;

/** Boxes started, jailed, and booted where the runtime can be, before anybody asks for one. */
export class BoxPool implements AsyncDisposable {
  readonly #options: BoxPoolOptions;
  /** Least recently wanted first: a Map keeps insertion order. */
  readonly #shelves = new Map<string, Shelf>();
  readonly #abort = new AbortController();
  readonly #work = new Set<Promise<void>>();
  #making = 0;

  constructor(options: BoxPoolOptions) {
    this.#options = options;
  }

  /** A ready box, now the caller's; undefined when there is none. */
  take(key: string): PooledBox | undefined {
    return this.#shelves.get(key)?.ready.shift();
  }

  /** Keeps boxes of this kind ready from now on, in the background. */
  want(key: string, make: Make): void {
    if (this.#abort.signal.aborted || this.#options.size === 0) return;
    const shelf = this.#shelves.get(key) ?? { make, ready: [], making: 0, failures: 0 };
    shelf.failures = 0;
    this.#shelves.delete(key);
    this.#shelves.set(key, shelf);
    if (this.#shelves.size > this.#options.keys) {
      for (const [oldest, { ready }] of this.#shelves) {
        this.#shelves.delete(oldest);
        for (const { box } of ready.splice(0)) this.#track(box[Symbol.asyncDispose]());
        break;
      }
    }
    this.#fill();
  }

  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#shelves].map(([key, { ready }]) => [key, ready.length]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new Error('The pool is closing.'));
    for (const { ready } of this.#shelves.values()) {
      for (const { box } of ready.splice(0)) this.#track(box[Symbol.asyncDispose]());
    }
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #fill(): void {
    // The most recently wanted kind first.
    for (const [key, shelf] of [...this.#shelves].reverse()) {
      while (
        this.#making < this.#options.boots &&
        shelf.ready.length + shelf.making < this.#options.size &&
        shelf.failures < triesInARow &&
        !this.#abort.signal.aborted
      ) {
        this.#track(this.#add(key, shelf));
      }
    }
  }

  async #add(key: string, shelf: Shelf): Promise<void> {
    shelf.making += 1;
    this.#making += 1;
    try {
      const made = await shelf.make(this.#abort.signal);
      shelf.failures = 0;
      if (this.#abort.signal.aborted || this.#shelves.get(key) !== shelf) return await made.box[Symbol.asyncDispose]();
      shelf.ready.push(made);
      void made.booted?.process.exited.then(() => this.#dropDead(shelf, made));
    } catch (error) {
      shelf.failures += 1;
      if (!this.#abort.signal.aborted) this.#options.log.warn('A box could not be made ready in advance.', { key, error });
    } finally {
      shelf.making -= 1;
      this.#making -= 1;
      this.#fill();
    }
  }

  /** It ended while it waited; claimed boxes are no longer on the shelf. */
  #dropDead(shelf: Shelf, made: PooledBox): void {
    const at = shelf.ready.indexOf(made);
    if (at < 0) return;
    shelf.ready.splice(at, 1);
    shelf.failures += 1;
    this.#track(made.box[Symbol.asyncDispose]());
    this.#fill();
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch((error: unknown) => this.#options.log.warn('A pooled box did not close.', { error }));
    this.#work.add(tracked);
    void tracked.then(() => this.#work.delete(tracked));
  }
}
