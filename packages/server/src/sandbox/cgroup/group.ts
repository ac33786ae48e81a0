import { readFileSync, writeFileSync } from 'node:fs';
import { readFile, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../base/index.ts';
import type { ResourceLimits, SandboxStats } from '../port.ts';
import type { Step } from '../jail/steps.ts';

export const periodUs = 100_000;
export const mebibyte = 1_048_576;

/**
 * A group of processes that the kernel bounds together; one for each box.
 *
 * Small kernel files are read and written synchronously: they never wait for a disk, and a trip through the
 * thread pool costs more than the call.
 */
export interface Group {
  /** Makes it, with its limits; for the launcher. */
  create(limits: ResourceLimits): Step[];
  readonly folders: readonly string[];
  /** A process writes `0` into each of these to join. */
  readonly joinFiles: readonly string[];
  /** Told of every process that was started in it; for those who cannot ask the kernel. */
  joined?(pid: number, exited: Promise<unknown>): void;
  limit(limits: ResourceLimits): void;
  /** Whether its processes yield to all others. */
  background(low: boolean): void;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Reading resets the peak where the kernel can. */
  stats(): SandboxStats;
  /** Kills every process in it, frozen or not, and waits until none is left. Forks are refused meanwhile. */
  kill(): Promise<number>;
  remove(): Promise<void>;
}

export const quotaUs = (limits: ResourceLimits): number => Math.max(1000, Math.round(limits.cpuCores * periodUs));

export const read = (file: string): string => readFileSync(file, 'utf8').trim();
export const write = (file: string, text: string | number): void => writeFileSync(file, String(text));
export const field = (text: string, name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);

/** Writes what may be absent: a kernel built without it, or a group that is gone. */
export function tryWrite(file: string, text: string | number): boolean {
  try {
    write(file, text);
    return true;
  } catch {
    return false;
  }
}

/** Waits for a state that the kernel reaches on its own, looking often at first. */
export async function until(clock: Clock, reached: () => boolean): Promise<void> {
  for (let round = 0; !reached(); round += 1) await clock.sleep(Math.min(1 + round, 20));
}

async function members(folder: string): Promise<number[]> {
  try {
    return (await readFile(path.join(folder, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/**
 * Rounds of SIGKILL until the group is empty.
 *
 * @param thaw    after each round: a frozen process dies of the signal it could not hear, and does nothing else
 * @param forbid  before the second: whoever forks faster than we look may not fork any more. Not sooner, because a
 *   refused fork is an error that a program could tell of before it is killed
 */
export async function killIn(
  folder: string,
  options: { readonly clock: Clock; readonly thaw: () => void; readonly forbid: () => void },
): Promise<number> {
  const killed = new Set<number>();
  for (let round = 0; ; round += 1) {
    if (round === 1) options.forbid();
    const pids = await members(folder);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
        killed.add(pid);
      } catch {
        // It ended by itself in the meantime.
      }
    }
    // Each time: a freeze that was under way may have closed the box again behind the last one.
    options.thaw();
    if (pids.length === 0) return killed.size;
    await options.clock.sleep(Math.min(1 + round, 20));
  }
}

/** A group is busy for a moment after its last process has gone. */
export async function removeGroup(folder: string, clock: Clock): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || attempt === 200) throw error;
      await clock.sleep(Math.min(1 + attempt, 20));
    }
  }
}
