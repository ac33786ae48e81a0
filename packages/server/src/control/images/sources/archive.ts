import { createHash, type Hash } from 'node:crypto';
import { closeSync, createReadStream, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ImageSource } from '../port.ts';
import { hostile, RefusedImage } from '../refusal.ts';
import { TarReader, type TarHeader, type TarSink } from '../tar.ts';
import { ociLayout } from './layout.ts';

const mostBytes = 10_737_418_240;
const mostEntries = 10_000;

/**
 * `oci-archive:` is a layout in a tar; `docker-archive:` is what `docker save` makes, which is a layout as
 * well since Docker 25, and before it a list of files that is made into one here.
 *
 * @param options.into  a folder that is made and filled; whoever owns it removes it
 */
export async function archive(
  file: string,
  options: { readonly into: string; readonly tag: string | undefined; readonly signal: AbortSignal },
): Promise<ImageSource> {
  const { into, tag, signal } = options;
  await mkdir(path.join(into, 'blobs', 'sha256'), { recursive: true, mode: 0o700 });
  const sink = new ArchiveSink(into);
  const reader = new TarReader(sink);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 262_144, signal })) reader.write(chunk as Uint8Array);
    reader.finish();
  } finally {
    sink.close();
  }
  const names = sink.files;
  if (!names.has('index.json')) {
    const index = await indexOf(into, names, tag);
    return ociLayout(into, { tag: index });
  }
  await rename(path.join(into, names.get('index.json')?.file ?? ''), path.join(into, 'index.json'));
  return ociLayout(into, { tag });
}

interface Kept {
  readonly file: string;
  readonly digest: string;
  readonly bytes: number;
}

/** Writes every file under the name of its digest: what the archive calls it never becomes a path. */
class ArchiveSink implements TarSink {
  readonly files = new Map<string, Kept>();
  readonly #into: string;
  #bytes = 0;
  #open: { readonly name: string; readonly descriptor: number; readonly hash: Hash; bytes: number } | undefined;
  #count = 0;

  constructor(into: string) {
    this.#into = into;
    mkdirSync(into, { recursive: true });
  }

  entry({ name, kind, bytes, target }: TarHeader): void {
    this.#count += 1;
    this.#bytes += bytes;
    if (this.#count > mostEntries || this.#bytes > mostBytes) throw hostile('The archive of the image is too large.');
    const clean = path.posix.normalize(name).replace(/^\.?\//, '');
    if (kind === 'link' || kind === 'hardLink') {
      // Docker stores a layer that it has twice as a link to the first.
      const original = this.files.get(
        path.posix.normalize(kind === 'link' ? path.posix.join(path.posix.dirname(clean), target) : target),
      );
      if (original !== undefined) this.files.set(clean, original);
      return;
    }
    if (kind !== 'file') return;
    this.#open = {
      name: clean,
      descriptor: openSync(path.join(this.#into, `.${this.#count}`), 'wx', 0o600),
      hash: createHash('sha256'),
      bytes: 0,
    };
  }

  data(chunk: Uint8Array): void {
    const open = this.#open;
    if (open === undefined) return;
    open.hash.update(chunk);
    open.bytes += chunk.length;
    let at = 0;
    while (at < chunk.length) at += writeSync(open.descriptor, chunk, at);
  }

  end(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.close();
    const hex = open.hash.digest('hex');
    const file = path.join('blobs', 'sha256', hex);
    renameSync(path.join(this.#into, `.${this.#count}`), path.join(this.#into, file));
    this.files.set(open.name, { file, digest: `sha256:${hex}`, bytes: open.bytes });
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }
}

/** Writes manifest and index for an archive of before. @returns the name the index has for it */
async function indexOf(into: string, files: ReadonlyMap<string, Kept>, wanted: string | undefined): Promise<string> {
  const list = files.get('manifest.json');
  if (list === undefined || list.bytes > 4_194_304) throw new RefusedImage('invalid', 'The file is no archive of an image.');
  const entries = JSON.parse(await readFile(path.join(into, list.file), 'utf8')) as {
    Config?: string;
    Layers?: string[];
    RepoTags?: string[] | null;
  }[];
  const entry =
    wanted === undefined
      ? entries[0]
      : entries.find(({ RepoTags }) => RepoTags?.some((tag) => tag === wanted || tag.endsWith(`/${wanted}`)));
  const config = files.get(entry?.Config ?? '');
  const layers = entry?.Layers?.map((layer) => files.get(layer));
  if (config === undefined || layers === undefined || layers.includes(undefined))
    throw new RefusedImage('missing', 'The archive has no such image.');
  const described = (kept: Kept, mediaType: string): object => ({ mediaType, digest: kept.digest, size: kept.bytes });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: described(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((kept) => described(kept as Kept, 'application/vnd.oci.image.layer.v1.tar')),
  });
  const hex = createHash('sha256').update(manifest).digest('hex');
  await writeFile(path.join(into, 'blobs', 'sha256', hex), manifest);
  const annotations = { 'org.opencontainers.image.ref.name': 'image' };
  await writeFile(
    path.join(into, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ digest: `sha256:${hex}`, size: manifest.length, annotations }] }),
  );
  return 'image';
}
