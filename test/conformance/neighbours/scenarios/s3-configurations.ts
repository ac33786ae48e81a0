import type { Scenarios } from '../kit/stage.ts';
import { body, inBucket, versioning, type Play } from './s3-kit.ts';

const metrics = (Id: string, Prefix = 'logs/prefix'): object => ({ Id, MetricsConfiguration: { Id, Filter: { Prefix } } });

const tags = (...keys: readonly string[]): object => ({ Tagging: { TagSet: keys.map((Key) => ({ Key, Value: Key })) } });

const objectTags: Play = async ({ check, ok }) => {
  const Key = 'test-put-object-tagging';
  const put = { Key, Body: body('test-tagging') };
  await check('put-object', 'PutObject', { ...put, Tagging: 'tag2=tag2&tag1=tag1&tag=' });
  await check('get-object-tags', 'GetObjectTagging', { Key });
  await check('put-object-tags', 'PutObjectTagging', { Key, ...tags('tag3') });
  await check('get-object-tags-override', 'GetObjectTagging', { Key });
  await check('head-obj', 'HeadObject', { Key });
  await check('get-obj', 'GetObject', { Key });
  await ok('PutObject', { ...put, Tagging: 'wrongquery&wrongagain' });
  await check('get-object-tags-wrong-format-qs', 'GetObjectTagging', { Key });
  await ok('PutObject', { ...put, Tagging: 'key1&key2' });
  await check('get-object-tags-wrong-format-qs-2', 'GetObjectTagging', { Key });
};

const countedTags: Play = async ({ check, ok }) => {
  const Key = 'test-head-object-tagging';
  const put = { Key, Body: body('test-tagging'), Tagging: 'a=1&b=2&c=3' };
  await check('put-object', 'PutObject', put);
  await check('head-obj-after-create', 'HeadObject', { Key });
  await check('put-object-tags', 'PutObjectTagging', { Key, ...tags('d') });
  await check('head-obj-after-tagging', 'HeadObject', { Key });
  await ok('PutObject', put);
  await check('head-obj-after-overwrite', 'HeadObject', { Key });
  await ok('DeleteObjectTagging', { Key });
  await check('head-obj-after-removal', 'HeadObject', { Key });
};

const locked: Play = async ({ check }) => {
  const lock = { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } };
  await check('get-object-lock-existing-bucket-no-config', 'GetObjectLockConfiguration');
  await check('put-object-lock-existing-bucket-no-versioning', 'PutObjectLockConfiguration', lock);
  await check('suspended-versioning', 'PutBucketVersioning', versioning('Suspended'));
  await check('put-object-lock-existing-bucket-versioning-disabled', 'PutObjectLockConfiguration', lock);
  await check('enabled-versioning', 'PutBucketVersioning', versioning('Enabled'));
  await check('put-object-lock-existing-bucket-enabled', 'PutObjectLockConfiguration', lock);
  await check('get-object-lock-existing-bucket-enabled', 'GetObjectLockConfiguration');
};

const ownership: Play = async ({ check, s3, Bucket, scene }) => {
  await check('default-ownership', 'GetBucketOwnershipControls');
  await check('put-ownership', 'PutBucketOwnershipControls', {
    OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
  });
  await check('get-ownership', 'GetBucketOwnershipControls');
  await check('delete-ownership', 'DeleteBucketOwnershipControls');
  await check('get-ownership-after-delete', 'GetBucketOwnershipControls');
  await check('delete-ownership-after-delete', 'DeleteBucketOwnershipControls');
  const other = `${Bucket}-2`;
  const CreateBucketConfiguration = { LocationConstraint: scene.region };
  await s3.ok('CreateBucket', { Bucket: other, CreateBucketConfiguration, ObjectOwnership: 'BucketOwnerPreferred' });
  await s3.check('get-ownership-at-creation', 'GetBucketOwnershipControls', { Bucket: other });
};

export const s3ConfigurationScenarios: Scenarios = {
  'TestS3BucketAccelerateConfiguration.test_bucket_acceleration_configuration_exc': inBucket(
    async ({ check, s3, Bucket, scene }) => {
      const status = (Status: string): object => ({ AccelerateConfiguration: { Status } });
      await check('put-bucket-accelerate-config-lowercase', 'PutBucketAccelerateConfiguration', status('enabled'));
      await check('put-bucket-accelerate-config-random', 'PutBucketAccelerateConfiguration', status('random'));
      const dotted = { Bucket: `${Bucket}.dotted` };
      await s3.ok('CreateBucket', { ...dotted, CreateBucketConfiguration: { LocationConstraint: scene.region } });
      const input = { ...dotted, ...status('Enabled') };
      await s3.check('put-bucket-accelerate-config-dot-bucket', 'PutBucketAccelerateConfiguration', input);
    },
  ),
  'TestS3BucketObjectTagging.test_create_bucket_with_empty_tags': async (scene) => {
    // There only us-east-1 was asked.
    const s3 = scene.service('s3', { region: 'us-east-1' });
    const Bucket = `bucket-${scene.region}`;
    await s3.check('create-bucket-with-empty-tags', 'CreateBucket', { Bucket, CreateBucketConfiguration: { Tags: [] } });
    await s3.check('get-bucket-tags', 'GetBucketTagging', { Bucket });
    await s3.check('create-bucket-with-none-tags', 'CreateBucket', { Bucket, CreateBucketConfiguration: {} });
  },
  'TestS3BucketObjectTagging.test_head_object_with_tags': inBucket(countedTags),
  'TestS3BucketObjectTagging.test_put_object_with_tags': inBucket(objectTags),
  'TestS3BucketOwnershipControls.test_crud_bucket_ownership_controls': inBucket(ownership),
  'TestS3ObjectLock.test_put_object_lock_configuration_on_existing_bucket': inBucket(locked),
  'TestS3MetricsConfiguration.test_delete_metrics_configuration': inBucket(async ({ check, ok }) => {
    await ok('PutBucketMetricsConfiguration', metrics('a'));
    await check('delete_bucket_metrics_configuration', 'DeleteBucketMetricsConfiguration', { Id: 'a' });
    await check('get_bucket_metrics_configuration', 'GetBucketMetricsConfiguration', { Id: 'a' });
  }),
  'TestS3MetricsConfiguration.test_delete_metrics_configuration_twice': inBucket(async ({ check, ok }) => {
    await ok('PutBucketMetricsConfiguration', metrics('a'));
    await check('delete_bucket_metrics_configuration_1', 'DeleteBucketMetricsConfiguration', { Id: 'a' });
    await check('delete_bucket_metrics_configuration_2', 'DeleteBucketMetricsConfiguration', { Id: 'a' });
  }),
  'TestS3MetricsConfiguration.test_get_bucket_metrics_configuration_not_exist': inBucket(async ({ check }) => {
    await check('get_bucket_metrics_configuration', 'GetBucketMetricsConfiguration', { Id: 'a' });
  }),
  'TestS3MetricsConfiguration.test_list_bucket_metrics_configurations': inBucket(async ({ check, ok }) => {
    for (const id of ['b', 'a']) await ok('PutBucketMetricsConfiguration', metrics(id));
    await check('list_bucket_metrics_configurations', 'ListBucketMetricsConfigurations');
  }),
  'TestS3MetricsConfiguration.test_overwrite_bucket_metrics_configuration': inBucket(async ({ check, ok }) => {
    await ok('PutBucketMetricsConfiguration', metrics('a'));
    await check('overwrite_bucket_metrics_configuration', 'PutBucketMetricsConfiguration', metrics('a', 'logs/new-prefix'));
    await check('get_bucket_metrics_configuration', 'GetBucketMetricsConfiguration', { Id: 'a' });
  }),
};
