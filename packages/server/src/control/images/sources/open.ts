import path from 'node:path';
import type { BuiltInRegistry, ImageSource } from '../port.ts';
import { parseImageName } from '../reference.ts';
import { RefusedImage } from '../refusal.ts';
import { allowedPath } from './allowed.ts';
import { archive } from './archive.ts';
import { builtIn, placesInHouse } from './built-in.ts';
import { ociLayout } from './layout.ts';
import type { Passwords } from './passwords.ts';
import { remote, type Fetch } from './remote.ts';

/** Where images may come from. */
export interface Sources {
  readonly registry: BuiltInRegistry;
  /** Whether a registry may be asked: over HTTPS, or without, or not at all. */
  readonly registries: (host: string) => 'https' | 'plain' | 'no';
  /** Layouts and archives may be read from here; absent = from nowhere. */
  readonly folder?: string;
  readonly fetch: Fetch;
  /** For registries that want one; absent = for none. */
  readonly passwords?: Passwords;
}

/**
 * The source that a name means, for this caller.
 *
 * @param scratch  a folder to unpack an archive in; the caller's to remove
 * @throws RefusedImage when the name means nothing, or something that is not allowed
 */
export async function openSource(
  { registry, registries, fetch, folder, passwords }: Sources,
  uri: string,
  caller: { readonly account: string; readonly region: string; readonly signal: AbortSignal },
  scratch: string,
): Promise<ImageSource> {
  const name = parseImageName(uri);
  const { signal } = caller;
  if (name.kind !== 'registry') {
    const place = await allowedPath(folder, name.path);
    if (name.kind === 'layout') return ociLayout(place, { tag: name.tag });
    return archive(place, { into: path.join(scratch, 'archive'), tag: name.tag, signal });
  }
  const places = placesInHouse(registry, name, caller);
  if (places !== undefined) return builtIn(registry, places);
  const how = registries(name.host);
  if (how === 'no')
    throw new RefusedImage(
      'denied',
      `This server does not ask ${name.host} for images; \`--image-registries\` says whom it does.`,
    );
  return remote({
    host: name.host,
    repository: name.repository,
    fetch,
    signal,
    plain: how === 'plain',
    password: async () => passwords?.(name.host, name.repository),
  });
}
