import { createCipheriv, createHash, createHmac, timingSafeEqual, type Cipheriv } from 'node:crypto';
import { invalidArgument, invalidRequest, s3Fault } from './faults.ts';

/** A key that a customer brings with a request (SSE-C). It seals content, and is itself kept nowhere. */
export interface CustomerKey {
  readonly bytes: Buffer;
  /** As the answer tells it again. */
  readonly md5: string;
}

/** What an object keeps of its key: enough to know it again. */
export interface KnownKey {
  readonly salt: string;
  readonly hmac: string;
}

interface Given {
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
}

const header = 'x-amz-server-side-encryption';
const blockBytes = 16n;

/** The key that a request brings. @throws InvalidArgument, InvalidEncryptionAlgorithmError; recorded in 2026 */
export function customerKeyOf(input: Given): CustomerKey | undefined {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKey: key, SSECustomerKeyMD5: md5, ServerSideEncryption: other } = input;
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  if (other !== undefined && other !== '') {
    throw invalidArgument(
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
      header,
      other,
    );
  }
  const incomplete = (what: string): Error =>
    invalidArgument(`Requests specifying Server Side Encryption with Customer provided keys must provide ${what}.`, header);
  if (algorithm === undefined) throw incomplete('a valid encryption algorithm');
  if (algorithm !== 'AES256') {
    throw s3Fault(
      'InvalidEncryptionAlgorithmError',
      400,
      'The Encryption request you specified is not valid. Supported value: AES256.',
      {
        ArgumentName: header,
        ArgumentValue: algorithm,
      },
    );
  }
  if (key === undefined) throw incomplete('an appropriate secret key');
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== 32) throw invalidArgument('The secret key was invalid for the specified algorithm.', header);
  if (md5 === undefined) throw incomplete('the client calculated MD5 of the secret key');
  if (createHash('md5').update(bytes).digest('base64') !== md5)
    throw invalidArgument('The calculated MD5 hash of the key did not match the hash that was provided.', header);
  return { bytes, md5 };
}

/** The key that a request brings for what it copies. */
export const copySourceKeyOf = (input: {
  readonly CopySourceSSECustomerAlgorithm?: string | undefined;
  readonly CopySourceSSECustomerKey?: string | undefined;
  readonly CopySourceSSECustomerKeyMD5?: string | undefined;
}): CustomerKey | undefined =>
  customerKeyOf({
    SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
    SSECustomerKey: input.CopySourceSSECustomerKey,
    SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
  });

const hmacOf = (key: CustomerKey, salt: string): Buffer =>
  createHmac('sha256', Buffer.from(salt, 'base64')).update(key.bytes).digest();

export function knownKey(key: CustomerKey, salt: Uint8Array): KnownKey {
  const text = Buffer.from(salt).toString('base64');
  return { salt: text, hmac: hmacOf(key, text).toString('base64') };
}

export const isKey = (known: KnownKey, key: CustomerKey): boolean =>
  timingSafeEqual(Buffer.from(known.hmac, 'base64'), hmacOf(key, known.salt));

/** Whoever reads brings the key that was written with, or none where there was none. @throws InvalidRequest, AccessDenied */
export function checkKeyOf(known: KnownKey | undefined, key: CustomerKey | undefined): void {
  if (known === undefined && key === undefined) return;
  if (known === undefined) throw invalidRequest('The encryption parameters are not applicable to this object.');
  if (key === undefined) {
    throw invalidRequest(
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    );
  }
  if (!isKey(known, key)) {
    throw s3Fault(
      'AccessDenied',
      403,
      'Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.',
    );
  }
}

/** All parts of an upload come with the key that it was begun with. @throws InvalidRequest */
export function checkKeyOfPart(known: KnownKey | undefined, key: CustomerKey | undefined): void {
  if ((known === undefined) !== (key === undefined)) {
    throw invalidRequest(
      'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.',
    );
  }
  if (known !== undefined && key !== undefined && !isKey(known, key))
    throw invalidRequest('The provided encryption parameters did not match the ones used originally.');
}

/** Members of an answer that tell of it. */
export const customerKeyMembers = (
  key: CustomerKey | undefined,
): { readonly SSECustomerAlgorithm?: string; readonly SSECustomerKeyMD5?: string } =>
  key === undefined ? {} : { SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: key.md5 };

/** AES in counter mode: seals and opens alike, and begins at any byte, so that ranges are read without what is before them. */
export function keyStream(key: CustomerKey, iv: string, at: number): Cipheriv {
  const skipped = BigInt(at) / blockBytes;
  const counter = (BigInt(`0x${iv}`) + skipped) & ((1n << 128n) - 1n);
  const cipher = createCipheriv('aes-256-ctr', key.bytes, Buffer.from(counter.toString(16).padStart(32, '0'), 'hex'));
  const within = Number(BigInt(at) % blockBytes);
  if (within > 0) cipher.update(Buffer.alloc(within));
  return cipher;
}
