import { pause, type Poller, type PollerHouse } from '../house.ts';
import type { Mapping, ShardPosition, ShardSource } from '../port.ts';
import type { Checkpoint } from './checkpoints.ts';
import { ShardReader } from './shard.ts';

/** How often the list of shards is looked at. */
const lookMs = 5000;

/** All shards of a stream for one mapping, parents before their children. @source spec 6.5-09 */
export class StreamPoller implements Poller {
  readonly #mapping: Mapping;
  readonly #source: ShardSource;
  readonly #house: PollerHouse;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #ended = new Set<string>();
  readonly #standing = Promise.withResolvers<void>();
  readonly #done: Promise<void>;

  constructor(mapping: Mapping, source: ShardSource, house: PollerHouse) {
    this.#mapping = mapping;
    this.#source = source;
    this.#house = house;
    this.#done = this.#run();
  }

  get standing(): Promise<void> {
    return this.#standing.promise;
  }

  stop(): void {
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#done;
    await Promise.all(this.#running.values());
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { book, checkpoints, clock, log } = this.#house;
    const { uuid, eventSourceArn } = this.#mapping;
    let isFirstLook = true;
    while (!signal.aborted) {
      try {
        const known = await checkpoints.read(uuid);
        for (const [shardId, { ended }] of known) if (ended) this.#ended.add(shardId);
        const isNew = isFirstLook && known.size === 0;
        for (const { shardId, parentShardIds } of await this.#source.shards(eventSourceArn)) {
          if (this.#running.has(shardId) || this.#ended.has(shardId)) continue;
          if (parentShardIds.some((parent) => this.#running.has(parent))) continue;
          const from = known.get(shardId) ?? {
            position: isNew ? await this.#start(shardId) : { at: 'trimHorizon' },
            ended: false,
          };
          // Written down at once: a restart must not take the shard for one that was split off meanwhile.
          if (!known.has(shardId)) await checkpoints.write(uuid, shardId, from);
          this.#read(shardId, from);
        }
        isFirstLook = false;
      } catch (error) {
        log.warn('A stream could not be read.', { mapping: uuid, error });
        book.report(uuid, { lastProcessingResult: `PROBLEM: ${(error as Error).message}` });
      }
      this.#standing.resolve();
      await Promise.race([pause(clock, lookMs, signal), ...this.#running.values()]);
    }
  }

  #read(shardId: string, from: Checkpoint): void {
    const reader = new ShardReader(this.#mapping, shardId, from, this.#source, this.#house, this.#stop.signal);
    const running = reader
      .run()
      .then((ended) => void (ended && this.#ended.add(shardId)))
      .catch(async (error: unknown) => {
        this.#house.log.warn('A shard could not be read.', { mapping: this.#mapping.uuid, shardId, error });
        await pause(this.#house.clock, lookMs, this.#stop.signal);
      })
      .finally(() => this.#running.delete(shardId));
    this.#running.set(shardId, running);
  }

  async #start(shardId: string): Promise<ShardPosition> {
    const { eventSourceArn, startingPosition = 'TRIM_HORIZON', startingAtMs = 0 } = this.#mapping;
    switch (startingPosition) {
      case 'LATEST':
        // The end as it is now, which the mapping waits for before it says that it is enabled.
        return (await this.#source.read(eventSourceArn, shardId, { at: 'latest' }, 1)).next;
      case 'AT_TIMESTAMP':
        return { at: 'timestamp', atMs: startingAtMs };
      case 'TRIM_HORIZON':
        return { at: 'trimHorizon' };
    }
  }
}
