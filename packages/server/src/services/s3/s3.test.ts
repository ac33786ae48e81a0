import { execFile } from 'node:child_process';
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import * as sdk from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { SignatureVerifier } from '@mayfly/wire';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet, type Street } from '../../../../../test/kit/street.ts';
import type { AwsDoorOptions } from '../../api/index.ts';
import { silentLogger, systemClock, systemRandom, type Clock } from '../../base/index.ts';
import { openSqs, type SqsPort } from '../sqs/index.ts';
import { Crc64Nvme } from './crc.ts';
import { openS3, type S3Ports, type S3Service } from './index.ts';

interface Town extends AsyncDisposable {
  readonly street: Street;
  readonly s3: sdk.S3;
  readonly service: S3Service;
  readonly queues: SqsPort;
  readonly queueArn: string;
  readonly dir: string;
}

async function openTown(
  options: {
    readonly folder?: string;
    readonly ports?: S3Ports;
    readonly door?: Partial<AwsDoorOptions>;
    readonly client?: Partial<sdk.S3ClientConfig>;
    readonly clock?: Clock;
  } = {},
): Promise<Town> {
  const folder = options.folder === undefined ? temporaryFolder() : undefined;
  const dir = options.folder ?? folder?.path ?? '';
  const database = new PlainDatabase(path.join(dir, 'db'));
  const common = { database, clock: options.clock ?? systemClock, random: systemRandom, log: silentLogger };
  const sqs = await openSqs(common);
  const call = { account: '000000000000', region: 'us-east-1', origin: 'http://here' } as Parameters<
    typeof sqs.handlers.CreateQueue
  >[1];
  await sqs.handlers.CreateQueue({ QueueName: 'q' }, call);
  const service = await openS3({ ...common, dir: path.join(dir, 's3'), ports: { sqs: sqs.port, ...options.ports } });
  const street = await openStreet({ s3: service.handlers }, { buckets: service.port, ...options.door });
  const s3 = new sdk.S3({ ...street.client, forcePathStyle: true, ...options.client });
  return {
    street,
    s3,
    service,
    queues: sqs.port,
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
    dir,
    async [Symbol.asyncDispose]() {
      s3.destroy();
      sqs.close();
      await street[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await sqs[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      folder?.[Symbol.dispose]();
    },
  };
}

const Bucket = 'bucket-one';
const text = async (output: sdk.GetObjectCommandOutput): Promise<string> => (await output.Body?.transformToString()) ?? '';
const files = (dir: string): string[] =>
  readdirSync(path.join(dir, 's3'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

suite('S3 objects', { timeout: 60_000 }, () => {
  test('an object comes back with what was put beside it', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    const Key = "dir//ä & <b> 'x' +%2F.txt";
    const put = await s3.putObject({
      Bucket,
      Key,
      Body: 'hello',
      ContentType: 'text/plain',
      CacheControl: 'no-store',
      ContentEncoding: 'identity',
      Metadata: { Color: 'red' },
      Tagging: 'a=1&b=2',
    });
    t.assert.strictEqual(put.ETag, '"5d41402abc4b2a76b9719d911017c592"');
    const got = await s3.getObject({ Bucket, Key, ChecksumMode: 'ENABLED' });
    t.assert.strictEqual(await text(got), 'hello');
    t.assert.strictEqual(got.ContentType, 'text/plain');
    t.assert.strictEqual(got.CacheControl, 'no-store');
    t.assert.strictEqual(got.ContentEncoding, 'identity');
    t.assert.deepStrictEqual(got.Metadata, { color: 'red' });
    t.assert.strictEqual(got.TagCount, 2);
    t.assert.strictEqual(got.ChecksumCRC32, 'NhCmhg==');
    t.assert.strictEqual(got.ServerSideEncryption, 'AES256');
    const head = await s3.headObject({ Bucket, Key });
    t.assert.strictEqual(head.ContentLength, 5);
    t.assert.deepStrictEqual(
      (await s3.listObjectsV2({ Bucket })).Contents?.map((each) => each.Key),
      [Key],
    );
    await s3.deleteObject({ Bucket, Key });
    await t.assert.rejects(s3.getObject({ Bucket, Key }), (error: sdk.NoSuchKey) => error instanceof sdk.NoSuchKey);
    await t.assert.rejects(s3.headObject({ Bucket, Key }), { name: 'NotFound' });
  });

  test('large bodies stream both ways, as an unsigned stream with a trailing checksum', async (t: TestContext) => {
    await using town = await openTown({ client: { requestChecksumCalculation: 'WHEN_SUPPORTED' } });
    await town.s3.createBucket({ Bucket });
    const bytes = 30_000_000;
    const chunk = Buffer.alloc(100_000, 'abcdefghij');
    let onDisk = 0;
    const source = Readable.from(
      (function* () {
        for (let sent = 0; sent < bytes; sent += chunk.length) {
          if (sent + chunk.length >= bytes)
            onDisk = files(town.dir).reduce((sum, name) => sum + statSync(path.join(town.dir, 's3', 'tmp', name)).size, 0);
          yield chunk;
        }
      })(),
      { objectMode: false },
    );
    await town.s3.putObject({ Bucket, Key: 'big', Body: source, ContentLength: bytes, ChecksumAlgorithm: 'SHA256' });
    t.assert.ok(onDisk > 1_000_000, `${onDisk} bytes were on disk before the last were sent`);
    const { Body } = await town.s3.getObject({ Bucket, Key: 'big' });
    const hash = createHash('md5');
    let seen = 0;
    for await (const piece of Body as Readable) {
      hash.update(piece as Buffer);
      seen += (piece as Buffer).length;
    }
    t.assert.strictEqual(seen, bytes);
    t.assert.strictEqual(`"${hash.digest('hex')}"`, (await town.s3.headObject({ Bucket, Key: 'big' })).ETag);
  });

  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
    test(`a ${ChecksumAlgorithm} is checked and kept`, async (t: TestContext) => {
      await using town = await openTown();
      await town.s3.createBucket({ Bucket });
      const known = { CRC32: 'y/Q5Jg==', CRC32C: '4waSgw==', CRC64NVME: 'rosUhgp5mIg=' } as const;
      const member = `Checksum${ChecksumAlgorithm}` as const;
      const body = ChecksumAlgorithm.startsWith('CRC') ? '123456789' : 'x';
      const sums: Readonly<Record<string, string>> = {
        CRC32: known.CRC32,
        CRC32C: known.CRC32C,
        CRC64NVME: known.CRC64NVME,
        SHA1: createHash('sha1').update(body).digest('base64'),
        SHA256: createHash('sha256').update(body).digest('base64'),
      };
      await town.s3.putObject({ Bucket, Key: 'k', Body: body, [member]: sums[ChecksumAlgorithm] });
      const head = await town.s3.headObject({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' });
      t.assert.strictEqual(head[member], sums[ChecksumAlgorithm]);
      await t.assert.rejects(town.s3.putObject({ Bucket, Key: 'bad', Body: 'other', [member]: sums[ChecksumAlgorithm] }), {
        name: 'BadDigest',
      });
      await t.assert.rejects(town.s3.headObject({ Bucket, Key: 'bad' }), { name: 'NotFound' });
    });
  }

  test('ranges and conditions answer 206, 304, 412 and 416', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    const { ETag } = await s3.putObject({ Bucket, Key: 'k', Body: '0123456789' });
    const part = await s3.getObject({ Bucket, Key: 'k', Range: 'bytes=2-4' });
    t.assert.strictEqual(part.$metadata.httpStatusCode, 206);
    t.assert.strictEqual(part.ContentRange, 'bytes 2-4/10');
    t.assert.strictEqual(await text(part), '234');
    t.assert.strictEqual(await text(await s3.getObject({ Bucket, Key: 'k', Range: 'bytes=-3' })), '789');
    await t.assert.rejects(s3.getObject({ Bucket, Key: 'k', Range: 'bytes=10-' }), { name: 'InvalidRange' });
    await t.assert.rejects(
      s3.getObject({ Bucket, Key: 'k', IfNoneMatch: ETag }),
      (error: sdk.S3ServiceException) => error.$metadata.httpStatusCode === 304,
    );
    await t.assert.rejects(s3.getObject({ Bucket, Key: 'k', IfMatch: '"no"' }), { name: 'PreconditionFailed' });
    await t.assert.rejects(s3.putObject({ Bucket, Key: 'k', Body: 'x', IfNoneMatch: '*' }), {
      name: 'PreconditionFailed',
      Condition: 'If-None-Match',
    });
    await s3.putObject({ Bucket, Key: 'k', Body: 'y', IfMatch: ETag });
    await t.assert.rejects(s3.putObject({ Bucket, Key: 'k', Body: 'z', IfMatch: ETag }), { name: 'PreconditionFailed' });
  });

  test('of two that create the same key at once, one wins', async (t: TestContext) => {
    await using town = await openTown();
    await town.s3.createBucket({ Bucket });
    const endings = await Promise.allSettled(
      ['a', 'b', 'c'].map((Body) => town.s3.putObject({ Bucket, Key: 'k', Body, IfNoneMatch: '*' })),
    );
    t.assert.strictEqual(endings.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  test('copies keep or replace what is beside the bytes, and need no bytes of their own', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    await s3.putObject({ Bucket, Key: 'a b', Body: 'body', Metadata: { one: '1' }, Tagging: 't=1' });
    await s3.copyObject({ Bucket, Key: 'kept', CopySource: `${Bucket}/a%20b` });
    await s3.copyObject({
      Bucket,
      Key: 'new',
      CopySource: `/${Bucket}/a%20b`,
      MetadataDirective: 'REPLACE',
      Metadata: { two: '2' },
      ContentType: 'text/x',
    });
    await s3.deleteObject({ Bucket, Key: 'a b' });
    const kept = await s3.getObject({ Bucket, Key: 'kept' });
    t.assert.deepStrictEqual([await text(kept), kept.Metadata, kept.TagCount], ['body', { one: '1' }, 1]);
    const fresh = await s3.getObject({ Bucket, Key: 'new' });
    t.assert.deepStrictEqual([await text(fresh), fresh.Metadata, fresh.ContentType], ['body', { two: '2' }, 'text/x']);
    await t.assert.rejects(s3.copyObject({ Bucket, Key: 'kept', CopySource: `${Bucket}/kept` }), { name: 'InvalidRequest' });
    await t.assert.rejects(s3.copyObject({ Bucket, Key: 'x', CopySource: `${Bucket}/none` }), { name: 'NoSuchKey' });
  });

  test('an upload in parts becomes one object, and an aborted one leaves nothing', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    const Key = 'parts';
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key, Metadata: { m: '1' } });
    const first = Buffer.alloc(5_242_880, 'a');
    await s3.putObject({ Bucket, Key: 'source', Body: '0123456789' });
    const one = await s3.uploadPart({ Bucket, Key, UploadId, PartNumber: 1, Body: first });
    const two = await s3.uploadPartCopy({
      Bucket,
      Key,
      UploadId,
      PartNumber: 2,
      CopySource: `${Bucket}/source`,
      CopySourceRange: 'bytes=3-5',
    });
    await s3.uploadPart({ Bucket, Key, UploadId, PartNumber: 3, Body: 'unused' });
    const { Parts = [] } = await s3.listParts({ Bucket, Key, UploadId });
    t.assert.deepStrictEqual(
      Parts.map(({ PartNumber, Size }) => [PartNumber, Size]),
      [
        [1, 5_242_880],
        [2, 3],
        [3, 6],
      ],
    );
    t.assert.strictEqual((await s3.listMultipartUploads({ Bucket })).Uploads?.[0]?.UploadId, UploadId);
    await t.assert.rejects(
      s3.completeMultipartUpload({ Bucket, Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 2, ETag: one.ETag }] } }),
      { name: 'InvalidPart' },
    );
    const done = await s3.completeMultipartUpload({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: {
        Parts: [
          { PartNumber: 1, ETag: one.ETag },
          { PartNumber: 2, ETag: two.CopyPartResult?.ETag },
        ],
      },
    });
    const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();
    t.assert.strictEqual(done.ETag, `"${md5(Buffer.concat([md5(first), md5(Buffer.from('345'))])).toString('hex')}-2"`);
    t.assert.strictEqual(await text(await s3.getObject({ Bucket, Key, Range: 'bytes=5242878-' })), 'aa345');
    const second = await s3.getObject({ Bucket, Key, PartNumber: 2 });
    t.assert.deepStrictEqual([await text(second), second.PartsCount], ['345', 2]);
    await t.assert.rejects(s3.listParts({ Bucket, Key, UploadId }), { name: 'NoSuchUpload' });
    const other = await s3.createMultipartUpload({ Bucket, Key: 'gone' });
    await s3.uploadPart({ Bucket, Key: 'gone', UploadId: other.UploadId, PartNumber: 1, Body: 'x' });
    await s3.abortMultipartUpload({ Bucket, Key: 'gone', UploadId: other.UploadId });
    t.assert.strictEqual((await s3.listMultipartUploads({ Bucket })).Uploads, undefined);
  });

  test('an upload is completed once, and keeps its parts when a condition fails', async (t: TestContext) => {
    using folder = temporaryFolder();
    {
      await using town = await openTown({ folder: folder.path });
      const { s3 } = town;
      await s3.createBucket({ Bucket });
      await s3.putObject({ Bucket, Key: 'k', Body: 'old' });
      const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: 'k' });
      const { ETag } = await s3.uploadPart({ Bucket, Key: 'k', UploadId, PartNumber: 1, Body: 'new' });
      await s3.uploadPart({ Bucket, Key: 'k', UploadId, PartNumber: 2, Body: 'unused' });
      const complete = (IfNoneMatch?: string) =>
        s3.completeMultipartUpload({
          Bucket,
          Key: 'k',
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
          ...(IfNoneMatch === undefined ? {} : { IfNoneMatch }),
        });
      await t.assert.rejects(complete('*'), { name: 'PreconditionFailed' });
      const endings = await Promise.allSettled([complete(), complete(), s3.abortMultipartUpload({ Bucket, Key: 'k', UploadId })]);
      t.assert.strictEqual(endings.filter(({ status }) => status === 'fulfilled').length, 1);
    }
    await using town = await openTown({ folder: folder.path });
    t.assert.match(await text(await town.s3.getObject({ Bucket, Key: 'k' })), /^(old|new)$/);
    t.assert.strictEqual(files(town.dir).length, 1);
  });

  test('an upload in parts has a checksum of the whole, or of the parts, as was asked', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    const upload = async (Key: string, ChecksumAlgorithm: 'CRC64NVME' | 'SHA256', claim?: string) => {
      const { UploadId } = await s3.createMultipartUpload({ Bucket, Key, ChecksumAlgorithm });
      const Parts = [];
      for (const [index, Body] of [Buffer.alloc(5_242_880, 'a'), 'tail'].entries()) {
        const { ETag, ...sums } = await s3.uploadPart({ Bucket, Key, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm });
        Parts.push({
          PartNumber: index + 1,
          ETag,
          ChecksumCRC64NVME: sums.ChecksumCRC64NVME,
          ChecksumSHA256: sums.ChecksumSHA256,
        });
      }
      return s3.completeMultipartUpload({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts },
        ...(claim === undefined ? {} : { ChecksumCRC64NVME: claim }),
      });
    };
    const whole = new Crc64Nvme();
    whole.update(Buffer.alloc(5_242_880, 'a'));
    whole.update(Buffer.from('tail'));
    const value = whole.digest().toString('base64');
    t.assert.strictEqual((await upload('full', 'CRC64NVME', value)).ChecksumCRC64NVME, value);
    t.assert.strictEqual((await s3.headObject({ Bucket, Key: 'full', ChecksumMode: 'ENABLED' })).ChecksumType, 'FULL_OBJECT');
    await t.assert.rejects(upload('bad', 'CRC64NVME', 'AAAAAAAAAAA='), { name: 'BadDigest' });
    const parts = await upload('parts', 'SHA256');
    t.assert.match(parts.ChecksumSHA256 ?? '', /-2$/);
    t.assert.strictEqual(parts.ChecksumType, 'COMPOSITE');
  });

  test('versions are kept, marked as deleted, listed and removed one by one', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    await s3.putObject({ Bucket, Key: 'k', Body: '0' });
    await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    const one = await s3.putObject({ Bucket, Key: 'k', Body: '1' });
    const marker = await s3.deleteObject({ Bucket, Key: 'k' });
    t.assert.strictEqual(marker.DeleteMarker, true);
    await t.assert.rejects(s3.getObject({ Bucket, Key: 'k' }), { name: 'NoSuchKey' });
    await t.assert.rejects(s3.getObject({ Bucket, Key: 'k', VersionId: marker.VersionId }), { name: 'MethodNotAllowed' });
    t.assert.strictEqual(await text(await s3.getObject({ Bucket, Key: 'k', VersionId: one.VersionId })), '1');
    t.assert.strictEqual(await text(await s3.getObject({ Bucket, Key: 'k', VersionId: 'null' })), '0');
    const listed = await s3.listObjectVersions({ Bucket });
    t.assert.deepStrictEqual(
      listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
      [
        [one.VersionId, false],
        ['null', false],
      ],
    );
    t.assert.deepStrictEqual(
      listed.DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
      [[marker.VersionId, true]],
    );
    const page = await s3.listObjectVersions({ Bucket, MaxKeys: 2 });
    const rest = await s3.listObjectVersions({
      Bucket,
      KeyMarker: page.NextKeyMarker,
      VersionIdMarker: page.NextVersionIdMarker,
    });
    t.assert.deepStrictEqual([page.IsTruncated, rest.Versions?.map(({ VersionId }) => VersionId)], [true, ['null']]);
    await s3.deleteObject({ Bucket, Key: 'k', VersionId: marker.VersionId });
    t.assert.strictEqual(await text(await s3.getObject({ Bucket, Key: 'k' })), '1');
    await t.assert.rejects(s3.deleteBucket({ Bucket }), { name: 'BucketNotEmpty', message: /delete all versions/ });
  });

  test('many are deleted at once, and a failure is told beside the rest', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    for (const Key of ['a', 'b']) await s3.putObject({ Bucket, Key, Body: Key });
    const { Deleted, Errors } = await s3.deleteObjects({
      Bucket,
      Delete: { Objects: [{ Key: 'a' }, { Key: 'none' }, { Key: 'b', VersionId: 'bad' }] },
    });
    t.assert.deepStrictEqual(
      Deleted?.map(({ Key }) => Key),
      ['a', 'none'],
    );
    t.assert.deepStrictEqual(
      Errors?.map(({ Key, Code }) => [Key, Code]),
      [['b', 'InvalidArgument']],
    );
  });
});

suite('S3 listings', { timeout: 60_000 }, () => {
  test('pages fold prefixes, and nothing is listed twice or left out', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    for (const Key of ['a/1', 'a/2', 'a/3', 'b', 'c/1', 'c/d/2', 'ü/1']) await s3.putObject({ Bucket, Key, Body: '' });
    for (const MaxKeys of [1, 2, 3, 1000]) {
      const seen: (string | undefined)[] = [];
      let token: string | undefined;
      do {
        const page: sdk.ListObjectsV2CommandOutput = await s3.listObjectsV2({
          Bucket,
          Delimiter: '/',
          MaxKeys,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        });
        seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix), ...(page.Contents ?? []).map(({ Key }) => Key));
        t.assert.ok((page.KeyCount ?? 0) <= MaxKeys);
        token = page.NextContinuationToken;
      } while (token !== undefined);
      t.assert.deepStrictEqual(seen.toSorted(), ['a/', 'b', 'c/', 'ü/'], `${MaxKeys} at a time`);
    }
    const inside = await s3.listObjects({ Bucket, Prefix: 'c/', Delimiter: '/', EncodingType: 'url' });
    t.assert.deepStrictEqual([inside.Contents?.map(({ Key }) => Key), inside.CommonPrefixes], [['c/1'], [{ Prefix: 'c/d/' }]]);
    t.assert.deepStrictEqual(
      (await s3.listObjectsV2({ Bucket, StartAfter: 'b' })).Contents?.map(({ Key }) => Key),
      ['c/1', 'c/d/2', 'ü/1'],
    );
    await t.assert.rejects(s3.listObjectsV2({ Bucket, EncodingType: 'value' as 'url' }), {
      name: 'InvalidArgument',
      message: 'Invalid Encoding Method specified in Request',
    });
  });
});

suite('S3 buckets', { timeout: 60_000 }, () => {
  const unset: readonly (readonly [string, (s3: sdk.S3) => Promise<unknown>])[] = [
    ['NoSuchBucketPolicy', (s3) => s3.getBucketPolicy({ Bucket })],
    ['NoSuchCORSConfiguration', (s3) => s3.getBucketCors({ Bucket })],
    ['NoSuchWebsiteConfiguration', (s3) => s3.getBucketWebsite({ Bucket })],
    ['NoSuchLifecycleConfiguration', (s3) => s3.getBucketLifecycleConfiguration({ Bucket })],
    ['ReplicationConfigurationNotFoundError', (s3) => s3.getBucketReplication({ Bucket })],
    ['ObjectLockConfigurationNotFoundError', (s3) => s3.getObjectLockConfiguration({ Bucket })],
    ['NoSuchTagSet', (s3) => s3.getBucketTagging({ Bucket })],
  ];
  test('what is not set says so by its own name, and what has a default shows it', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    for (const [name, call] of unset) await t.assert.rejects(call(s3), { name });
    t.assert.strictEqual((await s3.getBucketLocation({ Bucket })).LocationConstraint, undefined);
    t.assert.strictEqual((await s3.getBucketVersioning({ Bucket })).Status, undefined);
    t.assert.strictEqual((await s3.getBucketRequestPayment({ Bucket })).Payer, 'BucketOwner');
    t.assert.strictEqual((await s3.getBucketAccelerateConfiguration({ Bucket })).Status, undefined);
    t.assert.strictEqual((await s3.getBucketLogging({ Bucket })).LoggingEnabled, undefined);
    t.assert.strictEqual(
      (await s3.getBucketEncryption({ Bucket })).ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault
        ?.SSEAlgorithm,
      'AES256',
    );
    t.assert.strictEqual((await s3.getPublicAccessBlock({ Bucket })).PublicAccessBlockConfiguration?.BlockPublicAcls, true);
    t.assert.strictEqual(
      (await s3.getBucketOwnershipControls({ Bucket })).OwnershipControls?.Rules?.[0]?.ObjectOwnership,
      'BucketOwnerEnforced',
    );
    const { Grants = [] } = await s3.getBucketAcl({ Bucket });
    t.assert.deepStrictEqual(
      Grants.map(({ Grantee, Permission }) => [Grantee?.Type, Permission]),
      [['CanonicalUser', 'FULL_CONTROL']],
    );
  });

  test('documents come back as they were put', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    const CORSRules = [
      { AllowedMethods: ['GET'], AllowedOrigins: ['*'], AllowedHeaders: ['x'], ExposeHeaders: ['ETag'], MaxAgeSeconds: 5 },
    ];
    await s3.putBucketCors({ Bucket, CORSConfiguration: { CORSRules } });
    t.assert.deepStrictEqual((await s3.getBucketCors({ Bucket })).CORSRules, CORSRules);
    const when = new Date('2030-01-02T00:00:00Z');
    await s3.putBucketLifecycleConfiguration({
      Bucket,
      LifecycleConfiguration: { Rules: [{ ID: 'r', Status: 'Enabled', Filter: { Prefix: 'p' }, Expiration: { Date: when } }] },
    });
    t.assert.deepStrictEqual((await s3.getBucketLifecycleConfiguration({ Bucket })).Rules?.[0]?.Expiration, { Date: when });
    await s3.putBucketPolicy({ Bucket, Policy: '{"Statement":[]}' });
    t.assert.strictEqual((await s3.getBucketPolicy({ Bucket })).Policy, '{"Statement":[]}');
    await t.assert.rejects(s3.putBucketPolicy({ Bucket, Policy: 'no' }), { name: 'MalformedPolicy' });
    await s3.putBucketTagging({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });
    t.assert.deepStrictEqual((await s3.getBucketTagging({ Bucket })).TagSet, [{ Key: 'a', Value: 'b' }]);
    await s3.deleteBucketCors({ Bucket });
    await t.assert.rejects(s3.getBucketCors({ Bucket }), { name: 'NoSuchCORSConfiguration' });
  });

  test('a bucket is made once, found by its host too, and is gone when deleted', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    await s3.createBucket({ Bucket });
    await t.assert.rejects(s3.createBucket({ Bucket: 'Bad_Name' }), { name: 'InvalidBucketName' });
    t.assert.deepStrictEqual(
      (await s3.listBuckets({})).Buckets?.map(({ Name }) => Name),
      [Bucket],
    );
    await s3.putObject({ Bucket, Key: 'k/1', Body: 'hi' });
    const port = new URL(town.street.origin).port;
    const raw = await promisify(execFile)('curl', [
      '-s',
      '-H',
      `Host: ${Bucket}.s3.us-east-1.amazonaws.com`,
      `http://127.0.0.1:${port}/k/1`,
    ]);
    t.assert.strictEqual(raw.stdout, 'hi');
    t.assert.strictEqual(await (await fetch(`${town.street.origin}/${Bucket}/k/1`)).text(), 'hi', 'an unsigned request finds it');
    await s3.deleteObject({ Bucket, Key: 'k/1' });
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: 'never' });
    await s3.uploadPart({ Bucket, Key: 'never', UploadId, PartNumber: 1, Body: 'x' });
    await s3.deleteBucket({ Bucket });
    await t.assert.rejects(s3.headBucket({ Bucket }), { name: 'NotFound' });
    await t.assert.rejects(s3.listObjectsV2({ Bucket }), { name: 'NoSuchBucket' });
    await s3.createBucket({ Bucket });
    t.assert.strictEqual(
      (await s3.listMultipartUploads({ Bucket })).Uploads,
      undefined,
      'a new bucket of an old name is a new one',
    );
  });

  test('a bucket that is deleted while objects come either has them or is gone', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    for (let round = 0; round < 10; round += 1) {
      await s3.createBucket({ Bucket });
      const [put, deleted] = await Promise.allSettled([
        s3.putObject({ Bucket, Key: 'k', Body: 'x' }),
        s3.deleteBucket({ Bucket }),
      ]);
      if (deleted.status === 'rejected') {
        t.assert.strictEqual(put.status, 'fulfilled');
        await s3.deleteObject({ Bucket, Key: 'k' });
        await s3.deleteBucket({ Bucket });
      } else t.assert.strictEqual(put.status, 'rejected');
    }
    await s3.createBucket({ Bucket });
    t.assert.strictEqual((await s3.listObjectsV2({ Bucket })).KeyCount, 0);
  });
});

suite('S3 access lists and conditions of deletes', { timeout: 60_000 }, () => {
  test('a list is refused while the bucket owner owns everything, and shown when he does not', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    await t.assert.rejects(s3.putObject({ Bucket, Key: 'k', Body: '', ACL: 'public-read' }), {
      name: 'AccessControlListNotSupported',
    });
    await s3.putBucketOwnershipControls({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] } });
    await s3.putObject({ Bucket, Key: 'k', Body: '', ACL: 'public-read' });
    await s3.putBucketAcl({ Bucket, ACL: 'public-read' });
    const grants = ({ Grants = [] }: { Grants?: sdk.Grant[] | undefined }): unknown =>
      Grants.map(({ Grantee, Permission }) => [Grantee?.URI?.split('/').at(-1), Permission]);
    const expected = [
      [undefined, 'FULL_CONTROL'],
      ['AllUsers', 'READ'],
    ];
    t.assert.deepStrictEqual(grants(await s3.getObjectAcl({ Bucket, Key: 'k' })), expected);
    t.assert.deepStrictEqual(grants(await s3.getBucketAcl({ Bucket })), expected);
    const { Owner, Grants } = await s3.getBucketAcl({ Bucket });
    await s3.putObjectAcl({ Bucket, Key: 'k', AccessControlPolicy: { Owner, Grants: Grants?.slice(0, 1) } });
    t.assert.deepStrictEqual(grants(await s3.getObjectAcl({ Bucket, Key: 'k' })), expected.slice(0, 1));
    t.assert.strictEqual(await text(await s3.getObject({ Bucket, Key: 'k' })), '', 'and nothing is read as nothing');
  });

  test('headers grant, and the list that they make is shown as it was given', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket, ObjectOwnership: 'BucketOwnerPreferred' });
    const ID = 'a'.repeat(64);
    const put = (GrantRead: string): Promise<unknown> =>
      s3.putObject({ Bucket, Key: 'k', GrantRead, GrantFullControl: `id=${ID}` });
    await put('uri="http://acs.amazonaws.com/groups/global/AllUsers", id="' + ID + '"');
    const { Grants } = await s3.getObjectAcl({ Bucket, Key: 'k' });
    t.assert.deepStrictEqual(
      Grants?.map(({ Grantee, Permission }) => [Grantee?.URI ?? Grantee?.ID, Permission]),
      [
        [ID, 'FULL_CONTROL'],
        ['http://acs.amazonaws.com/groups/global/AllUsers', 'READ'],
        [ID, 'READ'],
      ],
    );
    await t.assert.rejects(put('emailAddress="me@example.com"'), { name: 'UnresolvableGrantByEmailAddress' });
    await t.assert.rejects(put('everybody'), { message: 'Argument format not recognized' });
  });

  test('what nobody took a sum of has one all the same, and so has a copy of an upload in parts', async (t: TestContext) => {
    await using town = await openTown({ client: { requestChecksumCalculation: 'WHEN_REQUIRED' } });
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    const { ChecksumCRC64NVME, ETag } = await s3.putObject({ Bucket, Key: 'one', Body: 'something' });
    const Key = 'parts';
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key });
    const part = await s3.uploadPart({ Bucket, Key, UploadId, PartNumber: 1, Body: 'something' });
    const MultipartUpload = { Parts: [{ ETag: part.ETag, PartNumber: 1 }] };
    const whole = await s3.completeMultipartUpload({ Bucket, Key, UploadId, MultipartUpload });
    const { CopyObjectResult } = await s3.copyObject({ Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}` });
    t.assert.match(ChecksumCRC64NVME ?? '', /^.{11}=$/);
    t.assert.deepStrictEqual(
      [whole.ChecksumCRC64NVME, CopyObjectResult?.ChecksumCRC64NVME],
      [ChecksumCRC64NVME, ChecksumCRC64NVME],
    );
    t.assert.strictEqual(CopyObjectResult?.ETag, ETag);
    t.assert.notStrictEqual(whole.ETag, ETag);
  });

  test('a delete may ask for the object that it knows', async (t: TestContext) => {
    await using town = await openTown();
    await town.s3.createBucket({ Bucket });
    const { ETag } = await town.s3.putObject({ Bucket, Key: 'k', Body: 'x' });
    await t.assert.rejects(town.s3.deleteObject({ Bucket, Key: 'k', IfMatch: '"other"' }), { name: 'PreconditionFailed' });
    await town.s3.deleteObject({ Bucket, Key: 'k', IfMatch: ETag });
    await t.assert.rejects(town.s3.headObject({ Bucket, Key: 'k' }), { name: 'NotFound' });
  });

  test('a locked version stays until its time is over', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket, ObjectLockEnabledForBucket: true });
    const { VersionId } = await s3.putObject({ Bucket, Key: 'k', Body: 'x', ObjectLockLegalHoldStatus: 'ON' });
    await t.assert.rejects(s3.deleteObject({ Bucket, Key: 'k', VersionId }), { name: 'AccessDenied' });
    await s3.putObjectLegalHold({ Bucket, Key: 'k', LegalHold: { Status: 'OFF' } });
    await s3.deleteObject({ Bucket, Key: 'k', VersionId });
    await t.assert.rejects(s3.getObject({ Bucket, Key: 'k', VersionId }), { name: 'NoSuchVersion' });
  });

  test('a bucket locks what comes without a lock of its own, and who may bypass a governed lock deletes it', async (t: TestContext) => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, now: () => Date.UTC(2026, 0, 2) + aheadMs };
    await using town = await openTown({ clock });
    const { s3 } = town;
    await s3.createBucket({ Bucket, ObjectLockEnabledForBucket: true });
    const lock = (DefaultRetention: object): Promise<unknown> =>
      s3.putObjectLockConfiguration({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
      });
    await t.assert.rejects(lock({ Mode: 'GOVERNANCE' }), { name: 'MalformedXML' });
    await t.assert.rejects(lock({ Mode: 'GOVERNANCE', Days: 0 }), { message: /must be a positive integer value/ });
    await lock({ Mode: 'GOVERNANCE', Days: 2 });
    const { VersionId } = await s3.putObject({ Bucket, Key: 'k', Body: 'x' });
    const { Retention } = await s3.getObjectRetention({ Bucket, Key: 'k' });
    t.assert.deepStrictEqual([Retention?.Mode, Retention?.RetainUntilDate?.getTime()], ['GOVERNANCE', Date.UTC(2026, 0, 4)]);
    await t.assert.rejects(s3.deleteObject({ Bucket, Key: 'k', VersionId }), { name: 'AccessDenied' });
    await s3.deleteObject({ Bucket, Key: 'k', VersionId, BypassGovernanceRetention: true });
    const sure = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: new Date(clock.now() + 60_000) } as const;
    const { VersionId: kept } = await s3.putObject({ Bucket, Key: 'k', Body: 'x', ...sure });
    const bypass = { Bucket, Key: 'k', VersionId: kept, BypassGovernanceRetention: true };
    await t.assert.rejects(s3.deleteObject(bypass), { name: 'AccessDenied' });
    await t.assert.rejects(s3.putObject({ Bucket, Key: 'k', ObjectLockMode: 'GOVERNANCE' }), {
      message: /must both be supplied/,
    });
    aheadMs = 60_001;
    await s3.deleteObject(bypass);
  });

  test('a bucket has many configurations of a kind, each by its id', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    const put = (Id: string, Format: string): Promise<unknown> =>
      s3.putBucketInventoryConfiguration({
        Bucket,
        Id,
        InventoryConfiguration: {
          Id: 'one',
          IsEnabled: true,
          IncludedObjectVersions: 'All',
          Schedule: { Frequency: 'Daily' },
          Destination: { S3BucketDestination: { Bucket: `arn:aws:s3:::${Bucket}`, Format: Format as 'CSV' } },
        },
      });
    await t.assert.rejects(put('one', 'TXT'), { name: 'MalformedXML' });
    await t.assert.rejects(put('two', 'CSV'), { name: 'IdMismatch' });
    await put('one', 'CSV');
    await s3.putBucketAnalyticsConfiguration({
      Bucket,
      Id: 'a',
      AnalyticsConfiguration: { Id: 'a', StorageClassAnalysis: {} },
    });
    const { InventoryConfigurationList } = await s3.listBucketInventoryConfigurations({ Bucket });
    t.assert.deepStrictEqual(
      InventoryConfigurationList?.map((each) => each.Id),
      ['one'],
    );
    await s3.deleteBucketInventoryConfiguration({ Bucket, Id: 'one' });
    await t.assert.rejects(s3.getBucketInventoryConfiguration({ Bucket, Id: 'one' }), { name: 'NoSuchConfiguration' });
    const { AnalyticsConfiguration } = await s3.getBucketAnalyticsConfiguration({ Bucket, Id: 'a' });
    t.assert.strictEqual(AnalyticsConfiguration?.Id, 'a');
  });

  test('what is put away has to be fetched before it is read', async (t: TestContext) => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, now: () => Date.UTC(2026, 0, 2, 12) + aheadMs };
    await using town = await openTown({ clock });
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    await s3.putObject({ Bucket, Key: 'k', Body: 'cold', StorageClass: 'GLACIER' });
    await s3.putObject({ Bucket, Key: 'warm', Body: 'warm' });
    const refused = { name: 'InvalidObjectState' };
    await t.assert.rejects(s3.getObject({ Bucket, Key: 'k' }), refused);
    await t.assert.rejects(s3.copyObject({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }), refused);
    await t.assert.rejects(s3.restoreObject({ Bucket, Key: 'warm', RestoreRequest: { Days: 1 } }), refused);
    const { $metadata } = await s3.restoreObject({ Bucket, Key: 'k', RestoreRequest: { Days: 1 } });
    t.assert.strictEqual($metadata.httpStatusCode, 202);
    const { Restore } = await s3.headObject({ Bucket, Key: 'k' });
    t.assert.strictEqual(Restore, 'ongoing-request="false", expiry-date="Sun, 04 Jan 2026 00:00:00 GMT"');
    t.assert.strictEqual(await text(await s3.getObject({ Bucket, Key: 'k' })), 'cold');
    aheadMs = 2 * 86_400_000;
    await t.assert.rejects(s3.getObject({ Bucket, Key: 'k' }), refused);
  });

  test('objects say the encryption that they or their bucket were given', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    await s3.putBucketEncryption({
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [
          { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'key' }, BucketKeyEnabled: true },
        ],
      },
    });
    await s3.putObject({ Bucket, Key: 'theirs', ServerSideEncryption: 'AES256' });
    const { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled } = await s3.putObject({ Bucket, Key: 'k' });
    t.assert.deepStrictEqual(
      [ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled],
      ['aws:kms', 'arn:aws:kms:us-east-1:000000000000:key/key', true],
    );
    const head = await s3.headObject({ Bucket, Key: 'k' });
    t.assert.deepStrictEqual(
      [head.ServerSideEncryption, head.SSEKMSKeyId, head.BucketKeyEnabled],
      ['aws:kms', 'arn:aws:kms:us-east-1:000000000000:key/key', true],
    );
    const theirs = await s3.headObject({ Bucket, Key: 'theirs' });
    t.assert.deepStrictEqual([theirs.ServerSideEncryption, theirs.SSEKMSKeyId], ['AES256', undefined]);
  });

  test('whether a policy opens a bucket to everybody is told', async (t: TestContext) => {
    await using town = await openTown();
    await town.s3.createBucket({ Bucket });
    const status = async (Principal: unknown): Promise<boolean | undefined> => {
      const Statement = [{ Effect: 'Allow', Principal, Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }];
      await town.s3.putBucketPolicy({ Bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) });
      return (await town.s3.getBucketPolicyStatus({ Bucket })).PolicyStatus?.IsPublic;
    };
    t.assert.deepStrictEqual([await status('*'), await status({ AWS: '123456789012' })], [true, false]);
  });
});

suite('S3 and web pages', { timeout: 60_000 }, () => {
  const page = { Origin: 'http://page.example', 'Sec-Fetch-Site': 'cross-site' };
  /** `fetch` does not let its caller say where a request comes from. */
  const curl = async (url: string, headers: Record<string, string>, ...more: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('curl', [
      '-si',
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      ...more,
      url,
    ]);
    return stdout;
  };

  test('a page is let in as the rules say, asked before and told after', async (t: TestContext) => {
    await using town = await openTown();
    await town.s3.createBucket({ Bucket });
    const url = `${town.street.origin}/${Bucket}/k`;
    const ask = {
      ...page,
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'Content-Type, x-amz-meta-a',
    };
    t.assert.match(await curl(url, ask, '-X', 'OPTIONS'), /^HTTP\/1.1 403 [^]*<Code>AccessForbidden<\/Code>/);
    await town.s3.putBucketCors({
      Bucket,
      CORSConfiguration: {
        CORSRules: [
          {
            AllowedMethods: ['PUT'],
            AllowedOrigins: ['http://*.example'],
            AllowedHeaders: ['content-type', 'X-Amz-*'],
            ExposeHeaders: ['ETag'],
            MaxAgeSeconds: 9,
          },
        ],
      },
    });
    const allowed = await curl(url, ask, '-X', 'OPTIONS');
    t.assert.match(allowed, /^HTTP\/1.1 200 /);
    t.assert.match(allowed, /^access-control-allow-origin: http:\/\/page.example\r$/im);
    t.assert.match(allowed, /^access-control-allow-headers: content-type, x-amz-meta-a\r$/im);
    t.assert.match(allowed, /^access-control-max-age: 9\r$/im);
    const put = await curl(url, page, '-X', 'PUT', '--data-binary', 'x');
    t.assert.match(put, /^HTTP\/1.1 200 [^]*access-control-expose-headers: ETag/i);
    t.assert.match(await curl(url, page), /^HTTP\/1.1 403 /, 'reading is not allowed');
    t.assert.match(await curl(url, { ...page, Origin: 'http://evil.com' }, '-X', 'PUT', '--data-binary', 'x'), /^HTTP\/1.1 403 /);
  });

  test('a form uploads a file as its policy allows', async (t: TestContext) => {
    await using town = await openTown();
    await town.s3.createBucket({ Bucket });
    const url = `${town.street.origin}/${Bucket}`;
    const policy = (expiration: string): string =>
      Buffer.from(
        JSON.stringify({
          expiration,
          conditions: [
            { bucket: Bucket },
            ['starts-with', '$key', 'up/'],
            ['content-length-range', 1, 100_000],
            ['starts-with', '$content-type', ''],
            { success_action_status: '201' },
            ['eq', '$x-amz-meta-a', 'b'],
          ],
        }),
      ).toString('base64');
    const send = async (fields: Record<string, string>, file: string): Promise<Response> => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      form.set('file', new Blob([file]), 'näme.txt');
      return fetch(url, { method: 'POST', body: form });
    };
    const fields = {
      key: 'up/${filename}',
      'Content-Type': 'text/plain',
      success_action_status: '201',
      'x-amz-meta-a': 'b',
      AWSAccessKeyId: 'AKIAEXAMPLE',
      Signature: 'x',
      policy: policy('2999-01-01T00:00:00Z'),
    };
    const body = `\r\n--not the boundary\r\n${'x'.repeat(90_000)}`;
    const answer = await send(fields, body);
    t.assert.strictEqual(answer.status, 201);
    t.assert.match(await answer.text(), /<Key>up\/näme.txt<\/Key>/);
    const got = await town.s3.getObject({ Bucket, Key: 'up/näme.txt' });
    t.assert.deepStrictEqual([await text(got), got.ContentType, got.Metadata], [body, 'text/plain', { a: 'b' }]);
    t.assert.strictEqual((await send({ ...fields, key: 'elsewhere' }, 'x')).status, 403);
    t.assert.strictEqual((await send({ ...fields, policy: policy('2001-01-01T00:00:00Z') }, 'x')).status, 403);
    t.assert.match(await (await send(fields, 'x'.repeat(100_001))).text(), /EntityTooLarge/);
    t.assert.strictEqual((await send({ key: 'plain' }, 'x')).status, 204, 'a policy is not demanded');
    t.assert.deepStrictEqual(
      (await town.s3.listObjectsV2({ Bucket })).Contents?.map(({ Key }) => Key),
      ['plain', 'up/näme.txt'],
    );
  });

  test('other services stay closed to pages, whatever a bucket allows', async (t: TestContext) => {
    await using town = await openTown();
    await town.s3.createBucket({ Bucket });
    await town.s3.putBucketCors({
      Bucket,
      CORSConfiguration: { CORSRules: [{ AllowedMethods: ['POST', 'GET'], AllowedOrigins: ['*'] }] },
    });
    t.assert.match(await curl(`${town.street.origin}/2015-03-31/functions`, page), /^HTTP\/1.1 403 /);
    t.assert.match(await curl(`${town.street.origin}/?Action=ListTopics&Version=2010-03-31`, page), /^HTTP\/1.1 403 /);
    t.assert.match(await curl(`${town.street.origin}/${Bucket}?list-type=2`, page), /^HTTP\/1.1 200 /);
    // A service named in another place than the path is what counts.
    t.assert.match(await curl(`${town.street.origin}/${Bucket}?Action=ListTopics&Version=2010-03-31`, page), /^HTTP\/1.1 403 /);
    // A form is for the bucket whose path it has, and is none that S3 reads.
    t.assert.match(
      await curl(`${town.street.origin}/${Bucket}`, page, '-d', 'Action=ListTopics&Version=2010-03-31'),
      /^HTTP\/1.1 412 /,
    );
    t.assert.match(
      await curl(`${town.street.origin}/${Bucket}`, { ...page, 'X-Amz-Target': 'AmazonSQS.ListQueues' }),
      /^HTTP\/1.1 403 /,
    );
  });
});

suite('S3 notifications', { timeout: 60_000 }, () => {
  test('a queue hears of what its filter names, in the shape that functions know', async (t: TestContext) => {
    await using town = await openTown();
    const { s3 } = town;
    await s3.createBucket({ Bucket });
    await s3.putBucketNotificationConfiguration({
      Bucket,
      NotificationConfiguration: {
        QueueConfigurations: [
          {
            Id: 'c',
            QueueArn: town.queueArn,
            Events: ['s3:ObjectCreated:*'],
            Filter: {
              Key: {
                FilterRules: [
                  { Name: 'prefix', Value: 'in/' },
                  { Name: 'suffix', Value: '.txt' },
                ],
              },
            },
          },
        ],
      },
    });
    const next = async (): Promise<Record<string, unknown>> =>
      JSON.parse((await town.queues.receive(town.queueArn, { max: 1, waitMs: 10_000 }))[0]?.body ?? '{}') as Record<
        string,
        unknown
      >;
    t.assert.strictEqual((await next())['Event'], 's3:TestEvent');
    await s3.putObject({ Bucket, Key: 'out/a.txt', Body: 'x' });
    await s3.putObject({ Bucket, Key: 'in/a b@c.txt', Body: 'x' });
    const { Records: [record] = [] } = (await next()) as { Records?: Record<string, unknown>[] };
    const {
      eventTime: _time,
      responseElements: _response,
      s3: detail,
      ...rest
    } = record as { eventTime: string; responseElements: object; s3: { object: Record<string, unknown>; bucket: object } };
    t.assert.deepStrictEqual(rest, {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'us-east-1',
      eventName: 'ObjectCreated:Put',
      userIdentity: { principalId: 'AWS:000000000000' },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
    });
    const { sequencer: _sequencer, ...object } = detail.object;
    t.assert.deepStrictEqual(object, { key: 'in/a+b%40c.txt', size: 1, eTag: '9dd4e461268c8034f5c8564e155c67a6' });
    t.assert.deepStrictEqual(await town.queues.receive(town.queueArn, { max: 1, waitMs: 0 }), []);
    const { QueueConfigurations } = await s3.getBucketNotificationConfiguration({ Bucket });
    t.assert.strictEqual(QueueConfigurations?.[0]?.Id, 'c');
  });

  test('a destination that is not there is refused in the recorded words', async (t: TestContext) => {
    await using town = await openTown();
    await town.s3.createBucket({ Bucket });
    const arn = 'arn:aws:sqs:us-east-1:000000000000:none';
    await t.assert.rejects(
      town.s3.putBucketNotificationConfiguration({
        Bucket,
        NotificationConfiguration: { QueueConfigurations: [{ QueueArn: arn, Events: ['s3:ObjectCreated:*'] }] },
      }),
      {
        name: 'InvalidArgument',
        message: 'Unable to validate the following destination configurations',
        ArgumentName1: arn,
        ArgumentValue1: 'The destination queue does not exist',
      },
    );
  });

  test('functions and the bus hear too', async (t: TestContext) => {
    const invoked = Promise.withResolvers<string>();
    const put = Promise.withResolvers<{ detailType: string; detail: object }>();
    await using town = await openTown({
      ports: {
        lambda: { invokeAsync: (_arn, payload) => Promise.resolve(invoked.resolve(payload)) },
        events: { put: (entry) => Promise.resolve(put.resolve(entry)) },
      },
    });
    await town.s3.createBucket({ Bucket });
    await town.s3.putBucketNotificationConfiguration({
      Bucket,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          { LambdaFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f', Events: ['s3:ObjectRemoved:Delete'] },
        ],
        EventBridgeConfiguration: {},
      },
    });
    await town.s3.putObject({ Bucket, Key: 'k', Body: 'x' });
    const entry = await put.promise;
    t.assert.strictEqual(entry.detailType, 'Object Created');
    t.assert.strictEqual((entry.detail as { reason: string }).reason, 'PutObject');
    await town.s3.deleteObject({ Bucket, Key: 'k' });
    t.assert.match(await invoked.promise, /"eventName":"ObjectRemoved:Delete"/);
  });
});

suite('S3 on disk', { timeout: 60_000 }, () => {
  test('a restart keeps buckets, objects and uploads; a torn body is never an object', async (t: TestContext) => {
    using folder = temporaryFolder();
    let UploadId: string | undefined;
    {
      await using town = await openTown({ folder: folder.path });
      await town.s3.createBucket({ Bucket });
      await town.s3.putObject({ Bucket, Key: 'k', Body: 'kept' });
      ({ UploadId } = await town.s3.createMultipartUpload({ Bucket, Key: 'm' }));
      const torn = new Promise<void>((resolve) => {
        const url = new URL(`/${Bucket}/torn`, town.street.origin);
        void import('node:http').then(({ request }) => {
          const sending = request(url, { method: 'PUT', headers: { 'Content-Length': '1000' } });
          sending.once('error', () => resolve());
          sending.write('half of it', () => setImmediate(() => sending.destroy(new Error('gone'))));
        });
      });
      await torn;
    }
    writeFileSync(path.join(folder.path, 's3', 'tmp', 'left-over'), 'x');
    await using town = await openTown({ folder: folder.path });
    t.assert.strictEqual(await text(await town.s3.getObject({ Bucket, Key: 'k' })), 'kept');
    await town.s3.uploadPart({ Bucket, Key: 'm', UploadId, PartNumber: 1, Body: 'x' });
    t.assert.deepStrictEqual(
      (await town.s3.listObjectsV2({ Bucket })).Contents?.map(({ Key }) => Key),
      ['k'],
    );
    t.assert.ok(!files(town.dir).includes('left-over'));
  });

  test('what is overwritten or deleted leaves no file behind', async (t: TestContext) => {
    using folder = temporaryFolder();
    {
      await using town = await openTown({ folder: folder.path });
      await town.s3.createBucket({ Bucket });
      for (const Body of ['1', '2', '3']) await town.s3.putObject({ Bucket, Key: 'k', Body });
      await town.s3.putObject({ Bucket, Key: 'gone', Body: 'x' });
      await town.s3.deleteObject({ Bucket, Key: 'gone' });
      await t.assert.rejects(town.s3.putObject({ Bucket, Key: 'k', Body: 'x', IfNoneMatch: '*' }));
    }
    t.assert.strictEqual(files(folder.path).length, 1);
  });

  test('a port reads what the API wrote, by version', async (t: TestContext) => {
    await using town = await openTown();
    await town.s3.createBucket({ Bucket });
    await town.s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    const { VersionId } = await town.s3.putObject({ Bucket, Key: 'code.zip', Body: 'one' });
    await town.service.port.put(Bucket, 'code.zip', Buffer.from('two'));
    const read = async (versionId?: string): Promise<string> => {
      const pieces: Uint8Array[] = [];
      for await (const piece of (await town.service.port.get(Bucket, 'code.zip', versionId)).body) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    };
    t.assert.deepStrictEqual([await read(VersionId), await read()], ['one', 'two']);
    await t.assert.rejects(town.service.port.get('nowhere', 'k'), { code: 'NoSuchBucket' });
  });
});

suite('S3 with signatures verified', { timeout: 60_000 }, () => {
  const key = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'secret',
    account: '000000000000',
    arn: 'arn:aws:iam::000000000000:root',
    userId: '000000000000',
  };
  const verifier = new SignatureVerifier({
    keys: { find: (id) => (id === key.accessKeyId ? key : undefined) },
    clock: systemClock,
  });
  const credentials = { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey };
  const strict = (secretAccessKey = 'secret') =>
    openTown({ door: { signatures: verifier }, client: { credentials: { ...credentials, secretAccessKey } } });
  class Sha256 {
    readonly #hash: Hash | Hmac;
    constructor(secret?: Uint8Array) {
      this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
    }
    update(bytes: Uint8Array): void {
      this.#hash.update(bytes);
    }
    digest(): Promise<Uint8Array> {
      return Promise.resolve(this.#hash.digest());
    }
    reset(): void {}
  }

  test('plain and streamed bodies are taken, strangers are not', async (t: TestContext) => {
    await using town = await strict();
    await town.s3.createBucket({ Bucket });
    await town.s3.putObject({ Bucket, Key: "a b/ü'(1)", Body: 'hello' });
    await town.s3.putObject({ Bucket, Key: 's', Body: Readable.from(['str', 'eam']), ContentLength: 6 });
    t.assert.strictEqual(await text(await town.s3.getObject({ Bucket, Key: "a b/ü'(1)" })), 'hello');
    t.assert.strictEqual(await text(await town.s3.getObject({ Bucket, Key: 's' })), 'stream');
    t.assert.strictEqual((await fetch(`${town.street.origin}/${Bucket}/s`)).status, 403);
    await using wrong = await strict('other');
    await t.assert.rejects(wrong.s3.createBucket({ Bucket }), { name: 'SignatureDoesNotMatch' });
  });

  test('a presigned URL gives one object for its time, and puts one', async (t: TestContext) => {
    await using town = await strict();
    await town.s3.createBucket({ Bucket });
    const { hostname, port } = new URL(town.street.origin);
    const signer = new SignatureV4({
      service: 's3',
      region: 'us-east-1',
      credentials,
      sha256: Sha256 as never,
      uriEscapePath: false,
    });
    const presign = async (method: string, Key: string): Promise<string> => {
      const request = {
        method,
        protocol: 'http:',
        hostname,
        port: Number(port),
        path: `/${Bucket}/${Key}`,
        headers: { host: `${hostname}:${port}`, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
        query: {},
      };
      const signed = await signer.presign(request, { expiresIn: 60, unsignableHeaders: new Set(['x-amz-content-sha256']) });
      const query = new URLSearchParams(
        Object.entries(signed.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
      );
      return `${town.street.origin}/${Bucket}/${Key}?${query}`;
    };
    const put = await fetch(await presign('PUT', 'k'), { method: 'PUT', body: 'from afar' });
    t.assert.strictEqual(put.status, 200);
    const url = await presign('GET', 'k');
    t.assert.strictEqual(await (await fetch(url)).text(), 'from afar');
    t.assert.strictEqual((await fetch(url.replace('/k?', '/other?'))).status, 403);
  });

  test('pieces of a body are checked one by one', async (t: TestContext) => {
    await using town = await strict();
    await town.s3.createBucket({ Bucket });
    const { hostname, port } = new URL(town.street.origin);
    const signer = new SignatureV4({
      service: 's3',
      region: 'us-east-1',
      credentials,
      sha256: Sha256 as never,
      uriEscapePath: false,
    });
    const send = async (Key: string, tamper: (text: string) => string): Promise<number> => {
      const payload = 'x'.repeat(100);
      const signed = await signer.sign({
        method: 'PUT',
        protocol: 'http:',
        hostname,
        port: Number(port),
        path: `/${Bucket}/${Key}`,
        query: {},
        headers: {
          host: `${hostname}:${port}`,
          'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': '100',
        },
      });
      const seed = /Signature=([0-9a-f]{64})/.exec(signed.headers['authorization'] ?? '')?.[1] ?? '';
      const date = signed.headers['x-amz-date'] ?? '';
      const steps = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request'];
      const day = steps.reduce<Uint8Array>(
        (previous, step) => createHmac('sha256', previous).update(step).digest(),
        Buffer.from(`AWS4${credentials.secretAccessKey}`),
      );
      const hash = (each: string): string => createHash('sha256').update(each).digest('hex');
      const chunkSignature = (previous: string, each: string): string =>
        createHmac('sha256', day)
          .update(`AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${steps.join('/')}\n${previous}\n${hash('')}\n${hash(each)}`)
          .digest('hex');
      const first = chunkSignature(seed, payload);
      const body = `64;chunk-signature=${first}\r\n${tamper(payload)}\r\n0;chunk-signature=${chunkSignature(first, '')}\r\n\r\n`;
      const answer = await fetch(`${town.street.origin}/${Bucket}/${Key}`, { method: 'PUT', headers: signed.headers, body });
      return answer.status;
    };
    t.assert.strictEqual(await send('good', (each) => each), 200);
    t.assert.strictEqual(await send('bad', (each) => each.replace('x', 'y')), 403);
    t.assert.strictEqual(await text(await town.s3.getObject({ Bucket, Key: 'good' })), 'x'.repeat(100));
    await t.assert.rejects(town.s3.headObject({ Bucket, Key: 'bad' }), { name: 'NotFound' });
  });
});

const oldCli = '/usr/bin/aws';

suite('S3 through the command line', { timeout: 60_000, skip: existsSync(oldCli) ? false : 'no /usr/bin/aws here' }, () => {
  test('cp goes up in parts and comes down whole', async (t: TestContext) => {
    await using town = await openTown();
    using folder = temporaryFolder();
    const file = path.join(folder.path, 'big');
    writeFileSync(file, Buffer.alloc(20_000_000, 'abc'));
    const aws = (...args: string[]) =>
      promisify(execFile)(oldCli, ['--endpoint-url', town.street.origin, 's3', ...args], { env: town.street.env });
    await aws('mb', `s3://${Bucket}`);
    await aws('cp', '--no-progress', file, `s3://${Bucket}/dir/big`);
    await aws('cp', '--no-progress', `s3://${Bucket}/dir/big`, `${file}2`);
    const { stdout } = await aws('ls', `s3://${Bucket}/`);
    t.assert.match(stdout, /PRE dir\//);
    const { stdout: compared } = await promisify(execFile)('sha256sum', [file, `${file}2`]);
    const [one, two] = compared
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    t.assert.strictEqual(one, two);
    await aws('rb', '--force', `s3://${Bucket}`);
    t.assert.deepStrictEqual((await town.s3.listBuckets({})).Buckets ?? [], []);
  });
});
