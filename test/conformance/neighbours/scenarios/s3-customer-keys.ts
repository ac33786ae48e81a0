import { createHash } from 'node:crypto';
import type { Answer } from '../../kit/stage.ts';
import type { Scenarios } from '../kit/stage.ts';
import { body, inBucket, type Play } from './s3-kit.ts';

/** What seals says nothing of content, and ETags are numbers by chance. */
const ours = ['Bucket', 'Location', 'Initiator', 'Owner', 'ETag', 'Body'];

const keyOf = (text: string): { readonly key: string; readonly md5: string } => ({
  key: Buffer.from(text).toString('base64'),
  md5: createHash('md5').update(text).digest('base64'),
});
/** The recorded MD5 is of this key. */
const { key, md5 } = keyOf('0123456789abcdef0123456789abcdef');
const SSE = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key, SSECustomerKeyMD5: md5 };
const other = keyOf('fedcba9876543210fedcba9876543210');
const otherSSE = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: other.key, SSECustomerKeyMD5: other.md5 };
const sourceSSE = Object.fromEntries(Object.entries(SSE).map(([name, value]) => [`CopySource${name}`, value]));

const validation: Play = async ({ check }) => {
  const put = (name: string, more: object): Promise<Answer> =>
    check(`put-obj-sse-c-${name}`, 'PutObject', { Key: 'test-sse-c', Body: body('test_data'), ...more });
  await put('both-encryption', { ...SSE, ServerSideEncryption: 'AES256' });
  await put('wrong-algo', { ...SSE, SSECustomerAlgorithm: 'KMS' });
  await put('no-algo', { SSECustomerKey: key, SSECustomerKeyMD5: md5 });
  await put('no-key', { SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: md5 });
  const short = keyOf('short');
  await put('wrong-key-size', { ...SSE, SSECustomerKey: short.key, SSECustomerKeyMD5: short.md5 });
  await put('bad-md5', { ...SSE, SSECustomerKeyMD5: other.md5 });
  // boto3 encodes a key that comes without its MD5 once more.
  await put('no-md5', { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key });
};

const life: Play = async ({ scene, check }) => {
  scene.stage.apart('ETag', 'SSECustomerKeyMD5');
  const Key = 'test-sse-c';
  await check('put-obj-sse-c', 'PutObject', { Key, Body: body('test_data'), ChecksumAlgorithm: 'CRC32', ...SSE });
  await check('head-obj-sse-c', 'HeadObject', { Key, ...SSE });
  await check('get-obj-sse-c', 'GetObject', { Key, ...SSE, ChecksumMode: 'ENABLED' });
  await check('get-obj-attrs-sse-c', 'GetObjectAttributes', { Key, ...SSE, ObjectAttributes: ['ETag', 'ObjectSize'] });
  await check('del-obj-sse-c', 'DeleteObject', { Key });
};

const copies: Play = async ({ scene, check, Bucket }) => {
  scene.stage.apart('ETag', 'SSECustomerKeyMD5');
  const Key = 'test-sse-c';
  await check('put-obj-sse-c', 'PutObject', { Key, Body: body('test_data'), ChecksumAlgorithm: 'CRC32', ...SSE });
  const copy = (name: string, more: object): Promise<Answer> =>
    check(name, 'CopyObject', { Key: 'test-sse-c-copy', CopySource: `${Bucket}/${Key}`, ...more });
  await copy('copy-obj-sse-c-target-no-sse-c', sourceSSE);
  await copy('copy-obj-sse-c', { ...sourceSSE, ...SSE });
  await check('get-obj-no-sse-c-param', 'GetObject', { Key: 'test-sse-c-copy' });
  await copy('copy-obj-no-src-sse-c', {});
  await copy('copy-obj-wrong-src-sse-c-algo', { ...sourceSSE, CopySourceSSECustomerAlgorithm: 'KMS' });
  await copy('copy-obj-wrong-target-sse-c-algo', { ...sourceSSE, ...SSE, SSECustomerAlgorithm: 'KMS' });
  await copy('copy-obj-target-double-encryption', { ...sourceSSE, ...SSE, ServerSideEncryption: 'AES256' });
};

const parts: Play = async ({ scene, check }) => {
  scene.stage.apart(...ours, 'SSECustomerKeyMD5');
  const Key = 'test-sse-c-multipart';
  const { UploadId } = await check('create-mpu-sse-c', 'CreateMultipartUpload', { Key, ...SSE });
  const Parts: object[] = [];
  for (let number = 1; number <= 3; number += 1) {
    const part = { Key, UploadId, PartNumber: number, Body: Buffer.alloc(5_242_881, 'a'), ChecksumAlgorithm: 'CRC32', ...SSE };
    const { ETag } = await check(`upload-part-${number - 1}`, 'UploadPart', part);
    Parts.push({ ETag, PartNumber: number });
  }
  await check('list-parts', 'ListParts', { Key, UploadId });
  await check('complete-multipart-checksum', 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload: { Parts }, ...SSE });
  await check('get-obj-no-sse-c-param', 'GetObject', { Key });
  await check('get-obj-sse-c', 'GetObject', { Key, ...SSE });
};

const partsValidation: Play = async ({ scene, check }) => {
  scene.stage.apart('Bucket', 'SSECustomerKeyMD5');
  const Key = 'test-sse-c-multipart';
  const begin = async (name: string, more: object): Promise<object> => {
    const { UploadId } = await check(name, 'CreateMultipartUpload', { Key, ...more });
    return { Key, UploadId, PartNumber: 1, Body: body('test') };
  };
  const plain = await begin('create-mpu-no-sse-c', {});
  await check('mpu-no-sse-c-upload-part-with-sse-c', 'UploadPart', { ...plain, ...SSE });
  const sealed = await begin('create-mpu-sse-c', SSE);
  await check('mpu-sse-c-upload-part-no-sse-c', 'UploadPart', sealed);
  await check('mpu-sse-c-upload-part-wrong-sse-c', 'UploadPart', { ...sealed, ...otherSSE });
};

const defaultChecksum: Play = async ({ scene, check, ok }) => {
  scene.stage.apart('ETag', 'SSECustomerKeyMD5');
  const Key = 'test-sse-c';
  const ChecksumMode = 'ENABLED';
  const { ChecksumCRC64NVME } = scene.recorded('head-obj-sse-c');
  await ok('PutObject', { Key, Body: body('test data..'), ChecksumCRC64NVME, ...SSE });
  await check('head-obj-sse-c', 'HeadObject', { Key, ...SSE, ChecksumMode });
  await check('get-obj-sse-c', 'GetObject', { Key, ...SSE, ChecksumMode });
  await check('get-obj-attrs-sse-c', 'GetObjectAttributes', { Key, ...SSE, ObjectAttributes: ['ETag', 'Checksum'] });
};

const test = 'TestS3SSECEncryption.test_';
export const s3CustomerKeyScenarios: Scenarios = {
  [`${test}put_object_validation_sse_c`]: inBucket(validation),
  [`${test}put_object_lifecycle_with_sse_c`]: inBucket(life),
  [`${test}copy_object_with_sse_c`]: inBucket(copies),
  [`${test}multipart_upload_sse_c`]: inBucket(parts),
  [`${test}multipart_upload_sse_c_validation`]: inBucket(partsValidation),
  [`${test}put_object_default_checksum_with_sse_c`]: inBucket(defaultChecksum),
};
