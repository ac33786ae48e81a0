import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { after, before, suite, test, type TestContext } from 'node:test';
import { GetAccountSettingsCommand, InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { loadApi, serviceNames, ServiceFault, type Call } from '@mayfly/wire';
import { awsLimits, silentLogger, systemClock, systemRandom } from '../base/index.ts';
import { AwsDoor, listen, type HandlerTables, type Listener, type SignatureCheck } from './index.ts';

const limits = { ...awsLimits, syncRequestBytes: 1000, codeRequestBytes: 2000 };

const open = (options: { signatures?: SignatureCheck; onCall?: (call: Call) => unknown } = {}): Promise<Listener> =>
  listen({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    admin: { metrics: () => 'mayfly_up 1\n', status: () => Promise.resolve({ isolation: 'none' }) },
    aws: new AwsDoor({
      limits,
      log: silentLogger,
      region: 'us-east-1',
      ...(options.signatures === undefined ? {} : { signatures: options.signatures }),
      handlers: {
        ...(Object.fromEntries(serviceNames.map((name) => [name, () => Promise.resolve({})])) as unknown as HandlerTables),
        lambda: () =>
          Promise.resolve({
            ListFunctions: (_input, call) => Promise.resolve({ Functions: [{ FunctionName: `${call.account}/${call.region}` }] }),
            GetAccountSettings: () => Promise.reject(new Error('the cellar is flooded')),
            Invoke: async (input: { Payload?: Uint8Array }, call) => {
              await options.onCall?.(call);
              return { StatusCode: 200, Payload: input.Payload };
            },
          }),
        sts: () => Promise.resolve({ GetCallerIdentity: (_input, call) => Promise.resolve({ Account: call.account }) }),
      },
    }),
  });

const settings = (server: Listener, accessKeyId: string) => ({
  endpoint: server.origin,
  region: 'eu-west-1',
  maxAttempts: 1,
  credentials: { accessKeyId, secretAccessKey: 'x' },
});

/** Everything the server says until it closes the connection. */
const raw = (server: Listener, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(server.port, server.host, () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
    socket.once('close', () => resolve(heard)).once('error', reject);
  });

suite('the street door', () => {
  let server: Listener;
  before(async () => void (server = await open()));
  after(async () => server[Symbol.asyncDispose]());

  test('an SDK call reaches its handler with the account and region of its signature', async (t: TestContext) => {
    const named = await new LambdaClient(settings(server, '123456789012')).send(new ListFunctionsCommand({}));
    t.assert.strictEqual(named.Functions?.[0]?.FunctionName, '123456789012/eu-west-1');
    const other = await new LambdaClient(settings(server, 'AKIAANYTHING')).send(new ListFunctionsCommand({}));
    t.assert.strictEqual(other.Functions?.[0]?.FunctionName, '000000000000/eu-west-1');
  });

  test('a query service is served by the same listener', async (t: TestContext) => {
    const who = await new STSClient(settings(server, '123456789012')).send(new GetCallerIdentityCommand({}));
    t.assert.strictEqual(who.Account, '123456789012');
  });

  test('an unsigned form finds its service by the version in its body', async (t: TestContext) => {
    const answer = await fetch(server.origin, {
      method: 'POST',
      body: new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15' }),
    });
    t.assert.strictEqual(answer.status, 200);
    t.assert.match(await answer.text(), /<Account>000000000000<\/Account>/);
  });

  test('a fault of ours is one plain 500 with the request id, and says nothing of the cause', async (t: TestContext) => {
    const client = new LambdaClient(settings(server, 'k'));
    await t.assert.rejects(
      client.send(new GetAccountSettingsCommand({})),
      (error: { name: string; message: string; $metadata: { httpStatusCode: number; requestId: string } }) => {
        t.assert.strictEqual(error.name, 'ServiceException');
        t.assert.strictEqual(error.$metadata.httpStatusCode, 500);
        t.assert.ok(error.message.includes(error.$metadata.requestId));
        t.assert.ok(!error.message.includes('flooded'));
        return true;
      },
    );
  });

  test('an operation nobody knows is a 404 in the protocol of the caller', async (t: TestContext) => {
    const answer = await fetch(`${server.origin}/nowhere`);
    t.assert.strictEqual(answer.status, 404);
    t.assert.strictEqual(answer.headers.get('x-amzn-errortype'), 'UnknownOperationException');
    t.assert.match(answer.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/);
  });

  test('a far too large event is a 413 and the connection is not used again', async (t: TestContext) => {
    const answer = await fetch(`${server.origin}/2015-03-31/functions/f/invocations`, {
      method: 'POST',
      body: Buffer.alloc(2_000_000, 32),
    });
    t.assert.strictEqual(answer.status, 413);
    t.assert.strictEqual(answer.headers.get('connection'), 'close');
    t.assert.match(await answer.text(), /Request must be smaller than 1000 bytes for the InvokeFunction operation/);
  });

  test('too much code is a 413 that names the operation', async (t: TestContext) => {
    const answer = await fetch(`${server.origin}/2015-03-31/functions`, { method: 'POST', body: 'x'.repeat(3000) });
    t.assert.strictEqual(answer.status, 413);
    t.assert.match(await answer.text(), /smaller than 2000 bytes for the CreateFunction operation/);
  });

  test('a broken document is a SerializationException', async (t: TestContext) => {
    const answer = await fetch(`${server.origin}/2015-03-31/functions`, { method: 'POST', body: '{"FunctionName":' });
    t.assert.strictEqual(answer.status, 400);
    t.assert.strictEqual(answer.headers.get('x-amzn-errortype'), 'SerializationException');
  });

  test('health, status and metrics answer', async (t: TestContext) => {
    t.assert.strictEqual((await fetch(`${server.origin}/_mayfly/health`)).status, 200);
    t.assert.deepStrictEqual(await (await fetch(`${server.origin}/_mayfly/status`)).json(), { isolation: 'none' });
    t.assert.strictEqual(await (await fetch(`${server.origin}/_mayfly/metrics`)).text(), 'mayfly_up 1\n');
  });

  const twoLengths = [
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two signatures', 'Authorization: a\r\nAuthorization: b\r\n\r\n'],
    ['two hosts', 'Host: b\r\n\r\n'],
  ] as const;
  for (const [what, tail] of twoLengths)
    test(`a request with ${what} is refused`, async (t: TestContext) => {
      t.assert.match(await raw(server, `POST /2015-03-31/functions HTTP/1.1\r\nHost: a\r\n${tail}`), /^HTTP\/1\.1 400 /);
    });

  test('headers without end are refused', async (t: TestContext) => {
    t.assert.match(await raw(server, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  });

  test('a page of another origin may not call unsigned', async (t: TestContext) => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`${server.origin}/2015-03-31/functions`, { headers: { 'Sec-Fetch-Site': 'cross-site' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .once('error', reject)
        .end();
    });
    t.assert.strictEqual(status, 403);
  });
});

suite('with signatures verified', () => {
  test('a refusal of the verifier reaches the caller, and the handler does not run', async (t: TestContext) => {
    const hashes: string[] = [];
    await using server = await open({
      onCall: () => t.assert.fail('the handler ran'),
      signatures: {
        verify: (_head, sha256) => {
          hashes.push(sha256);
          return Promise.reject(new ServiceFault('InvalidSignatureException', 'No.', { status: 403 }));
        },
      },
    });
    const answer = new LambdaClient(settings(server, 'k')).send(
      new InvokeCommand({ FunctionName: 'f', Payload: Buffer.from('{}') }),
    );
    await t.assert.rejects(answer, { name: 'InvalidSignatureException' });
    t.assert.deepStrictEqual(hashes, ['44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a']);
  });
});

suite('stopping', () => {
  test('a client that speaks HTTP/2 from its first byte is answered on the same port', async (t: TestContext) => {
    await using server = await open();
    const client = connectHttp2(server.origin);
    const stream = client.request({ ':path': '/2015-03-31/functions/f/invocations', ':method': 'POST' });
    stream.end('{"two":2}');
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk as string;
    t.assert.strictEqual(body, '{"two":2}');
    client.close();
  });

  test('what is under way is answered, what comes later is refused', async (t: TestContext) => {
    await loadApi('lambda');
    const running = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    await using server = await open({
      onCall: () => {
        running.resolve();
        return finish.promise;
      },
    });
    const invoke = fetch(`${server.origin}/2015-03-31/functions/f/invocations`, { method: 'POST', body: '{"a":1}' });
    await running.promise;
    const drained = server.drain({ withinMs: 60_000 });
    await t.assert.rejects(fetch(`${server.origin}/_mayfly/health`));
    finish.resolve();
    const answer = await invoke;
    t.assert.strictEqual(await answer.text(), '{"a":1}');
    await drained;
  });

  test('what does not end in time is cut, and its handler hears of it', async (t: TestContext) => {
    const running = Promise.withResolvers<AbortSignal>();
    await using server = await open({
      onCall: (call) => {
        running.resolve(call.signal);
        return new Promise(() => {});
      },
    });
    const refused = t.assert.rejects(
      fetch(`${server.origin}/2015-03-31/functions/f/invocations`, { method: 'POST', body: '{}' }),
    );
    const signal = await running.promise;
    const aborted = once(signal, 'abort');
    await server.drain({ withinMs: 10 });
    await refused;
    await aborted;
  });
});
