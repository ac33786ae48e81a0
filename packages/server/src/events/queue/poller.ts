import { call } from '../batch/call.ts';
import { fitting } from '../batch/cut.ts';
import { verdictOf } from '../batch/partial.ts';
import { backoffMs, pause, type Poller, type PollerHouse } from '../house.ts';
import type { Mapping, QueueMessage, QueueSource } from '../port.ts';
import { filterViewOf, recordOf } from './event.ts';

/** @source spec 6.4-01 */
const firstWorkers = 5;
/** AWS stops at 1,250; more workers than places would only be throttled. */
const mostWorkers = 1000;
const longPollMs = 20_000;

/**
 * Takes messages from a queue and calls the function with them, several batches at a time.
 *
 * Workers grow while batches come full and shrink when calls fail, so that a broken function is not
 * called at full rate. A message is deleted only after its call succeeded; what fails comes back when
 * its visibility ends, and the queue's own redrive policy counts.
 */
export class QueuePoller implements Poller {
  readonly #mapping: Mapping;
  readonly #source: QueueSource;
  readonly #house: PollerHouse;
  readonly #passes: (record: object) => boolean;
  readonly #stop = new AbortController();
  readonly #workers = new Set<Promise<void>>();
  /** How many workers there may be now. */
  #wanted: number;
  readonly #ceiling: number;
  #problem: string | undefined;

  constructor(mapping: Mapping, source: QueueSource, house: PollerHouse) {
    this.#mapping = mapping;
    this.#source = source;
    this.#house = house;
    this.#passes = house.compileFilters(mapping.filters);
    this.#ceiling = Math.min(mapping.maximumConcurrency ?? mostWorkers, mostWorkers);
    this.#wanted = Math.min(firstWorkers, this.#ceiling);
    this.#hire();
  }

  stop(): void {
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.all(this.#workers);
  }

  /** One worker waits for messages; others are there only while there is work for them. */
  #hire(): void {
    const worker = this.#work().catch((error: unknown) => {
      this.#house.log.error('A queue poller stopped working.', { mapping: this.#mapping.uuid, error });
    });
    this.#workers.add(worker);
    void worker.then(() => {
      this.#workers.delete(worker);
      if (this.#workers.size === 0 && !this.#stop.signal.aborted) this.#hire();
    });
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      if (signal.aborted || this.#workers.size > this.#wanted) return;
      const isExtra = this.#workers.size > 1;
      const messages = await this.#gather(isExtra ? 0 : longPollMs);
      if (messages.length === 0) {
        if (isExtra) return;
        continue;
      }
      // There may be more where these came from.
      if (this.#workers.size < this.#wanted) this.#hire();
      await this.#process(messages);
    }
  }

  /** A batch: full, or as full as it gets within the window. @source spec 6.2-01 */
  async #gather(waitMs: number): Promise<readonly QueueMessage[]> {
    const { clock, log } = this.#house;
    const { signal } = this.#stop;
    const { eventSourceArn, batchSize, batchWindowMs } = this.#mapping;
    const batch: QueueMessage[] = [];
    let untilMs = Infinity;
    try {
      for (;;) {
        const leftMs = batch.length === 0 ? waitMs : untilMs - clock.monotonic();
        const askedAtMs = clock.monotonic();
        const more = await this.#source.receive(eventSourceArn, {
          max: batchSize - batch.length,
          waitMs: Math.max(0, leftMs),
          signal,
        });
        // A queue that gives up early (it is closing) is not asked again at once.
        const waitedMs = clock.monotonic() - askedAtMs;
        if (more.length === 0 && waitedMs < leftMs && waitedMs < 1000) await pause(clock, Math.min(1000, leftMs), signal);
        if (batch.length === 0 && more.length > 0) untilMs = clock.monotonic() + batchWindowMs;
        batch.push(...more);
        if (batch.length >= batchSize || more.length === 0 || clock.monotonic() >= untilMs) return batch;
      }
    } catch (error) {
      if (signal.aborted) return batch;
      log.warn('A queue could not be read.', { mapping: this.#mapping.uuid, error });
      this.#report(`PROBLEM: ${(error as Error).message}`);
      await pause(clock, 1000, signal);
      return batch;
    }
  }

  async #process(messages: readonly QueueMessage[]): Promise<void> {
    const { eventSourceArn } = this.#mapping;
    const records = messages.map((message) => ({ message, record: recordOf(message, this.#mapping) }));
    const passed = records.filter(({ record }) => this.#mapping.filters.length === 0 || this.#passes(filterViewOf(record)));
    const filtered = records.filter((each) => !passed.includes(each));
    // @source spec 6.4-07
    if (filtered.length > 0) await this.#delete(filtered.map(({ message }) => message));
    for (let at = 0; at < passed.length;) {
      const part = passed.slice(
        at,
        at +
          fitting(
            passed.slice(at).map(({ record }) => record),
            this.#house.limits.syncRequestBytes,
          ),
      );
      at += part.length;
      if (!(await this.#call(part))) {
        const rest = passed.slice(at).map(({ message }) => message.receiptHandle);
        if (rest.length > 0) await this.#source.changeVisibility(eventSourceArn, rest, 0);
        return;
      }
    }
  }

  /** @returns false when nothing of this batch was taken off the queue */
  async #call(part: readonly { readonly message: QueueMessage; readonly record: object }[]): Promise<boolean> {
    const { clock } = this.#house;
    const { signal } = this.#stop;
    const visibilityMs = this.#source.describe(this.#mapping.eventSourceArn)?.visibilityMs ?? 30_000;
    const giveUpAtMs = clock.monotonic() + visibilityMs;
    for (let tries = 0; ; tries += 1) {
      const result = await call(this.#mapping, { Records: part.map(({ record }) => record) }, this.#house, traceOf(part));
      switch (result.kind) {
        case 'returned':
          return this.#settle(part, result.body);
        case 'failed':
          this.#report('PROBLEM: Function call failed');
          if (!this.#mapping.reportBatchItemFailures) await this.#shrink();
          return false;
        case 'impossible':
          this.#report(`PROBLEM: ${result.why}`);
          await this.#source.changeVisibility(
            this.#mapping.eventSourceArn,
            part.map(({ message }) => message.receiptHandle),
            0,
          );
          await pause(clock, 5000, signal);
          return false;
        case 'throttled': {
          // @source spec 6.4-05
          const waitMs = backoffMs(tries, 5000);
          this.#wanted = Math.max(1, this.#wanted - 1);
          if (clock.monotonic() + waitMs >= giveUpAtMs || signal.aborted) return false;
          await pause(clock, waitMs, signal);
        }
      }
    }
  }

  async #settle(part: readonly { readonly message: QueueMessage }[], body: Uint8Array): Promise<boolean> {
    const ids = new Set(part.map(({ message }) => message.messageId));
    const verdict = this.#mapping.reportBatchItemFailures ? verdictOf(body, (id) => ids.has(id)) : ({ kind: 'success' } as const);
    this.#report('OK');
    this.#wanted = Math.min(this.#ceiling, this.#wanted + 1);
    switch (verdict.kind) {
      case 'allFailed':
        return false;
      case 'success':
        await this.#delete(part.map(({ message }) => message));
        return true;
      case 'someFailed':
        await this.#delete(part.map(({ message }) => message).filter(({ messageId }) => !verdict.ids.has(messageId)));
        return true;
    }
  }

  /** A function that fails is called less often. @source spec 6.4-04 */
  async #shrink(): Promise<void> {
    this.#wanted = Math.max(1, this.#wanted >> 1);
    await pause(this.#house.clock, 200, this.#stop.signal);
  }

  async #delete(messages: readonly QueueMessage[]): Promise<void> {
    if (messages.length === 0) return;
    try {
      await this.#source.delete(
        this.#mapping.eventSourceArn,
        messages.map(({ receiptHandle }) => receiptHandle),
      );
    } catch (error) {
      // They come back: at least once is the promise.
      this.#house.log.warn('Messages could not be deleted.', { mapping: this.#mapping.uuid, error });
    }
  }

  #report(result: string): void {
    if (this.#problem === result) return;
    this.#problem = result;
    this.#house.book.report(this.#mapping.uuid, { lastProcessingResult: result });
  }
}

/** The batch is one call and has one trace: that of a message that is on its way round, if there is one. */
const traceOf = (part: readonly { readonly message: QueueMessage }[]): string | undefined =>
  part.map(({ message }) => message.attributes['AWSTraceHeader']).find((header) => header?.includes('Lineage=') === true);
