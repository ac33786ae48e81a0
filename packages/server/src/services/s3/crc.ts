import { crc32 } from 'node:zlib';

/** A checksum that is fed in pieces. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export class Crc32 implements RunningChecksum {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }
  digest(): Buffer {
    return bigEndian(this.#value);
  }
}

const bigEndian = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** Castagnoli, reflected. */
const castagnoli = ((): Uint32Array => {
  const table = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    table[index] = value >>> 0;
  }
  return table;
})();

export class Crc32c implements RunningChecksum {
  #value = 0xffffffff;

  update(bytes: Uint8Array): void {
    let value = this.#value;
    for (let at = 0; at < bytes.length; at += 1) {
      value = (castagnoli[(value ^ (bytes[at] as number)) & 255] as number) ^ (value >>> 8);
    }
    this.#value = value >>> 0;
  }
  digest(): Buffer {
    return bigEndian(this.#value ^ 0xffffffff);
  }
}

/** The polynomial of NVMe, reflected: 0x9a6c9329ac4bc9b5. The table is kept in two halves, because bits of numbers end at 32. */
const nvme = ((): { readonly high: Uint32Array; readonly low: Uint32Array } => {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let value = BigInt(index);
    for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n;
    high[index] = Number(value >> 32n);
    low[index] = Number(value & 0xffffffffn);
  }
  return { high, low };
})();

export class Crc64Nvme implements RunningChecksum {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(bytes: Uint8Array): void {
    let high = this.#high;
    let low = this.#low;
    for (let at = 0; at < bytes.length; at += 1) {
      const index = (low ^ (bytes[at] as number)) & 255;
      low = ((low >>> 8) | (high << 24)) ^ (nvme.low[index] as number);
      high = (high >>> 8) ^ (nvme.high[index] as number);
    }
    this.#high = high;
    this.#low = low;
  }
  digest(): Buffer {
    return Buffer.concat([bigEndian(this.#high ^ 0xffffffff), bigEndian(this.#low ^ 0xffffffff)]);
  }
}

/** Width and reflected polynomial of the sums that can be put together from those of the parts. */
const combinable = {
  CRC32: { bits: 32n, polynomial: 0xedb88320n },
  CRC32C: { bits: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { bits: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
} as const;

export type Combinable = keyof typeof combinable;

export const isCombinable = (algorithm: string): algorithm is Combinable => Object.hasOwn(combinable, algorithm);

/**
 * The sum of two runs of bytes one after the other, from their sums: the first is multiplied by x to the power of the
 * second's bits, modulo the polynomial, and the second is added.
 */
export function combine(algorithm: Combinable, first: Uint8Array, second: Uint8Array, secondBytes: number): Buffer {
  const { bits, polynomial } = combinable[algorithm];
  const top = 1n << (bits - 1n);
  const multiply = (a: bigint, b: bigint): bigint => {
    let product = 0n;
    let factor = b;
    for (let bit = top; bit > 0n; bit >>= 1n) {
      if ((a & bit) !== 0n) product ^= factor;
      factor = (factor & 1n) === 0n ? factor >> 1n : (factor >> 1n) ^ polynomial;
    }
    return product;
  };
  let power = top;
  let square = top >> 8n;
  for (let left = BigInt(secondBytes); left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) power = multiply(square, power);
    square = multiply(square, square);
  }
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const sum = multiply(power, number(first)) ^ number(second);
  return Buffer.from(sum.toString(16).padStart(Number(bits / 4n), '0'), 'hex');
}
