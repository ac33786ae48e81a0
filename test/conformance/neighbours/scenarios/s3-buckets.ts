import type { Answer } from '../../kit/stage.ts';
import { each, type Scenario, type Scenarios } from '../kit/stage.ts';
import { body, inBucket, versioning, type Play } from './s3-kit.ts';

const json = body('{"key": "value"}');

/** In a region of AWS's, which some answers name; the bucket's own name keeps it apart. */
const inRegion =
  (
    region: string,
    play: (context: { s3: ReturnType<Parameters<Scenario>[0]['service']>; Bucket: string }) => Promise<void>,
  ): Scenario =>
  (scene) =>
    play({ s3: scene.service('s3', { region }), Bucket: `bucket-${scene.region}` });

const refusedLocation = (region: string, LocationConstraint: string): Scenario =>
  inRegion(region, async ({ s3, Bucket }) => {
    const name = `${region}-location-constraint-${LocationConstraint}-error`;
    await s3.check(name, 'CreateBucket', { Bucket, CreateBucketConfiguration: { LocationConstraint } });
  });

const inPlace: Play = async ({ scene, check, Bucket }) => {
  // An object's list names the account in two ways there.
  scene.stage.apart('ID');
  const Key = 'source-object';
  await check('put_object', 'PutObject', { Key, Body: json, Metadata: { key: 'value' }, ContentType: 'application/json' });
  await check('head_object', 'HeadObject', { Key });
  const attrs = (name: string): Promise<Answer> =>
    check(name, 'GetObjectAttributes', { Key, ObjectAttributes: ['StorageClass'] });
  const copy = (name: string, more: object): Promise<Answer> =>
    check(name, 'CopyObject', { Key, CopySource: `${Bucket}/${Key}`, ...more });
  await attrs('object-attrs');
  await copy('copy-object-in-place-no-change', {});
  await copy('copy-object-in-place-with-storage-class', { ChecksumAlgorithm: 'SHA256', StorageClass: 'STANDARD' });
  await attrs('object-attrs-after-copy');
  await check('object-acl', 'GetObjectAcl', { Key });
  await copy('copy-object-in-place-with-acl', { ACL: 'public-read' });
};

const inPlaceOfClass: Play = async ({ check, Bucket }) => {
  const Key = 'source-object';
  const attrs = (name: string): Promise<Answer> =>
    check(name, 'GetObjectAttributes', { Key, ObjectAttributes: ['StorageClass'] });
  await check('put-object', 'PutObject', { Key, Body: body('test'), StorageClass: 'STANDARD' });
  await check('head-object', 'HeadObject', { Key });
  await attrs('object-attrs');
  const input = { Key, CopySource: `${Bucket}/${Key}`, StorageClass: 'STANDARD' };
  await check('copy-object-in-place-with-storage-class', 'CopyObject', input);
  await attrs('object-attrs-after-copy');
};

const inPlaceSuspended: Play = async ({ check, ok, Bucket }) => {
  const Key = 'source-object';
  const copy = (name: string): Promise<Answer> =>
    check(name, 'CopyObject', { Key, CopySource: `${Bucket}/${Key}`, MetadataDirective: 'REPLACE' });
  const look = async (suffix: string): Promise<void> => {
    await check(`head-object-copied${suffix}`, 'HeadObject', { Key });
    await check(`get-object-copied${suffix}`, 'GetObject', { Key });
  };
  await check('put_object', 'PutObject', { Key, Body: json, Metadata: { key: 'value' }, ContentType: 'application/json' });
  await check('head_object', 'HeadObject', { Key });
  await copy('copy-in-place-non-versioned');
  await look('');
  await ok('PutBucketVersioning', versioning('Suspended'));
  await copy('copy-in-place-versioned-suspended');
  await look('-suspended');
  await copy('copy-in-place-versioned-suspended-twice');
};

const orderedParts: Play = async ({ scene, check, ok }) => {
  scene.stage.apart('Bucket', 'ETag', 'ChecksumCRC64NVME');
  const uploaded = async (Key: string, numbers: readonly number[]): Promise<{ UploadId: unknown; Parts: object[] }> => {
    const { UploadId } = await ok('CreateMultipartUpload', { Key });
    const Parts: object[] = [];
    for (const PartNumber of numbers) {
      const { ETag } = await ok('UploadPart', { Key, UploadId, PartNumber, Body: Buffer.alloc(5_242_880, `${PartNumber}`) });
      Parts.push({ ETag, PartNumber });
    }
    return { UploadId, Parts };
  };
  const Key = 'test-order-parts';
  const { UploadId, Parts } = await uploaded(Key, [1, 2, 3]);
  await check('upload-part-negative-part-number', 'UploadPart', { Key, UploadId, PartNumber: -1, Body: body('x') });
  const complete = (name: string, at: object, all: readonly object[]): Promise<Answer> =>
    check(name, 'CompleteMultipartUpload', { ...at, MultipartUpload: { Parts: all } });
  await complete('complete-multipart-unordered', { Key, UploadId }, Parts.toReversed());
  await complete('complete-multipart-ordered', { Key, UploadId }, Parts);
  const other = await uploaded('key-sequence-with-step-2', [1, 3, 5]);
  const at = { Key: 'key-sequence-with-step-2', UploadId: other.UploadId };
  await complete('complete-multipart-with-step-2', at, other.Parts);
};

const fullObjectMistakes: Play = async ({ scene, check }) => {
  scene.stage.apart('Bucket', 'Initiator', 'Owner', 'Location');
  const Key = 'test-multipart-checksum-exc';
  const ChecksumType = 'FULL_OBJECT';
  await check('create-mpu-no-checksum-algo-with-type', 'CreateMultipartUpload', { Key, ChecksumType });
  const begin = { Key, ChecksumAlgorithm: 'CRC32C', ChecksumType };
  const { UploadId } = await check('create-mpu-checksum-crc32c', 'CreateMultipartUpload', begin);
  await check('list-multiparts', 'ListMultipartUploads');
  const sum = (scene.recorded('upload-part-no-checksum-ok') as { ChecksumCRC32C: string }).ChecksumCRC32C;
  const part = { Key, UploadId, PartNumber: 1, Body: body('abc'), ChecksumCRC32C: sum };
  const { ETag } = await check('upload-part-no-checksum-ok', 'UploadPart', part);
  const complete = (name: string, more: object): Promise<Answer> =>
    check(name, 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] }, ...more });
  const wrong = 'AAAAAA==';
  await complete('complete-part-bad-checksum-type', { ChecksumType: 'COMPOSITE' });
  await complete('complete-part-good-checksum-no-type', { ChecksumCRC32C: wrong });
  await complete('complete-part-only-checksum-algo', { ChecksumCRC32C: wrong, ChecksumType });
  await complete('complete-part-only-checksum-algo-diff', { ChecksumCRC32C: wrong });
  await complete('complete-part-bad-checksum', { ChecksumCRC32C: wrong, ChecksumType });
  await complete('complete-part-bad-checksum-algo', { ChecksumCRC32C: wrong, ChecksumType });
  await complete('complete-success', { ChecksumCRC32C: sum, ChecksumType });
  const { UploadId: second } = await check('create-mpu-with-checksum', 'CreateMultipartUpload', begin);
  const mixed = { Key, UploadId: second, PartNumber: 1, Body: body('abc'), ChecksumAlgorithm: 'CRC32' };
  await check('upload-part-different-checksum-exc', 'UploadPart', mixed);
};

const archived: Play = async ({ check, ok }) => {
  const Key = 'test-put-object-storage-class';
  await ok('PutObject', { Key, Body: body('body-test'), StorageClass: 'DEEP_ARCHIVE' });
  await check('get-object-storage-class', 'GetObjectAttributes', { Key, ObjectAttributes: ['StorageClass'] });
  await check('get-object', 'GetObject', { Key });
};

export const s3BucketScenarios: Scenarios = {
  'TestS3.test_create_bucket_with_invalid_location_constraint[us-east-1-us-east-1]': refusedLocation('us-east-1', 'us-east-1'),
  'TestS3.test_create_bucket_with_invalid_location_constraint[us-east-1-foo]': refusedLocation('us-east-1', 'foo'),
  'TestS3.test_create_bucket_with_invalid_location_constraint[eu-west-1-bar]': refusedLocation('eu-west-1', 'bar'),
  'TestS3.test_bucket_constraint_aws_global[us-west-1]': inRegion('us-west-1', async ({ s3, Bucket }) => {
    const CreateBucketConfiguration = { LocationConstraint: 'aws-global' };
    await s3.check('aws-global-constraint', 'CreateBucket', { Bucket, CreateBucketConfiguration });
  }),
  'TestS3.test_create_bucket_with_eu_location_constraint': inRegion('eu-west-1', async ({ s3, Bucket }) => {
    await s3.ok('CreateBucket', { Bucket, CreateBucketConfiguration: { LocationConstraint: 'EU' } });
    await s3.check('get-bucket-location', 'GetBucketLocation', { Bucket });
    await s3.check('list-bucket-response', 'ListBuckets', { Prefix: Bucket });
  }),
  'TestS3.test_bucket_does_not_exist': async (scene) => {
    const s3 = scene.service('s3');
    const Bucket = `bucket-does-not-exist-${scene.region}`;
    await s3.check('list_object', 'ListObjects', { Bucket });
    await s3.check('list_object_vhost', 'ListObjects', { Bucket });
  },
  'TestS3.test_bucket_operation_between_regions': inBucket(async ({ scene, check, Bucket }) => {
    await check('put-website-config-region-1', 'PutBucketWebsite', {
      WebsiteConfiguration: { IndexDocument: { Suffix: 'index.html' } },
    });
    await check('put-cors-config-region-1', 'PutBucketCors', {
      CORSConfiguration: { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] },
    });
    const there = scene.service('s3', { region: 'us-east-1' });
    await there.check('get-website-config-region-2', 'GetBucketWebsite', { Bucket });
    await there.check('get-cors-config-region-2', 'GetBucketCors', { Bucket });
  }),
  'TestS3.test_region_header_exists_outside_us_east_1': inBucket(async ({ check }) => {
    await check('head_bucket', 'HeadBucket');
    await check('list_objects_v2', 'ListObjectsV2');
  }),
  'TestS3.test_get_bucket_versioning_order': inBucket(async ({ check, ok }) => {
    await check('list_object_versions_before', 'ListObjectVersions');
    await check('put_bucket_versioning', 'PutBucketVersioning', versioning('Enabled'));
    await check('get_bucket_versioning', 'GetBucketVersioning');
    for (const Key of ['test', 'test', 'test2']) await ok('PutObject', { Key, Body: body('body') });
    await check('list_object_versions', 'ListObjectVersions');
  }),
  'TestS3.test_s3_delete_object_with_version_id': inBucket(async ({ scene, check, ok }) => {
    // Of texts that were not recorded.
    scene.stage.apart('ETag', 'Size');
    await ok('PutBucketVersioning', versioning('Enabled'));
    await check('get_bucket_versioning', 'GetBucketVersioning');
    const [first, second] = ['aws/s3/testkey1.txt', 'aws/s3/testkey2.txt'];
    const { VersionId } = await ok('PutObject', { Key: first, Body: body('a') });
    await ok('PutObject', { Key: second, Body: body('b') });
    await check('delete_objects', 'DeleteObjects', { Delete: { Objects: [{ Key: first, VersionId }] } });
    await check('list_object_versions_after_delete', 'ListObjectVersions');
    await ok('PutBucketVersioning', versioning('Suspended'));
    await check('get_bucket_versioning_suspended', 'GetBucketVersioning');
  }),
  'TestS3.test_s3_copy_object_in_place': inBucket(inPlace),
  'TestS3.test_s3_copy_object_in_place_storage_class': inBucket(inPlaceOfClass),
  'TestS3.test_s3_copy_object_in_place_suspended_only': inBucket(inPlaceSuspended),
  'TestS3.test_s3_copy_tagging_directive[None]': inBucket(async ({ check, Bucket }) => {
    await check('put-object', 'PutObject', { Key: 'source', Body: body('test'), Tagging: 'key1=value1' });
    await check('get-object-tag', 'GetObjectTagging', { Key: 'source' });
    const CopySource = `${Bucket}/source`;
    await check('copy-object', 'CopyObject', { Key: 'copy', CopySource, Tagging: 'key2=value2' });
    await check('get-copy-object-tag', 'GetObjectTagging', { Key: 'copy' });
    await check('copy-object-tag-empty', 'CopyObject', { Key: 'copy2', CopySource, Tagging: '' });
    await check('get-copy-object-tag-empty', 'GetObjectTagging', { Key: 'copy2' });
  }),
  'TestS3.test_complete_multipart_parts_order': inBucket(orderedParts),
  'TestS3MultipartUploadChecksum.test_multipart_parts_checksum_exceptions_full_object': inBucket(fullObjectMistakes),
  ...each(
    'TestS3.test_put_object_storage_class',
    { 'STANDARD_IA-True': 'STANDARD_IA', 'GLACIER_IR-True': 'GLACIER_IR' },
    (StorageClass) =>
      inBucket(async ({ check, ok }) => {
        const Key = 'test-put-object-storage-class';
        await ok('PutObject', { Key, Body: body('body-test'), StorageClass });
        await check('get-object-storage-class', 'GetObjectAttributes', { Key, ObjectAttributes: ['StorageClass'] });
        await check('get-object', 'GetObject', { Key });
      }),
  ),
  'TestS3.test_put_object_storage_class[DEEP_ARCHIVE-False]': inBucket(archived),
  'TestS3.test_url_encoded_key[False]': inBucket(async ({ scene, check, ok }) => {
    scene.stage.apart('ETag');
    const texts = { 'test@key/': 'test-non-encoded', 'test%40key/': 'test-encoded', 'test%40key': 'test-encoded-no-trailing' };
    for (const [Key, text] of Object.entries(texts)) await ok('PutObject', { Key, Body: body(text) });
    await check('list-object-encoded-char', 'ListObjectsV2');
  }),
  'TestS3.test_object_with_slashes_in_key[False]': inBucket(async ({ check, ok }) => {
    const texts = { '/foo': 'foobar', bar: 'barfoo', '/bar/foo/': 'test' };
    for (const [Key, text] of Object.entries(texts)) await ok('PutObject', { Key, Body: body(text) });
    await check('list-objects-slashes', 'ListObjectsV2');
  }),
  'TestS3.test_multipart_with_unicode_character_location': inBucket(async ({ scene, check, ok }) => {
    scene.stage.apart('Bucket', 'ETag', 'ChecksumCRC64NVME');
    const Key = 'test-unicode_—_file';
    const { UploadId } = await check('create-multipart', 'CreateMultipartUpload', { Key });
    const { ETag } = await ok('UploadPart', { Key, UploadId, PartNumber: 1, Body: body('test') });
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await check('complete-multipart', 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload });
  }),
  'TestS3StaticWebsiteHosting.test_crud_website_configuration': inBucket(async ({ check }) => {
    await check('get-no-such-website-config', 'GetBucketWebsite');
    await check('del-no-such-website-config', 'DeleteBucketWebsite');
    const WebsiteConfiguration = { IndexDocument: { Suffix: 'index.html' } };
    await check('put-website-config', 'PutBucketWebsite', { WebsiteConfiguration });
    await check('get-website-config', 'GetBucketWebsite');
  }),
  'TestS3BucketLogging.test_put_bucket_logging_accept_wrong_grants': inBucket(async ({ check, Bucket }) => {
    const Grantee = { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/s3/LogDelivery' };
    const TargetGrants = ['WRITE', 'READ_ACP'].map((Permission) => ({ Grantee, Permission }));
    await check('put-bucket-logging', 'PutBucketLogging', {
      BucketLoggingStatus: { LoggingEnabled: { TargetBucket: Bucket, TargetPrefix: 'log', TargetGrants } },
    });
    await check('get-bucket-logging', 'GetBucketLogging');
  }),
  ...each('TestS3PutObjectChecksum.test_s3_get_object_checksum', { SHA256: 'SHA256', CRC32C: 'CRC32C' }, (algorithm) =>
    inBucket(async ({ scene, check }) => {
      const Key = 'test-checksum';
      const member = `Checksum${algorithm}`;
      const put = { Key, Body: body('test-checksum'), [member]: scene.recorded('put-object')[member] };
      await check('put-object', 'PutObject', put);
      await check('get-object', 'GetObject', { Key });
      const got = await check('get-object-with-checksum', 'GetObject', { Key, ChecksumMode: 'ENABLED' });
      // What was recorded under the name of a HEAD has a body.
      scene.match('head-object-with-checksum', got);
      await check('get-object-attrs', 'GetObjectAttributes', { Key, ObjectAttributes: ['Checksum'] });
    }),
  ),
  'TestS3PresignedUrl.test_put_object': inBucket(async ({ scene, check, Bucket }) => {
    scene.stage.apart('Body');
    await fetch(`${scene.stage.origin}/${Bucket}/my-key`, { method: 'PUT', body: 'something', headers: { 'content-type': '' } });
    await check('get_object', 'GetObject', { Key: 'my-key' });
  }),
  'TestS3PresignedUrl.test_s3_copy_md5': inBucket(async ({ check, ok, Bucket }) => {
    await ok('PutObject', { Key: 'source-key', Body: body('something') });
    await check('copy-obj', 'CopyObject', { Key: 'new-key', CopySource: `${Bucket}/source-key` });
  }),
};
