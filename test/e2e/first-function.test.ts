import { after, before, suite, test, type TestContext } from 'node:test';
import { CloudWatchLogsClient, DescribeLogStreamsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateAliasCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  ListFunctionsCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { deploy, invoke, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { zipOf } from '../kit/zip.ts';

const hello = (word: string): string =>
  `exports.handler = async (event, context) => { console.log('got', event.name); return { hello: '${word} ' + event.name, version: context.functionVersion, arn: context.invokedFunctionArn }; };`;

suite('a first function, called by the SDK', { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let client: LambdaClient;
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:hello';

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(folder.path);
    client = lambdaClient(server.origin);
  });
  after(async () => {
    client.destroy();
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('is created, becomes active, answers, and its log tail reads like Lambda’s', async (t: TestContext) => {
    await deploy(client, 'hello', { 'index.js': hello('first') });
    const { status, error, version, answer, log } = await invoke(client, 'hello', { name: 'you' });
    t.assert.deepEqual([status, error, version], [200, undefined, '$LATEST']);
    t.assert.deepEqual(answer, { hello: 'first you', version: '$LATEST', arn });
    t.assert.match(
      log,
      /^START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\n[^\n]+\t\1\tINFO\tgot you\nEND RequestId: \1\nREPORT RequestId: \1\t/m,
    );
    t.assert.match(
      log,
      /Duration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms/,
    );
  });

  test('answers a second call from the same environment, without an init', async (t: TestContext) => {
    const { log } = await invoke(client, 'hello', { name: 'again' });
    t.assert.doesNotMatch(log, /Init Duration/);
  });

  test('takes new code', async (t: TestContext) => {
    await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'hello', ZipFile: await zipOf({ 'index.js': hello('second') }) }),
    );
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'hello' });
    t.assert.deepEqual(((await invoke(client, 'hello', { name: 'you' })).answer as { hello: string }).hello, 'second you');
  });

  test('is called by version, alias, ARN and partial ARN', async (t: TestContext) => {
    t.assert.equal((await client.send(new PublishVersionCommand({ FunctionName: 'hello' }))).Version, '1');
    await client.send(new CreateAliasCommand({ FunctionName: 'hello', Name: 'live', FunctionVersion: '1' }));
    for (const [name, qualifier, version, invokedArn] of [
      ['hello', '1', '1', `${arn}:1`],
      ['hello', 'live', '1', `${arn}:live`],
      ['hello:live', undefined, '1', `${arn}:live`],
      [arn, undefined, '$LATEST', arn],
      [`${arn}:1`, undefined, '1', `${arn}:1`],
      ['000000000000:function:hello:live', undefined, '1', `${arn}:live`],
    ] as const) {
      const called = await invoke(client, name, { name: 'x' }, qualifier === undefined ? {} : { Qualifier: qualifier });
      t.assert.deepEqual([called.version, (called.answer as { arn: string }).arn], [version, invokedArn], name);
    }
  });

  test('leaves its lines in the log group', async (t: TestContext) => {
    const logs = new CloudWatchLogsClient({
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    });
    const messages = async (): Promise<string[]> =>
      ((await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/hello' }))).events ?? []).map(
        ({ message }) => message ?? '',
      );
    // Log lines reach the store within a second, not within the call.
    let seen: string[] = [];
    for (let tries = 0; tries < 40 && !seen.some((line) => line.includes('got again')); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen = await messages();
    }
    t.assert.ok(
      seen.some((line) => line.includes('got again')),
      seen.join('\n'),
    );
    t.assert.ok(seen.some((line) => line.startsWith('REPORT RequestId:')));
    const { logStreams } = await logs.send(new DescribeLogStreamsCommand({ logGroupName: '/aws/lambda/hello' }));
    t.assert.match(logStreams?.[0]?.logStreamName ?? '', /^\d{4}\/\d\d\/\d\d\/(hello)?\[(\$LATEST|\d+)\][0-9a-f]{32}$/);
    logs.destroy();
  });

  test('is still there after the server was killed and started again', async (t: TestContext) => {
    await server.stop('SIGKILL');
    client.destroy();
    server = await RunningServer.start(folder.path);
    client = lambdaClient(server.origin);
    t.assert.equal(((await invoke(client, 'hello:live', { name: 'back' })).answer as { hello: string }).hello, 'second back');
  });

  test('is gone after delete-function', async (t: TestContext) => {
    await client.send(new DeleteFunctionCommand({ FunctionName: 'hello' }));
    await t.assert.rejects(client.send(new GetFunctionCommand({ FunctionName: 'hello' })), { name: 'ResourceNotFoundException' });
    t.assert.deepEqual((await client.send(new ListFunctionsCommand({}))).Functions, []);
  });
});
