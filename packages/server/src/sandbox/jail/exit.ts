import { constants } from 'node:os';
import type { ProcessExit } from '../port.ts';
import type { Exit } from './launcher.ts';

const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** bubblewrap says `128 + signal` for a process that a signal ended. */
export function asProcessExit({ exitCode, signal }: Exit): ProcessExit {
  if (signal !== 0) return { exitCode: null, signal: names.get(signal) ?? `signal ${signal}` };
  const name = exitCode > 128 ? names.get(exitCode - 128) : undefined;
  return name === undefined ? { exitCode, signal: null } : { exitCode: null, signal: name };
}
