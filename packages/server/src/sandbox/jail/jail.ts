import { accessSync, chmodSync, constants } from 'node:fs';
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { constants as osConstants } from 'node:os';
import path from 'node:path';
import type { Clock, Logger } from '../../base/index.ts';
import type {
  Capabilities,
  ProcessExit,
  ProcessSpec,
  ResourceLimits,
  Sandbox,
  SandboxDriver,
  SandboxProcess,
  SandboxSpec,
  SandboxStats,
} from '../port.ts';
import { createCgroup, sweepCgroups, type Cgroup, type CgroupVersion } from './cgroup.ts';
import { Launcher, mountFlags } from './launcher.ts';
import { mountsBelow, ReadOnlyMounts } from './mounts.ts';
import { makeEtc, rootArguments } from './rootfs.ts';
import { seccompFilter } from './seccomp.ts';

const runtimeApiPort = 9001;
const endpointPort = 4566;
/** Users of boxes: a range no system hands out, and no user of two boxes at a time. */
const firstUser = 2_000_000;
const users = 65_536;
/** Of `/tmp`, so that empty files cannot eat the host's memory. */
const inodesPerMiB = 256;

export interface JailOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly cgroup: CgroupVersion;
}

/** bubblewrap, our cgroups, our seccomp filter, our network namespaces; for root. */
export class JailDriver implements SandboxDriver {
  readonly name = 'jail';
  readonly #options: JailOptions;
  readonly #folder: string;
  readonly #parent: string;
  readonly #boxes = new Set<Jail>();
  #shared: Promise<Shared> | undefined;
  #nextUser = 0;

  constructor(options: JailOptions) {
    this.#options = options;
    this.#folder = path.join(options.dataDir, 'sandboxes');
    // One server holds a data folder, so the folder's name is the server's.
    this.#parent = `mayfly-${Buffer.from(options.dataDir).toString('hex').slice(-48)}`;
  }

  probe(): Promise<Capabilities> {
    return Promise.resolve({
      driver: 'jail',
      available: true,
      detail: `bubblewrap, cgroup ${this.#options.cgroup}`,
      memoryLimit: true,
      cpuLimit: true,
      freezer: true,
      network: false,
      findings: [],
    });
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const shared = await (this.#shared ??= this.#open());
    const user = firstUser + (this.#nextUser % users);
    this.#nextUser += 1;
    const jail = await Jail.open(spec, shared, user);
    this.#boxes.add(jail);
    jail.onDisposed = () => this.#boxes.delete(jail);
    return jail;
  }

  async #open(): Promise<Shared> {
    const { clock, log, cgroup } = this.#options;
    const launcher = await Launcher.open({ log });
    const folder = this.#folder;
    await mkdir(path.join(folder, 'ro'), { recursive: true });
    // Boxes' users pass through on their way to their own folder, and can list nothing.
    for (const each of [this.#options.dataDir, folder, path.join(folder, 'ro')]) chmodSync(each, 0o711);
    // A private mount of its own: what is mounted below is not seen by the rest of the host.
    await launcher.mount(folder, folder, '-', mountFlags.bind);
    await launcher.mount('-', folder, '-', mountFlags.private);
    const etc = await makeEtc(path.join(folder, 'etc'));
    const seccompFile = path.join(folder, 'seccomp.bpf');
    await writeFile(seccompFile, seccompFilter(process.arch === 'arm64' ? 'arm64' : 'x64'));
    return {
      launcher,
      folder,
      parent: this.#parent,
      clock,
      cgroup,
      seccompFile,
      root: rootArguments(etc),
      readOnly: new ReadOnlyMounts(path.join(folder, 'ro'), launcher),
    };
  }

  async sweep(): Promise<{ readonly processes: number; readonly cgroups: number; readonly mounts: number }> {
    const { clock, log, cgroup } = this.#options;
    const [cgroups, processes] = await sweepCgroups(cgroup, this.#parent, clock);
    const mounts = await mountsBelow(this.#folder);
    if (mounts.length > 0) {
      await using launcher = await Launcher.open({ log });
      for (const mount of mounts) await launcher.unmount(mount);
    }
    // Only now that nothing is mounted below may the tree be removed.
    if ((await mountsBelow(this.#folder)).length === 0) await rm(this.#folder, { recursive: true, force: true });
    return { processes, cgroups, mounts: mounts.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const box of [...this.#boxes]) await box[Symbol.asyncDispose]();
    const shared = await this.#shared;
    this.#shared = undefined;
    if (shared === undefined) return;
    await shared.launcher[Symbol.asyncDispose]();
    await this.sweep();
  }
}

interface Shared {
  readonly launcher: Launcher;
  readonly folder: string;
  readonly parent: string;
  readonly clock: Clock;
  readonly cgroup: CgroupVersion;
  readonly seccompFile: string;
  readonly root: readonly string[];
  readonly readOnly: ReadOnlyMounts;
}

const late = { '/var/task': 'task', '/opt': 'opt' } as const;

class Jail implements Sandbox {
  readonly id: string;
  readonly runtimeApi: Server;
  readonly endpoint: Server;
  readonly channel: Server;
  readonly channelPath = '/run/mayfly/channel.sock';
  readonly runtimeApiAddress = `127.0.0.1:${runtimeApiPort}`;
  readonly endpointUrl = `http://127.0.0.1:${endpointPort}`;
  onDisposed: () => void = () => {};
  readonly #spec: SandboxSpec;
  readonly #shared: Shared;
  readonly #slot: string;
  readonly #user: number;
  readonly #cgroup: Cgroup;
  readonly #bound = new Set<string>();
  #limits: ResourceLimits;
  #disposed: Promise<void> | undefined;

  private constructor(
    spec: SandboxSpec,
    shared: Shared,
    slot: string,
    user: number,
    cgroup: Cgroup,
    servers: { readonly runtimeApi: Server; readonly endpoint: Server; readonly channel: Server },
  ) {
    this.id = spec.id;
    this.#spec = spec;
    this.#shared = shared;
    this.#slot = slot;
    this.#user = user;
    this.#cgroup = cgroup;
    this.#limits = spec.limits;
    this.runtimeApi = servers.runtimeApi;
    this.endpoint = servers.endpoint;
    this.channel = servers.channel;
  }

  static async open(spec: SandboxSpec, shared: Shared, user: number): Promise<Jail> {
    const { launcher, clock, cgroup: version, parent } = shared;
    const slot = path.join(shared.folder, spec.id);
    await mkdir(slot, { mode: 0o711 });
    for (const name of ['task', 'opt', 'tmp', 'run']) await mkdir(path.join(slot, name));
    for (const name of Object.values(late)) {
      const point = path.join(slot, name);
      await launcher.mount(point, point, '-', mountFlags.bind);
      await launcher.mount('-', point, '-', mountFlags.shared);
    }
    const { tmpMiB } = spec.limits;
    await launcher.mount(
      'tmpfs',
      path.join(slot, 'tmp'),
      'tmpfs',
      mountFlags.noSuid | mountFlags.noDev,
      `size=${tmpMiB}m,nr_inodes=${tmpMiB * inodesPerMiB},mode=1777`,
    );
    const cgroup = await createCgroup({ version, parent, id: spec.id, clock });
    await cgroup.limit(spec.limits);
    const [runtimeApi, endpoint] = await launcher.network(spec.id, [runtimeApiPort, endpointPort]);
    const channel = createServer();
    const socket = path.join(slot, 'run', 'channel.sock');
    await new Promise<void>((resolve, reject) => channel.once('error', reject).listen(socket, resolve));
    chmodSync(socket, 0o666);
    if (runtimeApi === undefined || endpoint === undefined) throw new Error('Sandbox launcher: listeners are missing');
    return new Jail(spec, shared, slot, user, cgroup, { runtimeApi, endpoint, channel });
  }

  async bind(target: '/var/task' | '/opt', source: string): Promise<void> {
    const mounted = await this.#shared.readOnly.of(source);
    const point = path.join(this.#slot, late[target]);
    await this.#shared.launcher.mount(mounted, point, '-', mountFlags.bind);
    this.#bound.add(point);
  }

  async limit(limits: ResourceLimits): Promise<void> {
    this.#limits = limits;
    await this.#cgroup.limit(limits);
  }

  async start(process: ProcessSpec): Promise<SandboxProcess> {
    const { launcher, seccompFile } = this.#shared;
    const { pid, output, exited } = await launcher.start({
      network: this.id,
      user: this.#user,
      openFiles: this.#limits.openFiles,
      seccompFile,
      cgroupFiles: this.#cgroup.joinFiles,
      command: await this.#command(process),
    });
    return {
      output,
      exited: exited.then(asProcessExit),
      signal: (name) => launcher.kill(pid, name === 'SIGTERM' ? 'TERM' : 'KILL'),
    };
  }

  /**
   * bubblewrap makes the walls as root and keeps just enough power for setpriv to take the box's own user
   * and lose all power; only then `env` brings in the function's variables, so that none of them
   * (LD_PRELOAD …) is seen by a program that still has power.
   */
  async #command(process: ProcessSpec): Promise<string[]> {
    const slot = (name: string): string => path.join(this.#slot, name);
    const mounts: string[] = [];
    const targets = ['/run/mayfly', '/var/task', ...this.#spec.mounts.map(({ target }) => target)];
    // Folders that bubblewrap makes on the way are closed to the box's user unless they are named.
    for (const folder of new Set(targets.flatMap(ancestors))) mounts.push('--perms', '0755', '--dir', folder);
    mounts.push('--ro-bind', slot('run'), '/run/mayfly');
    for (const { source, target } of this.#spec.mounts) mounts.push('--ro-bind', source, target);
    const user = String(this.#user);
    return [
      '/usr/bin/bwrap',
      ...['--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup', '--hostname', 'localhost'],
      ...['--die-with-parent', '--new-session', '--clearenv', '--seccomp', '9'],
      ...['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'],
      ...(this.#spec.rootfs === undefined ? this.#shared.root : ['--ro-bind', this.#spec.rootfs, '/', '--proc', '/proc', '--dev', '/dev']),
      ...['--bind', slot('tmp'), '/tmp'],
      ...mounts,
      ...['--bind', slot('task'), '/var/task', '--bind', slot('opt'), '/opt', '--remount-ro', '/'],
      ...['--chdir', process.cwd, '--'],
      ...['/usr/bin/setpriv', '--reuid', user, '--regid', user, '--clear-groups', '--inh-caps', '-all', '--bounding-set', '-all', '--no-new-privs', '--'],
      ...['/usr/bin/env', '-i', ...Object.entries(process.env).map(([name, value]) => `${name}=${value}`)],
      ...process.command,
    ];
  }

  freeze(): Promise<void> {
    return this.#cgroup.freeze();
  }

  thaw(): Promise<void> {
    return this.#cgroup.thaw();
  }

  stats(): Promise<SandboxStats> {
    return this.#cgroup.stats();
  }

  killAll(): Promise<void> {
    return this.#cgroup.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    const { launcher } = this.#shared;
    await this.#cgroup.kill();
    for (const server of [this.runtimeApi, this.endpoint, this.channel]) server.close();
    await launcher.dropNetwork(this.id);
    for (const point of this.#bound) await launcher.unmount(point);
    for (const name of ['task', 'opt', 'tmp']) await launcher.unmount(path.join(this.#slot, name));
    await this.#cgroup.remove();
    for (const name of ['task', 'opt', 'tmp']) await rmdir(path.join(this.#slot, name));
    await rm(path.join(this.#slot, 'run'), { recursive: true, force: true });
    await rmdir(this.#slot);
    this.onDisposed();
  }
}

/** `/var/lang/bin/node` → `/var`, `/var/lang`, `/var/lang/bin`. */
function ancestors(target: string): string[] {
  const parts = target.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`).filter((folder) => folder !== '/usr');
}

const signalNames = new Map(Object.entries(osConstants.signals).map(([name, number]) => [number, name]));

/** bubblewrap says `128 + signal` for a process that a signal ended. */
function asProcessExit({ exitCode, signal }: { readonly exitCode: number; readonly signal: number }): ProcessExit {
  if (signal !== 0) return { exitCode: null, signal: signalNames.get(signal) ?? `signal ${signal}` };
  const name = exitCode > 128 ? signalNames.get(exitCode - 128) : undefined;
  return name === undefined ? { exitCode, signal: null } : { exitCode: null, signal: name };
}

/** Programs the jail is built with. @returns those that are missing */
export function missingPrograms(): string[] {
  return ['/usr/bin/bwrap', '/usr/bin/setpriv', '/usr/bin/env', '/usr/bin/perl'].filter((program) => {
    try {
      accessSync(program, constants.X_OK);
      return false;
    } catch {
      return true;
    }
  });
}

