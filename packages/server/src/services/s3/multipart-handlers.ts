import { createHash } from 'node:crypto';
import type { Handlers, S3Operations } from '@mayfly/wire';
import { ownerIdOf, ownerOf, type BucketRecord } from './bucket.ts';
import {
  algorithmOf,
  algorithms,
  composite,
  defaultAlgorithm,
  expected,
  fullObject,
  memberOf,
  shown,
  type Algorithm,
  type Checksum,
} from './checksums.ts';
import { checkCopySource, checkWriteHeaders } from './conditions.ts';
import { copied } from './copies.ts';
import { checkKeyOf, checkKeyOfPart, copySourceKeyOf, customerKeyMembers, customerKeyOf } from './customer-key.ts';
import { conditionalConflict, invalidArgument, invalidRequest, malformedXml, noSuchUpload, s3Fault } from './faults.ts';
import { encryptionMembers } from './encryption.ts';
import { withLock } from './lock.ts';
import { bodyOf, givenMeta } from './meta.ts';
import { checkKey, copiedVersion, copySource, versionMember, withAcl } from './naming.ts';
import { copyRangeOf } from './range.ts';
import type { S3 } from './s3.ts';
import { expirationMember } from './expiry.ts';
import { UploadTable, type Part, type Upload } from './uploads.ts';

type Names =
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'ListMultipartUploads';

/** @source Amazon S3 User Guide, "Amazon S3 multipart upload limits", read 2026-11 */
const mostParts = 10_000;
const leastPartBytes = 5_242_880;

interface Addressed {
  readonly Bucket?: string | undefined;
  readonly Key?: string | undefined;
  readonly UploadId?: string | undefined;
  readonly ExpectedBucketOwner?: string | undefined;
}

/** Uploads in parts. Parts are content files of their own; completing an upload lists them, and copies nothing. */
export function multipartHandlers(s3: S3): Pick<Handlers<S3Operations>, Names> {
  const uploads = new UploadTable(s3.table);

  /** @throws NoSuchUpload */
  const upload = async (input: Addressed): Promise<{ readonly bucket: BucketRecord; readonly upload: Upload }> => {
    const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
    const found = await uploads.find(input.UploadId ?? '');
    if (found?.bucket !== bucket.name || found.key !== input.Key) throw noSuchUpload(input.UploadId ?? '');
    return { bucket, upload: found };
  };

  const place = async (uploadId: string, part: Part): Promise<void> => {
    try {
      s3.blobs.discard((await uploads.place(uploadId, part))?.segments ?? []);
    } catch (error) {
      s3.blobs.discard(part.segments);
      throw error;
    }
  };

  return {
    async CreateMultipartUpload(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const key = checkKey(input.Key);
      const customerKey = customerKeyOf(input);
      const algorithm = algorithmOf(input.ChecksumAlgorithm);
      if (input.ChecksumAlgorithm !== undefined && algorithm === undefined) {
        throw invalidRequest(
          `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${algorithms.join(', ')}]`,
        );
      }
      if (input.ChecksumType !== undefined && input.ChecksumAlgorithm === undefined) {
        throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
      }
      if (algorithm !== undefined && neverTogether[input.ChecksumType ?? '']?.includes(algorithm) === true) {
        throw invalidRequest(
          `The ${input.ChecksumType} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
        );
      }
      const type =
        algorithm === undefined ? undefined : (input.ChecksumType ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'));
      const meta: Upload['meta'] = {
        ...withLock(bucket, withAcl(bucket, givenMeta(s3, bucket, input, customerKey), input), s3.clock.now()),
        ...(algorithm === undefined || type === undefined ? {} : { algorithm, type }),
      };
      const uploadId = Buffer.from(s3.random.bytes(48)).toString('base64url');
      await uploads.insert({
        uploadId,
        bucket: bucket.name,
        key,
        initiatedAtMs: Math.floor(s3.clock.now()),
        owner: call.account,
        meta,
      });
      return {
        Bucket: bucket.name,
        Key: key,
        UploadId: uploadId,
        ...encryptionMembers(meta),
        ...customerKeyMembers(customerKey),
        ...(algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: type as 'COMPOSITE' }),
      };
    },

    async UploadPart(input, call) {
      const number = checkPartNumber(input.PartNumber);
      const key = customerKeyOf(input);
      const { upload: target } = await upload(input);
      checkKeyOfPart(target.meta.customerKey, key);
      const body = bodyOf(input.Body);
      const wanted = expected(input, call.headers);
      const { algorithm } = target.meta;
      if (wanted !== undefined && algorithm !== undefined && wanted.algorithm !== algorithm && wanted.value !== undefined) {
        throw invalidRequest(
          `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${wanted.algorithm.toLowerCase()}`,
        );
      }
      const checksum = wanted ?? (algorithm === undefined ? undefined : { algorithm });
      const received = await s3.blobs.receive(body, {
        md5: input.ContentMD5,
        ofPart: true,
        checksum,
        // Of an upload that names no sum S3 takes its own, unless a customer's key seals it; recorded in 2026.
        ...(algorithm === undefined && key === undefined ? { also: defaultAlgorithm } : {}),
        trailers: body.trailers,
        key,
      });
      const kept = received.also ?? received.checksum;
      await place(target.uploadId, {
        number,
        bytes: received.bytes,
        etag: received.etag,
        modifiedAtMs: Math.floor(s3.clock.now()),
        segments: [received.segment],
        ...(kept === undefined ? {} : { checksum: kept }),
      });
      const { ChecksumType: _type, ...sums } = shown(received.checksum);
      return { ETag: `"${received.etag}"`, ...encryptionMembers(target.meta), ...customerKeyMembers(key), ...sums };
    },

    async UploadPartCopy(input) {
      const number = checkPartNumber(input.PartNumber);
      const { upload: target } = await upload(input);
      const key = customerKeyOf(input);
      const sourceKey = copySourceKeyOf(input);
      checkKeyOfPart(target.meta.customerKey, key);
      const { sourceBucket, source } = await copySource(s3, input.CopySource, input.ExpectedSourceBucketOwner);
      checkKeyOf(source.meta.customerKey, sourceKey);
      checkCopySource(source, input, s3.clock.now());
      const { from, to } = copyRangeOf(input.CopySourceRange, source.bytes);
      const { algorithm = defaultAlgorithm } = target.meta;
      const { segments, etag, checksum } = await copied(s3, source, { from, to, algorithm, key, sourceKey });
      const modifiedAtMs = Math.floor(s3.clock.now());
      await place(target.uploadId, {
        number,
        bytes: to - from + 1,
        etag,
        modifiedAtMs,
        segments,
        ...(checksum === undefined ? {} : { checksum }),
      });
      const { ChecksumType: _type, ...sums } = target.meta.algorithm === undefined ? {} : shown(checksum);
      return {
        CopyPartResult: { ETag: `"${etag}"`, LastModified: new Date(modifiedAtMs), ...sums },
        ...copiedVersion(sourceBucket, source),
        ...encryptionMembers(target.meta),
        ...customerKeyMembers(key),
      };
    },

    async CompleteMultipartUpload(input, call) {
      const { bucket, upload: done } = await upload(input);
      checkWriteHeaders(input);
      if (input.MultipartUpload === undefined) throw invalidRequest('You must specify at least one part');
      const listed = input.MultipartUpload.Parts ?? [];
      if (listed.length === 0) throw malformedXml();
      checkMode(done, input.ChecksumType);
      const parts = chosen(listed, await uploads.parts(done.uploadId), done);
      const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
      if (input.MpuObjectSize !== undefined && input.MpuObjectSize !== bytes) {
        throw invalidRequest(
          `The provided 'x-amz-mp-object-size' header value ${input.MpuObjectSize} does not match what was computed: ${bytes}`,
        );
      }
      const { algorithm, type, ...meta } = done.meta;
      const checksum = checksumOf(algorithm ?? defaultAlgorithm, algorithm === undefined ? 'FULL_OBJECT' : type, parts);
      const partSums = checksum?.type === 'COMPOSITE' ? parts.map((part) => part.checksum?.value ?? '') : undefined;
      const claimed = algorithm === undefined ? undefined : input[memberOf(algorithm)];
      if (algorithm !== undefined && claimed !== undefined && checksum?.type === 'FULL_OBJECT' && claimed !== checksum.value) {
        throw s3Fault('BadDigest', 400, `The ${algorithm.toLowerCase()} you specified did not match the calculated checksum.`);
      }
      const etag = `${createHash('md5')
        .update(Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex'))))
        .digest('hex')}-${parts.length}`;
      if (input.IfMatch !== undefined) {
        const current = await s3.table.find(bucket.name, done.key, undefined);
        if (current !== undefined && !current.marker && current.modifiedAtMs > done.initiatedAtMs)
          throw conditionalConflict('If-Match', done.key);
      }
      let all: readonly Part[] = [];
      const object = await s3.store(
        bucket,
        done.key,
        {
          segments: parts.flatMap(({ segments }) => segments).filter((segment) => segment.bytes > 0),
          bytes,
          etag,
          meta: {
            ...meta,
            parts: parts.map((part) => part.bytes),
            ...(checksum === undefined ? {} : { checksum }),
            ...(partSums === undefined ? {} : { partSums }),
          },
        },
        {
          event: 'ObjectCreated:CompleteMultipartUpload',
          who: call,
          conditions: input,
          keepsContent: true,
          // The parts' content becomes the object's in the same step: of two that complete the upload, one does.
          also: async (tx) => void (all = await uploads.end(tx, done.uploadId)),
        },
      );
      const used = new Set(parts.flatMap(({ segments }) => segments.map(({ blob }) => blob)));
      s3.blobs.discard(all.flatMap(({ segments }) => segments).filter(({ blob, bytes: size }) => size === 0 || !used.has(blob)));
      return {
        Location: `${call.origin}/${bucket.name}/${encodeURIComponent(done.key).replaceAll('%2F', '/')}`,
        Bucket: bucket.name,
        Key: done.key,
        ETag: `"${etag}"`,
        ...versionMember(bucket, object),
        ...shown(checksum),
        ...expirationMember(bucket, object),
        ...encryptionMembers(meta),
      };
    },

    async AbortMultipartUpload(input) {
      const { upload: gone } = await upload(input);
      const parts = await s3.table.change((tx) => uploads.end(tx, gone.uploadId));
      s3.blobs.discard(parts.flatMap(({ segments }) => segments));
      return {};
    },

    async ListParts(input) {
      const { upload: shownUpload } = await upload(input);
      const marker = markerOf(input.PartNumberMarker);
      const max = Math.min(input.MaxParts ?? 1000, 1000);
      const rest = (await uploads.parts(shownUpload.uploadId)).filter(({ number }) => number > marker);
      const page = rest.slice(0, max);
      const owner = ownerOf(shownUpload.owner);
      const { algorithm, type } = shownUpload.meta;
      return {
        Bucket: shownUpload.bucket,
        Key: shownUpload.key,
        UploadId: shownUpload.uploadId,
        PartNumberMarker: String(marker),
        ...(page.length === 0 ? { NextPartNumberMarker: '0' } : { NextPartNumberMarker: String(page.at(-1)?.number) }),
        MaxParts: max,
        IsTruncated: rest.length > page.length,
        ...(page.length === 0
          ? {}
          : {
              Parts: page.map((part) => {
                const { ChecksumType: _type, ...sums } = shown(part.checksum);
                return {
                  PartNumber: part.number,
                  LastModified: new Date(part.modifiedAtMs),
                  ETag: `"${part.etag}"`,
                  Size: part.bytes,
                  // Of an upload that has no sums, those of its parts are not told.
                  ...(algorithm === undefined ? {} : sums),
                };
              }),
            }),
        Initiator: owner,
        Owner: ownerIdOf(shownUpload.owner),
        StorageClass: (shownUpload.meta.headers['StorageClass'] ?? 'STANDARD') as 'STANDARD',
        ...(algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: type as 'COMPOSITE' }),
      };
    },

    async ListMultipartUploads(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const prefix = input.Prefix ?? '';
      const keyMarker = input.KeyMarker ?? '';
      const max = Math.min(input.MaxUploads ?? 1000, 1000);
      const delimiter = input.Delimiter === '' ? undefined : input.Delimiter;
      const seen = await uploads.list(bucket.name);
      const markerAt =
        input.UploadIdMarker === undefined
          ? -1
          : seen.findIndex(({ uploadId, key }) => uploadId === input.UploadIdMarker && key === keyMarker);
      if (input.UploadIdMarker !== undefined && input.KeyMarker !== undefined && markerAt === -1) {
        throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', input.UploadIdMarker);
      }
      const rest = seen.filter(
        ({ key }, index) => key.startsWith(prefix) && (markerAt === -1 ? keyMarker === '' || key > keyMarker : index > markerAt),
      );
      const all = grouped(rest, { prefix, delimiter, after: keyMarker });
      const page = all.slice(0, max);
      const last = page.at(-1);
      const items = page.flatMap((each) => (typeof each === 'string' ? [] : [each]));
      const prefixes = page.flatMap((each) => (typeof each === 'string' ? [each] : []));
      return {
        Bucket: bucket.name,
        KeyMarker: keyMarker,
        UploadIdMarker: keyMarker === '' ? '' : (input.UploadIdMarker ?? ''),
        // Where a page ends with a prefix AWS names no marker; recorded in 2026.
        NextKeyMarker: typeof last === 'object' ? last.key : '',
        NextUploadIdMarker: typeof last === 'object' ? last.uploadId : '',
        ...(input.Prefix === undefined ? {} : { Prefix: input.Prefix }),
        ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
        MaxUploads: max,
        IsTruncated: all.length > page.length,
        ...(items.length === 0
          ? {}
          : {
              Uploads: items.map((each) => ({
                UploadId: each.uploadId,
                Key: each.key,
                Initiated: new Date(each.initiatedAtMs),
                StorageClass: 'STANDARD' as const,
                ...(each.meta.algorithm === undefined
                  ? {}
                  : { ChecksumAlgorithm: each.meta.algorithm, ChecksumType: each.meta.type as 'COMPOSITE' }),
                Owner: ownerIdOf(each.owner),
                Initiator: ownerOf(each.owner),
              })),
            }),
        ...(prefixes.length === 0 ? {} : { CommonPrefixes: prefixes.map((Prefix) => ({ Prefix })) }),
      };
    },
  };
}

/** Uploads, and the prefixes that stand for several, in the order of their keys. What a marker is within has been listed. */
function grouped(
  uploads: readonly Upload[],
  { prefix, delimiter, after }: { readonly prefix: string; readonly delimiter: string | undefined; readonly after: string },
): (Upload | string)[] {
  if (delimiter === undefined) return [...uploads];
  const all: (Upload | string)[] = [];
  for (const upload of uploads) {
    const at = upload.key.indexOf(delimiter, prefix.length);
    const folded = at === -1 ? undefined : upload.key.slice(0, at + delimiter.length);
    if (folded === undefined) all.push(upload);
    else if (!after.startsWith(folded) && all.at(-1) !== folded) all.push(folded);
  }
  return all;
}

function checkPartNumber(number: number | undefined): number {
  if (number === undefined || !Number.isInteger(number) || number < 1 || number > mostParts) {
    throw invalidArgument(`Part number must be an integer between 1 and ${mostParts}, inclusive`, 'partNumber', String(number));
  }
  return number;
}

type Listed = NonNullable<NonNullable<S3Operations['CompleteMultipartUpload']['input']['MultipartUpload']>['Parts']>;

/** The parts that a caller lists, in order and as they were uploaded. @throws InvalidPart, InvalidPartOrder, EntityTooSmall */
function chosen(listed: Listed, all: readonly Part[], { uploadId, meta }: Upload): Part[] {
  const byNumber = new Map(all.map((part) => [part.number, part]));
  let previous = 0;
  const parts = listed.map((each) => {
    const { PartNumber: number = 0, ETag = '' } = each;
    if (number <= previous)
      throw s3Fault(
        'InvalidPartOrder',
        400,
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        { UploadId: uploadId },
      );
    previous = number;
    const part = byNumber.get(number);
    const given = algorithms.map((algorithm) => each[memberOf(algorithm)]).filter((sum) => sum !== undefined);
    if (meta.type === 'COMPOSITE' && given.length === 0) {
      throw invalidRequest(
        `The upload was created using a ${meta.algorithm?.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
      );
    }
    // Of an upload that names no sum no part has one that could be told.
    const isRight = given.every((sum) => meta.algorithm !== undefined && sum === part?.checksum?.value);
    if (part === undefined || part.etag !== ETag.replaceAll('"', '') || !isRight) {
      throw s3Fault(
        'InvalidPart',
        400,
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        { ETag: ETag.replaceAll('"', ''), PartNumber: number, UploadId: uploadId },
      );
    }
    return part;
  });
  for (const part of parts.slice(0, -1)) {
    if (part.bytes >= leastPartBytes) continue;
    throw s3Fault('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum allowed size', {
      ETag: part.etag,
      MinSizeAllowed: leastPartBytes,
      PartNumber: part.number,
      ProposedSize: part.bytes,
    });
  }
  return parts;
}

/** Sums of the whole are not made of these sums of parts, or not asked for in any other way. */
const neverTogether: Readonly<Record<string, readonly Algorithm[]>> = {
  FULL_OBJECT: ['SHA1', 'SHA256'],
  COMPOSITE: ['CRC64NVME'],
};

function markerOf(text: string | undefined): number {
  const marker = Number(text ?? 0);
  if (Number.isInteger(marker) && marker >= 0 && marker <= 2_147_483_647) return marker;
  throw invalidArgument('Provided part-number-marker not an integer or within integer range', 'part-number-marker', text);
}

/** @throws InvalidRequest when an upload is to be completed in another way than it was begun */
function checkMode({ meta }: Upload, type: string | undefined): void {
  if (type === undefined || type === meta.type) return;
  throw invalidRequest(
    `The upload was created using the ${meta.type ?? 'null'} checksum mode. The complete request must use the same checksum mode.`,
  );
}

/** Parts without a sum of the upload's algorithm leave the object without one. */
function checksumOf(algorithm: Algorithm, type: string | undefined, parts: readonly Part[]): Checksum | undefined {
  const sums = parts.flatMap(({ checksum, bytes }) =>
    checksum !== undefined && checksum.algorithm === algorithm ? [{ value: checksum.value, bytes }] : [],
  );
  if (sums.length !== parts.length) return undefined;
  return type === 'COMPOSITE'
    ? composite(
        algorithm,
        sums.map(({ value }) => value),
      )
    : fullObject(algorithm, sums);
}
