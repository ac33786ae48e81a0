import { createHash } from 'node:crypto';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Logger } from '../../base/index.ts';
import { noGroups, openGroups, type CgroupVersion, type Groups } from '../cgroup/index.ts';
import { Egress, findFirewall, type MakeFirewall } from '../network/egress.ts';
import { isPublic } from '../network/ranges.ts';
import type { Capabilities, Sandbox, SandboxDriver, SandboxSpec } from '../port.ts';
import { Jail } from './box.ts';
import { Disks } from './disks.ts';
import { publicResolvers } from './etc.ts';
import { enterProgram } from './enter.ts';
import { Launcher } from './launcher.ts';
import { ReadOnlyMounts } from './mounts.ts';
import { deviceSteps } from './devices.ts';
import { bubblewrap } from './obstacle.ts';
import { probeJail } from './probe.ts';
import { Roots } from './roots.ts';
import { seccompFilter } from './seccomp.ts';
import { mountFlags, step } from './steps.ts';

/** Users of boxes: a range no system hands out, and no user of two boxes at a time. */
const firstUser = 2_000_000;
const users = 65_536;

export interface JailOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent for an ordinary user: then nothing is bounded but `/tmp` and open files. */
  readonly cgroup?: CgroupVersion | undefined;
  /** For tests; otherwise the host's own. */
  readonly firewall?: MakeFirewall | undefined;
}

/** What all boxes of one launcher have in common. */
export interface Shared {
  readonly launcher: Launcher;
  /** A file system in memory that only the launcher sees: slots, roots, mounts. */
  readonly folder: string;
  /** An empty folder for a root in the making, each start in a mount namespace of its own. */
  readonly assembly: string;
  /** On disk, where the server listens for channels. */
  readonly sockets: string;
  readonly clock: Clock;
  readonly groups: Groups;
  /** Whether we are root, and boxes have users of their own. */
  readonly root: boolean;
  readonly seccompFile: string;
  readonly roots: Roots;
  readonly readOnly: ReadOnlyMounts;
  /** Undefined where the host has no loop devices. */
  readonly disks: Disks | undefined;
  /** Gives boxes a way to the internet; undefined where the tools are missing. */
  readonly egress: Egress | undefined;
}

/** One server holds a data folder, so the folder's name is the server's: eight hex digits, in its cgroups, interfaces and rules. */
export const serverName = (dataDir: string): string =>
  createHash('sha256').update(path.resolve(dataDir, 'sandboxes')).digest('hex').slice(0, 8);

/** bubblewrap, our cgroups, our seccomp filter, our network namespaces; for root. */
export class JailDriver implements SandboxDriver {
  readonly name = 'jail';
  readonly #options: JailOptions;
  readonly #folder: string;
  readonly #server: string;
  /** A file that is there while rules of ours are. */
  readonly #marker: string;
  readonly #parent: string;
  readonly #boxes = new Set<Jail>();
  readonly #users = new Set<number>();
  #shared: Promise<Shared> | undefined;
  #nextUser = 0;
  #closed = false;

  constructor(options: JailOptions) {
    this.#options = options;
    this.#folder = path.resolve(options.dataDir, 'sandboxes');
    this.#server = serverName(options.dataDir);
    this.#marker = path.join(this.#folder, 'egress');
    this.#parent = `mayfly-${this.#server}`;
    // Two servers of one host begin in different places.
    this.#nextUser = Number.parseInt(this.#server.slice(0, 4), 16);
  }

  async probe(): Promise<Capabilities> {
    const { cgroup } = this.#options;
    try {
      const { groups, launcher, egress } = await (this.#shared ??= this.#open());
      const bubblewrapVersion = await launcher.ask([bubblewrap, '--version']);
      return await probeJail({ cgroup, controllers: groups.controllers, egress: egress !== undefined, bubblewrapVersion });
    } catch (error) {
      const detail = (error as Error).message;
      const nothing = { memoryLimit: false, cpuLimit: false, freezer: false, network: false };
      return { driver: 'jail', available: false, detail, ...nothing, findings: [{ check: 'jail', verdict: 'refuse', detail }] };
    }
  }

  async create(spec: SandboxSpec, options: { readonly signal: AbortSignal }): Promise<Sandbox> {
    options.signal.throwIfAborted();
    if (this.#closed) throw new Error('The sandbox driver is closed');
    const shared = await (this.#shared ??= this.#open());
    const user = this.#takeUser();
    const jail = new Jail(spec, shared, { user, index: user - firstUser }, () => {
      this.#boxes.delete(jail);
      this.#users.delete(user);
    });
    this.#boxes.add(jail);
    try {
      await jail.open();
      options.signal.throwIfAborted();
      return jail;
    } catch (error) {
      await jail[Symbol.asyncDispose]();
      throw error;
    }
  }

  #takeUser(): number {
    do this.#nextUser = (this.#nextUser + 1) % users;
    while (this.#users.has(firstUser + this.#nextUser));
    this.#users.add(firstUser + this.#nextUser);
    return firstUser + this.#nextUser;
  }

  async #open(): Promise<Shared> {
    try {
      return await this.#openShared();
    } catch (error) {
      this.#shared = undefined;
      throw error;
    }
  }

  async #openShared(): Promise<Shared> {
    const { clock, log, cgroup, dataDir } = this.#options;
    const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
    const files = path.join(this.#folder, 'files');
    const sockets = path.join(this.#folder, 'sockets');
    const folder = path.join(this.#folder, 'private');
    const assembly = path.join(this.#folder, 'assembly');
    await mkdir(dataDir, { recursive: true });
    for (const each of [files, sockets, folder, assembly]) await mkdir(each, { recursive: true, mode: 0o700 });
    const seccompFile = path.join(files, 'seccomp.bpf');
    const helper = path.join(files, 'enter');
    await writeFile(seccompFile, seccompFilter(arch));
    await rm(helper, { force: true });
    await writeFile(helper, enterProgram(arch));
    chmodSync(helper, 0o755);
    const groups = this.#groups();
    const root = cgroup !== undefined;
    const firewall = this.#firewall();
    const launcher = await Launcher.open({ log, mode: root ? 'private' : 'user' });
    // The next box gets a new launcher; those of this one have ended.
    void launcher.gone.then(() => (this.#shared = undefined));
    await launcher.do([
      step.mount('mayfly', folder, 'tmpfs', mountFlags.noDev, 'mode=0700,size=64m'),
      ...['roots', 'boxes', 'ro'].map((name) => step.makeFolder(path.join(folder, name), 0o700)),
      ...deviceSteps(path.join(folder, 'dev')),
      ...groups.folders.map((each) => step.makeGroup(each)),
    ]);
    return {
      launcher,
      folder,
      assembly,
      sockets,
      clock,
      groups,
      root,
      seccompFile,
      roots: new Roots({
        folder: path.join(folder, 'roots'),
        devices: path.join(folder, 'dev'),
        launcher,
        helper,
        resolvers: publicResolvers(isPublic),
      }),
      readOnly: new ReadOnlyMounts(path.join(folder, 'ro'), launcher),
      disks: root && Disks.possible() ? new Disks(files, launcher) : undefined,
      egress:
        firewall === undefined ? undefined : new Egress({ launcher, firewall, log, server: this.#server, marker: this.#marker }),
    };
  }

  async sweep(): Promise<{ readonly processes: number; readonly cgroups: number; readonly mounts: number }> {
    const { log } = this.#options;
    const firewall = this.#firewall();
    if (firewall !== undefined && existsSync(this.#marker)) {
      await using launcher = await Launcher.open({ log, mode: 'shared' });
      await new Egress({ launcher, firewall, log, server: this.#server, marker: this.#marker }).remove();
    }
    return this.#sweepFolder();
  }

  #firewall(): MakeFirewall | undefined {
    const { cgroup, firewall } = this.#options;
    return cgroup === undefined ? undefined : (firewall ?? findFirewall());
  }

  #groups(): Groups {
    const { clock, cgroup } = this.#options;
    return cgroup === undefined ? noGroups(clock) : openGroups({ version: cgroup, parent: this.#parent, clock });
  }

  async #sweepFolder(): Promise<{ readonly processes: number; readonly cgroups: number; readonly mounts: number }> {
    const swept = await this.#groups().sweep();
    // Mounts lived in the namespace of the launcher that is gone: there are none to take away.
    rmSync(this.#folder, { recursive: true, force: true });
    return { ...swept, mounts: 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#boxes].map((box) => box[Symbol.asyncDispose]()));
    const shared = await this.#shared?.catch(() => undefined);
    this.#shared = undefined;
    if (shared === undefined) return;
    await shared.egress?.remove().catch(() => {});
    await shared.launcher[Symbol.asyncDispose]();
    await this.#sweepFolder();
  }
}
