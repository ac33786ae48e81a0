import { createCipheriv, createDecipheriv } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Random } from '../../base/index.ts';

/** What is stored instead of a secret. Base64. */
export interface Sealed {
  readonly keyId: string;
  readonly iv: string;
  readonly data: string;
}

/** The key file cannot be used: the records it sealed stay unreadable until the right one is back. */
export class MasterKeyError extends Error {
  readonly code = 'CONTROL_KEY_INVALID';
}

const tagBytes = 16;

/**
 * Encryption at rest of environment variables: AES-256-GCM under a key that lives in a file of its own,
 * so that a copy of the database holds no secret in clear. `context` is authenticated: a sealed text
 * moved to another row does not open.
 */
export class MasterKey {
  readonly id: string;
  readonly #key: Uint8Array;
  readonly #random: Random;

  private constructor(id: string, key: Uint8Array, random: Random) {
    this.id = id;
    this.#key = key;
    this.#random = random;
  }

  /** Reads the key, or makes it on the first start. @throws MasterKeyError when the file is there and broken */
  static async open(file: string, random: Random): Promise<MasterKey> {
    const text = (await readIfThere(file)) ?? (await create(file, random));
    try {
      const { id, key } = JSON.parse(text) as { id: unknown; key: unknown };
      const bytes = Buffer.from(String(key), 'base64');
      if (typeof id === 'string' && bytes.byteLength === 32) return new MasterKey(id, bytes, random);
    } catch {
      // Told below, without the content.
    }
    throw new MasterKeyError(`${file} is not a key. Put the file back that was there when the functions were deployed.`);
  }

  seal(text: string, context: string): Sealed {
    const iv = this.#random.bytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(context));
    const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { keyId: this.id, iv: Buffer.from(iv).toString('base64'), data: data.toString('base64') };
  }

  /** @throws MasterKeyError when another key sealed it, or it was changed */
  unseal(sealed: Sealed, context: string): string {
    if (sealed.keyId !== this.id)
      throw new MasterKeyError(
        `The environment of ${context} was sealed with key ${sealed.keyId}, and the key file holds ${this.id}.`,
      );
    const data = Buffer.from(sealed.data, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(sealed.iv, 'base64'), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(context)).setAuthTag(data.subarray(-tagBytes));
      return decipher.update(data.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new MasterKeyError(`The environment of ${context} does not open: it was changed on disk.`, { cause });
    }
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written beside and linked into place: a crash leaves no half of a key, and an existing key is never replaced. */
async function create(file: string, random: Random): Promise<string> {
  const text = JSON.stringify({ id: random.uuid(), key: Buffer.from(random.bytes(32)).toString('base64') });
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${random.uuid()}`;
  {
    await using handle = await open(draft, 'wx', 0o600);
    await handle.writeFile(text);
    await handle.sync();
  }
  try {
    await link(draft, file);
  } catch (error) {
    // Another was first, and its key is the one.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return await readFile(file, 'utf8');
    throw error;
  } finally {
    await unlink(draft);
  }
  await using folder = await open(path.dirname(file), 'r');
  await folder.sync();
  return text;
}
