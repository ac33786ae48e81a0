import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from '@smithy/types';

export interface SigningKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The hash the official signer is handed. */
class Sha256 {
  readonly #start: () => Hash | Hmac;
  #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === 'string' || secret === undefined ? secret : Buffer.from(secret as Uint8Array);
    this.#start = () => (key === undefined ? createHash('sha256') : createHmac('sha256', key));
    this.#hash = this.#start();
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    this.#hash = this.#start();
  }
}

const signerOf = (service: string, credentials: SigningKeys): SignatureV4 =>
  new SignatureV4({ service, region: 'us-east-1', credentials, sha256: Sha256, uriEscapePath: service !== 's3' });

const requestOf = (url: URL, method: string, body: string | undefined) => ({
  method,
  protocol: url.protocol,
  hostname: url.hostname,
  port: Number(url.port),
  path: url.pathname,
  query: Object.fromEntries(url.searchParams),
  headers: { host: url.host },
  ...(body === undefined ? {} : { body }),
});

/** A request signed in its headers, sent. */
export async function signedFetch(
  address: string,
  options: {
    readonly service: string;
    readonly credentials: SigningKeys;
    readonly method?: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<Response> {
  const { service, credentials, method = 'GET', body } = options;
  const request = requestOf(new URL(address), method, body);
  const toSign = { ...request, headers: { ...request.headers, ...options.headers } } as unknown as HttpRequest;
  const { headers } = await signerOf(service, credentials).sign(toSign);
  return fetch(address, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** An address that carries its signature. */
export async function presigned(
  address: string,
  options: { readonly service: string; readonly credentials: SigningKeys; readonly method?: string; readonly expiresS?: number },
): Promise<string> {
  const { service, credentials, method = 'GET', expiresS = 60 } = options;
  const request = await signerOf(service, credentials).presign(requestOf(new URL(address), method, undefined), {
    expiresIn: expiresS,
  });
  const url = new URL(address);
  url.search = new URLSearchParams(
    Object.entries(request.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return url.href;
}
