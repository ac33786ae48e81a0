import { closeSync, fchmodSync, fsync, futimesSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createInflateRaw, crc32, inflateRawSync } from 'node:zlib';
import type { Entry } from 'yauzl';
import { RefusedArchive } from '../refusal.ts';
import { ArchiveReader } from './archive-reader.ts';
import { refuseOutwardLinks } from './links.ts';
import type { Plan, PlannedFile } from './plan.ts';

/** Files up to here are unpacked in one piece, larger ones stream. */
const wholeBytes = 4 * 1024 * 1024;
const fsyncOf = promisify(fsync);
/** As long as the kernel takes. */
const targetBytes = 4095;

/**
 * Makes a plan true below `root`, which exists and is empty. Links come last, so that nothing is written
 * through one; every file is created, never opened.
 *
 * @throws RefusedArchive when the bytes are not what the directory of the archive said
 */
export async function writeOut(plan: Plan, reader: ArchiveReader, root: string): Promise<void> {
  // Read first: an archive with a bad link leaves nothing.
  const links = new Map(plan.links.map((link) => [link.path, targetOf(link, reader)]));
  refuseOutwardLinks(links);
  for (const folder of plan.folders) mkdirSync(path.join(root, folder), { mode: 0o755 });
  for (const file of plan.files) await writeFile(file, reader, path.join(root, file.path));
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

async function writeFile(file: PlannedFile, reader: ArchiveReader, at: string): Promise<void> {
  const { entry, mode } = file;
  const fd = openSync(at, 'wx', 0o600);
  try {
    if (Math.max(entry.compressedSize, entry.uncompressedSize) <= wholeBytes) writeAll(fd, contentOf(file, reader));
    else await writeStream(file, reader, fd);
    // A umask has no say in it.
    fchmodSync(fd, mode);
    const modified = entry.getLastModDate({ timezone: 'UTC' }).getTime() / 1000;
    if (Number.isFinite(modified) && modified >= 0) futimesSync(fd, modified, modified);
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

function contentOf({ entry, dataAt }: PlannedFile, reader: ArchiveReader): Buffer {
  const stored = reader.bytes(dataAt, entry.compressedSize);
  const content = entry.compressionMethod === 0 ? stored : inflate(stored, entry);
  if (content.length !== entry.uncompressedSize) throw lying(entry);
  if (crc32(content) !== entry.crc32) throw damaged(entry);
  return content;
}

function inflate(stored: Buffer, entry: Entry): Buffer {
  try {
    return inflateRawSync(stored, { maxOutputLength: Math.max(1, entry.uncompressedSize) });
  } catch {
    throw damaged(entry);
  }
}

async function writeStream({ entry, dataAt }: PlannedFile, reader: ArchiveReader, fd: number): Promise<void> {
  let length = 0;
  let crc = 0;
  const write = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      length += chunk.length;
      if (length > entry.uncompressedSize) throw lying(entry);
      crc = crc32(chunk, crc);
      writeAll(fd, chunk);
    }
  };
  const stored = reader.pieces(dataAt, entry.compressedSize);
  try {
    if (entry.compressionMethod === 0) await write(stored);
    else await pipeline(stored, createInflateRaw({ chunkSize: 256 * 1024 }), write);
  } catch (error) {
    throw isOfZlib(error) ? damaged(entry) : error;
  }
  if (length !== entry.uncompressedSize) throw lying(entry);
  if (crc !== entry.crc32) throw damaged(entry);
}

const isOfZlib = (error: unknown): boolean => /^(Z_|ERR_BUFFER_TOO_LARGE)/.test((error as { code?: string }).code ?? '');

function targetOf(link: PlannedFile, reader: ArchiveReader): string {
  if (link.entry.uncompressedSize > targetBytes)
    throw new RefusedArchive('malformed', `link ${JSON.stringify(link.path)}: target too long`);
  const bytes = contentOf(link, reader);
  const target = bytes.toString();
  if (!Buffer.from(target).equals(bytes))
    throw new RefusedArchive('malformed', `link ${JSON.stringify(link.path)}: target is not text`);
  if (target.split('/').some((part) => Buffer.byteLength(part) > 255))
    throw new RefusedArchive('malformed', `link ${JSON.stringify(link.path)}: target too long`);
  return target;
}

const lying = (entry: Entry): RefusedArchive =>
  new RefusedArchive('malformed', `entry ${JSON.stringify(entry.fileName)}: not as long as declared`);
const damaged = (entry: Entry): RefusedArchive =>
  new RefusedArchive('malformed', `entry ${JSON.stringify(entry.fileName)}: damaged`);
