import type { Clock, Timer } from '../../base/index.ts';
import { Attempts } from './attempts.ts';
import { attributeOf, numberOf, type QueueRecord } from './attributes.ts';
import { Deduplication } from './deduplication.ts';
import type { Message } from './message.ts';
import { Queue, type DeadLetters } from './queue.ts';

interface Waiter {
  readonly max: number;
  readonly visibilityMs: number;
  readonly resolve: (messages: Message[]) => void;
}

export interface Take {
  readonly max: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** FIFO queues: the same receive again, should its answer have been lost. */
  readonly attemptId?: string | undefined;
}

/** One queue and those who wait at it. */
export class QueueHouse {
  record: QueueRecord;
  readonly queue: Queue;
  readonly deduplication = new Deduplication();
  readonly attempts = new Attempts();
  /** Milliseconds of the clock's monotonic time; for the one purge a minute. */
  purgedAtMs = -Infinity;
  readonly #clock: Clock;
  readonly #deadLetters: () => DeadLetters | undefined;
  readonly #waiters = new Set<Waiter>();
  #timer: { readonly timer: Timer; readonly atMs: number } | undefined;
  #closed = false;

  constructor(record: QueueRecord, options: { readonly clock: Clock; readonly deadLetters: () => DeadLetters | undefined }) {
    this.record = record;
    this.queue = new Queue({ fifo: record.fifo });
    this.#clock = options.clock;
    this.#deadLetters = options.deadLetters;
  }

  number(name: string): number {
    return numberOf(this.record, name);
  }
  attribute(name: string): string | undefined {
    return attributeOf(this.record, name);
  }
  get closed(): boolean {
    return this.#closed;
  }

  add(message: Message): void {
    this.queue.add(message);
    this.wake();
  }

  /** What is visible now, or the first that becomes visible within the wait. */
  async take(options: Take): Promise<Message[]> {
    const { attemptId } = options;
    if (attemptId === undefined || !this.record.fifo) return this.#takeOrWait(options);
    const nowMs = this.#clock.monotonic();
    this.queue.advance(nowMs);
    const again = this.attempts.again(attemptId, nowMs);
    if (again !== undefined) {
      for (const message of again) this.queue.hideUntil(message, nowMs + options.visibilityMs, nowMs);
      return [...again];
    }
    const messages = await this.#takeOrWait(options);
    this.attempts.remember(attemptId, messages, this.#clock.monotonic());
    return messages;
  }

  async #takeOrWait({ max, visibilityMs, waitMs, signal }: Take): Promise<Message[]> {
    if (signal?.aborted === true || this.#closed) return [];
    const now = this.#take(max, visibilityMs);
    if (now.length > 0 || waitMs <= 0) return now;
    const { promise, resolve } = Promise.withResolvers<Message[]>();
    const waiter: Waiter = { max, visibilityMs, resolve };
    const giveUp = (): void => {
      this.#waiters.delete(waiter);
      resolve([]);
      this.#arm();
    };
    using _deadline = this.#clock.after(waitMs, giveUp);
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#waiters.add(waiter);
    this.#arm();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Something may have become visible: those who wait longest are served first. */
  wake(): void {
    for (const waiter of this.#waiters) {
      const messages = this.#take(waiter.max, waiter.visibilityMs);
      if (messages.length === 0) break;
      this.#waiters.delete(waiter);
      waiter.resolve(messages);
    }
    this.#arm();
  }

  /** Ends every wait. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.resolve([]);
    this.#waiters.clear();
    this.#timer?.timer[Symbol.dispose]();
    this.#timer = undefined;
  }

  #take(max: number, visibilityMs: number): Message[] {
    return this.queue.take(max, this.#clock.monotonic(), visibilityMs, this.#deadLetters());
  }

  /** A timer runs only while somebody waits; who does not wait looks for himself. */
  #arm(): void {
    const atMs = this.#waiters.size === 0 || this.#closed ? undefined : this.queue.dueAtMs;
    if (atMs === this.#timer?.atMs) return;
    this.#timer?.timer[Symbol.dispose]();
    this.#timer = undefined;
    if (atMs === undefined) return;
    const timer = this.#clock.after(Math.max(0, atMs - this.#clock.monotonic()), () => {
      this.#timer = undefined;
      this.wake();
    });
    this.#timer = { timer, atMs };
  }
}
