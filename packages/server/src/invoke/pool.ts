import type { FunctionVersion } from '../control/index.ts';
import type { Environment } from '../environment/index.ts';
import type { Kept } from './kept.ts';
import type { Habit } from './patience/patience.ts';

/**
 * How the hall sees one environment. `leaving`: told to stop, or dead; it is never handed out again,
 * whatever it says later.
 */
export type BoxState = 'booting' | 'idle' | 'busy' | 'leaving';

export interface Box {
  readonly environment: Environment;
  readonly pool: Pool;
  /** Provisioned: by whom it is kept. */
  readonly kept?: Kept;
  state: BoxState;
  /** Clock's monotonic milliseconds. */
  readonly createdAtMs: number;
  takenAtMs: number;
  idleSinceMs: number;
  frozen: boolean;
  /** Started before anybody asked, and not used yet. */
  ahead?: boolean;
  /** Busy, but only until it asks for its next event. */
  answered: boolean;
}

/** Somebody who holds a slot and waits for an environment. */
export interface Waiter {
  readonly sinceMs: number;
  readonly resolve: (box: Box) => void;
  readonly reject: (reason: unknown) => void;
}

/** First guesses until the pool has seen its own. */
const assumedBootMs = 100;
/** Weight of the newest observation in the moving averages. */
const newestWeight = 0.2;

/** The environments of one incarnation of a function version, and the line of requests for them. Holds no policy. */
export class Pool {
  readonly version: FunctionVersion;
  /** Environments are never shared between tenants. @source spec 1.15-03 */
  readonly tenantId: string | undefined;
  /** Absent for provisioned environments, which stay. */
  readonly habit: Habit | undefined;
  readonly boxes = new Set<Box>();
  /** Newest idle last. */
  readonly idle: Box[] = [];
  /** Old incarnation: its environments go as soon as nobody waits for them. */
  retired = false;
  /** Out of the house's books; a later request makes a new pool. */
  forgotten = false;
  booting = 0;
  busy = 0;
  /** Part of `busy` whose callers are answered. */
  answered = 0;
  /** Boots that came to nothing since one succeeded. */
  failedBoots = 0;
  bootMs = assumedBootMs;
  serviceMs: number | undefined;
  /** Since when somebody has been waiting; begun anew by each boot. */
  lineSinceMs = 0;
  #line: Waiter[] = [];
  #head = 0;

  constructor(version: FunctionVersion, options: { readonly tenantId?: string | undefined; readonly habit?: Habit } = {}) {
    this.version = version;
    this.tenantId = options.tenantId;
    this.habit = options.habit;
  }

  get waiting(): number {
    return this.#line.length - this.#head;
  }
  get firstWaiter(): Waiter | undefined {
    return this.#line[this.#head];
  }
  get empty(): boolean {
    return this.boxes.size === 0 && this.waiting === 0;
  }

  /** Nobody is served and nobody waits. */
  get atRest(): boolean {
    return this.busy === 0 && this.waiting === 0;
  }

  queue(waiter: Waiter): void {
    if (this.waiting === 0) this.lineSinceMs = waiter.sinceMs;
    this.#line.push(waiter);
  }

  /** Takes the first of the line; amortised constant time. */
  nextWaiter(): Waiter | undefined {
    const waiter = this.#line[this.#head];
    if (waiter === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#head);
      this.#head = 0;
    }
    return waiter;
  }

  observeBoot(durationMs: number): void {
    this.failedBoots = 0;
    this.bootMs += (durationMs - this.bootMs) * newestWeight;
  }

  observeService(durationMs: number): void {
    this.serviceMs = this.serviceMs === undefined ? durationMs : this.serviceMs + (durationMs - this.serviceMs) * newestWeight;
  }
}
