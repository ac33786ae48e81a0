import { ServiceFault } from './fault.ts';
import type { RequestHead } from './request.ts';

export const algorithm = 'AWS4-HMAC-SHA256';

/** Everything a SigV4 signature says of itself, well-formed but not yet believed. */
export interface Claim {
  readonly presigned: boolean;
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  /** 64 lower-case hex digits, or anything that is not. */
  readonly signature: string;
  readonly sessionToken: string | undefined;
  /** Life of a presigned URL, seconds. */
  readonly expiresS: number | undefined;
}

/** Seven days. */
const longestLifeS = 604_800;

/**
 * Reads the signature of a request, from its header or from its query, never both.
 *
 * @throws MissingAuthenticationTokenException when there is none
 * @throws IncompleteSignatureException when it is not whole. @source spec 0.1-11
 */
export function readClaim(head: RequestHead, query: URLSearchParams): Claim {
  const header = head.headers['authorization'];
  const inQuery = query.has('X-Amz-Signature') || query.has('X-Amz-Credential') || query.has('X-Amz-Algorithm');
  if (header === undefined && !inQuery) {
    throw new ServiceFault('MissingAuthenticationTokenException', 'Missing Authentication Token', { status: 403 });
  }
  if (header !== undefined && inQuery) throw incomplete('Only one auth mechanism allowed: the header or the query string.');
  return header === undefined ? fromQuery(query) : fromHeader(header, head);
}

export const incomplete = (message: string): ServiceFault =>
  new ServiceFault('IncompleteSignatureException', message, { status: 400 });

function fromHeader(header: string, head: RequestHead): Claim {
  if (!header.startsWith(`${algorithm} `)) throw incomplete(`Authorization header requires the algorithm ${algorithm}.`);
  const parts = new Map<string, string>();
  for (const part of header.slice(algorithm.length).split(',')) {
    const [name = '', ...value] = part.trim().split('=');
    if (parts.has(name)) throw incomplete(`Authorization header has more than one '${name}' parameter.`);
    parts.set(name, value.join('='));
  }
  const take = (name: string): string => {
    const value = parts.get(name);
    if (value === undefined || value === '') throw incomplete(`Authorization header requires '${name}' parameter.`);
    return value;
  };
  const timestamp = head.headers['x-amz-date'] ?? basicDate(head.headers['date']);
  if (timestamp === undefined)
    throw incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  return {
    presigned: false,
    ...scopeOf(take('Credential'), timestamp),
    signedHeaders: headerNames(take('SignedHeaders')),
    signature: take('Signature'),
    sessionToken: head.headers['x-amz-security-token'],
    expiresS: undefined,
  };
}

function fromQuery(query: URLSearchParams): Claim {
  const optional = (name: string): string | undefined => {
    const values = query.getAll(name);
    if (values.length > 1) throw incomplete(`Query-string authentication has more than one '${name}' parameter.`);
    return values[0];
  };
  const take = (name: string): string => {
    const value = optional(name);
    if (value === undefined || value === '') throw incomplete(`Query-string authentication requires '${name}' parameter.`);
    return value;
  };
  if (take('X-Amz-Algorithm') !== algorithm) throw incomplete(`X-Amz-Algorithm must be ${algorithm}.`);
  const life = take('X-Amz-Expires');
  const expiresS = /^\d{1,6}$/.test(life) ? Number(life) : 0;
  if (expiresS < 1 || expiresS > longestLifeS) throw incomplete(`X-Amz-Expires must be between 1 and ${longestLifeS} seconds.`);
  return {
    presigned: true,
    ...scopeOf(take('X-Amz-Credential'), take('X-Amz-Date')),
    signedHeaders: headerNames(take('X-Amz-SignedHeaders')),
    signature: take('X-Amz-Signature'),
    sessionToken: optional('X-Amz-Security-Token'),
    expiresS,
  };
}

function scopeOf(credential: string, timestamp: string): Pick<Claim, 'accessKeyId' | 'day' | 'region' | 'service' | 'timestamp'> {
  const [accessKeyId = '', day = '', region = '', service = '', terminator, ...more] = credential.split('/');
  if (terminator !== 'aws4_request' || more.length > 0 || accessKeyId === '' || region === '' || service === '') {
    throw incomplete('Credential must be of the form <access-key-id>/YYYYMMDD/<region>/<service>/aws4_request.');
  }
  if (!/^\d{8}T\d{6}Z$/.test(timestamp)) throw incomplete('Date must be in ISO-8601 basic format, YYYYMMDDTHHMMSSZ.');
  if (timestamp.slice(0, 8) !== day) {
    throw incomplete(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${timestamp.slice(0, 8)}'.`,
    );
  }
  return { accessKeyId, day, region, service, timestamp };
}

function headerNames(list: string): readonly string[] {
  const names = list.split(';');
  const sorted = names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name);
  // Over HTTP/2 clients sign what stands there in the place of `host`.
  if (!sorted || !names.every((name) => name === ':authority' || /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))) {
    throw incomplete('SignedHeaders must be lower-case header names, sorted, separated by semicolons.');
  }
  return names;
}

/** A Date header in either of its forms → ISO 8601 basic. */
function basicDate(date: string | undefined): string | undefined {
  if (date === undefined || /^\d{8}T\d{6}Z$/.test(date)) return date;
  const parsed = new Date(date);
  return Number.isNaN(parsed.getTime()) ? undefined : basicTime(parsed.getTime());
}

/** Milliseconds since the epoch → `YYYYMMDDTHHMMSSZ`. */
export const basicTime = (atMs: number): string =>
  new Date(atMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');

/** `YYYYMMDDTHHMMSSZ` → milliseconds since the epoch; NaN when there is no such moment. */
export const momentOf = (timestamp: string): number =>
  Date.parse(timestamp.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
