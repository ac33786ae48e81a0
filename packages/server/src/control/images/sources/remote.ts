import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Pieces } from '../../../base/index.ts';
import type { ImageSource } from '../port.ts';
import { RefusedImage } from '../refusal.ts';

export type Fetch = (
  url: string,
  init: {
    readonly headers: Readonly<Record<string, string>>;
    readonly redirect: 'follow' | 'manual' | 'error';
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

const accepted = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const mostManifestBytes = 4_194_304;
const mostRedirects = 3;

/** Names that people write, and where they are. */
const aliases: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/**
 * Another registry, over HTTPS alone, unless it is `plain`: on this machine, for its operator. It is asked without a password first.
 * Where it wants one, or a token, which is fetched from where it says when that is HTTPS too, the operator's password goes along.
 *
 * @source OCI Distribution Specification 1.1; Docker Registry, "Token Authentication Specification", read 2026-11
 */
export function remote(options: {
  readonly host: string;
  readonly repository: string;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  readonly plain?: boolean;
  /** `user:password`, if there is one. */
  readonly password: () => Promise<string | undefined>;
}): ImageSource {
  const { host, fetch, signal, plain = false, password } = options;
  const repository =
    host === 'docker.io' && !options.repository.includes('/') ? `library/${options.repository}` : options.repository;
  const base = `${plain ? 'http' : 'https'}://${aliases[host] ?? host}/v2/${repository}`;
  let authorization: string | undefined;

  const once = async (url: string, headers: Readonly<Record<string, string>>): Promise<Response> => {
    let target = url;
    for (let hops = 0; hops <= mostRedirects; hops += 1) {
      // A password is not carried to where a redirect leads.
      const own = target === url && authorization !== undefined ? { Authorization: authorization } : {};
      const answer = await fetch(target, { headers: { ...headers, ...own }, redirect: 'manual', signal }).catch(
        (error: unknown) => {
          throw new RefusedImage('unreachable', `The registry ${host} does not answer.`, { cause: error });
        },
      );
      const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null;
      if (location === null) return answer;
      await answer.body?.cancel();
      target = new URL(location, target).href;
      if (!target.startsWith('https://'))
        throw new RefusedImage('denied', `The registry ${host} leads to a place without HTTPS.`);
    }
    throw new RefusedImage('unreachable', `The registry ${host} leads in circles.`);
  };

  const get = async (url: string, headers: Readonly<Record<string, string>>): Promise<Response | undefined> => {
    let answer = await once(url, headers);
    if (answer.status === 401 && authorization === undefined) {
      await answer.body?.cancel();
      const challenge = answer.headers.get('www-authenticate') ?? '';
      authorization = await authorize(challenge, repository, { host, fetch, signal, password: await password() });
      answer = await once(url, headers);
    }
    if (answer.ok) return answer;
    await answer.body?.cancel();
    if (answer.status === 404) return undefined;
    if (answer.status === 401 || answer.status === 403)
      throw new RefusedImage('denied', `The registry ${host} does not give the image to us.`);
    throw new RefusedImage('unreachable', `The registry ${host} answers ${answer.status}.`);
  };

  return {
    async manifest(reference) {
      const answer = await get(`${base}/manifests/${reference}`, { Accept: accepted });
      if (answer === undefined) return undefined;
      const bytes = await bounded(answer, mostManifestBytes);
      const mediaType = answer.headers.get('content-type')?.split(';')[0];
      return { bytes, ...(mediaType === undefined ? {} : { mediaType }) };
    },
    async blob({ digest, bytes }, into) {
      const answer = await get(`${base}/blobs/${digest}`, {});
      if (answer?.body === undefined || answer.body === null)
        throw new RefusedImage('missing', `The registry ${host} does not have ${digest}.`);
      let left = bytes;
      const measured = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
        for await (const chunk of chunks) {
          left -= chunk.length;
          if (left < 0) throw new RefusedImage('invalid', `The registry ${host} sends more for ${digest} than it has.`);
          yield chunk;
        }
      };
      await pipeline(Readable.fromWeb(answer.body), measured, createWriteStream(into, { mode: 0o600 }), { signal });
      return { file: into, verified: false };
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** @returns what the next request is to carry */
async function authorize(
  challenge: string,
  repository: string,
  given: { readonly host: string; readonly fetch: Fetch; readonly signal: AbortSignal; readonly password: string | undefined },
): Promise<string> {
  const { host, fetch, signal, password } = given;
  const basic = password === undefined ? undefined : `Basic ${Buffer.from(password).toString('base64')}`;
  if (/^basic\b/i.test(challenge) && basic !== undefined) return basic;
  const [, realm = ''] = /^bearer .*?realm="([^"]+)"/i.exec(challenge) ?? [];
  const service = /service="([^"]+)"/.exec(challenge)?.[1];
  if (!realm.startsWith('https://'))
    throw new RefusedImage('denied', `The registry ${host} wants a password; \`--registry-auth\` says where it is.`);
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', `repository:${repository}:pull`);
  const headers = basic === undefined ? {} : { Authorization: basic };
  const answer = await fetch(url.href, { headers, redirect: 'error', signal }).catch((error: unknown) => {
    throw new RefusedImage('unreachable', `The registry ${host} gives no token.`, { cause: error });
  });
  if (!answer.ok) throw new RefusedImage('denied', `The registry ${host} gives no token.`);
  const { token, access_token } = JSON.parse(Buffer.from(await bounded(answer, 65_536)).toString('utf8')) as {
    readonly token?: string;
    readonly access_token?: string;
  };
  return `Bearer ${token ?? access_token ?? ''}`;
}

async function bounded(answer: Response, most: number): Promise<Uint8Array> {
  const pieces = new Pieces();
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    pieces.add(chunk);
    if (pieces.bytes > most) throw new RefusedImage('invalid', 'A document of the registry is too large.');
  }
  return pieces.take();
}
