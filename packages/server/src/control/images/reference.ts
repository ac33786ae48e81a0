import { RefusedImage } from './refusal.ts';

/** Where an image is, as its name says. */
export type ImageName =
  /** A registry: `host/repository`. */
  | { readonly kind: 'registry'; readonly host: string; readonly repository: string; readonly reference: string }
  /** A folder or an archive on this machine, for operators who allow it. */
  | {
      readonly kind: 'layout' | 'ociArchive' | 'dockerArchive';
      readonly path: string;
      readonly tag: string | undefined;
      readonly reference: string | undefined;
    };

const transports = { 'oci:': 'layout', 'oci-archive:': 'ociArchive', 'docker-archive:': 'dockerArchive' } as const;
const repository = /^(?:[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*\/)*[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const host = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const tag = /^\w[\w.-]{0,127}$/;
const digest = /^sha256:[0-9a-f]{64}$/;

/**
 * `host/repository[:tag][@digest]`, `oci:/folder[:tag]`, `oci-archive:/file[:tag]`, `docker-archive:/file[:name]`.
 *
 * @throws RefusedImage for what is no name of an image
 */
export function parseImageName(uri: string): ImageName {
  for (const [prefix, kind] of Object.entries(transports))
    if (uri.startsWith(prefix)) return onDisk(kind, uri.slice(prefix.length));
  const slash = uri.indexOf('/');
  const first = slash === -1 ? '' : uri.slice(0, slash);
  // As Docker reads it: without a dot or a port it would be a folder of some hub.
  if (!host.test(first) || !/[.:]|^localhost$/.test(first) || uri.length > 1000) throw bad(uri);
  const [name = '', byDigest] = split(uri.slice(slash + 1), '@');
  const [path = '', byTag] = split(name, ':');
  if (!repository.test(path) || (byTag !== undefined && !tag.test(byTag)) || (byDigest !== undefined && !digest.test(byDigest)))
    throw bad(uri);
  return { kind: 'registry', host: first.toLowerCase(), repository: path, reference: byDigest ?? byTag ?? 'latest' };
}

/** The same place, by digest. */
export function resolvedName(uri: string, found: string): string {
  const transport = Object.keys(transports).find((prefix) => uri.startsWith(prefix));
  const bare = uri.replace(/@sha256:[0-9a-f]{64}$/, '');
  if (transport !== undefined) return `${bare}@${found}`;
  const slash = bare.lastIndexOf('/');
  return `${bare.slice(0, slash + 1)}${bare.slice(slash + 1).split(':')[0]}@${found}`;
}

function onDisk(kind: (typeof transports)[keyof typeof transports], rest: string): ImageName {
  const byDigest = /@(sha256:[0-9a-f]{64})$/.exec(rest)?.[1];
  const bare = byDigest === undefined ? rest : rest.slice(0, -byDigest.length - 1);
  const [path = '', name] = split(bare, ':');
  if (!path.startsWith('/') || path.includes('\0') || bare.length > 1000) throw bad(rest);
  return { kind, path, tag: name, reference: byDigest ?? name };
}

const split = (text: string, sign: string): [string, string | undefined] => {
  const at = text.indexOf(sign);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
};

const bad = (uri: string): RefusedImage =>
  new RefusedImage('invalid', `${JSON.stringify(uri.slice(0, 300))} is no name of an image.`);
