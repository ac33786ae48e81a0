import { X509Certificate, type KeyObject } from 'node:crypto';
import type { CertificateAuthority } from './authority.ts';
import { objectIn, readJws, signJws } from './jws.ts';
import type { CodeSignature } from './port.ts';

/** Tells signatures over code from everything else that these keys sign: payloads are written by callers. */
const typ = 'mayfly-code-signature';

/** The text that goes into an archive. See docs/decisions/0008. */
export function writeCodeSignature(
  { manifestSha256, profileVersionArn, jobArn, signedAtMs, expiresAtMs }: CodeSignature,
  by: { readonly privateKey: KeyObject; readonly certificates: readonly Uint8Array[] },
): string {
  const said = {
    manifest: { sha256: manifestSha256 },
    profileVersion: profileVersionArn,
    job: jobArn,
    signedAt: new Date(signedAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
  };
  const x5c = by.certificates.map((certificate) => Buffer.from(certificate).toString('base64'));
  return signJws(by.privateKey, { typ, x5c }, Buffer.from(JSON.stringify(said)));
}

/** What it says, when a key that the authority vouched for signed it in its own name. */
export function readCodeSignature(text: string, authority: CertificateAuthority): CodeSignature | undefined {
  const jws = readJws(text);
  if (jws?.header['typ'] !== typ) return undefined;
  const publisher = publisherIn(jws.header['x5c']);
  const said = signatureIn(objectIn(jws.payload.toString()) ?? {});
  if (publisher === undefined || said === undefined || !jws.isBy(publisher.key)) return undefined;
  return authority.uriOf(publisher.certificate, said.signedAtMs) === said.profileVersionArn ? said : undefined;
}

function publisherIn(x5c: unknown): { readonly certificate: X509Certificate; readonly key: KeyObject } | undefined {
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (typeof first !== 'string') return undefined;
  try {
    const certificate = new X509Certificate(Buffer.from(first, 'base64'));
    return { certificate, key: certificate.publicKey };
  } catch {
    return undefined;
  }
}

function signatureIn({
  manifest,
  profileVersion,
  job,
  signedAt,
  expiresAt,
}: Readonly<Record<string, unknown>>): CodeSignature | undefined {
  const said = {
    manifestSha256: String((manifest as { sha256?: unknown } | undefined)?.sha256),
    profileVersionArn: String(profileVersion),
    jobArn: String(job),
    signedAtMs: Date.parse(String(signedAt)),
    expiresAtMs: Date.parse(String(expiresAt)),
  };
  return Number.isFinite(said.signedAtMs) && Number.isFinite(said.expiresAtMs) ? said : undefined;
}
