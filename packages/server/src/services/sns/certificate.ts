import { createHash, createSign, type KeyObject } from 'node:crypto';

/** A DER element. */
const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const size = content.length;
  const length = size < 128 ? Buffer.of(size) : size < 256 ? Buffer.of(0x81, size) : Buffer.of(0x82, size >> 8, size & 255);
  return Buffer.concat([Buffer.of(tag), length, content]);
};
const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes));
const time = (atMs: number): Buffer => der(0x18, Buffer.from(new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')));

const commonName = oid(0x55, 0x04, 0x03);
const sha256WithRsa = sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), der(0x05));

/**
 * A certificate that a key signs for itself: X.509 version 1, as subscribers need it to check signatures.
 *
 * @returns PEM
 */
export function selfSigned(options: {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly fromMs: number;
  readonly years: number;
}): string {
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(options.name)))));
  const key = options.publicKey.export({ type: 'spki', format: 'der' });
  const serial = createHash('sha256').update(key).digest().subarray(0, 15);
  const body = sequence(
    der(0x02, Buffer.of(1), serial),
    sha256WithRsa,
    name,
    sequence(time(options.fromMs), time(options.fromMs + options.years * 365 * 86_400_000)),
    name,
    key,
  );
  const signature = createSign('sha256').update(body).sign(options.privateKey);
  const certificate = sequence(body, sha256WithRsa, der(0x03, Buffer.of(0), signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
