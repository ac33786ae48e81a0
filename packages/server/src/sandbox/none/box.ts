import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import type { Clock } from '../../base/index.ts';
import type { LateTarget, ProcessSpec, ResourceLimits, Sandbox, SandboxProcess, SandboxSpec, SandboxStats } from '../port.ts';
import { PathMap } from './paths.ts';
import { groupAlive, signalGroup, signalOne, usageOf } from './processes.ts';
import type { Starter } from './starter.ts';

/** A folder, three listeners and some processes of our own user: no wall at all. */
export class PlainBox implements Sandbox {
  readonly id: string;
  readonly runtimeApi: Server = createServer();
  readonly endpoint: Server = createServer();
  readonly channel: Server = createServer();
  readonly channelPath: string;
  readonly taskRoot: string;
  readonly optRoot: string;
  readonly cacheRoot: string;
  readonly #folder: string;
  readonly #starter: Starter;
  readonly #clock: Clock;
  readonly #paths: PathMap;
  readonly #onDisposed: () => void;
  /** Leaders of process groups. */
  readonly #groups = new Set<number>();
  readonly #pending = new Set<Promise<unknown>>();
  #count = 0;
  #endedCpuMs = 0;
  #disposed: Promise<void> | undefined;

  constructor(
    spec: SandboxSpec,
    options: { readonly folder: string; readonly starter: Starter; readonly clock: Clock; readonly onDisposed: () => void },
  ) {
    this.id = spec.id;
    this.#folder = options.folder;
    this.#starter = options.starter;
    this.#clock = options.clock;
    this.#onDisposed = options.onDisposed;
    this.channelPath = path.join(this.#folder, 'c');
    this.taskRoot = path.join(this.#folder, 'task');
    this.optRoot = path.join(this.#folder, 'opt');
    this.cacheRoot = path.join(this.#folder, 'cache');
    this.#paths = new PathMap([
      ...spec.mounts,
      { source: this.taskRoot, target: '/var/task' },
      { source: this.optRoot, target: '/opt' },
    ]);
  }

  async open(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.channel.listen(this.channelPath);
    for (const server of [this.runtimeApi, this.endpoint]) server.listen(0, '127.0.0.1');
    await Promise.all([this.channel, this.runtimeApi, this.endpoint].map((server) => once(server, 'listening')));
  }

  get runtimeApiAddress(): string {
    return `127.0.0.1:${(this.runtimeApi.address() as AddressInfo).port}`;
  }

  get endpointUrl(): string {
    return `http://127.0.0.1:${(this.endpoint.address() as AddressInfo).port}`;
  }

  async bind(target: LateTarget, source: string): Promise<void> {
    const place = { '/var/task': this.taskRoot, '/opt': this.optRoot, '/run/mayfly/cache': this.cacheRoot }[target];
    rmSync(place, { force: true });
    symlinkSync(source, place);
  }

  limit(_limits: ResourceLimits): Promise<void> {
    // Nothing bounds a plain process; `probe` says so.
    return Promise.resolve();
  }

  furnished(): Promise<void> {
    return Promise.resolve();
  }

  async start(process: ProcessSpec): Promise<SandboxProcess> {
    if (this.#disposed !== undefined) throw new Error(`Sandbox ${this.id} is disposed`);
    this.#count += 1;
    const starting = this.#starter.start({
      command: process.command.map((word) => this.#paths.path(word)),
      env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, this.#paths.list(value)])),
      cwd: this.#paths.path(process.cwd),
      output: path.join(this.#folder, `o${this.#count}`),
      folder: this.#folder,
    });
    this.#pending.add(starting);
    try {
      const { pid, output, exited } = await starting;
      this.#groups.add(pid);
      void exited.then(() => {
        if (!groupAlive(pid)) this.#groups.delete(pid);
      });
      return { output, exited, signal: async (name) => (name === 'SIGTERM' ? signalOne(pid, name) : signalGroup(pid, name)) };
    } finally {
      this.#pending.delete(starting);
    }
  }

  async freeze(): Promise<void> {
    for (const group of this.#groups) signalGroup(group, 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    for (const group of this.#groups) signalGroup(group, 'SIGCONT');
  }

  async stats(): Promise<SandboxStats> {
    const usage = [...this.#groups].map((leader) => usageOf(leader));
    return {
      maxMemoryMiB: Math.ceil(usage.reduce((sum, { peakKiB }) => sum + peakKiB, 0) / 1024),
      cpuMs: usage.reduce((sum, { cpuMs }) => sum + cpuMs, this.#endedCpuMs),
      oomKills: 0,
    };
  }

  async killAll(): Promise<void> {
    this.#endedCpuMs = (await this.stats()).cpuMs;
    for (let round = 0; this.#groups.size > 0; round += 1) {
      for (const group of this.#groups) {
        signalGroup(group, 'SIGKILL');
        if (!groupAlive(group)) this.#groups.delete(group);
      }
      if (this.#groups.size > 0) await this.#clock.sleep(Math.min(1 + round, 20));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    await Promise.allSettled(this.#pending);
    await this.killAll();
    for (const server of [this.runtimeApi, this.endpoint, this.channel]) server.close();
    rmSync(this.#folder, { recursive: true, force: true });
    this.#onDisposed();
  }
}
