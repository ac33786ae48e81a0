import { existsSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger, systemClock } from '../base/index.ts';
import { openRuntimes, type RuntimeListing } from '../environment/index.ts';
import { openSandboxes, type Finding } from '../sandbox/index.ts';
import type { Config } from './config.ts';
import { addRuntimeFromImage } from './runtime-image.ts';

/** What `mayfly doctor` says of this host: needs no server, and changes nothing that stays. */
export interface Diagnosis {
  /** The walls that a server would have here. */
  readonly isolation: string;
  readonly findings: readonly Finding[];
}

const leastFreeBytes = 2 ** 30;

/** Tries one box, looks at the data folder, and counts the runtimes. */
export async function diagnose(config: Config): Promise<Diagnosis> {
  // A folder of its own: a driver sweeps what it finds in its folder, and a server may be at work in the other.
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mayfly-doctor-'));
  await using rooms = new AsyncDisposableStack();
  rooms.defer(() => rm(dataDir, { recursive: true, force: true }));
  const { driver, reason, remedy } = await openSandboxes({
    dataDir,
    clock: systemClock,
    log: silentLogger,
    isolation: config.isolation,
  });
  rooms.use(driver);
  const capabilities = await driver.probe({ signal: AbortSignal.timeout(10_000) });
  const runtimes = await listRuntimes(config);
  const usable = runtimes.filter(({ state }) => state === 'ready' || state === 'preparable');
  return {
    isolation: reason,
    findings: [
      {
        check: 'isolation',
        verdict: driver.name === 'jail' ? 'pass' : 'warn',
        detail: reason,
        ...(remedy === undefined ? {} : { remedy }),
      },
      ...capabilities.findings,
      { check: 'node', verdict: 'pass', detail: process.version },
      await dataFolder(config.dataDir),
      { check: 'runtimes', verdict: 'pass', detail: usable.map(({ identifier }) => identifier).join(', ') },
    ],
  };
}

export async function listRuntimes({ dataDir }: Pick<Config, 'dataDir'>): Promise<readonly RuntimeListing[]> {
  return (await openRuntimes({ dataDir, clock: systemClock, log: silentLogger })).list();
}

/** Fetches what a runtime needs, so that its first function need not wait. @throws Error with a `code` and the next step */
export async function addRuntime(
  config: Config,
  identifier: string,
  options: { readonly from?: string | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const { dataDir } = config;
  if (options.from !== undefined) return addRuntimeFromImage(config, identifier, options.from, options);
  await (await openRuntimes({ dataDir, clock: systemClock, log: silentLogger })).prepare(identifier, options);
}

async function dataFolder(dataDir: string): Promise<Finding> {
  let place = dataDir;
  while (!existsSync(place)) place = path.dirname(place);
  const { bavail, bsize } = await statfs(place);
  const freeBytes = bavail * bsize;
  const detail = `${dataDir}, ${(freeBytes / 2 ** 30).toFixed(1)} GiB free`;
  return freeBytes < leastFreeBytes
    ? { check: 'data folder', verdict: 'warn', detail, remedy: 'free some space, or give another folder with --data' }
    : { check: 'data folder', verdict: 'pass', detail };
}
