import type { Clock } from '../../packages/server/src/base/index.ts';
import type {
  QueueMessage,
  QueueSource,
  ShardBatch,
  ShardInfo,
  ShardPosition,
  ShardRecord,
  ShardSource,
} from '../../packages/server/src/events/index.ts';

interface Held {
  readonly message: QueueMessage;
  visibleAtMs: number;
  receives: number;
}

/** A queue on the test's clock. */
export class ScriptedQueue implements QueueSource {
  readonly held = new Map<string, Held>();
  readonly #clock: Clock;
  readonly #visibilityMs: number;
  #wake = Promise.withResolvers<void>();
  #sent = 0;

  constructor(clock: Clock, visibilityMs = 30_000) {
    this.#clock = clock;
    this.#visibilityMs = visibilityMs;
  }

  send(...bodies: string[]): void {
    for (const body of bodies) {
      const messageId = `m${(this.#sent += 1)}`;
      const message = { messageId, receiptHandle: messageId, body, md5OfBody: '', attributes: {}, messageAttributes: {} };
      this.held.set(messageId, { message, visibleAtMs: this.#clock.monotonic(), receives: 0 });
    }
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  describe(): { fifo: boolean; visibilityMs: number } {
    return { fifo: false, visibilityMs: this.#visibilityMs };
  }

  async receive(
    _arn: string,
    options: { readonly max: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly QueueMessage[]> {
    const untilMs = this.#clock.monotonic() + options.waitMs;
    for (;;) {
      const nowMs = this.#clock.monotonic();
      const visible = [...this.held.values()].filter((each) => each.visibleAtMs <= nowMs).slice(0, options.max);
      for (const each of visible) {
        each.visibleAtMs = nowMs + this.#visibilityMs;
        each.receives += 1;
      }
      if (visible.length > 0 || nowMs >= untilMs || options.signal?.aborted === true)
        return visible.map(({ message }) => message);
      const next = Math.min(untilMs, ...[...this.held.values()].map((each) => each.visibleAtMs));
      const aborted = new Promise<void>((resolve) => options.signal?.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([this.#wake.promise, this.#clock.sleep(Math.max(0, next - nowMs)), aborted]);
    }
  }

  delete(_arn: string, handles: readonly string[]): Promise<void> {
    for (const handle of handles) this.held.delete(handle);
    return Promise.resolve();
  }

  changeVisibility(_arn: string, handles: readonly string[], visibilityMs: number): Promise<void> {
    for (const handle of handles) {
      const each = this.held.get(handle);
      if (each !== undefined) each.visibleAtMs = this.#clock.monotonic() + visibilityMs;
    }
    return Promise.resolve();
  }
}

interface Shard extends ShardInfo {
  readonly records: ShardRecord[];
  closed: boolean;
}

/** A stream on the test's clock. */
export class ScriptedStream implements ShardSource {
  readonly #clock: Clock;
  readonly #shards = new Map<string, Shard>();
  readonly #wakers = new Set<() => void>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  shard(shardId: string, parentShardIds: readonly string[] = []): void {
    this.#shards.set(shardId, { shardId, parentShardIds, records: [], closed: false });
  }

  put(shardId: string, ...keys: string[]): void {
    for (const key of keys) {
      const sequenceNumber = String((this.#last += 1)).padStart(6, '0');
      this.#shards.get(shardId)?.records.push({
        sequenceNumber,
        partitionKey: key,
        arrivedAtMs: this.#clock.now(),
        event: { eventID: sequenceNumber, key },
      });
    }
    for (const wake of this.#wakers) wake();
  }

  close(shardId: string): void {
    const shard = this.#shards.get(shardId);
    if (shard !== undefined) shard.closed = true;
    for (const wake of this.#wakers) wake();
  }

  shards(): Promise<readonly ShardInfo[]> {
    return Promise.resolve([...this.#shards.values()]);
  }

  read(_arn: string, shardId: string, after: ShardPosition, limit: number): Promise<ShardBatch> {
    const shard = this.#shards.get(shardId);
    const all = shard?.records ?? [];
    const from =
      after.at === 'after'
        ? all.filter(({ sequenceNumber }) => sequenceNumber > after.sequenceNumber)
        : after.at === 'latest'
          ? []
          : after.at === 'timestamp'
            ? all.filter(({ arrivedAtMs }) => arrivedAtMs >= after.atMs)
            : all;
    const records = from.slice(0, limit);
    const tip =
      records.at(-1)?.sequenceNumber ?? (after.at === 'after' ? after.sequenceNumber : (all.at(-1)?.sequenceNumber ?? ''));
    return Promise.resolve({
      records,
      next: { at: 'after', sequenceNumber: tip },
      ended: shard?.closed === true && records.length === from.length,
    });
  }

  onRecords(_arn: string, wake: () => void): Disposable {
    this.#wakers.add(wake);
    return { [Symbol.dispose]: () => void this.#wakers.delete(wake) };
  }
}
