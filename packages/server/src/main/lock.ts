import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The folder belongs to a running server. */
export class DataFolderInUse extends Error {
  readonly code = 'DATA_FOLDER_IN_USE';
}

interface Owner {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot, and which boot: a number can be another process by now. */
  readonly started: string;
}

/**
 * Makes a data folder ours until disposed or until the process has ended.
 *
 * A lock whose process is gone is taken over. It is moved aside before, and looked at again there: of
 * two servers that find the same dead lock one moves it, and a living one moved by mistake is put back.
 *
 * @throws DataFolderInUse naming the process
 */
export function lockDataFolder(dataDir: string): Disposable {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = path.join(dataDir, 'server.lock');
  const mine: Owner = { pid: process.pid, started: startOf(process.pid) ?? '' };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        linkSync(draft, file);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = ownerIn(file);
      if (owner !== undefined && isAlive(owner)) throw inUse(dataDir, owner);
      if (tries >= 5) throw new DataFolderInUse(`The data folder ${dataDir} is being fought over. Start one server at a time.`);
      moveAside(file, `${file}.stale.${process.pid}`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    [Symbol.dispose]() {
      const owner = ownerIn(file);
      if (owner?.pid === mine.pid && owner.started === mine.started) rmSync(file, { force: true });
    },
  };
}

const inUse = (dataDir: string, owner: Owner): DataFolderInUse =>
  new DataFolderInUse(
    `The data folder ${dataDir} is used by the server with process id ${owner.pid}. Stop that one, or start this one with --data on another folder.`,
  );

function moveAside(file: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const owner = ownerIn(aside);
  if (owner !== undefined && isAlive(owner)) {
    try {
      linkSync(aside, file);
    } catch {
      // Somebody else locked in between; then one of the two will say so.
    }
  }
  rmSync(aside, { force: true });
}

function ownerIn(file: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Partial<Owner>;
    return typeof owner.pid === 'number' ? { pid: owner.pid, started: owner.started ?? '' } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startOf(owner.pid);
  return started === undefined || owner.started === '' || started === owner.started;
}

/** Linux only; elsewhere the number alone has to do. A zombie counts as gone. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return fields[0] === 'Z' ? 'ended' : `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
