import { readFileSync, writeFileSync } from 'node:fs';

/** Signals a process and all its descendants that did not leave its group. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody is left.
  }
}

/** Asks one process to end, and lets it tell its children. */
export function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

export function groupAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

/** Linux counts 100 ticks a second on every architecture that Node runs on. */
const tickMs = 10;

/** Peak memory since the last look, and processor time, of one process; zeros where there is no /proc. */
export function usageOf(pid: number): { readonly peakKiB: number; readonly cpuMs: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    // After the name, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), the third is the first here.
    const ticks = fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
    const peakKiB = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    forgetPeak(pid);
    return { peakKiB, cpuMs: ticks * tickMs };
  } catch {
    return { peakKiB: 0, cpuMs: 0 };
  }
}

function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Not ours to look into; then the peak is the one since the start.
  }
}
