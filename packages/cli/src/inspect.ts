import { addRuntime, ConfigError, diagnose, listRuntimes, readConfig, type Config } from '@mayfly/server';
import { exitCodes, Stop } from './exit.ts';

export interface InspectFlags {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly from?: string;
}

/** The settings that a server would have when started with these flags. */
function configOf({ data, config }: InspectFlags): Config {
  try {
    return readConfig({ flags: data === undefined ? {} : { dataDir: data }, env: process.env, file: config });
  } catch (error) {
    throw error instanceof ConfigError ? new Stop(exitCodes.usage, error.message) : error;
  }
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const marks = { pass: 'ok  ', warn: 'warn', refuse: 'FAIL' } as const;

/** `mayfly doctor`: what this host can do, and the line that mends what it cannot. */
export async function doctor(flags: InspectFlags): Promise<void> {
  const { isolation, findings } = await diagnose(configOf(flags));
  const isWell = findings.every(({ verdict }) => verdict !== 'refuse');
  if (flags.json === true) print(JSON.stringify({ isolation, findings }));
  else
    for (const { check, verdict, detail, remedy } of findings) {
      print(`${marks[verdict]}  ${check.padEnd(18)} ${detail}`);
      if (remedy !== undefined) print(`      → ${remedy}`);
    }
  if (!isWell) process.exitCode = exitCodes.refused;
}

/** `mayfly runtimes`: what this host can run, and the line that adds what it cannot. */
export async function runtimes(flags: InspectFlags): Promise<void> {
  const all = await listRuntimes(configOf(flags));
  if (flags.json === true) return print(JSON.stringify(all));
  for (const { identifier, state, from, interpreterVersion, remedy } of all) {
    print(`${identifier.padEnd(18)} ${state.padEnd(12)} ${interpreterVersion ?? ''} ${from}`.trimEnd());
    if (remedy !== undefined && state === 'unavailable') print(`${''.padEnd(19)}→ ${remedy}`);
  }
}

/** `mayfly runtimes add NAME`: fetches it now instead of at the first function. */
export async function add(identifier: string, flags: InspectFlags): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('Interrupted.')));
  try {
    await addRuntime(configOf(flags), identifier, { from: flags.from, signal: stop.signal });
  } catch (error) {
    throw new Stop(exitCodes.refused, (error as Error).message);
  }
  print(flags.json === true ? JSON.stringify({ identifier, state: 'ready' }) : `${identifier} is ready.`);
}
