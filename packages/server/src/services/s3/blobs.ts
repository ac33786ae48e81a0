import { createHash } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Logger, Random, Timer } from '../../base/index.ts';
import { badDigest, running, type Algorithm, type Checksum, type Expectation } from './checksums.ts';
import { keyStream, type CustomerKey } from './customer-key.ts';
import { s3Fault } from './faults.ts';

/** A run of bytes of one content file. An object's content is a list of them. */
export interface Segment {
  readonly blob: string;
  readonly offset: number;
  readonly bytes: number;
  /** Hex, of content under a customer's key: where its key stream begins. */
  readonly iv?: string;
}

/** What was received and is on storage, but in no object yet. */
export interface Received {
  readonly segment: Segment;
  readonly bytes: number;
  /** MD5 in hex; of content under a customer's key a number by chance, for its MD5 would tell of it. */
  readonly etag: string;
  readonly checksum?: Checksum;
  /** The other sum. */
  readonly also?: Checksum;
}

const readBytes = 262_144;
/** One write at a time of at least so much. @source Amazon S3 User Guide, "Uploading objects", read 2026-11: five gibibytes at once */
const mostBytes = 5_368_709_120;
const graceMs = 2_000;

/**
 * Content files: written once, under a name of their own, never changed. A file belongs to an object from the
 * moment a row says so; what no row names is swept away at the next start.
 */
export class Blobs implements AsyncDisposable {
  readonly #dir: string;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #log: Logger;
  #doomed: string[] = [];
  #timer: Timer | undefined;
  #removing: Promise<void> = Promise.resolve();

  private constructor(dir: string, options: { readonly random: Random; readonly clock: Clock; readonly log: Logger }) {
    this.#dir = dir;
    this.#random = options.random;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** What was being received when an earlier server ended is removed. */
  static async open(
    dir: string,
    options: { readonly random: Random; readonly clock: Clock; readonly log: Logger },
  ): Promise<Blobs> {
    const blobs = new Blobs(dir, options);
    await rm(path.join(dir, 'tmp'), { recursive: true, force: true });
    await mkdir(path.join(dir, 'tmp'), { recursive: true, mode: 0o700 });
    await mkdir(path.join(dir, 'blobs'), { recursive: true, mode: 0o700 });
    return blobs;
  }

  /**
   * Writes a body to storage as it comes. Resolves when it is there to stay.
   *
   * @param checks  compared with what came; a trailer's value is read from `trailers` after the end
   * @throws BadDigest, EntityTooLarge, or what the body throws; nothing is left behind then
   */
  async receive(
    body: AsyncIterable<Uint8Array>,
    checks: {
      readonly md5?: string | undefined;
      readonly ofPart?: boolean;
      readonly checksum?: Expectation | undefined;
      /** Another sum to take, which nobody has claimed. */
      readonly also?: Algorithm | undefined;
      readonly trailers?: ReadonlyMap<string, string> | undefined;
      /** What the content is sealed with. */
      readonly key?: CustomerKey | undefined;
    },
  ): Promise<Received> {
    const name = this.#random.uuid().replaceAll('-', '');
    const temporary = path.join(this.#dir, 'tmp', name);
    const md5 = createHash('md5');
    const sum = checks.checksum === undefined ? undefined : running(checks.checksum.algorithm);
    const also = checks.also === undefined ? undefined : running(checks.also);
    const claimed = checks.md5 === undefined ? undefined : readMd5(checks.md5);
    const iv = checks.key === undefined ? undefined : Buffer.from(this.#random.bytes(16)).toString('hex');
    const seal = checks.key === undefined || iv === undefined ? undefined : keyStream(checks.key, iv, 0);
    let bytes = 0;
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        for await (const chunk of body) {
          bytes += chunk.length;
          if (bytes > mostBytes) throw s3Fault('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size');
          md5.update(chunk);
          sum?.update(chunk);
          also?.update(chunk);
          await writeAll(file, seal === undefined ? chunk : seal.update(chunk));
        }
        await file.sync();
      } finally {
        await file.close();
      }
      const digest = md5.digest();
      if (claimed !== undefined && !claimed.equals(digest)) {
        throw s3Fault('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.', {
          // Of a part as it came, of an object in hex; recorded in 2026.
          ExpectedDigest: checks.ofPart === true ? checks.md5 : claimed.toString('hex'),
          CalculatedDigest: digest.toString('base64'),
        });
      }
      const checksum =
        checks.checksum === undefined || sum === undefined
          ? undefined
          : checkedSum(checks.checksum, sum.digest(), checks.trailers);
      await this.#settle(temporary, name);
      return {
        segment: { blob: name, offset: 0, bytes, ...(iv === undefined ? {} : { iv }) },
        bytes,
        etag: iv === undefined ? digest.toString('hex') : Buffer.from(this.#random.bytes(16)).toString('hex'),
        ...(checksum === undefined ? {} : { checksum }),
        ...(also === undefined || checks.also === undefined
          ? {}
          : { also: { algorithm: checks.also, value: also.digest().toString('base64') } }),
      };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** The same bytes under names of their own, without copying them. */
  async share(segments: readonly Segment[]): Promise<readonly Segment[]> {
    const names = new Map<string, string>();
    for (const { blob } of segments) {
      if (names.has(blob)) continue;
      const name = this.#random.uuid().replaceAll('-', '');
      names.set(blob, name);
      await mkdir(path.dirname(this.#file(name)), { recursive: true, mode: 0o700 });
      await link(this.#file(blob), this.#file(name));
      await syncFolder(path.dirname(this.#file(name)));
    }
    return segments.map((segment) => ({ ...segment, blob: names.get(segment.blob) ?? segment.blob }));
  }

  /** Bytes `from` to `to`, both included, of the segments in a row, opened with the key they were sealed with. */
  async *read(segments: readonly Segment[], from: number, to: number, key?: CustomerKey): AsyncGenerator<Uint8Array> {
    let begin = 0;
    for (const { blob, offset, bytes, iv } of segments) {
      const end = begin + bytes - 1;
      if (bytes > 0 && end >= from && begin <= to) {
        const start = offset + Math.max(0, from - begin);
        const last = offset + Math.min(bytes - 1, to - begin);
        const stream: ReadStream = createReadStream(this.#file(blob), { start, end: last, highWaterMark: readBytes });
        if (iv === undefined) yield* stream as AsyncIterable<Uint8Array>;
        else if (key === undefined) throw new Error('Content under the key of a customer is read without it.');
        else {
          const open = keyStream(key, iv, start);
          for await (const chunk of stream as AsyncIterable<Uint8Array>) yield open.update(chunk);
        }
      }
      begin += bytes;
    }
  }

  /** Takes files away that no row names any more; not at once, because somebody may be about to read them. */
  discard(segments: readonly Segment[]): void {
    if (segments.length === 0) return;
    this.#doomed.push(...segments.map(({ blob }) => blob));
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.after(graceMs, () => {
      this.#timer = undefined;
      this.#removing = this.#removing.then(() => this.#removeDoomed());
    });
    this.#timer.unref();
  }

  /** Names of all content files. */
  async list(): Promise<readonly string[]> {
    const root = path.join(this.#dir, 'blobs');
    const names: string[] = [];
    for (const folder of await readdir(root)) names.push(...(await readdir(path.join(root, folder))));
    return names;
  }

  /** Takes away what a crash left between a file and its row. */
  async sweep(orphans: readonly string[]): Promise<void> {
    for (const name of orphans) await rm(this.#file(name), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.#removing;
    await this.#removeDoomed();
  }

  async #removeDoomed(): Promise<void> {
    for (const blob of new Set(this.#doomed.splice(0))) {
      await unlink(this.#file(blob)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') this.#log.warn('A content file could not be removed.', { blob, error });
      });
    }
  }

  async #settle(temporary: string, name: string): Promise<void> {
    const file = this.#file(name);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
  }

  #file(name: string): string {
    return path.join(this.#dir, 'blobs', name.slice(0, 2), name);
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  let at = 0;
  while (at < chunk.length) at += (await file.write(chunk, at)).bytesWritten;
}

/** A new name is on storage when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function checkedSum(expectation: Expectation, sum: Buffer, trailers: ReadonlyMap<string, string> | undefined): Checksum {
  const { algorithm } = expectation;
  const value = sum.toString('base64');
  const claimed = expectation.value ?? trailers?.get(`x-amz-checksum-${algorithm.toLowerCase()}`);
  if (claimed !== undefined && claimed !== value) throw badDigest(algorithm satisfies Algorithm);
  return { algorithm, value, type: 'FULL_OBJECT' };
}

/** @throws InvalidDigest for what is no MD5 in base64 */
function readMd5(text: string): Buffer {
  const digest = Buffer.from(text, 'base64');
  if (digest.length !== 16 || digest.toString('base64') !== text)
    throw s3Fault('InvalidDigest', 400, 'The Content-MD5 you specified was invalid.', { 'Content-MD5': text });
  return digest;
}
