import { badArgument } from './faults.ts';

/** Fifty-six digits as AWS's: a fixed head, the number, the shard. All of one length, so that they order as text too. */
const head = '4966';
const seqDigits = 44;
const shardDigits = 8;

export const sequenceNumber = (seq: number, shard: number): string =>
  head + String(seq).padStart(seqDigits, '0') + String(shard).padStart(shardDigits, '0');

/** @throws InvalidArgumentException for what is no number of ours */
export function seqOf(text: string): number {
  if (text === '0') return 0;
  const seq =
    text.length === head.length + seqDigits + shardDigits && text.startsWith(head)
      ? Number(text.slice(head.length, -shardDigits))
      : NaN;
  if (!Number.isSafeInteger(seq)) throw badArgument(`The sequence number ${text.slice(0, 128)} is not valid.`);
  return seq;
}
