import type { Clock, EnvironmentId, InitializationType, InitPhase, Limits, Logger, Random } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { Booted, Box } from './box.ts';
import { abandon, type CacheUse } from './compile-cache/caches.ts';
import { Crew } from './crew.ts';
import { Deadline } from './deadline.ts';
import { failedOutcome, sandboxFailure, timedOut, type Failure } from './failures.ts';
import { Initialisation } from './initialisation.ts';
import { Life } from './life.ts';
import type { EnvironmentLog } from './log.ts';
import { Memory } from './memory.ts';
import type { Environment, Invocation, LogTail, Phase, Running, StopReason, Usage } from './port.ts';
import { Reports } from './reports.ts';
import { Run } from './run.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { VariableSources } from './variables.ts';

/** A box for one version, its code bound, its limits set. */
export interface Claim {
  readonly box: Box;
  readonly booted: Booted | undefined;
  /** Of V8, for runtimes that know it. */
  readonly cache?: CacheUse | undefined;
  /** The initialisation is over: from now on the function's own share of the processor holds. */
  settle(): Promise<void>;
}

export interface LiveEnvironmentOptions {
  readonly id: EnvironmentId;
  readonly version: FunctionVersion;
  readonly logStream: string;
  readonly initializationType: InitializationType;
  readonly log: EnvironmentLog;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  /** Finds a box. @throws Error when there is none to be had */
  claim(signal: AbortSignal): Promise<Claim>;
  credentials(): Promise<VariableSources['credentials']>;
}

/** @source spec 3.1-03 */
const longInitMs = 130_000;
const stopped = sandboxFailure('The execution environment was stopped');

/**
 * One execution environment: a box, and in it one crew after another. A crew that fails is killed, and
 * the next invocation starts a new one in the same box (`/tmp` stays). The states and the order of log
 * events are in NOTES.md.
 */
export class LiveEnvironment implements Environment {
  readonly id: EnvironmentId;
  readonly version: FunctionVersion;
  readonly logStream: string;
  readonly initialised: Promise<'idle' | 'failed' | 'gone'>;
  readonly gone: Promise<void>;
  readonly #options: LiveEnvironmentOptions;
  readonly #clock: Clock;
  readonly #log: EnvironmentLog;
  readonly #life = new Life();
  readonly #reports: Reports;
  readonly #abort = new AbortController();
  readonly #deadline: Deadline;
  readonly #initialisedAs: (result: 'idle' | 'failed' | 'gone') => void;
  readonly #hasGone: () => void;
  readonly #begun: Promise<void>;
  #box: Box | undefined;
  #settle: Claim['settle'] | undefined;
  #crew: Crew | undefined;
  #credentials: VariableSources['credentials'] | undefined;
  #run: Run | undefined;
  #init: Initialisation | undefined;
  /** A crew is being killed; the next one waits for it. */
  #clearing: Promise<void> | undefined;
  #frozen: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: LiveEnvironmentOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#deadline = new Deadline(options.clock);
    this.#log = options.log;
    this.#reports = new Reports(options);
    this.id = options.id;
    this.version = options.version;
    this.logStream = options.logStream;
    const initialised = Promise.withResolvers<'idle' | 'failed' | 'gone'>();
    this.initialised = initialised.promise;
    this.#initialisedAs = initialised.resolve;
    const gone = Promise.withResolvers<void>();
    this.gone = gone.promise;
    this.#hasGone = gone.resolve;
    this.#begun = this.#begin();
  }

  get phase(): Phase {
    return this.#life.phase;
  }

  invoke(invocation: Invocation, onLog?: LogTail): Running {
    this.#life.on('take');
    const run = new Run(invocation, this.#clock.monotonic());
    this.#run = run;
    this.#log.tail = onLog;
    // The wall clock may have jumped since the deadline was made; it gives nobody more than the function's time.
    const leftMs = Math.min(Math.max(0, invocation.deadlineMs - this.#clock.now()), this.version.timeoutMs);
    this.#deadline.set(run, leftMs, () => this.#timeOut(run));
    run.deadline = this.#deadline;
    if (this.#frozen === undefined) this.#go(run);
    else void this.#thaw(this.#frozen, run);
    return run;
  }

  freeze(): Promise<void> {
    if (this.#life.phase !== 'idle' || this.#crew === undefined || this.#box === undefined) return Promise.resolve();
    this.#frozen ??= this.#freeze(this.#box);
    return this.#frozen;
  }

  stop(reason: StopReason): Promise<void> {
    this.#stopped ??= this.#stop(reason);
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SPINDOWN');
  }

  async #begin(): Promise<void> {
    const { signal } = this.#abort;
    try {
      const claiming = this.#options.claim(signal);
      // Whoever waits for the credentials must not lose the box that came meanwhile.
      const [claim, credentials] = await Promise.allSettled([claiming, this.#options.credentials()]);
      if (claim.status === 'fulfilled') this.#box = claim.value.box;
      if (claim.status === 'rejected') throw claim.reason;
      if (credentials.status === 'rejected') {
        abandon(claim.value.cache);
        throw credentials.reason;
      }
      this.#credentials = credentials.value;
      this.#settle = claim.value.settle;
      this.#reports.memory = new Memory(claim.value.box.sandbox, this.#clock);
      if (this.#life.phase === 'starting') this.#startCrew('init', claim.value);
      else abandon(claim.value.cache);
    } catch (error) {
      if (!signal.aborted) this.#broken(error);
    }
  }

  async #freeze(box: Box): Promise<void> {
    // A subscriber that stands still takes no records.
    await this.#options.telemetry.flush();
    if (this.#run === undefined) await box.sandbox.freeze();
  }

  async #thaw(freezing: Promise<void>, run: Run): Promise<void> {
    try {
      await freezing;
      await this.#box?.sandbox.thaw();
      this.#frozen = undefined;
    } catch (error) {
      return this.#broken(error);
    }
    if (this.#run === run && !run.ending) this.#go(run);
  }

  #go(run: Run): void {
    if (this.#crew?.ready === true) this.#dispatch(this.#crew, run);
    else if (this.#clearing === undefined) this.#startCrew('invoke');
    else {
      void this.#clearing.then(() => {
        if (this.#run === run && !run.ending) this.#startCrew('invoke');
      });
    }
  }

  #startCrew(phase: InitPhase, claim?: Claim): void {
    const { version, initializationType, limits, clock, random, logger, telemetry, logStream } = this.#options;
    const box = this.#box;
    const credentials = this.#credentials;
    if (box === undefined || credentials === undefined) throw new Error('An environment without a box cannot start anything.');
    telemetry.begin(box.sandbox);
    const init = new Initialisation({ phase, initializationType, version, runtime: box.runtime, log: this.#log, clock });
    this.#init = init;
    // Inside an invocation the function's own time-out is the limit. @source spec 3.1-02
    if (phase === 'init') {
      const limitMs = initializationType === 'on-demand' ? limits.initMs : Math.max(longInitMs, version.timeoutMs);
      init.timer = clock.after(limitMs, () => this.#failed(crew, { ...timedOut(limitMs), reason: 'Init timed out' }));
    }
    const { runtimeApiAddress, endpointUrl, taskRoot, optRoot } = box.sandbox;
    const crew: Crew = new Crew({
      box,
      booted: claim?.booted,
      cache: claim?.cache,
      sources: {
        version,
        runtime: box.runtime,
        credentials,
        initializationType,
        logStream,
        runtimeApiAddress,
        endpointUrl,
        taskRoot,
        optRoot,
      },
      log: this.#log,
      logger,
      limits,
      clock,
      random,
      extraHandler: (extensions) => telemetry.handler(extensions),
      events: {
        runtimeInitialised: () => init.runtimeDone(),
        ready: () => this.#ready(init),
        answered: (requestId, outcome) => {
          if (this.#run?.invocation.requestId === requestId) this.#run.answered(outcome, this.#clock.monotonic());
        },
        runtimeDone: (requestId) => this.#runtimeDone(crew, requestId),
        idle: () => this.#maybeFinish(crew),
        failed: (failure) => this.#failed(crew, failure),
        broken: (error) => this.#broken(error),
      },
    });
    this.#crew = crew;
    void crew.start();
  }

  /** Nobody waits for it: what the first event has too much of the processor until it is done is less than a millisecond. */
  #initOver(init: Initialisation): void {
    init[Symbol.dispose]();
    if (init.phase === 'init') this.#settle?.().catch((error: unknown) => this.#broken(error));
  }

  #ready(init: Initialisation): void {
    this.#initOver(init);
    this.#init = undefined;
    const { durationMs } = init;
    // What was written during the initialisation comes before its report.
    setImmediate(() => {
      init.succeeded(durationMs);
      this.#options.telemetry.settled();
      const run = this.#run;
      if (init.phase === 'init' && this.#life.phase === 'starting') {
        if (this.#options.initializationType === 'on-demand') this.#reports.initMs = durationMs;
        this.#life.on('ready');
        this.#initialisedAs('idle');
      } else if (run !== undefined && !run.ending && !run.started && this.#crew?.ready === true) this.#dispatch(this.#crew, run);
    });
  }

  #dispatch(crew: Crew, run: Run): void {
    this.#reports.start(run);
    crew.dispatch(run.invocation);
  }

  #runtimeDone(crew: Crew, requestId: string): void {
    const run = this.#run;
    if (run === undefined || run.invocation.requestId !== requestId || this.#crew !== crew) return;
    run.runtimeDoneAtMs = this.#clock.monotonic();
    // What the function wrote before this call is in the pipe; a turn later it is in the log.
    setImmediate(() => {
      if (this.#run !== run || run.ending) return;
      crew.flush();
      this.#reports.runtimeDone(run);
      this.#maybeFinish(crew);
    });
  }

  #maybeFinish(crew: Crew): void {
    const run = this.#run;
    if (run === undefined || run.ending || !run.doneLogged || this.#crew !== crew || !crew.extensions.idle) return;
    run.ending = true;
    run.allDoneAtMs = this.#clock.monotonic();
    const usage = this.#reports.end(run, { extensions: crew.extensions.all.length > 0 });
    if (usage instanceof Promise) void usage.then((later) => this.#free(run, later));
    else this.#free(run, usage);
  }

  #timeOut(run: Run): void {
    if (this.#run !== run || run.ending) return;
    const failure = timedOut(this.version.timeoutMs);
    if (this.#crew !== undefined) return this.#failed(this.#crew, failure);
    // It never got as far as a crew: the box is still being cleared or thawed.
    run.failed(failure);
    run.answered(failedOutcome(failure, run.invocation.requestId), this.#clock.monotonic());
    void Promise.resolve(this.#reports.failed(run, failure)).then((usage) => this.#free(run, usage));
  }

  /** A crew has failed, or ran out of time: dead first, then the caller is told, then it is killed and reported. */
  #failed(crew: Crew, failure: Failure): void {
    if (this.#crew !== crew) return;
    this.#crew = undefined;
    const { phase } = this.#life;
    if (phase === 'stopping' || phase === 'gone') return;
    const run = this.#run;
    if (run !== undefined && !run.ending) {
      const nowMs = this.#clock.monotonic();
      run.deadline?.clear(run);
      run.answered(failedOutcome(failure, run.invocation.requestId), nowMs);
      run.failed(failure);
      // Killing is our time, not the function's.
      run.runtimeDoneAtMs ??= nowMs;
    }
    this.#clearing = this.#clear(crew, failure, run);
  }

  /** Heard out, reported, then ended in the way its extensions have a right to; the environment is free after that. */
  async #clear(crew: Crew, failure: Failure, run: Run | undefined): Promise<void> {
    let usage: Usage | undefined;
    try {
      await crew.silence(failure);
      if (this.#init !== undefined) this.#initOver(this.#init);
      this.#init?.failed(failure);
      this.#init = undefined;
      if (run !== undefined && this.#run === run && !run.ending) usage = await this.#reports.failed(run, failure);
      await this.#options.telemetry.flush();
      await crew.shutdown(failure.status === 'timeout' ? 'TIMEOUT' : 'FAILURE', failure);
      await crew.end(failure);
    } catch (error) {
      this.#clearing = undefined;
      this.#broken(error);
    }
    this.#clearing = undefined;
    if (run !== undefined && usage !== undefined) this.#free(run, usage);
    if (this.#life.phase !== 'starting') return;
    this.#life.on('ready');
    this.#initialisedAs('failed');
  }

  /** The environment can take the next event. */
  #free(run: Run, usage: Usage): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    if (this.#life.may('answer')) this.#life.on('answer');
    run.release(usage);
  }

  /** Our own fault; nothing can be done in this box any more. */
  #broken(error: unknown): void {
    if (this.#stopped !== undefined || this.#life.phase === 'gone') return;
    this.#options.logger.warn('An execution environment broke.', {
      environmentId: this.id,
      functionArn: this.version.functionArn,
      error,
    });
    void this.stop('FAILURE');
  }

  async #stop(reason: StopReason): Promise<void> {
    if (this.#life.may('stop')) this.#life.on('stop');
    this.#abort.abort(new Error('The environment is stopping.'));
    const run = this.#run;
    if (run !== undefined) {
      run.answered(failedOutcome(stopped, run.invocation.requestId), this.#clock.monotonic());
      run.failed(stopped);
    }
    this.#init?.[Symbol.dispose]();
    this.#deadline[Symbol.dispose]();
    const crew = this.#crew;
    this.#crew = undefined;
    try {
      await this.#shutDown(crew, reason);
    } finally {
      if (run !== undefined && this.#run === run && !run.ending) this.#free(run, await this.#reports.failed(run, stopped));
      this.#initialisedAs('gone');
      this.#options.telemetry.end();
      if (this.#life.may('exit')) this.#life.on('exit');
      this.#hasGone();
    }
  }

  async #shutDown(crew: Crew | undefined, reason: StopReason): Promise<void> {
    try {
      if (crew !== undefined) {
        // Nobody hears a SIGTERM in a frozen box.
        if (this.#frozen !== undefined && crew.extensions.graceMs > 0) {
          await this.#frozen;
          await this.#box?.sandbox.thaw();
        }
        await this.#options.telemetry.flush();
        await crew.shutdown(reason, stopped);
        await crew.end(stopped);
      }
      await this.#clearing;
    } catch (error) {
      this.#options.logger.warn('An execution environment did not end in peace.', { environmentId: this.id, error });
    }
    // A claim that is still under way is awaited: what it brings has to be closed.
    await this.#begun;
    try {
      await this.#box?.[Symbol.asyncDispose]();
    } catch (error) {
      // Swept at the next start; there is nobody here who could do more.
      this.#options.logger.error('A box could not be closed.', { environmentId: this.id, error });
    }
  }
}
