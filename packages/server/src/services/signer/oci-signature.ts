import type { KeyObject } from 'node:crypto';
import { signJws } from './jws.ts';

/** The one kind of payload that is signed: the descriptor of an artifact in a registry. */
export const payloadType = 'application/vnd.cncf.notary.payload.v1+json';

const notary = 'io.cncf.notary';
const job = 'com.amazonaws.signer.signingJob';
const profile = 'com.amazonaws.signer.signingProfileVersion';

/**
 * The envelope that `notation` reads from a plugin that signs.
 *
 * @source Notary Project specifications 1.1, "OCI Signature Envelope: JWS", read 2026-11
 */
export function signPayload(
  payload: Uint8Array,
  by: {
    readonly key: { readonly privateKey: KeyObject; readonly certificates: readonly Uint8Array[] };
    readonly profileVersionArn: string;
    readonly jobArn: string;
    readonly signedAtMs: number;
    readonly expiresAtMs: number;
  },
): string {
  const seconds = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+/, '');
  const said = {
    [`${notary}.signingScheme`]: 'notary.x509.signingAuthority',
    [`${notary}.authenticSigningTime`]: seconds(by.signedAtMs),
    [`${notary}.expiry`]: seconds(by.expiresAtMs),
    [job]: by.jobArn,
    [profile]: by.profileVersionArn,
  };
  return signJws(by.key.privateKey, { cty: payloadType, crit: Object.keys(said), ...said }, payload, {
    x5c: by.key.certificates.map((certificate) => Buffer.from(certificate).toString('base64')),
    [`${notary}.signingAgent`]: 'Mayfly',
  });
}
