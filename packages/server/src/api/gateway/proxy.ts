import type { Clock } from '../../base/index.ts';
import type { FetchPort } from '../../services/index.ts';
import { headOf, type HttpReply } from '../url/reply.ts';
import { headerPairs, type Incoming } from './incoming.ts';

export interface ProxyOptions {
  readonly http: Pick<FetchPort, 'fetch'>;
  readonly clock: Clock;
}

/** @source API Gateway Developer Guide, quotas: a payload has 10 MB at most, read 2026-11 */
export const mostPayloadBytes = 10_485_760;

/** Asks a server elsewhere what a mapping made of a request. Rejects when there is no answer. */
export async function fetched(
  { http, clock }: ProxyOptions,
  url: string,
  request: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly timeoutMs: number;
  },
): Promise<
  | { readonly status: number; readonly headers: Readonly<Record<string, readonly string[]>>; readonly body: Uint8Array }
  | 'timedOut'
> {
  const deadline = new AbortController();
  using _timer = clock.after(request.timeoutMs, () => deadline.abort());
  const bodyless = request.method === 'GET' || request.method === 'HEAD';
  try {
    const { status, rawHeaders, body } = await http.fetch(url, {
      method: request.method,
      headers: request.headers,
      ...(bodyless || request.body.length === 0 ? {} : { body: request.body }),
      signal: deadline.signal,
      mostBytes: mostPayloadBytes,
    });
    const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
    for (let at = 0; at < rawHeaders.length; at += 2)
      (headers[(rawHeaders[at] ?? '').toLowerCase()] ??= []).push(rawHeaders[at + 1] ?? '');
    return { status, headers, body };
  } catch (error) {
    if (deadline.signal.aborted) return 'timedOut';
    throw error;
  }
}

const notForwarded = new Set(['host', 'content-length', 'expect', 'x-forwarded-port']);

/** Hands a request on to a server elsewhere. Rejects when there is no answer. */
export async function proxied(
  { http, clock }: ProxyOptions,
  incoming: Incoming,
  to: {
    readonly url: string;
    /** Takes the place of the URL's. */
    readonly path?: string | undefined;
    readonly method: string;
    readonly timeoutMs: number;
  },
): Promise<HttpReply | 'timedOut'> {
  const deadline = new AbortController();
  using _timer = clock.after(to.timeoutMs, () => deadline.abort());
  const headers: Record<string, string[]> = {};
  for (const [name, value] of headerPairs(incoming))
    if (!notForwarded.has(name.toLowerCase())) (headers[name] ??= []).push(value);
  const method = to.method === 'ANY' ? incoming.method : to.method;
  try {
    const { status, rawHeaders, body } = await http.fetch(
      withQuery(to.path === undefined ? to.url : elsewhere(to.url, to.path), incoming.query),
      {
        method,
        headers,
        ...(incoming.body.length === 0 ? {} : { body: incoming.body }),
        signal: deadline.signal,
        mostBytes: mostPayloadBytes,
      },
    );
    const plain: Record<string, string> = {};
    const cookies: string[] = [];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
      if (name.toLowerCase() === 'set-cookie') cookies.push(value);
      else plain[name] = plain[name] === undefined ? value : `${plain[name]}, ${value}`;
    }
    const head = headOf({ statusCode: status, headers: plain, cookies });
    if (head === undefined) throw new Error('The answer cannot be handed on.');
    const { 'x-amzn-remapped-content-length': _length, ...kept } = head.headers;
    return { status: head.status, headers: kept, body };
  } catch (error) {
    if (deadline.signal.aborted) return 'timedOut';
    throw error;
  }
}

/** Values of the path's variables, encoded, in the places that a URL has for them. */
export const filledUrl = (url: string, parameters: Readonly<Record<string, string>>): string =>
  url.replaceAll(/\{([\w.:-]+)\+?\}/g, (whole, name: string) =>
    Object.hasOwn(parameters, name) ? (parameters[name] ?? '').split('/').map(encodeURIComponent).join('/') : whole,
  );

function elsewhere(text: string, path: string): string {
  const url = new URL(text);
  url.pathname = path;
  return url.href;
}

const withQuery = (url: string, query: string): string => (query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`);
