import { createPrivateKey, createPublicKey, generateKeyPair, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../base/index.ts';
import { certificate } from '../kit/certificate.ts';
import type { Sealer } from '../kit/index.ts';

const name = 'Mayfly code signing';
const dayMs = 86_400_000;
const authorityMs = 100 * 365 * dayMs;
/** Longer than the last signature of a profile that is used for a generation. */
const publisherMs = 50 * 365 * dayMs;

export interface AuthorityOptions {
  /** Lies with the other keys: to be backed up apart from the records. */
  readonly file: string;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

interface Held {
  readonly privateKey: KeyObject;
  readonly certificate: X509Certificate;
}

/** Key and certificate of a publisher. */
export interface Issued {
  readonly privateKey: KeyObject;
  readonly certificate: Buffer;
}

/** Vouches for everybody who signs here; one for an installation, made when the first of them is. */
export class CertificateAuthority {
  readonly #options: AuthorityOptions;
  #held: Held | undefined;
  #making: Promise<Held> | undefined;

  private constructor(options: AuthorityOptions, held: Held | undefined) {
    this.#options = options;
    this.#held = held;
  }

  /** @throws Error code SIGNING_AUTHORITY_DAMAGED when the file was not sealed by this installation's master key: bring back the right one */
  static async open(options: AuthorityOptions): Promise<CertificateAuthority> {
    return new CertificateAuthority(options, await read(options));
  }

  /** DER; undefined before anybody was vouched for. */
  get certificate(): Buffer | undefined {
    return this.#held?.certificate.raw;
  }

  /** A new key, and a certificate that it signs code in the name of a URI. */
  async issue(publisher: { readonly name: string; readonly uri: string }): Promise<Issued> {
    const held = this.#held ?? (await (this.#making ??= this.#make()));
    const privateKey = await newKey();
    const fromMs = this.#options.clock.now() - dayMs;
    return {
      privateKey,
      certificate: certificate({
        name: publisher.name,
        publicKey: createPublicKey(privateKey),
        issuer: { name, privateKey: held.privateKey },
        use: { kind: 'code', uri: publisher.uri },
        fromMs,
        untilMs: fromMs + publisherMs,
      }),
    };
  }

  /** The URI in whose name a certificate signs, when it is one of ours and was good at a moment. */
  uriOf(publisher: X509Certificate, atMs: number): string | undefined {
    const own = this.#held?.certificate;
    const isOurs = own !== undefined && publisher.checkIssued(own) && publisher.verify(own.publicKey) && !publisher.ca;
    const wasGood = publisher.validFromDate.getTime() <= atMs && atMs <= publisher.validToDate.getTime();
    if (!isOurs || !wasGood) return undefined;
    return /^URI:(\S+)$/.exec(publisher.subjectAltName ?? '')?.[1];
  }

  async #make(): Promise<Held> {
    try {
      const privateKey = await newKey();
      const fromMs = this.#options.clock.now() - dayMs;
      const own = certificate({
        name,
        publicKey: createPublicKey(privateKey),
        issuer: { name, privateKey },
        use: { kind: 'authority' },
        fromMs,
        untilMs: fromMs + authorityMs,
      });
      await write(this.#options, privateKey, own);
      return (this.#held = { privateKey, certificate: new X509Certificate(own) });
    } finally {
      // A disk that was full may have room the next time.
      this.#making = undefined;
    }
  }
}

const newKey = async (): Promise<KeyObject> => (await promisify(generateKeyPair)('ec', { namedCurve: 'P-384' })).privateKey;

async function read({ file, sealer }: AuthorityOptions): Promise<Held | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (text === undefined) return undefined;
  try {
    const kept = JSON.parse(text) as { readonly key: string; readonly certificate: string };
    const key = sealer.open(Buffer.from(kept.key, 'base64'));
    if (key === undefined) throw new Error('Another master key sealed it.');
    return {
      privateKey: createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }),
      certificate: new X509Certificate(Buffer.from(kept.certificate, 'base64')),
    };
  } catch (cause) {
    throw Object.assign(new Error(`The key that vouches for signed code cannot be read from ${file}.`, { cause }), {
      code: 'SIGNING_AUTHORITY_DAMAGED',
    });
  }
}

/** There whole, or not at all. */
async function write({ file, sealer }: AuthorityOptions, key: KeyObject, own: Buffer): Promise<void> {
  const folder = path.dirname(file);
  const sealed = sealer.seal(key.export({ format: 'der', type: 'pkcs8' }));
  const text = JSON.stringify({ key: Buffer.from(sealed).toString('base64'), certificate: own.toString('base64') });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(`${file}.new`, { force: true });
  await writeFile(`${file}.new`, text, { mode: 0o600, flag: 'wx', flush: true });
  await rename(`${file}.new`, file);
  await using handle = await open(folder, 'r');
  await handle.sync();
}
