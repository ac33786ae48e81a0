import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { request as plainRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { outward, type Outward } from './outward.ts';

/** Sends a request into the world. Handed in, so that tests and operators decide where it may go. */
export interface HttpPort {
  /** Redirects are not followed. Rejects when there is no answer. */
  post(
    url: string,
    options: { readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly signal: AbortSignal },
  ): Promise<{ readonly status: number }>;
}

/** An answer, read whole. */
export interface Fetched {
  readonly status: number;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
}

export interface Fetching {
  readonly method: string;
  /** Several values of one name are a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
  /** More than that is no answer. */
  readonly mostBytes: number;
}

/** The same for those who want to know what was answered. */
export interface FetchPort extends HttpPort {
  /** Redirects are not followed. Rejects when there is no answer, or too much of it. */
  fetch(url: string, options: Fetching): Promise<Fetched>;
}

export interface OutwardHttpOptions {
  readonly outward: Outward;
  /** Whether an URL is of a door that is open to everybody anyway: function URLs of this server. */
  isOwn?(url: URL): boolean;
  readonly lookup?: typeof systemLookup;
}

/** Names are resolved in threads that the file system needs, too: slow name servers may hold this many of them. */
const lookupsAtOnce = 2;

/**
 * Requests to addresses that somebody else wrote down. A name is resolved once, and the address that was looked at is the
 * one that is connected to, so that no name can change its mind in between; numbers in odd spellings are
 * what the URL parser makes of them.
 */
export function outwardHttp(options: OutwardHttpOptions): FetchPort {
  const lookup = guardedLookup(options);
  /** @param take  what to do with an answer */
  const send = <T>(
    text: string,
    { method, headers, body, signal }: Omit<Fetching, 'mostBytes'>,
    take: (response: IncomingMessage) => T | Promise<T>,
  ): Promise<T> => {
    const url = new URL(text);
    const { protocol, hostname, username } = url;
    if ((protocol !== 'http:' && protocol !== 'https:') || username !== '')
      throw refused(`${protocol} or a name before the host`);
    const port = Number(url.port === '' ? (protocol === 'https:' ? 443 : 80) : url.port);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const own = options.isOwn?.(url) === true;
    if (!own && isIP(host) !== 0 && !options.outward.permits(host, port)) throw refused(`${hostname}:${port}`);
    const wanted: RequestOptions = {
      method,
      host,
      port,
      path: url.pathname + url.search,
      headers: {
        ...(headers as Record<string, string | string[]>),
        Host: url.host,
        ...(body === undefined ? {} : { 'Content-Length': body.length }),
      },
      agent: false,
      signal,
      ...(own ? {} : { lookup: lookup(port) }),
      ...(protocol === 'https:' && isIP(host) === 0 ? { servername: host } : {}),
    };
    return new Promise<T>((resolve, reject) => {
      const sent = protocol === 'https:' ? tlsRequest(wanted) : plainRequest(wanted);
      sent.on('error', reject);
      sent.on('response', (response) => {
        Promise.resolve(take(response)).then(resolve, reject);
      });
      sent.end(body);
    });
  };
  return {
    async post(text, { headers, body, signal }) {
      return send(text, { method: 'POST', headers, body: Buffer.from(body), signal }, (response) => {
        // What it says does not matter, however long it is.
        response.destroy();
        return { status: response.statusCode ?? 0 };
      });
    },
    async fetch(text, { mostBytes, ...request }) {
      return send(text, request, async (response) => ({
        status: response.statusCode ?? 0,
        rawHeaders: response.rawHeaders,
        body: await wholeOf(response, mostBytes),
      }));
    },
  };
}

async function wholeOf(response: IncomingMessage, mostBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`The answer has more than ${mostBytes} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** To public addresses only. */
export const publicHttp: HttpPort = outwardHttp({ outward: outward([]) });

function guardedLookup({ outward, lookup = systemLookup }: OutwardHttpOptions): (port: number) => LookupFunction {
  let free = lookupsAtOnce;
  const waiting: (() => void)[] = [];
  return (port) => (hostname, options, callback) => {
    const start = (): void => {
      free -= 1;
      lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
        free += 1;
        waiting.shift()?.();
        if (error !== null) return callback(error, '');
        const permitted = found.filter(({ address }) => outward.permits(address, port));
        const [first] = permitted;
        if (first === undefined)
          return callback(refused(`${hostname}:${port}, which is ${found.map(({ address }) => address).join(', ')}`), '');
        if (options.all === true) callback(null, permitted);
        else callback(null, first.address, first.family);
      });
    };
    if (free > 0) start();
    else waiting.push(start);
  };
}

const refused = (where: string): NodeJS.ErrnoException =>
  Object.assign(
    new Error(
      `Nothing is delivered to ${where.slice(0, 300)}. Start the server with --deliver-to to allow an address that is not public.`,
    ),
    {
      code: 'NOT_DELIVERED_THERE',
    },
  );
