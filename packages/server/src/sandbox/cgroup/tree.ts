import { readFileSync } from 'node:fs';
import type { Clock } from '../../base/index.ts';
import type { Step } from '../jail/steps.ts';
import { usageOf } from '../none/processes.ts';
import type { SandboxStats } from '../port.ts';
import { until, type Group } from './group.ts';

/** Where we may make no control groups: the processes of a box are found as a tree, and nothing is bounded. */
export class ProcessTree implements Group {
  readonly joinFiles: readonly string[] = [];
  readonly folders: readonly string[] = [];
  readonly #clock: Clock;
  /** bubblewrap's outer processes. All that is inside descends from them, because their child is the namespace's init. */
  readonly #roots = new Set<number>();
  #endedCpuMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  joined(pid: number, exited: Promise<unknown>): void {
    this.#roots.add(pid);
    void exited.then(() => this.#roots.delete(pid));
  }

  create(): Step[] {
    return [];
  }

  limit(): void {}

  background(): void {}

  /** Again until nobody new is found: a process may fork while the others are being stopped. */
  async freeze(): Promise<void> {
    const stopped = new Set<number>();
    for (let found = this.#inside(); found.some((pid) => !stopped.has(pid)); found = this.#inside()) {
      for (const pid of found) {
        send(pid, 'SIGSTOP');
        stopped.add(pid);
      }
    }
  }

  async thaw(): Promise<void> {
    for (const pid of this.#inside()) send(pid, 'SIGCONT');
  }

  stats(): SandboxStats {
    const usage = this.#inside().map((pid) => usageOf(pid));
    const cpuMs = usage.reduce((sum, each) => sum + each.cpuMs, this.#endedCpuMs);
    return { maxMemoryMiB: Math.ceil(usage.reduce((sum, { peakKiB }) => sum + peakKiB, 0) / 1024), cpuMs, oomKills: 0 };
  }

  async kill(): Promise<number> {
    this.#endedCpuMs = this.stats().cpuMs;
    const killed = new Set<number>();
    await until(this.#clock, () => {
      const inside = this.#inside();
      // Init first takes all others along; a box that has none yet is ended at its root.
      for (const pid of inside.length > 0 ? inside : this.#roots) {
        send(pid, 'SIGKILL');
        killed.add(pid);
      }
      return this.#roots.size === 0;
    });
    return killed.size;
  }

  async remove(): Promise<void> {}

  #inside(): number[] {
    const found: number[] = [];
    const waiting = [...this.#roots];
    for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
      const children = childrenOf(pid);
      found.push(...children);
      waiting.push(...children);
    }
    return found;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}

export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
