import type { Scenarios } from '../kit/stage.ts';
import { body, inBucket, type Play } from './s3-kit.ts';

const source = 'source_file.txt';
const text = '0123456789';

/** A part that is a copy, on a condition on its source. */
const copiedPart =
  (name: string, condition: (of: { readonly ETag: unknown; readonly LastModified: Date }) => object): Play =>
  async ({ scene, check, ok, Bucket }) => {
    scene.stage.apart('Bucket', 'Initiator', 'Owner');
    const Key = 'destination_file.txt';
    const { ETag } = await ok('PutObject', { Key: source, Body: body(text) });
    const { LastModified } = await ok('HeadObject', { Key: source });
    const { UploadId } = await ok('CreateMultipartUpload', { Key });
    await check(name, 'UploadPartCopy', {
      Key,
      UploadId,
      PartNumber: 1,
      CopySource: `${Bucket}/${source}`,
      ...condition({ ETag, LastModified: new Date(String(LastModified)) }),
    });
    if (scene.stage.left.includes('list-parts')) await check('list-parts', 'ListParts', { Key, UploadId });
  };

const hourMs = 3_600_000;
const later = (date: Date, byMs: number): Date => new Date(date.getTime() + byMs);

export const s3WriteScenarios: Scenarios = {
  'TestS3Multipart.test_upload_part_copy_with_copy_source_if_match_success': inBucket(
    copiedPart('upload-part-copy-if-match', ({ ETag }) => ({ CopySourceIfMatch: ETag })),
  ),
  'TestS3Multipart.test_upload_part_copy_with_copy_source_if_match_failed': inBucket(
    copiedPart('upload-part-copy-source-if-match', () => ({ CopySourceIfMatch: 'wrong' })),
  ),
  'TestS3Multipart.test_upload_part_copy_with_copy_source_if_match_none_success': inBucket(
    copiedPart('upload-part-copy-if-none-match', () => ({ CopySourceIfNoneMatch: 'another' })),
  ),
  'TestS3Multipart.test_upload_part_copy_with_copy_source_if_modified_since_success': inBucket(
    copiedPart('upload-part-copy-if-modified-since', ({ LastModified }) => ({
      CopySourceIfModifiedSince: later(LastModified, -hourMs),
    })),
  ),
  'TestS3Multipart.test_upload_part_copy_with_copy_source_if_modified_since_in_future_success': inBucket(
    copiedPart('upload-part-copy-if-modified-since-in-future', ({ LastModified }) => ({
      CopySourceIfModifiedSince: later(LastModified, hourMs),
    })),
  ),
  'TestS3Multipart.test_upload_part_copy_with_if_modified_since_failed': inBucket(
    copiedPart('upload-part-copy-source-modified-since-match', ({ LastModified }) => ({
      CopySourceIfModifiedSince: LastModified,
    })),
  ),
  'TestS3ObjectWritePrecondition.test_copy_object_if_match': inBucket(async ({ check, ok, Bucket }) => {
    const CopySource = `${Bucket}/${source}`;
    await ok('PutObject', { Key: source, Body: body('source content') });
    const { ETag: IfMatch } = await ok('PutObject', { Key: 'dest', Body: body('old') });
    const given = { Key: 'dest', CopySource, IfMatch };
    await check('copy-obj-if-match', 'CopyObject', given);
    await check('copy-obj-if-match-fail-wrong-etag', 'CopyObject', { ...given, IfMatch: 'd41d8cd98f00b204e9800998ecf8427e' });
    await check('copy-obj-if-match-fail-no-object', 'CopyObject', { ...given, Key: 'non-existent-key' });
  }),
  'TestS3ObjectWritePrecondition.test_copy_object_if_none_match_in_place': inBucket(async ({ check, ok, Bucket }) => {
    await ok('PutObject', { Key: source, Body: body('data') });
    const input = { Key: source, CopySource: `${Bucket}/${source}`, IfNoneMatch: '*' };
    await check('copy-obj-if-none-match-fail', 'CopyObject', input);
  }),
  'TestS3ObjectWritePrecondition.test_copy_object_precondition_write_validation': inBucket(async ({ check, ok, Bucket }) => {
    const { ETag } = await ok('PutObject', { Key: source, Body: body('data') });
    const input = { Key: 'dest', CopySource: `${Bucket}/${source}` };
    await check('copy-obj-none-match-etag', 'CopyObject', { ...input, IfNoneMatch: ETag });
    await check('copy-obj-if-match-star', 'CopyObject', { ...input, IfMatch: '*' });
    await check('copy-obj-both', 'CopyObject', { ...input, IfMatch: ETag, IfNoneMatch: '*' });
  }),
};
