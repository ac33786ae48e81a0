import type { Answer } from '../../kit/stage.ts';
import { browse } from '../kit/browse.ts';
import { each, type Scenarios } from '../kit/stage.ts';
import { body, inBucket, type Play } from './s3-kit.ts';

type Context = Parameters<Play>[0];

/** A signed link, but for a signature that anybody could check. */
interface LinkOptions {
  readonly signedAtMs?: number;
  readonly lifeS?: number;
  readonly signedHeaders?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly without?: string;
}

const basic = (atMs: number): string => new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');

function linkV4({ scene, Bucket }: Context, Key: string, options: LinkOptions = {}): string {
  const date = basic(options.signedAtMs ?? Date.now());
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${scene.account}/${date.slice(0, 8)}/${scene.region}/s3/aws4_request`,
    'X-Amz-Date': date,
    'X-Amz-Expires': String(options.lifeS ?? 3600),
    'X-Amz-SignedHeaders': options.signedHeaders ?? 'host',
    ...options.query,
    'X-Amz-Signature': '0'.repeat(64),
  });
  if (options.without !== undefined) query.delete(options.without);
  return `${scene.stage.origin}/${Bucket}/${Key}?${query.toString()}`;
}

function linkV2(
  { scene, Bucket }: Context,
  Key: string,
  expiresAtMs: number,
  query: Readonly<Record<string, string>> = {},
): string {
  const Expires = String(Math.floor(expiresAtMs / 1000));
  const all = new URLSearchParams({ AWSAccessKeyId: scene.account, Signature: 'x', Expires, ...query });
  return `${scene.stage.origin}/${Bucket}/${Key}?${all.toString()}`;
}

const later = (): number => Date.now() + 3_600_000;
const put = (url: string, headers: Record<string, string> = {}): Promise<Answer> =>
  browse(url, { method: 'PUT', headers, body: Uint8Array.from(body('123456')) });

const expired =
  (signature: 's3' | 's3v4'): Play =>
  async (context) => {
    const { scene, ok } = context;
    scene.stage.apart('HostId', 'Expires', 'ServerTime');
    await ok('PutObject', { Key: 'temp.txt', Body: body('123') });
    const past = Date.now() - 2000;
    const url =
      signature === 's3' ? linkV2(context, 'temp.txt', past) : linkV4(context, 'temp.txt', { signedAtMs: past - 1000, lifeS: 1 });
    scene.match('expired', await browse(url));
  };

const missing: Play = async (context) => {
  context.scene.stage.apart('HostId');
  const response = await fetch(linkV4(context, 'k', { without: 'X-Amz-Signature' }), { method: 'PUT', body: '123456' });
  const answer = await put(linkV4(context, 'k', { without: 'X-Amz-Signature' }));
  context.scene.match('missing-param-exception', { ...answer, StatusCode: response.status });
};

/** Headers that a link does not cover, whatever it is signed with. */
const uncovered: Play = async (context) => {
  const { scene } = context;
  scene.stage.apart('HostId');
  const headers = { 'x-amz-date': basic(Date.now()), 'content-md5': 'x' };
  const decoded = { 'x-amz-decoded-content-length': '6' };
  scene.match('with-decoded-content-length', await put(linkV4(context, 'k'), { ...headers, ...decoded }));
  scene.match('without-decoded-content-length', await put(linkV4(context, 'k'), headers));
};

const metadata: Play = async (context) => {
  const { scene, check } = context;
  scene.stage.apart('HostId', 'RequestId', 'SignatureProvided', 'ETag', 'ContentLength');
  scene.stage.apart('CanonicalRequest', 'CanonicalRequestBytes', 'StringToSign', 'StringToSignBytes');
  const url = linkV4(context, 'k', { signedHeaders: 'host;x-amz-meta-foo' });
  scene.match('no-meta-headers', await put(url));
  await put(url, { 'x-amz-meta-foo': 'bar' });
  await check('head_object', 'HeadObject', { Key: 'k' });
  scene.match('wrong-meta-headers', await put(url, { 'x-amz-meta-foo': 'bar', 'x-amz-meta-wrong': 'x' }));
};

const inQuery: Play = async (context) => {
  await put(linkV4(context, 'k', { query: { 'x-amz-meta-foo': 'bar-complicated-no-random' } }));
  await context.check('head-object', 'HeadObject', { Key: 'k', ChecksumMode: 'ENABLED' });
};

const unwritable: Play = async (context) => {
  context.scene.stage.apart('HostId');
  await context.ok('PutObject', { Key: 'k', Body: body('x') });
  const query = { 'response-cache-control': 'non-ascii-%E2%80%94_—_é_' };
  context.scene.match('unicode-error', await browse(linkV2(context, 'k', later(), query)));
};

const otherForm: Play = async ({ scene, Bucket }) => {
  const headers = { 'content-type': 'text/html' };
  const answer = await browse(`${scene.stage.origin}/${Bucket}`, { method: 'POST', headers, body: 'key=k' });
  scene.match('invalid-content-type-error', answer);
};

const test = 'TestS3PresignedUrl.test_';
export const s3LinkScenarios: Scenarios = {
  ...each(
    `${test}presigned_url_signature_authentication_expired`,
    { 's3-True': 's3', 's3-False': 's3', 's3v4-True': 's3v4', 's3v4-False': 's3v4' } as const,
    (signature) => inBucket(expired(signature)),
  ),
  [`${test}s3_put_presigned_url_missing_sig_param[s3v4]`]: inBucket(missing),
  [`${test}put_object_with_md5_and_chunk_signature_bad_headers[s3v4-True]`]: inBucket(uncovered),
  [`${test}put_url_metadata_with_sig_s3v4[True]`]: inBucket(metadata),
  [`${test}presigned_url_v4_x_amz_in_qs`]: inBucket(inQuery),
  [`${test}get_response_overrides_unicode_metadata_with_sig_s3`]: inBucket(unwritable),
  'TestS3PresignedPost.test_post_object_with_wrong_content_type': inBucket(otherForm),
};
