/** Media types of manifests that are stored; the first two name one image, the others several. */
const single = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'];
const several = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'];

/** @source Amazon ECR User Guide, "Amazon ECR service quotas", read 2026-11 */
export const mostManifestBytes = 4_194_304;
const mostReferences = 1_000;

export interface Manifest {
  readonly mediaType: string;
  readonly blobs: readonly { readonly digest: string; readonly size: number }[];
  readonly manifests: readonly string[];
  readonly artifactMediaType?: string;
}

/**
 * What a manifest refers to.
 *
 * @param declared  media type of the request; the document's own wins
 * @returns undefined for what is no manifest that can be kept
 */
export function readManifest(bytes: Uint8Array, declared: string | undefined): Manifest | undefined {
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (document === null || typeof document !== 'object' || document['schemaVersion'] !== 2) return undefined;
  const own = document['mediaType'];
  const mediaType =
    typeof own === 'string' ? own : (declared ?? (Array.isArray(document['manifests']) ? several[0] : single[0]) ?? '');
  if (single.includes(mediaType)) {
    const references = [document['config'], ...listed(document['layers'])].map(descriptor);
    if (references.some((reference) => reference === undefined) || references.length > mostReferences) return undefined;
    const config = document['config'] as { readonly mediaType?: unknown };
    return {
      mediaType,
      blobs: references as Manifest['blobs'],
      manifests: [],
      ...(typeof config.mediaType === 'string' ? { artifactMediaType: config.mediaType } : {}),
    };
  }
  if (!several.includes(mediaType)) return undefined;
  const references = listed(document['manifests']).map(descriptor);
  if (references.some((reference) => reference === undefined) || references.length > mostReferences) return undefined;
  return { mediaType, blobs: [], manifests: (references as Manifest['blobs']).map(({ digest }) => digest) };
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [undefined]);

function descriptor(value: unknown): { readonly digest: string; readonly size: number } | undefined {
  const { digest, size } = (value ?? {}) as { readonly digest?: unknown; readonly size?: unknown };
  return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) && Number.isSafeInteger(size)
    ? { digest, size: size as number }
    : undefined;
}
