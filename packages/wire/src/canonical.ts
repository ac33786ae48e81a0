import { createHash } from 'node:crypto';
import { algorithm, type Claim } from './claim.ts';
import { pathOf, type RequestHead } from './request.ts';

/** A request in the one form in which both sides write it. */
export const canonicalRequest = (claim: Claim, head: RequestHead, query: URLSearchParams, bodySha256: string): string =>
  [
    head.method,
    claim.service === 's3' ? exactPath(pathOf(head.target)) : canonicalPath(pathOf(head.target)),
    canonicalQuery(query),
    ...claim.signedHeaders.map((name) => `${name}:${canonicalValue(head.headers[name] ?? '')}`),
    '',
    claim.signedHeaders.join(';'),
    bodySha256,
  ].join('\n');

/** What the HMAC of SigV4 is taken over. */
export function stringToSign(claim: Claim, canonical: string): string {
  const scope = `${claim.day}/${claim.region}/${claim.service}/aws4_request`;
  return `${algorithm}\n${claim.timestamp}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
}

/** The path as it came, dot segments and doubled slashes removed, encoded once more; S3 alone does otherwise. */
export function canonicalPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(encode(segment));
  }
  return kept.length === 0 ? '/' : `/${kept.join('/')}${path.endsWith('/') ? '/' : ''}`;
}

/** S3's way: every segment encoded once, nothing left out. */
export const exactPath = (path: string): string =>
  path
    .split('/')
    .map((segment) => encode(decodeSegment(segment)))
    .join('/');

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Read exactly as the operation's members are read, so that what was signed is what is used. */
export function canonicalQuery(query: URLSearchParams): string {
  const pairs: [string, string][] = [];
  for (const [name, value] of query) if (name !== 'X-Amz-Signature') pairs.push([encode(name), encode(value)]);
  return pairs
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const canonicalValue = (value: string): string => value.replaceAll(/[ \t]+/g, ' ').replaceAll(/^ | $/g, '');

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Everything but the unreserved characters of RFC 3986. `toWellFormed`: hostile text must not throw. */
const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
