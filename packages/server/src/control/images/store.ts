import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Logger, Random, Timer } from '../../base/index.ts';
import { KeyedLock } from '../code/keyed-lock.ts';
import type { Images } from '../ports.ts';
import { faultFor } from './faults.ts';
import { fetchBlob, findImage, type Architecture } from './find.ts';
import type { Descriptor, ImageSource } from './port.ts';
import { parseImageName, resolvedName } from './reference.ts';
import { RefusedImage } from './refusal.ts';
import { openSource, type Sources } from './sources/open.ts';
import type { LayerAbout } from './unpack.ts';
import { inThread } from './workshop.ts';

/** Everything unpacked. @source spec 8.1-09 */
const mostBytes = 10_737_418_240;
/** Files, folders and links of all layers; ours, a bomb's wall. */
const mostEntries = 1_000_000;

export interface ImageStoreOptions extends Sources {
  /** Images go to `<dataDir>/images`. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Changes when the machine starts anew: what was not yet on storage then may be damaged. */
  readonly bootId: string;
  readonly bounds?: { readonly bytes: number; readonly entries: number };
}

export interface ImageStore extends Images, AsyncDisposable {
  /** Resolves when nothing is being fetched, unpacked or brought to storage. */
  idle(): Promise<void>;
  /** Brings everything to storage now. */
  settle(): Promise<void>;
}

type Caller = { readonly account: string; readonly region: string };

/** The kernel has written most of a tree to storage by itself by then. */
const settleMs = 60_000;

/** What was being unpacked when an earlier server ended is removed, and what may not have reached storage when the machine did. */
export async function openImages(options: ImageStoreOptions): Promise<ImageStore> {
  const root = path.resolve(options.dataDir, 'images');
  await rm(path.join(root, '.incoming'), { recursive: true, force: true });
  for (const name of ['.incoming', 'layers', 'roots']) await mkdir(path.join(root, name), { recursive: true, mode: 0o700 });
  const images = new FileImages(options, root);
  await images.look();
  return images;
}

/**
 *     <dataDir>/images/.incoming/<uuid>/   half-made; renamed to one of
 *     <dataDir>/images/layers/<hex>/       tree/, about.json: one layer, by the digest of its blob
 *     <dataDir>/images/roots/<hex>/        tree-…/, about.json: the layers of an image over each other, by the digest of its manifest
 */
class FileImages implements ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #root: string;
  readonly #locks = new KeyedLock();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<boolean>>();
  /** Layers that a root is being made of: no sweep takes them. */
  readonly #wanted = new Map<string, number>();
  /** Roots that are there, with their folder. */
  readonly #ready = new Map<string, string>();
  /** Folders that are to be brought to storage. */
  readonly #unsettled = new Set<string>();
  #timer: Timer | undefined;

  constructor(options: ImageStoreOptions, root: string) {
    this.#options = options;
    this.#root = root;
  }

  /** Takes up what is there. */
  async look(): Promise<void> {
    for (const kind of ['layers', 'roots'] as const)
      for (const hex of await readdir(path.join(this.#root, kind))) {
        const folder = path.join(this.#root, kind, hex);
        if (!(await this.#isWhole(folder))) await this.#remove(folder);
        else if (kind === 'roots') this.#ready.set(`sha256:${hex}`, path.join(folder, (await aboutRoot(folder)).tree));
      }
    if (this.#unsettled.size > 0) this.#settleLater();
  }

  dir(digest: string): string {
    // Until it is prepared, nothing is there.
    return this.#ready.get(digest) ?? path.join(this.#place('roots', digest), 'tree');
  }

  async resolve(
    uri: string,
    options: Caller & { readonly architecture: Architecture; readonly signal: AbortSignal },
  ): ReturnType<Images['resolve']> {
    try {
      await using scratch = await this.#scratch();
      await using source = await openSource(this.#options, uri, options, scratch.folder);
      const found = await findImage(source, referenceOf(uri), options.architecture, scratch.file());
      return { resolvedUri: resolvedName(uri, found.digest), digest: found.digest, image: found.defaults };
    } catch (error) {
      if (!(error instanceof RefusedImage)) throw error;
      this.#options.log.info('An image was refused.', { image: uri.slice(0, 300), reason: error.message });
      throw faultFor(error, uri);
    }
  }

  isReady(digest: string): boolean {
    return this.#ready.has(digest);
  }

  prepare(
    resolvedUri: string,
    options: Caller & { readonly digest: string; readonly architecture: Architecture; readonly signal: AbortSignal },
  ): Promise<void> {
    const signal = AbortSignal.any([options.signal, this.#stop.signal]);
    const work = this.#locks.run(options.digest, () => this.#prepare(resolvedUri, { ...options, signal }));
    const ended: Promise<boolean> = work.then(
      () => this.#running.delete(ended),
      () => this.#running.delete(ended),
    );
    this.#running.add(ended);
    return work;
  }

  async sweep(inUse: () => ReadonlySet<string>): Promise<void> {
    const layers = new Set<string>();
    for (const hex of await readdir(path.join(this.#root, 'roots'))) {
      const digest = `sha256:${hex}`;
      // Asked again when its turn has come: a function may have been made of it meanwhile.
      await this.#locks.run(digest, async () => {
        if (!inUse().has(digest)) {
          this.#ready.delete(digest);
          return this.#remove(path.join(this.#root, 'roots', hex));
        }
        const { layers: held } = await aboutRoot(path.join(this.#root, 'roots', hex));
        for (const layer of held) layers.add(layer);
      });
    }
    for (const hex of await readdir(path.join(this.#root, 'layers'))) {
      const digest = `sha256:${hex}`;
      await this.#locks.run(`layer ${digest}`, async () => {
        if (!layers.has(digest) && !this.#wanted.has(digest)) await this.#remove(path.join(this.#root, 'layers', hex));
      });
    }
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The server is stopping.'));
    this.#timer?.[Symbol.dispose]();
    await this.idle();
  }

  async #prepare(
    uri: string,
    options: Caller & { readonly digest: string; readonly architecture: Architecture; readonly signal: AbortSignal },
  ): Promise<void> {
    const target = this.#place('roots', options.digest);
    if (this.#ready.has(options.digest)) return;
    await using scratch = await this.#scratch();
    await using source = await openSource(this.#options, uri, options, scratch.folder);
    const found = await findImage(source, options.digest, options.architecture, scratch.file());
    for (const { digest } of found.layers) this.#wanted.set(digest, (this.#wanted.get(digest) ?? 0) + 1);
    try {
      const layers: { readonly tree: string; readonly about: LayerAbout }[] = [];
      let { bytes, entries } = this.#options.bounds ?? { bytes: mostBytes, entries: mostEntries };
      for (const [index, layer] of found.layers.entries()) {
        const ready = await this.#layer(source, layer, { bytes, entries }, options.signal);
        if (ready.about.diffId !== found.diffIds[index])
          throw new RefusedImage(
            'invalid',
            `The layer ${layer.digest} is not the one that the configuration of the image names.`,
          );
        bytes -= ready.about.bytes;
        entries -= ready.about.entries;
        if (bytes < 0 || entries < 0) throw new RefusedImage('invalid', 'The image is too large: 10 GB unpacked are the most.');
        layers.push(ready);
      }
      // Made again after it was removed, it has another name: who keeps mounts by their folder must not find the old one.
      const name = `tree-${this.#options.random.uuid().slice(0, 8)}`;
      const tree = path.join(scratch.folder, 'root', name);
      await mkdir(tree, { recursive: true, mode: 0o755 });
      await inThread({ kind: 'assemble', layers, into: tree }, options.signal);
      await this.#publish(path.dirname(tree), target, { layers: found.layers.map(({ digest }) => digest), tree: name });
      this.#ready.set(options.digest, path.join(target, name));
    } finally {
      for (const { digest } of found.layers) {
        const left = (this.#wanted.get(digest) ?? 1) - 1;
        if (left === 0) this.#wanted.delete(digest);
        else this.#wanted.set(digest, left);
      }
    }
  }

  /** A layer of its own, unpacked once whatever the number of images that have it. */
  #layer(
    source: ImageSource,
    layer: Descriptor,
    bounds: { readonly bytes: number; readonly entries: number },
    signal: AbortSignal,
  ): Promise<{ readonly tree: string; readonly about: LayerAbout }> {
    const target = this.#place('layers', layer.digest);
    return this.#locks.run(`layer ${layer.digest}`, async () => {
      const known = await readFile(path.join(target, 'about.json'), 'utf8').catch(() => undefined);
      if (known !== undefined) return { tree: path.join(target, 'tree'), about: JSON.parse(known) as LayerAbout };
      await using scratch = await this.#scratch();
      const file = await fetchBlob(source, layer, scratch.file());
      const tree = path.join(scratch.folder, 'layer', 'tree');
      await mkdir(tree, { recursive: true, mode: 0o755 });
      const about = await inThread({ kind: 'unpack', file, into: tree, bounds }, signal);
      if (about === undefined) throw new Error('A layer was unpacked without a word about it.');
      await this.#publish(path.dirname(tree), target, about);
      return { tree: path.join(target, 'tree'), about };
    });
  }

  async #publish(folder: string, target: string, about: object): Promise<void> {
    await writeFile(path.join(folder, 'about.json'), JSON.stringify({ ...about, bootId: this.#options.bootId }), {
      flush: true,
      mode: 0o600,
    });
    await rename(folder, target);
    this.#unsettled.add(target);
    this.#settleLater();
  }

  async #scratch(): Promise<AsyncDisposable & { readonly folder: string; readonly file: () => string }> {
    const folder = path.join(this.#root, '.incoming', this.#options.random.uuid());
    await mkdir(folder, { mode: 0o700 });
    return {
      folder,
      file: () => path.join(folder, this.#options.random.uuid()),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  }

  async #isWhole(folder: string): Promise<boolean> {
    if (await isThere(path.join(folder, settledName))) return true;
    const about = await readFile(path.join(folder, 'about.json'), 'utf8')
      .then((text) => JSON.parse(text) as { readonly bootId?: string })
      .catch(() => undefined);
    if (about?.bootId !== this.#options.bootId) return false;
    this.#unsettled.add(folder);
    return true;
  }

  #settleLater(): void {
    if (this.#timer !== undefined || this.#stop.signal.aborted) return;
    this.#timer = this.#options.clock.after(settleMs, () => {
      const work = this.settle().catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.log.error('An image could not be brought to storage.', { error });
      });
      const ended: Promise<boolean> = work.then(() => this.#running.delete(ended));
      this.#running.add(ended);
    });
    this.#timer.unref();
  }

  async settle(): Promise<void> {
    for (const folder of this.#unsettled) {
      this.#unsettled.delete(folder);
      // Removed meanwhile.
      if (!(await isThere(path.join(folder, 'about.json')))) continue;
      await inThread({ kind: 'settle', folder }, this.#stop.signal);
      await writeFile(path.join(folder, settledName), '', { flush: true, mode: 0o600 });
    }
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#unsettled.size > 0) this.#settleLater();
  }

  /** Out of sight at once, and away when that is done. */
  async #remove(folder: string): Promise<void> {
    const aside = path.join(this.#root, '.incoming', this.#options.random.uuid());
    await rename(folder, aside);
    await rm(aside, { recursive: true, force: true });
  }

  #place(kind: 'layers' | 'roots', digest: string): string {
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hex === undefined) throw new Error(`${JSON.stringify(digest.slice(0, 100))} is no digest`);
    return path.join(this.#root, kind, hex);
  }
}

const settledName = 'settled';

const aboutRoot = async (folder: string): Promise<{ readonly layers: readonly string[]; readonly tree: string }> =>
  JSON.parse(await readFile(path.join(folder, 'about.json'), 'utf8')) as {
    readonly layers: readonly string[];
    readonly tree: string;
  };

const referenceOf = (uri: string): string => {
  const name = parseImageName(uri);
  return name.reference ?? 'latest';
};

const isThere = (file: string): Promise<boolean> =>
  readFile(file).then(
    () => true,
    () => false,
  );
