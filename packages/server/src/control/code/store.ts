import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AccountId, Clock, Limits, Logger, Random } from '../../base/index.ts';
import { aboutOf, type About } from './about.ts';
import { faultOf, tooManyTakes } from './faults.ts';
import { takeIn } from './intake.ts';
import { KeyedLock } from './keyed-lock.ts';
import { aboutName, archiveName, base64Of, filesName, hexOf, Places } from './places.ts';
import type { CodeStore, SealedArchive, ArchiveSealer, StoredCode } from './port.ts';
import { RefusedArchive } from './refusal.ts';
import { sweep } from './sweep.ts';
import type { Bounds } from './unzip/plan.ts';
import { Workshop } from './workshop.ts';
import type { Outcomes, Task } from './workshop-thread.ts';

/** What headers and names may add to bytes that do not shrink. */
const overheadBytes = 32 * 1024 * 1024;
/** Archives taken at once; each holds a file, and two are unpacked while the others wait. */
const takes = 256;
/** Longest time from taking code to the record that refers to it. */
const graceMs = 600_000;

export interface CodeStoreOptions {
  /** Code goes to `<dataDir>/code`. */
  readonly dataDir: string;
  readonly limits: Pick<Limits, 'zipEntries'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export async function openCodeStore(options: CodeStoreOptions): Promise<CodeStore & ArchiveSealer & AsyncDisposable> {
  const places = new Places(options.dataDir);
  await mkdir(places.incoming, { recursive: true, mode: 0o700 });
  await chmod(places.root, 0o700);
  return new FileCodeStore(options, places, await foldsCase(places, options.random));
}

class FileCodeStore implements CodeStore, ArchiveSealer, AsyncDisposable {
  readonly #options: CodeStoreOptions;
  readonly #places: Places;
  readonly #foldsCase: boolean;
  readonly #workshop: Workshop;
  readonly #locks = new KeyedLock();
  /** Folders being filled by this server. */
  readonly #staged = new Set<string>();
  #taking = 0;
  /** When a folder was last asked for; monotonic milliseconds. Nothing refers to new code yet, and a sweep must leave it. */
  readonly #touched = new Map<string, number>();

  constructor(options: CodeStoreOptions, places: Places, folds: boolean) {
    this.#options = options;
    this.#places = places;
    this.#foldsCase = folds;
    this.#workshop = new Workshop({ clock: options.clock });
  }

  async take(
    account: AccountId,
    zip: Uint8Array | AsyncIterable<Uint8Array>,
    { maxUnzippedBytes }: { readonly maxUnzippedBytes: number },
  ): Promise<StoredCode> {
    const accountFolder = this.#places.account(account);
    using _place = this.#place();
    await using staging = await this.#stage();
    // Awaited: the staging is cleared when this returns.
    return await this.#unlessRefused(maxUnzippedBytes, async () => {
      const archive = path.join(staging.folder, archiveName);
      const { sha256, size } = await takeIn(zip, archive, { maxBytes: maxUnzippedBytes + overheadBytes });
      const codeSha256 = sha256.toString('base64');
      const folder = this.#places.code(account, codeSha256);
      const about = await this.#once(folder, async () => {
        const into = await staging.files();
        const unpacked = await this.#perform({ kind: 'unpack', archive, into, bounds: this.#bounds(maxUnzippedBytes) });
        return this.#publish(staging.folder, folder, accountFolder, { codeSize: size, ...unpacked });
      });
      // Taken earlier under a higher limit.
      if (about.unzippedSize > maxUnzippedBytes) throw new RefusedArchive('tooLarge', `${about.unzippedSize} bytes`);
      const { codeSize, unzippedSize, seal } = about;
      return { codeSha256, codeSize, unzippedSize, dir: path.join(folder, filesName), ...(seal === undefined ? {} : { seal }) };
    });
  }

  dir(account: AccountId, codeSha256: string): string {
    return path.join(this.#places.code(account, codeSha256), filesName);
  }

  archive(account: AccountId, codeSha256: string): string {
    return path.join(this.#places.code(account, codeSha256), archiveName);
  }

  async layers(account: AccountId, codeSha256s: readonly string[]): Promise<string> {
    const [only] = codeSha256s;
    if (only !== undefined && codeSha256s.length === 1) return this.dir(account, only);
    const listHash = createHash('sha256').update(codeSha256s.map(hexOf).join('\n')).digest('hex');
    const folder = this.#places.merged(account, listHash);
    await this.#once(folder, async () => {
      await using staging = await this.#stage();
      const trees = codeSha256s.map((codeSha256) => this.dir(account, codeSha256));
      for (const [index, tree] of trees.entries()) await this.#insist(tree, codeSha256s[index] ?? '');
      await this.#perform({ kind: 'merge', trees, into: await staging.files() });
      // Awaited: the staging is cleared when this returns.
      return await this.#publish(staging.folder, folder, path.dirname(folder), {
        codeSize: 0,
        unzippedSize: 0,
        layers: codeSha256s,
      });
    });
    return path.join(folder, filesName);
  }

  async seal(
    zip: AsyncIterable<Uint8Array>,
    { maxUnzippedBytes, sign }: { readonly maxUnzippedBytes: number; readonly sign: (manifestSha256: string) => string },
  ): Promise<SealedArchive> {
    await using made = new AsyncDisposableStack();
    made.use(this.#place());
    const { folder } = made.use(await this.#stage());
    const archive = path.join(folder, archiveName);
    const manifest = path.join(folder, 'manifest');
    const tail = path.join(folder, 'tail');
    const bounds = this.#bounds(maxUnzippedBytes);
    const keptBytes = await this.#unlessRefused(maxUnzippedBytes, async () => {
      await takeIn(zip, archive, { maxBytes: maxUnzippedBytes + overheadBytes });
      const { manifestSha256 } = await this.#perform({ kind: 'list', archive, manifest, bounds });
      const sealed = await this.#perform({ kind: 'seal', archive, manifest, signature: sign(manifestSha256), tail, bounds });
      return sealed.keptBytes;
    });
    const held = made.move();
    return { body: joined(archive, keptBytes, tail), [Symbol.asyncDispose]: () => held.disposeAsync() };
  }

  sweep(inUse: ReadonlyMap<AccountId, ReadonlySet<string>>): Promise<void> {
    const oldest = this.#options.clock.monotonic() - graceMs;
    for (const [folder, at] of this.#touched) if (at < oldest) this.#touched.delete(folder);
    return sweep({
      places: this.#places,
      inUse: (account, hex) => inUse.get(account)?.has(base64Of(hex)) ?? false,
      isBusy: (folder) => this.#staged.has(folder) || this.#touched.has(folder),
      locked: (folder, work) => this.#locks.run(folder, work),
      aside: () => path.join(this.#places.incoming, this.#options.random.uuid()),
      log: this.#options.log,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workshop[Symbol.asyncDispose]();
  }

  /** What is in a folder, made first when it is not there. One at a time for each folder. */
  #once(folder: string, make: () => Promise<About>): Promise<About> {
    const touch = (): void => void this.#touched.set(folder, this.#options.clock.monotonic());
    return this.#locks.run(folder, async () => {
      touch();
      const about = (await aboutOf(folder)) ?? (await make());
      touch();
      return about;
    });
  }

  async #publish(staged: string, folder: string, parent: string, about: About): Promise<About> {
    const file = path.join(staged, aboutName);
    await writeFile(file, JSON.stringify(about), { mode: 0o400, flush: true });
    await sync(staged);
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await rename(staged, folder);
    for (const at of new Set([parent, path.dirname(parent), this.#places.root])) await sync(at);
    return about;
  }

  #bounds(maxUnzippedBytes: number): Bounds {
    return { maxUnzippedBytes, maxEntries: this.#options.limits.zipEntries, foldsCase: this.#foldsCase };
  }

  /** One of the places for archives on their way. */
  #place(): Disposable {
    if (this.#taking >= takes) throw tooManyTakes();
    this.#taking += 1;
    return { [Symbol.dispose]: () => void (this.#taking -= 1) };
  }

  async #unlessRefused<T>(maxUnzippedBytes: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RefusedArchive)) throw error;
      this.#options.log.debug('An archive was refused.', { detail: error.message });
      throw faultOf(error.refusal, maxUnzippedBytes);
    }
  }

  async #perform<T extends Task>(task: T): Promise<Outcomes[T['kind']]> {
    const result = await this.#workshop.perform(task);
    switch (result.kind) {
      case 'done':
        return result.outcome as Outcomes[T['kind']];
      case 'refused':
        throw new RefusedArchive(result.refusal.kind, result.refusal.detail);
      case 'failed':
        throw Object.assign(new Error(`Code could not be unpacked below ${this.#places.root}: ${result.message}`), {
          code: result.code,
        });
    }
  }

  async #insist(tree: string, codeSha256: string): Promise<void> {
    if (
      await stat(tree).then(
        () => true,
        () => false,
      )
    )
      return;
    throw Object.assign(new Error(`The code ${codeSha256} is not in the store.`), { code: 'CODE_MISSING' });
  }

  async #stage(): Promise<AsyncDisposable & { readonly folder: string; files(): Promise<string> }> {
    const folder = path.join(this.#places.incoming, this.#options.random.uuid());
    this.#staged.add(folder);
    await mkdir(folder, { mode: 0o700 });
    return {
      folder,
      files: async () => {
        const files = path.join(folder, filesName);
        await mkdir(files);
        // A umask has no say in it: the function's own uid reads this.
        await chmod(files, 0o755);
        return files;
      },
      [Symbol.asyncDispose]: async () => {
        // Renamed by now when all went well.
        await rm(folder, { recursive: true, force: true });
        this.#staged.delete(folder);
      },
    };
  }
}

async function foldsCase(places: Places, random: Random): Promise<boolean> {
  const name = path.join(places.incoming, `${random.uuid()}-case`);
  await writeFile(name, '');
  try {
    return await stat(name.replace(/case$/, 'CASE')).then(
      () => true,
      () => false,
    );
  } finally {
    await rm(name, { force: true });
  }
}

/** The front of one file, then all of another. */
async function* joined(file: string, keptBytes: number, then: string): AsyncIterable<Uint8Array> {
  if (keptBytes > 0) yield* createReadStream(file, { end: keptBytes - 1 });
  yield* createReadStream(then);
}

async function sync(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
