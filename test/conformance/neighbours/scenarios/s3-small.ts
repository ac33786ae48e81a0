import { gzipSync } from 'node:zlib';
import type { Scenarios, Scene } from '../kit/stage.ts';
import { browse } from '../kit/browse.ts';
import { body, inBucket, type Play } from './s3-kit.ts';

/** Without a client, which would write headers in its own way. */
async function sent({ stage }: Scene, bucket: string, key: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(`${stage.origin}/${bucket}/${key}`, {
    method: 'PUT',
    headers,
    body: Uint8Array.from(body('foo')),
  });
  if (!response.ok) throw new Error(await response.text());
}

const ChecksumAlgorithm = 'CRC32';
const ChecksumMode = 'ENABLED';

/** Metadata in words of mail. */
const words =
  (Metadata: Readonly<Record<string, string>>): Play =>
  async ({ check }) => {
    await check('put-object', 'PutObject', { Key: 'k', Body: body(''), ChecksumAlgorithm, Metadata });
    await check('get-object', 'GetObject', { Key: 'k', ChecksumMode });
  };

const underscores: Play = async ({ scene, check, Bucket }) => {
  await sent(scene, Bucket, 'k', { 'x-amz-meta-test_meta_1': 'foo', 'x-amz-meta-__meta_2': 'bar' });
  await check('head-object', 'HeadObject', { Key: 'k' });
};

const spaces: Play = async ({ scene, ok, Bucket }) => {
  await ok('PutObject', { Key: 'k', Body: body('test-data'), ChecksumAlgorithm: 'SHA256' });
  scene.stage.apart('ChecksumSHA256', 'ETag', '@xmlns');
  for (const [name, between] of Object.entries({ 'with-whitespace': ', ', 'without-whitespace': ',' })) {
    const headers = { 'x-amz-object-attributes': ['ETag', 'Checksum', 'StorageClass', 'ObjectSize'].join(between) };
    const { GetObjectAttributesResponse: attributes } = await browse(`${scene.stage.origin}/${Bucket}/k?attributes`, { headers });
    scene.match(`get-attrs-${name}`, { GetObjectAttributesResponse: { '@xmlns': '', ...(attributes as object) } });
  }
};

const gzip: Play = async ({ scene, check }) => {
  scene.stage.apart('ETag', 'ChecksumCRC32', 'ContentLength', 'Body');
  const Body = gzipSync('1234567890 '.repeat(100));
  await check('put-object', 'PutObject', { Key: 'test.gz', Body, ContentEncoding: 'gzip', ChecksumAlgorithm });
  await check('get-object', 'GetObject', { Key: 'test.gz', ChecksumMode });
};

const big: Play = async ({ scene, check }) => {
  scene.stage.apart('ETag', 'ChecksumCRC32');
  for (const [name, letter] of Object.entries({ key1: 'a', key2: 'b' }))
    await check(`put_object_${name}`, 'PutObject', { Key: name, Body: Buffer.alloc(10_000_000, letter), ChecksumAlgorithm });
  await check('head_object_key1', 'HeadObject', { Key: 'key1' });
  await check('head_object_key2', 'HeadObject', { Key: 'key2' });
};

const written =
  (Body: string): Play =>
  async ({ check, ok }) => {
    await ok('PutObject', { Key: 'k', Body: body(Body), ChecksumAlgorithm });
    await check('get_object', 'GetObject', { Key: 'k', ChecksumMode });
  };

const test = 'TestS3.test_';
export const s3SmallScenarios: Scenarios = {
  [`${test}user_metadata_rfc2047_encoded`]: inBucket(
    words({
      'asciib64-encoded': '=?UTF-8?B?YWJj?=',
      'fake-encoded': '=?UTF-8?Q?actually-ascii?=',
      'non-ascii': '=?UTF-8?B?dGVzdF_igJRfZmlsZSVFMiU4MCU5NF/DqV8yPy5wZGY=?=',
      'non-ascii-2': '=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=',
      'non-ascii-binary': '=?UTF-8?B?AAECAw==?=',
      'replacement-chars': '=?UTF-8?B?/////////w==?=',
      'safe-chars': '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    }),
  ),
  [`${test}user_metadata_rfc2047_bad_b64_encoded`]: inBucket(words({ 'bad-b64-encoded': '=?UTF-8?B?/2H/?=' })),
  [`${test}metadata_header_character_decoding`]: inBucket(underscores),
  [`${test}get_object_attributes_with_space`]: inBucket(spaces),
  [`${test}s3_upload_download_gzip`]: inBucket(gzip),
  [`${test}upload_big_file`]: inBucket(big),
  [`${test}putobject_with_multiple_keys`]: inBucket(written('test')),
  [`${test}get_object_with_anon_credentials`]: inBucket(written('body data')),
};
