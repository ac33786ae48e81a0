import { suite, test, type TestContext } from 'node:test';
import { assert as holds, property, string } from 'fast-check';
import { loadApi } from './api.ts';
import type { ServiceFault } from './fault.ts';
import type { RequestHead } from './request.ts';
import { parseXml } from './xml-read.ts';
import { escapeXml } from './xml.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

suite('XML from strangers', { timeout: 60_000 }, () => {
  const refused: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['text', 'hello'],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an entity of its own', '<a>&b;</a>'],
    ['an open element', '<a><b></a>'],
    ['two roots', '<a/><b/>'],
    ['an end without a begin', '</a>'],
    ['a comment without end', '<a><!-- </a>'],
    ['a code point that is none', '<a>&#x110000;</a>'],
    ['a tower', '<a>'.repeat(100) + '</a>'.repeat(100)],
  ];
  for (const [what, document] of refused) {
    test(`${what} is refused`, (t: TestContext) => {
      t.assert.throws(() => parseXml(bytes(document)), { code: 'MalformedXML' });
    });
  }

  test('what is escaped is read back', (t: TestContext) => {
    holds(
      property(string({ unit: 'grapheme' }), (text) => {
        // oxlint-disable-next-line no-control-regex -- what XML cannot hold is replaced on purpose
        const writable = text.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD');
        t.assert.strictEqual(parseXml(bytes(`<a>${escapeXml(text)}</a>`)).text, writable);
      }),
    );
  });

  test('any bytes end in an element or in a MalformedXML, quickly', (t: TestContext) => {
    holds(
      property(string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          parseXml(bytes(text));
        } catch (error) {
          t.assert.strictEqual((error as ServiceFault).code, 'MalformedXML');
        }
      }),
    );
    const since = performance.now();
    t.assert.throws(() => parseXml(bytes('<a '.repeat(300_000))), { code: 'MalformedXML' });
    t.assert.throws(() => parseXml(bytes(`<a ${'b="c" '.repeat(100_000)}`)), { code: 'MalformedXML' });
    t.assert.ok(performance.now() - since < 2000);
  });
});

suite('S3 requests, routed', { timeout: 60_000 }, () => {
  const routes: readonly (readonly [string, string, string, Readonly<Record<string, string>>?])[] = [
    ['GET', '/', 'ListBuckets'],
    ['GET', '/b', 'ListObjects'],
    ['GET', '/b/', 'ListObjects'],
    ['GET', '/b?list-type=2&prefix=x', 'ListObjectsV2'],
    ['GET', '/b?versions', 'ListObjectVersions'],
    ['GET', '/b?location', 'GetBucketLocation'],
    ['GET', '/b?uploads', 'ListMultipartUploads'],
    ['PUT', '/b', 'CreateBucket'],
    ['PUT', '/b?notification', 'PutBucketNotificationConfiguration'],
    ['HEAD', '/b', 'HeadBucket'],
    ['POST', '/b?delete', 'DeleteObjects'],
    ['GET', '/b/k', 'GetObject'],
    ['GET', '/b/k?uploadId=u', 'ListParts'],
    ['GET', '/b/k?tagging', 'GetObjectTagging'],
    ['PUT', '/b/k?x-id=PutObject', 'PutObject'],
    ['PUT', '/b/k', 'CopyObject', { 'x-amz-copy-source': 'b/a' }],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPartCopy', { 'x-amz-copy-source': 'b/a' }],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload'],
    ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'],
    ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'],
    ['DELETE', '/b/k', 'DeleteObject'],
    ['GET', '/k?acl', 'GetObjectAcl', { host: 'b.s3.eu-west-1.amazonaws.com' }],
    ['GET', '/?acl', 'GetBucketAcl', { host: 'b.localhost:4566' }],
    ['GET', '/b?acl', 'GetBucketAcl', { host: 's3.localhost:4566' }],
  ];
  for (const [method, target, name, headers = {}] of routes) {
    test(`${method} ${headers['host'] ?? ''}${target}${headers['x-amz-copy-source'] === undefined ? '' : ' with a source'} is ${name}`, async (t: TestContext) => {
      const api = await loadApi('s3');
      const head: RequestHead = { method, target, headers: { host: '127.0.0.1:4566', ...headers } };
      t.assert.strictEqual(api.route(head, 'restXml', new Uint8Array(0))?.name, name);
    });
  }

  test('a key is everything behind its bucket, decoded once', async (t: TestContext) => {
    const api = await loadApi('s3');
    const keyOf = (target: string): unknown => {
      const head: RequestHead = { method: 'HEAD', target, headers: { host: 'h' } };
      const operation = api.route(head, 'restXml', new Uint8Array(0));
      return operation === undefined
        ? undefined
        : (api.decode(operation, head, 'restXml', new Uint8Array(0)) as { Key?: string }).Key;
    };
    t.assert.strictEqual(keyOf('/b//a//b/'), '/a//b/');
    t.assert.strictEqual(keyOf('/b/a%2525+%2F..'), 'a%25+/..');
    t.assert.strictEqual(keyOf('/b/%zz'), '%zz');
  });
});
