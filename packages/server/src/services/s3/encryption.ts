import { createHash } from 'node:crypto';
import type { BucketRecord } from './bucket.ts';
import { invalidArgument } from './faults.ts';
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

export const isEncryption = (name: string | undefined): boolean =>
  name === 'AES256' || name === 'aws:kms' || name === 'aws:kms:dsse' || name === 'aws:fsx';

/** @throws InvalidArgument */
export function checkEncryption(input: {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
}): void {
  const { ServerSideEncryption: given, SSEKMSKeyId: key } = input;
  if (given !== undefined && given !== '' && !isEncryption(given))
    throw invalidArgument('The encryption method specified is not supported', 'x-amz-server-side-encryption', given);
  if (key !== undefined && given?.startsWith('aws:kms') !== true) {
    throw invalidArgument(
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      'x-amz-server-side-encryption',
      given,
    );
  }
}

/** Which key of KMS is meant: its ARN, or that of the key which the account has for S3 without having made it. */
export function withKmsKey({ account, region }: BucketRecord, headers: Encryption): Encryption {
  if (headers['ServerSideEncryption']?.startsWith('aws:kms') !== true) return headers;
  const { SSEKMSKeyId: key } = headers;
  if (key?.startsWith('arn:') === true) return headers;
  const prefix = `arn:aws:kms:${region}:${account}:`;
  if (key?.startsWith('alias/') === true && key !== 'alias/aws/s3') return { ...headers, SSEKMSKeyId: prefix + key };
  const id = key === undefined || key === 'alias/aws/s3' ? managedKeyId(account, region) : key;
  return { ...headers, SSEKMSKeyId: `${prefix}key/${id}` };
}

function managedKeyId(account: string, region: string): string {
  const hex = createHash('sha256').update(`aws/s3 ${account} ${region}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
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
