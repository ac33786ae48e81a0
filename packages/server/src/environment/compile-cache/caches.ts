import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger, Random } from '../../base/index.ts';
import type { CatalogChange, FunctionVersion } from '../../control/index.ts';
import { Commission } from './commission.ts';
import { Trial } from './trial.ts';

export interface CompileCachesOptions {
  /** Caches go to `<dataDir>/compile-cache/<function>/<incarnation>.<digest>.<KiB>/`. */
  readonly dataDir: string;
  readonly random: Random;
  readonly log: Logger;
  readonly limits?: Partial<CompileCacheLimits>;
}

export interface CompileCacheLimits {
  /** Of one version. */
  readonly cacheBytes: number;
  /** Of all together; the one used longest ago goes first. */
  readonly totalBytes: number;
  /** Versions whose outcome is remembered. */
  readonly entries: number;
  /** Being received at once: what is on its way is in our memory. */
  readonly commissions: number;
}

export const compileCacheLimits: CompileCacheLimits = {
  cacheBytes: 16 * 1_048_576,
  totalBytes: 1_073_741_824,
  entries: 10_000,
  commissions: 4,
};

/** What an environment is told about the cache of its version. */
export type CacheUse =
  | { readonly kind: 'use'; readonly folder: string }
  /** It is the first: how long it loads tells whether a cache is worth making. */
  | { readonly kind: 'try'; readonly trial: Trial }
  /** What V8 compiles for it is wanted. */
  | { readonly kind: 'make'; readonly commission: Commission };

/** Whoever was to try or to make has ended, or is ready in some other way. */
export function abandon(cache: CacheUse | undefined): void {
  if (cache?.kind === 'make') cache.commission[Symbol.dispose]();
  if (cache?.kind === 'try') cache.trial[Symbol.dispose]();
}

/** Code that is loaded sooner gains nothing worth a file, in milliseconds. */
const worthMs = 15;

type Entry =
  | { readonly kind: 'ready'; readonly functionArn: string | undefined; readonly folder: string; readonly bytes: number }
  | { readonly kind: 'trying' | 'worthy' | 'making'; readonly functionArn: string }
  /** Its code is loaded too soon for a cache to be of use, or its cache would be too big. */
  | { readonly kind: 'useless'; readonly functionArn: string };

/**
 * What V8 compiled for the code of each version, on disk.
 *
 * A cache is machine code by another name: whoever writes it decides what runs. So it serves the version it comes
 * from and nobody else, not even the same code under another name or configuration; it is taken from a process that
 * has not seen an event yet; and what the process says are only bytes, which we write and no box can.
 */
export class CompileCaches implements AsyncDisposable {
  readonly #root: string;
  readonly #options: CompileCachesOptions;
  readonly #limits: CompileCacheLimits;
  /** By place; used longest ago first. */
  readonly #entries = new Map<string, Entry>();
  readonly #work = new Set<Promise<void>>();
  #bytes = 0;
  #commissions = 0;

  private constructor(options: CompileCachesOptions) {
    this.#options = options;
    this.#root = path.join(options.dataDir, 'compile-cache');
    this.#limits = { ...compileCacheLimits, ...options.limits };
  }

  static async open(options: CompileCachesOptions): Promise<CompileCaches> {
    const caches = new CompileCaches(options);
    await caches.#read();
    return caches;
  }

  /** For an environment of this version that is about to initialise; undefined when there is nothing to use or to make. */
  find(version: FunctionVersion, interpreterVersion: string): CacheUse | undefined {
    const place = placeOf(version, interpreterVersion);
    const entry = this.#entries.get(place);
    if (entry?.kind === 'ready') {
      this.#entries.delete(place);
      this.#entries.set(place, entry);
      return { kind: 'use', folder: entry.folder };
    }
    const { functionArn } = version;
    if (entry === undefined) return { kind: 'try', trial: this.#trial(place, functionArn) };
    if (entry.kind !== 'worthy' || this.#commissions >= this.#limits.commissions) return undefined;
    this.#commissions += 1;
    this.#note(place, { kind: 'making', functionArn });
    const commission = new Commission({
      maxBytes: this.#limits.cacheBytes,
      ended: (files) => {
        this.#commissions -= 1;
        // The function may have changed meanwhile.
        if (this.#entries.get(place)?.kind !== 'making') return;
        if (files === 'unfinished') this.#note(place, { kind: 'worthy', functionArn });
        else if (files === 'useless') this.#note(place, { kind: 'useless', functionArn });
        else this.#track(this.#keep(place, functionArn, files));
      },
    });
    return { kind: 'make', commission };
  }

  #trial(place: string, functionArn: string): Trial {
    this.#note(place, { kind: 'trying', functionArn });
    return new Trial((loadMs) => {
      if (this.#entries.get(place)?.kind !== 'trying') return;
      if (loadMs === undefined) this.#entries.delete(place);
      else this.#note(place, { kind: loadMs >= worthMs ? 'worthy' : 'useless', functionArn });
    });
  }

  /** Drops the caches of what may no longer be invoked. */
  onChange(change: CatalogChange): void {
    const prefix = `${functionFolder(change.functionArn)}/`;
    for (const place of this.#entries.keys()) {
      if (!place.startsWith(prefix)) continue;
      const incarnation = place.slice(prefix.length, place.lastIndexOf('.'));
      if (!change.incarnations.has(incarnation)) this.#drop(place);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  async #keep(place: string, functionArn: string, files: ReadonlyMap<string, readonly Uint8Array[]>): Promise<void> {
    const bytes = [...files.values()].flat().reduce((sum, piece) => sum + piece.length, 0);
    const folder = path.join(this.#root, `${place}.${Math.ceil(bytes / 1024)}`);
    const partial = path.join(this.#root, `${partialPrefix}${this.#options.random.uuid()}`);
    try {
      for (const [name, pieces] of files) {
        const file = path.join(partial, name);
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(file, Buffer.concat(pieces));
      }
      await mkdir(path.dirname(folder), { recursive: true });
      await rename(partial, folder);
    } catch (error) {
      this.#options.log.warn('A compile cache could not be kept.', { functionArn, error });
      await rm(partial, { recursive: true, force: true }).catch(() => {});
      if (this.#entries.get(place)?.kind === 'making') this.#note(place, { kind: 'useless', functionArn });
      return;
    }
    if (this.#entries.get(place)?.kind !== 'making') return await rm(folder, { recursive: true, force: true });
    this.#note(place, { kind: 'ready', functionArn, folder, bytes });
  }

  #note(place: string, entry: Entry): void {
    this.#entries.delete(place);
    this.#entries.set(place, entry);
    if (entry.kind === 'ready') this.#bytes += entry.bytes;
    for (const [oldest, { kind }] of this.#entries) {
      const full = this.#entries.size > this.#limits.entries;
      if (!full && this.#bytes <= this.#limits.totalBytes) return;
      if (oldest !== place && (kind === 'ready' || (full && (kind === 'useless' || kind === 'worthy')))) this.#drop(oldest);
    }
  }

  /** A box that has it mounted finds nothing there any more, and compiles for itself. */
  #drop(place: string): void {
    const entry = this.#entries.get(place);
    this.#entries.delete(place);
    if (entry?.kind !== 'ready') return;
    this.#bytes -= entry.bytes;
    this.#track(rm(entry.folder, { recursive: true, force: true }));
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch((error: unknown) => this.#options.log.warn('A compile cache could not be removed.', { error }));
    this.#work.add(tracked);
    void tracked.then(() => this.#work.delete(tracked));
  }

  /** What an earlier server has left: whole caches are kept, the rest goes. */
  async #read(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    for (const owner of await readdir(this.#root)) {
      if (owner.startsWith(partialPrefix)) {
        await rm(path.join(this.#root, owner), { recursive: true, force: true });
        continue;
      }
      for (const name of await readdir(path.join(this.#root, owner))) {
        const [, place, size] = /^(.+)\.(\d+)$/.exec(name) ?? [];
        if (place === undefined) continue;
        const folder = path.join(this.#root, owner, name);
        this.#note(`${owner}/${place}`, { kind: 'ready', functionArn: undefined, folder, bytes: Number(size) * 1024 });
      }
    }
  }
}

const partialPrefix = 'partial-';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
const functionFolder = (functionArn: string): string => digest(functionArn);

/** An incarnation is of one configuration and one code already; the rest says so twice, and adds who compiled it. */
function placeOf(version: FunctionVersion, interpreterVersion: string): string {
  const { functionArn, incarnation, codeSha256, handler, layersDir } = version;
  const what = JSON.stringify([version.version, codeSha256, handler, layersDir, interpreterVersion, process.arch]);
  return `${functionFolder(functionArn)}/${incarnation}.${digest(what)}`;
}
