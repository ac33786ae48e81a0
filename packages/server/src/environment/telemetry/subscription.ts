import type { Clock, Timer } from '../../base/index.ts';
import type { Delivery } from './delivery.ts';
import { dropped } from './records.ts';

export type Kind = 'platform' | 'function' | 'extension';

export type Destination =
  | { readonly protocol: 'HTTP'; readonly port: number; readonly path: string; readonly method: 'POST' | 'PUT' }
  | { readonly protocol: 'TCP'; readonly port: number };

export interface Buffering {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Batches that may wait behind one that is on its way; what is more is dropped, and the subscriber told. */
const batchesHeld = 4;
const tries = 3;
const retryMs = 100;

/** What one extension has subscribed to: gathers records and sends them on, and never holds the environment up. */
export class Subscription implements Disposable {
  readonly #buffering: Buffering;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  #records: string[] = [];
  #bytes = 0;
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #droppedRecords = 0;
  #droppedBytes = 0;
  #closed = false;

  constructor(options: { readonly buffering: Buffering; readonly delivery: Delivery; readonly clock: Clock }) {
    this.#buffering = options.buffering;
    this.#delivery = options.delivery;
    this.#clock = options.clock;
  }

  offer(record: string): void {
    if (this.#closed) return;
    const { maxItems, maxBytes, timeoutMs } = this.#buffering;
    if (this.#records.length >= maxItems * batchesHeld || this.#bytes + record.length > maxBytes * batchesHeld) {
      return this.#drop([record]);
    }
    this.#records.push(record);
    this.#bytes += record.length;
    if (this.#records.length >= maxItems || this.#bytes >= maxBytes) this.#send();
    else this.#timer ??= this.#clock.after(timeoutMs, () => this.#send());
  }

  /** Sends what is held; resolves when that, and what was under way already, was taken or given up. */
  async flush(): Promise<void> {
    while ((this.#records.length > 0 || this.#sending !== undefined) && !this.#closed) {
      this.#send();
      await this.#sending;
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    this.#delivery[Symbol.dispose]();
    this.#records = [];
  }

  #send(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#sending !== undefined || this.#records.length === 0) return;
    const batch = this.#batch();
    this.#sending = this.#deliver(batch).finally(() => {
      this.#sending = undefined;
      const { maxItems, maxBytes, timeoutMs } = this.#buffering;
      if (this.#closed || this.#records.length === 0) return;
      if (this.#records.length >= maxItems || this.#bytes >= maxBytes) this.#send();
      else this.#timer ??= this.#clock.after(timeoutMs, () => this.#send());
    });
  }

  /** As many as one batch may have; what was dropped before is told first. */
  #batch(): readonly string[] {
    const { maxItems, maxBytes } = this.#buffering;
    let bytes = 0;
    let count = 0;
    for (const { length } of this.#records) {
      if (count === maxItems || (count > 0 && bytes + length > maxBytes)) break;
      bytes += length;
      count += 1;
    }
    const batch = this.#records.splice(0, count);
    this.#bytes -= bytes;
    if (this.#droppedRecords > 0) batch.unshift(dropped(this.#clock.now(), this.#droppedRecords, this.#droppedBytes));
    this.#droppedRecords = 0;
    this.#droppedBytes = 0;
    return batch;
  }

  async #deliver(batch: readonly string[]): Promise<void> {
    for (let left = tries; left > 0 && !this.#closed; left -= 1) {
      try {
        return await this.#delivery.deliver(batch);
      } catch {
        // An extension may subscribe a moment before it listens.
        if (left > 1) await this.#clock.sleep(retryMs);
      }
    }
    this.#drop(batch);
  }

  #drop(records: readonly string[]): void {
    this.#droppedRecords += records.length;
    for (const { length } of records) this.#droppedBytes += length;
  }
}
