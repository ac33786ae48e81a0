import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-s3';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { openS3 } from './index.ts';

const Bucket = 'bucket-one';
const at = { Bucket, Key: 'k' };
const copy = { ...at, CopySource: `${Bucket}/k`, Key: 'copy' };
const rule = { ID: 'r', Priority: 1, Status: 'Enabled', Filter: {}, DeleteMarkerReplication: { Status: 'Disabled' } } as const;
const replication = (to: string): sdk.PutBucketReplicationCommandInput => ({
  Bucket,
  ReplicationConfiguration: { Role: 'arn:aws:iam::000000000000:role/r', Rules: [{ ...rule, Destination: { Bucket: to } }] },
});
const cors = (more: object): sdk.PutBucketCorsCommandInput => ({
  Bucket,
  CORSConfiguration: { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'], ...more }] },
});
const logging = (TargetBucket: string): sdk.PutBucketLoggingCommandInput => ({
  Bucket,
  BucketLoggingStatus: { LoggingEnabled: { TargetBucket, TargetPrefix: 'log/' } },
});
const policy = (Resource: string): sdk.PutBucketPolicyCommandInput => ({
  Bucket,
  Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource }] }),
});
const other = 'x' as never;

/** What S3 will not do, the code and the text it says so with. */
const refused: readonly (readonly [string, (s3: sdk.S3) => Promise<unknown>, string, RegExp])[] = [
  ['a class of storage that is none', (s3) => s3.putObject({ ...at, StorageClass: other }), 'InvalidStorageClass', /not valid$/],
  [
    'an encryption that is none',
    (s3) => s3.putObject({ ...at, ServerSideEncryption: other }),
    'InvalidArgument',
    /not supported$/,
  ],
  ['a key of KMS without KMS', (s3) => s3.putObject({ ...at, SSEKMSKeyId: 'k' }), 'InvalidArgument', /requires HTTP header/],
  [
    'a redirect to nowhere',
    (s3) => s3.putObject({ ...at, WebsiteRedirectLocation: 'there' }),
    'InvalidRedirectLocation',
    /prefix of/,
  ],
  [
    'a directive that is none',
    (s3) => s3.copyObject({ ...copy, MetadataDirective: other }),
    'InvalidArgument',
    /^Unknown metadata/,
  ],
  ['another that is none', (s3) => s3.copyObject({ ...copy, TaggingDirective: other }), 'InvalidArgument', /^Unknown tagging/],
  [
    'attributes that objects do not have',
    (s3) => s3.getObjectAttributes({ ...at, ObjectAttributes: [other] }),
    'InvalidArgument',
    /^Invalid attribute name/,
  ],
  [
    'origins of two stars',
    (s3) => s3.putBucketCors(cors({ AllowedOrigins: ['http://*.*.com'] })),
    'InvalidRequest',
    /one wildcard/,
  ],
  ['exposing whatever there is', (s3) => s3.putBucketCors(cors({ ExposeHeaders: ['*'] })), 'InvalidRequest', /contains wildcard/],
  [
    'a sum of parts where only sums of the whole are',
    (s3) => s3.createMultipartUpload({ ...at, ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' }),
    'InvalidRequest',
    /^The COMPOSITE checksum type cannot be used with the crc64nvme/,
  ],
  [
    'a sum of parts that nobody knows',
    (s3) => s3.createMultipartUpload({ ...at, ChecksumAlgorithm: other }),
    'InvalidRequest',
    /valid types: \[CRC32, CRC32C, CRC64NVME, SHA1, SHA256\]$/,
  ],
  [
    'parts after a word',
    async (s3) => s3.listParts({ ...at, UploadId: (await s3.createMultipartUpload(at)).UploadId, PartNumberMarker: 'x' }),
    'InvalidArgument',
    /not an integer/,
  ],
  ['a replication to nowhere', (s3) => s3.putBucketReplication(replication('arn:aws:s3:::no')), 'InvalidRequest', /^Destination/],
  ['logs for nobody', (s3) => s3.putBucketLogging(logging('no-bucket')), 'InvalidTargetBucketForLogging', /does not exist$/],
  ['a policy about others', (s3) => s3.putBucketPolicy(policy('arn:aws:s3:::other/*')), 'MalformedPolicy', /invalid resource$/],
  [
    'a block of nothing',
    (s3) => s3.putPublicAccessBlock({ Bucket, PublicAccessBlockConfiguration: {} }),
    'InvalidRequest',
    /at least one/,
  ],
  [
    'versioning of no kind',
    (s3) => s3.putBucketVersioning({ Bucket, VersioningConfiguration: {} }),
    'IllegalVersioningConfigurationException',
    /must be specified$/,
  ],
  [
    'letters that tags have not',
    (s3) => s3.putBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: 'a,b', Value: '' }] } }),
    'InvalidTag',
    /TagKey/,
  ],
  ['a name that AWS keeps', (s3) => s3.createBucket({ Bucket: 'xn--bucket' }), 'InvalidBucketName', /not valid\.$/],
  ['a list of no buckets', (s3) => s3.listBuckets({ MaxBuckets: 0 }), 'InvalidArgument', /between 1 and 10000$/],
];

async function openBucket() {
  const folder = temporaryFolder();
  const database = new PlainDatabase(path.join(folder.path, 'db'));
  const common = { database, clock: systemClock, random: systemRandom, log: silentLogger };
  const service = await openS3({ ...common, dir: path.join(folder.path, 's3') });
  const street = await openStreet({ s3: service.handlers }, { buckets: service.port });
  const s3 = new sdk.S3({ ...street.client, forcePathStyle: true });
  await s3.createBucket({ Bucket });
  await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  await s3.putObject({ ...at, Body: 'x' });
  return {
    s3,
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await street[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

suite('what S3 refuses', () => {
  test('is told by its code and in its words', async (t: TestContext) => {
    await using bucket = await openBucket();
    for (const [title, ask, name, message] of refused) await t.assert.rejects(ask(bucket.s3), { name, message }, title);
  });

  test('is not what it takes: stars in policies, two versioned buckets, a block of some', async (t: TestContext) => {
    await using bucket = await openBucket();
    const { s3 } = bucket;
    for (const Resource of ['arn:aws:s3:::bucket-one', 'arn:aws:s3:::buck*/*', 'arn:aws:s3:::*o*e', 'arn:aws:s3:::*'])
      await s3.putBucketPolicy(policy(Resource));
    await t.assert.rejects(s3.putBucketPolicy(policy('arn:aws:s3:::*one*one')), { name: 'MalformedPolicy' });
    await s3.createBucket({ Bucket: 'bucket-two' });
    await s3.putBucketVersioning({ Bucket: 'bucket-two', VersioningConfiguration: { Status: 'Enabled' } });
    await s3.putBucketReplication(replication('arn:aws:s3:::bucket-two'));
    const suspend = s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: 'Suspended' } });
    await t.assert.rejects(suspend, { name: 'InvalidBucketState' });
    await s3.putBucketLogging(logging('bucket-two'));
    await s3.putPublicAccessBlock({ Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } });
    t.assert.deepEqual((await s3.getPublicAccessBlock({ Bucket })).PublicAccessBlockConfiguration, {
      BlockPublicAcls: true,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
    });
    const { SSEKMSKeyId } = await s3.putObject({ ...at, Body: 'x', ServerSideEncryption: 'aws:kms' });
    t.assert.match(SSEKMSKeyId ?? '', /^arn:aws:kms:us-east-1:000000000000:key\/[0-9a-f-]{36}$/);
  });
});
