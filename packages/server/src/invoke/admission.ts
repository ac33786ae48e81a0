import { ServiceFault } from '@mayfly/wire';
import type { AccountId, Clock, FunctionArn, Region } from '../base/index.ts';
import type { Catalog, Resolution } from '../control/index.ts';

/** One unit of concurrency, held from admission until the environment is free again. Disposing twice is harmless. */
export interface Slot extends Disposable {
  /** The caller has its answer: the place will be free in a moment. */
  answered(): void;
}

/** Why an invocation was refused. @source spec 2.7-02 */
export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded';

/** @source spec 2.7-01 */
export const throttled = (reason: ThrottleReason, retryAfterSeconds?: number): ServiceFault =>
  new ServiceFault('TooManyRequestsException', 'Rate Exceeded.', {
    status: 429,
    members: { Reason: reason, Type: 'User' },
    headers: retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) },
  });

export interface ConcurrencyCount {
  readonly account: AccountId;
  readonly region: Region;
  readonly functionArn: FunctionArn;
  readonly functionName: string;
  readonly inUse: number;
}

interface FunctionCount {
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName: string;
  inUse: number;
  readonly leaving: Leaving;
}
interface AccountCount {
  inUse: number;
  /** Part of `inUse` that was taken from the shared pool. */
  unreserved: number;
  readonly leaving: Leaving;
}

/** Places whose caller is answered already, and who waits for them. */
interface Leaving {
  places: number;
  readonly waiters: Set<() => void>;
}

/**
 * Counts the concurrency of every account, region and function, exactly: taking and giving back happen
 * without an await in between.
 *
 * A function with reserved concurrency has that many places and no more; all others share what the
 * account's limit leaves. @source spec 1.10-01, 1.10-02
 */
export class Admission {
  readonly #accountConcurrency: number;
  readonly #reservedTotal: NonNullable<Catalog['reservedTotal']>;
  readonly #functions = new Map<FunctionArn, FunctionCount>();
  readonly #accounts = new Map<AccountId, Map<Region, AccountCount>>();

  constructor(options: {
    readonly accountConcurrency: number;
    /** All reserved concurrency of an account in a region, together. */
    readonly reservedTotal?: Catalog['reservedTotal'];
  }) {
    this.#accountConcurrency = options.accountConcurrency;
    this.#reservedTotal = options.reservedTotal ?? (() => 0);
  }

  /**
   * Takes a place.
   *
   * @throws ServiceFault TooManyRequestsException; its `Reason` says which limit refused
   */
  enter(resolution: Resolution): Slot {
    const reason = this.refusal(resolution);
    if (reason !== undefined) throw throttled(reason, resolution.reservedConcurrency === 0 ? undefined : 1);
    const { functionArn, account, region, functionName } = resolution.version;
    const ours = this.#functionCount(functionArn, { account, region, functionName });
    const theirs = this.#accountCount(account, region);
    const shared = resolution.reservedConcurrency === undefined;
    const { leaving } = shared ? theirs : ours;
    ours.inUse += 1;
    theirs.inUse += 1;
    if (shared) theirs.unreserved += 1;
    let state: 'running' | 'answered' | 'free' = 'running';
    return {
      answered: () => {
        if (state !== 'running') return;
        state = 'answered';
        leaving.places += 1;
      },
      [Symbol.dispose]: () => {
        if (state === 'free') return;
        if (state === 'answered') leaving.places -= 1;
        state = 'free';
        theirs.inUse -= 1;
        if (shared) theirs.unreserved -= 1;
        // Deleted functions must not stay in the table for ever.
        if (--ours.inUse === 0 && ours.leaving.waiters.size === 0) this.#functions.delete(functionArn);
        const first = leaving.waiters.values().next().value;
        if (first === undefined) return;
        leaving.waiters.delete(first);
        first();
      },
    };
  }

  /**
   * Takes a place that is about to be free. A caller who has its answer may be back before the
   * environment has asked for its next event; to refuse that caller would be wrong.
   *
   * @returns undefined when no answered place is left to wait for, or `withinMs` is over
   */
  async enterSoon(resolution: Resolution, clock: Clock, withinMs: number): Promise<Slot | undefined> {
    const leaving = this.#pool(resolution)?.leaving;
    if (leaving === undefined) return undefined;
    const untilMs = clock.monotonic() + withinMs;
    while (clock.monotonic() < untilMs && leaving.waiters.size < leaving.places) {
      const freed = Promise.withResolvers<void>();
      leaving.waiters.add(freed.resolve);
      {
        using _deadline = clock.after(untilMs - clock.monotonic(), freed.resolve);
        await freed.promise;
      }
      leaving.waiters.delete(freed.resolve);
      if (this.refusal(resolution) === undefined) return this.enter(resolution);
    }
    return undefined;
  }

  /** Why `enter` would refuse now, or undefined when it would not. */
  refusal(resolution: Resolution): ThrottleReason | undefined {
    const { functionArn, account, region } = resolution.version;
    const reserved = resolution.reservedConcurrency;
    if (reserved !== undefined) {
      const inUse = this.#functions.get(functionArn)?.inUse ?? 0;
      return inUse < reserved ? undefined : 'ReservedFunctionConcurrentInvocationLimitExceeded';
    }
    const counts = this.#accountCount(account, region);
    // The second check matters for a moment only: when a reservation was just given up while its places are in use.
    const room =
      counts.unreserved < this.#accountConcurrency - this.#reservedTotal(account, region) &&
      counts.inUse < this.#accountConcurrency;
    return room ? undefined : 'ConcurrentInvocationLimitExceeded';
  }

  /** Functions that run at this moment. */
  counts(): ConcurrencyCount[] {
    return [...this.#functions].map(([functionArn, { account, region, functionName, inUse }]) => ({
      functionArn,
      account,
      region,
      functionName,
      inUse,
    }));
  }

  #pool({ version, reservedConcurrency }: Resolution): FunctionCount | AccountCount | undefined {
    return reservedConcurrency === undefined
      ? this.#accountCount(version.account, version.region)
      : this.#functions.get(version.functionArn);
  }

  #functionCount(
    functionArn: FunctionArn,
    { account, region, functionName }: Pick<FunctionCount, 'account' | 'region' | 'functionName'>,
  ): FunctionCount {
    let count = this.#functions.get(functionArn);
    if (count === undefined) {
      count = { account, region, functionName, inUse: 0, leaving: { places: 0, waiters: new Set() } };
      this.#functions.set(functionArn, count);
    }
    return count;
  }

  #accountCount(account: AccountId, region: Region): AccountCount {
    let regions = this.#accounts.get(account);
    if (regions === undefined) this.#accounts.set(account, (regions = new Map()));
    let count = regions.get(region);
    if (count === undefined) {
      count = { inUse: 0, unreserved: 0, leaving: { places: 0, waiters: new Set() } };
      regions.set(region, count);
    }
    return count;
  }
}
