import { createHash, createPublicKey, createSign, type KeyObject } from 'node:crypto';

/** A DER element. */
const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const size = content.length;
  const length = size < 128 ? Buffer.of(size) : size < 256 ? Buffer.of(0x81, size) : Buffer.of(0x82, size >> 8, size & 255);
  return Buffer.concat([Buffer.of(tag), length, content]);
};
const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const yes = der(0x01, Buffer.of(0xff));

/** Two digits for the year until 2049, four from then on. @source RFC 5280, 4.1.2.5 */
function time(atMs: number): Buffer {
  const text = new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

const nameOf = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(commonName)))));

/** sha256WithRSAEncryption, and ecdsa-with-SHA384 for P-384. */
const algorithms = {
  rsa: { hash: 'sha256', id: sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), der(0x05)) },
  ec: { hash: 'sha384', id: sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03)) },
} as const;

const usage = { digitalSignature: Buffer.of(7, 0x80), certSign: Buffer.of(1, 0x06) } as const;
const extension = (last: number, isCritical: boolean, value: Uint8Array): Buffer =>
  sequence(oid(0x55, 0x1d, last), ...(isCritical ? [yes] : []), octets(value));

export interface CertificateOptions {
  /** Common name of the subject. */
  readonly name: string;
  readonly publicKey: KeyObject;
  /** Whoever signs it; the same name and key sign for themselves. RSA, or P-384. */
  readonly issuer: { readonly name: string; readonly privateKey: KeyObject };
  /** What the key may do: sign other certificates, or sign code in the name of this URI; absent = nothing is said of it. */
  readonly use?: { readonly kind: 'authority' } | { readonly kind: 'code'; readonly uri: string };
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * An X.509 certificate, version 3.
 *
 * @returns DER
 */
export function certificate({ name, publicKey, issuer, use, fromMs, untilMs }: CertificateOptions): Buffer {
  const { hash, id } = issuer.privateKey.asymmetricKeyType === 'ec' ? algorithms.ec : algorithms.rsa;
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const serial = createHash('sha256').update(key).update(name).digest().subarray(0, 15);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    // A byte in front keeps it positive.
    der(0x02, Buffer.of(1), serial),
    id,
    nameOf(issuer.name),
    sequence(time(fromMs), time(untilMs)),
    nameOf(name),
    key,
    der(0xa3, sequence(...extensions(use, publicKey, createPublicKey(issuer.privateKey)))),
  );
  const signature = createSign(hash).update(body).sign(issuer.privateKey);
  return sequence(body, id, der(0x03, Buffer.of(0), signature));
}

export function pemOf(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function extensions(use: CertificateOptions['use'], own: KeyObject, issuers: KeyObject): Buffer[] {
  const ids = [extension(0x0e, false, octets(keyId(own))), extension(0x23, false, sequence(der(0x80, keyId(issuers))))];
  switch (use?.kind) {
    case undefined:
      return ids;
    case 'authority':
      return [...ids, extension(0x13, true, sequence(yes)), extension(0x0f, true, der(0x03, usage.certSign))];
    case 'code':
      return [
        ...ids,
        extension(0x13, true, sequence()),
        extension(0x0f, true, der(0x03, usage.digitalSignature)),
        extension(0x25, false, sequence(oid(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03))),
        extension(0x11, false, sequence(der(0x86, Buffer.from(use.uri)))),
      ];
  }
}

const keyId = (key: KeyObject): Buffer =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
