import { createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../../base/index.ts';
import type { FetchPort } from '../../services/index.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** Keys of an issuer are kept for so long. @source API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers", read 2026-11 */
const keepMs = 7_200_000;
/** A key that is not known is asked for again, but not for every token that names one. */
const againMs = 10_000;
const mostIssuers = 1_000;
const mostBytes = 262_144;
const patienceMs = 5_000;

interface IssuerKeys {
  readonly atMs: number;
  readonly keys: Promise<ReadonlyMap<string, KeyObject>>;
}

/** Verifies tokens against the keys that their issuers publish. */
export class TokenCheck {
  readonly #http: Pick<FetchPort, 'fetch'>;
  readonly #clock: Clock;
  readonly #issuers = new Map<string, IssuerKeys>();

  constructor(options: { readonly http: Pick<FetchPort, 'fetch'>; readonly clock: Clock }) {
    this.#http = options.http;
    this.#clock = options.clock;
  }

  /** @returns undefined when the token is not worth anything */
  async check(
    token: string,
    { issuer, audience }: { readonly issuer: string; readonly audience: readonly string[] },
  ): Promise<Claims | undefined> {
    const [head = '', payload = '', signature = '', ...more] = token.split('.');
    const [header, claims] = [json(head), json(payload)];
    if (header === undefined || claims === undefined || signature === '' || more.length > 0) return undefined;
    if (header['alg'] !== 'RS256' || claims['iss'] !== issuer) return undefined;
    const key = await this.#key(issuer, typeof header['kid'] === 'string' ? header['kid'] : '');
    if (key === undefined) return undefined;
    const signed = Buffer.from(`${head}.${payload}`);
    if (!verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'))) return undefined;
    return this.#isDue(claims) && isFor(claims, audience) ? claims : undefined;
  }

  #isDue(claims: Claims): boolean {
    const nowS = this.#clock.now() / 1000;
    const { exp, nbf, iat } = claims;
    if (typeof exp !== 'number' || exp <= nowS) return false;
    return [nbf, iat].every((moment) => moment === undefined || (typeof moment === 'number' && moment <= nowS + 1));
  }

  async #key(issuer: string, kid: string): Promise<KeyObject | undefined> {
    const known = this.#issuers.get(issuer);
    const ageMs = known === undefined ? Infinity : this.#clock.now() - known.atMs;
    const keys = await (known === undefined || ageMs > keepMs ? this.#ask(issuer) : known.keys);
    const key = keys.get(kid);
    if (key !== undefined || ageMs < againMs || ageMs > keepMs) return key;
    return (await this.#ask(issuer)).get(kid);
  }

  #ask(issuer: string): Promise<ReadonlyMap<string, KeyObject>> {
    const keys = this.#fetchKeys(issuer);
    this.#issuers.delete(issuer);
    this.#issuers.set(issuer, { atMs: this.#clock.now(), keys });
    const oldest = this.#issuers.keys().next();
    if (this.#issuers.size > mostIssuers && oldest.done !== true) this.#issuers.delete(oldest.value);
    // One that could not be reached is asked again by the next token.
    keys.catch(() => {
      if (this.#issuers.get(issuer)?.keys === keys) this.#issuers.delete(issuer);
    });
    return keys;
  }

  async #fetchKeys(issuer: string): Promise<ReadonlyMap<string, KeyObject>> {
    const configuration = await this.#document(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { keys } = await this.#document(String(configuration['jwks_uri']));
    const usable = (Array.isArray(keys) ? (keys as JsonWebKey[]) : []).filter(({ kty, use }) => kty === 'RSA' && use !== 'enc');
    return new Map(usable.map((key) => [String(key['kid'] ?? ''), createPublicKey({ key, format: 'jwk' })]));
  }

  async #document(url: string): Promise<Readonly<Record<string, unknown>>> {
    const deadline = new AbortController();
    using _timer = this.#clock.after(patienceMs, () => deadline.abort(new Error('The issuer does not answer.')));
    const { status, body } = await this.#http.fetch(url, {
      method: 'GET',
      headers: { Accept: 'application/json' },
      signal: deadline.signal,
      mostBytes,
    });
    if (status !== 200) throw new Error(`${url} answers ${status}.`);
    return JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>;
  }
}

function json(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `aud`, or `client_id` where there is none. */
function isFor(claims: Claims, audience: readonly string[]): boolean {
  if (audience.length === 0) return true;
  const named = [claims['aud'] ?? claims['client_id']].flat();
  return named.some((each) => audience.includes(String(each)));
}

/** What a token may be used for. */
export const scopesOf = (claims: Claims): readonly string[] =>
  [claims['scope'] ?? claims['scp'] ?? []]
    .flat()
    .flatMap((each) => String(each).split(' '))
    .filter((each) => each !== '');

/** Claims are texts where a function sees them. */
export const claimTexts = (claims: Claims): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(' ')}]` : typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
