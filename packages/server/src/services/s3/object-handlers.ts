import { ServiceFault, type Handlers, type S3Operations } from '@mayfly/wire';
import { checkReadable, restoreMember } from './archive.ts';
import type { BucketRecord } from './bucket.ts';
import { algorithmOf, defaultAlgorithm, expected, memberOf, shown, type Algorithm, type Checksum } from './checksums.ts';
import { copied } from './copies.ts';
import { checkKeyOf, copySourceKeyOf, customerKeyMembers, customerKeyOf, type CustomerKey } from './customer-key.ts';
import { checkCopySource, checkRead, checkWrite, checkWriteHeaders } from './conditions.ts';
import { expirationMember } from './expiry.ts';
import { invalidArgument, invalidRequest, malformedXml, s3Fault } from './faults.ts';
import { encryptionHeaders, encryptionMembers, withoutEncryption } from './encryption.ts';
import { withLock } from './lock.ts';
import { bodyOf, givenMeta, metaMembers } from './meta.ts';
import { checkKey, copiedVersion, copySource, versionMember, withAcl } from './naming.ts';
import type { ObjectMeta, StoredObject } from './objects.ts';
import { partRangeOf, rangeOf } from './range.ts';
import type { S3 } from './s3.ts';

type Names = 'PutObject' | 'GetObject' | 'HeadObject' | 'DeleteObject' | 'DeleteObjects' | 'CopyObject' | 'GetObjectAttributes';

const attributes: ReadonlySet<string> = new Set(['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']);

/** Copying five gibibytes at once is what AWS does at most. */
const mostCopiedBytes = 5_368_709_120;

export function objectHandlers(s3: S3): Pick<Handlers<S3Operations>, Names> {
  return {
    async PutObject(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const name = checkKey(input.Key);
      if (input.WriteOffsetBytes !== undefined)
        throw s3Fault('NotImplemented', 400, 'Mayfly does not append to objects. docs/parity.md lists what it has.');
      checkWriteHeaders(input);
      const key = customerKeyOf(input);
      const meta = withLock(bucket, withAcl(bucket, givenMeta(s3, bucket, input, key), input), s3.clock.now());
      const body = bodyOf(input.Body);
      const received = await s3.blobs.receive(body, {
        md5: input.ContentMD5,
        checksum: expected(input, call.headers) ?? { algorithm: defaultAlgorithm },
        trailers: body.trailers,
        key,
      });
      const content = {
        segments: received.bytes === 0 ? [] : [received.segment],
        bytes: received.bytes,
        etag: received.etag,
        meta: received.checksum === undefined ? meta : { ...meta, checksum: received.checksum },
      };
      if (received.bytes === 0) s3.blobs.discard([received.segment]);
      const object = await s3.store(bucket, name, content, {
        event: call.operation === 'PostObject' ? 'ObjectCreated:Post' : 'ObjectCreated:Put',
        who: call,
        conditions: input,
      });
      return {
        ETag: `"${object.etag}"`,
        ...(object.versionId === 'null' ? {} : versionMember(bucket, object)),
        ...shown(received.checksum),
        ...expirationMember(bucket, object),
        ...encryptionMembers(meta),
        ...customerKeyMembers(key),
      };
    },

    async GetObject(input, call) {
      checkOverrides(input, call.caller.kind === 'anonymous');
      const { bucket, object, key } = await readable(s3, input, 'GET');
      checkReadable(object.meta, s3.clock.now());
      const range =
        input.PartNumber === undefined
          ? rangeOf(input.Range, object.bytes)
          : partRangeOf(input.PartNumber, object.meta.parts, object.bytes);
      const { from, to } = range ?? { from: 0, to: object.bytes - 1 };
      return {
        ...described(bucket, object, input, range),
        ...customerKeyMembers(key),
        Body: s3.blobs.read(object.segments, from, to, key) as never,
      };
    },

    async HeadObject(input) {
      try {
        const { bucket, object, key } = await readable(s3, input, 'HEAD');
        const range =
          input.PartNumber === undefined
            ? rangeOf(input.Range, object.bytes)
            : partRangeOf(input.PartNumber, object.meta.parts, object.bytes);
        return { ...described(bucket, object, input, range), ...customerKeyMembers(key) };
      } catch (error) {
        throw error instanceof ServiceFault && error.status === 404
          ? new ServiceFault('NotFound', 'Not Found', { status: 404, headers: error.headers })
          : error;
      }
    },

    async DeleteObject(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      checkBypass(bucket, input.BypassGovernanceRetention);
      const gone = await s3.remove(bucket, checkKey(input.Key), input.VersionId, call, {
        IfMatch: input.IfMatch,
        bypassGovernance: input.BypassGovernanceRetention,
      });
      return {
        ...(gone.versionId === undefined ? {} : { VersionId: gone.versionId }),
        ...(gone.marker ? { DeleteMarker: true } : {}),
      };
    },

    async DeleteObjects(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      checkBypass(bucket, input.BypassGovernanceRetention);
      const objects = input.Delete?.Objects ?? [];
      if (objects.length === 0 || objects.length > 1000) throw malformedXml();
      const endings = await Promise.allSettled(
        objects.map(async ({ Key, VersionId, ETag }) =>
          s3.remove(bucket, checkKey(Key), VersionId, call, {
            IfMatch: ETag,
            bypassGovernance: input.BypassGovernanceRetention,
          }),
        ),
      );
      const Deleted: NonNullable<S3Operations['DeleteObjects']['output']['Deleted']> = [];
      const Errors: NonNullable<S3Operations['DeleteObjects']['output']['Errors']> = [];
      for (const [index, ending] of endings.entries()) {
        const { Key, VersionId } = objects[index] ?? { Key: '' };
        if (ending.status === 'rejected') {
          if (!(ending.reason instanceof ServiceFault)) throw ending.reason;
          Errors.push({
            Key,
            ...(VersionId === undefined ? {} : { VersionId }),
            Code: ending.reason.code,
            Message: ending.reason.message,
          });
        } else if (input.Delete?.Quiet !== true) {
          const { marker, versionId } = ending.value;
          Deleted.push({
            Key,
            ...(VersionId === undefined ? {} : { VersionId }),
            ...(marker ? { DeleteMarker: true, DeleteMarkerVersionId: versionId } : {}),
          });
        }
      }
      return { ...(Deleted.length === 0 ? {} : { Deleted }), ...(Errors.length === 0 ? {} : { Errors }) };
    },

    async CopyObject(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const name = checkKey(input.Key);
      const sourceKey = copySourceKeyOf(input);
      const key = customerKeyOf(input);
      const { sourceBucket, source } = await copySource(s3, input.CopySource, input.ExpectedSourceBucketOwner);
      checkKeyOf(source.meta.customerKey, sourceKey);
      checkReadable(source.meta, s3.clock.now(), "Operation is not valid for the source object's storage class");
      checkCopySource(source, input, s3.clock.now());
      checkWriteHeaders(input);
      checkDirective('metadata', input.MetadataDirective);
      checkDirective('tagging', input.TaggingDirective);
      if (source.bytes > mostCopiedBytes)
        throw invalidRequest(
          `The specified copy source is larger than the maximum allowable size for a copy source: ${mostCopiedBytes}`,
        );
      const replaces = input.MetadataDirective === 'REPLACE';
      const changes =
        replaces ||
        input.TaggingDirective === 'REPLACE' ||
        input.StorageClass !== undefined ||
        input.WebsiteRedirectLocation !== undefined ||
        input.ServerSideEncryption !== undefined ||
        key !== undefined;
      // Of a copy onto itself the conditions speak first.
      const isItself = source.bucket === bucket.name && source.key === name && source.latest;
      if (isItself) checkWrite(source, name, input);
      if (isItself && !changes) {
        throw invalidRequest(
          "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
        );
      }
      const given = givenMeta(s3, bucket, input, key);
      const headers = replaces
        ? given.headers
        : { ...withoutEncryption(source.meta.headers), ...encryptionHeaders(given.headers) };
      const { StorageClass: _old, ...rest } = headers;
      const written: ObjectMeta = {
        headers: {
          ...rest,
          ...(given.headers['StorageClass'] === undefined ? {} : { StorageClass: given.headers['StorageClass'] }),
        },
        user: replaces ? given.user : source.meta.user,
        tags: input.TaggingDirective === 'REPLACE' ? given.tags : source.meta.tags,
        ...(given.customerKey === undefined ? {} : { customerKey: given.customerKey }),
        ...(given.retention === undefined ? {} : { retention: given.retention }),
        ...(given.legalHold === undefined ? {} : { legalHold: given.legalHold }),
      };
      const kept = withLock(bucket, withAcl(bucket, written, input), s3.clock.now());
      const algorithm = unknownSum(source, algorithmOf(input.ChecksumAlgorithm), key ?? sourceKey);
      const { segments, etag, checksum } = await copied(s3, source, { from: 0, to: source.bytes - 1, algorithm, key, sourceKey });
      const meta = checksum === undefined ? kept : { ...kept, checksum };
      const object = await s3.store(
        bucket,
        name,
        { segments, bytes: source.bytes, etag, meta },
        { event: 'ObjectCreated:Copy', who: call, conditions: input },
      );
      return {
        CopyObjectResult: { ETag: `"${object.etag}"`, LastModified: new Date(object.modifiedAtMs), ...shown(checksum) },
        ...versionMember(bucket, object),
        ...copiedVersion(sourceBucket, source),
        ...expirationMember(bucket, object),
        ...encryptionMembers(meta),
        ...customerKeyMembers(key),
      };
    },

    async GetObjectAttributes(input) {
      const { bucket, object } = await readable(s3, { ...input, PartNumber: undefined, Range: undefined }, 'GET');
      const wanted = new Set<string>(input.ObjectAttributes);
      if (wanted.size === 0) {
        throw invalidRequest(
          'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
        );
      }
      if ([...wanted].some((name) => !attributes.has(name)))
        throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes');
      const { parts, checksum } = object.meta;
      return {
        LastModified: new Date(object.modifiedAtMs),
        ...versionMember(bucket, object),
        ...(wanted.has('ETag') ? { ETag: object.etag } : {}),
        ...(wanted.has('ObjectSize') ? { ObjectSize: object.bytes } : {}),
        ...(wanted.has('StorageClass')
          ? { StorageClass: (object.meta.headers['StorageClass'] ?? 'STANDARD') as 'STANDARD' }
          : {}),
        // How many parts there were is told beside it.
        ...(wanted.has('Checksum') && checksum !== undefined
          ? { Checksum: shown({ ...checksum, value: checksum.value.replace(/-\d+$/, '') }) }
          : {}),
        ...(wanted.has('ObjectParts') && parts !== undefined ? { ObjectParts: partsOf(object, input) } : {}),
      };
    },
  };
}

/** Which sum a copy needs: it is one piece, and has the sums of one. Undefined where those of the source are right. */
function unknownSum(
  { meta: { parts, checksum } }: StoredObject,
  asked: Algorithm | undefined,
  key: CustomerKey | undefined,
): Algorithm | undefined {
  const isKnown = key === undefined && parts === undefined && (asked === undefined || asked === checksum?.algorithm);
  return isKnown ? undefined : (asked ?? checksum?.algorithm ?? defaultAlgorithm);
}

function checkDirective(what: 'metadata' | 'tagging', directive: string | undefined): void {
  if (directive === undefined || directive === 'COPY' || directive === 'REPLACE') return;
  throw invalidArgument(`Unknown ${what} directive.`, `x-amz-${what}-directive`, directive);
}

/** @throws InvalidArgument when it is so much as mentioned */
function checkBypass(bucket: BucketRecord, bypass: boolean | undefined): void {
  if (bypass === undefined || bucket.objectLock) return;
  throw invalidArgument(
    'x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.',
    'x-amz-bypass-governance-retention',
  );
}

/** The parts of an object; one by one where each has a sum that counts. */
function partsOf(
  { meta: { parts = [], partSums, checksum } }: StoredObject,
  input: { readonly MaxParts?: number | undefined; readonly PartNumberMarker?: string | undefined },
) {
  if (partSums === undefined || checksum === undefined) return { TotalPartsCount: parts.length };
  const after = Number(input.PartNumberMarker ?? 0);
  const max = Math.min(input.MaxParts ?? 1000, 1000);
  const page = parts.map((Size, index) => ({ PartNumber: index + 1, Size })).slice(after, after + max);
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker: String(after),
    NextPartNumberMarker: String(page.at(-1)?.PartNumber ?? 0),
    MaxParts: max,
    IsTruncated: after + page.length < parts.length,
    Parts: page.map((part) => ({ ...part, [memberOf(checksum.algorithm)]: partSums[part.PartNumber - 1] })),
  };
}

type ReadInput = Pick<
  S3Operations['GetObject']['input'],
  | 'Bucket'
  | 'Key'
  | 'VersionId'
  | 'ExpectedBucketOwner'
  | 'IfMatch'
  | 'IfNoneMatch'
  | 'IfModifiedSince'
  | 'IfUnmodifiedSince'
  | 'Range'
  | 'PartNumber'
  | 'SSECustomerAlgorithm'
  | 'SSECustomerKey'
  | 'SSECustomerKeyMD5'
>;

async function readable(
  s3: S3,
  input: ReadInput,
  method: string,
): Promise<{ readonly bucket: BucketRecord; readonly object: StoredObject; readonly key: CustomerKey | undefined }> {
  const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
  const key = customerKeyOf(input);
  const object = await s3.object(bucket, input.Key, input.VersionId, method);
  checkKeyOf(object.meta.customerKey, key);
  checkRead(object, input, s3.clock.now());
  if (input.PartNumber !== undefined && input.Range !== undefined)
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  return { bucket, object, key };
}

/** Headers that a GET may ask to be told instead of the object's own. */
const overrides = {
  ResponseCacheControl: 'CacheControl',
  ResponseContentDisposition: 'ContentDisposition',
  ResponseContentEncoding: 'ContentEncoding',
  ResponseContentLanguage: 'ContentLanguage',
  ResponseContentType: 'ContentType',
  ResponseExpires: 'Expires',
} as const;

/** @throws InvalidRequest for somebody who has not signed, InvalidArgument for what no header can hold */
function checkOverrides(input: object, isAnonymous: boolean): void {
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(overrides, name) || value === undefined) continue;
    if (isAnonymous) throw invalidRequest('Request specific response headers cannot be used for anonymous GET requests.');
    if (typeof value === 'string' && [...value].some((each) => each > 'ÿ')) {
      const header = name.replaceAll(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      throw invalidArgument('Header value cannot be represented using ISO-8859-1.', header, value);
    }
  }
}

function described(
  bucket: BucketRecord,
  object: StoredObject,
  input: object,
  range: { readonly from: number; readonly to: number } | undefined,
): Record<string, unknown> {
  const given = input as Readonly<Record<string, unknown>>;
  const replaced: Record<string, unknown> = {};
  for (const [from, to] of Object.entries(overrides)) if (given[from] !== undefined) replaced[to] = given[from];
  const { parts } = object.meta;
  return {
    AcceptRanges: 'bytes',
    LastModified: new Date(object.modifiedAtMs),
    ContentLength: range === undefined ? object.bytes : range.to - range.from + 1,
    ETag: `"${object.etag}"`,
    ...metaMembers(object),
    ...restoreMember(object.meta),
    ...expirationMember(bucket, object),
    ...replaced,
    ...versionMember(bucket, object),
    ...(range === undefined ? {} : { ContentRange: `bytes ${range.from}-${range.to}/${object.bytes}` }),
    ...(given['PartNumber'] === undefined || parts === undefined ? {} : { PartsCount: parts.length }),
    ...(given['ChecksumMode'] === 'ENABLED' ? shown(checksumOf(object, given['PartNumber'] as number | undefined, range)) : {}),
  };
}

/** A checksum of the whole says nothing of a part of it, unless the parts have sums of their own. */
function checksumOf(
  { bytes, meta: { checksum, partSums } }: StoredObject,
  part: number | undefined,
  range: { readonly from: number; readonly to: number } | undefined,
): Checksum | undefined {
  const ofPart = part === undefined ? undefined : partSums?.[part - 1];
  if (checksum !== undefined && ofPart !== undefined) return { ...checksum, value: ofPart };
  const isWhole = range === undefined || (part !== undefined && range.from === 0 && range.to === bytes - 1);
  return isWhole ? checksum : undefined;
}
