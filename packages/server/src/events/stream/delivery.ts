import { call, type CallResult } from '../batch/call.ts';
import { fitting } from '../batch/cut.ts';
import { failureRecord, type Condition, type LastTry } from '../batch/failure-record.ts';
import { verdictOf } from '../batch/partial.ts';
import { backoffMs, pause, type PollerHouse } from '../house.ts';
import type { Mapping, ShardRecord } from '../port.ts';

/** How long a failing batch waits before its next try, at most. */
const retryCeilingMs = 10_000;

/** How the delivery of some records ended. */
export type Delivered =
  /** All are dealt with: processed, or given up and told. `body` is the last answer. */
  | { readonly kind: 'done'; readonly body?: Uint8Array }
  /** The poller was stopped; everything from here on is to be read again. */
  | { readonly kind: 'stopped' };

/**
 * Brings records of a shard to the function, in order, for as long as the mapping says: retries, the age
 * limit, bisection, partial answers, the on-failure record. @source spec 6.5-03 to 6.5-07
 */
export class Delivery {
  readonly #mapping: Mapping;
  readonly #shardId: string;
  readonly #house: PollerHouse;
  readonly #signal: AbortSignal;

  constructor(mapping: Mapping, shardId: string, house: PollerHouse, signal: AbortSignal) {
    this.#mapping = mapping;
    this.#shardId = shardId;
    this.#house = house;
    this.#signal = signal;
  }

  /** @param extra  members beside `Records`: a window's */
  async deliver(records: readonly ShardRecord[], extra: object = {}): Promise<Delivered> {
    let rest = this.#told(records);
    let body: Uint8Array | undefined;
    do {
      const part = rest.slice(
        0,
        fitting(
          rest.map(({ event }) => event),
          this.#house.limits.syncRequestBytes,
        ),
      );
      rest = rest.slice(part.length);
      const delivered = await this.#batch(part, extra);
      if (delivered.kind === 'stopped') return delivered;
      body = delivered.body ?? body;
    } while (rest.length > 0);
    return body === undefined ? { kind: 'done' } : { kind: 'done', body };
  }

  /** Records of Kinesis name the role that their function runs as. @source spec 6.5-12 */
  #told(records: readonly ShardRecord[]): readonly ShardRecord[] {
    const invokeIdentityArn = this.#house.book.roleOf?.(this.#mapping.uuid);
    if (invokeIdentityArn === undefined) return records;
    return records.map((record) =>
      'kinesis' in record.event ? { ...record, event: { ...record.event, invokeIdentityArn } } : record,
    );
  }

  async #batch(records: readonly ShardRecord[], extra: object): Promise<Delivered> {
    const { maximumRetryAttempts, bisectOnFunctionError } = this.#mapping;
    let batch = records;
    let tries = 0;
    let waits = 0;
    let last: LastTry | undefined;
    for (;;) {
      const [young, old] = this.#byAge(batch);
      if (old.length > 0) await this.#giveUp(old, 'RecordAgeExceeded', tries, last, extra);
      if (young.length === 0 && records.length > 0) return { kind: 'done' };
      batch = young;
      const result = await call(this.#mapping, { Records: batch.map(({ event }) => event), ...extra }, this.#house);
      if (result.kind === 'returned' || result.kind === 'failed') {
        tries += 1;
        last = result.last;
      }
      const left = this.#left(batch, result);
      if (result.kind === 'returned' && left.length === 0) {
        this.#report('OK');
        return { kind: 'done', body: result.body };
      }
      if (result.kind === 'returned' || result.kind === 'failed') {
        this.#report('PROBLEM: Function call failed');
        // What an answer leaves over begins anew behind what it dealt with. @source recorded, report_batch_item_failures
        if (left.length < batch.length) tries = 0;
        else if (maximumRetryAttempts >= 0 && tries > maximumRetryAttempts) {
          await this.#giveUp(left, 'RetryAttemptsExhausted', tries, last, extra);
          return { kind: 'done' };
        }
        // @source spec 6.5-04: the halves begin anew, the split itself is no retry
        if (bisectOnFunctionError && left.length > 1) return this.#halves(left, extra);
      } else this.#report(result.kind === 'throttled' ? 'PROBLEM: Function call throttled' : `PROBLEM: ${result.why}`);
      batch = left;
      if (this.#signal.aborted) return { kind: 'stopped' };
      await pause(this.#house.clock, backoffMs((waits += 1), retryCeilingMs), this.#signal);
      if (this.#signal.aborted) return { kind: 'stopped' };
    }
  }

  async #halves(records: readonly ShardRecord[], extra: object): Promise<Delivered> {
    const middle = records.length >> 1;
    const first = await this.#batch(records.slice(0, middle), extra);
    return first.kind === 'stopped' ? first : this.#batch(records.slice(middle), extra);
  }

  /** What is still to be done: everything from the lowest failed sequence number on. @source spec 6.5-05 */
  #left(batch: readonly ShardRecord[], result: CallResult): readonly ShardRecord[] {
    if (result.kind !== 'returned') return batch;
    if (!this.#mapping.reportBatchItemFailures) return [];
    const known = new Set(batch.map(({ sequenceNumber }) => sequenceNumber));
    const verdict = verdictOf(result.body, (id) => known.has(id));
    switch (verdict.kind) {
      case 'success':
        return [];
      case 'allFailed':
        return batch;
      case 'someFailed':
        return batch.slice(batch.findIndex(({ sequenceNumber }) => verdict.ids.has(sequenceNumber)));
    }
  }

  #byAge(batch: readonly ShardRecord[]): readonly [readonly ShardRecord[], readonly ShardRecord[]] {
    const { maximumRecordAgeMs } = this.#mapping;
    if (maximumRecordAgeMs < 0) return [batch, []];
    const oldest = this.#house.clock.now() - maximumRecordAgeMs;
    const firstYoung = batch.findIndex(({ arrivedAtMs }) => arrivedAtMs >= oldest);
    return firstYoung === -1 ? [[], batch] : [batch.slice(firstYoung), batch.slice(0, firstYoung)];
  }

  /** The record is handed over before the position moves on; a destination that refuses is told in the log. */
  async #giveUp(
    records: readonly ShardRecord[],
    condition: Condition,
    tries: number,
    last: LastTry | undefined,
    extra: object,
  ): Promise<void> {
    const { onFailureArn } = this.#mapping;
    if (onFailureArn === undefined || records.length === 0) return;
    const { clock, random, log, deliverFailure } = this.#house;
    const record = failureRecord({
      mapping: this.#mapping,
      shardId: this.#shardId,
      records,
      condition,
      tries,
      last,
      unseenRequestId: random.uuid(),
      nowMs: clock.now(),
    });
    const payload = JSON.stringify({ Records: records.map(({ event }) => event), ...extra });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        return await deliverFailure(onFailureArn, record, { mapping: this.#mapping, shardId: this.#shardId, payload });
      } catch (error) {
        log.warn('A given-up batch could not be handed to its destination.', {
          mapping: this.#mapping.uuid,
          destination: onFailureArn,
          error,
        });
        await pause(clock, backoffMs(attempt, retryCeilingMs), this.#signal);
      }
    }
  }

  #report(result: string): void {
    this.#house.book.report(this.#mapping.uuid, { lastProcessingResult: result });
  }
}
