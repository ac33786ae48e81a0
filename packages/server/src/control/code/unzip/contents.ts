import { pipeline } from 'node:stream/promises';
import { createInflateRaw, crc32, inflateRawSync } from 'node:zlib';
import type { Entry } from 'yauzl';
import { RefusedArchive } from '../refusal.ts';
import { ArchiveReader } from './archive-reader.ts';
import { refuseOutwardLinks } from './links.ts';
import type { Plan, PlannedFile } from './plan.ts';

/** Files up to here are unpacked in one piece, larger ones stream. */
const wholeBytes = 4 * 1024 * 1024;
/** As long as the kernel takes. */
const targetBytes = 4095;

export type Sink = (bytes: Buffer) => void;

/**
 * Hands on the bytes of a file, piece by piece.
 *
 * @throws RefusedArchive when they are not what the directory of the archive said
 */
export async function readOut(file: PlannedFile, reader: ArchiveReader, sink: Sink): Promise<void> {
  const { entry } = file;
  if (Math.max(entry.compressedSize, entry.uncompressedSize) <= wholeBytes) sink(contentOf(file, reader));
  else await stream(file, reader, sink);
}

/** A small file at once. @throws RefusedArchive */
export function contentOf({ entry, dataAt }: PlannedFile, reader: ArchiveReader): Buffer {
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

async function stream({ entry, dataAt }: PlannedFile, reader: ArchiveReader, sink: Sink): Promise<void> {
  let length = 0;
  let crc = 0;
  const check = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      length += chunk.length;
      if (length > entry.uncompressedSize) throw lying(entry);
      crc = crc32(chunk, crc);
      sink(chunk);
    }
  };
  const stored = reader.pieces(dataAt, entry.compressedSize);
  try {
    if (entry.compressionMethod === 0) await check(stored);
    else await pipeline(stored, createInflateRaw({ chunkSize: 256 * 1024 }), check);
  } catch (error) {
    throw isOfZlib(error) ? damaged(entry) : error;
  }
  if (length !== entry.uncompressedSize) throw lying(entry);
  if (crc !== entry.crc32) throw damaged(entry);
}

const isOfZlib = (error: unknown): boolean => /^(Z_|ERR_BUFFER_TOO_LARGE)/.test((error as { code?: string }).code ?? '');

/** Where each link leads, all of them inside. @throws RefusedArchive */
export function linksOf(plan: Plan, reader: ArchiveReader): ReadonlyMap<string, string> {
  const links = new Map(plan.links.map((link) => [link.path, targetOf(link, reader)]));
  refuseOutwardLinks(links);
  return links;
}

/** Seconds since the epoch; undefined for what is no moment a file system takes. */
export function modifiedOf({ entry }: PlannedFile): number | undefined {
  const modified = entry.getLastModDate({ timezone: 'UTC' }).getTime() / 1000;
  return Number.isFinite(modified) && modified >= 0 ? modified : undefined;
}

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
