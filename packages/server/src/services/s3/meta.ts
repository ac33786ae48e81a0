import type { StreamedBody } from '@mayfly/wire';
import { tagsFromHeader, type BucketRecord } from './bucket.ts';
import { knownKey, type CustomerKey } from './customer-key.ts';
import { checkEncryption, encryptionOf, sealedByS3, withKmsKey } from './encryption.ts';
import { invalidRequest, s3Fault } from './faults.ts';
import { lockOf } from './lock.ts';
import { fromMail, toMail } from './mail-words.ts';
import type { ObjectMeta, StoredObject } from './objects.ts';
import type { S3 } from './s3.ts';

/** Members of a request that come back with the object, as they were given. */
const kept = [
  'ContentType',
  'CacheControl',
  'ContentDisposition',
  'ContentEncoding',
  'ContentLanguage',
  'WebsiteRedirectLocation',
  'StorageClass',
  'ServerSideEncryption',
  'SSEKMSKeyId',
] as const;

type Given = Readonly<Partial<Record<(typeof kept)[number], string | undefined>>> & {
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
  readonly Tagging?: string | undefined;
  readonly Expires?: Date | undefined;
  readonly ObjectLockMode?: string | undefined;
  readonly ObjectLockRetainUntilDate?: Date | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
};

const mostMetadataBytes = 2048;

/**
 * What a PUT says besides the bytes.
 *
 * @param encryption  of the bucket, where the request names none
 * @throws MetadataTooLarge
 */
export function metaOf(input: Given, encryption: Readonly<Record<string, string>> = sealedByS3): ObjectMeta {
  const headers: Record<string, string> = {
    ContentType: 'binary/octet-stream',
    ...(input.ServerSideEncryption === undefined || input.ServerSideEncryption === '' ? encryption : {}),
  };
  for (const name of kept) {
    const value = input[name];
    if (value !== undefined && value !== '') headers[name] = value;
  }
  // How a body travelled is no property of the object.
  const encoding = headers['ContentEncoding']
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== 'aws-chunked')
    .join(',');
  delete headers['ContentEncoding'];
  if (encoding !== undefined && encoding !== '') headers['ContentEncoding'] = encoding;
  if (headers['StorageClass'] === 'STANDARD') delete headers['StorageClass'];
  if (input.Expires !== undefined) headers['ExpiresString'] = input.Expires.toUTCString();
  const user: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(input.Metadata ?? {})) {
    user[name.toLowerCase()] = fromMail(value);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > mostMetadataBytes)
    throw s3Fault('MetadataTooLarge', 400, 'Your metadata headers exceed the maximum allowed metadata size');
  return {
    headers,
    user,
    tags: tagsFromHeader(input.Tagging),
    ...lockOf(input),
  };
}

const classes = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
];

function checkClass(name: string | undefined): void {
  if (name === undefined || name === '' || classes.includes(name)) return;
  throw s3Fault('InvalidStorageClass', 400, 'The storage class you specified is not valid', { StorageClassRequested: name });
}

function checkRedirect(location: string | undefined): void {
  if (location === undefined || location === '' || /^(https?:\/\/|\/)/.test(location)) return;
  throw s3Fault(
    'InvalidRedirectLocation',
    400,
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  );
}

/** What a write says besides the bytes, sealed as it asks, else as the bucket does. */
export function givenMeta(s3: S3, bucket: BucketRecord, input: Given, key: CustomerKey | undefined): ObjectMeta {
  checkEncryption(input);
  checkClass(input.StorageClass);
  checkRedirect(input.WebsiteRedirectLocation);
  if (key === undefined) {
    const meta = metaOf(input, encryptionOf(bucket));
    return { ...meta, headers: withKmsKey(bucket, meta.headers) };
  }
  return { ...metaOf(input, {}), customerKey: knownKey(key, s3.random.bytes(16)) };
}

/** The same, as members of an answer. */
export function metaMembers({ meta }: StoredObject): Record<string, unknown> {
  const { ExpiresString, BucketKeyEnabled, ...headers } = meta.headers;
  const tags = Object.keys(meta.tags).length;
  return {
    ...headers,
    ...(BucketKeyEnabled === undefined ? {} : { BucketKeyEnabled: true }),
    ...(ExpiresString === undefined ? {} : { Expires: new Date(ExpiresString) }),
    ...(Object.keys(meta.user).length === 0
      ? {}
      : { Metadata: Object.fromEntries(Object.entries(meta.user).map(([name, value]) => [name, toMail(value)])) }),
    ...(tags === 0 ? {} : { TagCount: tags }),
    ...(meta.retention === undefined
      ? {}
      : { ObjectLockMode: meta.retention.mode, ObjectLockRetainUntilDate: new Date(meta.retention.untilMs) }),
    ...(meta.legalHold === undefined ? {} : { ObjectLockLegalHoldStatus: meta.legalHold }),
  };
}

/** A body as it came, whether it streams or not. */
export function bodyOf(body: unknown): StreamedBody {
  if (body instanceof Uint8Array || body === undefined) {
    const bytes = body ?? new Uint8Array(0);
    return {
      trailers: new Map(),
      length: bytes.length,
      async *[Symbol.asyncIterator]() {
        if (bytes.length > 0) yield bytes;
      },
    };
  }
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) return body as StreamedBody;
  throw invalidRequest('The body is missing.');
}
