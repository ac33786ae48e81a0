import { suite, test, type TestContext } from 'node:test';
import { checkLink, withLinkHeaders, type RequestHead } from './index.ts';

const nowMs = Date.parse('2026-11-23T12:00:00Z');
const parameters = {
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'AKIAEXAMPLE/20261123/us-east-1/s3/aws4_request',
  'X-Amz-Date': '20261123T120000Z',
  'X-Amz-Expires': '60',
  'X-Amz-SignedHeaders': 'host',
  'X-Amz-Signature': '0'.repeat(64),
};
const link = (query: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): RequestHead => ({
  method: 'GET',
  target: `/bucket/key?${new URLSearchParams(query).toString()}`,
  headers: { host: 'localhost', ...headers },
});
const v2 = { AWSAccessKeyId: 'AKIAEXAMPLE', Signature: 'x', Expires: String(nowMs / 1000 + 60) };

suite('signed links of S3', () => {
  test('are valid until their last second', (t: TestContext) => {
    for (const head of [link(parameters), link(v2)]) {
      checkLink(head, nowMs + 60_000);
      t.assert.throws(() => checkLink(head, nowMs + 60_001), {
        code: 'AccessDenied',
        message: 'Request has expired',
        status: 403,
      });
    }
  });

  test('are whole, and cover every header that means something', (t: TestContext) => {
    for (const name of Object.keys(parameters)) {
      const { [name as keyof typeof parameters]: _, ...rest } = parameters;
      t.assert.throws(() => checkLink(link(rest), nowMs), { code: 'AuthorizationQueryParametersError', status: 400 }, name);
    }
    for (const life of ['x', '-1', '604801']) {
      const head = link({ ...parameters, 'X-Amz-Expires': life });
      t.assert.throws(() => checkLink(head, nowMs), { code: 'AuthorizationQueryParametersError' }, life);
    }
    const { Signature: _, ...unsigned } = v2;
    t.assert.throws(() => checkLink(link(unsigned), nowMs), { code: 'AccessDenied' });
    const members = { HeadersNotSigned: 'x-amz-meta-a, x-amz-acl' };
    const uncovered = link(parameters, { 'x-amz-meta-a': 'b', 'x-amz-acl': 'private', 'content-type': 'text/plain' });
    t.assert.throws(() => checkLink(uncovered, nowMs), { code: 'AccessDenied', members });
    const absent = link({ ...parameters, 'X-Amz-SignedHeaders': 'host;x-amz-meta-a' });
    t.assert.throws(() => checkLink(absent, nowMs), { code: 'SignatureDoesNotMatch', status: 403 });
  });

  test('ask in their query for what others ask in headers', (t: TestContext) => {
    const { headers } = withLinkHeaders(
      link({ ...parameters, 'x-amz-meta-a': 'b', 'X-Amz-Acl': 'private' }, { 'x-amz-acl': 'own' }),
    );
    t.assert.deepEqual(headers, { host: 'localhost', 'x-amz-acl': 'own', 'x-amz-meta-a': 'b' });
    const plain = link({ 'x-amz-meta-a': 'b' });
    t.assert.equal(withLinkHeaders(plain), plain);
  });

  test('are nothing else: other requests pass', () => {
    checkLink(link({ 'list-type': '2' }), nowMs);
    checkLink(link(parameters, { authorization: 'AWS4-HMAC-SHA256 …' }), nowMs + 100_000);
  });
});
