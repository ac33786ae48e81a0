import type { StoredDeduplication } from './store.ts';

/** @source Amazon SQS Developer Guide, "Exactly-once processing in Amazon SQS", read 2026-11 */
export const deduplicationMs = 300_000;

interface Known {
  readonly messageId: string;
  readonly seq: number;
  readonly expiresAtMs: number;
  /** Settles when the first message is on storage, or is not. */
  readonly stored: Promise<unknown>;
}

/** What a FIFO queue was sent in the last five minutes. */
export class Deduplication {
  /** Oldest first: all live equally long. */
  readonly #known = new Map<string, Known>();

  restore(entry: StoredDeduplication): void {
    this.#known.set(entry.key, { ...entry, stored: Promise.resolve() });
  }

  /**
   * The message that this one is the same as.
   *
   * @param key       of the queue's present scope, one group or the whole queue
   * @param queueKey  what was sent while the scope was the queue counts for each group still
   */
  find(key: string, queueKey: string, nowMs: number): Known | undefined {
    this.sweep(nowMs);
    return this.#known.get(key) ?? this.#known.get(queueKey);
  }

  remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    // A message that was never stored is not the same as any other.
    known.stored.catch(() => {
      if (this.#known.get(key) === known) this.#known.delete(key);
    });
  }

  sweep(nowMs: number): void {
    for (const [key, { expiresAtMs }] of this.#known) {
      if (expiresAtMs > nowMs) return;
      this.#known.delete(key);
    }
  }
}
