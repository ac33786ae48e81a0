import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Answer } from '../../kit/stage.ts';
import { read } from '../kit/browse.ts';
import { each, type Scenarios } from '../kit/stage.ts';
import { inBucket, type Play } from './s3-kit.ts';

type Fields = Readonly<Record<string, string>>;

const formOf = (fields: Fields, text: string): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([text]));
  return form;
};

/** In one piece, so that all of it is there before it can be refused. */
async function sent(
  { scene, Bucket }: Pick<Parameters<Play>[0], 'scene' | 'Bucket'>,
  form: FormData,
): Promise<{ readonly status: number; readonly text: string }> {
  const encoded = new Response(form);
  const call = request(`${scene.stage.origin}/${Bucket}`, {
    method: 'POST',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
  });
  call.end(Buffer.from(await encoded.arrayBuffer()));
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const chunks: Uint8Array[] = [];
  for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

/** An upload form, as a browser sends it. */
const posted =
  (fields: Fields, look: Play, text = 'example'): Play =>
  async (context) => {
    await sent(context, formOf({ key: 'test-presigned-post-key', ...fields }, text));
    await look(context);
  };

const tagging = (...names: readonly string[]): string =>
  `<Tagging><TagSet>${names.map((name) => `<Tag><Key>Tag${name}</Key><Value>Tag${name.replace('Name', 'Value')}</Value></Tag>`).join('')}</TagSet></Tagging>`;

/** What a refused form is told. */
async function refusal({ scene, Bucket }: Parameters<Play>[0], fields: Fields): Promise<Answer> {
  const { status, text } = await sent({ scene, Bucket }, formOf({ key: 'test-presigned-post-key', ...fields }, 'abcdef'));
  return { ...read(text.replaceAll('&quot;', '"')), StatusCode: status };
}

const v2 = { AWSAccessKeyId: 'x', Signature: 'x' };
const policyOf = (conditions: readonly unknown[]): string =>
  Buffer.from(JSON.stringify({ expiration: '2100-01-01T00:00:00Z', conditions })).toString('base64');

const success_action_redirect = 'http://localhost.test/random';
const anyFile = [['starts-with', '$key', '']];

/** Answers without their status, where it was not recorded. */
const onlyError = ({ Error: error }: Answer): Answer => ({ Error: error });

const equal: Play = async (context) => {
  const { scene, check } = context;
  const refuse = async (name: string, condition: unknown, redirect: string): Promise<void> => {
    const policy = policyOf([...anyFile, condition]);
    scene.match(name, onlyError(await refusal(context, { ...v2, success_action_redirect: redirect, policy })));
  };
  await refuse('invalid-condition-eq', ['eq', '$success_action_redirect', success_action_redirect], 'http://other');
  const bare = ['eq', 'success_action_redirect', success_action_redirect];
  await refuse('invalid-condition-missing-prefix', bare, success_action_redirect);
  await refuse('invalid-condition-wrong-condition', { a: 'b', c: 'd' }, success_action_redirect);
  const loud = ['eq', '$success_action_redirect', success_action_redirect.replace('http', 'HTTP')];
  await refuse('invalid-condition-wrong-value-casing', loud, success_action_redirect);
  const more = {
    'x-amz-meta-test-1': 'test-meta-1',
    'x-amz-meta-test-2': 'test-meta-2',
    'Content-Type': 'text/plain',
    Expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
  };
  const allowed = Object.entries(more).map(([name, value]) => ({ [name]: value }));
  await refusal(context, { ...v2, ...more, policy: policyOf([...anyFile, ...allowed]) });
  await check('head-object-metadata', 'HeadObject', { Key: 'test-presigned-post-key' });
  const redirected = { success_action_redirect };
  await refusal(context, { ...v2, ...redirected, policy: policyOf([...anyFile, redirected]) });
  await check('final-object', 'GetObject', { Key: 'test-presigned-post-key' });
};

const beginning: Play = async (context) => {
  const { scene, check } = context;
  const wanted = ['starts-with', '$success_action_redirect', 'http://localhost'];
  const policy = policyOf([...anyFile, wanted]);
  const send = (redirect: string): Promise<Answer> => refusal(context, { ...v2, success_action_redirect: redirect, policy });
  scene.match('invalid-condition-starts-with', onlyError(await send('http://test')));
  scene.match('invalid-condition-starts-with-casing', onlyError(await send('HTTP://localhost.test/random')));
  const Key = 'test-presigned-post-key';
  await send(success_action_redirect);
  await check('get-object-1', 'GetObject', { Key });
  // Without the sum that boto3 would take.
  await fetch(`${scene.stage.origin}/${context.Bucket}/${Key}`, {
    method: 'PUT',
    headers: { 'content-type': 'binary/octet-stream' },
    body: 'manual value to change ETag',
  });
  await check('get-object-2', 'GetObject', { Key });
};

const v4 = { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-Credential': 'x', 'X-Amz-Date': 'x', 'X-Amz-Signature': 'x' };
const without = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));

const missing =
  (fields: Fields, name: string): Play =>
  async (context) => {
    context.scene.stage.apart('HostId');
    const policy = policyOf(anyFile);
    context.scene.match('exception-missing-signature', await refusal(context, { ...without(fields, name), policy }));
  };

const missingFields: Play = async (context) => {
  context.scene.stage.apart('HostId');
  const policy = policyOf(anyFile);
  const { 'X-Amz-Signature': signature } = v4;
  context.scene.match('exception-missing-fields', await refusal(context, { 'X-Amz-Signature': signature, policy }));
  context.scene.match('exception-no-sig-related-fields', await refusal(context, { policy }));
};

export const s3FormScenarios: Scenarios = {
  'TestS3PresignedPost.test_post_request_missing_fields[s3v4]': inBucket(missingFields),
  'TestS3PresignedPost.test_post_object_policy_conditions_validation_eq': inBucket(equal),
  'TestS3PresignedPost.test_post_object_policy_conditions_validation_starts_with': inBucket(beginning),
  'TestS3PresignedPost.test_post_request_missing_signature[s3v4]': inBucket(missing(v4, 'X-Amz-Signature')),
  'TestS3PresignedPost.test_post_request_missing_signature[s3]': inBucket(missing(v2, 'Signature')),
  ...each('TestS3PresignedPost.test_post_object_with_tags', { single: ['Name'], list: ['Name', 'Name2'] }, (names) =>
    inBucket(
      posted({ tagging: tagging(...names) }, async ({ check }) => {
        await check('get-tagging', 'GetObjectTagging', { Key: 'test-presigned-post-key' });
      }),
    ),
  ),
  'TestS3PresignedPost.test_post_object_default_checksum': inBucket(
    posted({}, async ({ scene, check }) => {
      scene.stage.apart('ChecksumCRC64NVME', 'ETag', 'ContentLength');
      await check('head-object', 'HeadObject', { Key: 'test-presigned-post-key', ChecksumMode: 'ENABLED' });
    }),
  ),
  'TestS3PresignedPost.test_post_object_with_metadata': inBucket(
    posted(
      {
        'x-amz-meta-test-1': 'test-meta-1',
        'x-amz-meta-TEST-2': 'test-meta-2',
        'Content-Type': 'text/plain',
        Expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
      },
      async ({ scene, check }) => {
        scene.stage.apart('ETag', 'ContentLength', 'Expires');
        await check('head-object', 'HeadObject', { Key: 'test-presigned-post-key' });
      },
    ),
  ),
};
