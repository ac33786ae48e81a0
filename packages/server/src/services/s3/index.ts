import { notYet, type Handlers, type S3Operations } from '@mayfly/wire';
import { besideHandlers } from './beside-handlers.ts';
import { bucketHandlers } from './bucket-handlers.ts';
import { configHandlers } from './config-handlers.ts';
import { corsHeaders } from './cors.ts';
import { listHandlers } from './list-handlers.ts';
import { bodyOf, metaOf } from './meta.ts';
import { multipartHandlers } from './multipart-handlers.ts';
import { namedConfigHandlers } from './named-config-handlers.ts';
import { checkKeyOf } from './customer-key.ts';
import { objectHandlers } from './object-handlers.ts';
import type { S3Port } from './port.ts';
import { S3, type S3Options } from './s3.ts';
import { Sweep } from './sweep.ts';
import { siteOf } from './website.ts';

export type { BusEntry, ReadObject, S3Port, S3Ports } from './port.ts';
export type { S3Options } from './s3.ts';

export interface S3Service extends AsyncDisposable {
  readonly handlers: Handlers<S3Operations>;
  readonly port: S3Port;
}

/** Opens the buckets, and goes on delivering notifications that an earlier server left. See NOTES.md. */
export async function openS3(options: S3Options): Promise<S3Service> {
  const s3 = await S3.open(options);
  const sweep = new Sweep(s3);
  return {
    handlers: {
      ...notBuilt,
      ...bucketHandlers(s3),
      ...configHandlers(s3),
      ...namedConfigHandlers(s3),
      ...objectHandlers(s3),
      ...besideHandlers(s3),
      ...listHandlers(s3),
      ...multipartHandlers(s3),
    },
    port: portOf(s3),
    async [Symbol.asyncDispose]() {
      await sweep[Symbol.asyncDispose]();
      await s3[Symbol.asyncDispose]();
    },
  };
}

function portOf(s3: S3): S3Port {
  return {
    isBucket: (name) => s3.records.get('bucket', '', name) !== undefined,
    cors: (name, question) => {
      const bucket = s3.records.get('bucket', '', name);
      return bucket && corsHeaders(bucket, question);
    },
    site: (name) => siteOf(s3.bucket(name)),
    ownership(name) {
      const bucket = s3.records.get('bucket', '', name);
      if (bucket === undefined) return undefined;
      const document = bucket.documents['policy'] as { readonly Policy?: string } | undefined;
      return { account: bucket.account, ...(document?.Policy === undefined ? {} : { policy: document.Policy }) };
    },
    regionOf: (name) => s3.records.get('bucket', '', name)?.region,
    async get(bucketName, key, versionId) {
      const bucket = s3.bucket(bucketName);
      const object = await s3.object(bucket, key, versionId);
      checkKeyOf(object.meta.customerKey, undefined);
      const contentType = object.meta.headers['ContentType'];
      return {
        bytes: object.bytes,
        etag: object.etag,
        ...(bucket.versioning === undefined ? {} : { versionId: object.versionId }),
        ...(contentType === undefined ? {} : { contentType }),
        body: s3.blobs.read(object.segments, 0, object.bytes - 1),
      };
    },
    async put(bucketName, key, body, { contentType } = {}) {
      const bucket = s3.bucket(bucketName);
      const received = await s3.blobs.receive(bodyOf(body), {});
      const object = await s3.store(
        bucket,
        key,
        { segments: [received.segment], bytes: received.bytes, etag: received.etag, meta: metaOf({ ContentType: contentType }) },
        {
          event: 'ObjectCreated:Put',
          who: { requestId: s3.random.uuid(), account: bucket.account, caller: { kind: 'anonymous' } },
        },
      );
      return { etag: object.etag, ...(bucket.versioning === undefined ? {} : { versionId: object.versionId }) };
    },
  };
}

const names = [
  'CreateBucketMetadataConfiguration',
  'CreateBucketMetadataTableConfiguration',
  'CreateSession',
  'DeleteBucketMetadataConfiguration',
  'DeleteBucketMetadataTableConfiguration',
  'DeleteObjectAnnotation',
  'GetBucketAbac',
  'GetBucketMetadataConfiguration',
  'GetBucketMetadataTableConfiguration',
  'GetObjectAnnotation',
  'GetObjectTorrent',
  'ListDirectoryBuckets',
  'ListObjectAnnotations',
  'PutBucketAbac',
  'PutObjectAnnotation',
  'RenameObject',
  'SelectObjectContent',
  'UpdateBucketMetadataAnnotationTableConfiguration',
  'UpdateBucketMetadataInventoryTableConfiguration',
  'UpdateBucketMetadataJournalTableConfiguration',
  'UpdateObjectEncryption',
  'WriteGetObjectResponse',
] as const satisfies readonly (keyof S3Operations)[];

const notBuilt = Object.fromEntries(names.map((name) => [name, notYet(name)])) as unknown as Pick<
  Handlers<S3Operations>,
  (typeof names)[number]
>;
