import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { ImageSource } from '../port.ts';
import { RefusedImage } from '../refusal.ts';

const digest = /^sha256:([0-9a-f]{64})$/;
const refName = 'org.opencontainers.image.ref.name';
const mostIndexBytes = 4_194_304;

/**
 * A folder in the OCI image layout.
 *
 * @param folder  every file is looked for in it, wherever links in it may point
 * @source OCI Image Specification 1.1, "Image Layout", read 2026-11
 */
export function ociLayout(
  folder: string,
  options: { readonly tag: string | undefined; readonly dispose?: () => Promise<void> },
): ImageSource {
  const inside = async (name: string): Promise<string | undefined> => {
    const real = await realpath(path.join(folder, name)).catch(() => undefined);
    return real?.startsWith(`${folder}${path.sep}`) === true ? real : undefined;
  };
  const read = async (name: string): Promise<Uint8Array | undefined> => {
    const file = await inside(name);
    if (file === undefined) return undefined;
    const bytes = await readFile(file);
    return bytes.length > mostIndexBytes ? undefined : bytes;
  };
  const blobName = (text: string): string | undefined => {
    const hex = digest.exec(text)?.[1];
    return hex === undefined ? undefined : path.join('blobs', 'sha256', hex);
  };
  return {
    async manifest(reference) {
      const direct = blobName(reference);
      if (direct !== undefined) {
        const bytes = await read(direct);
        return bytes && { bytes };
      }
      const index = await read('index.json');
      if (index === undefined) throw new RefusedImage('missing', 'The folder is no OCI layout.');
      const entries = entriesOf(index);
      const named = entries.filter(({ annotations }) => annotations?.[refName] === options.tag);
      const [entry] = named.length > 0 ? named : options.tag === undefined && entries.length === 1 ? entries : [];
      // Without a name it means all of it: the index chooses by the machine.
      if (entry === undefined)
        return options.tag === undefined && entries.length > 0
          ? { bytes: index, mediaType: 'application/vnd.oci.image.index.v1+json' }
          : undefined;
      const bytes = await read(blobName(String(entry.digest)) ?? '');
      return bytes && { bytes, ...(typeof entry.mediaType === 'string' ? { mediaType: entry.mediaType } : {}) };
    },
    async blob(blob) {
      const file = await inside(blobName(blob.digest) ?? '');
      if (file === undefined) throw new RefusedImage('missing', `The layout does not have ${blob.digest}.`);
      return { file, verified: false };
    },
    [Symbol.asyncDispose]: async () => options.dispose?.(),
  };
}

interface Entry {
  readonly digest?: unknown;
  readonly mediaType?: unknown;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

function entriesOf(index: Uint8Array): readonly Entry[] {
  try {
    const { manifests } = JSON.parse(Buffer.from(index).toString('utf8')) as { readonly manifests?: unknown };
    return Array.isArray(manifests) ? (manifests as Entry[]) : [];
  } catch {
    throw new RefusedImage('invalid', 'The index of the layout is no JSON.');
  }
}
