import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../base/index.ts';
import type { ResourceLimits } from '../port.ts';

const root = '/sys/fs/cgroup';
const periodUs = 100_000;
const mebibyte = 1_048_576;

/** The kernel's two ways to bound a group of processes, behind one face. */
export interface Cgroup {
  /** Files a process writes its own number into to join. */
  readonly joinFiles: readonly string[];
  limit(limits: ResourceLimits): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  stats(): Promise<{ readonly maxMemoryMiB: number; readonly cpuMs: number; readonly oomKills: number }>;
  /** Kills every process in it, frozen or not, and waits until none is left. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export type CgroupVersion = 'v1' | 'v2';

const v1Controllers = ['memory', 'cpu', 'cpuacct', 'pids', 'freezer'] as const;

/** Which hierarchy bounds memory here, if any. Hybrid hosts keep the controllers in v1. */
export function cgroupVersion(): CgroupVersion | undefined {
  if (existsSync(path.join(root, 'memory', 'cgroup.procs'))) return 'v1';
  if (existsSync(path.join(root, 'cgroup.controllers'))) return 'v2';
  return undefined;
}

/** Folders of one server: `<hierarchy>/<parent>`; its boxes are below. */
const parents = (version: CgroupVersion, parent: string): string[] =>
  version === 'v2'
    ? [path.join(root, parent)]
    : [...new Set(v1Controllers)].filter((name) => existsSync(path.join(root, name))).map((name) => path.join(root, name, parent));

export async function createCgroup(options: {
  readonly version: CgroupVersion;
  readonly parent: string;
  readonly id: string;
  readonly clock: Clock;
}): Promise<Cgroup> {
  const { version, parent, id, clock } = options;
  if (version === 'v2') await delegate(path.join(root, parent));
  const folders = parents(version, parent).map((folder) => path.join(folder, id));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  return version === 'v2' ? new V2(folders[0] ?? '', clock) : new V1(folders, clock);
}

async function delegate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const place of [root, folder]) await writeFile(path.join(place, 'cgroup.subtree_control'), '+memory +cpu +pids');
}

/** Ends and removes all groups of a server that is gone. @returns groups removed, processes killed */
export async function sweepCgroups(version: CgroupVersion, parent: string, clock: Clock): Promise<[number, number]> {
  let groups = 0;
  let processes = 0;
  for (const folder of parents(version, parent)) {
    if (!existsSync(folder)) continue;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const group = path.join(folder, entry.name);
      const state = path.join(group, version === 'v2' ? 'cgroup.freeze' : 'freezer.state');
      if (existsSync(state)) await writeFile(state, version === 'v2' ? '0' : 'THAWED');
      processes += await killIn(group, clock);
      await removeGroup(group, clock);
      groups += 1;
    }
    await removeGroup(folder, clock);
  }
  return [groups, processes];
}

async function members(folder: string): Promise<number[]> {
  try {
    return (await readFile(path.join(folder, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A fork bomb outruns one round; rounds go on until the group is empty. */
async function killIn(folder: string, clock: Clock): Promise<number> {
  let killed = 0;
  for (let round = 0; ; round += 1) {
    const pids = await members(folder);
    if (pids.length === 0) return killed;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
        killed += 1;
      } catch {
        // It ended by itself in the meantime.
      }
    }
    await clock.sleep(Math.min(1 + round, 20));
  }
}

/** A group is busy for a moment after its last process has gone. */
async function removeGroup(folder: string, clock: Clock): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || attempt === 100) throw error;
      await clock.sleep(Math.min(1 + attempt, 20));
    }
  }
}

const quotaUs = (limits: ResourceLimits): number => Math.max(1000, Math.round(limits.cpuCores * periodUs));

const read = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim();
const field = (text: string, name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);

class V1 implements Cgroup {
  readonly joinFiles: readonly string[];
  readonly #folders: readonly string[];
  readonly #clock: Clock;

  constructor(folders: readonly string[], clock: Clock) {
    this.#folders = folders;
    this.#clock = clock;
    this.joinFiles = folders.map((folder) => path.join(folder, 'cgroup.procs'));
  }

  #of(controller: (typeof v1Controllers)[number], file: string): string {
    const folder = this.#folders.find((each) => each.startsWith(path.join(root, controller) + path.sep)) ?? '';
    return path.join(folder, file);
  }

  async limit(limits: ResourceLimits): Promise<void> {
    const bytes = String(limits.memoryMiB * mebibyte);
    const memory = this.#of('memory', 'memory.limit_in_bytes');
    const withSwap = this.#of('memory', 'memory.memsw.limit_in_bytes');
    // The limit with swap may never be below the one without: raise it first, lower it last.
    const hasSwap = existsSync(withSwap);
    const rising = hasSwap && Number(await read(withSwap)) < limits.memoryMiB * mebibyte;
    for (const file of rising ? [withSwap, memory] : hasSwap ? [memory, withSwap] : [memory]) await writeFile(file, bytes);
    await writeFile(this.#of('cpu', 'cpu.cfs_period_us'), String(periodUs));
    await writeFile(this.#of('cpu', 'cpu.cfs_quota_us'), String(quotaUs(limits)));
    await writeFile(this.#of('pids', 'pids.max'), String(limits.processes));
  }

  async #state(state: 'FROZEN' | 'THAWED'): Promise<void> {
    const file = this.#of('freezer', 'freezer.state');
    await writeFile(file, state);
    while ((await read(file)) !== state) {
      await this.#clock.sleep(1);
      await writeFile(file, state);
    }
  }

  freeze(): Promise<void> {
    return this.#state('FROZEN');
  }

  thaw(): Promise<void> {
    return this.#state('THAWED');
  }

  async stats() {
    const [peak, cpu, oom] = await Promise.all([
      read(this.#of('memory', 'memory.max_usage_in_bytes')),
      read(this.#of('cpuacct', 'cpuacct.usage')),
      read(this.#of('memory', 'memory.oom_control')),
    ]);
    return { maxMemoryMiB: Math.ceil(Number(peak) / mebibyte), cpuMs: Number(cpu) / 1e6, oomKills: field(oom, 'oom_kill') };
  }

  async kill(): Promise<void> {
    // A frozen process does not hear SIGKILL before it thaws.
    await this.thaw();
    await killIn(path.dirname(this.#of('pids', 'x')), this.#clock);
  }

  async remove(): Promise<void> {
    for (const folder of this.#folders) await removeGroup(folder, this.#clock);
  }
}

class V2 implements Cgroup {
  readonly joinFiles: readonly string[];
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    this.joinFiles = [path.join(folder, 'cgroup.procs')];
  }

  #write(file: string, text: string): Promise<void> {
    return writeFile(path.join(this.#folder, file), text);
  }

  #read(file: string): Promise<string> {
    return read(path.join(this.#folder, file));
  }

  async limit(limits: ResourceLimits): Promise<void> {
    await this.#write('memory.max', String(limits.memoryMiB * mebibyte));
    await this.#write('memory.swap.max', '0').catch(() => {});
    await this.#write('memory.oom.group', '0');
    await this.#write('cpu.max', `${quotaUs(limits)} ${periodUs}`);
    await this.#write('pids.max', String(limits.processes));
  }

  async #frozen(wanted: 0 | 1): Promise<void> {
    await this.#write('cgroup.freeze', String(wanted));
    while (field(await this.#read('cgroup.events'), 'frozen') !== wanted) await this.#clock.sleep(1);
  }

  freeze(): Promise<void> {
    return this.#frozen(1);
  }

  thaw(): Promise<void> {
    return this.#frozen(0);
  }

  async stats() {
    const [peak, cpu, events] = await Promise.all([
      this.#read('memory.peak').catch(() => this.#read('memory.current')),
      this.#read('cpu.stat'),
      this.#read('memory.events'),
    ]);
    return {
      maxMemoryMiB: Math.ceil(Number(peak) / mebibyte),
      cpuMs: field(cpu, 'usage_usec') / 1000,
      oomKills: field(events, 'oom_kill'),
    };
  }

  async kill(): Promise<void> {
    await this.#write('cgroup.kill', '1').catch(() => {});
    await this.#write('cgroup.freeze', '0');
    await killIn(this.#folder, this.#clock);
  }

  remove(): Promise<void> {
    return removeGroup(this.#folder, this.#clock);
  }
}
