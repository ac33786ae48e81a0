import { after, before, suite, test, type TestContext } from 'node:test';
import { request } from 'node:http';
import {
  InvokeCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { deploy, invoke, lambdaClient } from '../kit/functions.ts';
import { mayfly, RunningServer, temporaryFolder } from '../kit/server.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, what: string): Promise<T> {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; await pause(50)) {
    const answer = await ask();
    if (isSo(answer)) return answer;
  }
  throw new Error(`${what}: not within 30 s`);
}

/** Status of a plain request; `fetch` sets headers of its own. */
const statusOf = (
  origin: string,
  path: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const url = new URL(path, origin);
    request({ host: url.hostname, port: url.port, path, method, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    })
      .once('error', reject)
      .end();
  });

suite('mayfly queue', { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let client: LambdaClient;
  let sqs: SQSClient;
  let dead: { url: string; arn: string };

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(folder.path);
    client = lambdaClient(server.origin);
    sqs = new SQSClient({
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
      maxAttempts: 1,
    });
    const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'dead' }));
    dead = {
      url,
      arn:
        (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }))).Attributes?.[
          'QueueArn'
        ] ?? '',
    };
  });
  after(async () => {
    client.destroy();
    sqs.destroy();
    await server.stop();
    folder[Symbol.dispose]();
  });

  const queue = async <T>(...args: readonly string[]): Promise<T> => {
    const { code, out, err } = await mayfly(['--json', 'queue', ...args], { AWS_ENDPOINT_URL: server.origin });
    if (code !== 0) throw new Error(err);
    return JSON.parse(out) as T;
  };
  const send = (FunctionName: string, event: unknown) =>
    client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify(event) }));
  const deadOnes = async () =>
    Number(
      (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: dead.url, AttributeNames: ['ApproximateNumberOfMessages'] })))
        .Attributes?.['ApproximateNumberOfMessages'],
    );

  test('shows what waits of a failing function, and drops it when told to', async (t: TestContext) => {
    await deploy(client, 'failing', { 'index.js': `exports.handler = async () => { throw new Error('no'); };` });
    for (const number of [1, 2, 3]) await send('failing', { number });
    type Row = { functionArn: string; events: number; failed: number; oldestAgeMs: number };
    const [row] = await until(
      () => queue<Row[]>('ls'),
      ([first]) => first?.failed === 3,
      'three events have failed once',
    );
    t.assert.deepStrictEqual([row?.functionArn, row?.events], ['arn:aws:lambda:us-east-1:000000000000:function:failing', 3]);
    t.assert.ok((row?.oldestAgeMs ?? 0) > 0 && (row?.oldestAgeMs ?? 0) < 60_000);
    const events = await queue<{ payload: string; attempts: number; dueInMs: number }[]>('peek', 'failing');
    t.assert.deepStrictEqual(
      events.map(({ payload, attempts }) => [payload, attempts]),
      [
        ['{"number":1}', 1],
        ['{"number":2}', 1],
        ['{"number":3}', 1],
      ],
    );
    t.assert.ok(events.every(({ dueInMs }) => dueInMs > 30_000 && dueInMs <= 60_000));
    t.assert.deepStrictEqual(await queue('purge', 'failing'), { purged: 3 });
    t.assert.deepStrictEqual(await queue('ls'), []);
    t.assert.match((await mayfly(['queue', 'ls'], { AWS_ENDPOINT_URL: server.origin })).out, /No events wait/);
  });

  test('brings failed events back from the dead letters when the function is mended', async (t: TestContext) => {
    await deploy(
      client,
      'mended',
      {
        'index.js': `const seen = []; exports.handler = async (event) => { if (event.read) return seen; if (!process.env.MENDED) throw new Error('no'); seen.push(event); };`,
      },
      {
        DeadLetterConfig: { TargetArn: dead.arn },
      },
    );
    await client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: 'mended',
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: dead.arn } },
      }),
    );
    await client.send(new InvokeCommand({ FunctionName: 'mended', InvocationType: 'Event', Payload: '{"word":"back"}' }));
    // One dead letter, and one record of the destination.
    await until(deadOnes, (count) => count === 2, 'two messages are in the dead letters');
    await client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'mended', Environment: { Variables: { MENDED: '1' } } }),
    );
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'mended' });
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName: 'mended', ReservedConcurrentExecutions: 1 }));
    t.assert.deepStrictEqual(await queue('redrive', 'mended'), [{ queueArn: dead.arn, redriven: 2, left: 0 }]);
    await until(
      () => queue<unknown[]>('ls'),
      (rows) => rows.length === 0,
      'both are worked off',
    );
    t.assert.deepStrictEqual((await invoke(client, 'mended', { read: true })).answer, [{ word: 'back' }, { word: 'back' }]);
    t.assert.strictEqual(await deadOnes(), 0);
  });

  test('is nothing for web pages, other names of the server, or functions', async (t: TestContext) => {
    const { port } = new URL(server.origin);
    const path = '/_mayfly/queue/failing/purge';
    t.assert.strictEqual(await statusOf(server.origin, path, 'POST'), 200);
    t.assert.strictEqual(await statusOf(server.origin, path, 'GET'), 405);
    t.assert.strictEqual(await statusOf(server.origin, path, 'POST', { origin: 'https://evil.example' }), 403);
    t.assert.strictEqual(await statusOf(server.origin, path, 'POST', { 'sec-fetch-site': 'cross-site' }), 403);
    t.assert.notStrictEqual(await statusOf(server.origin, path, 'POST', { host: `evil.example:${port}` }), 200);
    t.assert.strictEqual(await statusOf(server.origin, '/_mayfly/queue/..%2f..%2fx/purge', 'POST'), 400);
    await deploy(client, 'nosy', {
      'index.js': `const http = require('node:http'); exports.handler = () => new Promise((resolve) =>
        http.get(new URL('/_mayfly/queue', process.env.AWS_ENDPOINT_URL), (answer) => { answer.resume(); resolve(answer.statusCode); }));`,
    });
    t.assert.strictEqual((await invoke(client, 'nosy')).answer, 403);
  });

  test('asks for the signature of the account’s root where signatures are checked', async (t: TestContext) => {
    using strictFolder = temporaryFolder();
    await using strict = await RunningServer.start(strictFolder.path, ['--auth', 'strict']);
    t.assert.strictEqual(await statusOf(strict.origin, '/_mayfly/queue', 'GET'), 403);
    const env = {
      AWS_ENDPOINT_URL: strict.origin,
      AWS_ACCESS_KEY_ID: strict.started.firstKey?.accessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: strict.started.firstKey?.secretAccessKey ?? '',
    };
    t.assert.deepStrictEqual(JSON.parse((await mayfly(['--json', 'queue', 'ls'], env)).out), []);
    t.assert.deepStrictEqual(JSON.parse((await mayfly(['--json', 'queue', 'peek', 'f', '--max', '5'], env)).out), []);
    t.assert.strictEqual((await mayfly(['queue', 'ls'], { ...env, AWS_SECRET_ACCESS_KEY: 'guessed' })).code, 4);
  });
});
