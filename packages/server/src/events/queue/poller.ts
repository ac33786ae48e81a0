import type { Timer } from '../../base/index.ts';
import { call } from '../batch/call.ts';
import { fitting } from '../batch/cut.ts';
import { verdictOf } from '../batch/partial.ts';
import { backoffMs, pause, type Poller, type PollerHouse } from '../house.ts';
import type { Mapping, QueueMessage, QueueSource } from '../port.ts';
import { Allowance, scalingOf, type Scaling } from './allowance.ts';
import { filterViewOf, recordOf } from './event.ts';

const longPollMs = 20_000;
const afterFailureMs = 200;

/**
 * Takes messages from a queue and calls the function with them, several batches at a time.
 *
 * Workers grow while there is a backlog and shrink when calls fail, so that a broken function is not
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
  readonly #scaling: Scaling;
  /** How many workers there may be now. */
  readonly #allowance: Allowance;
  #growth: Timer | undefined;
  #problem: string | undefined;

  constructor(mapping: Mapping, source: QueueSource, house: PollerHouse) {
    this.#mapping = mapping;
    this.#source = source;
    this.#house = house;
    this.#passes = house.compileFilters(mapping.filters);
    this.#scaling = scalingOf(mapping);
    this.#allowance = new Allowance(this.#scaling);
    this.#hire();
  }

  stop(): void {
    this.#stop.abort();
    this.#growth?.[Symbol.dispose]();
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
    // Of the batch before: what is done with leaves the queue while the next one runs.
    let deletions: readonly Promise<void>[] = [];
    try {
      while (!signal.aborted && this.#workers.size <= this.#allowance.now) {
        const isExtra = this.#workers.size > 1;
        const messages = await this.#gather(isExtra ? 0 : longPollMs);
        if (messages.length === 0) {
          if (!isExtra) continue;
          this.#allowance.rest(this.#workers.size - 1);
          return;
        }
        this.#askForMore();
        const begun = await this.#process(messages);
        await Promise.all(deletions);
        deletions = begun;
      }
    } finally {
      await Promise.all(deletions);
    }
  }

  /** There may be more where a batch came from: for another worker now, or for one that is allowed in a while. */
  #askForMore(): void {
    if (this.#workers.size < this.#allowance.now) return this.#hire();
    if (this.#growth !== undefined || !this.#allowance.mayGrow || this.#stop.signal.aborted) return;
    this.#growth = this.#house.clock.after(this.#scaling.growEveryMs, () => {
      this.#growth = undefined;
      this.#allowance.grow();
      if (this.#workers.size < this.#allowance.now) this.#hire();
    });
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

  /** @returns the deletions it began, which never reject */
  async #process(messages: readonly QueueMessage[]): Promise<readonly Promise<void>[]> {
    const { eventSourceArn } = this.#mapping;
    const deletions: Promise<void>[] = [];
    const done = (gone: readonly QueueMessage[]): void => {
      if (gone.length > 0) deletions.push(this.#delete(gone));
    };
    const records = messages.map((message) => ({ message, record: recordOf(message, this.#mapping) }));
    const passed = records.filter(({ record }) => this.#mapping.filters.length === 0 || this.#passes(filterViewOf(record)));
    const filtered = records.filter((each) => !passed.includes(each));
    // @source spec 6.4-07
    done(filtered.map(({ message }) => message));
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
      const dealtWith = await this.#call(part);
      if (dealtWith === undefined) {
        const rest = passed.slice(at).map(({ message }) => message.receiptHandle);
        if (rest.length > 0) await this.#source.changeVisibility(eventSourceArn, rest, 0);
        break;
      }
      done(dealtWith);
    }
    return deletions;
  }

  /** @returns the messages that the function has dealt with; undefined when it took none of them */
  async #call(
    part: readonly { readonly message: QueueMessage; readonly record: object }[],
  ): Promise<readonly QueueMessage[] | undefined> {
    const { clock } = this.#house;
    const { signal } = this.#stop;
    const visibilityMs = this.#source.describe(this.#mapping.eventSourceArn)?.visibilityMs ?? 30_000;
    const giveUpAtMs = clock.monotonic() + visibilityMs;
    for (let tries = 0; ; tries += 1) {
      const result = await call(this.#mapping, { Records: part.map(({ record }) => record) }, this.#house, traceOf(part));
      switch (result.kind) {
        case 'returned':
          return this.#dealtWith(part, result.body);
        case 'failed':
          this.#report('PROBLEM: Function call failed');
          if (!this.#mapping.reportBatchItemFailures) {
            this.#allowance.failed();
            await pause(clock, afterFailureMs, signal);
          }
          return undefined;
        case 'impossible':
          this.#report(`PROBLEM: ${result.why}`);
          await this.#source.changeVisibility(
            this.#mapping.eventSourceArn,
            part.map(({ message }) => message.receiptHandle),
            0,
          );
          await pause(clock, 5000, signal);
          return undefined;
        case 'throttled': {
          // @source spec 6.4-05
          const waitMs = backoffMs(tries, 5000);
          this.#allowance.throttled();
          if (clock.monotonic() + waitMs >= giveUpAtMs || signal.aborted) return undefined;
          await pause(clock, waitMs, signal);
        }
      }
    }
  }

  #dealtWith(part: readonly { readonly message: QueueMessage }[], body: Uint8Array): readonly QueueMessage[] | undefined {
    const messages = part.map(({ message }) => message);
    const ids = new Set(messages.map(({ messageId }) => messageId));
    const verdict = this.#mapping.reportBatchItemFailures ? verdictOf(body, (id) => ids.has(id)) : ({ kind: 'success' } as const);
    this.#report('OK');
    this.#allowance.succeeded();
    switch (verdict.kind) {
      case 'allFailed':
        return undefined;
      case 'success':
        return messages;
      case 'someFailed':
        return messages.filter(({ messageId }) => !verdict.ids.has(messageId));
    }
  }

  async #delete(messages: readonly QueueMessage[]): Promise<void> {
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
