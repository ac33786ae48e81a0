import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Limits, Logger, Random } from '../base/index.ts';
import type { ProcessExit, SandboxProcess } from '../sandbox/index.ts';
import { applicationFilter } from './application-level.ts';
import { BootError, type Booted, type Box } from './box.ts';
import { abandon, type CacheUse } from './compile-cache/caches.ts';
import { entrypoint, externalExtensions } from './code-folder.ts';
import { extensionsApi, isExtensionPath } from './extensions/api.ts';
import { Extensions } from './extensions/extensions.ts';
import { invalidEntrypoint, runtimeExit, type Failure } from './failures.ts';
import { imageCommand } from './image-folder.ts';
import { Lines } from './lines.ts';
import { LogFrames } from './log-frames.ts';
import type { EnvironmentLog } from './log.ts';
import { oneTurn, Output } from './output.ts';
import type { Invocation, Outcome, StopReason } from './port.ts';
import { Session } from './session.ts';
import { Attempts } from './transport/attempts.ts';
import { FramedRuntime } from './transport/framed-runtime.ts';
import type { Link } from './transport/link.ts';
import { runtimeApi, type InsideHandler } from './transport/runtime-api.ts';
import { extensionVariables, functionVariables, neededAtStart, type VariableSources } from './variables.ts';

export interface CrewEvents {
  runtimeInitialised(): void;
  /** Runtime and extensions have all asked for their first event. */
  ready(): void;
  answered(requestId: string, outcome: Outcome): void;
  /** The runtime has asked for its next event. */
  runtimeDone(requestId: string): void;
  /** The extensions have, too. */
  idle(): void;
  /** Once, whatever the cause. Nothing it says counts any more; `end` is to follow. */
  failed(failure: Failure): void;
  /** Our own fault: the box is of no more use. */
  broken(error: unknown): void;
}

export interface CrewOptions {
  readonly box: Box;
  /** A pooled interpreter that has already started; otherwise one is started. */
  readonly booted: Booted | undefined;
  readonly cache?: CacheUse | undefined;
  readonly sources: VariableSources;
  readonly events: CrewEvents;
  readonly log: EnvironmentLog;
  readonly logger: Logger;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  /** Calls that are not the Runtime API's or the Extensions API's. */
  extraHandler(extensions: Extensions): (path: string) => InsideHandler | undefined;
}

/** A runtime gets SIGTERM only when there is an extension, and this long to end by itself. @source spec 3.1-09, 3.1-11 */
const terminateMs = 300;
/** A process that closed its channel is about to exit; its exit says more than the closed channel. */
const exitFollowsMs = 2000;

/** A runtime and its extensions, from their start in a box to their common end. */
export class Crew {
  readonly session: Session;
  readonly extensions: Extensions;
  readonly #options: CrewOptions;
  readonly #attempts = new Attempts();
  readonly #outputs: Output[] = [];
  readonly #passes: ReturnType<typeof applicationFilter>;
  #runtime: SandboxProcess | undefined;
  #runtimeOutput: Output | undefined;
  #link: Link | undefined;
  #state: 'starting' | 'ready' | 'ended' = 'starting';
  #ended: Promise<void> | undefined;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#passes = applicationFilter(options.sources.version.logging);
    const { events, limits, clock, random } = options;
    this.session = new Session(
      {
        initialised: () => {
          events.runtimeInitialised();
          abandon(options.cache);
          this.extensions.initialised();
          this.#maybeReady();
        },
        initFailed: (errorType, body) => this.#fail({ errorType, status: 'error', reason: '', body }),
        answered: (requestId, outcome) => events.answered(requestId, outcome),
        done: (requestId) => events.runtimeDone(requestId),
      },
      {
        responseBytes: limits.syncResponseBytes,
        streamedBytes: limits.streamedResponseBytes,
        pace: { burstBytes: limits.streamedBurstBytes, bytesPerSecond: limits.streamedBytesPerSecond },
        waiting: 64,
      },
      clock,
    );
    this.extensions = new Extensions({
      random,
      clock,
      events: {
        registered: () => void this.#startRuntime(),
        idle: () => (this.#state === 'starting' ? this.#maybeReady() : events.idle()),
        failed: (failure) => this.#fail(failure),
        report: (extension, state) =>
          options.log.platform({
            type: 'platform.extension',
            record: {
              name: extension.name,
              state,
              events: [...extension.events],
              ...(extension.errorType === undefined ? {} : { errorType: extension.errorType }),
            },
          }),
      },
    });
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Starts the extensions, and after their registration the runtime. Never rejects: `failed` or `broken` tells. */
  async start(): Promise<void> {
    const { box, sources } = this.#options;
    box.handler = this.#handler();
    box.direct = { session: this.session, attempts: this.#attempts };
    try {
      const names = await externalExtensions(sources.version);
      if (this.#state === 'ended') return;
      if (names.length === 0) return await this.#startRuntime();
      const env = extensionVariables(sources);
      await this.extensions.launch(names, async (name) => {
        const process = await box.start({ command: [`${sources.optRoot}/extensions/${name}`], env, cwd: sources.taskRoot });
        this.#read(process, 'extension');
        return process;
      });
    } catch (error) {
      this.#break(error);
    }
  }

  dispatch(invocation: Invocation): void {
    this.extensions.invoke(invocation);
    this.session.dispatch(invocation);
  }

  /** Lines that were begun and not ended belong to what ends now. */
  flush(): void {
    for (const output of this.#outputs) output.flush();
  }

  /**
   * The runtime is killed and heard out; extensions, if there are any, live on until `end`. The crew is
   * marked dead first, so that nothing it sent before counts.
   */
  async silence(failure: Failure): Promise<void> {
    this.#finish(failure);
    if (this.extensions.graceMs === 0) return this.end(failure);
    await this.#runtime?.signal('SIGKILL');
    await this.#runtimeOutput?.finish(this.#options.clock);
  }

  /** The polite end: SIGTERM for a runtime that still runs, SHUTDOWN for the extensions, within the grace they have. */
  async shutdown(reason: StopReason, failure: Failure): Promise<void> {
    const { clock } = this.#options;
    const { graceMs } = this.extensions;
    if (graceMs === 0) return;
    const endsAtMs = clock.monotonic() + graceMs;
    const alive = this.#state !== 'ended';
    // Its call for the next event is what the runtime waits in; it must not take the closed channel for the end.
    this.session.end(failure);
    this.#state = 'ended';
    if (alive) await this.#within(terminateMs, this.#terminate());
    const leftMs = endsAtMs - clock.monotonic();
    await this.#within(leftMs, this.extensions.shutdown(reason, leftMs));
  }

  /** Everything inside is killed and heard out. */
  end(failure: Failure): Promise<void> {
    this.#ended ??= this.#end(failure);
    return this.#ended;
  }

  async #end(failure: Failure): Promise<void> {
    this.#finish(failure);
    this.extensions.end();
    await this.#options.box.clear();
    await Promise.all(this.#outputs.map((output) => output.finish(this.#options.clock)));
  }

  async #terminate(): Promise<void> {
    const runtime = this.#runtime;
    if (runtime === undefined) return;
    await runtime.signal('SIGTERM');
    await runtime.exited;
  }

  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<void>();
    using _timer = this.#options.clock.after(Math.max(0, ms), late.resolve);
    await Promise.race([work.catch(() => {}), late.promise]);
  }

  async #startRuntime(): Promise<void> {
    const { box, booted, sources } = this.#options;
    try {
      if (box.runtime.channel === 'frames') return await this.#startFramed(booted);
      if (sources.version.packageType === 'Image') return await this.#startImage();
      const command =
        box.runtime.commandFor?.(sources.version) ?? box.runtime.command ?? (await entrypoint(sources.version, sources));
      if (this.#state === 'ended') return;
      if ('candidates' in command) return this.#fail(invalidEntrypoint(command.candidates));
      const wrapper = box.runtime.command === undefined ? undefined : execWrapper(sources);
      this.#watch(
        await box.start({
          command: wrapper === undefined ? command : [wrapper, ...command],
          env: { ...box.runtime.bootEnv, ...functionVariables(sources) },
          cwd: sources.taskRoot,
          framedLog: true,
        }),
      );
    } catch (error) {
      this.#break(error);
    }
  }

  async #startImage(): Promise<void> {
    const { box, sources } = this.#options;
    const env = functionVariables(sources);
    const found = await imageCommand(sources.version, env);
    if (this.#state === 'ended') return;
    if ('reason' in found) return this.#fail(found);
    this.#watch(await box.start({ ...found, env, framedLog: true }));
  }

  async #startFramed(booted: Booted | undefined): Promise<void> {
    const { box, sources, log, logger, cache } = this.#options;
    const env = functionVariables(sources);
    const { startsWith, commandFor } = box.runtime;
    const late = startsWith === 'function' || Object.keys(sources.version.environment).some(neededAtStart);
    if (booted !== undefined) this.#watch(booted.process);
    // A wrapper may start another program than ours, which then speaks HTTP and never says hello.
    const onStarted = (process: SandboxProcess): void => (this.#state === 'ended' ? undefined : this.#watch(process));
    let ready = booted;
    try {
      ready ??= await box.boot({
        onStarted,
        ...(late ? { early: env, wrapper: execWrapper(sources), command: commandFor?.(sources.version) } : {}),
      });
    } catch (error) {
      if (!(error instanceof BootError)) throw error;
      return;
    }
    if (this.#state === 'ended') return;
    const { process, link } = ready;
    this.#link = link;
    void new FramedRuntime({
      link,
      session: this.session,
      onLog: (body, atMs) => void (log.takes(body.length) && log.line('function', body.toString('utf8'), atMs)),
      log: logger,
    });
    if (cache?.kind === 'make') cache.commission.listen(link);
    if (cache?.kind === 'try') cache.trial.listen(link);
    link.onClosed = () => this.#linkClosed(process);
    const { logging, handler = '' } = sources.version;
    link.send('I', {
      env,
      ...(late ? { keepEnv: true } : {}),
      cwd: sources.taskRoot,
      handler,
      logFormat: logging.logFormat,
      ...told(cache, box),
      ...(logging.applicationLogLevel === undefined ? {} : { logLevel: logging.applicationLogLevel }),
    });
  }

  #watch(process: SandboxProcess): void {
    this.#runtime = process;
    this.#runtimeOutput = this.#read(process, 'function');
    void process.exited.then((exit) => {
      // Its number may be another's from now on: nobody signals it any more.
      this.#runtime = undefined;
      return this.#exited(exit);
    });
  }

  #read(process: SandboxProcess, origin: 'function' | 'extension'): Output {
    const { log } = this.#options;
    const takes = (bytes: number): boolean => log.takes(bytes);
    const lines = new Lines((line) => {
      if (origin === 'extension' || this.#passes(line)) log.line(origin, line);
    });
    const output = new Output(process.output, lines, takes);
    this.#outputs.push(output);
    if (process.framedLog !== undefined) {
      const frames = new LogFrames((text, atMs, level) => {
        if (this.#passes(text, level)) log.line(origin, text, atMs);
      }, takes);
      this.#outputs.push(new Output(process.framedLog, frames));
    }
    return output;
  }

  /** What it sent last is still on its way to us, and may be the better explanation. */
  async #exited(exit: ProcessExit): Promise<void> {
    if (this.#link !== undefined && !this.#link.closed) {
      const closed = Promise.withResolvers<void>();
      this.#link.onClosed = closed.resolve;
      await this.#within(exitFollowsMs, closed.promise);
    }
    await oneTurn();
    await oneTurn();
    if (this.#state === 'ended') return;
    const { box } = this.#options;
    let outOfMemory = false;
    if (exit.signal === 'SIGKILL') {
      // The kernel's own counter; who was killed for memory looks the same otherwise. @source spec 2.4-11
      const oomKills = await box.sandbox.stats().then(
        (stats) => stats.oomKills,
        () => box.oomKills,
      );
      outOfMemory = oomKills > box.oomKills;
      box.oomKills = oomKills;
    }
    this.#fail(runtimeExit(exit, { outOfMemory }));
  }

  #linkClosed(process: SandboxProcess): void {
    void this.#within(exitFollowsMs, process.exited).then(() => this.#runtime?.signal('SIGKILL').catch(() => {}));
  }

  #maybeReady(): void {
    if (this.#state !== 'starting' || this.session.state !== 'serving' || !this.extensions.idle) return;
    this.#state = 'ready';
    this.#options.events.ready();
  }

  #fail(failure: Failure): void {
    if (this.#state === 'ended') return;
    this.#finish(failure);
    this.#options.events.failed(failure);
  }

  #break(error: unknown): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#options.events.broken(error);
  }

  #finish(failure: Failure): void {
    this.#state = 'ended';
    this.session.end(failure);
    abandon(this.#options.cache);
    if (this.#link !== undefined) this.#link[Symbol.dispose]();
    this.#link = undefined;
  }

  #handler(): InsideHandler {
    const { limits, sources, extraHandler } = this.#options;
    const runtime = runtimeApi(this.session, { responseBytes: limits.syncResponseBytes }, this.#attempts);
    const extensions = extensionsApi(this.extensions, sources.version);
    const extra = extraHandler(this.extensions);
    return (request: IncomingMessage, response: ServerResponse, path: string) => {
      if (isExtensionPath(path)) return extensions(request, response, path);
      return (extra(path) ?? runtime)(request, response, path);
    };
  }
}

function told(cache: CacheUse | undefined, box: Box): { readonly compileCache?: object } {
  switch (cache?.kind) {
    case 'use':
      return { compileCache: { use: box.sandbox.cacheRoot } };
    case 'make':
      return { compileCache: { make: cache.commission.maxBytes } };
    case 'try':
    case undefined:
      return {};
  }
}

/** @source spec 3.6-23 */
const execWrapper = ({ version }: VariableSources): string | undefined => version.environment['AWS_LAMBDA_EXEC_WRAPPER'];
