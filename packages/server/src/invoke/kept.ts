import type { Clock, Logger, Timer } from '../base/index.ts';
import type { FunctionVersion, ProvisionedProgress } from '../control/index.ts';
import type { EnvironmentFactory } from '../environment/index.ts';
import type { Leaving } from './admission.ts';
import type { KeepAlive } from './keep-alive.ts';
import { Pool, type Box } from './pool.ts';
import { backoffMs } from './queue/retry.ts';

/** Somebody who wants environments started when the house has a place to boot. */
export interface Starter {
  /** Starts one. @returns false when none is wanted (any more) */
  startOne(): boolean;
}

/** What the house tells and grants those whose environments it does not keep itself. */
export interface Cores {
  /** The starter is asked as soon as there is a place to boot. */
  ask(starter: Starter): void;
  began(): void;
  booted(): void;
  gone(): void;
}

/** Before the first allocation is complete: this many boots in a row that fail, and the allocation has failed. */
const bootTries = 2;
/** Steps of an allocation are told no more often. */
const tellEveryMs = 500;

type Report = (progress: ProvisionedProgress) => void;

/**
 * The provisioned environments of one version: initialised ahead, never evicted, replaced when they die
 * or grow old. None is used before all are there. @source spec 1.10-08
 */
export class Kept implements Starter {
  readonly version: FunctionVersion;
  /** Places that admission has given out. */
  taken = 0;
  readonly leaving: Leaving = { places: 0, waiters: new Set() };
  readonly #factory: EnvironmentFactory;
  readonly #keepAlive: KeepAlive;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #cores: Cores;
  readonly #pool: Pool;
  readonly #stops = new Set<Promise<void>>();
  #count = 0;
  #report: Report = () => {};
  /** Idle or busy. */
  readonly #ready = new Set<Box>();
  #booting = 0;
  /** One more than asked for, to take the place of one that has grown old. */
  #renewing = 0;
  /** All that were asked for at some time were there: they are used, and stay so while more are added. */
  #usable = false;
  /** All that are asked for now were there once. */
  #complete = false;
  #failures = 0;
  #failed: string | undefined;
  #told: { readonly progress: ProvisionedProgress; readonly atMs: number } | undefined;
  #timer: { readonly timer: Timer; readonly atMs: number } | undefined;
  #retry: Timer | undefined;

  constructor(
    version: FunctionVersion,
    options: {
      readonly factory: EnvironmentFactory;
      readonly keepAlive: KeepAlive;
      readonly clock: Clock;
      readonly log: Logger;
      readonly cores: Cores;
    },
  ) {
    this.version = version;
    this.#factory = options.factory;
    this.#keepAlive = options.keepAlive;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#cores = options.cores;
    this.#pool = new Pool(version);
  }

  /** Environments that may be used; a place for each. */
  get places(): number {
    return this.#usable ? Math.min(this.#ready.size, this.#count) : 0;
  }
  get idle(): number {
    return this.#pool.idle.length;
  }
  get busy(): number {
    return this.#pool.busy;
  }

  /** Brings them to this many, at least one. */
  resize(count: number, report: Report): void {
    this.#count = count;
    this.#report = report;
    this.#told = undefined;
    this.#failures = 0;
    this.#failed = undefined;
    this.#complete = this.#ready.size >= count;
    this.#usable ||= this.#complete;
    this.#trim();
    this.#tell();
    this.#cores.ask(this);
  }

  /** An idle one, now busy. */
  take(): Box | undefined {
    for (let box = this.#pool.idle.pop(); box !== undefined; box = this.#pool.idle.pop()) {
      const { phase } = box.environment;
      if (phase === 'gone' || phase === 'stopping') continue;
      box.state = 'busy';
      box.frozen = false;
      box.takenAtMs = this.#clock.monotonic();
      this.#pool.busy += 1;
      return box;
    }
    return undefined;
  }

  giveBack(box: Box): void {
    this.#pool.busy -= 1;
    if (box.state !== 'busy') return;
    const { phase } = box.environment;
    if (phase === 'gone' || phase === 'stopping') this.#drop(box);
    else this.#offer(box);
  }

  discard(box: Box): void {
    if (box.state !== 'busy') return;
    this.#pool.busy -= 1;
    this.#stop(box, 'FAILURE');
    this.#refill();
  }

  startOne(): boolean {
    if (this.#failed !== undefined || this.#retry !== undefined) return false;
    if (this.#ready.size + this.#booting >= this.#count + this.#renewing) return false;
    const nowMs = this.#clock.monotonic();
    const box: Box = {
      environment: this.#factory.create(this.version, { initializationType: 'provisioned-concurrency' }),
      pool: this.#pool,
      kept: this,
      state: 'booting',
      createdAtMs: nowMs,
      takenAtMs: nowMs,
      idleSinceMs: nowMs,
      frozen: false,
      answered: false,
    };
    this.#pool.boxes.add(box);
    this.#booting += 1;
    this.#cores.began();
    void box.environment.initialised.then((result) => this.#booted(box, result));
    void box.environment.gone.then(() => this.#gone(box));
    return true;
  }

  get empty(): boolean {
    return this.#pool.boxes.size === 0;
  }

  /** Nobody wants them any more: all go, the busy ones when they are done. */
  letGo(): void {
    this.#end();
    for (const box of this.#pool.boxes) if (box.state !== 'busy') this.#stop(box, 'SPINDOWN');
  }

  /** All go at once; resolves when they have. */
  async close(): Promise<void> {
    this.#end();
    for (const box of this.#pool.boxes) this.#stop(box, 'SPINDOWN');
    await Promise.all(this.#stops);
  }

  #end(): void {
    this.#count = 0;
    this.#renewing = 0;
    this.#failed = 'ended';
    this.#timer?.timer[Symbol.dispose]();
    this.#retry?.[Symbol.dispose]();
  }

  #booted(box: Box, result: 'idle' | 'failed' | 'gone'): void {
    this.#booting -= 1;
    this.#renewing = 0;
    if (box.state === 'booting') {
      if (result === 'idle') {
        this.#failures = 0;
        this.#ready.add(box);
        if (this.#ready.size >= this.#count) this.#usable = this.#complete = true;
        this.#offer(box);
      } else this.#bootFailed(box, result);
      this.#tell();
    } else {
      // It was stopped while it booted, and counted as one to come until now.
      this.#refill();
    }
    this.#cores.booted();
  }

  #bootFailed(box: Box, result: 'failed' | 'gone'): void {
    this.#stop(box, 'FAILURE');
    this.#failures += 1;
    this.#log.warn('A provisioned environment could not be initialised.', { functionArn: this.version.functionArn, result });
    if (this.#complete) {
      // What was allocated once is tried for again; the others serve meanwhile.
      this.#retry ??= this.#clock.after(backoffMs(this.#failures), () => {
        this.#retry = undefined;
        this.#cores.ask(this);
      });
      this.#retry.unref();
    } else if (this.#failures >= bootTries) {
      // @source spec 1.10-07
      this.#failed = result === 'failed' ? 'FUNCTION_ERROR_INIT_FAILURE' : 'The execution environments could not be started.';
      // Those that serve already go on.
      for (const other of this.#pool.boxes) if (!this.#usable || other.state === 'booting') this.#stop(other, 'SPINDOWN');
    } else this.#cores.ask(this);
  }

  #offer(box: Box): void {
    const nowMs = this.#clock.monotonic();
    box.state = 'idle';
    box.idleSinceMs = nowMs;
    this.#pool.idle.push(box);
    this.#trim();
    this.#tidyWithin(this.#keepAlive.freezeAfterMs);
  }

  /** More than are wanted: the oldest idle ones go. */
  #trim(): void {
    while (this.#ready.size > this.#count + this.#renewing && this.#pool.idle.length > 0) {
      const oldest = this.#pool.idle.reduce((left, right) => (right.createdAtMs < left.createdAtMs ? right : left));
      this.#stop(oldest, 'SPINDOWN');
    }
  }

  #stop(box: Box, reason: 'SPINDOWN' | 'FAILURE'): void {
    this.#drop(box);
    const stopped = box.environment.stop(reason).catch((error: unknown) => {
      this.#log.error('An environment could not be stopped.', { environmentId: box.environment.id, error });
    });
    this.#stops.add(stopped);
    void stopped.then(() => this.#stops.delete(stopped));
  }

  #drop(box: Box): void {
    const at = this.#pool.idle.indexOf(box);
    if (at >= 0) this.#pool.idle.splice(at, 1);
    this.#ready.delete(box);
    box.state = 'leaving';
  }

  #gone(box: Box): void {
    if (!this.#pool.boxes.delete(box)) return;
    if (box.state !== 'booting') this.#drop(box);
    this.#refill();
    this.#cores.gone();
  }

  #refill(): void {
    this.#tell();
    if (this.#failed !== undefined) return;
    if (this.#ready.size + this.#booting < this.#count) this.#cores.ask(this);
  }

  #tell(): void {
    if (this.#count === 0) return;
    const allocated = Math.min(this.#ready.size, this.#count);
    const status = this.#failed !== undefined ? 'FAILED' : allocated === this.#count ? 'READY' : 'IN_PROGRESS';
    const nowMs = this.#clock.monotonic();
    const told = this.#told;
    if (told?.progress.status === status && (told.progress.allocated === allocated || nowMs - told.atMs < tellEveryMs)) return;
    const progress: ProvisionedProgress = {
      allocated,
      available: this.#usable ? allocated : 0,
      status,
      ...(this.#failed === undefined ? {} : { statusReason: this.#failed }),
    };
    this.#told = { progress, atMs: nowMs };
    this.#report(progress);
  }

  #tidyWithin(withinMs: number): void {
    const atMs = this.#clock.monotonic() + withinMs;
    if (this.#count === 0 || (this.#timer !== undefined && this.#timer.atMs <= atMs)) return;
    this.#timer?.timer[Symbol.dispose]();
    const timer = this.#clock.after(withinMs, () => {
      this.#timer = undefined;
      this.#tidy();
    });
    timer.unref();
    this.#timer = { timer, atMs };
  }

  /** Freezes what is idle for long enough, and has the oldest replaced before it is too old: credentials end. */
  #tidy(): void {
    const nowMs = this.#clock.monotonic();
    const { freezeAfterMs, lifetimeMs } = this.#keepAlive;
    let nextMs = Infinity;
    for (const box of this.#pool.idle) {
      if (box.frozen) continue;
      const leftMs = box.idleSinceMs + freezeAfterMs - nowMs;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else {
        box.frozen = true;
        box.environment.freeze().catch((error: unknown) => {
          this.#log.warn('An environment could not be frozen.', { environmentId: box.environment.id, error });
        });
      }
    }
    for (const box of this.#ready) {
      const leftMs = box.createdAtMs + lifetimeMs - nowMs;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else if (this.#booting === 0 && this.#ready.size === this.#count) {
        this.#renewing = 1;
        this.#cores.ask(this);
        nextMs = Math.min(nextMs, tellEveryMs);
      } else nextMs = Math.min(nextMs, tellEveryMs);
    }
    if (nextMs < Infinity) this.#tidyWithin(nextMs);
  }
}
