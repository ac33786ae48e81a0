import type { Answer } from '../../kit/stage.ts';
import { each, type Scenarios } from '../kit/stage.ts';
import { body, inBucket, type Play } from './s3-kit.ts';

type Context = Parameters<Play>[0];

/** What is told of a place and of people is this server's own. */
const ours = ['Bucket', 'Location', 'Initiator', 'Owner'];
const mib5 = 5_242_881;
const attributes = ['ETag', 'Checksum', 'ObjectParts'];

/** boto3 cannot take every sum by itself, so that what it said of a body is read from the answer. */
const toldSum = ({ scene }: Pick<Context, 'scene'>, answer: string, algorithm: string): object => ({
  [`Checksum${algorithm}`]: scene.recorded(answer)[`Checksum${algorithm}`],
});

const begun = async ({ ok }: Context, Key: string, more: object = {}): Promise<unknown> =>
  (await ok('CreateMultipartUpload', { Key, ...more }))['UploadId'];

/** An upload of one part, completed. */
async function uploaded(context: Context, Key: string, text: string, name: string): Promise<void> {
  const UploadId = await begun(context, Key);
  const { ETag } = await context.ok('UploadPart', { Key, UploadId, PartNumber: 1, Body: body(text) });
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  await context.check(name, 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload });
}

/** Three parts with a checksum each, completed in right and wrong ways. */
const threeParts =
  (ChecksumAlgorithm: string, ChecksumType: string): Play =>
  async (context) => {
    const { scene, check, Bucket } = context;
    scene.stage.apart(...ours, 'Body');
    const Key = 'test-multipart-checksum';
    const { UploadId } = await check('create-mpu-checksum', 'CreateMultipartUpload', { Key, ChecksumAlgorithm, ChecksumType });
    const member = `Checksum${ChecksumAlgorithm}`;
    const parts: Answer[] = [];
    for (const [index, Body] of [Buffer.alloc(mib5, 'a'), Buffer.alloc(mib5, 'a'), Buffer.alloc(10, 'a')].entries()) {
      const name = `upload-part-${index}`;
      const part = { Key, UploadId, PartNumber: index + 1, Body, ...toldSum(context, name, ChecksumAlgorithm) };
      const answer = await check(name, 'UploadPart', part);
      parts.push({ ETag: answer['ETag'], PartNumber: index + 1, [member]: answer[member] });
    }
    await check('list-parts', 'ListParts', { Key, UploadId });
    const complete = (name: string, Parts: readonly object[], more: object = {}): Promise<Answer> =>
      check(name, 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload: { Parts }, ...more });
    const { Error: refusal } = scene.recorded('complete-multipart-wrong-parts-checksum') as { Error: { PartNumber: string } };
    const wrong = Number(refusal.PartNumber);
    const other = parts[wrong === 3 ? 0 : 2]?.[member];
    const mixed = parts.map((part) => (part['PartNumber'] === wrong ? { ...part, [member]: other } : part));
    await complete('complete-multipart-wrong-parts-checksum', mixed);
    if (ChecksumType === 'COMPOSITE')
      await complete(
        'complete-multipart-no-checksum',
        parts.map(({ ETag, PartNumber }) => ({ ETag, PartNumber })),
      );
    await complete('complete-multipart-checksum', parts);
    const ChecksumMode = 'ENABLED';
    await check('get-object-with-checksum', 'GetObject', { Key, ChecksumMode });
    await check('head-object-with-checksum', 'HeadObject', { Key, ChecksumMode });
    await check('get-object-attrs', 'GetObjectAttributes', { Key, ObjectAttributes: attributes });
    await check('copy-obj-checksum', 'CopyObject', { Key: 'copy', CopySource: `${Bucket}/${Key}` });
    await check('get-copy-object-attrs', 'GetObjectAttributes', { Key: 'copy', ObjectAttributes: attributes });
    if (scene.stage.left.includes('get-object-part-checksum'))
      await check('get-object-part-checksum', 'GetObject', { Key, PartNumber: 3, ChecksumMode });
  };

const withoutSum: Play = async (context) => {
  const { scene, check, Bucket } = context;
  scene.stage.apart(...ours, 'Body');
  const Key = 'test-multipart-checksum';
  const { UploadId } = await check('create-mpu-no-checksum', 'CreateMultipartUpload', { Key });
  await check('list-multiparts', 'ListMultipartUploads');
  const first = 'upload-part-different-checksum-than-default';
  const sum = toldSum(context, first, 'CRC32C');
  const part = { Key, UploadId, PartNumber: 1, Body: body('aaa'), ...sum };
  const { ETag, ChecksumCRC32C } = await check(first, 'UploadPart', part);
  await check('list-parts', 'ListParts', { Key, UploadId });
  const complete = (name: string, listed: object, more: object = {}): Promise<Answer> =>
    check(name, 'CompleteMultipartUpload', {
      Key,
      UploadId,
      MultipartUpload: { Parts: [{ ETag, PartNumber: 1, ...listed }] },
      ...more,
    });
  await complete('complete-multipart-parts-checksum', { ChecksumCRC32C });
  await complete('complete-multipart-wrong-parts-checksum', { ChecksumCRC32C: 'AAAAAA==' });
  await complete('complete-multipart-full-object-type', {}, { ChecksumType: 'FULL_OBJECT' });
  await complete('complete-multipart-composite-type', {}, { ChecksumType: 'COMPOSITE' });
  await complete('complete-multipart-checksum', {});
  const ChecksumMode = 'ENABLED';
  await check('get-object-with-checksum', 'GetObject', { Key, ChecksumMode });
  await check('head-object-with-checksum', 'HeadObject', { Key, ChecksumMode });
  await check('get-object-attrs', 'GetObjectAttributes', { Key, ObjectAttributes: attributes });
  await check('copy-obj-checksum', 'CopyObject', { Key: 'copy', CopySource: `${Bucket}/${Key}` });
  await check('get-copy-object-attrs', 'GetObjectAttributes', { Key: 'copy', ObjectAttributes: attributes });
};

const onePart: Play = async (context) => {
  const { scene, check } = context;
  scene.stage.apart(...ours, 'Body');
  const Key = 'test-multipart-checksum';
  const ChecksumAlgorithm = 'CRC64NVME';
  const { UploadId } = await check('create-mpu-checksum-crc64', 'CreateMultipartUpload', { Key, ChecksumAlgorithm });
  const sum = toldSum(context, 'upload-part', ChecksumAlgorithm);
  const part = { Key, UploadId, PartNumber: 1, Body: body('aaa'), ...sum };
  const { ETag } = await check('upload-part', 'UploadPart', part);
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  await check('complete-multipart-checksum', 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload });
  await check('get-object-with-checksum', 'GetObject', { Key, ChecksumMode: 'ENABLED' });
  await check('head-object-with-checksum', 'HeadObject', { Key, ChecksumMode: 'ENABLED' });
  await check('get-object-attrs', 'GetObjectAttributes', { Key, ObjectAttributes: attributes });
};

const copiedPart: Play = async (context) => {
  const { scene, check, Bucket } = context;
  scene.stage.apart(...ours);
  const Key = 'test-multipart-checksum';
  await check('put-object', 'PutObject', { Key: 'source', Body: body('this is a part') });
  const { UploadId } = await check('create-mpu-checksum-sha256', 'CreateMultipartUpload', {
    Key,
    ChecksumAlgorithm: 'CRC32C',
    ChecksumType: 'FULL_OBJECT',
  });
  const part = { Key, UploadId, PartNumber: 1, CopySource: `${Bucket}/source` };
  const { CopyPartResult } = await check('upload-part-copy', 'UploadPartCopy', part);
  await check('list-parts', 'ListParts', { Key, UploadId });
  const { ETag, ChecksumCRC32C } = CopyPartResult as Answer;
  const MultipartUpload = { Parts: [{ ETag, ChecksumCRC32C, PartNumber: 1 }] };
  await check('complete-multipart-checksum', 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload });
  await check('get-object-with-checksum', 'GetObject', { Key, ChecksumMode: 'ENABLED' });
  await check('head-object-with-checksum', 'HeadObject', { Key, ChecksumMode: 'ENABLED' });
  await check('get-object-attrs', 'GetObjectAttributes', { Key, ObjectAttributes: attributes });
};

const copiedWhole: Play = async (context) => {
  const { scene, check, Bucket } = context;
  scene.stage.apart(...ours);
  const Key = 'test.file';
  await uploaded(context, Key, 'test content 123', 'multipart-upload');
  const CopySource = `${Bucket}/${Key}`;
  await check('copy-object', 'CopyObject', { Key: 'copy', CopySource });
  await check('copy-object-in-place', 'CopyObject', { Key, CopySource, MetadataDirective: 'REPLACE' });
  await check('head-obj', 'HeadObject', { Key, ChecksumMode: 'ENABLED' });
};

const byNumber: Play = async (context) => {
  const { scene, check, ok } = context;
  scene.stage.apart(...ours);
  const Key = 'test.file';
  const UploadId = await begun(context, Key);
  const Parts: object[] = [];
  for (const [index, Body] of [Buffer.alloc(5_242_896, 'test content 123'), body('test content 123')].entries()) {
    const { ETag } = await ok('UploadPart', { Key, UploadId, PartNumber: index + 1, Body });
    Parts.push({ ETag, PartNumber: index + 1 });
  }
  await check('multipart-upload', 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload: { Parts } });
  await check('head-object-part', 'HeadObject', { Key, PartNumber: 2 });
  await check('get-object-part', 'GetObject', { Key, PartNumber: 2 });
  await check('get-object-part-with-checksum', 'GetObject', { Key, PartNumber: 2, ChecksumMode: 'ENABLED' });
  await check('part-doesnt-exist', 'GetObject', { Key, PartNumber: 10 });
  await check('part-with-range', 'GetObject', { Key, PartNumber: 2, Range: 'bytes=0-8' });
  await ok('PutObject', { Key, Body: body('test-123') });
  await check('part-no-multipart', 'GetObject', { Key, PartNumber: 2 });
  await check('get-obj-no-multipart', 'GetObject', { Key, PartNumber: 1 });
};

const partSum: Play = async (context) => {
  const { scene, check } = context;
  scene.stage.apart(...ours);
  const Key = 'test-multipart-checksum';
  const ChecksumAlgorithm = 'CRC32C';
  const begin = { Key, ChecksumAlgorithm, ChecksumType: 'COMPOSITE' };
  const { UploadId } = await check('create-mpu-checksum', 'CreateMultipartUpload', begin);
  const sum = toldSum(context, 'upload-part', ChecksumAlgorithm);
  const part = { Key, UploadId, PartNumber: 1, Body: body('test content 123'), ...sum };
  const { ETag, ChecksumCRC32C } = await check('upload-part', 'UploadPart', part);
  const MultipartUpload = { Parts: [{ ETag, ChecksumCRC32C, PartNumber: 1 }] };
  await check('complete-multipart-checksum', 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload });
  await check('head-object-part', 'HeadObject', { Key, PartNumber: 1, ChecksumMode: 'ENABLED' });
  await check('get-object-part', 'GetObject', { Key, PartNumber: 1, ChecksumMode: 'ENABLED' });
};

const sizes: Play = async (context) => {
  const { scene, check } = context;
  scene.stage.apart(...ours);
  const Key = 'test-multipart-size';
  const { UploadId } = await check('create-mpu', 'CreateMultipartUpload', { Key });
  const { ETag } = await check('upload-part', 'UploadPart', { Key, UploadId, PartNumber: 1, Body: body('aaaa') });
  const complete = (name: string, MpuObjectSize: number): Promise<Answer> =>
    check(name, 'CompleteMultipartUpload', {
      Key,
      UploadId,
      MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
      MpuObjectSize,
    });
  await complete('complete-multipart-wrong-size', 5);
  await complete('complete-multipart-good-size', 4);
  await check('get-object-attrs', 'GetObjectAttributes', { Key, ObjectAttributes: ['ETag', 'Checksum'] });
};

const wrongParts: Play = async (context) => {
  const { check, ok } = context;
  const Key = 'test-upload-part-exc';
  const UploadId = await begun(context, Key);
  const { ETag } = await ok('UploadPart', { Key, UploadId, PartNumber: 1, Body: body('data') });
  const complete = (name: string, part: object): Promise<Answer> =>
    check(name, 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload: { Parts: [part] } });
  await complete('complete-exc-wrong-part-number', { ETag, PartNumber: 2 });
  await complete('complete-exc-wrong-etag', { ETag: 'd41d8cd98f00b204e9800998ecf8427e', PartNumber: 1 });
};

const tooSmall: Play = async (context) => {
  const { check } = context;
  const Key = 'test-upload-part-exc';
  const UploadId = await begun(context, Key);
  const Parts: object[] = [];
  for (const PartNumber of [1, 2]) {
    const part = { Key, UploadId, PartNumber, Body: body('data') };
    const { ETag } = await check(`upload-part${PartNumber}`, 'UploadPart', part);
    Parts.push({ ETag, PartNumber });
  }
  await check('complete-exc-no-parts', 'CompleteMultipartUpload', { Key, UploadId });
  await check('complete-exc-too-small', 'CompleteMultipartUpload', { Key, UploadId, MultipartUpload: { Parts } });
};

const nowhere: Play = async ({ check }) => {
  const at = { Key: 'k', UploadId: 'fakeid' };
  await check('upload-exc', 'UploadPart', { ...at, PartNumber: 1, Body: body('data') });
  await check('complete-exc', 'CompleteMultipartUpload', { ...at, MultipartUpload: { Parts: [{ ETag: 'x', PartNumber: 1 }] } });
  await check('abort-exc', 'AbortMultipartUpload', at);
};

const wrongSums =
  (ChecksumAlgorithm: string): Play =>
  async (context) => {
    const Key = 'test-multipart-checksum-exc';
    const UploadId = await begun(context, Key, { ChecksumAlgorithm });
    const put = (name: string, sum: string): Promise<Answer> =>
      context.check(name, 'UploadPart', {
        Key,
        UploadId,
        PartNumber: 1,
        Body: body('abc'),
        [`Checksum${ChecksumAlgorithm}`]: sum,
      });
    const length = { CRC32C: 4, SHA1: 20, CRC64NVME: 8 }[ChecksumAlgorithm] ?? 4;
    await put('put-wrong-checksum-no-b64', 'TEST');
    await put('put-wrong-checksum-value', Buffer.alloc(length, 'x').toString('base64'));
  };

const checksummed =
  (ChecksumAlgorithm: string): Play =>
  async ({ scene, check }) => {
    const put = { Key: 'test-checksum', Body: body('test data..') };
    const member = `Checksum${ChecksumAlgorithm}`;
    const ask = (name: string, Key: string): Promise<Answer> =>
      check(name, 'GetObjectAttributes', { Key, ObjectAttributes: ['ETag', 'Checksum'] });
    await check('put-wrong-checksum-no-b64', 'PutObject', { ...put, [member]: 'TEST' });
    await check('put-wrong-checksum-value', 'PutObject', { ...put, [member]: Buffer.alloc(8, 'x').toString('base64') });
    const { [member]: sum } = await check('put-object-generated', 'PutObject', {
      ...put,
      ...toldSum({ scene }, 'put-object-generated', ChecksumAlgorithm),
    });
    await ask('get-object-attrs-generated', put.Key);
    await check('put-object-autogenerated', 'PutObject', { ...put, [member]: sum });
    await ask('get-object-attrs-auto-generated', put.Key);
    await check('head-object-with-checksum', 'HeadObject', { Key: put.Key, ChecksumMode: 'ENABLED' });
  };

const copiedSum =
  (ChecksumAlgorithm: string, isDefault: boolean): Play =>
  async ({ scene, check, Bucket }) => {
    const Key = 'source';
    const attrs = (name: string, of: string): Promise<Answer> =>
      check(name, 'GetObjectAttributes', { Key: of, ObjectAttributes: ['Checksum'] });
    const sum = isDefault ? toldSum({ scene }, 'put-object-no-checksum', ChecksumAlgorithm) : {};
    const put = { Key, Body: body('{"key": "value"}'), ...sum };
    await check('put-object-no-checksum', 'PutObject', put);
    await attrs('object-attrs', Key);
    const inPlace = { Key, CopySource: `${Bucket}/${Key}`, MetadataDirective: 'REPLACE' };
    if (isDefault) await check('copy-object-in-place-with-no-checksum', 'CopyObject', inPlace);
    else await check('copy-object-in-place-with-checksum', 'CopyObject', { ...inPlace, ChecksumAlgorithm });
    await attrs('object-attrs-after-copy', Key);
    await check('copy-object-to-dest-keep-checksum', 'CopyObject', { Key: 'dest', CopySource: `${Bucket}/${Key}` });
    if (isDefault) await attrs('dest-object-attrs-after-copy', 'dest');
  };

const created =
  (name: string, input: object): Play =>
  async ({ scene, check }) => {
    scene.stage.apart('Bucket');
    const isDefault = name.includes('default');
    await check(name, 'CreateMultipartUpload', {
      Key: isDefault ? 'test-multipart-checksum-default' : 'test-multipart-checksum-compat',
      ...input,
    });
  };

const multi = 'TestS3MultipartUploadChecksum';
const names = <T extends string>(...all: readonly T[]): Readonly<Record<T, T>> =>
  Object.fromEntries(all.map((name) => [name, name])) as Record<T, T>;

export const s3PartScenarios: Scenarios = {
  ...each(`${multi}.test_complete_multipart_parts_checksum_composite`, names('CRC32', 'CRC32C', 'SHA1', 'SHA256'), (algorithm) =>
    inBucket(threeParts(algorithm, 'COMPOSITE')),
  ),
  ...each(`${multi}.test_complete_multipart_parts_checksum_full_object`, names('CRC32C', 'CRC64NVME'), (algorithm) =>
    inBucket(threeParts(algorithm, 'FULL_OBJECT')),
  ),
  [`${multi}.test_complete_multipart_parts_checksum_default`]: inBucket(withoutSum),
  [`${multi}.test_complete_multipart_parts_checksum_full_object_default`]: inBucket(onePart),
  [`${multi}.test_multipart_upload_part_copy_checksum[FULL_OBJECT]`]: inBucket(copiedPart),
  [`${multi}.test_multipart_size_validation`]: inBucket(sizes),
  ...each(`${multi}.test_multipart_upload_part_checksum_exception`, names('CRC32C', 'SHA1', 'CRC64NVME'), (algorithm) =>
    inBucket(wrongSums(algorithm)),
  ),
  [`${multi}.test_multipart_checksum_type_compatibility[COMPOSITE-CRC32]`]: inBucket(
    created('create-mpu-checksum', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'COMPOSITE' }),
  ),
  [`${multi}.test_multipart_checksum_type_compatibility[FULL_OBJECT-CRC32]`]: inBucket(
    created('create-mpu-checksum', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }),
  ),
  [`${multi}.test_multipart_checksum_type_compatibility[FULL_OBJECT-SHA1]`]: inBucket(
    created('create-mpu-checksum-exc', { ChecksumAlgorithm: 'SHA1', ChecksumType: 'FULL_OBJECT' }),
  ),
  ...each(`${multi}.test_multipart_checksum_type_default_for_checksum`, names('CRC32', 'SHA1'), (ChecksumAlgorithm) =>
    inBucket(created('create-mpu-default-checksum-type', { ChecksumAlgorithm })),
  ),
  'TestS3.test_multipart_copy_object_etag': inBucket(copiedWhole),
  'TestS3.test_get_object_part': inBucket(byNumber),
  'TestS3.test_get_object_part_checksum[COMPOSITE]': inBucket(partSum),
  'TestS3.test_multipart_complete_multipart_too_small': inBucket(tooSmall),
  'TestS3.test_multipart_complete_multipart_wrong_part': inBucket(wrongParts),
  'TestS3.test_multipart_no_such_upload': inBucket(nowhere),
  'TestS3.test_multipart_overwrite_key': inBucket(async (context) => {
    context.scene.stage.apart(...ours);
    await context.check('put-object', 'PutObject', { Key: 'test.file', Body: body('test content 123') });
    await uploaded(context, 'test.file', 'test content 123', 'multipart-upload');
  }),
  'TestS3PutObjectChecksum.test_put_object_checksum[CRC64NVME]': inBucket(checksummed('CRC64NVME')),
  'TestS3PutObjectChecksum.test_s3_checksum_no_algorithm': inBucket(async ({ check }) => {
    const put = { Key: 'k', Body: body('test data..') };
    await check('put-wrong-checksum', 'PutObject', { ...put, ChecksumSHA256: 'TEST' });
    const ChecksumSHA256 = '2l26x0trnT0r2AvakoFk2MB7eKVKzYESLMxSAKAzoik=';
    await check('put-2-checksums', 'PutObject', { ...put, ChecksumSHA256, ChecksumCRC32: 'AAAAAA==' });
    await check('put-right-checksum', 'PutObject', { ...put, ChecksumSHA256 });
    await check('head-obj', 'HeadObject', { Key: 'k', ChecksumMode: 'ENABLED' });
  }),
  ...each('TestS3.test_s3_copy_object_with_default_checksum', names('SHA256', 'CRC64NVME'), (algorithm) =>
    inBucket(copiedSum(algorithm, true)),
  ),
  ...each('TestS3.test_s3_copy_object_with_checksum', names('CRC64NVME'), (algorithm) => inBucket(copiedSum(algorithm, false))),
};
