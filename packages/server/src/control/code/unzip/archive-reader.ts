import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RandomAccessReader } from 'yauzl';
import { RefusedArchive } from '../refusal.ts';

/** Far more than a directory entry, so that listing an archive is a few reads instead of two for each entry. */
const windowBytes = 64 * 1024;
const pieceBytes = 256 * 1024;

/**
 * The archive on disk, read synchronously in the thread that unpacks: yauzl asks for a few bytes at a time, and a
 * trip through the thread pool for each would be most of the time.
 */
export class ArchiveReader extends RandomAccessReader implements Disposable {
  readonly size: number;
  readonly #fd: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  constructor(file: string) {
    super();
    this.#fd = openSync(file, 'r');
    this.size = fstatSync(this.#fd).size;
  }

  /** A view into what was read; valid until the next call. @throws RefusedArchive past the end */
  bytes(at: number, length: number): Buffer {
    if (!Number.isSafeInteger(at) || at < 0 || at + length > this.size) throw new RefusedArchive('malformed', 'truncated');
    if (at < this.#windowAt || at + length > this.#windowAt + this.#window.length) {
      this.#window = this.#read(at, Math.min(Math.max(length, windowBytes), this.size - at));
      this.#windowAt = at;
    }
    return this.#window.subarray(at - this.#windowAt, at - this.#windowAt + length);
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    try {
      this.bytes(position, length).copy(buffer, offset);
    } catch (error) {
      return callback(error as Error);
    }
    callback(null);
  }

  async *pieces(at: number, length: number): AsyncIterable<Buffer> {
    for (let done = 0; done < length; done += pieceBytes) yield this.#read(at + done, Math.min(pieceBytes, length - done));
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #read(at: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(this.#fd, buffer, filled, length - filled, at + filled);
      if (count === 0) throw new RefusedArchive('malformed', 'truncated');
      filled += count;
    }
    return buffer;
  }
}
