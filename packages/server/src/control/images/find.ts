import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { ImageDefaults } from '../catalog.ts';
import type { Descriptor, FoundImage, ImageSource } from './port.ts';
import { RefusedImage } from './refusal.ts';

export type Architecture = 'x86_64' | 'arm64';

/** As images spell them. */
const platforms: Readonly<Record<Architecture, string>> = { x86_64: 'amd64', arm64: 'arm64' };

const manifests = new Set(['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']);
const indexes = new Set(['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']);
const configs = new Set(['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json']);
const layerType =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(?:\.gzip|\.zstd)?)$/;

const mostManifestBytes = 4_194_304;
const mostConfigBytes = 4_194_304;
/** @source OCI Image Specification has none; a file system joins a few hundred at most */
const mostLayers = 512;
/** Of the settings that a function takes over. @source spec 4.2-11 */
const mostSettingsBytes = 16_384;

/**
 * Reads manifest and configuration; of an image for several machines, those of the one that is asked for.
 *
 * @param scratch  a file that may be made
 * @throws RefusedImage
 */
export async function findImage(
  source: ImageSource,
  reference: string,
  architecture: Architecture,
  scratch: string,
): Promise<FoundImage> {
  const { digest, document } = await manifestFor(source, reference, architecture);
  const config = descriptor(document['config']);
  const layers = (Array.isArray(document['layers']) ? document['layers'] : []).map(descriptor);
  if (!configs.has(config.mediaType) || layers.some(({ mediaType }) => !layerType.test(mediaType))) throw unsupported();
  if (layers.length > mostLayers)
    throw new RefusedImage('invalid', `The image has ${layers.length} layers; ${mostLayers} are the most.`);
  if (config.bytes > mostConfigBytes) throw new RefusedImage('invalid', 'The configuration of the image is too large.');
  const found = json(await readBlob(source, config, scratch));
  const has = String(found['architecture'] ?? '');
  if (has !== platforms[architecture])
    throw new RefusedImage(
      'invalid',
      `The image is made for ${has === '' ? 'no architecture' : has}, and the function for ${architecture}.`,
    );
  const diffIds = (found['rootfs'] as { readonly diff_ids?: unknown } | undefined)?.diff_ids;
  if (!Array.isArray(diffIds) || diffIds.length !== layers.length)
    throw new RefusedImage('invalid', 'The configuration and the manifest of the image do not agree about its layers.');
  return { digest, layers, diffIds: diffIds.map(String), defaults: defaultsOf(found['config']) };
}

async function manifestFor(
  source: ImageSource,
  reference: string,
  architecture: Architecture,
): Promise<{ digest: string; document: Record<string, unknown> }> {
  const first = await readManifest(source, reference);
  if (manifests.has(first.mediaType)) return first;
  if (!indexes.has(first.mediaType)) throw unsupported();
  const entries = Array.isArray(first.document['manifests']) ? first.document['manifests'] : [];
  const fitting = entries.find((entry: { readonly platform?: { readonly os?: unknown; readonly architecture?: unknown } }) => {
    const { os, architecture: machine } = entry?.platform ?? {};
    return (os === 'linux' || os === undefined) && machine === platforms[architecture];
  });
  // An index of one image, as `oci` layouts have it, often does not say for which machine.
  const chosen =
    fitting ?? (entries.length === 1 && (entries[0] as { platform?: unknown }).platform === undefined ? entries[0] : undefined);
  if (chosen === undefined) throw new RefusedImage('invalid', `None of the images that it lists is made for ${architecture}.`);
  const second = await readManifest(source, descriptor(chosen).digest);
  if (!manifests.has(second.mediaType)) throw unsupported();
  return second;
}

async function readManifest(
  source: ImageSource,
  reference: string,
): Promise<{ digest: string; mediaType: string; document: Record<string, unknown> }> {
  const found = await source.manifest(reference);
  if (found === undefined) throw new RefusedImage('missing', 'There is no such image.');
  if (found.bytes.length > mostManifestBytes) throw new RefusedImage('invalid', 'The manifest of the image is too large.');
  const digest = `sha256:${createHash('sha256').update(found.bytes).digest('hex')}`;
  if (reference.startsWith('sha256:') && reference !== digest)
    throw new RefusedImage('invalid', `The manifest ${reference} was changed: its digest is ${digest}.`);
  const document = json(found.bytes);
  const own = document['mediaType'];
  const mediaType =
    typeof own === 'string'
      ? own
      : (found.mediaType ??
        (Array.isArray(document['manifests'])
          ? 'application/vnd.oci.image.index.v1+json'
          : 'application/vnd.oci.image.manifest.v1+json'));
  return { digest, mediaType, document };
}

/** @throws RefusedImage when the bytes are not those the digest names */
export async function fetchBlob(source: ImageSource, blob: Descriptor, scratch: string): Promise<string> {
  const { file, verified } = await source.blob(blob, scratch);
  if (verified) return file;
  const { size } = await stat(file);
  const hash = createHash('sha256');
  if (size === blob.bytes)
    for await (const chunk of createReadStream(file, { highWaterMark: 262_144 })) hash.update(chunk as Uint8Array);
  if (size !== blob.bytes || `sha256:${hash.digest('hex')}` !== blob.digest)
    throw new RefusedImage('invalid', `The content of ${blob.digest} is not what its digest says.`);
  return file;
}

async function readBlob(source: ImageSource, blob: Descriptor, scratch: string): Promise<Uint8Array> {
  const file = await fetchBlob(source, blob, scratch);
  if ((await stat(file)).size > mostConfigBytes)
    throw new RefusedImage('invalid', 'The configuration of the image is too large.');
  return readFile(file);
}

function descriptor(value: unknown): Descriptor {
  const { digest, size, mediaType } = (value ?? {}) as {
    readonly digest?: unknown;
    readonly size?: unknown;
    readonly mediaType?: unknown;
  };
  if (
    typeof digest !== 'string' ||
    !/^sha256:[0-9a-f]{64}$/.test(digest) ||
    typeof size !== 'number' ||
    !Number.isSafeInteger(size) ||
    size < 0
  )
    throw new RefusedImage('invalid', 'The manifest of the image is malformed.');
  return { digest, bytes: size, mediaType: typeof mediaType === 'string' ? mediaType : '' };
}

function json(bytes: Uint8Array): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof document === 'object' && document !== null) return document as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new RefusedImage('invalid', 'A document of the image is no JSON.');
}

function defaultsOf(value: unknown): ImageDefaults {
  const config = (value ?? {}) as {
    readonly Entrypoint?: unknown;
    readonly Cmd?: unknown;
    readonly WorkingDir?: unknown;
    readonly Env?: unknown;
  };
  const environment: Record<string, string> = {};
  for (const pair of words(config.Env)) {
    const at = pair.indexOf('=');
    if (at > 0) environment[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const defaults: ImageDefaults = {
    entryPoint: words(config.Entrypoint),
    command: words(config.Cmd),
    environment,
    ...(typeof config.WorkingDir === 'string' && config.WorkingDir !== '' ? { workingDirectory: config.WorkingDir } : {}),
  };
  if (Buffer.byteLength(JSON.stringify(defaults)) > mostSettingsBytes)
    throw new RefusedImage('invalid', `The settings of the image have more than ${mostSettingsBytes} bytes.`);
  return defaults;
}

const words = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((word): word is string => typeof word === 'string' && !word.includes('\0')) : [];

const unsupported = (): RefusedImage => new RefusedImage('unsupported', 'The media types of the image are not supported.');
