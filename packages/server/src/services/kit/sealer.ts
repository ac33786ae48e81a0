import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Random } from '../../base/index.ts';

/** Keeps what must not lie open on the disk or travel readable in a token: AES-256-GCM. */
export interface Sealer {
  seal(plain: Uint8Array): Uint8Array;
  /** Undefined for what was not sealed by this sealer, or was touched since. Takes the same time either way. */
  open(sealed: Uint8Array): Uint8Array | undefined;
}

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** The key everything else is derived from; whoever has it can read every secret of the data folder. */
export class MasterKey {
  readonly #key: Uint8Array;
  readonly #random: Random;

  constructor(key: Uint8Array, random: Random) {
    if (key.byteLength !== keyBytes) throw Object.assign(new Error('A master key is 32 bytes.'), { code: 'MASTER_KEY_DAMAGED' });
    this.#key = key;
    this.#random = random;
  }

  /**
   * Reads the key, or makes one where there is none; mode 0600, in a folder of mode 0700.
   *
   * @throws Error code MASTER_KEY_DAMAGED when the file is not a key: bring back the right one, or lose what it sealed
   */
  static open(options: { readonly file: string; readonly random: Random }): MasterKey {
    const { file, random } = options;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      // 'wx' decides between two that start at once.
      writeFileSync(file, random.bytes(keyBytes), { mode: 0o600, flag: 'wx', flush: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return new MasterKey(readFileSync(file), random);
  }

  /** A sealer of its own for each purpose: what one sealed, another cannot open. */
  sealer(purpose: string): Sealer {
    const key = new Uint8Array(hkdfSync('sha256', this.#key, new Uint8Array(0), `mayfly ${purpose}`, keyBytes));
    const random = this.#random;
    return {
      seal(plain) {
        const nonce = random.bytes(nonceBytes);
        const cipher = createCipheriv('aes-256-gcm', key, nonce);
        return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      },
      open(sealed) {
        if (sealed.byteLength < nonceBytes + tagBytes) return undefined;
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes));
        decipher.setAuthTag(sealed.subarray(-tagBytes));
        try {
          return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
        } catch {
          return undefined;
        }
      },
    };
  }
}

export const sealText = (sealer: Sealer, text: string): string => Buffer.from(sealer.seal(Buffer.from(text))).toString('base64');

export function openText(sealer: Sealer, sealed: string): string | undefined {
  const plain = sealer.open(Buffer.from(sealed, 'base64'));
  return plain === undefined ? undefined : Buffer.from(plain).toString('utf8');
}
