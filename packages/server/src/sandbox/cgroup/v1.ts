import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../base/index.ts';
import { step, type Step } from '../jail/steps.ts';
import type { ResourceLimits, SandboxStats } from '../port.ts';
import { field, killIn, mebibyte, periodUs, quotaUs, read, removeGroup, tryWrite, until, write, type Group } from './group.ts';

const controllers = ['memory', 'cpu', 'cpuacct', 'pids', 'freezer'] as const;
type Controller = (typeof controllers)[number];

const ordinaryShares = 1024;
const lowestShares = 2;

/** Where each controller is mounted; `cpu` and `cpuacct` are often one place. */
export const v1Places = (root: string): ReadonlyMap<Controller, string> =>
  new Map(
    controllers
      .filter((name) => existsSync(path.join(root, name, 'tasks')))
      .map((name) => [name, realpathSync(path.join(root, name))]),
  );

/** One tree for each controller, so a box has a folder in each. */
export class V1Group implements Group {
  readonly joinFiles: readonly string[];
  readonly #folders: readonly string[];
  readonly #of: ReadonlyMap<Controller, string>;
  readonly #clock: Clock;
  #processes = 0;

  constructor(options: { readonly places: ReadonlyMap<Controller, string>; readonly name: string; readonly clock: Clock }) {
    this.#of = new Map([...options.places].map(([controller, place]) => [controller, path.join(place, options.name)]));
    this.#folders = [...new Set(this.#of.values())];
    this.#clock = options.clock;
    // `tasks`, not `cgroup.procs`: moving a whole process takes a lock that waits for every CPU, up to 15 ms.
    this.joinFiles = this.#folders.map((folder) => path.join(folder, 'tasks'));
  }

  #file(controller: Controller, name: string): string {
    return path.join(this.#of.get(controller) ?? '', name);
  }

  create(limits: ResourceLimits): Step[] {
    this.#processes = limits.processes;
    const bytes = String(limits.memoryMiB * mebibyte);
    return [
      ...this.#folders.map((folder) => step.makeGroup(folder)),
      step.write(this.#file('memory', 'memory.limit_in_bytes'), bytes),
      // Kernels without swap accounting have no such file.
      step.maybe(step.write(this.#file('memory', 'memory.memsw.limit_in_bytes'), bytes)),
      step.write(this.#file('cpu', 'cpu.cfs_period_us'), String(periodUs)),
      step.write(this.#file('cpu', 'cpu.cfs_quota_us'), String(quotaUs(limits))),
      step.write(this.#file('pids', 'pids.max'), String(limits.processes)),
    ];
  }

  get folders(): readonly string[] {
    return this.#folders;
  }

  limit(limits: ResourceLimits): void {
    this.#processes = limits.processes;
    const bytes = limits.memoryMiB * mebibyte;
    const memory = this.#file('memory', 'memory.limit_in_bytes');
    const withSwap = this.#file('memory', 'memory.memsw.limit_in_bytes');
    // The limit with swap may never be below the one without: raise it first, lower it last.
    const rising = Number(read(memory)) < bytes;
    if (rising) tryWrite(withSwap, bytes);
    write(memory, bytes);
    if (!rising) tryWrite(withSwap, bytes);
    write(this.#file('cpu', 'cpu.cfs_quota_us'), quotaUs(limits));
    write(this.#file('pids', 'pids.max'), limits.processes);
  }

  background(low: boolean): void {
    // Before Linux 5.15 a small share is all there is: it too has the processor for a whole slice when others wake.
    if (!tryWrite(this.#file('cpu', 'cpu.idle'), low ? 1 : 0))
      tryWrite(this.#file('cpu', 'cpu.shares'), low ? lowestShares : ordinaryShares);
  }

  async #become(state: 'FROZEN' | 'THAWED'): Promise<void> {
    const file = this.#file('freezer', 'freezer.state');
    // Written again each round: a process that forked while the group froze may have been missed.
    await until(this.#clock, () => {
      write(file, state);
      return read(file) === state;
    });
  }

  freeze(): Promise<void> {
    return this.#become('FROZEN');
  }

  thaw(): Promise<void> {
    return this.#become('THAWED');
  }

  /**
   * The kernel's peak counts files in its page cache, which it would give back for the asking; what is
   * cached now is taken off, but never so much that less than the resident memory is left.
   */
  stats(): SandboxStats {
    const peakFile = this.#file('memory', 'memory.max_usage_in_bytes');
    const peak = Number(read(peakFile));
    const parts = read(this.#file('memory', 'memory.stat'));
    const shared = field(parts, 'total_shmem');
    const files = Math.max(0, field(parts, 'total_cache') - shared);
    const resident = field(parts, 'total_rss') + shared;
    tryWrite(peakFile, 0);
    return {
      maxMemoryMiB: Math.ceil(Math.max(peak - files, resident) / mebibyte),
      cpuMs: Number(read(this.#file('cpuacct', 'cpuacct.usage'))) / 1e6,
      oomKills: field(read(this.#file('memory', 'memory.oom_control')), 'oom_kill'),
    };
  }

  async kill(): Promise<number> {
    const most = this.#file('pids', 'pids.max');
    const killed = await killIn(this.#of.get('pids') ?? '', {
      clock: this.#clock,
      thaw: () => tryWrite(this.#file('freezer', 'freezer.state'), 'THAWED'),
      forbid: () => tryWrite(most, 0),
    });
    if (this.#processes > 0) tryWrite(most, this.#processes);
    return killed;
  }

  async remove(): Promise<void> {
    for (const folder of this.#folders) await removeGroup(folder, this.#clock);
  }
}
