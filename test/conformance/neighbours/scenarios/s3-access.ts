import type { Answer } from '../../kit/stage.ts';
import { each, type Scenarios } from '../kit/stage.ts';
import { body, inBucket, type Play } from './s3-kit.ts';

const logDelivery = 'http://acs.amazonaws.com/groups/s3/LogDelivery';
const fakeGroup = 'http://acs.amazonaws.com/groups/s3/FakeGroup';
/** Buckets whose objects may have lists of their own. */
const withLists = { ObjectOwnership: 'ObjectWriter' };

/** The same mistakes in the list of a bucket and of an object. */
const mistakes =
  (isObject: boolean): Play =>
  async ({ check, ok }) => {
    const [what, Key] = isObject ? ['object', 'k'] : ['bucket', undefined];
    if (isObject) await ok('PutObject', { Key });
    await ok('DeletePublicAccessBlock');
    const operation = isObject ? 'PutObjectAcl' : 'PutBucketAcl';
    const put = (name: string, input: object): Promise<Answer> => check(`put-${what}-${name}`, operation, { Key, ...input });
    if (isObject) {
      await check('put-object-canned-acl', 'PutObject', { Key, ACL: 'fake-acl' });
      await put('acl-canned-acl', { ACL: 'fake-acl' });
    } else await put('canned-acl', { ACL: 'fake-acl' });
    await put('grant-acl-fake-uri', { GrantWrite: `uri="${fakeGroup}"` });
    await put('grant-acl-fake-key', { GrantWrite: 'fakekey="1234"' });
    await put('grant-acl-wrong-id', { GrantWrite: 'id="wrong-id"' });
    const { Owner } = await ok(isObject ? 'GetObjectAcl' : 'GetBucketAcl', { Key });
    const grantee = { ID: (Owner as Answer)['ID'], Type: 'CanonicalUser' };
    const policy = (Grantee: object, Permission: string, of: unknown = Owner): object => ({
      AccessControlPolicy: { ...(of === undefined ? {} : { Owner: of }), Grants: [{ Grantee, Permission }] },
    });
    await put('acp-acl-1', { AccessControlPolicy: { Grants: [{ Grantee: grantee, Permission: 'READ' }] } });
    await put('acp-acl-2', policy({ URI: logDelivery }, 'READ'));
    await put('acp-acl-3', policy({ Type: 'Group', URI: logDelivery }, 'READ', { ID: 'wrong-id' }));
    await put('acp-acl-4', policy({ Type: 'Group', URI: fakeGroup }, 'READ'));
    await put('acp-acl-5', policy({ Type: 'CanonicalUser', ID: 'wrong-id' }, 'READ'));
    await put('acp-acl-6', policy({ Type: 'Group', URI: logDelivery }, 'FAKE'));
    await put('empty-acp', { AccessControlPolicy: {} });
    await put(isObject ? 'acl-empty' : 'empty', {});
    await put('two-type-acl', { ACL: 'public-read', GrantRead: `uri="${logDelivery}"` });
    await put('two-type-acl-acp', { ACL: 'public-read', ...policy({ Type: 'Group', URI: logDelivery }, 'READ') });
  };

const objectLists: Play = async ({ check, ok }) => {
  const Key = 'object-key-acl';
  await ok('DeletePublicAccessBlock');
  await check('put-object-default-acl', 'PutObject', { Key });
  await check('get-object-acl-default', 'GetObjectAcl', { Key });
  await check('put-object-acl', 'PutObjectAcl', { Key, ACL: 'public-read' });
  const { Owner } = await check('get-object-acl', 'GetObjectAcl', { Key });
  await ok('PutObjectAcl', { Key, GrantRead: `uri="${logDelivery}"` });
  await check('get-object-grant-acl', 'GetObjectAcl', { Key });
  const Grants = [
    { Grantee: { ID: (Owner as Answer)['ID'], Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' },
    { Grantee: { URI: logDelivery, Type: 'Group' }, Permission: 'WRITE' },
  ];
  await ok('PutObjectAcl', { Key, AccessControlPolicy: { Owner, Grants } });
  await check('get-object-acp-acl', 'GetObjectAcl', { Key });
};

const uploadLists: Play = async ({ scene, check, ok }) => {
  scene.stage.apart('ID');
  await ok('DeletePublicAccessBlock');
  await ok('PutBucketAcl', { ACL: 'public-read' });
  await check('bucket-acl', 'GetBucketAcl');
  for (const [index, ACL] of [undefined, 'private', 'public-read-write'].entries()) {
    const Key = `key${index}`;
    const { UploadId } = await ok('CreateMultipartUpload', { Key, ...(ACL === undefined ? {} : { ACL }) });
    const { ETag } = await ok('UploadPart', { Key, UploadId, PartNumber: 1, Body: body('data') });
    await ok('CompleteMultipartUpload', { Key, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } });
    await check(`permission-acl-key${index}`, 'GetObjectAcl', { Key });
  }
};

const policyOf = (Bucket: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }],
  });

const owner = '000000000002';
const shownPolicy: Play = async ({ scene, check, ok, Bucket }) => {
  await check('get-bucket-policy-no-such-bucket-policy', 'GetBucketPolicy');
  await ok('PutBucketPolicy', { Policy: policyOf(Bucket) });
  await check('get-bucket-policy', 'GetBucketPolicy');
  const ExpectedBucketOwner = scene.account;
  await check('get-bucket-policy-with-expected-bucket-owner', 'GetBucketPolicy', { ExpectedBucketOwner });
  await check('get-bucket-policy-with-expected-bucket-owner-error', 'GetBucketPolicy', { ExpectedBucketOwner: owner });
};

const lock = (DefaultRetention?: object): object => ({
  ObjectLockConfiguration: {
    ObjectLockEnabled: 'Enabled',
    ...(DefaultRetention === undefined ? {} : { Rule: { DefaultRetention } }),
  },
});
const locking = { ObjectLockEnabledForBucket: true };
const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * 60_000);

const defaultRetention: Play = async ({ check }) => {
  await check('put-lock-config', 'PutObjectLockConfiguration', lock({ Mode: 'GOVERNANCE', Days: 1 }));
  await check('put-object-default', 'PutObject', { Key: 'default', Body: body('test-default-lock') });
  await check('head-object-default', 'HeadObject', { Key: 'default' });
  const put = { Key: 'locked', Body: body('test-put-object-lock'), ObjectLockMode: 'GOVERNANCE' };
  await check('put-object-with-lock', 'PutObject', { ...put, ObjectLockRetainUntilDate: inMinutes(10) });
  await check('head-object-with-lock', 'HeadObject', { Key: 'locked' });
  await check('put-object-with-lock-no-date', 'PutObject', put);
};

const extended: Play = async ({ check }) => {
  const Key = 'locked';
  const put = { Key, Body: body('test-put-object-lock'), ObjectLockMode: 'GOVERNANCE' };
  await check('put-object-with-lock', 'PutObject', { ...put, ObjectLockRetainUntilDate: inMinutes(10) });
  await check('head-object-with-lock', 'HeadObject', { Key });
  const retain = (name: string, minutes: number): Promise<Answer> =>
    check(name, 'PutObjectRetention', { Key, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: inMinutes(minutes) } });
  await retain('put-object-retention-extend', 20);
  await check('head-object-with-lock-extended', 'HeadObject', { Key });
  await retain('put-object-retention-reduce', 5);
};

const held: Play = async ({ check }) => {
  const Key = 'test-delete-locked';
  const LegalHold = (Status: string): object => ({ Key, LegalHold: { Status } });
  await check('put-obj', 'PutObject', { Key, Body: body('test') });
  await check('get-legal-hold-unset', 'GetObjectLegalHold', { Key });
  await check('put-object-legal-hold', 'PutObjectLegalHold', LegalHold('ON'));
  await check('head-object-with-legal-hold', 'HeadObject', { Key });
  await check('get-legal-hold-set', 'GetObjectLegalHold', { Key });
  await check('put-object-legal-hold-off', 'PutObjectLegalHold', LegalHold('OFF'));
};

const holdMistakes: Play = async ({ check, ok, s3, Bucket, scene }) => {
  const on = { LegalHold: { Status: 'ON' } };
  await s3.check('put-object-legal-hold-no-bucket', 'PutObjectLegalHold', { Bucket: `none-${Bucket}`, Key: 'k', ...on });
  await check('put-object-legal-hold-no-key', 'PutObjectLegalHold', { Key: 'non-existing-key', ...on });
  const regular = { Bucket: `${Bucket}-2`, Key: 'k' };
  await s3.ok('CreateBucket', { Bucket: regular.Bucket, CreateBucketConfiguration: { LocationConstraint: scene.region } });
  await s3.ok('PutObject', regular);
  await s3.check('put-object-retention-regular-bucket', 'PutObjectLegalHold', { ...regular, ...on });
  await ok('PutObject', { Key: 'k' });
  await check('put-object-retention-empty', 'PutObjectLegalHold', { Key: 'k', LegalHold: {} });
  await s3.check('get-object-retention-regular-bucket', 'GetObjectLegalHold', regular);
};

const expiring = (rule: object): object => ({
  LifecycleConfiguration: { Rules: [{ ID: 'wholebucket', Filter: { Prefix: '' }, Status: 'Enabled', ...rule }] },
});

const lifecycleMistakes: Play = async ({ check }) => {
  const put = (name: string, rule: object): Promise<Answer> =>
    check(name, 'PutBucketLifecycleConfiguration', { LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ...rule }] } });
  const Expiration = { Days: 7 };
  const Filter = { Prefix: '' };
  await put('missing-id', { Expiration });
  await put('missing-filter', { ID: 'a', Expiration });
  await put('missing-noncurrent-version-expiration-data', { ID: 'a', Filter, NoncurrentVersionExpiration: {} });
  await put('wrong-filter-and-plus-prefix', { ID: 'a', Filter: { Prefix: '', And: { Prefix: 'a' } }, Expiration });
  await put('wrong-filter-and-and-object-size', {
    ID: 'a',
    Filter: { ObjectSizeGreaterThan: 1, And: { Prefix: 'a' } },
    Expiration,
  });
  await put('wrong-data-no-midnight', { ID: 'a', Filter, Expiration: { Date: new Date('2030-01-01T01:00:00Z') } });
  const tag = { Key: 'a', Value: 'b' };
  await put('duplicate-tag-keys', { ID: 'a', Filter: { And: { Tags: [tag, tag] } }, Expiration });
  await put('expired-delete-marker-and-days', { ID: 'a', Filter, Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } });
};

/** Told on which day an object expires: by the rules that there are when it is asked for. */
const expiry: Play = async ({ check, ok }) => {
  await ok('PutObject', { Key: 'k', Body: body('test') });
  await ok('PutBucketLifecycleConfiguration', expiring({ ID: 'rule_number_one', Expiration: { Days: 7 } }));
  await check('get-bucket-lifecycle-conf', 'GetBucketLifecycleConfiguration');
  await check('head-object-expiry', 'HeadObject', { Key: 'k' });
  await check('get-object-expiry', 'GetObject', { Key: 'k' });
};

const expiryAfter: Play = async ({ check, ok }) => {
  await check('put-object-before', 'PutObject', { Key: 'before', Body: body('test') });
  await ok('PutBucketLifecycleConfiguration', expiring({ ID: 'rule3', Filter: {}, Expiration: { Days: 7 } }));
  await check('get-bucket-lifecycle-conf', 'GetBucketLifecycleConfiguration');
  await check('head-object-expiry-before', 'HeadObject', { Key: 'before' });
  await check('put-object-after', 'PutObject', { Key: 'after', Body: body('test') });
  await check('head-object-expiry-after', 'HeadObject', { Key: 'after' });
};

const twoRules = (one: object, two: object): object => ({
  LifecycleConfiguration: {
    Rules: [
      { ID: 'rule_one', Status: 'Enabled', Expiration: { Days: 7 }, Filter: one },
      { ID: 'rule_two', Status: 'Enabled', Expiration: { Days: 7 }, Filter: two },
    ],
  },
});

const expiryBySize: Play = async ({ check, ok }) => {
  await ok('PutBucketLifecycleConfiguration', twoRules({ ObjectSizeGreaterThan: 20 }, { ObjectSizeLessThan: 10 }));
  await check('get-bucket-lifecycle-conf', 'GetBucketLifecycleConfiguration');
  await check('put-object-match-rule-1', 'PutObject', { Key: '1', Body: body('a'.repeat(22)) });
  await check('put-object-match-rule-2', 'PutObject', { Key: '2', Body: body('a'.repeat(5)) });
  await check('put-object-no-match', 'PutObject', { Key: '3', Body: body('a'.repeat(15)) });
};

const expiryByTag: Play = async ({ check, ok }) => {
  const first = { Key: 'testlifecycle', Value: 'positive' };
  const second = { Key: 'testlifecycletwo', Value: 'positive-two' };
  await ok('PutBucketLifecycleConfiguration', twoRules({ Tag: first }, { And: { Tags: [first, second] } }));
  await check('get-bucket-lifecycle-conf', 'GetBucketLifecycleConfiguration');
  const both = async (name: string, Tagging?: string): Promise<void> => {
    await check(`put-object-${name}`, 'PutObject', {
      Key: name,
      Body: body('test'),
      ...(Tagging === undefined ? {} : { Tagging }),
    });
    await check(`get-object-${name}`, 'GetObject', { Key: name });
  };
  await both('match-both-rules', 'testlifecycle=positive&testlifecycletwo=positive-two');
  await both('match-rule-1', 'testlifecycle=positive');
  await both('no-match', 'testlifecycle=negative');
  await both('no-tags');
};

const expiryOfMarkers: Play = async ({ check, ok }) => {
  const rule = { ID: 'rule-marker', Filter: {}, Expiration: { ExpiredObjectDeleteMarker: true } };
  await ok('PutBucketLifecycleConfiguration', expiring(rule));
  await check('get-bucket-lifecycle-conf', 'GetBucketLifecycleConfiguration');
  await check('put-object', 'PutObject', { Key: 'k', Body: body('test') });
  await check('head-object', 'HeadObject', { Key: 'k' });
};

const leastSizes: Play = async ({ check }) => {
  const both = async (name: string, size?: string): Promise<void> => {
    const more = size === undefined ? {} : { TransitionDefaultMinimumObjectSize: size };
    await check(name, 'PutBucketLifecycleConfiguration', { ...expiring({ Expiration: { Days: 7 } }), ...more });
    await check(`get-${name}`, 'GetBucketLifecycleConfiguration');
  };
  await both('varies-by-storage', 'varies_by_storage_class');
  await both('default');
  await both('all-storage', 'all_storage_classes_128K');
  await check('bad-value', 'PutBucketLifecycleConfiguration', {
    ...expiring({ Expiration: { Days: 7 } }),
    TransitionDefaultMinimumObjectSize: 'value',
  });
};

const inventory = (more: object = {}, destination: object = {}): object => ({
  Id: 'test-inventory',
  InventoryConfiguration: {
    Id: 'test-inventory',
    Destination: { S3BucketDestination: { Bucket: 'arn:aws:s3:::destination', Format: 'CSV', ...destination } },
    IsEnabled: true,
    IncludedObjectVersions: 'All',
    OptionalFields: ['Size', 'ETag'],
    Schedule: { Frequency: 'Daily' },
    ...more,
  },
});

const tier = (Id: string, Prefix = Id, more: object = {}): object => ({
  Id,
  IntelligentTieringConfiguration: {
    Id,
    Filter: { Prefix },
    Status: 'Enabled',
    Tierings: [{ AccessTier: 'ARCHIVE_ACCESS', Days: 90 }],
    ...more,
  },
});

const tiers: Play = async ({ check, ok, s3, Bucket }) => {
  const of = (name: string): string => `${name}_bucket_intelligent_tiering_configuration`;
  const put = 'PutBucketIntelligentTieringConfiguration';
  await check(`${of('put')}_err_1\``, put, tier('test1', 'test1', { Tierings: undefined }));
  await check(`${of('put')}_1`, put, tier('test1'));
  await check(`${of('get')}_1`, 'GetBucketIntelligentTieringConfiguration', { Id: 'test1' });
  await ok(put, tier('test2'));
  const list = (number: number): Promise<Answer> =>
    check(`${of('list')}s_${number}`, 'ListBucketIntelligentTieringConfigurations');
  await list(1);
  await ok(put, tier('test1', 'testupdate'));
  await list(2);
  const remove = 'DeleteBucketIntelligentTieringConfiguration';
  await s3.check(`${of('delete')}_err_1`, remove, { Bucket: `none-${Bucket}`, Id: 'test1' });
  await check(`${of('delete')}_err_2`, remove, { Id: 'none' });
  await ok(remove, { Id: 'test1' });
  await list(3);
};

export const s3AccessScenarios: Scenarios = {
  'TestS3.test_s3_bucket_acl_exceptions': inBucket(mistakes(false), withLists),
  'TestS3.test_s3_object_acl_exceptions': inBucket(mistakes(true), withLists),
  'TestS3.test_s3_object_acl': inBucket(objectLists, withLists),
  'TestS3.test_s3_multipart_upload_acls': inBucket(uploadLists, withLists),
  'TestS3.test_get_bucket_policy': inBucket(shownPolicy),
  'TestS3.test_delete_bucket_policy': inBucket(async ({ check, ok, Bucket }) => {
    await ok('PutBucketPolicy', { Policy: policyOf(Bucket) });
    await check('delete-bucket-policy', 'DeleteBucketPolicy');
    await check('get-bucket-policy-no-such-bucket-policy', 'GetBucketPolicy');
  }),
  'TestS3.test_put_bucket_policy_expected_bucket_owner': inBucket(async ({ scene, check, Bucket }) => {
    const put = (name: string, ExpectedBucketOwner: string): Promise<Answer> =>
      check(name, 'PutBucketPolicy', { Policy: policyOf(Bucket), ExpectedBucketOwner });
    await put('put-bucket-policy-with-expected-bucket-owner-error', owner);
    await put('put-bucket-policy-with-expected-bucket-owner', scene.account);
  }),
  ...each(
    'TestS3.test_put_bucket_policy_invalid_account_id',
    { '0000': '0000', '0000000000020': '0000000000020', abcd: 'abcd' },
    (ExpectedBucketOwner) =>
      inBucket(async ({ check, Bucket }) => {
        const input = { Policy: policyOf(Bucket), ExpectedBucketOwner };
        await check('put-bucket-policy-invalid-bucket-owner', 'PutBucketPolicy', input);
      }),
  ),
  ...each('TestS3.test_get_bucket_policy_invalid_account_id', { aa000000000$: 'aa000000000$' }, (ExpectedBucketOwner) =>
    inBucket(async ({ check }) => {
      await check('get-bucket-policy-invalid-bucket-owner', 'GetBucketPolicy', { ExpectedBucketOwner });
    }),
  ),
  'TestS3.test_s3_request_payer': inBucket(async ({ check }) => {
    const RequestPaymentConfiguration = { Payer: 'Requester' };
    await check('put-bucket-request-payment', 'PutBucketRequestPayment', { RequestPaymentConfiguration });
    await check('get-bucket-request-payment', 'GetBucketRequestPayment');
  }),
  'TestS3ObjectLockRetention.test_bucket_config_default_retention': inBucket(defaultRetention, locking),
  'TestS3ObjectLockRetention.test_object_lock_extend_duration': inBucket(extended, locking),
  'TestS3ObjectLockLegalHold.test_put_get_object_legal_hold': inBucket(held, locking),
  'TestS3ObjectLockLegalHold.test_put_object_legal_hold_exc': inBucket(holdMistakes, locking),
  'TestS3ObjectLockLegalHold.test_s3_copy_object_legal_hold': inBucket(async ({ check, Bucket }) => {
    const put = { Key: 'source', Body: body('{"key": "value"}'), ObjectLockLegalHoldStatus: 'ON' };
    await check('put-object', 'PutObject', put);
    await check('head-object', 'HeadObject', { Key: 'source' });
    await check('copy-legal-hold', 'CopyObject', { Key: 'dest', CopySource: `${Bucket}/source` });
    await check('head-dest-key', 'HeadObject', { Key: 'dest' });
  }, locking),
  'TestS3BucketLifecycle.test_put_bucket_lifecycle_conf_exc': inBucket(lifecycleMistakes),
  'TestS3BucketLifecycle.test_s3_transition_default_minimum_object_size': inBucket(leastSizes),
  'TestS3BucketLifecycle.test_bucket_lifecycle_configuration_object_expiry': inBucket(expiry),
  'TestS3BucketLifecycle.test_object_expiry_after_bucket_lifecycle_configuration': inBucket(expiryAfter),
  'TestS3BucketLifecycle.test_bucket_lifecycle_object_size_rules': inBucket(expiryBySize),
  'TestS3BucketLifecycle.test_bucket_lifecycle_tag_rules': inBucket(expiryByTag),
  'TestS3BucketLifecycle.test_lifecycle_expired_object_delete_marker': inBucket(expiryOfMarkers),
  'TestS3BucketLifecycle.test_bucket_lifecycle_configuration_date': inBucket(async ({ check, ok }) => {
    const rule = { ID: 'rule_number_one', Filter: {}, Expiration: { Date: new Date('2030-01-01T00:00:00Z') } };
    await ok('PutBucketLifecycleConfiguration', expiring(rule));
    await check('get-bucket-lifecycle-conf', 'GetBucketLifecycleConfiguration');
  }),
  'TestS3.test_s3_inventory_report_crud': inBucket(async ({ check }) => {
    await check('put-inventory-config', 'PutBucketInventoryConfiguration', inventory());
    await check('list-inventory-config', 'ListBucketInventoryConfigurations');
    await check('get-inventory-config', 'GetBucketInventoryConfiguration', { Id: 'test-inventory' });
    await check('del-inventory-config', 'DeleteBucketInventoryConfiguration', { Id: 'test-inventory' });
    await check('list-inventory-config-after-del', 'ListBucketInventoryConfigurations');
    await check('get-nonexistent-inv-config', 'GetBucketInventoryConfiguration', { Id: 'test-inventory' });
  }),
  'TestS3.test_s3_put_inventory_report_exceptions': inBucket(async ({ check }) => {
    const put = (name: string, input: object): Promise<Answer> => check(name, 'PutBucketInventoryConfiguration', input);
    await put('wrong-id', { ...inventory(), Id: 'another' });
    await put('wrong-destination-arn', inventory({}, { Bucket: 'destination' }));
    await put('wrong-destination-format', inventory({}, { Format: 'WRONG' }));
    await put('wrong-schedule-frequency', inventory({ Schedule: { Frequency: 'Hourly' } }));
    await put('wrong-object-versions', inventory({ IncludedObjectVersions: 'Wrong' }));
    await put('wrong-optional-field', inventory({ OptionalFields: ['Wrong'] }));
  }),
  'TestS3.test_s3_intelligent_tier_config': inBucket(tiers),
};
