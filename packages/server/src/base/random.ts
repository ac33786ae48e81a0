import { randomBytes, randomFillSync } from 'node:crypto';

/** Chance is handed in, so that a failing simulation can be run again from its seed. */
export interface Random {
  /** Lower-case UUID, version 4. */
  uuid(): string;
  /** So many bytes, 256 at most, as lower-case hexadecimal digits. */
  hex(bytes: number): string;
  bytes(count: number): Uint8Array;
  /** Evenly spread in [0, 1). */
  float(): number;
}

/** Entropy is fetched for many at once, each byte is used once: a system call a name costs more than the name. */
const store = Buffer.alloc(4_096);
let used = store.length;

/** @returns where `count` unused bytes of the store begin */
function take(count: number): number {
  if (used + count > store.length) {
    randomFillSync(store);
    used = 0;
  }
  used += count;
  return used - count;
}

const text = Buffer.from('00000000-0000-4000-8000-000000000000');
const digits = Buffer.from('0123456789abcdef');
/** Where the sixteen bytes of a UUID have their two digits. */
const places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

export const systemRandom: Random = {
  // Written into one text: put together from pieces, a name is a dozen objects for the collector.
  uuid() {
    const at = take(16);
    for (let index = 0; index < 16; index += 1) {
      let byte = store[at + index] as number;
      // RFC 9562: the version, and the variant.
      if (index === 6) byte = (byte & 0x0f) | 0x40;
      else if (index === 8) byte = (byte & 0x3f) | 0x80;
      const place = places[index] as number;
      text[place] = digits[byte >> 4] as number;
      text[place + 1] = digits[byte & 0x0f] as number;
    }
    return text.toString('latin1');
  },
  hex(bytes) {
    const at = take(bytes);
    return store.toString('hex', at, at + bytes);
  },
  bytes: (count) => randomBytes(count),
  float: () => Math.random(),
};
