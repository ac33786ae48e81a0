import path from 'node:path';
import { silentLogger, systemClock } from '../../packages/server/src/base/index.ts';
import { openRuntimes } from '../../packages/server/src/environment/runtimes/index.ts';

export interface Interpreter {
  readonly identifier: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const root = path.join(import.meta.dirname, '../..');
// What is fetched and compiled stays for the next run.
const runtimes = openRuntimes({ dataDir: path.join(root, 'node_modules/.cache/mayfly'), clock: systemClock, log: silentLogger });

/** How a runtime's bootstrap is started on this host, outside a box; or why it cannot be. */
export async function interpreter(identifier: string): Promise<Interpreter | string> {
  const known = await runtimes;
  const check = known.check(identifier);
  if (check.kind === 'unavailable') return `${identifier} is not on this host: ${check.remedy}`;
  try {
    await known.prepare(identifier, { signal: AbortSignal.timeout(60_000) });
  } catch (error) {
    return `${identifier} could not be prepared: ${error instanceof Error ? error.message : String(error)}`;
  }
  const { command, mounts, bootEnv } = await known.resolve(identifier);
  const outside = (word: string): string => {
    const mount = mounts.find(({ target }) => word === target || word.startsWith(`${target}/`));
    return mount === undefined ? word : mount.source + word.slice(mount.target.length);
  };
  const inUse = Object.entries(bootEnv).filter(([name]) => name !== 'LD_LIBRARY_PATH');
  const env = Object.fromEntries(inUse.map(([name, value]) => [name, outside(value)]));
  return { identifier, command: command!.map(outside), env };
}
