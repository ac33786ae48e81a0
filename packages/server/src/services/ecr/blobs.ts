import { createHash, type Hash } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Random } from '../../base/index.ts';

/** `sha256:<64 hex digits>`; other algorithms are not taken. */
export const isDigest = (text: string): boolean => /^sha256:[0-9a-f]{64}$/.test(text);

/**
 * Content by its SHA-256, each once whatever the number of repositories that have it:
 *
 *     <dir>/incoming/<id>      being received; gone at the next start
 *     <dir>/blobs/<2>/<64 hex>
 */
export class Blobs {
  readonly #dir: string;
  readonly #random: Random;
  /** Names appear and vanish one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(dir: string, random: Random) {
    this.#dir = dir;
    this.#random = random;
  }

  static async open(dir: string, options: { readonly random: Random }): Promise<Blobs> {
    await rm(path.join(dir, 'incoming'), { recursive: true, force: true });
    await mkdir(path.join(dir, 'incoming'), { recursive: true, mode: 0o700 });
    await mkdir(path.join(dir, 'blobs'), { recursive: true, mode: 0o700 });
    return new Blobs(dir, options.random);
  }

  async begin(): Promise<Upload> {
    const id = this.#random.uuid();
    const file = path.join(this.#dir, 'incoming', id);
    return new Upload(id, file, await open(file, 'wx', 0o600));
  }

  /**
   * Gives received content its name; it is on storage when this resolves.
   *
   * @param record  says who has it, in the same breath: no sweep comes between
   */
  async settle<T>(upload: Upload, record: () => Promise<T>): Promise<T> {
    const { file, digest } = await upload.finish();
    return this.#inTurn(async () => {
      const target = this.file(digest);
      await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
      await rename(file, target);
      const folder = await open(path.dirname(target), 'r');
      await folder.sync().finally(() => folder.close());
      return record();
    });
  }

  /** Removes content that nobody has any more. @param isHeld asked again when its turn has come */
  release(digests: Iterable<string>, isHeld: (digest: string) => boolean): Promise<void> {
    return this.#inTurn(async () => {
      for (const digest of digests) if (!isHeld(digest)) await rm(this.file(digest), { force: true });
    });
  }

  /** Everything there is, for the sweep at the start. */
  async list(): Promise<readonly string[]> {
    const root = path.join(this.#dir, 'blobs');
    const names: string[] = [];
    for (const folder of await readdir(root)) names.push(...(await readdir(path.join(root, folder))));
    return names.map((name) => `sha256:${name}`);
  }

  read(digest: string, range?: { readonly from: number; readonly to: number }): ReadStream {
    return createReadStream(this.file(digest), range === undefined ? {} : { start: range.from, end: range.to });
  }

  async bytes(digest: string): Promise<Uint8Array> {
    return readFile(this.file(digest));
  }

  async has(digest: string): Promise<boolean> {
    return stat(this.file(digest)).then(
      () => true,
      () => false,
    );
  }

  /** @throws Error for what is no digest: these become file names */
  file(digest: string): string {
    if (!isDigest(digest)) throw new Error(`${JSON.stringify(digest.slice(0, 100))} is no digest`);
    const hex = digest.slice('sha256:'.length);
    return path.join(this.#dir, 'blobs', hex.slice(0, 2), hex);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

/** Content on its way in. What was written and what was hashed are always the same bytes, so a cut client may go on. */
export class Upload {
  readonly id: string;
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;
  #closed = false;

  constructor(id: string, file: string, handle: FileHandle) {
    this.id = id;
    this.#file = file;
    this.#handle = handle;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Digest of what has come so far. */
  get digest(): string {
    return `sha256:${this.#hash.copy().digest('hex')}`;
  }

  /** @throws RangeError past `mostBytes`, or what the body throws; what was written until then stays */
  async append(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<void> {
    for await (const chunk of body) {
      if (this.#bytes + chunk.length > mostBytes) throw new RangeError(`A blob may have ${mostBytes} bytes.`);
      let at = 0;
      while (at < chunk.length) at += (await this.#handle.write(chunk, at, chunk.length - at, this.#bytes + at)).bytesWritten;
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
    }
  }

  async finish(): Promise<{ readonly file: string; readonly digest: string }> {
    await this.#handle.sync();
    await this.#close();
    return { file: this.#file, digest: this.digest };
  }

  async cancel(): Promise<void> {
    await this.#close();
    await rm(this.#file, { force: true });
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }
}
