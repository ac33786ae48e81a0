import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFunctionUrlConfigCommand,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../kit/functions.ts';
import { built, missing, slow, zipFolders } from './kit/artefacts.ts';
import { openHouse, uploaded, type House } from './kit/house.ts';

type Told = { readonly time: string; readonly type: string; readonly record: unknown };

suite('extensions in a layer', { timeout: 120_000, skip: existsSync('/usr/bin/python3') ? false : 'no /usr/bin/python3' }, () => {
  let house: House;
  let logs: CloudWatchLogsClient;

  before(async () => {
    house = await openHouse();
    logs = new CloudWatchLogsClient(house.settings);
    const ZipFile = await zipFolders({ '': path.join(import.meta.dirname, 'extensions') });
    const { LayerVersionArn = '' } = await house.client.send(
      new PublishLayerVersionCommand({ LayerName: 'three', Content: { ZipFile } }),
    );
    const code = `
      const { readFileSync } = require('fs');
      let calls = 0;
      exports.handler = async (event, context) => {
        if (event === 'read') return readFileSync('/tmp/records.ndjson', 'utf8').trim().split('\\n').map((line) => JSON.parse(line));
        console.log('call', ++calls);
        console.warn({ an: 'object' });
        return { heard: globalThis.heard, registered: globalThis.registered, id: context.awsRequestId };
      };`;
    await deploy(
      house.client,
      'f',
      { 'index.js': code },
      {
        Layers: [LayerVersionArn],
        Timeout: 10,
        MemorySize: 256,
        LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'TRACE', SystemLogLevel: 'DEBUG' },
        Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/internal' } },
      },
    );
  });
  after(async () => {
    logs?.destroy();
    await house?.[Symbol.asyncDispose]();
  });

  const messages = async (): Promise<string[]> => {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/f' }));
    return events.map(({ message = '' }) => message);
  };
  const until = async <T>(ask: () => Promise<T>, isSo: (told: T) => boolean, what: string): Promise<T> => {
    for (const deadline = performance.now() + 20_000; performance.now() < deadline; await pause(50)) {
      const told = await ask();
      if (isSo(told)) return told;
    }
    throw new Error(`${what}: not within 20 s`);
  };
  const ids: string[] = [];

  test('an internal one, loaded by a wrapper, hears of each invocation', async (t: TestContext) => {
    for (let call = 1; call <= 3; call += 1) {
      const { heard, registered, id } = (await invoke(house.client, 'f', call)).answer as {
        heard: string[];
        registered: object;
        id: string;
      };
      ids.push(id);
      // Runtime and extension are told at once, so that of the newest it may not have read yet.
      t.assert.deepEqual(heard.slice(0, call - 1), ids.slice(0, call - 1));
      t.assert.deepEqual(registered, { functionName: 'f', functionVersion: '$LATEST', handler: 'index.handler' });
    }
  });

  test('an external one in bash says in the log what it hears', async (t: TestContext) => {
    const heard = await until(
      messages,
      (all) => all.filter((each) => each.includes('watcher heard')).length === 3,
      'three lines',
    );
    t.assert.deepEqual(
      heard.filter((each) => each.includes('watcher heard')).map((each) => each.trim()),
      ids.map((id) => `watcher heard ${id}`),
    );
  });

  test('a subscriber is told what the log is told: lines, platform events, the order', async (t: TestContext) => {
    const last = ids.at(-1);
    const isReport = ({ type, record }: Told) =>
      type === 'platform.report' && (record as { requestId: string }).requestId === last;
    const records = await until(
      async () => (await invoke(house.client, 'f', 'read')).answer as Told[],
      (all) => all.some(isReport),
      'the last report',
    );
    const told = records.slice(0, records.findIndex(isReport) + 1);
    const log = (await messages()).map((message) => parsed(message));
    const asLogged = told.map((each) => (each.type.startsWith('platform.') ? each : each.record));
    t.assert.deepEqual(
      asLogged.map((each) => (typeof each === 'string' ? each.trim() : each)),
      log.slice(0, asLogged.length),
    );
    const types = told.map(({ type }) => type);
    for (const type of [
      'platform.initStart',
      'platform.initRuntimeDone',
      'platform.initReport',
      'platform.extension',
      'platform.telemetrySubscription',
      'platform.start',
      'platform.runtimeDone',
      'platform.report',
      'function',
      'extension',
    ])
      t.assert.ok(types.includes(type), `${type} in ${types.join(' ')}`);
  });

  test('at the end of an environment they are told why', async (t: TestContext) => {
    await house.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Description: 'another' }));
    const all = await until(messages, (lines) => lines.some((each) => each.includes('heard the end')), 'the end');
    t.assert.deepEqual(
      all.filter((each) => each.includes('heard the end')).map((each) => each.trim()),
      ['watcher heard the end: SPINDOWN'],
    );
  });
});

const parsed = (message: string): unknown => {
  try {
    return JSON.parse(message);
  } catch {
    return message.trim();
  }
};

/** The AWS Lambda Web Adapter from its crate: an extension that speaks the Runtime API for a web server. */
suite("a third party's extension: Lambda Web Adapter", { timeout: 900_000, skip: missing('cargo') || slow }, () => {
  let house: House;

  before(async () => {
    const folder = await built('web-adapter', async ({ run, folder: at }) => {
      await run('cargo', [
        'install',
        '--quiet',
        '--debug',
        '--no-track',
        '--root',
        at,
        '--target-dir',
        `${at}/target`,
        'lambda_web_adapter@1.0.0-rc1',
      ]);
      await run('strip', ['bin/lambda-adapter']);
      await run('rm', ['-r', 'target']);
    });
    house = await openHouse();
    const layer = await zipFolders(
      {},
      {
        'extensions/lambda-adapter': readFileSync(`${folder}/bin/lambda-adapter`),
        bootstrap: readFileSync(`${folder}/bootstrap`),
      },
    );
    const Content = await uploaded(house, 'layers', layer);
    const { LayerVersionArn = '' } = await house.client.send(new PublishLayerVersionCommand({ LayerName: 'adapter', Content }));
    const server = `
      const http = require('http');
      http.createServer((request, response) => {
        let body = '';
        request.on('data', (data) => (body += data)).on('end', () => {
          console.log('served', request.url);
          response.writeHead(request.url === '/' ? 200 : 202, { 'content-type': 'text/plain', 'x-by': 'a web server' }).end(request.method + ' ' + request.url + ' ' + body);
        });
      }).listen(8080);`;
    await deploy(
      house.client,
      'web',
      { 'server.js': server, 'run.sh': '#!/bin/bash\nexec node server.js\n' },
      {
        Handler: 'run.sh',
        Layers: [LayerVersionArn],
        Timeout: 20,
        MemorySize: 512,
        Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/bootstrap' } },
      },
    );
  });
  after(() => house?.[Symbol.asyncDispose]());

  test('a plain web server answers behind a function URL, without any handler', async (t: TestContext) => {
    const { FunctionUrl = '' } = await house.client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName: 'web', AuthType: 'NONE' }),
    );
    for (const n of [1, 2]) {
      const response = await fetch(`${FunctionUrl}a/b?n=${n}`, { method: 'POST', body: 'hello' });
      t.assert.deepEqual(
        [response.status, response.headers.get('x-by'), await response.text()],
        [202, 'a web server', `POST /a/b?n=${n} hello`],
      );
    }
  });
});
