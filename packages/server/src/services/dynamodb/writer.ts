import type { Clock, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { GroupCommit, type PipelinedSql } from '../kit/group-commit.ts';
import type { Outbox } from '../kit/outbox.ts';
import type { Wakers } from '../kit/shards.ts';
import type { Counts } from './counts.ts';
import { noEffects, Unit } from './unit.ts';

/** Number of the last stream record; one count for all streams, never used twice. */
export interface Sequence {
  last: number;
}

/** The one way items change: units that arrive together share a transaction, and are told of after it. */
export class Writer {
  readonly #group: GroupCommit;
  readonly #clock: Clock;
  readonly #wakers: Wakers;
  readonly #counts: Counts;
  readonly #sequence: Sequence;
  readonly #random: Random;
  readonly #outbox: Outbox | undefined;
  /** Told of the earliest expiry a commit brought, milliseconds since the epoch. */
  onExpiry: (atMs: number) => void = () => {};

  constructor(options: {
    readonly database: Database;
    readonly clock: Clock;
    readonly wakers: Wakers;
    readonly counts: Counts;
    readonly sequence: Sequence;
    readonly random: Random;
    /** For what is brought to other services; absent = nothing is. */
    readonly outbox?: Outbox | undefined;
  }) {
    this.#group = new GroupCommit(options.database);
    this.#clock = options.clock;
    this.#wakers = options.wakers;
    this.#counts = options.counts;
    this.#sequence = options.sequence;
    this.#random = options.random;
    this.#outbox = options.outbox;
  }

  /** @throws ServiceFault of the work, which must come before its first write */
  async change<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    const { value, effects, staged } = await this.#group.write(async (tx) => {
      const effects = noEffects();
      const unit = new Unit(tx, {
        nowMs: Math.floor(this.#clock.now()),
        nextSeq: () => (this.#sequence.last += 1),
        effects,
        random: this.#random,
      });
      const value = await work(unit);
      const staged = effects.parcels.length === 0 ? undefined : this.#outbox?.stage(effects.parcels);
      await staged?.write(tx);
      return { value, effects, staged };
    });
    staged?.release();
    for (const [no, delta] of effects.counts) this.#counts.add(no, delta);
    if (effects.earliestExpiryMs !== Infinity) this.onExpiry(effects.earliestExpiryMs);
    for (const arn of effects.streams) this.#wakers.wake(arn);
    return value;
  }

  /** Other rows, in the same order. */
  run<T>(work: (tx: PipelinedSql) => Promise<T>): Promise<T> {
    return this.#group.write(work);
  }

  settled(): Promise<void> {
    return this.#group.settled();
  }
}
