import { each, type Scenarios } from '../kit/stage.ts';
import type { Answer } from '../../kit/stage.ts';
import { body, inBucket, versioning, type Play } from './s3-kit.ts';

const special = ['file%2Fname', 'test@key/', 'test%percent', 'test key/', 'test key//', 'a/%F0%9F%98%80/'];
const oneEach = (names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, name]));

const specialKey =
  (Key: string): Play =>
  async ({ check }) => {
    await check('put-object-special-char', 'PutObject', { Key, Body: body('test') });
    await check('list-object-special-char', 'ListObjectsV2');
    await check('get-object-special-char', 'GetObject', { Key });
    await check('del-object-special-char', 'DeleteObject', { Key });
  };

/** Put and got. */
const kept =
  (Key: string, text: string): Play =>
  async ({ scene, check }) => {
    // Bodies of downloads were recorded as nothing.
    scene.stage.apart('Body');
    await check('put-object', 'PutObject', { Key, Body: body(text) });
    await check('get-object', 'GetObject', { Key });
  };

const conditions: Play = async ({ check, ok }) => {
  const Key = 'test-object';
  const { ETag } = await ok('PutObject', { Key, Body: body('data') });
  const { LastModified } = await ok('HeadObject', { Key });
  const at = new Date(String(LastModified));
  const later = (days: number): Date => new Date(at.getTime() + days * 86_400_000);
  const head = (name: string, input: object): Promise<Answer> => check(name, 'HeadObject', { Key, ...input });
  await head('precondition-if-match', { IfMatch: 'wrong' });
  await head('precondition-if-unmodified-since', { IfUnmodifiedSince: later(-1) });
  await head('precondition-if-none-match', { IfNoneMatch: ETag });
  await head('copy-precondition-if-modified-since', { IfModifiedSince: at });
  await head('obj-ignore-future-modified-since', { IfModifiedSince: later(1) });
  await head('etag-missing-quotes', { IfNoneMatch: String(ETag).replaceAll('"', '') });
  await head('precondition-if-unmodified-since-is-object', { IfUnmodifiedSince: at });
  await head('precondition-if-modified-since-is-object', { IfModifiedSince: at });
  await head('obj-success', { IfMatch: ETag, IfNoneMatch: 'other', IfModifiedSince: later(-1), IfUnmodifiedSince: at });
};

const overrides: Play = async ({ scene, check, ok }) => {
  scene.stage.apart('Expires');
  await ok('PutObject', { Key: 'k', Body: body('something') });
  await check('get-object', 'GetObject', {
    Key: 'k',
    ResponseCacheControl: 'max-age=74',
    ResponseContentDisposition: 'attachment; filename="foo.jpg"',
    ResponseContentEncoding: 'identity',
    ResponseContentLanguage: 'de-DE',
    ResponseContentType: 'image/jpeg',
    ResponseExpires: new Date('2015-10-21T07:28:00Z'),
  });
};

const replacedMetadata: Play = async ({ check, Bucket }) => {
  const given = { Metadata: { key: 'value' }, ContentType: 'application/json', ContentLanguage: 'en-US' };
  await check('put_object', 'PutObject', { Key: 'source', Body: body('{"key": "value"}'), ...given });
  await check('head_object', 'HeadObject', { Key: 'source' });
  await check('copy_object', 'CopyObject', {
    Key: 'copy',
    CopySource: `${Bucket}/source`,
    Metadata: { 'another-key': 'value' },
    ContentType: 'image/jpg',
    MetadataDirective: 'REPLACE',
  });
  await check('head_object_copy', 'HeadObject', { Key: 'copy' });
};

const badDigests: Play = async ({ check, ok }) => {
  const [Key, Body] = ['test-key', body('something')];
  const invalid = ['__invalid__', '000', 'not base64 encoded checksum', 'MTIz', 'dGVzdC1zdHJpbmc='];
  for (const [index, ContentMD5] of invalid.entries()) await check(`md5-error-${index}`, 'PutObject', { Key, Body, ContentMD5 });
  const other = 'CYketZBSTjX8czcs3cXVlg==';
  const right = 'Q3uTDbhLgHnC3YBKcZNrXw==';
  await check('md5-error-bad-digest', 'PutObject', { Key, Body, ContentMD5: other });
  await check('success-put-object-md5', 'PutObject', { Key, Body, ContentMD5: right });
  const { UploadId } = await ok('CreateMultipartUpload', { Key });
  const part = { Key, UploadId, PartNumber: 1, Body };
  for (const [index, ContentMD5] of invalid.entries())
    await check(`upload-part-md5-error-${index}`, 'UploadPart', { ...part, ContentMD5 });
  await check('upload-part-md5-bad-digest', 'UploadPart', { ...part, ContentMD5: other });
  await check('success-upload-part-md5', 'UploadPart', { ...part, ContentMD5: right });
};

const deletedVersions: Play = async ({ check, ok }) => {
  const Key = 'test-key-versioned';
  await ok('PutBucketVersioning', versioning('Enabled'));
  const ids: unknown[] = [];
  for (const text of ['something', 'something-v2']) ids.push((await ok('PutObject', { Key, Body: body(text) }))['VersionId']);
  const remove = (name: string, ...Objects: readonly object[]): Promise<Answer> =>
    check(name, 'DeleteObjects', { Delete: { Objects } });
  await check('list-objects-v2', 'ListObjectsV2');
  const { Deleted } = await remove('delete-object', { Key });
  await check('list-object-version', 'ListObjectVersions');
  await remove('delete-object-version', { Key, VersionId: ids[0] }, { Key, VersionId: ids[1] });
  await check('list-objects-v2-after-delete', 'ListObjectsV2');
  await check('list-object-version-after-delete', 'ListObjectVersions');
  await remove('delete-object-delete-marker', { Key, VersionId: (Deleted as Answer[])[0]?.['DeleteMarkerVersionId'] });
};

const listOnMarker: Play = async ({ check, ok }) => {
  const Key = 'test-key-versioned';
  await ok('PutBucketVersioning', versioning('Enabled'));
  await check('put-obj-1', 'PutObject', { Key, Body: body('something') });
  await check('put-obj-2', 'PutObject', { Key, Body: body('something-v2') });
  const { VersionId } = await check('delete-object', 'DeleteObject', { Key });
  const AccessControlPolicy = {
    Owner: { ID: '0'.repeat(64) },
    Grants: [{ Grantee: { ID: '0'.repeat(64), Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }],
  };
  await check('put-acl-delete-marker', 'PutObjectAcl', { Key, AccessControlPolicy });
  await check('get-acl-delete-marker', 'GetObjectAcl', { Key });
  await check('put-acl-delete-marker-version-id', 'PutObjectAcl', { Key, VersionId, AccessControlPolicy });
  await check('get-acl-delete-marker-version-id', 'GetObjectAcl', { Key, VersionId });
};

const copiedTags =
  (TaggingDirective: string | undefined): Play =>
  async ({ check, ok, Bucket }) => {
    await ok('PutBucketVersioning', versioning('Enabled'));
    const put = (name: string, text: string, tag: string): Promise<Answer> =>
      check(name, 'PutObject', { Key: 'source', Body: body(text), Tagging: `key1=${tag}` });
    const { VersionId } = await put('put-object', 'test', 'value1');
    await put('put-object-v2', 'test-v2', 'value1-v2');
    await check('get-object-tag', 'GetObjectTagging', { Key: 'source' });
    await check('get-object-tag-v1', 'GetObjectTagging', { Key: 'source', VersionId });
    const copy = async (suffix: string, CopySource: object, Tagging: string): Promise<void> => {
      const Key = `copy${suffix}`;
      const directive = TaggingDirective === undefined ? {} : { TaggingDirective };
      await check(`copy-object${suffix}`, 'CopyObject', { Key, CopySource, Tagging, ...directive });
      await check(`get-copy-object-tag${suffix.replace('-tag', '')}`, 'GetObjectTagging', { Key });
    };
    const first = { Bucket, Key: 'source', VersionId };
    await copy('', { Bucket, Key: 'source' }, 'key2=value2');
    await copy('-tag-empty', { Bucket, Key: 'source' }, '');
    await copy('-v1', first, 'key2=value2');
    await copy('-tag-empty-v1', first, '');
  };

const attributes = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

export const s3ObjectScenarios: Scenarios = {
  ...each('TestS3.test_put_get_object_special_character', oneEach(special), (key) => inBucket(specialKey(key))),
  'TestS3.test_copy_object_special_character': inBucket(async (context) => {
    await context.s3.ok('CreateBucket', {
      Bucket: `${context.Bucket}-dest`,
      CreateBucketConfiguration: { LocationConstraint: context.scene.region },
    });
    for (const key of [...special.filter((name) => name !== 'test%percent'), 'test+key']) {
      await context.check(`put-object-src-special-char-${key}`, 'PutObject', { Key: key, Body: body('test') });
      const copy = { Bucket: `${context.Bucket}-dest`, Key: key, CopySource: { Bucket: context.Bucket, Key: key } };
      await context.s3.check(`copy-object-special-char-${key}`, 'CopyObject', copy);
    }
    await context.s3.check('list-object-copy-dest-special-char', 'ListObjectsV2', { Bucket: `${context.Bucket}-dest` });
  }),
  'TestS3.test_put_get_object_single_character_trailing_slash': inBucket(async ({ check }) => {
    for (const Key of ['a/', 't/', 'u/']) {
      await check(`put-object-single-char-${Key}`, 'PutObject', { Key, Body: body('test') });
      await check(`get-object-single-char-${Key}`, 'GetObject', { Key });
    }
    await check('list-objects-single-char', 'ListObjectsV2');
  }),
  'TestS3.test_put_and_get_object_with_utf8_key': inBucket(kept('Ā0Ä', 'abc123')),
  'TestS3.test_put_and_get_object_with_hash_prefix': inBucket(kept('#key-with-hash-prefix', 'test 123')),
  'TestS3.test_put_object_tagging_empty_list': inBucket(async ({ check, ok }) => {
    const Key = 'test-empty-tags';
    await ok('PutObject', { Key, Body: body('body') });
    await check('created-object-tags', 'GetObjectTagging', { Key });
    const TagSet = [
      { Key: 'tag1', Value: 'tag1' },
      { Key: 'tag2', Value: '' },
    ];
    await ok('PutObjectTagging', { Key, Tagging: { TagSet } });
    await check('updated-object-tags', 'GetObjectTagging', { Key });
    await ok('PutObjectTagging', { Key, Tagging: { TagSet: [] } });
    await check('deleted-object-tags', 'GetObjectTagging', { Key });
  }),
  'TestS3.test_get_object_after_deleted_in_versioned_bucket': inBucket(async ({ check, ok }) => {
    await ok('PutBucketVersioning', versioning('Enabled'));
    await ok('PutObject', { Key: 'my-key', Body: body('abcdefgh') });
    await check('get-object', 'GetObject', { Key: 'my-key' });
    await ok('DeleteObject', { Key: 'my-key' });
    await check('get-object-after-delete', 'GetObject', { Key: 'my-key' });
  }),
  'TestS3.test_upload_file_with_xml_preamble': inBucket(async ({ check, ok }) => {
    await ok('PutObject', { Key: 'k', Body: body('<?xml version="1.0" encoding="UTF-8"?><test/>') });
    await check('get_object', 'GetObject', { Key: 'k' });
  }),
  'TestS3.test_range_header_body_length': inBucket(async ({ scene, check, ok }) => {
    scene.stage.apart('Body');
    await ok('PutObject', { Key: 'k', Body: Buffer.alloc(2048, 'x') });
    await check('get-object', 'GetObject', { Key: 'k', Range: 'bytes=0-1023' });
    await check('get-object-2', 'GetObject', { Key: 'k', Range: 'bytes=1024-2047' });
  }),
  'TestS3.test_delete_object_tagging': inBucket(async ({ check, ok }) => {
    await ok('PutObject', { Key: 'k', Body: body('something') });
    await check('get-obj', 'GetObject', { Key: 'k' });
    await ok('DeleteObjectTagging', { Key: 'k' });
    await check('get-obj-after-tag-deletion', 'GetObject', { Key: 'k' });
  }),
  'TestS3.test_delete_non_existing_keys': inBucket(async ({ check, ok }) => {
    for (const Key of ['dummy1', 'dummy2']) await ok('PutObject', { Key });
    await check('deleted-resp', 'DeleteObjects', {
      Delete: { Objects: ['dummy1', 'dummy2', 'test-key-nonexistent'].map((Key) => ({ Key })) },
    });
  }),
  'TestS3.test_delete_non_existing_keys_quiet': inBucket(async ({ check, ok }) => {
    await ok('PutObject', { Key: 'dummy1' });
    await check('deleted-resp', 'DeleteObjects', { Delete: { Objects: [{ Key: 'dummy1' }, { Key: 'none' }], Quiet: true } });
  }),
  'TestS3.test_precondition_failed_error': inBucket(async ({ check, ok }) => {
    await ok('PutObject', { Key: 'foo', Body: body('{"foo": "bar"}') });
    await check('get-object-if-match', 'GetObject', { Key: 'foo', IfMatch: '"not good etag"' });
  }),
  'TestS3.test_s3_invalid_content_md5': inBucket(badDigests),
  'TestS3.test_head_object_fields': inBucket(async ({ check, ok }) => {
    await ok('PutObject', { Key: 'k', Body: body('abcdefgh') });
    await check('head-object', 'HeadObject', { Key: 'k' });
    await check('head-object-404', 'HeadObject', { Key: 'none' });
  }),
  'TestS3.test_s3_get_object_header_overrides': inBucket(overrides),
  'TestS3.test_s3_copy_metadata_replace': inBucket(replacedMetadata),
  'TestS3.test_delete_keys_in_versioned_bucket': inBucket(deletedVersions),
  'TestS3.test_put_object_acl_on_delete_marker': inBucket(listOnMarker, { ObjectOwnership: 'ObjectWriter' }),
  'TestS3.test_s3_get_object_preconditions[head_object]': inBucket(conditions),
  ...each('TestS3.test_s3_copy_tagging_directive_versioned', { COPY: 'COPY', REPLACE: 'REPLACE', None: undefined }, (directive) =>
    inBucket(copiedTags(directive)),
  ),
  'TestS3.test_get_object_attributes_versioned': inBucket(async ({ scene, check, ok }) => {
    // Of texts that were not recorded.
    scene.stage.apart('ETag', 'ChecksumCRC32');
    const Key = 'key-attrs-versioned';
    await ok('PutBucketVersioning', versioning('Enabled'));
    const { VersionId } = await check('put-obj-v1', 'PutObject', { Key, Body: body('version') });
    await check('put-obj-v2', 'PutObject', { Key, Body: body('version 2') });
    const asked = { Key, ObjectAttributes: attributes };
    await check('object-attrs', 'GetObjectAttributes', asked);
    await check('delete-key', 'DeleteObject', { Key });
    await check('deleted-object-attrs', 'GetObjectAttributes', asked);
    const some = attributes.filter((name) => name !== 'Checksum');
    await check('get-object-attrs-v1', 'GetObjectAttributes', { Key, VersionId, ObjectAttributes: some });
  }),
  'TestS3.test_delete_objects_encoding': inBucket(async ({ check, ok }) => {
    const keys = ['a%2Fb', 'a/%F0%9F%98%80'];
    for (const Key of keys)
      await ok('PutObject', { Key, Body: body(Key === 'a%2Fb' ? 'percent encoding' : 'percent encoded emoji') });
    await check('list-objects-before-delete', 'ListObjectsV2');
    await check('deleted-resp', 'DeleteObjects', { Delete: { Objects: keys.map((Key) => ({ Key })) } });
    await check('list-objects', 'ListObjectsV2');
  }),
};
