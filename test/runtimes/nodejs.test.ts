import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateFunctionUrlConfigCommand, InvokeWithResponseStreamCommand } from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../kit/functions.ts';
import { built, missing, slow, zipFolders } from './kit/artefacts.ts';
import { openHouse, uploaded, type House } from './kit/house.ts';

type Told = Readonly<Record<string, unknown>>;
const root = path.join(import.meta.dirname, '../..');

suite('Node.js: what people bundle', { timeout: 280_000, skip: missing('npm') }, () => {
  let house: House;

  before(async () => {
    const folder = await built('nodejs', async ({ run }) => {
      await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']);
      await run(path.join(root, 'node_modules/.bin/tsc'), [
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--strict',
        '--types',
        'node',
        '--typeRoots',
        path.join(root, 'node_modules/@types'),
        'typed.mts',
      ]);
    });
    house = await openHouse();
    const Code = await uploaded(house, 'bundled', await zipFolders({ '': folder }));
    for (const [name, Handler] of [
      ['powertools', 'powertools.handler'],
      ['serverless-http', 'express.http'],
      ['serverless-express', 'express-esm.handler'],
      ['sdk', 'sdk.handler'],
      ['typed', 'typed.handler'],
      ['page', 'stream.page'],
      ['plain', 'stream.plain'],
    ] as const)
      await deploy(house.client, name, {}, { Handler, Timeout: 20, MemorySize: 512, Code });
  });
  after(() => house?.[Symbol.asyncDispose]());

  const url = async (FunctionName: string, InvokeMode: 'BUFFERED' | 'RESPONSE_STREAM' = 'BUFFERED'): Promise<string> =>
    (await house.client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', InvokeMode }))).FunctionUrl ??
    '';

  test('Powertools and middy: structured lines, embedded metrics, and an error that a middleware may answer', async (t: TestContext) => {
    const { answer, log } = await invoke(house.client, 'powertools', { n: 21 });
    const { root: trace, ...rest } = answer as Told;
    t.assert.deepEqual(rest, { twice: 42, seen: true, traced: true });
    t.assert.match(String(trace), /^1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    const lines = log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Told);
    const line = lines.find(({ message }) => message === 'an order');
    const id = /^START RequestId: (\S+)/m.exec(log)?.[1];
    t.assert.deepEqual(
      [
        line?.['level'],
        line?.['service'],
        line?.['n'],
        line?.['function_request_id'],
        line?.['function_arn'],
        line?.['cold_start'],
        line?.['xray_trace_id'],
      ],
      ['INFO', 'orders', 21, id, 'arn:aws:lambda:us-east-1:000000000000:function:powertools', true, trace],
    );
    t.assert.ok(
      lines.some((each) => each['orders'] !== undefined && each['_aws'] !== undefined),
      'a metric in the embedded format',
    );
    t.assert.ok(lines.some((each) => each['ColdStart'] === 1));
    t.assert.deepEqual((await invoke(house.client, 'powertools', { fail: true, rescue: true })).answer, {
      rescued: 'it did not work',
    });
    const { error, answer: failed } = await invoke(house.client, 'powertools', { fail: true });
    t.assert.deepEqual(
      [error, (failed as Told)['errorType'], (failed as Told)['errorMessage']],
      ['Unhandled', 'RangeError', 'it did not work'],
    );
  });

  for (const adapter of ['serverless-http', 'serverless-express']) {
    test(`Express behind a function URL, by ${adapter}`, async (t: TestContext) => {
      const base = await url(adapter);
      const hello = await fetch(`${base}hello/Ada%20L?mood=gl%C3%BCcklich`);
      t.assert.deepEqual(
        [hello.status, hello.headers.get('x-by'), await hello.text()],
        [200, 'express', 'hello Ada L glücklich'],
      );
      const sum = await fetch(`${base}sum`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"numbers":[1,2,39]}',
      });
      t.assert.deepEqual([sum.status, await sum.json()], [201, { sum: 42 }]);
      const cookie = await fetch(`${base}cookie`, { headers: { cookie: 'x=1; y=2' } });
      t.assert.deepEqual(cookie.headers.getSetCookie(), ['a=1; Path=/', 'b=2; Path=/']);
      t.assert.match(await cookie.text(), /^x=1; ?y=2$/);
      const bytes = await fetch(`${base}bytes`);
      t.assert.deepEqual(
        [bytes.headers.get('content-type'), [...new Uint8Array(await bytes.arrayBuffer())]],
        ['image/png', [137, 80, 78, 71, 0, 255]],
      );
      // Express's own page; it needs more of a socket than serverless-express 5 gives it.
      if (adapter === 'serverless-http') t.assert.equal((await fetch(`${base}nothing`)).status, 404);
    });
  }

  test("the AWS SDK inside calls back here, as the function's role", async (t: TestContext) => {
    const { answer } = await invoke(house.client, 'sdk', { n: 7 });
    const { Arn, ...rest } = answer as Told;
    t.assert.deepEqual(rest, { object: 'object 7', item: '7', Account: '000000000000', key: 'ASIA' });
    t.assert.equal(Arn, 'arn:aws:sts::000000000000:assumed-role/test/sdk');
  });

  test('TypeScript compiled to an ECMAScript module that waits at its top level', async (t: TestContext) => {
    t.assert.deepEqual((await invoke(house.client, 'typed', { n: 14 })).answer, { result: 42, waited: 'waited' });
  });

  test('streamifyResponse with status, headers and cookies, by a streaming URL', async (t: TestContext) => {
    const response = await fetch(`${await url('page', 'RESPONSE_STREAM')}three`);
    t.assert.deepEqual(
      [response.status, response.headers.get('content-type'), response.headers.getSetCookie(), await response.text()],
      [203, 'text/plain', ['a=1', 'b=2'], 'one two /three'],
    );
    t.assert.match(response.headers.get('x-id') ?? '', /^[0-9a-f-]{36}$/);
  });

  test('streamifyResponse by InvokeWithResponseStream', async (t: TestContext) => {
    const { EventStream = [], ResponseStreamContentType } = await house.client.send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'plain', Payload: Buffer.from('{"a":1,"b":2}'), LogType: 'Tail' }),
    );
    let text = '';
    let log = '';
    for await (const { PayloadChunk, InvokeComplete } of EventStream) {
      text += Buffer.from(PayloadChunk?.Payload ?? []).toString();
      log += Buffer.from(InvokeComplete?.LogResult ?? '', 'base64').toString();
    }
    t.assert.deepEqual([ResponseStreamContentType, text], ['text/csv', 'a;b\n1;2\n']);
    t.assert.match(log, /^START/);
  });
});

const hostNode = '/usr/bin/node';
suite(
  "Node.js: AWS's runtime interface client",
  { timeout: 580_000, skip: missing('npm', 'cmake', 'make', 'g++') || (existsSync(hostNode) ? slow : 'no Node.js in /usr/bin') },
  () => {
    let house: House;

    before(async () => {
      // Builds curl, aws-lambda-cpp and an addon.
      const folder = await built(
        'nodejs-ric',
        async ({ run }) => void (await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'])),
      );
      house = await openHouse();
      const bootstrap = readFileSync(path.join(folder, 'bootstrap'), 'utf8');
      const Code = await uploaded(
        house,
        'ric',
        await zipFolders({ '': folder }, { wrapper: bootstrap.replace(hostNode, '"$1"') }),
      );
      const options = { Handler: 'index.handler', Timeout: 20, MemorySize: 256, Code };
      await deploy(house.client, 'ric', {}, { ...options, Runtime: 'provided.al2023' });
      await deploy(
        house.client,
        'wrapped',
        {},
        { ...options, Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/var/task/wrapper' } } },
      );
    });
    after(() => house?.[Symbol.asyncDispose]());

    for (const [name, how] of [
      ['ric', 'as a bootstrap of provided.al2023'],
      ['wrapped', 'in place of our own, started by a wrapper'],
    ] as const) {
      test(how, async (t: TestContext) => {
        const { answer, log } = await invoke(house.client, name, { n: 21 });
        const { requestId, ...rest } = answer as Told;
        t.assert.deepEqual(rest, { twice: 42, arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}` });
        t.assert.match(
          log,
          new RegExp(`^START RequestId: ${String(requestId)} [^]*\\t${String(requestId)}\\tINFO\\tgot 21$`, 'm'),
        );
        const failed = await invoke(house.client, name, { fail: true });
        t.assert.deepEqual(
          [failed.error, (failed.answer as Told)['errorType'], (failed.answer as Told)['errorMessage']],
          ['Unhandled', 'TypeError', 'it did not work'],
        );
        const logs = new CloudWatchLogsClient(house.settings);
        t.after(() => logs.destroy());
        const { events = [] } = await logs.send(
          new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: '"and second of 21"' }),
        );
        t.assert.match(events[0]?.message ?? '', /^\S+Z\t\S+\tWARN\tfirst line\nand second of 21$/);
      });
    }
  },
);
