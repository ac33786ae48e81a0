import type { BucketRecord } from './bucket.ts';
import type { ObjectMeta } from './objects.ts';

/** How objects say they are encrypted, as headers of theirs. What is on the disk is a matter of the disk. */
type Encryption = Readonly<Record<string, string>>;

/** Where nobody says anything. @source Amazon S3 User Guide, "Setting default server-side encryption", read 2026-11 */
export const sealedByS3: Encryption = { ServerSideEncryption: 'AES256' };

interface Rule {
  readonly ApplyServerSideEncryptionByDefault?: { readonly SSEAlgorithm?: string; readonly KMSMasterKeyID?: string };
  readonly BucketKeyEnabled?: boolean;
}

/** What a bucket gives objects that come without an encryption of their own. */
export function encryptionOf(bucket: BucketRecord): Encryption {
  const kept = bucket.documents['encryption'] as
    | { readonly ServerSideEncryptionConfiguration?: { readonly Rules?: readonly Rule[] } }
    | undefined;
  const { ApplyServerSideEncryptionByDefault: given, BucketKeyEnabled } =
    kept?.ServerSideEncryptionConfiguration?.Rules?.[0] ?? {};
  if (given?.SSEAlgorithm === undefined) return sealedByS3;
  return {
    ServerSideEncryption: given.SSEAlgorithm,
    ...(given.KMSMasterKeyID === undefined ? {} : { SSEKMSKeyId: given.KMSMasterKeyID }),
    ...(BucketKeyEnabled === true && given.SSEAlgorithm !== 'AES256' ? { BucketKeyEnabled: 'true' } : {}),
  };
}

const names: ReadonlySet<string> = new Set(['ServerSideEncryption', 'SSEKMSKeyId', 'BucketKeyEnabled']);

export const encryptionHeaders = (headers: Encryption): Encryption =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => names.has(name)));
export const withoutEncryption = (headers: Encryption): Encryption =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name)));

/** The same, as members of an answer. */
export function encryptionMembers({ headers }: Pick<ObjectMeta, 'headers'>) {
  const { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled } = headers;
  return {
    ...(ServerSideEncryption === undefined ? {} : { ServerSideEncryption: ServerSideEncryption as 'AES256' }),
    ...(SSEKMSKeyId === undefined ? {} : { SSEKMSKeyId }),
    ...(BucketKeyEnabled === undefined ? {} : { BucketKeyEnabled: true }),
  };
}
