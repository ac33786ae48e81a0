import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { built, missing, slow } from '../runtimes/kit/artefacts.ts';

const run = promisify(execFile);

/** The SDK of Serverless 3 is too old for `AWS_ENDPOINT_URL`. */
const plugin = `
module.exports = class Endpoint {
  constructor(serverless) {
    serverless.getProvider('aws').sdk.config.update({ endpoint: process.env.AWS_ENDPOINT_URL, s3ForcePathStyle: true });
  }
};
`;
const service = (runtime: string, greeting: string, more: string): string => `
service: greetings
provider:
  name: aws
  runtime: ${runtime}
  environment: {GREETING: ${greeting}}
  httpApi:
    cors: true
    authorizers:
      guard: {type: request, functionName: guard, enableSimpleResponses: true, identitySource: [$request.header.door]}
functions:
  greeter:
    handler: index.handler
    url: true
    events:
      - sqs: {arn: !GetAtt Inbox.Arn, batchSize: 1}
      - schedule: rate(5 minutes)
      - httpApi: GET /greet/{name}
      - httpApi: {path: '/guarded/{name}', method: get, authorizer: {name: guard}}
  rester:
    handler: index.rest
    events:
      - http: {path: 'rest/{name}', method: get, cors: true}
      - http: {path: 'keyed', method: get, private: true}
  guard:
    handler: index.guard
resources:
  Resources:
    Inbox: {Type: AWS::SQS::Queue}
${more}
`;
const handler = `
exports.handler = async ({ name, pathParameters }) => {
  console.log('said to', name);
  return process.env.GREETING + ' ' + (name ?? pathParameters?.name);
};
exports.rest = async ({ pathParameters }) => ({
  statusCode: 200,
  headers: { 'Access-Control-Allow-Origin': '*' },
  body: process.env.GREETING + ' ' + pathParameters?.name,
});
exports.guard = async ({ headers }) => ({ isAuthorized: headers.door === 'open' });
`;

/** What their packages call them, and what their services need besides. */
const clients = [
  { name: 'osls 4', bin: 'osls/bin/serverless.js', runtime: 'nodejs24.x', more: '' },
  { name: 'Serverless 3', bin: 'serverless/bin/serverless.js', runtime: 'nodejs20.x', more: 'plugins: [./endpoint.cjs]' },
] as const;

for (const { name, bin, runtime, more } of clients) {
  suite(name, { timeout: 280_000, skip: slow || missing('npm') }, () => {
    let folder: ReturnType<typeof temporaryFolder>;
    let server: RunningServer;
    let program: string;

    before(async () => {
      const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
      const modules = await built('serverless', async ({ run }) => void (await run('npm', install)));
      program = path.join(modules, 'node_modules', bin);
      folder = temporaryFolder();
      server = await RunningServer.start(path.join(folder.path, 'data'));
      // Apart from the rest: all that is in the folder of a service goes into its archive.
      for (const each of ['home', 'service']) mkdirSync(path.join(folder.path, each));
      writeFileSync(path.join(folder.path, 'service/index.js'), handler);
      writeFileSync(path.join(folder.path, 'service/endpoint.cjs'), plugin);
    });
    after(async () => {
      await server.stop();
      folder[Symbol.dispose]();
    });

    const serverless = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await run(process.execPath, [program, ...args], {
        cwd: path.join(folder.path, 'service'),
        env: {
          ...process.env,
          HOME: path.join(folder.path, 'home'),
          SLS_TELEMETRY_DISABLED: '1',
          SLS_NOTIFICATIONS_MODE: 'off',
          AWS_ENDPOINT_URL: server.origin,
          AWS_ACCESS_KEY_ID: '000000000000',
          AWS_SECRET_ACCESS_KEY: 'x',
          AWS_REGION: 'us-east-1',
          AWS_EC2_METADATA_DISABLED: 'true',
        },
      });
      return stdout + stderr;
    };
    const written = (greeting: string): void =>
      writeFileSync(path.join(folder.path, 'service/serverless.yml'), service(runtime, greeting, more));
    const invoked = async (): Promise<string> =>
      serverless('invoke', '--function', 'greeter', '--data', JSON.stringify({ name: 'world' }));

    test('deploys a service and calls it', async (t: TestContext) => {
      written('hello');
      const said = await serverless('deploy');
      t.assert.match(said, /Service deployed to stack greetings-dev/);
      t.assert.match(await invoked(), /"hello world"/);
      // Of the addresses that it lists the function's own is the one that this server made.
      const url = /(http:\/\/\S+)/.exec(await serverless('info'))?.[1] ?? '';
      const answer = await fetch(url);
      t.assert.equal(await answer.text(), 'hello undefined');
    });

    test('answers routes of its HTTP API, by the name that AWS would give it', async (t: TestContext) => {
      const [, id] = /https:\/\/(\w+)\.execute-api\.us-east-1\.amazonaws\.com\/greet/.exec(await serverless('info')) ?? [];
      const api = `${server.origin}/_mayfly/api/${id}`;
      const greeted = await fetch(`${api}/greet/ann`, { headers: { Origin: 'https://a.example' } });
      t.assert.deepEqual([await greeted.text(), greeted.headers.get('access-control-allow-origin')], ['hello ann', '*']);
      const guarded = async (door: string) => (await fetch(`${api}/guarded/bob`, { headers: { door } })).status;
      t.assert.deepEqual([await guarded('open'), await guarded('shut')], [200, 403]);
    });

    test('answers paths of its REST API, and what browsers ask before they ask', async (t: TestContext) => {
      const [, id] = /https:\/\/(\w+)\.execute-api\.us-east-1\.amazonaws\.com\/dev\/rest/.exec(await serverless('info')) ?? [];
      const api = `${server.origin}/_mayfly/api/${id}/dev`;
      const greeted = await fetch(`${api}/rest/ann`);
      t.assert.deepEqual([await greeted.text(), greeted.headers.get('access-control-allow-origin')], ['hello ann', '*']);
      const headers = { Origin: 'https://a.example', 'Access-Control-Request-Method': 'GET' };
      const before = await fetch(`${api}/rest/ann`, { method: 'OPTIONS', headers });
      t.assert.deepEqual([before.ok, before.headers.get('access-control-allow-origin')], [true, '*']);
      t.assert.match(before.headers.get('access-control-allow-methods') ?? '', /GET/);
      t.assert.equal((await fetch(`${api}/keyed`)).status, 403);
    });

    test('reads its log', async (t: TestContext) => {
      t.assert.match(await serverless('logs', '--function', 'greeter'), /said to world/);
    });

    test('deploys it again when something has changed', async (t: TestContext) => {
      written('goodbye');
      await serverless('deploy');
      t.assert.match(await invoked(), /"goodbye world"/);
    });

    test('removes it', async (t: TestContext) => {
      t.assert.match(await serverless('remove'), /has been successfully removed/);
      await t.assert.rejects(invoked());
    });
  });
}
