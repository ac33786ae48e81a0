import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type {
  Capabilities,
  LateTarget,
  ProcessExit,
  ProcessSpec,
  ResourceLimits,
  Sandbox,
  SandboxDriver,
  SandboxProcess,
  SandboxSpec,
  SandboxStats,
} from '../../packages/server/src/sandbox/index.ts';

/** What a scripted process may do: the same doors a real one has. */
export interface ScriptedProcess {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly box: ScriptedSandbox;
  /** Writes to the process's output pipe; resolves when it is in the pipe. */
  write(text: string): Promise<void>;
  /** Aborted when the process is killed. */
  readonly killed: AbortSignal;
  /** Resolves when SIGTERM came. */
  readonly terminated: Promise<void>;
  /** Ends the process; nothing after it runs. */
  exit(exitCode: number): never;
  /** Ends the process as a signal would. */
  die(signal: string): never;
}

/** The body of a process; when it returns the process exits with 0. */
export type Program = (process: ScriptedProcess) => Promise<void>;

class Exit {
  readonly exit: ProcessExit;
  constructor(exit: ProcessExit) {
    this.exit = exit;
  }
}

/** Boxes without walls: programs are functions of the test, sockets and pipes are real. */
export class ScriptedSandboxes implements SandboxDriver {
  readonly name = 'none';
  readonly folder = mkdtempSync(path.join(tmpdir(), 'mayfly-scripted-'));
  readonly program: (spec: ProcessSpec) => Program;
  readonly made: ScriptedSandbox[] = [];
  /** What the next box's creation waits for. */
  creating: () => Promise<unknown> = () => Promise.resolve();
  /** What the next process's start waits for. */
  starting: () => Promise<unknown> = () => Promise.resolve();

  constructor(program: (spec: ProcessSpec) => Program) {
    this.program = program;
  }

  get open(): ScriptedSandbox[] {
    return this.made.filter((box) => !box.disposed);
  }

  probe(): Promise<Capabilities> {
    return Promise.resolve({
      driver: 'none',
      available: true,
      detail: 'scripted',
      memoryLimit: false,
      cpuLimit: false,
      freezer: true,
      network: false,
      findings: [],
    });
  }

  async create(spec: SandboxSpec): Promise<ScriptedSandbox> {
    await this.creating();
    const channelPath = path.join(this.folder, `${pipes++}.sock`);
    const servers = await Promise.all([listening(0), listening(0), listening(channelPath)]);
    const box = new ScriptedSandbox(this, spec, channelPath, servers);
    this.made.push(box);
    return box;
  }

  sweep(): Promise<{ readonly processes: number; readonly cgroups: number; readonly mounts: number }> {
    return Promise.resolve({ processes: 0, cgroups: 0, mounts: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.made.map((box) => box[Symbol.asyncDispose]()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const listening = async (where: number | string): Promise<Server> => {
  const server = createServer();
  if (typeof where === 'number') server.listen(where, '127.0.0.1');
  else server.listen(where);
  await once(server, 'listening');
  return server;
};

const addressOf = (server: Server): string => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return `127.0.0.1:${address.port}`;
};

export class ScriptedSandbox implements Sandbox {
  readonly id: string;
  readonly spec: SandboxSpec;
  readonly runtimeApi: Server;
  readonly endpoint: Server;
  readonly channel: Server;
  readonly channelPath: string;
  readonly runtimeApiAddress: string;
  readonly endpointUrl: string;
  readonly taskRoot = '/var/task';
  readonly optRoot = '/opt';
  readonly cacheRoot = '/run/mayfly/cache';
  readonly house: ScriptedSandboxes;
  readonly bound = new Map<string, string>();
  /** Every process that was started, in order. */
  readonly started: ProcessSpec[] = [];
  limits: ResourceLimits;
  /** Of the processor, one after the other. */
  readonly shares: number[] = [];
  frozen = false;
  freezes = 0;
  thaws = 0;
  kills = 0;
  disposed = false;
  memory: SandboxStats = { maxMemoryMiB: 30, cpuMs: 0, oomKills: 0 };
  reads = 0;
  readonly #running = new Set<{ readonly kill: () => void; readonly exited: Promise<ProcessExit> }>();

  constructor(
    house: ScriptedSandboxes,
    spec: SandboxSpec,
    channelPath: string,
    [runtimeApi, endpoint, channel]: [Server, Server, Server],
  ) {
    this.house = house;
    this.id = spec.id;
    this.spec = spec;
    this.limits = spec.limits;
    this.shares.push(spec.limits.cpuCores);
    this.channelPath = channelPath;
    this.runtimeApi = runtimeApi;
    this.endpoint = endpoint;
    this.channel = channel;
    this.runtimeApiAddress = addressOf(runtimeApi);
    this.endpointUrl = `http://${addressOf(endpoint)}`;
  }

  furnished(): Promise<void> {
    return Promise.resolve();
  }

  bind(target: LateTarget, source: string): Promise<void> {
    this.bound.set(target, source);
    return Promise.resolve();
  }
  limit(limits: ResourceLimits): Promise<void> {
    this.limits = limits;
    this.shares.push(limits.cpuCores);
    return Promise.resolve();
  }

  async start(spec: ProcessSpec): Promise<SandboxProcess> {
    await this.house.starting();
    if (this.disposed) throw new Error('The box is gone.');
    this.started.push(spec);
    const [ours, theirs] = await pipe(path.join(this.house.folder, `out${pipes++}.sock`));
    const killed = new AbortController();
    const end = Promise.withResolvers<ProcessExit>();
    const terminated = Promise.withResolvers<void>();
    const stop = (exit: ProcessExit): void => {
      theirs.end();
      killed.abort();
      end.resolve(exit);
    };
    const process: ScriptedProcess = {
      command: spec.command,
      env: spec.env,
      box: this,
      killed: killed.signal,
      terminated: terminated.promise,
      write: (text) => new Promise((resolve) => void theirs.write(text, () => resolve())),
      exit: (exitCode) => {
        throw new Exit({ exitCode, signal: null });
      },
      die: (signal) => {
        throw new Exit({ exitCode: null, signal });
      },
    };
    const running = { kill: () => stop({ exitCode: null, signal: 'SIGKILL' }), exited: end.promise };
    this.#running.add(running);
    void end.promise.then(() => this.#running.delete(running));
    this.house
      .program(spec)(process)
      .then(
        () => stop({ exitCode: 0, signal: null }),
        (error: unknown) => {
          if (error instanceof Exit) return stop(error.exit);
          // What a killed program says no longer matters.
          if (!killed.signal.aborted) theirs.write(String(error));
          stop({ exitCode: 1, signal: null });
        },
      );
    return {
      output: ours,
      exited: end.promise,
      signal: (name) => {
        if (name === 'SIGKILL') running.kill();
        else terminated.resolve();
        return Promise.resolve();
      },
    };
  }

  async connect(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }
  freeze(): Promise<void> {
    this.frozen = true;
    this.freezes += 1;
    return Promise.resolve();
  }
  thaw(): Promise<void> {
    this.frozen = false;
    this.thaws += 1;
    return Promise.resolve();
  }
  stats(): Promise<SandboxStats> {
    this.reads += 1;
    return Promise.resolve(this.memory);
  }
  async killAll(): Promise<void> {
    this.kills += 1;
    const running = [...this.#running];
    for (const { kill } of running) kill();
    await Promise.all(running.map(({ exited }) => exited));
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    await this.killAll();
    for (const server of [this.runtimeApi, this.endpoint, this.channel]) server.close();
  }
}

let pipes = 0;

/** Two connected ends. */
async function pipe(where: string): Promise<[Socket, Socket]> {
  const server = await listening(where);
  const theirs = connect(where);
  const [ours] = (await once(server, 'connection')) as [Socket];
  server.close();
  theirs.on('error', () => {});
  return [ours, theirs];
}
