import { createHash, createPrivateKey, createPublicKey, createSign, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../../base/index.ts';
import { certificate, pemOf } from '../kit/certificate.ts';
import type { Records } from '../kit/records.ts';

/** The key that signs messages, and the certificate that subscribers check them with. Kept for the life of the data folder. */
export interface SigningRecord {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
}

export interface Signer {
  /** File name of the certificate. */
  readonly fileName: string;
  readonly certificatePem: string;
  /** @returns base64 */
  sign(text: string, version: '1' | '2'): string;
}

const name = 'sns.mayfly';
const dayMs = 86_400_000;

/** Opens the signer; a new key is made the first time somebody needs it. */
export async function openSigner(records: Records<{ signing: SigningRecord }>, clock: Clock): Promise<Signer> {
  const stored = records.get('signing', '', 'key') ?? (await make(records, clock));
  const key: KeyObject = createPrivateKey(stored.privateKeyPem);
  return {
    fileName: `SimpleNotificationService-${createHash('sha256').update(stored.certificatePem).digest('hex').slice(0, 32)}.pem`,
    certificatePem: stored.certificatePem,
    sign: (text, version) =>
      createSign(version === '1' ? 'sha1' : 'sha256')
        .update(text)
        .sign(key, 'base64'),
  };
}

async function make(records: Records<{ signing: SigningRecord }>, clock: Clock): Promise<SigningRecord> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const nowMs = clock.now();
  const certificatePem = pemOf(
    certificate({
      name,
      publicKey: createPublicKey(privateKey),
      issuer: { name, privateKey },
      fromMs: nowMs - dayMs,
      untilMs: nowMs + 20 * 365 * dayMs,
    }),
  );
  const made: SigningRecord = { privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, certificatePem };
  // Two that made one at once both use the first.
  return records.change((draft) => {
    const first = draft.get('signing', '', 'key');
    if (first === undefined) draft.put('signing', '', 'key', made);
    return first ?? made;
  });
}
