import { countFact } from '../../base/index.ts';
import { pause, type PollerHouse } from '../house.ts';
import type { Mapping, ShardPosition, ShardRecord, ShardSource } from '../port.ts';
import type { Checkpoint } from './checkpoints.ts';
import { Delivery } from './delivery.ts';
import { stateOf, windowEvent, windowStart, type Tumble } from './tumbling.ts';

/** Looked at even when nobody calls. @source spec 6.5-01 */
const pollMs = 1000;

/** One shard for one mapping, read in order to its end. */
export class ShardReader {
  readonly #mapping: Mapping;
  readonly #shardId: string;
  readonly #source: ShardSource;
  readonly #house: PollerHouse;
  readonly #signal: AbortSignal;
  readonly #passes: (record: object) => boolean;
  readonly #delivery: Delivery;
  #position: ShardPosition;
  #tumble: Tumble | undefined;
  #wake: (() => void) | undefined;
  #woken = false;

  constructor(mapping: Mapping, shardId: string, from: Checkpoint, source: ShardSource, house: PollerHouse, signal: AbortSignal) {
    this.#mapping = mapping;
    this.#shardId = shardId;
    this.#source = source;
    this.#house = house;
    this.#signal = signal;
    this.#passes = house.compileFilters(mapping.filters);
    this.#delivery = new Delivery(mapping, shardId, house, signal);
    this.#position = from.position;
    this.#tumble = from.tumble === undefined ? undefined : (JSON.parse(from.tumble) as Tumble);
  }

  /** @returns true when the shard was read to its end, false when the poller was stopped */
  async run(): Promise<boolean> {
    using _records = this.#source.onRecords(this.#mapping.eventSourceArn, () => this.#call());
    const onAbort = (): void => this.#call();
    this.#signal.addEventListener('abort', onAbort, { once: true });
    while (!this.#signal.aborted) {
      const { records, ended } = await this.#gather();
      if (this.#signal.aborted) return false;
      if (records.length > 0 && !(await this.#process(records))) return false;
      await this.#closeWindow(ended);
      if (ended) {
        await this.#checkpoint(true);
        return true;
      }
      if (records.length === 0) await this.#rest();
    }
    return false;
  }

  /** Records enough for a batch, or what has come when the window is over. */
  async #gather(): Promise<{ readonly records: readonly ShardRecord[]; readonly ended: boolean }> {
    const { clock } = this.#house;
    const { batchSize, batchWindowMs, parallelizationFactor, eventSourceArn } = this.#mapping;
    const wanted = batchSize * parallelizationFactor;
    const records: ShardRecord[] = [];
    let position = this.#position;
    let untilMs = Infinity;
    for (;;) {
      this.#woken = false;
      const batch = await this.#source.read(eventSourceArn, this.#shardId, position, wanted - records.length);
      // `latest` and `timestamp` are points in time: where they lie is fixed by the first look, and kept.
      if (position.at !== 'after' || batch.records.length > 0) position = batch.next;
      if (this.#position.at === 'latest' || this.#position.at === 'timestamp') {
        if (batch.records.length === 0) await this.#moveTo(batch.next);
      }
      records.push(...batch.records);
      if (batch.ended || records.length >= wanted || this.#signal.aborted) return { records, ended: batch.ended };
      if (records.length === 0) return { records, ended: false };
      if (untilMs === Infinity) untilMs = clock.monotonic() + batchWindowMs;
      const leftMs = untilMs - clock.monotonic();
      if (leftMs <= 0) return { records, ended: false };
      await this.#waitForRecords(Math.min(leftMs, pollMs));
    }
  }

  async #process(records: readonly ShardRecord[]): Promise<boolean> {
    const newest = records.at(-1);
    if (newest === undefined) return true;
    const passed =
      this.#mapping.filters.length === 0 ? records : records.filter(({ event }) => this.#passes(filterViewOf(event)));
    this.#iteratorAge(newest);
    const done = this.#mapping.tumblingWindowMs > 0 ? await this.#tumbling(passed) : await this.#lanes(passed);
    if (!done) return false;
    await this.#moveTo({ at: 'after', sequenceNumber: newest.sequenceNumber });
    return true;
  }

  /** Records of one partition key stay in one lane, so each key keeps its order. @source spec 6.5-02 */
  async #lanes(records: readonly ShardRecord[]): Promise<boolean> {
    const { parallelizationFactor: factor, batchSize } = this.#mapping;
    const lanes: ShardRecord[][] = Array.from({ length: factor }, () => []);
    for (const record of records) lanes[factor === 1 ? 0 : laneOf(record.partitionKey ?? '', factor)]?.push(record);
    const results = await Promise.all(
      lanes.map(async (lane) => {
        for (let at = 0; at < lane.length; at += batchSize) {
          if ((await this.#delivery.deliver(lane.slice(at, at + batchSize))).kind === 'stopped') return false;
        }
        return true;
      }),
    );
    return results.every(Boolean);
  }

  async #tumbling(records: readonly ShardRecord[]): Promise<boolean> {
    const lengthMs = this.#mapping.tumblingWindowMs;
    for (let at = 0; at < records.length;) {
      const startMs = windowStart(records[at]?.arrivedAtMs ?? 0, lengthMs);
      if (this.#tumble !== undefined && this.#tumble.startMs < startMs && !(await this.#finishWindow(false))) return false;
      let end = at;
      while (end < records.length && windowStart(records[end]?.arrivedAtMs ?? 0, lengthMs) === startMs) end += 1;
      this.#tumble ??= { startMs, state: {} };
      const delivered = await this.#delivery.deliver(records.slice(at, end), this.#windowEvent(this.#tumble, false, false));
      if (delivered.kind === 'stopped') return false;
      const state = delivered.body === undefined ? this.#tumble.state : stateOf(delivered.body);
      if (state === 'tooLarge') {
        if (!(await this.#finishWindow(true))) return false;
      } else this.#tumble = { startMs, state };
      at = end;
    }
    return true;
  }

  /** The window's last call, when its time is over or its shard has ended. */
  async #closeWindow(ended: boolean): Promise<void> {
    if (this.#tumble === undefined) return;
    const isOver = this.#house.clock.now() >= this.#tumble.startMs + this.#mapping.tumblingWindowMs;
    if ((isOver || ended) && (await this.#finishWindow(false))) await this.#checkpoint(false);
  }

  async #finishWindow(terminatedEarly: boolean): Promise<boolean> {
    if (this.#tumble === undefined) return true;
    const delivered = await this.#delivery.deliver([], this.#windowEvent(this.#tumble, true, terminatedEarly));
    if (delivered.kind === 'stopped') return false;
    this.#tumble = undefined;
    return true;
  }

  #windowEvent(tumble: Tumble, isFinal: boolean, terminatedEarly: boolean): object {
    const { tumblingWindowMs, eventSourceArn } = this.#mapping;
    return windowEvent(tumble, {
      lengthMs: tumblingWindowMs,
      shardId: this.#shardId,
      streamArn: eventSourceArn,
      isFinal,
      terminatedEarly,
    });
  }

  async #moveTo(position: ShardPosition): Promise<void> {
    this.#position = position;
    await this.#checkpoint(false);
  }

  #checkpoint(ended: boolean): Promise<void> {
    return this.#house.checkpoints.write(this.#mapping.uuid, this.#shardId, {
      position: this.#position,
      ended,
      ...(this.#tumble === undefined ? {} : { tumble: JSON.stringify(this.#tumble) }),
    });
  }

  async #rest(): Promise<void> {
    await this.#waitForRecords(pollMs);
  }

  /** Until somebody calls, or the time is over. */
  async #waitForRecords(mostMs: number): Promise<void> {
    if (this.#woken || this.#signal.aborted) return;
    const called = new Promise<void>((resolve) => (this.#wake = resolve));
    const patience = new AbortController();
    await Promise.race([called, pause(this.#house.clock, mostMs, patience.signal)]);
    patience.abort();
    this.#wake = undefined;
  }

  #call(): void {
    this.#woken = true;
    this.#wake?.();
  }

  #iteratorAge(newest: ShardRecord): void {
    const { recorder, clock } = this.#house;
    const { account, region, functionArn } = this.#mapping;
    const [, , , , , , functionName = '', version = '$LATEST'] = functionArn.split(':');
    const atMs = clock.now();
    const value = Math.max(0, atMs - newest.arrivedAtMs);
    const subject = { account, region, functionName, version };
    recorder.record(countFact(subject, { metric: 'IteratorAge', value, unit: 'Milliseconds', atMs }));
  }
}

function laneOf(key: string, lanes: number): number {
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0;
  return hash % lanes;
}

/** Filters see Kinesis data decoded. @source spec 6.9-11 */
function filterViewOf(event: object): object {
  const { kinesis } = event as { kinesis?: { data: string } };
  if (kinesis === undefined) return event;
  const text = Buffer.from(kinesis.data, 'base64').toString('utf8');
  try {
    return { ...event, data: JSON.parse(text) as unknown };
  } catch {
    return { ...event, data: text };
  }
}
