import { createHash } from 'node:crypto';
import { parseNumber, type Decimal } from './number.ts';
import type { Value } from './value.ts';

/**
 * Keys as bytes whose order is DynamoDB's order, so that a range of keys is a range of an index.
 *
 * Strings order by their UTF-8, binary by unsigned bytes. A number is one byte of sign, one of exponent,
 * then its digits in pairs plus one, so that no pair is the terminator; all turned over when negative.
 */
export function keyBytes(value: Value): Uint8Array {
  if ('S' in value) return Buffer.from(value.S, 'utf8');
  if ('B' in value) return value.B;
  if ('N' in value) return numberBytes(parseNumber(value.N));
  throw new Error('A key is a string, a number or bytes.');
}

function numberBytes({ negative, digits, exponent }: Decimal): Uint8Array {
  if (digits === '') return Uint8Array.of(0x80);
  const pairs = Math.ceil(digits.length / 2);
  const bytes = new Uint8Array(pairs + 3);
  bytes[0] = 0xc0;
  bytes[1] = exponent + 129;
  for (let pair = 0; pair < pairs; pair += 1) bytes[pair + 2] = Number(digits.slice(pair * 2, pair * 2 + 2).padEnd(2, '0')) + 1;
  if (negative) for (let index = 0; index < bytes.length; index += 1) bytes[index] = 0xff - (bytes[index] ?? 0);
  return bytes;
}

/** How many bytes of hash lead a partition key: they scatter partitions, and cut a table into segments. */
export const hashPrefixBytes = 4;

/** A partition key: scattered by a hash as in DynamoDB, where partitions have no order a client could rely on. */
export function partitionBytes(value: Value): Uint8Array {
  const key = keyBytes(value);
  return Buffer.concat([createHash('md5').update(key).digest().subarray(0, hashPrefixBytes), key]);
}

/** First partition key of a segment; `undefined` for the end of the last one. */
export function segmentStart(segment: number, total: number): Uint8Array | undefined {
  if (segment >= total) return undefined;
  const bytes = Buffer.alloc(hashPrefixBytes);
  bytes.writeUInt32BE(Math.floor((segment * 2 ** 32) / total));
  return bytes;
}

/** The smallest bytes that do not start with `prefix`; `undefined` when there are none. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 0xff) end -= 1;
  if (end === 0) return undefined;
  // A copy: a Buffer's own slice would share its memory.
  const next = Uint8Array.from(prefix.subarray(0, end));
  next[end - 1] = (next[end - 1] ?? 0) + 1;
  return next;
}
