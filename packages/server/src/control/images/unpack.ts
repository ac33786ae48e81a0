import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  createReadStream,
  fchmodSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { cleanName, Inside } from './inside.ts';
import { hostile } from './refusal.ts';
import { TarReader, type TarHeader, type TarSink } from './tar.ts';

export interface Bounds {
  /** Of everything that comes out, headers included. */
  readonly bytes: number;
  readonly entries: number;
}

/** What a layer does to those below it, beyond what lies in its own tree. */
export interface LayerAbout {
  /** Digest of the unpacked archive, which the image's configuration names. */
  readonly diffId: string;
  readonly bytes: number;
  readonly entries: number;
  /** Folders it has only because something lies in them. */
  readonly implicit: readonly string[];
  readonly whiteouts: readonly string[];
  /** Folders that begin empty. */
  readonly opaque: readonly string[];
  /** Hard links to files of the layers below. */
  readonly links: readonly (readonly [name: string, target: string])[];
}

/**
 * Unpacks one layer into an empty folder. Owners are ours, devices and special bits are left out; nothing is
 * ever written outside of `into`.
 *
 * @throws RefusedImage when the layer is broken, hostile or too large
 */
export async function unpackLayer(file: string, into: string, bounds: Bounds): Promise<LayerAbout> {
  const tree = new LayerTree(into, bounds);
  const reader = new TarReader(tree);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of await unpacked(file)) {
      bytes += chunk.length;
      if (bytes > bounds.bytes) throw hostile(`The layers have more than ${bounds.bytes} bytes.`);
      hash.update(chunk);
      reader.write(chunk);
    }
    reader.finish();
  } finally {
    tree.close();
  }
  return { ...tree.about(), diffId: `sha256:${hash.digest('hex')}` };
}

/** Told by its first bytes: what a manifest says of it may be anything. */
async function unpacked(file: string): Promise<AsyncIterable<Uint8Array>> {
  const handle = await open(file, 'r');
  const magic = Buffer.alloc(4);
  await handle.read(magic, 0, 4, 0).finally(() => handle.close());
  const stream = createReadStream(file, { highWaterMark: 262_144 });
  const through =
    magic.readUInt16BE(0) === 0x1f8b
      ? createGunzip({ chunkSize: 262_144 })
      : magic.readUInt32LE(0) === 0xfd2fb528
        ? createZstdDecompress({ chunkSize: 262_144 })
        : undefined;
  if (through === undefined) return stream;
  stream.on('error', (error) => through.destroy(error));
  return stream.pipe(through);
}

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

class LayerTree implements TarSink {
  readonly #inside: Inside;
  readonly #bounds: Bounds;
  readonly #whiteouts: string[] = [];
  readonly #opaque: string[] = [];
  readonly #links: [string, string][] = [];
  #bytes = 0;
  #entries = 0;
  #file: { readonly descriptor: number; readonly mode: number; readonly mtimeS: number } | undefined;

  constructor(root: string, bounds: Bounds) {
    this.#inside = new Inside(root);
    this.#bounds = bounds;
  }

  about(): Omit<LayerAbout, 'diffId'> {
    return {
      bytes: this.#bytes,
      entries: this.#entries,
      implicit: [...this.#inside.implicit],
      whiteouts: this.#whiteouts,
      opaque: this.#opaque,
      links: this.#links,
    };
  }

  entry(header: TarHeader): void {
    this.#entries += 1;
    this.#bytes += header.bytes;
    if (this.#entries > this.#bounds.entries) throw hostile(`The layers have more than ${this.#bounds.entries} entries.`);
    if (this.#bytes > this.#bounds.bytes) throw hostile(`The layers have more than ${this.#bounds.bytes} bytes.`);
    const name = cleanName(header.name);
    // The root is there already.
    if (name === '') return;
    const base = path.posix.basename(name);
    if (base.startsWith(whiteout)) return this.#hide(name, base);
    const place = this.#inside.place(name);
    switch (header.kind) {
      case 'folder':
        return this.#folder(place, header);
      case 'file':
        return this.#open(place, header);
      case 'link':
        if (header.target === '' || header.target.length > 4095 || header.target.includes('\0'))
          throw hostile(`${JSON.stringify(name)} is a link to nowhere.`);
        this.#clear(place);
        return symlinkSync(header.target, this.#inside.host(place));
      case 'hardLink':
        return this.#link(place, cleanName(header.target));
      case 'device':
        // A box has its own `/dev`; anywhere else they have no business.
        return;
    }
  }

  data(chunk: Uint8Array): void {
    if (this.#file === undefined) return;
    let at = 0;
    while (at < chunk.length) at += writeSync(this.#file.descriptor, chunk, at);
  }

  end(): void {
    const file = this.#file;
    if (file === undefined) return;
    fchmodSync(file.descriptor, file.mode);
    futimesSync(file.descriptor, file.mtimeS, file.mtimeS);
    this.close();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
  }

  #hide(name: string, base: string): void {
    const folder = path.posix.dirname(name) === '.' ? '' : path.posix.dirname(name);
    if (base === opaque) this.#opaque.push(folder);
    // Names that begin so are the bookkeeping of a file system of old.
    else if (!base.startsWith(`${whiteout}${whiteout}`))
      this.#whiteouts.push(folder === '' ? base.slice(whiteout.length) : `${folder}/${base.slice(whiteout.length)}`);
  }

  #folder(place: string, { mode }: TarHeader): void {
    const found = this.#inside.stat(place);
    if (found !== undefined && !found.isDirectory()) this.#clear(place);
    if (found?.isDirectory() !== true) mkdirSync(this.#inside.host(place));
    // Whoever unpacked it must be able to take it away again.
    chmodSync(this.#inside.host(place), (mode & 0o777) | 0o700);
    this.#inside.implicit.delete(place);
  }

  #open(place: string, { mode, mtimeS }: TarHeader): void {
    this.#clear(place);
    const descriptor = openSync(this.#inside.host(place), 'wx', 0o600);
    this.#file = { descriptor, mode: (mode & 0o777) | 0o400, mtimeS: Math.min(Math.max(0, mtimeS), 4_000_000_000) };
  }

  #link(place: string, target: string): void {
    const existing = target === '' ? '' : this.#inside.place(target);
    const found = existing === '' ? undefined : this.#inside.stat(existing);
    if (found === undefined) return void this.#links.push([place, target]);
    if (found.isDirectory()) throw hostile(`${JSON.stringify(place)} is a hard link to a folder.`);
    if (existing === place) return;
    this.#clear(place);
    linkSync(this.#inside.host(existing), this.#inside.host(place));
  }

  /** The last entry of a name counts. */
  #clear(place: string): void {
    const found = this.#inside.stat(place);
    if (found === undefined) return;
    rmSync(this.#inside.host(place), { recursive: true, force: true });
    this.#inside.forget();
    for (const folder of this.#inside.implicit)
      if (folder === place || folder.startsWith(`${place}/`)) this.#inside.implicit.delete(folder);
  }
}
