import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { request as plainRequest, type RequestOptions } from 'node:http';
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
export function outwardHttp(options: OutwardHttpOptions): HttpPort {
  const lookup = guardedLookup(options);
  return {
    async post(text, { headers, body, signal }) {
      const url = new URL(text);
      const { protocol, hostname, username } = url;
      if ((protocol !== 'http:' && protocol !== 'https:') || username !== '')
        throw refused(`${protocol} or a name before the host`);
      const port = Number(url.port === '' ? (protocol === 'https:' ? 443 : 80) : url.port);
      const host = hostname.replace(/^\[(.*)\]$/, '$1');
      const own = options.isOwn?.(url) === true;
      if (!own && isIP(host) !== 0 && !options.outward.permits(host, port)) throw refused(`${hostname}:${port}`);
      const wanted: RequestOptions = {
        method: 'POST',
        host,
        port,
        path: url.pathname + url.search,
        headers: { ...headers, Host: url.host, 'Content-Length': Buffer.byteLength(body) },
        agent: false,
        signal,
        ...(own ? {} : { lookup: lookup(port) }),
        ...(protocol === 'https:' && isIP(host) === 0 ? { servername: host } : {}),
      };
      return new Promise((resolve, reject) => {
        const sent = protocol === 'https:' ? tlsRequest(wanted) : plainRequest(wanted);
        sent.on('error', reject);
        sent.on('response', (response) => {
          resolve({ status: response.statusCode ?? 0 });
          // What it says does not matter, however long it is.
          response.destroy();
        });
        sent.end(body);
      });
    },
  };
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
