import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { RefusedArchive } from './refusal.ts';

/** Hashed between two turns of the event loop: about a fifth of a millisecond. */
const pieceBytes = 128 * 1024;

/**
 * Writes an archive to disk while hashing it, in pieces.
 *
 * @throws RefusedArchive `tooLarge` beyond `maxBytes`, `empty`, or whatever the stream throws
 */
export async function takeIn(
  zip: Uint8Array | AsyncIterable<Uint8Array>,
  file: string,
  options: { readonly maxBytes: number },
): Promise<{ readonly sha256: Buffer; readonly size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  await using handle = await open(file, 'wx', 0o400);
  for await (const piece of piecesOf(zip)) {
    size += piece.byteLength;
    if (size > options.maxBytes) throw new RefusedArchive('tooLarge', `an archive of more than ${options.maxBytes} bytes`);
    hash.update(piece);
    for (let done = 0; done < piece.byteLength;) done += (await handle.write(piece, done)).bytesWritten;
  }
  if (size === 0) throw new RefusedArchive('empty', 'no bytes');
  await handle.sync();
  return { sha256: hash.digest(), size };
}

async function* piecesOf(zip: Uint8Array | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const bytes of zip instanceof Uint8Array ? [zip] : zip) {
    for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
}
