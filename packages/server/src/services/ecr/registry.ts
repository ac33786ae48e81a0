import { createHash } from 'node:crypto';
import type { Clock } from '../../base/index.ts';
import { Blobs, isDigest, type Upload } from './blobs.ts';
import {
  digestMismatch,
  immutableTag,
  invalid,
  layersMissing,
  manifestsMissing,
  noImage,
  noRepository,
  repositoryExists,
} from './faults.ts';
import { readManifest } from './manifest.ts';
import {
  scopeOfHome,
  scopeOfRepository,
  type EcrRecords,
  type Home,
  type ManifestRecord,
  type RepositoryRecord,
} from './records.ts';

/** @source Amazon ECR API Reference, CreateRepository, read 2026-11 */
export const repositoryName = /^(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*\/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;
export const tagName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
/** Images with more could not run; of ours. @source spec 8.1-09 */
export const mostBlobBytes = 10_737_418_240;
/** A layer that no image names is kept at least so long: its image may be on the way. */
const orphanMs = 3_600_000;

/** Repositories and what is in them; the API and the distribution protocol are two doors to it. */
export class Registry {
  readonly records: EcrRecords;
  readonly blobs: Blobs;
  readonly #clock: Clock;

  constructor(options: { readonly records: EcrRecords; readonly blobs: Blobs; readonly clock: Clock }) {
    this.records = options.records;
    this.blobs = options.blobs;
    this.#clock = options.clock;
  }

  now(): number {
    return Math.floor(this.#clock.now());
  }

  /** @throws RepositoryNotFoundException */
  repository(home: Home, name: string): RepositoryRecord {
    const record = this.records.get('repository', scopeOfHome(home), name);
    if (record === undefined) throw noRepository(name, home.account);
    return record;
  }

  async createRepository(home: Home, name: string, settings: Partial<RepositoryRecord> = {}): Promise<RepositoryRecord> {
    if (!repositoryName.test(name) || name.length > 256)
      throw invalid(`Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression'`);
    return this.records.change((draft) => {
      if (draft.get('repository', scopeOfHome(home), name) !== undefined) throw repositoryExists(name, home.account);
      const record: RepositoryRecord = {
        tagMutability: 'MUTABLE',
        scanOnPush: false,
        tags: {},
        ...settings,
        name,
        createdAt: this.now(),
      };
      draft.put('repository', scopeOfHome(home), name, record);
      return record;
    });
  }

  /** With everything in it. */
  async deleteRepository(home: Home, name: string, check: (isEmpty: boolean) => void): Promise<RepositoryRecord> {
    const scope = scopeOfRepository(home, name);
    const taken = await this.records.change((draft) => {
      const record = draft.get('repository', scopeOfHome(home), name);
      if (record === undefined) throw noRepository(name, home.account);
      const manifests = draft.list('manifest', scope);
      check(manifests.length === 0);
      const layers = draft.list('layer', scope);
      for (const { digest } of manifests) draft.delete('manifest', scope, digest);
      for (const { digest } of layers) draft.delete('layer', scope, digest);
      for (const { tag } of draft.list('tag', scope)) draft.delete('tag', scope, tag);
      draft.delete('repository', scopeOfHome(home), name);
      return { record, digests: [...manifests, ...layers].map(({ digest }) => digest) };
    });
    await this.#release(taken.digests);
    return taken.record;
  }

  /** @param reference a digest or a tag */
  manifest(home: Home, name: string, reference: string): ManifestRecord | undefined {
    this.repository(home, name);
    const scope = scopeOfRepository(home, name);
    const digest = isDigest(reference) ? reference : this.records.get('tag', scope, reference)?.digest;
    return digest === undefined ? undefined : this.records.get('manifest', scope, digest);
  }

  hasLayer(home: Home, name: string, digest: string): number | undefined {
    return this.records.get('layer', scopeOfRepository(home, name), digest)?.bytes;
  }

  tagsOf(home: Home, name: string): ReadonlyMap<string, readonly string[]> {
    const tags = new Map<string, string[]>();
    for (const { tag, digest } of this.records.list('tag', scopeOfRepository(home, name)))
      tags.set(digest, [...(tags.get(digest) ?? []), tag]);
    return tags;
  }

  /** Content that a client has sent whole. @throws ImageDigestDoesNotMatchException; nothing is kept then */
  async addLayer(home: Home, name: string, upload: Upload, digest: string): Promise<void> {
    if (upload.digest !== digest) {
      const found = upload.digest;
      await upload.cancel();
      throw digestMismatch(digest, found);
    }
    const { bytes } = upload;
    await this.blobs.settle(upload, () => this.#link(home, name, digest, bytes));
  }

  /** The same content in another repository of the same registry. @returns whether the other one had it */
  async mountLayer(home: Home, name: string, from: string, digest: string): Promise<boolean> {
    const bytes = this.hasLayer(home, from, digest);
    if (bytes === undefined || !(await this.blobs.has(digest))) return false;
    await this.#link(home, name, digest, bytes);
    return true;
  }

  #link(home: Home, name: string, digest: string, bytes: number): Promise<void> {
    return this.records.change((draft) => {
      if (draft.get('repository', scopeOfHome(home), name) === undefined) throw noRepository(name, home.account);
      draft.put('layer', scopeOfRepository(home, name), digest, { digest, bytes, addedAt: this.now() });
    });
  }

  /**
   * @param reference  digest or tag
   * @param check  sees what is there before anything is written
   * @throws InvalidParameterException, LayersNotFoundException, ReferencedImagesNotFoundException, ImageTagAlreadyExistsException …
   */
  async putManifest(
    home: Home,
    name: string,
    bytes: Uint8Array,
    options: {
      readonly mediaType?: string | undefined;
      readonly tag?: string | undefined;
      readonly digest?: string | undefined;
      readonly check?: (digest: string, known: ManifestRecord | undefined, tagged: string | undefined) => void;
    },
  ): Promise<ManifestRecord> {
    const { tag } = options;
    if (tag !== undefined && !tagName.test(tag))
      throw invalid(`Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression'`);
    const { tagMutability } = this.repository(home, name);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (options.digest !== undefined && options.digest !== digest) throw digestMismatch(options.digest, digest);
    const manifest = readManifest(bytes, options.mediaType);
    if (manifest === undefined)
      throw invalid(`Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'`);
    const upload = await this.blobs.begin();
    try {
      await upload.append(only(bytes), bytes.length);
    } catch (error) {
      await upload.cancel();
      throw error;
    }
    const scope = scopeOfRepository(home, name);
    return this.blobs.settle(upload, () =>
      this.records.change((draft) => {
        if (draft.get('repository', scopeOfHome(home), name) === undefined) throw noRepository(name, home.account);
        const layers = manifest.blobs
          .filter((blob) => draft.get('layer', scope, blob.digest) === undefined)
          .map((blob) => blob.digest);
        if (layers.length > 0) throw layersMissing(layers, name, home.account);
        const images = manifest.manifests.filter((each) => draft.get('manifest', scope, each) === undefined);
        if (images.length > 0) throw manifestsMissing(images, name, home.account);
        const tagged = tag === undefined ? undefined : draft.get('tag', scope, tag)?.digest;
        const known = draft.get('manifest', scope, digest);
        options.check?.(digest, known, tagged);
        if (tag !== undefined && tagged !== undefined && tagged !== digest && tagMutability === 'IMMUTABLE')
          throw immutableTag(tag, name);
        const { artifactMediaType } = manifest;
        const record: ManifestRecord = known ?? {
          digest,
          mediaType: manifest.mediaType,
          bytes: bytes.length,
          imageBytes: manifest.blobs.reduce((sum, { size }) => sum + size, 0),
          pushedAt: this.now(),
          blobs: manifest.blobs.map((blob) => blob.digest),
          manifests: manifest.manifests,
          ...(artifactMediaType === undefined ? {} : { artifactMediaType }),
        };
        if (known === undefined) draft.put('manifest', scope, digest, record);
        if (tag !== undefined) draft.put('tag', scope, tag, { tag, digest });
        return record;
      }),
    );
  }

  /** Takes a tag away, and with the last one its image; by digest, the image with all its tags. @returns what was taken */
  async deleteImage(
    home: Home,
    name: string,
    id: { readonly tag?: string | undefined; readonly digest?: string | undefined },
  ): Promise<{ digest: string; tags: string[] }> {
    const scope = scopeOfRepository(home, name);
    const taken = await this.records.change((draft) => {
      if (draft.get('repository', scopeOfHome(home), name) === undefined) throw noRepository(name, home.account);
      const digest = id.digest ?? draft.get('tag', scope, id.tag ?? '')?.digest ?? '';
      if (draft.get('manifest', scope, digest) === undefined)
        throw noImage(`imageTag:'${id.tag ?? 'null'}', imageDigest:'${id.digest ?? 'null'}'`, name, home.account);
      const all = draft.list('tag', scope).filter((each) => each.digest === digest);
      const tags = all.map(({ tag }) => tag).filter((tag) => id.tag === undefined || tag === id.tag);
      for (const tag of tags) draft.delete('tag', scope, tag);
      if (all.length > tags.length) return { digest, tags, digests: [] };
      const parent = draft.list('manifest', scope).find(({ manifests }) => manifests.includes(digest));
      if (parent !== undefined) throw Object.assign(invalid(`The image is listed by ${parent.digest}`), { referenced: true });
      draft.delete('manifest', scope, digest);
      const used = new Set(draft.list('manifest', scope).flatMap(({ blobs }) => blobs));
      const before = this.#clock.now() - orphanMs;
      const orphans = draft.list('layer', scope).filter((layer) => !used.has(layer.digest) && layer.addedAt < before);
      for (const orphan of orphans) draft.delete('layer', scope, orphan.digest);
      return { digest, tags, digests: [digest, ...orphans.map((orphan) => orphan.digest)] };
    });
    await this.#release(taken.digests);
    return taken;
  }

  async deleteLayer(home: Home, name: string, digest: string): Promise<boolean> {
    const scope = scopeOfRepository(home, name);
    const gone = await this.records.change((draft) => {
      if (draft.list('manifest', scope).some(({ blobs }) => blobs.includes(digest))) return false;
      return draft.delete('layer', scope, digest);
    });
    if (gone) await this.#release([digest]);
    return gone;
  }

  /** What a crash left between a file and its record. */
  async sweep(): Promise<void> {
    await this.#release(await this.blobs.list());
  }

  async #release(digests: Iterable<string>): Promise<void> {
    const held = new Set<string>();
    for (const { value } of this.records.all('layer')) held.add(value.digest);
    for (const { value } of this.records.all('manifest')) held.add(value.digest);
    const free = [...digests].filter((digest) => !held.has(digest));
    if (free.length > 0) await this.blobs.release(free, (digest) => this.#isHeld(digest));
  }

  #isHeld(digest: string): boolean {
    for (const kind of ['layer', 'manifest'] as const)
      for (const { value } of this.records.all(kind)) if (value.digest === digest) return true;
    return false;
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
