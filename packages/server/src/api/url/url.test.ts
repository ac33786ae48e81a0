import { request as httpRequest } from 'node:http';
import { after, before, suite, test, type TestContext } from 'node:test';
import { awsLimits, silentLogger, systemClock, systemRandom, type AccountId, type Region } from '../../base/index.ts';
import type { InvokeRequest, Outcome } from '../../invoke/index.ts';
import { AwsDoor, listen, UrlDoor, type FunctionUrl, type HandlerTables, type Listener } from '../index.ts';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** `fetch` sets headers of its own and refuses to send a Host. */
const ask = (port: number, method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const asked = httpRequest({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
      answer.once('error', reject);
    });
    asked.once('error', reject).end(body);
  });

const url = (id: string, options: Partial<FunctionUrl> = {}): FunctionUrl => ({
  id,
  account: '000000000000' as AccountId,
  region: 'us-east-1' as Region,
  functionName: id,
  authType: 'NONE',
  invokeMode: 'BUFFERED',
  ...options,
});

const json = (value: unknown): Outcome => ({ kind: 'returned', body: Buffer.from(JSON.stringify(value)) });

suite('function URLs', { timeout: 30_000 }, () => {
  const urls = new Map<string, FunctionUrl>(
    [
      url('echo'),
      url('signed', { authType: 'AWS_IAM' }),
      url('shared', {
        cors: { allowOrigins: ['https://a.example'], allowMethods: ['POST'], allowHeaders: ['x-one'], maxAgeS: 60 },
      }),
      url('streaming', { invokeMode: 'RESPONSE_STREAM' }),
    ].map((each) => [each.id, each]),
  );
  let outcome: (event: Record<string, unknown>, request: InvokeRequest) => Outcome = (event) => json(event);
  let listener: Listener;

  before(async () => {
    listener = await listen({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      admin: { metrics: () => '', status: () => Promise.resolve({}) },
      aws: new AwsDoor({ limits: awsLimits, log: silentLogger, region: 'us-east-1', handlers: {} as HandlerTables }),
      urls: new UrlDoor({
        urls: { find: (id) => urls.get(id) },
        limits: awsLimits,
        clock: systemClock,
        random: systemRandom,
        log: silentLogger,
        invoker: {
          invoke: (request) =>
            Promise.resolve({
              outcome: outcome(JSON.parse(Buffer.from(request.payload).toString('utf8')) as Record<string, unknown>, request),
              executedVersion: '1',
            }),
          enqueue: () => Promise.reject(new Error('not asked for')),
        },
      }),
    });
  });
  after(() => listener[Symbol.asyncDispose]());

  test('host and path addresses give the same event, in payload format 2.0', async (t: TestContext) => {
    outcome = (event) => json(event);
    const headers = { 'Content-Type': 'application/json', Cookie: 'a=1; b=2' };
    const byPath = JSON.parse(
      (await ask(listener.port, 'POST', '/_mayfly/url/echo/some%20path?q=1&q=2&r=x%26', headers, '{"a":1}')).body,
    ) as Record<string, unknown>;
    const byHost = JSON.parse(
      (
        await ask(
          listener.port,
          'POST',
          '/some%20path?q=1&q=2&r=x%26',
          { ...headers, Host: 'echo.lambda-url.us-east-1.localhost' },
          '{"a":1}',
        )
      ).body,
    ) as Record<string, unknown>;
    for (const event of [byPath, byHost]) {
      t.assert.deepEqual(
        [
          event['version'],
          event['rawPath'],
          event['rawQueryString'],
          event['queryStringParameters'],
          event['cookies'],
          event['body'],
          event['isBase64Encoded'],
        ],
        ['2.0', '/some path', 'q=1&q=2&r=x%26', { q: '1,2', r: 'x&' }, ['a=1', 'b=2'], '{"a":1}', false],
      );
    }
  });

  test('a binary body arrives as base64', async (t: TestContext) => {
    outcome = (event) => json(event);
    const event = JSON.parse(
      (await ask(listener.port, 'PUT', '/_mayfly/url/echo/', { 'Content-Type': 'image/png' }, 'png')).body,
    ) as Record<string, unknown>;
    t.assert.deepEqual([event['body'], event['isBase64Encoded']], [Buffer.from('png').toString('base64'), true]);
  });

  for (const [returned, status, type, body] of [
    [{ hello: 'world' }, 200, 'application/json', '{"hello":"world"}'],
    ['hi', 200, 'application/json', 'hi'],
    [3, 200, 'application/json', '3'],
    [true, 200, 'application/json', 'true'],
    [{ statusCode: 201, headers: { 'content-type': 'text/plain' }, body: 'made' }, 201, 'text/plain', 'made'],
    [{ statusCode: 200, body: 'aGk=', isBase64Encoded: true }, 200, 'application/json', 'hi'],
    [{ statusCode: 200, body: { not: 'text' } }, 502, 'application/json', 'Internal Server Error'],
    [{ statusCode: 'many' }, 502, 'application/json', 'Internal Server Error'],
    [{ statusCode: 200, headers: { 'x-bad': 'a\r\nset-cookie: b' } }, 502, 'application/json', 'Internal Server Error'],
  ] as const) {
    test(`${JSON.stringify(returned)} becomes ${status} ${body}`, async (t: TestContext) => {
      outcome = () => json(returned);
      const reply = await ask(listener.port, 'GET', '/', { Host: 'echo.lambda-url.us-east-1.localhost' });
      t.assert.deepEqual([reply.status, reply.headers['content-type'], reply.body], [status, type, body]);
    });
  }

  test('cookies become Set-Cookie, headers of the connection are remapped, an error is 502', async (t: TestContext) => {
    outcome = () => json({ statusCode: 200, cookies: ['a=1', 'b=2'], headers: { Connection: 'close', Location: '/next' } });
    const reply = await ask(listener.port, 'GET', '/_mayfly/url/echo/');
    t.assert.deepEqual(reply.headers['set-cookie'], ['a=1', 'b=2']);
    t.assert.equal(reply.headers['x-amzn-remapped-connection'], 'close');
    t.assert.equal(reply.headers['location'], '/_mayfly/url/echo/next');
    outcome = () => ({ kind: 'threw', errorType: 'Error', body: Buffer.from('{}') });
    t.assert.equal((await ask(listener.port, 'GET', '/_mayfly/url/echo/')).status, 502);
  });

  test('a page below our own origin is told to take another, and may be called from anywhere', async (t: TestContext) => {
    outcome = () => json({ statusCode: 200, headers: { 'content-type': 'text/html' }, body: '<p>' });
    const reply = await ask(listener.port, 'GET', '/_mayfly/url/echo/', { 'Sec-Fetch-Site': 'cross-site' });
    t.assert.equal(reply.status, 200);
    t.assert.match(String(reply.headers['content-security-policy']), /^sandbox /);
    t.assert.doesNotMatch(String(reply.headers['content-security-policy']), /allow-same-origin/);
  });

  test('AWS_IAM wants a signature, and tells the function who signed', async (t: TestContext) => {
    outcome = (event) => json(event);
    const unsigned = await ask(listener.port, 'GET', '/_mayfly/url/signed/');
    t.assert.deepEqual([unsigned.status, unsigned.headers['x-amzn-errortype']], [403, 'AccessDeniedException']);
    t.assert.match((JSON.parse(unsigned.body) as { Message: string }).Message, /^Forbidden\./);
    const authorization =
      'AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0';
    const event = JSON.parse(
      (await ask(listener.port, 'GET', '/_mayfly/url/signed/', { Authorization: authorization })).body,
    ) as {
      requestContext: { authorizer: { iam: { accessKey: string } } };
    };
    t.assert.equal(event.requestContext.authorizer.iam.accessKey, '000000000000');
  });

  test('an unknown URL is a 404 in Lambda’s words', async (t: TestContext) => {
    const reply = await ask(listener.port, 'GET', '/_mayfly/url/nobody/');
    t.assert.deepEqual(
      [reply.status, reply.body, reply.headers['x-amzn-errortype']],
      [404, '{"Message":null}', 'ResourceNotFoundException'],
    );
  });

  test('a preflight never reaches the function, and configured CORS overrides its headers', async (t: TestContext) => {
    let calls = 0;
    outcome = () => ((calls += 1), json({ statusCode: 200, headers: { 'access-control-allow-origin': '*' }, body: '' }));
    const asks = (origin: string, method: string): Promise<Reply> =>
      ask(listener.port, 'OPTIONS', '/_mayfly/url/shared/', {
        Origin: origin,
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': 'X-One',
      });
    const passes = await asks('https://a.example', 'POST');
    t.assert.deepEqual(
      [
        passes.status,
        passes.headers['access-control-allow-origin'],
        passes.headers['access-control-allow-headers'],
        passes.headers['access-control-max-age'],
      ],
      [200, 'https://a.example', 'x-one', '60'],
    );
    t.assert.equal((await asks('https://b.example', 'POST')).headers['access-control-allow-origin'], undefined);
    t.assert.equal((await asks('https://a.example', 'DELETE')).headers['access-control-allow-origin'], undefined);
    t.assert.equal(calls, 0);
    const real = await ask(listener.port, 'POST', '/_mayfly/url/shared/', { Origin: 'https://a.example' });
    t.assert.deepEqual([calls, real.headers['access-control-allow-origin']], [1, 'https://a.example']);
  });

  test('a streaming URL passes pieces on, reads the prelude, and cuts a broken stream', async (t: TestContext) => {
    const streamed = (contentType: string, pieces: readonly string[], end: 'complete' | 'failed'): Outcome => ({
      kind: 'streamed',
      contentType,
      body: (async function* () {
        for (const piece of pieces) yield Buffer.from(piece);
      })(),
      end: Promise.resolve(
        end === 'complete' ? { kind: 'complete' } : { kind: 'failed', errorType: 'Error', body: Buffer.from('{}') },
      ),
    });
    outcome = () => streamed('text/event-stream', ['one', 'two'], 'complete');
    const plain = await ask(listener.port, 'GET', '/_mayfly/url/streaming/');
    t.assert.deepEqual(
      [plain.body, plain.headers['content-type'], plain.headers['transfer-encoding']],
      ['onetwo', 'text/event-stream', 'chunked'],
    );
    outcome = () =>
      streamed(
        'application/vnd.awslambda.http-integration-response',
        ['{"statusCode":418,"headers":{"x-a":"b"}}\0\0\0', '\0\0\0\0\0tea'],
        'complete',
      );
    const headed = await ask(listener.port, 'GET', '/_mayfly/url/streaming/');
    t.assert.deepEqual([headed.status, headed.headers['x-a'], headed.body], [418, 'b', 'tea']);
    outcome = () => streamed('text/plain', ['begun'], 'failed');
    await t.assert.rejects(ask(listener.port, 'GET', '/_mayfly/url/streaming/'), /aborted|socket hang up/);
  });
});
