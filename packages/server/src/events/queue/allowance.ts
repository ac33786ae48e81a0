import type { Mapping } from '../port.ts';

/** How many batches of a queue may be under way at once, and how that changes. */
export interface Scaling {
  /** From the start, and again after a rest. */
  readonly first: number;
  /** What failures leave. */
  readonly least: number;
  readonly most: number;
  /** While there is a backlog, one more is allowed each so often. */
  readonly growEveryMs: number;
}

/** AWS stops at 1,250; more than the account has places would only be throttled. @source spec 6.4-01 */
const onDemand: Scaling = { first: 5, least: 1, most: 1000, growEveryMs: 60_000 / 300 };
/** @source spec 6.4-09; the defaults: Lambda API Reference, ProvisionedPollerConfig, read 2026-11 */
const provisioned = { minimumPollers: 2, maximumPollers: 200, callsEach: 10, growEveryMs: 60_000 / 1000 };

export function scalingOf({ maximumConcurrency = onDemand.most, provisionedPollers }: Mapping): Scaling {
  if (provisionedPollers === undefined) {
    const most = Math.min(maximumConcurrency, onDemand.most);
    return { ...onDemand, most, first: Math.min(onDemand.first, most) };
  }
  const { minimum = provisioned.minimumPollers, maximum = provisioned.maximumPollers } = provisionedPollers;
  const first = minimum * provisioned.callsEach;
  const most = Math.max(minimum, maximum) * provisioned.callsEach;
  return { first, least: first, most, growEveryMs: provisioned.growEveryMs };
}

/** The number itself: grows while there is work for it, shrinks when calls fail. Knows no clock; who asks says when. */
export class Allowance {
  readonly #scaling: Scaling;
  #now: number;
  #failing = false;

  constructor(scaling: Scaling) {
    this.#scaling = scaling;
    this.#now = scaling.first;
  }

  get now(): number {
    return this.#now;
  }
  /** A function that does not answer well is not called more often. */
  get mayGrow(): boolean {
    return !this.#failing && this.#now < this.#scaling.most;
  }

  grow(): void {
    if (this.mayGrow) this.#now += 1;
  }

  /** Brings back at once what failures took. */
  succeeded(): void {
    this.#failing = false;
    if (this.#now < this.#scaling.first) this.#now += 1;
  }

  /** A function that fails is called less often. @source spec 6.4-04 */
  failed(): void {
    this.#failing = true;
    this.#now = Math.max(this.#scaling.least, this.#now >> 1);
  }

  throttled(): void {
    this.#failing = true;
    this.#now = Math.max(this.#scaling.least, this.#now - 1);
  }

  /** There is no work for more than so many. */
  rest(workers: number): void {
    this.#now = Math.min(this.#now, Math.max(this.#scaling.first, workers));
  }
}
