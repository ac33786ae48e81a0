import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateFunctionUrlConfigCommand, PublishVersionCommand, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../kit/functions.ts';
import { built, pythonOf, zipFolders } from './kit/artefacts.ts';
import { openHouse, type House } from './kit/house.ts';
import { pythonLayer } from './kit/python.ts';

type Told = Readonly<Record<string, unknown>>;
const minor = '3.11';
const python = pythonOf(minor);
const absent = python === undefined ? `no Python ${minor} with pip on this machine` : false;
const functions = path.join(import.meta.dirname, 'functions/python-functions');

suite(`Python ${minor}: what people install`, { timeout: 280_000, skip: absent }, () => {
  let house: House;

  before(async () => {
    house = await openHouse();
    const layer = await pythonLayer(house, python ?? '', minor);
    const ZipFile = await zipFolders({ '': functions });
    for (const [name, Handler] of [
      ['powertools', 'powertools.handler'],
      ['resolver', 'powertools.url'],
      ['batch', 'powertools.batch'],
      ['fastapi', 'web.handler'],
      ['numpy', 'numbers_.handler'],
      ['boto3', 'sdk.handler'],
    ] as const)
      await deploy(
        house.client,
        name,
        {},
        { Runtime: `python${minor}`, Handler, Timeout: 30, MemorySize: 512, Layers: [layer], Code: { ZipFile } },
      );
  });
  after(() => house?.[Symbol.asyncDispose]());

  const url = async (FunctionName: string): Promise<string> =>
    (await house.client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }))).FunctionUrl ?? '';

  test('Powertools: structured lines with the context, embedded metrics, errors', async (t: TestContext) => {
    const { answer, log } = await invoke(house.client, 'powertools', { n: 21 });
    const id = /^START RequestId: (\S+)/m.exec(log)?.[1];
    t.assert.deepEqual(answer, { twice: 42, requestId: id });
    const lines = log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Told);
    const line = lines.find(({ message }) => message === 'an order');
    t.assert.deepEqual(
      [
        line?.['level'],
        line?.['service'],
        line?.['n'],
        line?.['function_request_id'],
        line?.['function_memory_size'],
        line?.['cold_start'],
      ],
      ['INFO', 'orders', 21, id, '512', true],
    );
    t.assert.ok(
      lines.some((each) => each['orders'] !== undefined && each['_aws'] !== undefined),
      'a metric in the embedded format',
    );
    const failed = await invoke(house.client, 'powertools', { n: 1, fail: true });
    t.assert.deepEqual(
      [failed.error, (failed.answer as Told)['errorType'], (failed.answer as Told)['errorMessage']],
      ['Unhandled', 'KeyError', "'it did not work'"],
    );
  });

  test('Powertools: routes of a function URL, and the partial answer of a batch', async (t: TestContext) => {
    const response = await fetch(`${await url('resolver')}hello/Ada?mood=gl%C3%BCcklich`);
    t.assert.deepEqual([response.status, await response.json()], [200, { hello: 'Ada', mood: 'glücklich' }]);
    const record = (messageId: string, body: string) => ({
      messageId,
      body,
      receiptHandle: 'r',
      attributes: {},
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:1:q',
      awsRegion: 'us-east-1',
    });
    const { answer } = await invoke(house.client, 'batch', { Records: [record('1', 'good'), record('2', 'bad')] });
    t.assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: '2' }] });
  });

  test('FastAPI behind a function URL, by Mangum', async (t: TestContext) => {
    const base = await url('fastapi');
    const hello = await fetch(`${base}hello/Ada%20L?mood=gl%C3%BCcklich`);
    t.assert.deepEqual([hello.status, await hello.json()], [200, { hello: 'Ada L', mood: 'glücklich', started: ['up'] }]);
    const order = await fetch(`${base}orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"names":["b","a"],"n":3}',
    });
    t.assert.deepEqual(
      [order.status, await order.json(), order.headers.getSetCookie().length],
      [201, { names: ['a', 'b'], n: 3 }, 2],
    );
    const wrong = await fetch(`${base}orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"n":"x"}',
    });
    t.assert.equal(wrong.status, 422);
    const bytes = await fetch(`${base}bytes`);
    t.assert.deepEqual(
      [bytes.headers.get('content-type'), [...new Uint8Array(await bytes.arrayBuffer())]],
      ['image/png', [137, 80, 78, 71, 0, 255]],
    );
  });

  test('numpy, native code from a layer', async (t: TestContext) => {
    const { answer } = await invoke(house.client, 'numpy', {
      matrix: [
        [2, 0],
        [0, 4],
      ],
    });
    t.assert.deepEqual((answer as Told)['inverse'], [
      [0.5, 0],
      [0, 0.25],
    ]);
  });

  test("boto3 inside calls back here, as the function's role; a Decimal is a number in the answer", async (t: TestContext) => {
    const { answer, log } = await invoke(house.client, 'boto3', { n: 7 });
    t.assert.deepEqual(
      answer,
      {
        object: 'object 7',
        item: 7,
        arn: 'arn:aws:sts::000000000000:assumed-role/test/boto3',
        boto3: '/opt/python/boto3/__init__.py',
      },
      log,
    );
  });
});

suite(`Python ${minor}: hooks of SnapStart`, { timeout: 60_000, skip: absent }, () => {
  test('are registered, and not run, for no snapshot is taken; the version says so', async (t: TestContext) => {
    await using house = await openHouse();
    const code = `
import os
from snapshot_restore_py import register_after_restore, register_before_snapshot

told = []

@register_before_snapshot
def close():
    told.append("before")

@register_after_restore
def open_again():
    told.append("after")

register_before_snapshot(told.append, "before, with an argument")

def handler(event, context):
    if event.get("call"):
        close()
    return {"told": told, "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]}
`;
    const SnapStart = { ApplyOn: 'PublishedVersions' } as const;
    await deploy(house.client, 'snap', { 'app.py': code }, { Runtime: `python${minor}`, Handler: 'app.handler', SnapStart });
    const published = await house.client.send(new PublishVersionCommand({ FunctionName: 'snap' }));
    t.assert.deepEqual(published.SnapStart, { ...SnapStart, OptimizationStatus: 'Off' });
    const at = { Qualifier: published.Version ?? '' };
    await waitUntilFunctionActiveV2({ client: house.client, maxWaitTime: 30, minDelay: 0.05 }, { FunctionName: 'snap', ...at });
    const first = await invoke(house.client, 'snap', {}, at);
    t.assert.deepEqual(first.answer, { told: [], type: 'on-demand' });
    t.assert.match(first.log, /^REPORT .*Init Duration/m);
    t.assert.doesNotMatch(first.log, /RESTORE|Restore/);
    // What they decorate is still a function.
    t.assert.deepEqual((await invoke(house.client, 'snap', { call: true }, at)).answer, { told: ['before'], type: 'on-demand' });
  });

  test('come from the package of the function where it brings it', async (t: TestContext) => {
    await using house = await openHouse();
    const files = {
      'snapshot_restore_py.py': 'def register_before_snapshot(func, *args):\n    return "its own"\n',
      'app.py':
        'from snapshot_restore_py import register_before_snapshot\n\n@register_before_snapshot\ndef hook():\n    pass\n\ndef handler(event, context):\n    return hook\n',
    };
    await deploy(house.client, 'own', files, { Runtime: `python${minor}`, Handler: 'app.handler' });
    t.assert.equal((await invoke(house.client, 'own')).answer, 'its own');
  });
});

const hostPython = `/usr/bin/python${minor}`;
suite("Python: AWS's runtime interface client", { timeout: 280_000, skip: absent }, () => {
  let house: House;

  before(async () => {
    const folder = await built(
      'python-ric',
      async ({ run }) => {
        await run(python ?? '', [
          '-m',
          'pip',
          'install',
          '--quiet',
          '--disable-pip-version-check',
          '--target',
          '.',
          '-r',
          'requirements.txt',
        ]);
      },
      minor,
    );
    house = await openHouse();
    const wrapper = '#!/bin/sh\nexec "$1" -m awslambdaric "$_HANDLER"\n';
    const options = { Handler: 'app.handler', Timeout: 20, MemorySize: 256 };
    const ZipFile = await zipFolders({ '': folder }, { bootstrap: wrapper.replace('"$1"', hostPython), wrapper });
    await deploy(house.client, 'ric', {}, { ...options, Runtime: 'provided.al2023', Code: { ZipFile } });
    await deploy(
      house.client,
      'wrapped',
      {},
      {
        ...options,
        Runtime: `python${minor}`,
        Code: { ZipFile },
        Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/var/task/wrapper' } },
      },
    );
  });
  after(() => house?.[Symbol.asyncDispose]());

  for (const [name, how, skip] of [
    ['ric', 'as a bootstrap of provided.al2023', existsSync(hostPython) ? false : `no ${hostPython}`],
    ['wrapped', 'in place of our own, started by a wrapper', false],
  ] as const) {
    test(how, { skip }, async (t: TestContext) => {
      const { answer, log } = await invoke(house.client, name, { n: 21 });
      const { requestId, ...rest } = answer as Told;
      t.assert.deepEqual(rest, { twice: 42, memory: '256' });
      t.assert.match(log, new RegExp(`^START RequestId: ${String(requestId)} [^]*^got 21$`, 'm'));
      const failed = await invoke(house.client, name, { n: 1, fail: true });
      const { errorType, errorMessage } = failed.answer as Told;
      t.assert.deepEqual([failed.error, errorType, errorMessage], ['Unhandled', 'ValueError', 'it did not work']);

      const logs = new CloudWatchLogsClient(house.settings);
      t.after(() => logs.destroy());
      const find = async (filterPattern: string) => {
        const { events = [] } = await logs.send(
          new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern }),
        );
        return events;
      };
      const [warned] = await find('"and second of 21"');
      const stamp = /^\[WARNING\]\t(\S+Z)\t\S+\tfirst line\nand second of 21$/.exec(warned?.message ?? '')?.[1] ?? '';
      t.assert.ok(
        Math.abs(Date.parse(stamp) - (warned?.timestamp ?? 0)) <= 1,
        `one event at its time: ${JSON.stringify(warned)}`,
      );
      const [traced] = await find('"Traceback"');
      t.assert.match(traced?.message ?? '', /^\[ERROR\] ValueError: it did not work\nTraceback [^]*raise ValueError/);
    });
  }
});
