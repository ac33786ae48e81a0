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
