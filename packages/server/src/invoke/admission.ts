import { ServiceFault } from '@mayfly/wire';
import type { AccountId, Clock, FunctionArn, Region } from '../base/index.ts';
import type { Catalog, FunctionVersion, Resolution } from '../control/index.ts';
import type { Kept } from './kept.ts';

/** One unit of concurrency, held from admission until the environment is free again. Disposing twice is harmless. */
export interface Slot extends Disposable {
  /** The place is one of these: the environment is theirs too. */
  readonly kept: Kept | undefined;
  /** The caller has its answer: the place will be free in a moment. */
  answered(): void;
}

/** Why an invocation was refused. @source spec 2.7-02 */
export type ThrottleReason = 'ConcurrentInvocationLimitExceeded' | 'ReservedFunctionConcurrentInvocationLimitExceeded';

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
  /** Part of `inUse` in provisioned environments. */
  provisioned: number;
  readonly leaving: Leaving;
}
interface AccountCount {
  inUse: number;
  /** Part of `inUse` that was taken from the shared pool. */
  unreserved: number;
  readonly leaving: Leaving;
}

/** What admission asks of whoever keeps provisioned environments. */
export interface ProvisionedPlaces {
  of(version: FunctionVersion): Kept | undefined;
  setAside(functionArn: FunctionArn): number;
}

/** Places whose caller is answered already, and who waits for them. */
export interface Leaving {
  places: number;
  readonly waiters: Set<() => void>;
}

/**
 * Counts the concurrency of every account, region and function, exactly: taking and giving back happen
 * without an await in between.
 *
 * A version with provisioned environments has a place for each of them, and they are taken first. Then a
 * function with reserved concurrency has that many places and no more; all others share what the
 * account's limit leaves. @source spec 1.10-01, 1.10-02, 1.10-12
 */
export class Admission {
  readonly #accountConcurrency: number;
  readonly #reservedTotal: NonNullable<Catalog['reservedTotal']>;
  readonly #provisionedTotal: NonNullable<Catalog['provisionedTotal']>;
  readonly #keepers: ProvisionedPlaces | undefined;
  readonly #functions = new Map<FunctionArn, FunctionCount>();
  readonly #accounts = new Map<AccountId, Map<Region, AccountCount>>();

  constructor(options: {
    readonly accountConcurrency: number;
    /** All reserved concurrency of an account in a region, together. */
    readonly reservedTotal?: Catalog['reservedTotal'];
    /** All provisioned concurrency of functions without a reservation. */
    readonly provisionedTotal?: Catalog['provisionedTotal'];
    readonly keepers?: ProvisionedPlaces;
  }) {
    this.#accountConcurrency = options.accountConcurrency;
    this.#reservedTotal = options.reservedTotal ?? (() => 0);
    this.#provisionedTotal = options.provisionedTotal ?? (() => 0);
    this.#keepers = options.keepers;
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
    const kept = this.#free(resolution);
    const shared = resolution.reservedConcurrency === undefined && kept === undefined;
    const { leaving } = kept ?? (shared ? theirs : ours);
    ours.inUse += 1;
    theirs.inUse += 1;
    if (shared) theirs.unreserved += 1;
    if (kept !== undefined) {
      kept.taken += 1;
      ours.provisioned += 1;
    }
    let state: 'running' | 'answered' | 'free' = 'running';
    return {
      kept,
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
        if (kept !== undefined) {
          kept.taken -= 1;
          ours.provisioned -= 1;
        }
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
    const free = (): boolean => this.refusal(resolution) === undefined;
    return (await this.#freed(leaving, free, clock, withinMs)) ? this.enter(resolution) : undefined;
  }

  /**
   * Waits for a provisioned place whose caller is answered: to spill over for the moment until the environment
   * asks for its next event would be a cold start for nothing.
   */
  async awaitProvisioned(resolution: Resolution, clock: Clock, withinMs: number): Promise<void> {
    const kept = this.#keepers?.of(resolution.version);
    if (kept === undefined || kept.leaving.places === 0) return;
    const free = (): boolean => this.#free(resolution) !== undefined;
    if (!free()) await this.#freed(kept.leaving, free, clock, withinMs);
  }

  /** Provisioned environments of the version that was asked for. */
  provisioned({ version }: Resolution): Kept | undefined {
    return this.#keepers?.of(version);
  }

  /** Resolves to true as soon as a place that was about to be free satisfies. */
  async #freed(leaving: Leaving, free: () => boolean, clock: Clock, withinMs: number): Promise<boolean> {
    const untilMs = clock.monotonic() + withinMs;
    while (clock.monotonic() < untilMs && leaving.waiters.size < leaving.places) {
      const freed = Promise.withResolvers<void>();
      leaving.waiters.add(freed.resolve);
      {
        using _deadline = clock.after(untilMs - clock.monotonic(), freed.resolve);
        await freed.promise;
      }
      leaving.waiters.delete(freed.resolve);
      if (free()) return true;
    }
    return false;
  }

  /** Why `enter` would refuse now, or undefined when it would not. */
  refusal(resolution: Resolution): ThrottleReason | undefined {
    const { functionArn, account, region } = resolution.version;
    const reserved = resolution.reservedConcurrency;
    if (this.#free(resolution) !== undefined) return undefined;
    if (reserved !== undefined) {
      const ours = this.#functions.get(functionArn);
      const inUse = ours?.inUse ?? 0;
      const onDemand = inUse - (ours?.provisioned ?? 0);
      // What is provisioned is set aside from the reservation. @source spec 1.10-12
      const room = inUse < reserved && onDemand < reserved - (this.#keepers?.setAside(functionArn) ?? 0);
      return room ? undefined : 'ReservedFunctionConcurrentInvocationLimitExceeded';
    }
    const counts = this.#accountCount(account, region);
    // The second check matters for a moment only: when a reservation was just given up while its places are in use.
    const room =
      counts.unreserved <
        this.#accountConcurrency - this.#reservedTotal(account, region) - this.#provisionedTotal(account, region) &&
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

  /** Those that keep a place free for this call. Reservation and account still bound the sum, for while numbers change. */
  #free({ version, provisionedConcurrency, reservedConcurrency }: Resolution): Kept | undefined {
    if (provisionedConcurrency === undefined) return undefined;
    const kept = this.#keepers?.of(version);
    if (kept === undefined || kept.taken >= kept.places) return undefined;
    const room =
      reservedConcurrency === undefined
        ? this.#accountCount(version.account, version.region).inUse < this.#accountConcurrency
        : (this.#functions.get(version.functionArn)?.inUse ?? 0) < reservedConcurrency;
    return room ? kept : undefined;
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
      count = { account, region, functionName, inUse: 0, provisioned: 0, leaving: { places: 0, waiters: new Set() } };
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
