/** What placement sees of one incarnation's environments. */
export interface PoolView {
  readonly idle: number;
  readonly busy: number;
  /** Part of `busy` whose callers are answered already: about to be idle, unless an extension takes its time. */
  readonly answered: number;
  readonly booting: number;
  /** Requests without an environment, the one in question included. */
  readonly waiting: number;
  /** How long the first of them has waited. */
  readonly headWaitedMs: number;
  /** How long somebody or other has been waiting, without a break and without a boot. */
  readonly lineAgeMs: number;
  /** How long an environment of this pool is usually taken; undefined before the first was given back. */
  readonly serviceMs: number | undefined;
  /** How long one usually takes to start. */
  readonly bootMs: number;
}

/** What placement sees of the machine. */
export interface HouseView {
  readonly boots: number;
  readonly bootLimit: number;
  readonly environments: number;
  readonly environmentLimit: number;
  /** Idle environments that could make room, of any function. */
  readonly evictable: number;
  readonly waitingLimit: number;
}

export type Placement =
  | { readonly kind: 'warm' }
  | { readonly kind: 'start'; readonly evict: boolean }
  /** `atMostMs`: look again after this long, even if nothing has changed. */
  | { readonly kind: 'wait'; readonly atMostMs?: number }
  | { readonly kind: 'refuse' };

/** A line that stands for the time of this many boots is no passing peak: it earns one more environment, and then again. */
const standingBoots = 20;

/**
 * What to do for the requests of one pool that have no environment.
 *
 * The caller acts and asks again until the answer is `wait` or nobody waits. Nobody is ever bound to an
 * environment that still boots: a boot is only a promise that there will be one more, and whichever is
 * ready first takes the head of the line.
 *
 * Boots cost far more processor time than calls do, and starting more than the machine has cores makes
 * all of them slow. So boots are bounded, and where freed environments are expected to clear the line
 * sooner than a new one could start, the line waits that long first.
 */
export function place(pool: PoolView, house: HouseView): Placement {
  if (pool.idle > 0) return { kind: 'warm' };
  if (pool.waiting > house.waitingLimit) return { kind: 'refuse' };
  const withoutBoot = pool.waiting - pool.booting;
  if (withoutBoot <= 0 || house.boots >= house.bootLimit) return { kind: 'wait' };
  const standing = pool.lineAgeMs >= pool.bootMs * standingBoots;
  if (pool.headWaitedMs < pool.bootMs && !standing) {
    const serviceMs = withoutBoot <= pool.answered ? 0 : (pool.serviceMs ?? Infinity);
    const expectedMs = (serviceMs * withoutBoot) / pool.busy;
    if (expectedMs < pool.bootMs) return { kind: 'wait', atMostMs: pool.bootMs - pool.headWaitedMs };
  }
  if (house.environments < house.environmentLimit) return { kind: 'start', evict: false };
  return house.evictable > 0 ? { kind: 'start', evict: true } : { kind: 'wait' };
}
