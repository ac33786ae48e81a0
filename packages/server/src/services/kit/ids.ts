import { createHash } from 'node:crypto';
import type { Random } from '../../base/index.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const base32 = (bytes: Uint8Array): string => {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += letters[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return text;
};

/** A unique id as IAM writes them: four letters for the kind and seventeen of chance. `AROA…`, `AIDA…`, `ANPA…` */
export const uniqueId = (prefix: string, random: Random): string => prefix + base32(random.bytes(11)).slice(0, 17);

/** The same, always the same for the same name. */
export const derivedId = (prefix: string, name: string): string =>
  prefix + base32(createHash('sha256').update(name).digest()).slice(0, 17);

/**
 * An access key id that says whose it is, as AWS's do: behind the prefix eighty bits in base 32, of which
 * the second to the forty-first are the account.
 */
export function accessKeyId(prefix: 'AKIA' | 'ASIA', account: string, random: Random): string {
  const bytes = Buffer.from(random.bytes(10));
  const head = (1n << 47n) | (BigInt(account) << 7n) | BigInt((bytes[5] ?? 0) & 127);
  bytes.writeUIntBE(Number(head), 0, 6);
  return prefix + base32(bytes);
}

/** The account an access key id of this form names. */
export function accountOfKey(id: string): string | undefined {
  if (/^\d{12}$/.test(id)) return id;
  if (!/^A[KS]IA[A-Z2-7]{16}$/.test(id)) return undefined;
  let head = 0n;
  for (const letter of id.slice(4, 14)) head = (head << 5n) | BigInt(letters.indexOf(letter));
  const account = ((head >> 2n) & 0x7fffffffff80n) >> 7n;
  return account > 999_999_999_999n ? undefined : String(account).padStart(12, '0');
}
