import type { RequestHead } from './request.ts';

/** A whole head that can be read in one way only. */
export interface StrictHead {
  readonly head: RequestHead;
  /** Where the body begins. */
  readonly bodyAt: number;
  readonly bodyBytes: number;
  /** The body's length is not known: it comes in chunks. */
  readonly chunked: boolean;
}

/** More of a head than clients send is left to the general parser. */
const mostHeadBytes = 8_192;
const mostHeaders = 48;
const mostLengthDigits = 8;

const endOfHead = Buffer.from('\r\n\r\n');
const requestLine = /(GET|POST|PUT|DELETE) (\/[\x21\x24-\x7e]*) HTTP\/1\.1\r\n/y;
/** One space, no white space at either end, visible ASCII: what every client writes, and nothing else. */
const headerLine = /[A-Za-z0-9_-]{1,64}: [\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\r\n/y;

/** Headers with a meaning for the connection, for how the body is read, or for who may ask: not for the short way. */
const elsewhere = new Set([
  '__proto__',
  'connection',
  'content-encoding',
  'cookie',
  'expect',
  'http2-settings',
  'keep-alive',
  'origin',
  'proxy-connection',
  'range',
  'sec-fetch-site',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-amz-target',
]);

/**
 * Reads a request's head strictly. Anything that has a second reading, that is not complete, or that
 * this way has no use for is left to the general parser, which gets the same bytes.
 *
 * @param bytes  begins with the request
 * @param options.chunks  whether a body in chunks is welcome, with trailers announced or not
 * @returns undefined when the general parser is to look at it
 */
export function readStrictHead(bytes: Buffer, options?: { readonly chunks: boolean }): StrictHead | undefined {
  const end = bytes.indexOf(endOfHead);
  if (end < 0 || end > mostHeadBytes) return undefined;
  const text = bytes.toString('latin1', 0, end + 2);
  requestLine.lastIndex = 0;
  const line = requestLine.exec(text);
  if (line === null) return undefined;
  const [whole, method = '', target = ''] = line;
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  let count = 0;
  for (let at = whole.length; at < text.length;) {
    headerLine.lastIndex = at;
    // Tested and cut, because a match is an object with an array and groups, once for each header of each request.
    if (!headerLine.test(text) || ++count > mostHeaders) return undefined;
    const colon = text.indexOf(':', at);
    const name = lowerCase(text.slice(at, colon));
    if (headers[name] !== undefined) return undefined;
    const value = text.slice(colon + 2, headerLine.lastIndex - 2);
    if (elsewhere.has(name) && !(name === 'connection' && value === 'keep-alive')) {
      if (options?.chunks !== true || !(name === 'trailer' || (name === 'transfer-encoding' && value === 'chunked')))
        return undefined;
    }
    headers[name] = value;
    at = headerLine.lastIndex;
  }
  if (headers['host'] === undefined) return undefined;
  const length = headers['content-length'];
  if (length !== undefined && (length.length > mostLengthDigits || !/^(0|[1-9]\d*)$/.test(length))) return undefined;
  const chunked = headers['transfer-encoding'] !== undefined;
  if (chunked && length !== undefined) return undefined;
  return { head: { method, target, headers }, bodyAt: end + 4, bodyBytes: length === undefined ? 0 : Number(length), chunked };
}

/** Names as clients spell them, in lower case; the same few all day. */
const lowered = new Map<string, string>();
const mostLowered = 500;

function lowerCase(name: string): string {
  const known = lowered.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (lowered.size < mostLowered) lowered.set(name, lower);
  return lower;
}
