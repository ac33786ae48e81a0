import type { Clock, Timer } from '../../base/index.ts';
import type { SummarySink } from '../kit/index.ts';
import { Tally } from '../kit/tally.ts';
import type { QueueRecord } from './attributes.ts';
import type { QueueHouse } from './house.ts';

type Name =
  | 'NumberOfMessagesSent'
  | 'SentMessageSize'
  | 'NumberOfMessagesReceived'
  | 'NumberOfEmptyReceives'
  | 'NumberOfMessagesDeleted';

interface Gathered {
  readonly record: QueueRecord;
  readonly tallies: Map<Name, Tally>;
}

const namespace = 'AWS/SQS';
/** How long counts are gathered before they go to the metric store. */
const gatherMs = 1_000;
/** A queue tells how full it is for six hours after it was used last, as on AWS. */
const activeMs = 6 * 3_600_000;

/**
 * What happens at queues, as metrics: added up here, so that a message costs no more than a few additions.
 *
 * @source Amazon SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS", read 2026-11
 */
export class Meter implements Disposable {
  readonly #metrics: SummarySink | undefined;
  readonly #clock: Clock;
  /** By the queue's id. */
  #gathered = new Map<string, Gathered>();
  readonly #usedAt = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(options: { readonly metrics: SummarySink | undefined; readonly clock: Clock }) {
    this.#metrics = options.metrics;
    this.#clock = options.clock;
  }

  sent(record: QueueRecord, bytes: number): void {
    this.#add(record, 'NumberOfMessagesSent', 1);
    this.#add(record, 'SentMessageSize', bytes);
  }

  received(record: QueueRecord, count: number): void {
    if (count === 0) this.#add(record, 'NumberOfEmptyReceives', 1);
    else this.#add(record, 'NumberOfMessagesReceived', count);
  }

  deleted(record: QueueRecord, count: number): void {
    if (count > 0) this.#add(record, 'NumberOfMessagesDeleted', count);
  }

  /** How full the queues are that were used lately, or that hold something. */
  level(houses: Iterable<QueueHouse>): void {
    const nowMs = this.#clock.now();
    const used = new Set<string>();
    for (const { record, queue } of houses) {
      const isActive = queue.messages.size > 0 || (this.#usedAt.get(record.id) ?? -Infinity) > nowMs - activeMs;
      if (!isActive) continue;
      used.add(record.id);
      const [oldest] = queue.messages.values();
      const levels = {
        ApproximateNumberOfMessagesVisible: queue.visible,
        ApproximateNumberOfMessagesNotVisible: queue.inFlight,
        ApproximateNumberOfMessagesDelayed: queue.delayed,
      };
      for (const [name, value] of Object.entries(levels)) this.#put(record, name, 'Count', nowMs, value);
      const ageS = oldest === undefined ? 0 : Math.max(0, Math.floor((nowMs - oldest.sentAtMs) / 1_000));
      this.#put(record, 'ApproximateAgeOfOldestMessage', 'Seconds', nowMs, ageS);
    }
    for (const id of this.#usedAt.keys()) if (!used.has(id)) this.#usedAt.delete(id);
  }

  flush(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const gathered = this.#gathered;
    this.#gathered = new Map();
    const atMs = this.#clock.now();
    for (const [id, { record, tallies }] of gathered) {
      this.#usedAt.set(id, atMs);
      for (const [name, { unit, summary }] of tallies)
        this.#metrics?.putSummary({ ...this.#of(record), name, atMs, unit, summary });
    }
  }

  [Symbol.dispose](): void {
    this.flush();
  }

  #add(record: QueueRecord, name: Name, value: number): void {
    if (this.#metrics === undefined) return;
    let gathered = this.#gathered.get(record.id);
    if (gathered === undefined) this.#gathered.set(record.id, (gathered = { record, tallies: new Map() }));
    const tally = gathered.tallies.get(name);
    if (tally === undefined) gathered.tallies.set(name, new Tally(name === 'SentMessageSize' ? 'Bytes' : 'Count', value));
    else tally.add(value);
    if (this.#timer === undefined) {
      this.#timer = this.#clock.after(gatherMs, () => this.flush());
      this.#timer.unref();
    }
  }

  #put(record: QueueRecord, name: string, unit: string, atMs: number, value: number): void {
    this.#metrics?.put({ ...this.#of(record), name, atMs, unit, value });
  }

  #of({ account, region, name }: QueueRecord) {
    return { account, region, namespace, dimensions: { QueueName: name } };
  }
}
