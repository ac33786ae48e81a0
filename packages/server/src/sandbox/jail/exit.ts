import { constants } from 'node:os';
import { childrenOf } from '../cgroup/tree.ts';
import type { ProcessExit } from '../port.ts';
import type { Exit } from './launcher.ts';

const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** bubblewrap says `128 + signal` for a process that a signal ended. */
export function asProcessExit({ exitCode, signal }: Exit): ProcessExit {
  if (signal !== 0) return { exitCode: null, signal: names.get(signal) ?? `signal ${signal}` };
  const name = exitCode > 128 ? names.get(exitCode - 128) : undefined;
  return name === undefined ? { exitCode, signal: null } : { exitCode: null, signal: name };
}

/**
 * Signals the program itself. bubblewrap is its grandparent: one process outside, one that is the
 * namespace's init; a signal to either would end everything at once, without a last word.
 */
export function signalInside(bubblewrap: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  const [init] = childrenOf(bubblewrap);
  const programs = init === undefined ? [] : childrenOf(init);
  // Still building its walls: there is no program that could hear.
  for (const pid of programs.length > 0 ? programs.slice(0, 1) : [bubblewrap]) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself in the meantime.
    }
  }
}
