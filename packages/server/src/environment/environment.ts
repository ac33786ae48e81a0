import type { Clock, EnvironmentId, InitializationType, InitPhase, Limits, Logger, PhaseStatus, Random, Timer } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { Booted, Box } from './box.ts';
import { Crew } from './crew.ts';
import { failedOutcome, sandboxFailure, timedOut, type Failure } from './failures.ts';
import { Life } from './life.ts';
import type { EnvironmentLog } from './log.ts';
import { Memory } from './memory.ts';
import type { Environment, Invocation, LogTail, Phase, Running, StopReason, Usage } from './port.ts';
import { report, runtimeDone, runtimeVersion, tracing } from './records.ts';
import { Run } from './run.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { VariableSources } from './variables.ts';

/** A box for one version, its code bound, its limits set. */
export interface Claim {
  readonly box: Box;
  readonly booted: Booted | undefined;
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
  readonly #abort = new AbortController();
  readonly #initialisedAs: (result: 'idle' | 'failed' | 'gone') => void;
  readonly #hasGone: () => void;
  readonly #begun: Promise<void>;
  #box: Box | undefined;
  #crew: Crew | undefined;
  #memory: Memory | undefined;
  #credentials: VariableSources['credentials'] | undefined;
  #run: Run | undefined;
  #init: Init | undefined;
  /** Of the first initialisation, until an invocation has reported it. */
  #initMs: number | undefined;
  /** A crew is being killed; the next one waits for it. */
  #clearing: Promise<void> | undefined;
  #frozen: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: LiveEnvironmentOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#log = options.log;
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

  invoke(invocation: Invocation, options?: { readonly onLog?: LogTail }): Running {
    this.#life.on('take');
    const run = new Run(invocation, this.#clock.monotonic());
    this.#run = run;
    this.#log.tail = options?.onLog;
    // The wall clock may have jumped since the deadline was made; it gives nobody more than the function's time.
    const leftMs = Math.min(Math.max(0, invocation.deadlineMs - this.#clock.now()), this.version.timeoutMs);
    run.deadline = this.#clock.after(leftMs, () => this.#timeOut(run));
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
      if (credentials.status === 'rejected') throw credentials.reason;
      this.#credentials = credentials.value;
      this.#memory = new Memory(claim.value.box.sandbox, this.#clock);
      if (this.#life.phase === 'starting') this.#startCrew('init', claim.value.booted);
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
    else if (this.#clearing === undefined) this.#startCrew('invoke', undefined);
    else {
      void this.#clearing.then(() => {
        if (this.#run === run && !run.ending) this.#startCrew('invoke', undefined);
      });
    }
  }

  #startCrew(phase: InitPhase, booted: Booted | undefined): void {
    const { version, initializationType, limits, clock, random, logger, telemetry, logStream } = this.#options;
    const box = this.#box;
    const credentials = this.#credentials;
    if (box === undefined || credentials === undefined) throw new Error('An environment without a box cannot start anything.');
    const init: Init = { phase, startedAtMs: this.#clock.monotonic(), timer: undefined, runtimeDone: false };
    this.#init = init;
    // Inside an invocation the function's own time-out is the limit. @source spec 3.1-02
    if (phase === 'init') {
      const limitMs = initializationType === 'on-demand' ? limits.initMs : Math.max(longInitMs, version.timeoutMs);
      init.timer = this.#clock.after(limitMs, () => this.#failed(crew, { ...timedOut(limitMs), reason: 'Init timed out' }));
    }
    telemetry.begin(box.sandbox);
    this.#log.platform({
      type: 'platform.initStart',
      record: {
        initializationType,
        phase,
        functionName: version.functionName,
        functionVersion: version.version,
        ...runtimeVersion(box.runtime, version.region),
      },
    });
    const { runtimeApiAddress, endpointUrl, taskRoot, optRoot } = box.sandbox;
    const crew: Crew = new Crew({
      box,
      booted,
      sources: { version, runtime: box.runtime, credentials, initializationType, logStream, runtimeApiAddress, endpointUrl, taskRoot, optRoot },
      log: this.#log,
      logger,
      limits,
      clock,
      random,
      extraHandler: (extensions) => telemetry.handler(extensions),
      events: {
        runtimeInitialised: () => this.#initRuntimeDone(init, 'success', undefined),
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

  #ready(init: Init): void {
    init.timer?.[Symbol.dispose]();
    this.#init = undefined;
    const durationMs = this.#clock.monotonic() - init.startedAtMs;
    // What was written during the initialisation comes before its report.
    setImmediate(() => {
      const { initializationType } = this.#options;
      this.#log.platform({
        type: 'platform.initReport',
        record: { initializationType, phase: init.phase, status: 'success', metrics: { durationMs } },
      });
      this.#options.telemetry.settled();
      const run = this.#run;
      if (init.phase === 'init' && this.#life.phase === 'starting') {
        this.#initMs = durationMs;
        this.#life.on('ready');
        this.#initialisedAs('idle');
      } else if (run !== undefined && !run.ending && !run.started && this.#crew?.ready === true) this.#dispatch(this.#crew, run);
    });
  }

  #dispatch(crew: Crew, run: Run): void {
    this.#start(run);
    crew.dispatch(run.invocation);
  }

  #start(run: Run): void {
    run.started = true;
    const { requestId } = run.invocation;
    this.#log.platform({
      type: 'platform.start',
      record: { requestId, version: this.version.version, ...tracing(this.version, run.invocation) },
    });
  }

  #runtimeDone(crew: Crew, requestId: string): void {
    const run = this.#run;
    if (run === undefined || run.invocation.requestId !== requestId || this.#crew !== crew) return;
    run.runtimeDoneAtMs = this.#clock.monotonic();
    // What the function wrote before this call is in the pipe; a turn later it is in the log.
    setImmediate(() => {
      if (this.#run !== run || run.ending) return;
      crew.flush();
      this.#log.settle();
      this.#logRuntimeDone(run);
      this.#maybeFinish(crew);
    });
  }

  #maybeFinish(crew: Crew): void {
    const run = this.#run;
    if (run === undefined || run.ending || !run.doneLogged || this.#crew !== crew || !crew.extensions.idle) return;
    run.ending = true;
    run.allDoneAtMs = this.#clock.monotonic();
    const usage = this.#report(run);
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
    void Promise.resolve(this.#lastReport(run, failure)).then((usage) => this.#free(run, usage));
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
      run.deadline?.[Symbol.dispose]();
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
      this.#initFailed(failure);
      if (run !== undefined && this.#run === run && !run.ending) usage = await this.#lastReport(run, failure);
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

  #initFailed(failure: Failure): void {
    const init = this.#init;
    if (init === undefined) return;
    this.#init = undefined;
    init.timer?.[Symbol.dispose]();
    const errorType = failure.status === 'timeout' ? undefined : (failure.reportedAs ?? failure.errorType);
    this.#initRuntimeDone(init, failure.status, errorType);
    const { initializationType } = this.#options;
    this.#log.platform({
      type: 'platform.initReport',
      record: {
        initializationType,
        phase: init.phase,
        status: failure.status,
        ...(errorType === undefined ? {} : { errorType }),
        metrics: { durationMs: this.#clock.monotonic() - init.startedAtMs },
      },
    });
  }

  #initRuntimeDone(init: Init, status: PhaseStatus, errorType: string | undefined): void {
    if (init.runtimeDone) return;
    init.runtimeDone = true;
    const { initializationType } = this.#options;
    this.#log.platform({
      type: 'platform.initRuntimeDone',
      record: { initializationType, phase: init.phase, status, ...(errorType === undefined ? {} : { errorType }) },
    });
  }

  /** The log of a run whose crew is dead. */
  #lastReport(run: Run, failure: Failure): Usage | Promise<Usage> {
    run.ending = true;
    if (!run.started) this.#start(run);
    this.#explain(run, failure);
    this.#log.settle();
    run.runtimeDoneAtMs ??= this.#clock.monotonic();
    this.#logRuntimeDone(run);
    return this.#report(run);
  }

  #logRuntimeDone(run: Run): void {
    if (run.doneLogged) return;
    run.doneLogged = true;
    this.#log.platform(runtimeDone(this.version, run));
  }

  /** Lines that only the text log has. @source spec 5.1-08 */
  #explain(run: Run, failure: Failure): void {
    const { requestId } = run.invocation;
    if (failure.status === 'timeout') {
      this.#log.platformText(`${new Date(this.#clock.now()).toISOString()} ${requestId} ${failure.reason}`);
    } else if (failure.body === undefined) {
      this.#log.platformText(`RequestId: ${requestId} Error: ${failure.reason}\n${failure.errorType}`);
    }
  }

  /** END and REPORT; at once where no counter has to be read. */
  #report(run: Run): Usage | Promise<Usage> {
    const peak = this.#memory?.peakMiB(run.status !== 'success') ?? 0;
    return typeof peak === 'number' ? this.#reported(run, peak) : peak.then((mib) => this.#reported(run, mib));
  }

  #reported(run: Run, maxMemoryUsedMiB: number): Usage {
    run.deadline?.[Symbol.dispose]();
    const { initializationType } = this.#options;
    const initMs = initializationType === 'on-demand' ? this.#initMs : undefined;
    this.#initMs = undefined;
    const doneAtMs = run.runtimeDoneAtMs ?? this.#clock.monotonic();
    const extensions = (this.#crew?.extensions.all.length ?? 0) > 0;
    // Our own bookkeeping between the last call and this line is not the function's time.
    const endMs = extensions ? (run.allDoneAtMs ?? doneAtMs) : doneAtMs;
    const usage: Usage = {
      durationMs: endMs - run.startedAtMs,
      ...(initMs === undefined ? {} : { initMs }),
      ...(extensions ? { postRuntimeExtensionsMs: endMs - doneAtMs } : {}),
      maxMemoryUsedMiB,
      status: run.status,
      ...(run.errorType === undefined ? {} : { errorType: run.errorType }),
    };
    this.#log.platform(report(this.version, run, usage));
    this.#log.tail = undefined;
    return usage;
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
    this.#options.logger.warn('An execution environment broke.', { environmentId: this.id, functionArn: this.version.functionArn, error });
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
    this.#init?.timer?.[Symbol.dispose]();
    const crew = this.#crew;
    this.#crew = undefined;
    try {
      await this.#shutDown(crew, reason);
    } finally {
      if (run !== undefined && this.#run === run && !run.ending) this.#free(run, await this.#lastReport(run, stopped));
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
    await this.#box?.[Symbol.asyncDispose]();
  }
}

interface Init {
  readonly phase: InitPhase;
  readonly startedAtMs: number;
  timer: Timer | undefined;
  runtimeDone: boolean;
}

