/**
 * What a poller of another room sees of a stream, without a socket in between: DynamoDB streams and Kinesis
 * both give it. Positions are sequence numbers; a stream's shards come parents first.
 */
export interface ShardSource {
  /** All shards that still hold records or may get some. @throws ServiceFault ResourceNotFoundException */
  shards(streamArn: string): Promise<readonly ShardInfo[]>;
  /**
   * Records after a position, oldest first, at most `limit`. Trimmed ones are skipped.
   *
   * @throws ServiceFault ResourceNotFoundException
   */
  read(streamArn: string, shardId: string, after: ShardPosition, limit: number): Promise<ShardBatch>;
  /** Calls `wake` after every commit that added records or shards to the stream. */
  onRecords(streamArn: string, wake: () => void): Disposable;
}

export interface ShardInfo {
  readonly shardId: string;
  readonly parentShardIds: readonly string[];
  readonly startingSequenceNumber: string;
  /** Set once the shard is closed: nothing comes after it. */
  readonly endingSequenceNumber?: string;
}

export type ShardPosition =
  | { readonly at: 'trimHorizon' }
  | { readonly at: 'latest' }
  | { readonly at: 'timestamp'; readonly atMs: number }
  /** Exclusive. */
  | { readonly at: 'after'; readonly sequenceNumber: string };

export interface ShardBatch {
  readonly records: readonly ShardRecord[];
  /** Where to go on: the last record read, or the end of the shard. */
  readonly next: ShardPosition & { readonly at: 'after' };
  /** The shard is closed and this was its last record. */
  readonly ended: boolean;
  /** Age of the last record read against the shard's tip, milliseconds; 0 = caught up. */
  readonly behindMs: number;
}

export interface ShardRecord {
  readonly sequenceNumber: string;
  readonly partitionKey?: string;
  /** Milliseconds since the epoch. */
  readonly arrivedAtMs: number;
  /** One element of `Records` as a function gets it, JSON-ready. @source spec 6.5-12, 6.5-13 */
  readonly event: object;
}

/** Wake-up calls by stream. */
export class Wakers {
  readonly #wakers = new Map<string, Set<() => void>>();

  add(streamArn: string, wake: () => void): Disposable {
    const set = this.#wakers.get(streamArn) ?? new Set();
    this.#wakers.set(streamArn, set);
    // A function of its own, so that one caller's two subscriptions are two.
    const own = (): void => wake();
    set.add(own);
    return {
      [Symbol.dispose]: () => {
        set.delete(own);
        if (set.size === 0 && this.#wakers.get(streamArn) === set) this.#wakers.delete(streamArn);
      },
    };
  }

  wake(streamArn: string): void {
    for (const wake of this.#wakers.get(streamArn) ?? []) wake();
  }
}
