import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { AccountId, Logger } from '../../base/index.ts';
import { aboutOf } from './about.ts';
import { hexOf, isAccount, isHash, type Places } from './places.ts';

interface Sweep {
  readonly places: Places;
  inUse(account: AccountId, hex: string): boolean;
  /** Being made, or so new that nothing refers to it yet. */
  isBusy(folder: string): boolean;
  locked(folder: string, work: () => Promise<void>): Promise<void>;
  /** A new name among the half-made things. */
  aside(): string;
  readonly log: Logger;
}

/**
 * Removes half-made things, code nobody refers to, and merged layers one of which nobody refers to. A merged
 * folder of layers that are all in use stays: an environment may be running on it.
 */
export async function sweep(task: Sweep): Promise<void> {
  let removed = 0;
  for (const name of await names(task.places.incoming)) {
    const folder = path.join(task.places.incoming, name);
    if (task.isBusy(folder)) continue;
    await rm(folder, { recursive: true, force: true });
    removed += 1;
  }
  for (const account of (await names(task.places.root)).filter(isAccount)) {
    for (const hash of (await names(task.places.merged(account, ''))).filter(isHash)) {
      const folder = task.places.merged(account, hash);
      const layers = (await aboutOf(folder))?.layers ?? [];
      if (!layers.every((layer) => task.inUse(account, hexOf(layer)))) removed += await remove(task, folder);
    }
    for (const hex of (await names(task.places.account(account))).filter(isHash)) {
      if (!task.inUse(account, hex)) removed += await remove(task, path.join(task.places.account(account), hex));
    }
  }
  if (removed > 0) task.log.info('Unused code was removed.', { folders: removed });
}

/** Out of sight in one step, then file by file. */
async function remove(task: Sweep, folder: string): Promise<number> {
  const aside = task.aside();
  let gone = 0;
  await task.locked(folder, async () => {
    if (task.isBusy(folder)) return;
    await rename(folder, aside);
    gone = 1;
  });
  if (gone > 0) await rm(aside, { recursive: true, force: true });
  return gone;
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
