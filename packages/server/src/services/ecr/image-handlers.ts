import { ServiceFault } from '@mayfly/wire';
import { pageOf } from '../kit/index.ts';
import { isDigest } from './blobs.ts';
import { imageExists, noImage } from './faults.ts';
import type { EcrHandlers } from './open.ts';
import { scopeOfRepository, type Home, type ManifestRecord } from './records.ts';
import type { Registry } from './registry.ts';
import { badToken, homeOf } from './repository-handlers.ts';

interface ImageId {
  readonly imageDigest?: string | undefined;
  readonly imageTag?: string | undefined;
}

export function imageHandlers(registry: Registry) {
  const { records, blobs } = registry;

  const find = (home: Home, name: string, id: ImageId): ManifestRecord | 'mismatch' | undefined => {
    const manifest = registry.manifest(home, name, id.imageTag ?? id.imageDigest ?? '');
    if (manifest !== undefined && id.imageTag !== undefined && id.imageDigest !== undefined && manifest.digest !== id.imageDigest)
      return 'mismatch';
    return manifest;
  };

  const detail = (home: Home, name: string, tags: ReadonlyMap<string, readonly string[]>, manifest: ManifestRecord) => ({
    registryId: home.account,
    repositoryName: name,
    imageDigest: manifest.digest,
    ...(tags.has(manifest.digest) ? { imageTags: [...(tags.get(manifest.digest) ?? [])] } : {}),
    imageSizeInBytes: manifest.imageBytes + manifest.bytes,
    imagePushedAt: new Date(manifest.pushedAt),
    imageManifestMediaType: manifest.mediaType,
    ...(manifest.artifactMediaType === undefined ? {} : { artifactMediaType: manifest.artifactMediaType }),
  });

  return {
    DescribeImages: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const name = input.repositoryName ?? '';
      registry.repository(home, name);
      const tags = registry.tagsOf(home, name);
      if (input.imageIds !== undefined) {
        const found = input.imageIds.map((id) => {
          const manifest = find(home, name, id);
          if (manifest === undefined || manifest === 'mismatch') throw noImage(words(id), name, home.account);
          return detail(home, name, tags, manifest);
        });
        return { imageDetails: found };
      }
      const wanted = byTagStatus(input.filter?.tagStatus, tags);
      const page = pageOf(records.list('manifest', scopeOfRepository(home, name)).filter(wanted), {
        limit: input.maxResults ?? 100,
        token: input.nextToken,
        nameOf: ({ digest }) => digest,
        invalid: badToken,
      });
      return {
        imageDetails: page.items.map((manifest) => detail(home, name, tags, manifest)),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      };
    },

    ListImages: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const name = input.repositoryName ?? '';
      registry.repository(home, name);
      const tags = registry.tagsOf(home, name);
      const ids = records
        .list('manifest', scopeOfRepository(home, name))
        .filter(byTagStatus(input.filter?.tagStatus, tags))
        .flatMap(
          ({ digest }): ImageId[] =>
            tags.get(digest)?.map((imageTag) => ({ imageDigest: digest, imageTag })) ?? [{ imageDigest: digest }],
        );
      const page = pageOf(ids, {
        limit: input.maxResults ?? 100,
        token: input.nextToken,
        nameOf: ({ imageDigest, imageTag }) => `${imageDigest} ${imageTag ?? ''}`,
        invalid: badToken,
      });
      return { imageIds: [...page.items], ...(page.next === undefined ? {} : { nextToken: page.next }) };
    },

    BatchGetImage: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const name = input.repositoryName ?? '';
      registry.repository(home, name);
      const images = [];
      const failures = [];
      for (const id of input.imageIds ?? []) {
        const manifest = find(home, name, id);
        if (manifest === undefined || manifest === 'mismatch')
          failures.push(failure(id, manifest === undefined ? 'ImageNotFound' : 'ImageTagDoesNotMatchDigest'));
        else
          images.push({
            registryId: home.account,
            repositoryName: name,
            imageId: { imageDigest: manifest.digest, ...(id.imageTag === undefined ? {} : { imageTag: id.imageTag }) },
            imageManifest: Buffer.from(await blobs.bytes(manifest.digest)).toString('utf8'),
            imageManifestMediaType: manifest.mediaType,
          });
      }
      return { images, failures };
    },

    PutImage: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const name = input.repositoryName ?? '';
      const bytes = Buffer.from(input.imageManifest ?? '');
      const record = await registry.putManifest(home, name, bytes, {
        mediaType: input.imageManifestMediaType,
        tag: input.imageTag,
        digest: input.imageDigest,
        check: (digest, known, tagged) => {
          if (known !== undefined && (input.imageTag === undefined || tagged === digest))
            throw imageExists(input.imageTag, digest, name, home.account);
        },
      });
      return {
        image: {
          registryId: home.account,
          repositoryName: name,
          imageId: { imageDigest: record.digest, ...(input.imageTag === undefined ? {} : { imageTag: input.imageTag }) },
          imageManifest: input.imageManifest,
          imageManifestMediaType: record.mediaType,
        },
      };
    },

    BatchDeleteImage: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const name = input.repositoryName ?? '';
      registry.repository(home, name);
      const imageIds: ImageId[] = [];
      const failures = [];
      for (const id of input.imageIds ?? []) {
        const manifest = find(home, name, id);
        if (id.imageTag === undefined && id.imageDigest === undefined) failures.push(failure(id, 'MissingDigestAndTag'));
        else if (id.imageTag === undefined && !isDigest(id.imageDigest ?? '')) failures.push(failure(id, 'InvalidImageDigest'));
        else if (manifest === undefined || manifest === 'mismatch')
          failures.push(failure(id, manifest === undefined ? 'ImageNotFound' : 'ImageTagDoesNotMatchDigest'));
        else {
          try {
            const gone = await registry.deleteImage(
              home,
              name,
              id.imageTag === undefined ? { digest: manifest.digest } : { tag: id.imageTag },
            );
            if (gone.tags.length === 0) imageIds.push({ imageDigest: gone.digest });
            for (const imageTag of gone.tags) imageIds.push({ imageDigest: gone.digest, imageTag });
          } catch (error) {
            if (!(error instanceof ServiceFault)) throw error;
            failures.push(failure(id, 'referenced' in error ? 'ImageReferencedByManifestList' : 'ImageNotFound'));
          }
        }
      }
      return { imageIds, failures };
    },

    BatchCheckLayerAvailability: async (input, call) => {
      const home = homeOf(call, input.registryId);
      const name = input.repositoryName ?? '';
      registry.repository(home, name);
      const layers = [];
      const failures = [];
      for (const layerDigest of input.layerDigests ?? []) {
        const layerSize = registry.hasLayer(home, name, layerDigest);
        if (!isDigest(layerDigest))
          failures.push({
            layerDigest,
            failureCode: 'InvalidLayerDigest' as const,
            failureReason: `Invalid layer digest '${layerDigest}'`,
          });
        else if (layerSize === undefined) layers.push({ layerDigest, layerAvailability: 'UNAVAILABLE' as const });
        else layers.push({ layerDigest, layerAvailability: 'AVAILABLE' as const, layerSize });
      }
      return { layers, failures };
    },
  } satisfies EcrHandlers;
}

type FailureCode =
  | 'ImageNotFound'
  | 'ImageTagDoesNotMatchDigest'
  | 'MissingDigestAndTag'
  | 'InvalidImageDigest'
  | 'ImageReferencedByManifestList';

const reasons: Readonly<Record<FailureCode, string>> = {
  ImageNotFound: 'Requested image not found',
  ImageTagDoesNotMatchDigest: 'The digest does not match the one that the tag names',
  MissingDigestAndTag: 'Invalid request parameters: both tag and digest cannot be null',
  InvalidImageDigest: "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
  ImageReferencedByManifestList: 'Requested image referenced by manifest list',
};

const failure = (imageId: ImageId, failureCode: FailureCode) => ({ imageId, failureCode, failureReason: reasons[failureCode] });

const words = ({ imageTag, imageDigest }: ImageId): string =>
  `imageTag:'${imageTag ?? 'null'}', imageDigest:'${imageDigest ?? 'null'}'`;

const byTagStatus =
  (status: string | undefined, tags: ReadonlyMap<string, unknown>) =>
  ({ digest }: ManifestRecord): boolean =>
    status === undefined || status === 'ANY' || tags.has(digest) === (status === 'TAGGED');
