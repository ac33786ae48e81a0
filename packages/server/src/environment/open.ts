import { availableParallelism } from 'node:os';
import {
  newEnvironmentId,
  rateLimited,
  type Clock,
  type InitializationType,
  type Limits,
  type Logger,
  type Random,
} from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { Mount, SandboxDriver, SandboxSpec } from '../sandbox/index.ts';
import { BootError, Box, type Booted, type BootOptions } from './box.ts';
import { abandon, type CacheUse, type CompileCaches } from './compile-cache/caches.ts';
import { LiveEnvironment, type Claim } from './environment.ts';
import { defaultTmpMiB, functionLimits, initLimits, pooledLimits } from './limits.ts';
import { EnvironmentLog } from './log.ts';
import { lastWords } from './output.ts';
import { BoxPool, type PooledBox } from './pool.ts';
import type { Environment, EnvironmentFactory, EnvironmentPorts } from './port.ts';
import type { ResolvedRuntime, Runtimes } from './runtimes/port.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { logStreamName, neededAtStart } from './variables.ts';

export interface EnvironmentsOptions {
  readonly sandboxes: SandboxDriver;
  readonly runtimes: Runtimes;
  readonly ports: EnvironmentPorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Limits;
  /** What V8 compiled for each version; nothing is kept when absent. */
  readonly compileCaches?: CompileCaches;
  /** Boxes kept ready for each runtime that was asked for; 0 makes every box on demand. */
  readonly poolSize?: number;
  /** Runtimes with boxes ready at once. */
  readonly pooledRuntimes?: number;
}

/** Room in a frame for what the limits do not count: a piece of a stream is at most this long. */
const frameSlackBytes = 65_536;
/** Lets the event that an environment was made for go first. */
const restockMs = 30;

export function openEnvironments(options: EnvironmentsOptions): EnvironmentFactory {
  return new Environments(options);
}

class Environments implements EnvironmentFactory {
  readonly #options: EnvironmentsOptions;
  readonly #pool: BoxPool;
  readonly #resolved = new Map<string, Promise<ResolvedRuntime>>();
  readonly #alive = new Set<LiveEnvironment>();

  constructor(given: EnvironmentsOptions) {
    const options = { ...given, log: rateLimited(given.log, given.clock) };
    this.#options = options;
    this.#pool = new BoxPool({
      size: options.poolSize ?? 1,
      keys: options.pooledRuntimes ?? 4,
      boots: availableParallelism(),
      log: options.log,
    });
  }

  create(version: FunctionVersion, options?: { readonly initializationType?: InitializationType }): Environment {
    const { clock, random, log, limits, ports } = this.#options;
    const id = newEnvironmentId(random);
    const logStream = logStreamName(version, id, clock.now());
    const { account, region, logging } = version;
    const { logFormat, systemLogLevel, logGroup } = logging;
    const environmentLog = new EnvironmentLog({
      sink: ports.logs,
      stream: { account, region, logGroup, logStream },
      platformLines: ports.platformLines,
      style: { logFormat, ...(systemLogLevel === undefined ? {} : { systemLogLevel }) },
      clock,
    });
    const environment = new LiveEnvironment({
      id,
      version,
      logStream,
      initializationType: options?.initializationType ?? 'on-demand',
      log: environmentLog,
      telemetry: new Telemetry({ log: environmentLog, clock, logFormat }),
      logger: log,
      limits,
      clock,
      random,
      claim: (signal) => this.#claim(version, signal),
      credentials: () => ports.credentials(version),
    });
    this.#alive.add(environment);
    void environment.gone.then(() => this.#alive.delete(environment));
    // Boots compete for the cores, so the place on the shelf is filled when this one has had its turn.
    if (this.#fits(version))
      void environment.initialised.then(() => clock.after(restockMs, () => void this.#stock(version.runtime ?? '')).unref());
    return environment;
  }

  prepare(runtime: string): void {
    void this.#stock(runtime);
  }

  pooled(): ReadonlyMap<string, number> {
    return this.#pool.counts();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.#pool[Symbol.asyncDispose](),
      ...[...this.#alive].map((environment) => environment.stop('SPINDOWN')),
    ]);
  }

  /** A pooled box where one fits, a new one otherwise; with code and limits of this version. */
  async #claim(version: FunctionVersion, signal: AbortSignal): Promise<Claim> {
    const runtime = version.packageType === 'Image' ? image : await this.#resolve(version.runtime ?? '');
    signal.throwIfAborted();
    const pooled = this.#fits(version) ? this.#pool.take(runtime.identifier) : undefined;
    const own = functionLimits(version, this.#options.limits);
    const limits = initLimits(version, this.#options.limits);
    const box = pooled?.box ?? (await this.#open(runtime, version, limits, signal));
    const { sandbox } = box;
    let cache = this.#cache(runtime, version);
    try {
      // The interpreter starts first: code, disk and network arrive while it does. Extensions come before it.
      const first = bootable(runtime) && this.#fits(version) && version.layersDir === undefined;
      const booting = pooled === undefined && first ? this.#boot(box) : pooled?.booted;
      const work: Promise<unknown>[] = version.packageType === 'Image' ? [] : [sandbox.bind('/var/task', version.codeDir)];
      if (version.layersDir !== undefined) work.push(sandbox.bind('/opt', version.layersDir));
      if (pooled !== undefined) work.push(sandbox.limit(limits));
      if (cache?.kind === 'use') {
        // It may be gone by now; then the code is compiled once more.
        const bound = sandbox.bind('/run/mayfly/cache', cache.folder).catch(() => (cache = undefined));
        work.push(bound);
      }
      work.push(sandbox.furnished());
      const [booted] = await Promise.all([booting, ...work]);
      signal.throwIfAborted();
      return { box, booted, cache, settle: () => (own.cpuCores < limits.cpuCores ? sandbox.limit(own) : Promise.resolve()) };
    } catch (error) {
      abandon(cache);
      await box[Symbol.asyncDispose]();
      throw error;
    }
  }

  #cache(runtime: ResolvedRuntime, version: FunctionVersion): CacheUse | undefined {
    if (runtime.compileCache !== true) return undefined;
    return this.#options.compileCaches?.find(version, runtime.interpreterVersion ?? '');
  }

  /** Whether a box that was made without knowing this version will do. */
  #fits(version: FunctionVersion): boolean {
    return (
      version.packageType === 'Zip' &&
      version.network === 'egress' &&
      this.#options.ports.networkOf?.(version) === undefined &&
      version.ephemeralStorageMiB === defaultTmpMiB &&
      version.fileSystems === undefined &&
      !Object.keys(version.environment).some(neededAtStart)
    );
  }

  async #stock(identifier: string): Promise<void> {
    const runtime = await this.#resolve(identifier).catch(() => undefined);
    if (runtime !== undefined) this.#pool.want(runtime.identifier, (signal) => this.#ready(runtime, signal));
  }

  #resolve(identifier: string): Promise<ResolvedRuntime> {
    const known = this.#resolved.get(identifier);
    if (known !== undefined) return known;
    const resolving = this.#options.runtimes.resolve(identifier);
    this.#resolved.set(identifier, resolving);
    // What is missing today may be there tomorrow.
    resolving.catch(() => this.#resolved.delete(identifier));
    return resolving;
  }

  async #ready(runtime: ResolvedRuntime, signal: AbortSignal): Promise<PooledBox> {
    const box = await this.#open(runtime, undefined, pooledLimits(this.#options.limits), signal);
    try {
      const [booted] = await Promise.all([
        bootable(runtime) ? this.#boot(box, { background: true }) : undefined,
        box.sandbox.furnished(),
      ]);
      return { box, booted };
    } catch (error) {
      await box[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #boot(box: Box, options?: BootOptions): Promise<Booted> {
    try {
      return await box.boot(options);
    } catch (error) {
      if (!(error instanceof BootError)) throw error;
      const said = await lastWords(error.process, this.#options.clock);
      throw new Error(`The bootstrap of ${box.runtime.identifier} did not connect. It said: ${said}`, { cause: error });
    }
  }

  #open(
    runtime: ResolvedRuntime,
    version: FunctionVersion | undefined,
    limits: SandboxSpec['limits'],
    signal: AbortSignal,
  ): Promise<Box> {
    const { sandboxes, random, clock, ports } = this.#options;
    return Box.open({
      driver: sandboxes,
      runtime,
      spec: {
        id: newEnvironmentId(random),
        mounts: [...runtime.mounts, ...fileSystems(version, ports)],
        ...rooted(version?.packageType === 'Image' ? version.codeDir : runtime.rootfs),
        limits,
        // As on Lambda, what a function writes to /tmp is not its memory. @source spec 3.7-03
        tmp: 'disk',
        network: version === undefined ? 'egress' : (ports.networkOf?.(version) ?? version.network),
      },
      maxBodyBytes: this.#options.limits.syncResponseBytes + frameSlackBytes,
      clock,
      signal,
      serveEndpoint: (connection) => ports.serveEndpoint(connection),
    });
  }
}

/** @throws Error for one that has no folder; the hall refuses before it comes to this */
const fileSystems = (version: FunctionVersion | undefined, ports: EnvironmentPorts): Mount[] =>
  (version?.fileSystems ?? []).map(({ arn, localMountPath }) => {
    const source = ports.fileSystem?.(arn);
    if (source === undefined) throw new Error(`No folder is known for ${arn}`);
    return { source, target: localMountPath, writable: true };
  });

const rooted = (rootfs: string | undefined): { readonly rootfs?: string } => (rootfs === undefined ? {} : { rootfs });

/** Whether its interpreter can be started without knowing its function. */
const bootable = ({ channel, command, startsWith }: ResolvedRuntime): boolean =>
  channel === 'frames' && command !== undefined && startsWith === undefined;

/** An image brings everything itself and speaks the Runtime API. @source spec 4.2-11 */
const image: ResolvedRuntime = {
  identifier: 'image',
  family: 'image',
  mounts: [],
  bootEnv: {},
  channel: 'http',
  functionEnv: () => ({}),
};
