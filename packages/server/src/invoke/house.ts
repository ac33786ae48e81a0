import { ServiceFault } from '@mayfly/wire';
import type { Clock, Logger, Timer } from '../base/index.ts';
import type { CatalogChange, FunctionVersion } from '../control/index.ts';
import type { EnvironmentFactory, StopReason } from '../environment/index.ts';
import { throttled } from './admission.ts';
import type { KeepAlive } from './keep-alive.ts';
import type { Cores, Starter } from './kept.ts';
import type { Habit, Patience } from './patience/patience.ts';
import { Returns } from './patience/returns.ts';
import { place, type HouseView, type PoolView } from './placement.ts';
import { Pool, type Box } from './pool.ts';

/** After this many boots in a row that left nothing behind, the request at the head of the line is told. */
const bootTries = 2;

/**
 * All environments of this machine: asks placement what to do, does it, and keeps what is idle for as
 * long as there is reason to.
 *
 * `take` and `giveBack` are the warm path; with an idle environment neither waits, allocates a timer or
 * looks at anything but its own pool.
 */
export class House implements AsyncDisposable {
  readonly #factory: EnvironmentFactory;
  readonly #keepAlive: KeepAlive;
  readonly #patience: Patience;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #pools = new Map<string, Pool>();
  readonly #poolOf = new WeakMap<FunctionVersion, Pool>();
  /** Longest idle first: a Set keeps insertion order. */
  readonly #idle = new Set<Box>();
  #idleMemoryMiB = 0;
  #boots = 0;
  #alive = 0;
  /** Pools whose line had to wait for a place to boot; served in turn. */
  readonly #hungry = new Set<Pool>();
  /** Functions whose next call is expected. */
  readonly #returns: Returns<Expected>;
  /** Who wants provisioned environments started. */
  readonly #starters = new Set<Starter>();
  #look: { readonly timer: Timer; readonly atMs: number } | undefined;
  #tidy: { readonly timer: Timer; readonly atMs: number } | undefined;
  readonly #stops = new Set<Promise<void>>();
  #closed = false;

  constructor(options: {
    readonly factory: EnvironmentFactory;
    readonly keepAlive: KeepAlive;
    readonly patience: Patience;
    readonly clock: Clock;
    readonly log: Logger;
  }) {
    this.#factory = options.factory;
    this.#keepAlive = options.keepAlive;
    this.#patience = options.patience;
    this.#returns = new Returns(options.clock, (expected) => this.#startAhead(expected));
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /**
   * An environment of this version, now busy: at once when one is idle.
   *
   * @throws ServiceFault TooManyRequestsException when the line is full
   * @throws ServiceFault ServiceException (as a rejection) when none could be started
   */
  take(version: FunctionVersion, tenantId?: string): Box | Promise<Box> {
    const pool = this.#pool(version, tenantId);
    if (pool.atRest) pool.habit?.called(this.#clock.monotonic());
    for (let box = pool.idle.pop(); box !== undefined; box = pool.idle.pop()) {
      this.#leaveIdle(box);
      const { phase } = box.environment;
      if (phase !== 'gone' && phase !== 'stopping') return this.#occupy(box);
      box.state = 'leaving';
    }
    const waitingLimit = this.#keepAlive.waiting;
    if (pool.waiting >= waitingLimit) throw throttled('ConcurrentInvocationLimitExceeded', 1);
    const { promise, resolve, reject } = Promise.withResolvers<Box>();
    pool.queue({ sinceMs: this.#clock.monotonic(), resolve, reject });
    this.#serve(pool);
    return promise;
  }

  /** Its caller is answered; it will be back in a moment, if no extension holds it. */
  answered(box: Box): void {
    if (box.state !== 'busy' || box.answered || box.kept !== undefined) return;
    box.answered = true;
    box.pool.answered += 1;
  }

  /** Takes an environment back after its invocation; whoever waits gets it, otherwise it is kept. */
  giveBack(box: Box): void {
    if (box.kept !== undefined) return box.kept.giveBack(box);
    const { pool } = box;
    const nowMs = this.#clock.monotonic();
    this.#unoccupy(box, nowMs);
    pool.observeService(nowMs - box.takenAtMs);
    if (box.state !== 'busy') return;
    const { phase } = box.environment;
    if (phase === 'gone' || phase === 'stopping') box.state = 'leaving';
    else if (nowMs - box.createdAtMs >= this.#keepAlive.lifetimeMs) this.#stop(box, 'SPINDOWN');
    else this.#offer(box);
    if (pool.waiting > 0) this.#serve(pool);
    else if (pool.empty) this.#forget(pool);
  }

  /** Takes back an environment that could not be used after all; it is never handed out again. */
  discard(box: Box): void {
    if (box.kept !== undefined) return box.kept.discard(box);
    if (box.state !== 'busy') return;
    this.#unoccupy(box, this.#clock.monotonic());
    this.#stop(box, 'FAILURE');
    if (box.pool.waiting > 0) this.#serve(box.pool);
  }

  /** Drops the incarnations that may no longer be invoked; who already waits for one is still served. */
  onChange(change: CatalogChange): void {
    this.#returns.cancel(
      ({ version }) => version.functionArn === change.functionArn && !change.incarnations.has(version.incarnation),
    );
    for (const pool of this.#pools.values()) {
      if (pool.version.functionArn !== change.functionArn) continue;
      pool.retired = !change.incarnations.has(pool.version.incarnation);
      if (!pool.retired) continue;
      for (const box of pool.idle.slice()) this.#stop(box, 'SPINDOWN');
      if (pool.empty) this.#forget(pool);
    }
  }

  /** For those who keep provisioned environments: they boot and live within the same bounds. */
  readonly cores: Cores = {
    ask: (starter) => {
      if (this.#closed) return;
      this.#starters.add(starter);
      this.#serveStarters();
    },
    began: () => {
      this.#boots += 1;
      this.#alive += 1;
    },
    booted: () => {
      this.#boots -= 1;
      if (!this.#closed) this.#serveHungry();
    },
    gone: () => {
      this.#alive -= 1;
      if (!this.#closed) this.#serveHungry();
    },
  };

  counts(): { readonly idle: number; readonly busy: number; readonly booting: number; readonly waiting: number } {
    let busy = 0;
    let waiting = 0;
    for (const pool of this.#pools.values()) {
      busy += pool.busy;
      waiting += pool.waiting;
    }
    return { idle: this.#idle.size, busy, booting: this.#boots, waiting };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#look?.timer[Symbol.dispose]();
    this.#tidy?.timer[Symbol.dispose]();
    this.#returns[Symbol.dispose]();
    for (const pool of this.#pools.values()) {
      for (let waiter = pool.nextWaiter(); waiter !== undefined; waiter = pool.nextWaiter()) waiter.reject(stopping());
      for (const box of pool.boxes) this.#stop(box, 'SPINDOWN');
    }
    await Promise.all(this.#stops);
  }

  #occupy(box: Box): Box {
    box.state = 'busy';
    box.frozen = false;
    box.ahead = false;
    box.takenAtMs = this.#clock.monotonic();
    box.pool.busy += 1;
    return box;
  }

  #unoccupy(box: Box, nowMs: number): void {
    const { pool } = box;
    pool.busy -= 1;
    if (box.answered) pool.answered -= 1;
    box.answered = false;
    if (pool.atRest) pool.habit?.rested(nowMs);
  }

  /**
   * Does what placement says until nobody waits or there is nothing to do but wait.
   *
   * @param mayStart  environments that may be started now; the rest of the line keeps its turn
   * @returns how many were started
   */
  #serve(pool: Pool, mayStart = Infinity): number {
    let started = 0;
    while (pool.waiting > 0) {
      const placement = place(this.#view(pool), this.#houseView());
      if (placement.kind === 'warm') {
        const box = pool.idle.pop();
        if (box === undefined) break;
        this.#leaveIdle(box);
        this.#offer(box);
      } else if (placement.kind === 'start' && started < mayStart) {
        if (placement.evict) this.#evict();
        this.#boot(pool);
        started += 1;
      } else {
        const patienceMs = placement.kind === 'wait' ? placement.atMostMs : undefined;
        if (pool.waiting > pool.booting) this.#hungry.add(pool);
        if (patienceMs !== undefined) this.#lookAgain(patienceMs);
        return started;
      }
    }
    this.#hungry.delete(pool);
    return started;
  }

  /**
   * Something changed for everybody: a place to boot or to live became free, or patience ended. One
   * start for each pool in turn, so that a long line never stands before a short one.
   */
  #serveHungry(): void {
    for (let progress = true; progress;) {
      progress = false;
      for (const pool of Array.from(this.#hungry)) {
        if (this.#boots >= this.#keepAlive.boots) return;
        this.#hungry.delete(pool);
        if (this.#serve(pool, 1) > 0) progress = true;
      }
    }
    this.#serveStarters();
  }

  /** Callers who wait come first; then what is to be ready for others. */
  #serveStarters(): void {
    for (const starter of this.#starters) {
      if (this.#boots >= this.#keepAlive.boots) return;
      if (this.#alive >= this.#keepAlive.environments) {
        if (this.#idle.size === 0) return;
        this.#evict();
      }
      this.#starters.delete(starter);
      // Added again it stands at the end, and this same loop comes back to it.
      if (starter.startOne()) this.#starters.add(starter);
    }
  }

  #boot(pool: Pool, ahead = false): void {
    const nowMs = this.#clock.monotonic();
    const box: Box = {
      environment: this.#factory.create(pool.version),
      pool,
      state: 'booting',
      createdAtMs: nowMs,
      takenAtMs: nowMs,
      idleSinceMs: nowMs,
      frozen: false,
      ahead,
      answered: false,
    };
    pool.boxes.add(box);
    pool.lineSinceMs = nowMs;
    pool.booting += 1;
    this.#boots += 1;
    this.#alive += 1;
    void box.environment.initialised.then((result) => this.#booted(box, result));
    void box.environment.gone.then(() => this.#gone(box));
  }

  #booted(box: Box, result: 'idle' | 'failed' | 'gone'): void {
    const { pool } = box;
    pool.booting -= 1;
    this.#boots -= 1;
    if (result === 'gone' || box.state === 'leaving') {
      if (!this.#closed && box.state !== 'leaving') this.#bootFailed(pool);
      box.state = 'leaving';
    } else {
      pool.observeBoot(this.#clock.monotonic() - box.createdAtMs);
      if (result === 'failed' && box.ahead === true && pool.waiting === 0) this.#stop(box, 'FAILURE');
      else this.#offer(box);
    }
    if (this.#closed) return;
    if (pool.waiting > pool.booting) this.#hungry.add(pool);
    this.#serveHungry();
  }

  #bootFailed(pool: Pool): void {
    pool.failedBoots += 1;
    this.#log.warn('An environment ended before it was ready.', { functionArn: pool.version.functionArn });
    if (pool.failedBoots < bootTries) return;
    pool.failedBoots = 0;
    pool
      .nextWaiter()
      ?.reject(new ServiceFault('ServiceException', 'The execution environment could not be started.', { status: 500 }));
  }

  /** Hands a free environment to the head of the line, or keeps it. */
  #offer(box: Box): void {
    const { pool } = box;
    const waiter = pool.nextWaiter();
    if (waiter !== undefined) return waiter.resolve(this.#occupy(box));
    if (pool.retired || this.#closed) return this.#stop(box, 'SPINDOWN');
    box.state = 'idle';
    box.idleSinceMs = this.#clock.monotonic();
    pool.idle.push(box);
    this.#idle.add(box);
    this.#idleMemoryMiB += pool.version.memoryMiB;
    while (this.#idleMemoryMiB > this.#keepAlive.idleMemoryMiB && this.#idle.size > 0) this.#evict();
    if (this.#idle.size > 0) this.#tidyWithin(this.#keepAlive.freezeAfterMs);
  }

  #leaveIdle(box: Box): void {
    if (this.#idle.delete(box)) this.#idleMemoryMiB -= box.pool.version.memoryMiB;
  }

  #evict(): void {
    const oldest = this.#idle.values().next().value;
    if (oldest !== undefined) this.#stop(oldest, 'SPINDOWN');
  }

  #stop(box: Box, reason: StopReason): void {
    if (box.state === 'idle') {
      this.#leaveIdle(box);
      const at = box.pool.idle.indexOf(box);
      if (at >= 0) box.pool.idle.splice(at, 1);
    }
    box.state = 'leaving';
    const stopped = box.environment.stop(reason).catch((error: unknown) => {
      this.#log.error('An environment could not be stopped.', { environmentId: box.environment.id, error });
    });
    this.#stops.add(stopped);
    void stopped.then(() => this.#stops.delete(stopped));
  }

  /** The environment has gone, by our order or by itself; only now is its memory free. */
  #gone(box: Box): void {
    if (!box.pool.boxes.delete(box)) return;
    this.#alive -= 1;
    if (box.state === 'idle') {
      this.#leaveIdle(box);
      const at = box.pool.idle.indexOf(box);
      if (at >= 0) box.pool.idle.splice(at, 1);
      box.state = 'leaving';
    }
    if (this.#closed) return;
    if (box.pool.empty) this.#forget(box.pool);
    this.#serveHungry();
  }

  #forget(pool: Pool): void {
    pool.forgotten = true;
    this.#hungry.delete(pool);
    this.#pools.delete(poolKey(pool.version, pool.tenantId));
  }

  /** One timer for all lines whose patience ends. */
  #lookAgain(patienceMs: number): void {
    // What rounding leaves of a patience is less than the clock can tell apart: looking again at once would see the same.
    const withinMs = Math.max(1, patienceMs);
    const atMs = this.#clock.monotonic() + withinMs;
    if (this.#look !== undefined && this.#look.atMs <= atMs) return;
    this.#look?.timer[Symbol.dispose]();
    const timer = this.#clock.after(withinMs, () => {
      this.#look = undefined;
      this.#serveHungry();
    });
    this.#look = { timer, atMs };
  }

  /** One timer for everything idle: freezing, growing old, scaling to zero. */
  #tidyWithin(withinMs: number): void {
    const atMs = this.#clock.monotonic() + withinMs;
    if (this.#tidy !== undefined && this.#tidy.atMs <= atMs) return;
    this.#tidy?.timer[Symbol.dispose]();
    const timer = this.#clock.after(withinMs, () => {
      this.#tidy = undefined;
      this.#tidyUp();
    });
    timer.unref();
    this.#tidy = { timer, atMs };
  }

  #tidyUp(): void {
    const nowMs = this.#clock.monotonic();
    const { lifetimeMs, freezeAfterMs } = this.#keepAlive;
    let nextMs = Infinity;
    for (const box of this.#idle) {
      const leftMs = Math.min(this.#goesAtMs(box), box.createdAtMs + lifetimeMs) - nowMs;
      if (leftMs <= 0) {
        this.#expect(box);
        this.#stop(box, 'SPINDOWN');
        continue;
      }
      nextMs = Math.min(nextMs, leftMs);
      if (box.frozen) continue;
      const untilFreezeMs = box.idleSinceMs + freezeAfterMs - nowMs;
      if (untilFreezeMs > 0) {
        nextMs = Math.min(nextMs, untilFreezeMs);
        continue;
      }
      box.frozen = true;
      box.environment.freeze().catch((error: unknown) => {
        this.#log.warn('An environment could not be frozen.', { environmentId: box.environment.id, error });
      });
    }
    if (nextMs < Infinity) this.#tidyWithin(nextMs);
  }

  /** The last environment of a function goes by its habit, any other after the fixed time. */
  #goesAtMs({ pool, ahead, idleSinceMs, environment }: Box): number {
    const restedAtMs = pool.idle.at(-1)?.environment === environment ? pool.habit?.restedAtMs : undefined;
    if (pool.habit === undefined || restedAtMs === undefined) return idleSinceMs + this.#keepAlive.idleMs;
    const stay = pool.habit.stay();
    return restedAtMs + (ahead === true ? (stay.ahead?.untilMs ?? stay.keepMs) : stay.keepMs);
  }

  /** A function whose last environment goes may be known to come back at a certain time. */
  #expect({ pool, ahead: cameAhead }: Box): void {
    const { version, tenantId, habit } = pool;
    const ahead = habit?.stay().ahead;
    const restedAtMs = habit?.restedAtMs;
    if (pool.boxes.size > 1 || cameAhead === true || ahead === undefined || restedAtMs === undefined) return;
    this.#returns.plan(poolKey(version, tenantId), restedAtMs + ahead.fromMs, { version, tenantId, restedAtMs });
  }

  /** Only where there is room: what is expected never takes the place of what is there. */
  #startAhead({ version, tenantId, restedAtMs }: Expected): void {
    const { idleMemoryMiB, environments } = this.#keepAlive;
    if (this.#alive >= environments || this.#idleMemoryMiB + version.memoryMiB > idleMemoryMiB) return;
    this.cores.ask({
      startOne: () => {
        const pool = this.#pool(version, tenantId);
        const wanted = pool.habit?.restedAtMs === restedAtMs && pool.boxes.size === 0;
        if (wanted) this.#boot(pool, true);
        else if (pool.empty) this.#forget(pool);
        return false;
      },
    });
  }

  #pool(version: FunctionVersion, tenantId: string | undefined): Pool {
    if (tenantId !== undefined) return this.#tenantPool(version, tenantId);
    const known = this.#poolOf.get(version);
    if (known !== undefined && !known.forgotten) return known;
    const key = poolKey(version);
    let pool = this.#pools.get(key);
    if (pool === undefined) this.#pools.set(key, (pool = new Pool(version, { habit: this.#habit(version) })));
    this.#poolOf.set(version, pool);
    return pool;
  }

  #tenantPool(version: FunctionVersion, tenantId: string): Pool {
    const key = poolKey(version, tenantId);
    let pool = this.#pools.get(key);
    if (pool === undefined) this.#pools.set(key, (pool = new Pool(version, { tenantId, habit: this.#habit(version, tenantId) })));
    return pool;
  }

  #habit({ functionArn, version }: FunctionVersion, tenantId = ''): Habit {
    return this.#patience.habit(`${functionArn}:${version}:${tenantId}`);
  }

  #view(pool: Pool): PoolView {
    const head = pool.firstWaiter;
    const nowMs = this.#clock.monotonic();
    return {
      idle: pool.idle.length,
      busy: pool.busy,
      answered: pool.answered,
      booting: pool.booting,
      waiting: pool.waiting,
      headWaitedMs: head === undefined ? 0 : nowMs - head.sinceMs,
      lineAgeMs: head === undefined ? 0 : nowMs - pool.lineSinceMs,
      serviceMs: pool.serviceMs,
      bootMs: pool.bootMs,
    };
  }

  #houseView(): HouseView {
    return {
      boots: this.#boots,
      bootLimit: this.#keepAlive.boots,
      environments: this.#alive,
      environmentLimit: this.#keepAlive.environments,
      evictable: this.#idle.size,
      waitingLimit: this.#keepAlive.waiting,
    };
  }
}

/** A function that is to have an environment before its next call. */
interface Expected {
  readonly version: FunctionVersion;
  readonly tenantId: string | undefined;
  /** It has not been called since. */
  readonly restedAtMs: number;
}

export const stopping = (): ServiceFault =>
  new ServiceFault('ServiceException', 'The server is stopping; try again.', { status: 503 });

const poolKey = (version: FunctionVersion, tenantId?: string): string =>
  `${version.functionArn}:${version.version}:${version.incarnation}${tenantId === undefined ? '' : `:${tenantId}`}`;
