import { closeSync, existsSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../base/index.ts';
import { step, type Step } from '../jail/steps.ts';
import type { ResourceLimits, SandboxStats } from '../port.ts';
import { field, killIn, mebibyte, periodUs, quotaUs, read, removeGroup, tryWrite, until, write, type Group } from './group.ts';

const ordinaryWeight = 100;
const lowestWeight = 1;

/**
 * Lets groups below `parent` be bounded. Where the tree's root is not the kernel's own (we run in a
 * container), it may hold no processes itself: they move to a leaf beside ours.
 *
 * @returns controllers that could be handed down
 */
export function delegate(root: string, parent: string): readonly string[] {
  const wanted = ['memory', 'cpu', 'pids'];
  const folder = path.join(root, parent);
  const hand = (place: string): void => {
    for (const name of wanted) tryWrite(path.join(place, 'cgroup.subtree_control'), `+${name}`);
  };
  hand(root);
  const handed = (): readonly string[] =>
    read(path.join(root, 'cgroup.subtree_control'))
      .split(' ')
      .filter((name) => wanted.includes(name));
  if (handed().length < wanted.length && existsSync(path.join(root, 'cgroup.type'))) {
    const leaf = path.join(root, 'mayfly-host');
    makeFolder(leaf);
    for (const pid of read(path.join(root, 'cgroup.procs')).split('\n').filter(Boolean))
      tryWrite(path.join(leaf, 'cgroup.procs'), pid);
    hand(root);
  }
  makeFolder(folder);
  hand(folder);
  return handed();
}

/** The unified tree: one folder for everything. */
export class V2Group implements Group {
  readonly joinFiles: readonly string[];
  readonly #folder: string;
  readonly #clock: Clock;
  #processes = 0;
  /** The kernel resets the peak for one opened file only, since 6.12; so it stays open. */
  #peak: number | 'plain' | undefined;

  constructor(options: { readonly root: string; readonly name: string; readonly clock: Clock }) {
    this.#folder = path.join(options.root, options.name);
    this.#clock = options.clock;
    this.joinFiles = [this.#file('cgroup.procs')];
  }

  #file(name: string): string {
    return path.join(this.#folder, name);
  }

  #limits(limits: ResourceLimits): readonly (readonly [string, string])[] {
    return [
      ['memory.max', String(limits.memoryMiB * mebibyte)],
      ['memory.swap.max', '0'],
      ['memory.oom.group', '0'],
      ['cpu.max', `${quotaUs(limits)} ${periodUs}`],
      ['pids.max', String(limits.processes)],
    ];
  }

  create(limits: ResourceLimits): Step[] {
    this.#processes = limits.processes;
    // A controller that could not be handed down has no file; `probe` has said which limits hold.
    return [
      step.makeGroup(this.#folder),
      ...this.#limits(limits)
        .filter(([name]) => existsSync(path.join(path.dirname(this.#folder), name)))
        .map(([name, text]) =>
          name === 'memory.swap.max' ? step.maybe(step.write(this.#file(name), text)) : step.write(this.#file(name), text),
        ),
    ];
  }

  get folders(): readonly string[] {
    return [this.#folder];
  }

  limit(limits: ResourceLimits): void {
    this.#processes = limits.processes;
    for (const [name, text] of this.#limits(limits)) if (existsSync(this.#file(name))) write(this.#file(name), text);
  }

  background(low: boolean): void {
    // Before Linux 5.15 a small weight is all there is: it too has the processor for a whole slice when others wake.
    if (!tryWrite(this.#file('cpu.idle'), low ? 1 : 0)) tryWrite(this.#file('cpu.weight'), low ? lowestWeight : ordinaryWeight);
  }

  async #become(frozen: 0 | 1): Promise<void> {
    write(this.#file('cgroup.freeze'), frozen);
    await until(this.#clock, () => field(read(this.#file('cgroup.events')), 'frozen') === frozen);
  }

  freeze(): Promise<void> {
    return this.#become(1);
  }

  thaw(): Promise<void> {
    return this.#become(0);
  }

  #readPeak(): number {
    try {
      this.#peak ??= openSync(this.#file('memory.peak'), 'r+');
    } catch {
      this.#peak = 'plain';
    }
    if (this.#peak === 'plain') return Number(optional(this.#file('memory.peak')) || optional(this.#file('memory.current')) || 0);
    const text = Buffer.alloc(32);
    const size = readSync(this.#peak, text, 0, text.length, 0);
    writeSync(this.#peak, 'reset');
    return Number(text.subarray(0, size).toString());
  }

  /** Takes cached files off the peak, as on v1. */
  stats(): SandboxStats {
    const peak = this.#readPeak();
    const parts = optional(this.#file('memory.stat'));
    const shared = field(parts, 'shmem');
    const files = Math.max(0, field(parts, 'file') - shared);
    const resident = field(parts, 'anon') + shared;
    return {
      maxMemoryMiB: Math.ceil(Math.max(peak - files, resident) / mebibyte),
      cpuMs: field(optional(this.#file('cpu.stat')), 'usage_usec') / 1000,
      oomKills: field(optional(this.#file('memory.events')), 'oom_kill'),
    };
  }

  async kill(): Promise<number> {
    // Frozen or not, since Linux 5.14; the rounds are for older kernels.
    tryWrite(this.#file('cgroup.kill'), 1);
    const killed = await killIn(this.#folder, {
      clock: this.#clock,
      thaw: () => tryWrite(this.#file('cgroup.freeze'), 0),
      forbid: () => tryWrite(this.#file('pids.max'), 0),
    });
    if (this.#processes > 0) tryWrite(this.#file('pids.max'), this.#processes);
    return killed;
  }

  async remove(): Promise<void> {
    if (typeof this.#peak === 'number') closeSync(this.#peak);
    this.#peak = 'plain';
    await removeGroup(this.#folder, this.#clock);
  }
}

function optional(file: string): string {
  try {
    return read(file);
  } catch {
    return '';
  }
}

function makeFolder(folder: string): void {
  if (!existsSync(folder)) mkdirSync(folder);
}
