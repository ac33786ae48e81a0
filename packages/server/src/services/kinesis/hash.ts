import { createHash } from 'node:crypto';

/** Hash keys are 128 bits. */
export const hashSpace = 1n << 128n;

/** Where a partition key lands. @source Kinesis Data Streams Developer Guide, "Partition key": MD5 */
export const hashKey = (partitionKey: string): bigint => BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`);

/** First keys of `count` even parts. */
export const evenStarts = (count: number): readonly bigint[] =>
  Array.from({ length: count }, (_, index) => (hashSpace * BigInt(index)) / BigInt(count));

/** @returns undefined for what is no hash key */
export function readHashKey(text: string): bigint | undefined {
  const key = /^\d{1,39}$/.test(text) ? BigInt(text) : hashSpace;
  return key < hashSpace ? key : undefined;
}
