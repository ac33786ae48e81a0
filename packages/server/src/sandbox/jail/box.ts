import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { Group } from '../cgroup/index.ts';
import type {
  LateTarget,
  Mount,
  ProcessSpec,
  ResourceLimits,
  Sandbox,
  SandboxProcess,
  SandboxSpec,
  SandboxStats,
} from '../port.ts';
import { boxArguments, boxBinds, entering, type BoxPaths } from './command.ts';
import type { Shared } from './driver.ts';
import { imagePasswd, passwdOf } from './etc.ts';
import { asProcessExit, signalInside } from './exit.ts';
import { bubblewrap } from './obstacle.ts';
import type { Root } from './roots.ts';
import { mountFlags, step, type Step } from './steps.ts';

const runtimeApiPort = 9001;
const endpointPort = 4566;
/** Of `/tmp`, so that empty files cannot eat the host's memory. */
const inodesPerMiB = 256;

const late: Readonly<Record<LateTarget, string>> = { '/var/task': 'task', '/opt': 'opt', '/run/mayfly/cache': 'cache' };

/** One box. Its slot is a file system in memory that holds `/tmp` and the places where code appears later. */
export class Jail implements Sandbox {
  readonly id: string;
  readonly channel: Server = createServer();
  readonly channelPath = '/run/mayfly/channel.sock';
  readonly runtimeApiAddress = `127.0.0.1:${runtimeApiPort}`;
  readonly endpointUrl = `http://127.0.0.1:${endpointPort}`;
  readonly taskRoot = '/var/task';
  readonly optRoot = '/opt';
  /** Far from those that scripts open by number. */
  readonly framedLogFd = 62;
  readonly channelFd = 3;
  readonly cacheRoot = '/run/mayfly/cache';
  readonly #spec: SandboxSpec;
  readonly #shared: Shared;
  readonly #slot: string;
  readonly #user: number;
  /** Of its user and its address, among all boxes of this server. */
  readonly #index: number;
  readonly #group: Group;
  readonly #socket: string;
  readonly #onDisposed: () => void;
  readonly #bound: string[] = [];
  readonly #pending = new Set<Promise<unknown>>();
  #servers: { readonly runtimeApi: Server; readonly endpoint: Server } | undefined;
  #root: Root | undefined;
  #limits: ResourceLimits;
  #background = false;
  /** Whether `/tmp` can follow its limit. */
  #resizable = true;
  #furnished: Promise<void> | undefined;
  #disposed: Promise<void> | undefined;

  constructor(
    spec: SandboxSpec,
    shared: Shared,
    identity: { readonly user: number; readonly index: number },
    onDisposed: () => void,
  ) {
    if (!/^[\w.-]{1,64}$/.test(spec.id)) throw new Error(`A sandbox cannot be named ${JSON.stringify(spec.id)}`);
    this.id = spec.id;
    this.#spec = spec;
    this.#shared = shared;
    this.#slot = path.join(shared.folder, 'boxes', spec.id);
    this.#socket = path.join(shared.sockets, `${spec.id}.sock`);
    this.#user = identity.user;
    this.#index = identity.index;
    this.#group = shared.groups.group(spec.id);
    this.#limits = spec.limits;
    this.#onDisposed = onDisposed;
  }

  get runtimeApi(): Server {
    return this.#opened.runtimeApi;
  }

  get endpoint(): Server {
    return this.#opened.endpoint;
  }

  get #opened(): { readonly runtimeApi: Server; readonly endpoint: Server } {
    if (this.#servers === undefined) throw new Error('The sandbox is not open');
    return this.#servers;
  }

  /** Builds the walls: one round trip to the launcher. */
  async open(): Promise<void> {
    const { launcher, roots } = this.#shared;
    const listening = listen(this.channel, this.#socket);
    this.#root = await roots.take(this.#spec);
    this.#resizable = this.#spec.tmp !== 'disk' || this.#shared.disks === undefined;
    const network = step.network(this.id, [runtimeApiPort, endpointPort]);
    const [[runtimeApi, endpoint]] = await Promise.all([
      launcher.do([...this.#slotSteps(this.#root.path), ...this.#group.create(this.#limits), network]),
      listening,
    ]);
    if (runtimeApi === undefined || endpoint === undefined) throw new Error('Sandbox launcher: listeners are missing');
    this.#servers = { runtimeApi, endpoint };
  }

  furnished(): Promise<void> {
    this.#furnished ??= this.#during(() => this.#furnish());
    return this.#furnished;
  }

  /** A disk appears in a box that runs already as code does: its `/tmp` is a slave of the slot's. */
  async #furnish(): Promise<void> {
    const { launcher, disks, egress } = this.#shared;
    // Without the tools for it a box has no way out; `probe` has said so.
    const wanted = this.#spec.network;
    const wayOut = wanted === 'loopback' ? undefined : await egress?.connect(this.id, this.#index, wanted);
    const disk = this.#resizable ? undefined : await disks?.mount(this.id, this.#limits.tmpMiB, path.join(this.#slot, 'tmp'));
    await launcher.do([...(disk ?? []), ...(wayOut ?? [])]);
  }

  #slotSteps(root: string): Step[] {
    const slot = (name: string): string => path.join(this.#slot, name);
    const { rootfs } = this.#spec;
    // An image's own code is there until something is bound over it.
    const brought = (['/var/task', '/opt'] as const).filter(
      (target) => rootfs !== undefined && existsSync(path.join(rootfs, target)),
    );
    return [
      step.makeFolder(this.#slot),
      step.mount('tmpfs', this.#slot, 'tmpfs', mountFlags.noSuid | mountFlags.noDev, `${sized(this.#limits)},mode=755`),
      step.mount('-', this.#slot, '-', mountFlags.shared),
      step.makeFolder(slot('tmp'), 0o1777),
      ...Object.values(late).map((name) => step.makeFolder(slot(name))),
      ...(this.#shared.root ? this.#spec.mounts.filter(({ writable }) => writable === true) : []).flatMap(({ source }, at) => [
        step.makeFolder(slot(`mnt${at}`)),
        step.owned(source, slot(`mnt${at}`), this.#user),
      ]),
      ...(this.#ownPasswd
        ? [
            step.write(
              slot('passwd'),
              rootfs === undefined ? passwdOf(this.#user) : imagePasswd(rootfs, this.#shared.root ? this.#user : 993),
            ),
          ]
        : []),
      // Without root the box's user owns these folders, and would be let in to write before code is bound.
      ...(this.#shared.root ? [] : Object.values(late).flatMap((name) => readOnlySelf(slot(name)))),
      ...brought.map((target) => step.mount(path.join(root, target), slot(late[target]), '-', mountFlags.bind)),
    ];
  }

  async bind(target: LateTarget, source: string): Promise<void> {
    await this.#during(async () => {
      await this.#shared.readOnly.bind(source, path.join(this.#slot, late[target]));
      this.#bound.push(source);
    });
  }

  async limit(limits: ResourceLimits): Promise<void> {
    const { tmpMiB } = this.#limits;
    this.#limits = limits;
    this.#group.limit(limits);
    if (this.#background) this.#group.background(false);
    this.#background = false;
    if (limits.tmpMiB === tmpMiB || !this.#resizable) return;
    const flags = mountFlags.remount | mountFlags.noSuid | mountFlags.noDev;
    await this.#during(() => this.#shared.launcher.do([step.mount('-', this.#slot, '-', flags, sized(limits))]));
  }

  start(process: ProcessSpec): Promise<SandboxProcess> {
    return this.#during(async () => {
      if (process.early !== true) await this.furnished();
      const { launcher, seccompFile, root } = this.#shared;
      const paths = this.#paths();
      if (process.background === true) this.#group.background((this.#background = true));
      const { pid, output, framedLog, exited } = await launcher.start({
        network: this.id,
        user: root ? this.#user : 0,
        openFiles: this.#limits.openFiles,
        nice: 0,
        framedLogFd: process.framedLog === true ? this.framedLogFd : undefined,
        connection: process.connected === true ? this.#socket : undefined,
        seccompFile,
        cgroupFiles: this.#group.joinFiles,
        binds: boxBinds(paths),
        hidden: boxArguments(paths.assembly, process, { root }),
        command: [bubblewrap, '--args', '8', '--', ...entering(process, root ? this.#user : undefined)],
      });
      this.#group.joined?.(pid, exited);
      return {
        output,
        framedLog,
        exited: exited.then(asProcessExit),
        signal: async (name: 'SIGTERM' | 'SIGKILL') => signalInside(pid, name),
      };
    });
  }

  /** Folders of the host that the function may write to; with root, each is mounted in the slot first. */
  #writable(): Mount[] {
    const writable = this.#spec.mounts.filter((mount) => mount.writable === true);
    return this.#shared.root ? writable.map((mount, at) => ({ ...mount, source: path.join(this.#slot, `mnt${at}`) })) : writable;
  }

  get #ownPasswd(): boolean {
    return this.#shared.root || this.#spec.rootfs !== undefined;
  }

  #paths(): BoxPaths {
    const slot = (name: string): string => path.join(this.#slot, name);
    const { assembly, folder } = this.#shared;
    const passwd = this.#ownPasswd ? slot('passwd') : undefined;
    return {
      root: this.#root?.path ?? '',
      assembly,
      all: folder,
      tmp: slot('tmp'),
      task: slot('task'),
      opt: slot('opt'),
      cache: slot('cache'),
      writable: this.#writable(),
      passwd,
      channel: this.#socket,
    };
  }

  /** Disposing waits for what is under way, so that nothing is made after everything was taken away. */
  async #during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#disposed !== undefined) throw new Error(`Sandbox ${this.id} is disposed`);
    const pending = work();
    this.#pending.add(pending);
    try {
      return await pending;
    } finally {
      this.#pending.delete(pending);
    }
  }

  connect(port: number): Promise<Socket> {
    return this.#during(async () => {
      const [socket] = (await this.#shared.launcher.do([step.connect(this.id, port)]).catch((error: unknown) => {
        throw Object.assign(new Error(`Nobody listens on port ${port} of the sandbox`, { cause: error }), {
          code: 'ECONNREFUSED',
        });
      })) as readonly unknown[] as readonly Socket[];
      if (socket === undefined) throw new Error('Sandbox launcher: the connection is missing');
      return socket;
    });
  }

  freeze(): Promise<void> {
    return this.#group.freeze();
  }

  thaw(): Promise<void> {
    return this.#group.thaw();
  }

  async stats(): Promise<SandboxStats> {
    return this.#group.stats();
  }

  async killAll(): Promise<void> {
    await this.#group.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    const { launcher, readOnly } = this.#shared;
    await Promise.allSettled(this.#pending);
    await this.#group.kill();
    for (const server of [this.#servers?.runtimeApi, this.#servers?.endpoint, this.channel]) server?.close();
    rmSync(this.#socket, { force: true });
    const steps = [
      step.dropNetwork(this.id),
      step.forgetGroups(this.#group.folders),
      step.maybe(step.unmount(this.#slot)),
      step.maybe(step.removeFolder(this.#slot)),
      ...this.#bound.flatMap((source) => readOnly.release(source)),
    ];
    // A launcher that is gone has taken its mounts and networks along.
    await Promise.all([launcher.do(steps).catch(() => {}), this.#group.remove()]);
    this.#root?.[Symbol.dispose]();
    this.#onDisposed();
  }
}

const readOnlySelf = (folder: string): Step[] => [
  step.mount(folder, folder, '-', mountFlags.bind),
  step.mount('-', folder, '-', mountFlags.bind | mountFlags.remount | mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev),
];

const sized = ({ tmpMiB }: ResourceLimits): string => `size=${tmpMiB}m,nr_inodes=${tmpMiB * inodesPerMiB + 8}`;

/** The kernel takes 107 bytes for a socket's name; a long data folder is reached through a descriptor. */
const longestSocketPath = 100;

async function listen(server: Server, file: string): Promise<void> {
  const long = Buffer.byteLength(file) > longestSocketPath;
  const folder = long ? openSync(path.dirname(file), 'r') : undefined;
  const name = folder === undefined ? file : `/proc/self/fd/${folder}/${path.basename(file)}`;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ path: name, readableAll: true, writableAll: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}
