import { closeSync, fchmodSync, fsync, futimesSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ArchiveReader } from './archive-reader.ts';
import { linksOf, modifiedOf, readOut, type Sink } from './contents.ts';
import type { Plan, PlannedFile } from './plan.ts';

const fsyncOf = promisify(fsync);

/** Who else wants the bytes of a file. */
export type Note = (file: PlannedFile) => Sink | undefined;

/**
 * Makes a plan true below `root`, which exists and is empty. Links come last, so that nothing is written
 * through one; every file is created, never opened.
 *
 * @throws RefusedArchive when the bytes are not what the directory of the archive said
 */
export async function writeOut(plan: Plan, reader: ArchiveReader, root: string, note: Note = () => undefined): Promise<void> {
  // Read first: an archive with a bad link leaves nothing.
  const links = linksOf(plan, reader);
  for (const folder of plan.folders) mkdirSync(path.join(root, folder), { mode: 0o755 });
  for (const file of plan.files) await writeFile(file, reader, path.join(root, file.path), note(file));
  for (const [at, target] of links) symlinkSync(target, path.join(root, at));
  // After all are written the system has most of them on the disk already.
  await syncAll([...plan.files.map((file) => file.path), ...plan.folders, ''].map((at) => path.join(root, at)));
}

/** Two at a time halves the waiting; the pool has four threads, and the server's event loop needs it too. */
async function syncAll(paths: readonly string[]): Promise<void> {
  const left = paths.values();
  const work = async (): Promise<void> => {
    for (const at of left) {
      const fd = openSync(at, 'r');
      try {
        await fsyncOf(fd);
      } finally {
        closeSync(fd);
      }
    }
  };
  await Promise.all([work(), work()]);
}

async function writeFile(file: PlannedFile, reader: ArchiveReader, at: string, note: Sink | undefined): Promise<void> {
  const fd = openSync(at, 'wx', 0o600);
  try {
    await readOut(file, reader, (bytes) => {
      note?.(bytes);
      writeAll(fd, bytes);
    });
    // A umask has no say in it.
    fchmodSync(fd, file.mode);
    const modified = modifiedOf(file);
    if (modified !== undefined) futimesSync(fd, modified, modified);
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}
