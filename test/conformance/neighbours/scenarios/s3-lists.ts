import type { Answer } from '../../kit/stage.ts';
import { read } from '../kit/browse.ts';
import { each, type Scenarios, type Scene } from '../kit/stage.ts';
import { body, inBucket, versioning, type Play } from './s3-kit.ts';

/** As the document itself has it, without a client that reads it. */
async function document(scene: Scene, Bucket: string, query: Readonly<Record<string, string>>): Promise<Answer> {
  const text = await (await fetch(`${scene.stage.origin}/${Bucket}?${new URLSearchParams(query)}`)).text();
  const answer = read(text);
  // Only what was recorded: keys and versions were left out there.
  for (const list of Object.values<unknown>(answer))
    if (typeof list === 'object' && list !== null) delete (list as Answer)['Contents'];
  return answer;
}

const folders = ['folder/aSubfolder/subFile1', 'folder/aSubfolder/subFile2', 'folder/file1', 'folder/file2'];

const markedPrefixes: Play = async ({ check, ok }) => {
  for (const Key of folders) await ok('PutObject', { Key, Body: body('content 123') });
  const inFolder = { Prefix: 'folder/', Delimiter: '/', MaxKeys: 1 };
  const list = async (name: string, input: object): Promise<unknown> =>
    (await check(`list-objects-${name}`, 'ListObjects', input))['NextMarker'];
  await list('all-keys', {});
  const first = await list('start', inFolder);
  const second = await list('next-1', { ...inFolder, Marker: first });
  await list('end', { ...inFolder, Marker: second });
  await list('manual-first-file', { ...inFolder, Marker: folders[0] });
};

const markedUploads: Play = async ({ scene, check, ok }) => {
  scene.stage.apart('Initiator', 'Owner');
  for (const Key of folders) await ok('CreateMultipartUpload', { Key });
  const inFolder = { Prefix: 'folder/', Delimiter: '/', MaxUploads: 1 };
  const list = (name: string, input: object): Promise<Answer> =>
    check(`list-multiparts-${name}`, 'ListMultipartUploads', { ...inFolder, ...input });
  await list('start', {});
  await list('manual-prefix', { KeyMarker: 'folder/aSubfolder/' });
  await list('manual-first-file', { KeyMarker: folders[0] });
};

const versionsWithPrefix: Play = async ({ scene, check, ok, Bucket }) => {
  await ok('PutBucketVersioning', versioning('Enabled'));
  for (const [Key, text] of [
    ['dir/test', 'content key1-v1'],
    ['dir/test', 'content key-1v2'],
    ['dir/subdir/test2', 'content key2-v1'],
    ['dir/subdir/test2', 'content key2-v2'],
  ])
    await ok('PutObject', { Key, Body: body(text ?? '') });
  const prefixes = ['dir/', 'dir/s', 'dir/test', 'dir/subdir', 'dir/subdir/', 'dir/subdir/test2'];
  for (const [index, Prefix] of prefixes.entries())
    await check(`list-object-version-${index + 1}`, 'ListObjectVersions', { Prefix, Delimiter: '/' });
  const answer = await document(scene, Bucket, { versions: '', prefix: 'dir/subdir', delimiter: '/' });
  scene.match('list-objects-versions-no-encoding', answer);
};

const safeTokens: Play = async ({ scene, ok, Bucket }) => {
  scene.stage.apart('ContinuationToken', 'NextContinuationToken');
  const keys = [
    'test@key/',
    'test%123',
    'test%percent',
    'test key/',
    'test key//',
    'test%123/',
    'a/%F0%9F%98%80/',
    'file%2Fname',
    ...['01', '02', '03', '05'].map((month) => `date=2026-${month}-01/`),
  ];
  for (const Key of keys) await ok('PutObject', { Key });
  const [asked, plain] = [scene.service('s3'), scene.service('s3', { protocol: 'plain' })];
  const list = async (name: string, input: object, s3 = asked): Promise<unknown> =>
    (await s3.check(`list-objects-${name}`, 'ListObjectsV2', { Bucket, ...input }))['NextContinuationToken'];
  const token = await list('v2-max-5', { MaxKeys: 5 });
  await list('v2-rest', { ContinuationToken: token });
  const MaxKeys = 2;
  await list('start-after', { MaxKeys, StartAfter: 'date=2026-02-01/' }, plain);
  await list('start-after-url-type', { MaxKeys, StartAfter: 'date=2026-02-01/', EncodingType: 'url' }, plain);
  const next = await list('start-after-encoded', { MaxKeys, StartAfter: 'date%3D2026-02-01/' });
  await list('start-after-token', { MaxKeys, ContinuationToken: next });
  await list('continuation-token-2', { MaxKeys, ContinuationToken: next });
};

export const s3ListScenarios: Scenarios = {
  'TestS3ListBuckets.test_list_buckets_region_validation': async (scene) => {
    await scene.service('s3').check('bad-region', 'ListBuckets', { BucketRegion: 'eu-east-1' });
  },
  'TestS3ListBuckets.test_list_buckets_with_max_buckets': inBucket(async ({ scene, s3, Bucket }) => {
    const CreateBucketConfiguration = { LocationConstraint: scene.region };
    await s3.ok('CreateBucket', { Bucket: `${Bucket}-2`, CreateBucketConfiguration });
    await s3.check('list-objects-with-max-buckets', 'ListBuckets', { MaxBuckets: 1, BucketRegion: scene.region });
  }),
  'TestS3ListMultipartUploads.test_list_multipart_uploads_marker_common_prefixes': inBucket(markedUploads),
  'TestS3ListObjects.test_list_objects_marker_common_prefixes': inBucket(markedPrefixes),
  ...each('TestS3ListObjects.test_list_objects_with_prefix', { '%2F': '%2F' }, (Delimiter) =>
    inBucket(async ({ scene, check, ok, Bucket }) => {
      await ok('PutObject', { Key: 'test/foo/bar/123', Body: body('content 123') });
      await check('list-objects', 'ListObjects', { Prefix: 'test/', Delimiter, MaxKeys: 1, EncodingType: 'url' });
      scene.match('list-objects-no-encoding', await document(scene, Bucket, { prefix: 'test', delimiter: '/' }));
    }),
  ),
  'TestS3ListObjectsV2.test_list_objects_v2_continuation_token_safe_chars': inBucket(safeTokens),
  ...each('TestS3ListObjectsV2.test_list_ops_encoding_type_validation', { list_objects: 'ListObjects' }, (operation) =>
    inBucket(async ({ check }) => {
      await check('list_objects-error-wrong-value', operation, { EncodingType: 'value' });
      await check('list_objects-error-empty-value', operation, { EncodingType: '' });
    }),
  ),
  'TestS3ListObjectVersions.test_list_objects_versions_with_prefix': inBucket(versionsWithPrefix),
  'TestS3ObjectCRUD.test_list_object_versions_order_unversioned': inBucket(async ({ check }) => {
    await check('list-empty', 'ListObjectVersions');
    const put = (name: string, Key: string, text: string): Promise<Answer> => check(name, 'PutObject', { Key, Body: body(text) });
    await put('put-object', 'a-test-object-1', 'test-object-1');
    await put('put-object-3', 'c-test-object-3', 'test-object-3');
    await put('put-object-2', 'b-test-object-2', 'test-object-2');
    await check('list-object-versions', 'ListObjectVersions');
  }),
  'TestS3ListParts.test_list_parts_empty_part_number_marker': inBucket(async ({ scene, check, ok }) => {
    scene.stage.apart('Bucket', 'Initiator', 'Owner');
    const Key = 'test-list-part-empty-marker';
    const { UploadId } = await ok('CreateMultipartUpload', { Key });
    await ok('UploadPart', { Key, UploadId, PartNumber: 1, Body: body('data') });
    await check('list-parts-empty-marker', 'ListParts', { Key, UploadId, PartNumberMarker: '' });
    await check('list-parts-empty-max-parts', 'ListParts', { Key, UploadId, MaxParts: '' });
  }),
};
