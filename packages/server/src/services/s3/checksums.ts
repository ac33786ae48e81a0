import { createHash } from 'node:crypto';
import { s3Fault, invalidRequest } from './faults.ts';
import { combine, Crc32, Crc32c, Crc64Nvme, isCombinable, type RunningChecksum } from './crc.ts';

export const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type Algorithm = (typeof algorithms)[number];

/** Algorithm and base64 value. */
export interface Checksum {
  readonly algorithm: Algorithm;
  readonly value: string;
  readonly type?: 'FULL_OBJECT' | 'COMPOSITE';
}

const bytesOf: Readonly<Record<Algorithm, number>> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };

export function running(algorithm: Algorithm): RunningChecksum {
  switch (algorithm) {
    case 'CRC32':
      return new Crc32();
    case 'CRC32C':
      return new Crc32c();
    case 'CRC64NVME':
      return new Crc64Nvme();
    case 'SHA1':
      return createHash('sha1');
    case 'SHA256':
      return createHash('sha256');
  }
}

export const headerOf = (algorithm: Algorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;
export const memberOf = (algorithm: Algorithm): `Checksum${Algorithm}` => `Checksum${algorithm}`;

export const algorithmOf = (text: string | undefined): Algorithm | undefined =>
  algorithms.find((each) => each === text?.toUpperCase());

/** What a sender says of its body: which checksum, and its value, now or in the trailers. */
export interface Expectation {
  readonly algorithm: Algorithm;
  /** Absent = it follows the body, or is only asked for. */
  readonly value?: string;
}

/** What S3 takes of a body whose sender names none. @source Amazon S3 User Guide, "Checking object integrity", read 2026-11 */
export const defaultAlgorithm: Algorithm = 'CRC64NVME';

/** @throws InvalidRequest for a value that is none, or for two at once */
export function expected(input: object, headers: Readonly<Record<string, string | undefined>>): Expectation | undefined {
  const members = input as Readonly<Record<string, unknown>>;
  const given = algorithms.filter((each) => typeof members[memberOf(each)] === 'string');
  const [algorithm] = given;
  if (given.length > 1)
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  if (algorithm !== undefined) {
    const value = String(members[memberOf(algorithm)]);
    if (Buffer.from(value, 'base64').length !== bytesOf[algorithm])
      throw invalidRequest(`Value for ${headerOf(algorithm)} header is invalid.`);
    return { algorithm, value };
  }
  const trailing = algorithms.find((each) => headers['x-amz-trailer']?.toLowerCase().includes(headerOf(each)));
  if (trailing !== undefined) return { algorithm: trailing };
  const asked = algorithmOf(headers['x-amz-sdk-checksum-algorithm'] ?? (members['ChecksumAlgorithm'] as string | undefined));
  return asked === undefined ? undefined : { algorithm: asked };
}

export const badDigest = (algorithm: Algorithm): Error =>
  s3Fault('BadDigest', 400, `The ${algorithm} you specified did not match the calculated checksum.`);

/** What content says of itself when it is read from its beginning to its end. */
export async function summed(
  content: AsyncIterable<Uint8Array>,
  algorithm: Algorithm,
): Promise<{ readonly md5: string; readonly checksum: Checksum }> {
  const md5 = createHash('md5');
  const sum = running(algorithm);
  for await (const chunk of content) {
    md5.update(chunk);
    sum.update(chunk);
  }
  return { md5: md5.digest('hex'), checksum: { algorithm, value: sum.digest().toString('base64'), type: 'FULL_OBJECT' } };
}

/** Members of an answer that tell a checksum. */
export const shown = (checksum: Checksum | undefined): Record<string, string> =>
  checksum === undefined
    ? {}
    : { [memberOf(checksum.algorithm)]: checksum.value, ...(checksum.type === undefined ? {} : { ChecksumType: checksum.type }) };

/** Checksum of the whole from those of its parts; undefined for algorithms that cannot do that. */
export function fullObject(
  algorithm: Algorithm,
  parts: readonly { readonly value: string; readonly bytes: number }[],
): Checksum | undefined {
  const [first, ...rest] = parts;
  if (first === undefined || !isCombinable(algorithm)) return undefined;
  let sum = Buffer.from(first.value, 'base64');
  for (const { value, bytes } of rest) sum = combine(algorithm, sum, Buffer.from(value, 'base64'), bytes) as Buffer<ArrayBuffer>;
  return { algorithm, value: sum.toString('base64'), type: 'FULL_OBJECT' };
}

/** Checksum of the parts' checksums. */
export function composite(algorithm: Algorithm, parts: readonly string[]): Checksum {
  const sum = running(algorithm);
  for (const part of parts) sum.update(Buffer.from(part, 'base64'));
  return { algorithm, value: `${sum.digest().toString('base64')}-${parts.length}`, type: 'COMPOSITE' };
}
