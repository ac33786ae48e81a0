import type { Answer } from '../../kit/stage.ts';
import type { Scenarios } from '../kit/stage.ts';
import { s3AccessScenarios } from './s3-access.ts';
import { s3BucketScenarios } from './s3-buckets.ts';
import { s3ConfigurationScenarios } from './s3-configurations.ts';
import { s3CustomerKeyScenarios } from './s3-customer-keys.ts';
import { s3FormScenarios } from './s3-forms.ts';
import { body, inBucket, unknownVersion, versioning, type Play } from './s3-kit.ts';
import { s3LinkScenarios } from './s3-links.ts';
import { s3ListScenarios } from './s3-lists.ts';
import { s3NotificationScenarios } from './s3-notifications.ts';
import { s3ObjectScenarios } from './s3-objects.ts';
import { s3PartScenarios } from './s3-parts.ts';
import { s3SiteScenarios } from './s3-sites.ts';
import { s3SmallScenarios } from './s3-small.ts';
import { s3WriteScenarios } from './s3-writes.ts';

const versioned: Play = async ({ check, ok }) => {
  const Key = 'test-delete';
  await ok('PutBucketVersioning', versioning('Enabled'));
  const { VersionId } = await check('put-object', 'PutObject', { Key, Body: body('test-delete') });
  const { VersionId: marker } = await check('delete-object', 'DeleteObject', { Key });
  await check('get-deleted-object', 'GetObject', { Key });
  await check('get-object-with-version', 'GetObject', { Key, VersionId });
  await check('get-delete-marker', 'GetObject', { Key, VersionId: marker });
  await check('delete-object-2', 'DeleteObject', { Key });
  await check('list-object-versions', 'ListObjectVersions', { Prefix: Key });
  await check('delete-delete-marker', 'DeleteObject', { Key, VersionId: marker });
  await check('delete-object-version', 'DeleteObject', { Key, VersionId });
  await check('get-deleted-object-with-version', 'GetObject', { Key, VersionId });
  await check('delete-with-bad-version', 'DeleteObject', { Key, VersionId: `${String(VersionId).slice(0, -4)}ABCD` });
  await check('delete-wrong-key', 'DeleteObject', { Key: 'wrong-key' });
};

const suspended: Play = async ({ check, ok }) => {
  const Key = 'test-version';
  await ok('PutBucketVersioning', versioning('Enabled'));
  for (let index = 0; index < 3; index += 1)
    await check(`put-object-${index}`, 'PutObject', { Key, Body: body(`test-version-${index}`.slice(0, 14)) });
  await check('list-enabled', 'ListObjectVersions');
  await ok('PutBucketVersioning', versioning('Suspended'));
  await check('list-suspended', 'ListObjectVersions');
  await check('put-object-suspended', 'PutObject', { Key, Body: body('test-version-suspended') });
  await check('list-suspended-after-put', 'ListObjectVersions');
  await check('put-object-suspended-overwrite', 'PutObject', { Key, Body: body('test-version-suspended') });
  await check('list-suspended-after-overwrite', 'ListObjectVersions');
  await check('get-object-current', 'GetObject', { Key });
};

const withoutBucket =
  (calls: Readonly<Record<string, readonly [operation: string, input: object]>>): Play =>
  async ({ s3, Bucket }) => {
    for (const [name, [operation, input]] of Object.entries(calls))
      await s3.check(name, operation, { Bucket: `no-such-${Bucket}`, ...input });
  };

const aes = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] };
const encryption = (ServerSideEncryptionConfiguration: object): object => ({ ServerSideEncryptionConfiguration });

const encryptionRefusals: Play = async (context) => {
  await withoutBucket({
    'get-bucket-enc-no-bucket': ['GetBucketEncryption', {}],
    'delete-bucket-enc-no-bucket': ['DeleteBucketEncryption', {}],
    'put-bucket-enc-no-bucket': ['PutBucketEncryption', encryption(aes)],
  })(context);
  const { check } = context;
  await check('put-bucket-encryption-no-rules', 'PutBucketEncryption', encryption({ Rules: [] }));
  await check('put-bucket-encryption-two-rules', 'PutBucketEncryption', encryption({ Rules: [...aes.Rules, ...aes.Rules] }));
  await check(
    'put-bucket-encryption-kms-with-aes',
    'PutBucketEncryption',
    encryption({ Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256', KMSMasterKeyID: 'randomkeyid' } }] }),
  );
};

const noneMatch =
  (isVersioned: boolean): Play =>
  async ({ check, ok }) => {
    const Key = 'test-precondition';
    if (isVersioned) await ok('PutBucketVersioning', versioning('Enabled'));
    await check('put-obj', 'PutObject', { Key, IfNoneMatch: '*' });
    await check('put-obj-if-none-match', 'PutObject', { Key, IfNoneMatch: '*' });
    await check('del-obj', 'DeleteObject', { Key });
    await check('put-obj-after-del', 'PutObject', { Key, IfNoneMatch: '*' });
    if (isVersioned) await check('list-object-versions', 'ListObjectVersions');
  };

const multipart = async ({ check, ok }: Parameters<Play>[0], Key: string): Promise<object> => {
  const { UploadId } = await check('create-multipart', 'CreateMultipartUpload', { Key });
  const { ETag } = await ok('UploadPart', { Key, UploadId, PartNumber: 1, Body: body('test') });
  return { Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
};

const lockedNever: Play = async ({ check }) => {
  await check('delete-object-bypass-no-lock', 'DeleteObject', { Key: 'k', BypassGovernanceRetention: true });
  await check('delete-object-bypass-no-lock-false', 'DeleteObject', { Key: 'k', BypassGovernanceRetention: false });
  await check('delete-objects-bypass-no-lock', 'DeleteObjects', {
    Delete: { Objects: [{ Key: 'k' }] },
    BypassGovernanceRetention: true,
  });
};

const policy = (scene: Bucketed): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 's3:GetObject', Resource: `arn:aws:s3:::${scene.Bucket}/*` }],
  });
interface Bucketed {
  readonly Bucket: string;
}

const policies: Play = async ({ check, Bucket }) => {
  await check('get-bucket-default-policy', 'GetBucketPolicy');
  await check('put-bucket-policy', 'PutBucketPolicy', { Policy: policy({ Bucket }) });
  await check('get-bucket-policy', 'GetBucketPolicy');
  await check('delete-bucket-policy', 'DeleteBucketPolicy');
  await check('get-bucket-policy-after-delete', 'GetBucketPolicy');
  await check('delete-bucket-policy-after-delete', 'DeleteBucketPolicy');
};

const ownership = (...kinds: readonly string[]): object => ({
  OwnershipControls: { Rules: kinds.map((ObjectOwnership) => ({ ObjectOwnership })) },
});

const uploadMarkers: Play = async (context) => {
  const { scene, ok, check } = context;
  scene.stage.apart('Initiator', 'Owner');
  await check('list-multiparts-empty', 'ListMultipartUploads');
  const upload = async (Key: string): Promise<string> => String((await ok('CreateMultipartUpload', { Key }))['UploadId']);
  // Recorded in this order: the last key first, then the second, then three of the first.
  const ids = [await upload('test-multipart-c'), await upload('test-multipart-b')];
  for (let index = 0; index < 3; index += 1) ids.push(await upload('test-multipart-a'));
  scene.match('upload-ids-order', { UploadIds: ids.map((UploadId) => ({ UploadId })) });
  const [, b = '', a1 = '', , a3 = ''] = ids;
  const list = (name: string, input: object): Promise<Answer> => check(`list-multiparts-${name}`, 'ListMultipartUploads', input);
  const [first, second, third] = ['a', 'b', 'c'].map((letter) => `test-multipart-${letter}`);
  await list('all', {});
  await list('max-1', { MaxUploads: 1 });
  await list('next-key-only', { MaxUploads: 1, KeyMarker: first });
  await list('next-key-last', { MaxUploads: 1, KeyMarker: third });
  await list('next-upload-only', { MaxUploads: 1, UploadIdMarker: a1 });
  await list('both-markers', { MaxUploads: 1, KeyMarker: first, UploadIdMarker: a1 });
  await list('both-markers-2', { MaxUploads: 1, KeyMarker: first, UploadIdMarker: a3 });
  await list('get-last-upload-no-truncate', { MaxUploads: 1, KeyMarker: second, UploadIdMarker: b });
  await list('wrong-id-for-key', { MaxUploads: 1, KeyMarker: first, UploadIdMarker: b });
  await list('next-key-empty', { MaxUploads: 1, KeyMarker: '' });
};

const versionMarkers: Play = async ({ scene, check, ok }) => {
  await ok('PutBucketVersioning', versioning('Enabled'));
  const ids: string[] = [];
  const put = async (Key: string, text: string): Promise<void> =>
    void ids.push(String((await ok('PutObject', { Key, Body: body(text) }))['VersionId']));
  for (const Key of ['test_0', 'test_1', 'test_2']) await put(Key, 'version 1');
  await put('test_2', 'version 2');
  for (const Key of ['test_0', 'test_1', 'test_2']) ids.push(String((await ok('DeleteObject', { Key }))['VersionId']));
  for (const Key of ['test_0', 'test_1']) await put(Key, 'version 2');
  scene.match('version-order', { Versions: ids.map((VersionId) => ({ VersionId })) });
  const list = (name: string, input: object): Promise<Answer> => check(`list-objects-${name}`, 'ListObjectVersions', input);
  await list('versions-all', {});
  await list('versions-5', { MaxKeys: 5 });
  await list('next-key-only', { MaxKeys: 1, KeyMarker: 'test_1' });
  await list('next-key-last', { MaxKeys: 1, KeyMarker: 'test_2' });
  await list('next-version-only', { MaxKeys: 1, VersionIdMarker: ids[5] });
  await list('both-markers', { MaxKeys: 1, KeyMarker: 'test_1', VersionIdMarker: ids[5] });
  await list('last-key-last-version', { MaxKeys: 1, KeyMarker: 'test_2', VersionIdMarker: ids[3] });
  await list('next-key-empty', { MaxKeys: 1, KeyMarker: '' });
};

export const s3Scenarios: Scenarios = {
  ...s3ConfigurationScenarios,
  ...s3ListScenarios,
  ...s3ObjectScenarios,
  ...s3NotificationScenarios,
  ...s3CustomerKeyScenarios,
  ...s3FormScenarios,
  ...s3SmallScenarios,
  ...s3LinkScenarios,
  ...s3SiteScenarios,
  ...s3BucketScenarios,
  ...s3AccessScenarios,
  ...s3PartScenarios,
  ...s3WriteScenarios,
  'TestS3ListObjectVersions.test_list_objects_versions_markers': inBucket(versionMarkers),
  'TestS3ListObjects.test_list_objects_with_prefix[]': inBucket(async ({ check, ok }) => {
    await ok('PutObject', { Key: 'test/foo/bar/123', Body: body('content 123') });
    await check('list-objects', 'ListObjects', { Prefix: 'test/', Delimiter: '', MaxKeys: 1 });
  }),
  'TestS3ListMultipartUploads.test_list_multiparts_next_marker': inBucket(uploadMarkers),
  'TestS3ObjectCRUD.test_delete_object_versioned': inBucket(versioned),
  'TestS3ObjectCRUD.test_delete_object': inBucket(async ({ check }) => {
    await check('put-object', 'PutObject', { Key: 'k', Body: body('test-delete') });
    await check('delete-object', 'DeleteObject', { Key: 'k' });
    await check('delete-nonexistent-object', 'DeleteObject', { Key: 'k' });
    await check('delete-nonexistent-object-versionid', 'DeleteObject', { Key: 'k', VersionId: unknownVersion });
  }),
  'TestS3ObjectCRUD.test_get_object_with_version_unversioned_bucket': inBucket(async ({ check }) => {
    await check('put-object', 'PutObject', { Key: 'k', Body: body('test-version') });
    await check('get-obj-with-version', 'GetObject', { Key: 'k', VersionId: unknownVersion });
    await check('get-obj-with-null-version', 'GetObject', { Key: 'k', VersionId: 'null' });
  }),
  'TestS3BucketCRUD.test_delete_versioned_bucket_with_objects': inBucket(async ({ check, ok }) => {
    await ok('PutBucketVersioning', versioning('Enabled'));
    const { VersionId } = await ok('PutObject', { Key: 'k', Body: body('x') });
    const { VersionId: marker } = await ok('DeleteObject', { Key: 'k' });
    await check('delete-with-obj-and-delete-marker', 'DeleteBucket');
    await check('delete-obj-by-version', 'DeleteObject', { Key: 'k', VersionId });
    await check('delete-with-only-delete-marker', 'DeleteBucket');
    await check('delete-marker-by-version', 'DeleteObject', { Key: 'k', VersionId: marker });
    await check('success-delete-bucket', 'DeleteBucket');
  }),
  'TestS3BucketCRUD.test_delete_bucket_with_objects': inBucket(async ({ check, ok }) => {
    await ok('PutObject', { Key: 'k', Body: body('x') });
    await check('delete-with-obj', 'DeleteBucket');
    await check('delete-obj', 'DeleteObject', { Key: 'k' });
    await check('delete-bucket', 'DeleteBucket');
  }),
  'TestS3ObjectCRUD.test_put_object_on_suspended_bucket': inBucket(suspended),
  'TestS3BucketEncryption.test_s3_default_bucket_encryption': inBucket(async ({ check }) => {
    await check('default-bucket-encryption', 'GetBucketEncryption');
    await check('delete-bucket-encryption', 'DeleteBucketEncryption');
    await check('delete-bucket-encryption-idempotent', 'DeleteBucketEncryption');
    await check('get-bucket-no-encryption', 'GetBucketEncryption');
  }),
  'TestS3BucketEncryption.test_s3_default_bucket_encryption_exc': inBucket(encryptionRefusals),
  'TestS3BucketObjectTagging.test_bucket_tagging_exc': inBucket(
    withoutBucket({
      'get-no-bucket-tags': ['GetBucketTagging', {}],
      'delete-no-bucket-tags': ['DeleteBucketTagging', {}],
      'put-no-bucket-tags': ['PutBucketTagging', { Tagging: { TagSet: [] } }],
    }),
  ),
  'TestS3BucketObjectTagging.test_put_object_tagging_none_value': inBucket(async ({ check, ok }) => {
    await ok('PutObject', { Key: 'k', Body: body('x') });
    await check('put-none-tag-set', 'PutObjectTagging', { Key: 'k', Tagging: { TagSet: [] } });
    await check('get-object-tags-none', 'GetObjectTagging', { Key: 'k' });
  }),
  'TestS3ObjectLock.test_disable_versioning_on_locked_bucket': inBucket(
    async ({ check }) => {
      await check('disable-versioning-on-locked-bucket', 'PutBucketVersioning', versioning('Suspended'));
      await check('enable-versioning-again-on-locked-bucket', 'PutBucketVersioning', versioning('Enabled'));
    },
    { ObjectLockEnabledForBucket: true },
  ),
  'TestS3ObjectLock.test_get_object_lock_configuration_exc': inBucket(async ({ check, s3, Bucket }) => {
    await check('get-lock-config-no-enabled', 'GetObjectLockConfiguration');
    await s3.check('get-lock-config-bucket-not-exists', 'GetObjectLockConfiguration', { Bucket: `no-such-${Bucket}` });
  }),
  'TestS3ObjectLock.test_delete_object_with_no_locking': inBucket(lockedNever),
  'TestS3BucketOwnershipControls.test_bucket_ownership_controls_exc': inBucket(async ({ check, s3, Bucket, scene }) => {
    await check('default-ownership', 'GetBucketOwnershipControls');
    await check('put-ownership-multiple-rules', 'PutBucketOwnershipControls', ownership('BucketOwnerPreferred', 'ObjectWriter'));
    await check('put-ownership-wrong-value', 'PutBucketOwnershipControls', ownership('RandomValue'));
    await check('put-ownership-empty-rule', 'PutBucketOwnershipControls', ownership());
    const CreateBucketConfiguration = { LocationConstraint: scene.region };
    await s3.check('ownership-wrong-value-at-creation', 'CreateBucket', {
      Bucket: `${Bucket}-2`,
      CreateBucketConfiguration,
      ObjectOwnership: 'RandomValue',
    });
    await s3.check('ownership-non-value-at-creation', 'CreateBucket', {
      Bucket: `${Bucket}-3`,
      CreateBucketConfiguration,
      ObjectOwnership: '',
    });
  }),
  'TestS3BucketPolicy.test_bucket_policy_crud': inBucket(policies),
  'TestS3BucketPolicy.test_bucket_policy_exc': inBucket(async ({ check }) => {
    await check('put-empty-bucket-policy', 'PutBucketPolicy', { Policy: '' });
    await check('put-bucket-policy-randomstring', 'PutBucketPolicy', { Policy: 'invalid json' });
    await check('put-bucket-policy-empty-json', 'PutBucketPolicy', { Policy: '{}' });
  }),
  'TestS3ObjectWritePrecondition.test_put_object_if_none_match': inBucket(noneMatch(false)),
  'TestS3ObjectWritePrecondition.test_put_object_if_none_match_versioned_bucket': inBucket(noneMatch(true)),
  'TestS3ObjectWritePrecondition.test_multipart_if_none_match_with_put': inBucket(async (context) => {
    const upload = await multipart(context, 'test-precondition');
    await context.check('put-obj', 'PutObject', { Key: 'test-precondition' });
    await context.check('complete-multipart-if-none-match-put-during', 'CompleteMultipartUpload', {
      ...upload,
      IfNoneMatch: '*',
    });
  }),
  'TestS3ObjectWritePrecondition.test_multipart_if_match_with_delete': inBucket(async (context) => {
    const Key = 'test-precondition';
    const { ETag: IfMatch } = await context.check('put-obj', 'PutObject', { Key, Body: body('test') });
    const upload = await multipart(context, Key);
    await context.check('del-obj', 'DeleteObject', { Key });
    await context.check('complete-multipart-after-del', 'CompleteMultipartUpload', { ...upload, IfMatch });
    await context.check('put-obj-2', 'PutObject', { Key, Body: body('test') });
    await context.check('complete-multipart-if-match-after-put', 'CompleteMultipartUpload', { ...upload, IfMatch });
  }),
  'TestS3BucketNotificationConfiguration.test_bucket_notification_with_invalid_filter_rules': inBucket(
    async ({ check, scene }) => {
      const Filter = { Key: { FilterRules: [{ Name: 'INVALID', Value: 'does not matter' }] } };
      await check('invalid_filter_name', 'PutBucketNotificationConfiguration', {
        NotificationConfiguration: {
          QueueConfigurations: [{ Id: 'id', QueueArn: scene.arn('sqs', 'my-queue'), Events: ['s3:ObjectCreated:*'], Filter }],
        },
      });
    },
  ),
};
