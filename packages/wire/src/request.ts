/** The head of an HTTP request, as it came: nothing decoded. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, raw. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

export const pathOf = (target: string): string => {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
};

export const queryOf = (target: string): URLSearchParams => {
  const query = target.indexOf('?');
  return new URLSearchParams(query === -1 ? '' : target.slice(query + 1));
};

/** What a signature claims, unverified. */
export interface CredentialScope {
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** Scopes read before, by the credential's text: a client says the same one all day. Oldest first. */
const scopes = new Map<string, CredentialScope>();
const scopesKept = 1_000;
const longestKept = 256;

/** Reads `Credential=` of the Authorization header or of a presigned URL. */
export function readCredentialScope(head: RequestHead): CredentialScope | undefined {
  const header = head.headers['authorization'];
  const credential = header === undefined ? inQuery(head.target) : inHeader(header);
  if (credential === undefined) return undefined;
  const known = scopes.get(credential);
  if (known !== undefined) return known;
  const scope = parseScope(credential);
  if (scope !== undefined && credential.length <= longestKept) {
    if (scopes.size >= scopesKept) scopes.delete(scopes.keys().next().value ?? '');
    scopes.set(credential, scope);
  }
  return scope;
}

const word = /[^,\s]+/y;

function inHeader(header: string): string | undefined {
  const at = header.indexOf('Credential=');
  word.lastIndex = at + 'Credential='.length;
  return at !== -1 && word.test(header) ? header.slice(at + 'Credential='.length, word.lastIndex) : undefined;
}

const inQuery = (target: string): string | undefined =>
  target.includes('?') ? (queryOf(target).get('X-Amz-Credential') ?? undefined) : undefined;

function parseScope(credential: string): CredentialScope | undefined {
  const parts = credential.split('/');
  if (parts.length < 5 || parts.at(-1) !== 'aws4_request') return undefined;
  const [date, region, service] = parts.slice(-4, -1);
  return {
    accessKeyId: parts.slice(0, -4).join('/'),
    date: date ?? '',
    region: region ?? '',
    service: service ?? '',
  };
}
