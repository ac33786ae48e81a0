import { sign, verify, type KeyObject } from 'node:crypto';

/** A JSON Web Signature in its flattened form, by ECDSA over P-384. @source RFC 7515, 7.2.2; RFC 7518, 3.4 */
export interface Jws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
  /** Whether the holder of a key signed header and payload. */
  isBy(publicKey: KeyObject): boolean;
}

const alg = 'ES384';
const encode = (bytes: string | Uint8Array): string => Buffer.from(bytes as string).toString('base64url');

/** @param unprotected  what goes along without being signed */
export function signJws(
  key: KeyObject,
  header: Readonly<Record<string, unknown>>,
  payload: Uint8Array,
  unprotected?: Readonly<Record<string, unknown>>,
): string {
  const [signedHeader, signedPayload] = [encode(JSON.stringify({ alg, ...header })), encode(payload)];
  const signature = sign('sha384', Buffer.from(`${signedHeader}.${signedPayload}`), { key, dsaEncoding: 'ieee-p1363' });
  return JSON.stringify({
    payload: signedPayload,
    protected: signedHeader,
    ...(unprotected === undefined ? {} : { header: unprotected }),
    signature: encode(signature),
  });
}

/** Undefined for whatever is not such a signature. Nothing has been verified yet. */
export function readJws(text: string): Jws | undefined {
  const parts = objectIn(text);
  if (parts === undefined) return undefined;
  const { protected: header, payload, signature } = parts;
  if (typeof header !== 'string' || typeof payload !== 'string' || typeof signature !== 'string') return undefined;
  const said = objectIn(Buffer.from(header, 'base64url').toString());
  if (said?.['alg'] !== alg) return undefined;
  const [signed, signatureBytes] = [Buffer.from(`${header}.${payload}`), Buffer.from(signature, 'base64url')];
  return {
    header: said,
    payload: Buffer.from(payload, 'base64url'),
    // A signature of another length is none, and OpenSSL would call it an error.
    isBy: (key) =>
      key.asymmetricKeyType === 'ec' &&
      signatureBytes.length === 96 &&
      verify('sha384', signed, { key, dsaEncoding: 'ieee-p1363' }, signatureBytes),
  };
}

/** The object a text of JSON is. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
