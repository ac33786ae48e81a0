import { chmod, mkdir, open, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Logger } from '../base/index.ts';
import { StorageError } from './errors.ts';
import type { Database } from './port.ts';
import { SqliteDatabase } from './sqlite/database.ts';

export interface StorageOptions {
  /** Records go to `<dataDir>/records/mayfly.db`, for this user alone. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The database may not grow beyond; then transactions answer `STORAGE_FULL`. */
  readonly maxBytes?: number;
  /** Called once when the disk has failed and nothing is accepted any more: time to end the process. */
  readonly onFailure?: (error: StorageError) => void;
}

/**
 * The records of one machine, on SQLite.
 *
 * @throws StorageError when the database is damaged, of a later release, or could not keep its promise here
 */
export async function openStorage({ dataDir, ...options }: StorageOptions): Promise<Database> {
  const folder = path.join(dataDir, 'records');
  const file = path.join(folder, 'mayfly.db');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await refuseNetwork(folder, options.log);
  // SQLite would make it readable for all, and its log and index take the rights of the database.
  await using handle = await open(file, 'a', 0o600);
  await handle.chmod(0o600);
  for (const created of [folder, dataDir]) await syncFolder(created);
  const from = options.clock.monotonic();
  const database = await SqliteDatabase.open({ file, ...options });
  options.log.debug('Storage is open.', { file, tookMs: Math.round(options.clock.monotonic() - from) });
  return database;
}

/** A name is on the disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** Of `statfs`, Linux: the log's index is shared memory, which these cannot share, and their sync is a promise of somebody else's. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x00c36400, 'Ceph'],
]);
const overlay = 0x794c7630;

async function refuseNetwork(folder: string, log: Logger): Promise<void> {
  const { type } = await statfs(folder);
  const name = networkFileSystems.get(type);
  if (name !== undefined) {
    throw new StorageError(
      'STORAGE_UNSAFE',
      `${folder} is on a network file system (${name}), where SQLite is not safe. Use a local disk.`,
    );
  }
  if (type === overlay)
    log.warn('The data folder is inside a container layer and goes with the container; mount a volume there.', { folder });
}
