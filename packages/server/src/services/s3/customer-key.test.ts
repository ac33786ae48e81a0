import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-s3';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { openS3 } from './index.ts';

const Bucket = 'bucket-one';
const keyOf = (name: string) => {
  const bytes = createHash('sha256').update(name).digest();
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: bytes.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(bytes).digest('base64'),
  };
};
const ofSource = (key: ReturnType<typeof keyOf>) => ({
  CopySourceSSECustomerAlgorithm: key.SSECustomerAlgorithm,
  CopySourceSSECustomerKey: key.SSECustomerKey,
  CopySourceSSECustomerKeyMD5: key.SSECustomerKeyMD5,
});

async function openBucket() {
  const folder = temporaryFolder();
  const database = new PlainDatabase(path.join(folder.path, 'db'));
  const common = { database, clock: systemClock, random: systemRandom, log: silentLogger };
  const service = await openS3({ ...common, dir: path.join(folder.path, 's3') });
  const street = await openStreet({ s3: service.handlers }, { buckets: service.port });
  const s3 = new sdk.S3({ ...street.client, forcePathStyle: true });
  await s3.createBucket({ Bucket });
  return {
    s3,
    service,
    dir: folder.path,
    async read(Key: string, more: object = {}): Promise<string> {
      return (await (await s3.getObject({ Bucket, Key, ...more })).Body?.transformToString()) ?? '';
    },
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await street[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Whether any file below a folder holds the text. */
const isOnDisk = (dir: string, text: string): boolean =>
  (readdirSync(dir, { recursive: true }) as string[])
    .map((name) => path.join(dir, name))
    .some((file) => statSync(file).isFile() && readFileSync(file).includes(text));

suite('objects under keys that customers bring', () => {
  const one = keyOf('one');
  const two = keyOf('two');
  const line = 'a line that nobody else writes, of some length\n';

  test('are read with their key alone, from any byte, and neither content nor key is on the disk', async (t: TestContext) => {
    await using bucket = await openBucket();
    const content = Array.from({ length: 5000 }, (_, index) => `${index} ${line}`).join('');
    await bucket.s3.putObject({ Bucket, Key: 'k', Body: content, ...one });
    t.assert.equal(await bucket.read('k', one), content);
    for (const [from, to] of [
      [0, 0],
      [15, 16],
      [17, 100],
      [200_001, 200_049],
    ] as const) {
      t.assert.equal(await bucket.read('k', { ...one, Range: `bytes=${from}-${to}` }), content.slice(from, to + 1));
    }
    t.assert.equal(isOnDisk(bucket.dir, line), false);
    t.assert.equal(isOnDisk(bucket.dir, one.SSECustomerKey), false);
    await t.assert.rejects(bucket.read('k', two), { name: 'AccessDenied' });
    await t.assert.rejects(bucket.read('k'), { name: 'InvalidRequest' });
    // Who reads for a function has no key.
    await t.assert.rejects(bucket.service.port.get(Bucket, 'k'), { code: 'InvalidRequest' });
    await bucket.s3.putObject({ Bucket, Key: 'plain', Body: 'x' });
    await t.assert.rejects(bucket.read('plain', one), {
      name: 'InvalidRequest',
      message: 'The encryption parameters are not applicable to this object.',
    });
  });

  test('are copied from key to key, and in parts', async (t: TestContext) => {
    await using bucket = await openBucket();
    const { s3, read } = bucket;
    await s3.putObject({ Bucket, Key: 'k', Body: line, ...one });
    const CopySource = `${Bucket}/k`;
    await s3.copyObject({ Bucket, Key: 'other', CopySource, ...ofSource(one), ...two });
    t.assert.equal(await read('other', two), line);
    await s3.copyObject({ Bucket, Key: 'open', CopySource, ...ofSource(one) });
    t.assert.equal(await read('open'), line);
    const { UploadId } = await s3.createMultipartUpload({ Bucket, Key: 'parts', ...two });
    const upload = { Bucket, Key: 'parts', UploadId };
    const big = Buffer.alloc(5_242_880 + 5, 'b');
    const first = await s3.uploadPart({ ...upload, PartNumber: 1, Body: big, ...two });
    const range = { CopySource, CopySourceRange: 'bytes=2-5' };
    const second = await s3.uploadPartCopy({ ...upload, PartNumber: 2, ...range, ...ofSource(one), ...two });
    const Parts = [
      { PartNumber: 1, ETag: first.ETag },
      { PartNumber: 2, ETag: second.CopyPartResult?.ETag },
    ];
    await s3.completeMultipartUpload({ ...upload, MultipartUpload: { Parts } });
    const whole = await read('parts', two);
    t.assert.equal(whole, `${big.toString()}${line.slice(2, 6)}`);
    t.assert.equal(await read('parts', { ...two, Range: 'bytes=-6' }), whole.slice(-6));
    t.assert.equal(await read('parts', { ...two, PartNumber: 2 }), line.slice(2, 6));
  });
});
