import type { Clock } from '../../base/index.ts';
import { inUse } from './faults.ts';
import { childrenOf, pageOf, recordOf } from './record-handlers.ts';
import { sequenceNumber } from './sequence.ts';
import { isOpen, type Shard, type Stream } from './stream.ts';
import type { Streams } from './streams.ts';

/** @source API Reference, SubscribeToShard: five minutes; again within five seconds is refused */
const lifeMs = 300_000;
const againMs = 5_000;
/** An event without records now and then tells a client that the line is alive. */
const heartbeatMs = 5_000;
const pageRecords = 1_000;

interface Wanted {
  readonly stream: Stream;
  readonly consumerArn: string;
  readonly shard: Shard;
  readonly after: number;
  readonly signal: AbortSignal;
}

/** Records pushed to registered consumers, one subscription a consumer and shard. */
export class Subscriptions {
  readonly #streams: Streams;
  readonly #clock: Clock;
  readonly #closing: AbortSignal;
  /** Consumer and shard → since when, monotonic milliseconds. */
  readonly #open = new Map<string, number>();

  constructor(streams: Streams, clock: Clock, closing: AbortSignal) {
    this.#streams = streams;
    this.#clock = clock;
    this.#closing = closing;
  }

  /** @throws ResourceInUseException when another one was opened moments ago */
  open(wanted: Wanted): AsyncIterable<object> {
    const key = `${wanted.consumerArn}/${wanted.shard.no}`;
    const since = this.#open.get(key);
    if (since !== undefined && this.#clock.monotonic() - since < againMs) {
      throw inUse(`Another active subscription exists for this consumer: ${wanted.consumerArn}`);
    }
    const at = this.#clock.monotonic();
    this.#open.set(key, at);
    return this.#events(wanted, () => {
      if (this.#open.get(key) === at) this.#open.delete(key);
    });
  }

  async *#events(wanted: Wanted, onEnd: () => void): AsyncGenerator<object, void, undefined> {
    const endAtMs = this.#clock.monotonic() + lifeMs;
    let after = wanted.after;
    let wake: () => void = () => {};
    let isWoken = false;
    using _woken = this.#streams.onRecords(wanted.stream.arn, () => {
      isWoken = true;
      wake();
    });
    const stop = AbortSignal.any([wanted.signal, this.#closing]);
    const onStop = (): void => wake();
    stop.addEventListener('abort', onStop);
    try {
      while (!stop.aborted && this.#clock.monotonic() < endAtMs) {
        isWoken = false;
        const stream = this.#streams.find(wanted.stream.arn);
        const shard = stream?.shards.find(({ no }) => no === wanted.shard.no);
        if (stream === undefined || shard === undefined) return;
        const page = await pageOf(this.#streams, stream, shard, after, pageRecords);
        const last = page.rows.at(-1);
        after = last?.seq ?? after;
        yield {
          SubscribeToShardEvent: {
            Records: page.rows.map((row) => recordOf(shard, row)),
            ContinuationSequenceNumber: page.ended ? undefined : sequenceNumber(after, shard.no),
            MillisBehindLatest: page.more && last !== undefined ? Math.max(0, Math.floor(this.#clock.now() - last.atMs)) : 0,
            ...(page.ended && !isOpen(shard) ? { ChildShards: childrenOf(stream, shard) } : {}),
          },
        };
        if (page.ended) return;
        if (page.more || isWoken || stop.aborted) continue;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        using _heartbeat = this.#clock.after(heartbeatMs, resolve);
        await promise;
      }
    } finally {
      stop.removeEventListener('abort', onStop);
      onEnd();
    }
  }
}
