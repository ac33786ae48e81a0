import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { zipOf } from '../kit/zip.ts';

const run = promisify(execFile);
const here = (process.env['PATH'] ?? '').split(':').map((folder) => path.join(folder, 'aws'));

/** Every AWS CLI on this machine, by its major version. */
function commandLines(): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const file of [...here, '/usr/bin/aws', '/usr/local/bin/aws']) {
    const said = spawnSync(file, ['--version'], { encoding: 'utf8' });
    const major = Number(/^aws-cli\/(\d+)/.exec((said.stdout ?? '') + (said.stderr ?? ''))?.[1] ?? 0);
    if (major > 0 && !found.has(major)) found.set(major, file);
  }
  return found;
}
const clis = commandLines();
const python = ['python3', '/usr/bin/python3'].find((each) => spawnSync(each, ['-c', 'import boto3']).status === 0);

const handler =
  'exports.handler = async (event, context) => { console.log("got", event.n); return { twice: event.n * 2, version: context.functionVersion }; };';
const identity = {
  AWS_ACCESS_KEY_ID: '000000000000',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_PAGER: '',
};

suite('unmodified clients', { timeout: 280_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(path.join(folder.path, 'data'));
    writeFileSync(path.join(folder.path, 'f.zip'), await zipOf({ 'index.js': handler }));
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  for (const major of [2, 1]) {
    const cli = clis.get(major) ?? '';
    test(
      `AWS CLI v${major}: from create-function to delete-function`,
      { skip: clis.has(major) ? false : `AWS CLI v${major} is not on this machine` },
      async (t: TestContext) => {
        const aws = async (...args: string[]): Promise<string> => {
          const { stdout } = await run(cli, [...args, '--endpoint-url', server.origin, '--output', 'json'], {
            cwd: folder.path,
            env: { ...process.env, ...identity },
          });
          return stdout;
        };
        const name = `cli${major}`;
        const raw = major === 2 ? ['--cli-binary-format', 'raw-in-base64-out'] : [];
        const invoke = async (
          target: string,
          ...more: string[]
        ): Promise<{ readonly meta: Record<string, string>; readonly answer: unknown }> => {
          const meta = JSON.parse(
            await aws('lambda', 'invoke', '--function-name', target, '--payload', '{"n":21}', ...raw, ...more, 'out.json'),
          ) as Record<string, string>;
          return { meta, answer: JSON.parse(readFileSync(path.join(folder.path, 'out.json'), 'utf8')) };
        };
        const created = JSON.parse(
          await aws(
            'lambda',
            'create-function',
            '--function-name',
            name,
            '--runtime',
            'nodejs24.x',
            '--role',
            'arn:aws:iam::000000000000:role/r',
            '--handler',
            'index.handler',
            '--zip-file',
            'fileb://f.zip',
          ),
        ) as { State: string };
        t.assert.equal(created.State, 'Pending');
        await aws('lambda', 'wait', 'function-active-v2', '--function-name', name);
        const first = await invoke(name, '--log-type', 'Tail');
        t.assert.deepEqual(first.answer, { twice: 42, version: '$LATEST' });
        t.assert.match(
          Buffer.from(first.meta['LogResult'] ?? '', 'base64').toString(),
          /START RequestId[^]*INFO\tgot 21[^]*REPORT RequestId/,
        );
        await aws('lambda', 'update-function-code', '--function-name', name, '--zip-file', 'fileb://f.zip');
        await aws('lambda', 'wait', 'function-updated-v2', '--function-name', name);
        await aws('lambda', 'publish-version', '--function-name', name);
        await aws('lambda', 'create-alias', '--function-name', name, '--name', 'live', '--function-version', '1');
        const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
        for (const target of [`${name}:live`, `${arn}:1`, `000000000000:function:${name}:live`]) {
          t.assert.deepEqual((await invoke(target)).answer, { twice: 42, version: '1' }, target);
        }
        const events = await aws(
          'logs',
          'filter-log-events',
          '--log-group-name',
          `/aws/lambda/${name}`,
          '--filter-pattern',
          'got',
        );
        t.assert.ok((JSON.parse(events) as { events: unknown[] }).events.length >= 1);
        await aws('lambda', 'delete-function', '--function-name', name);
        await t.assert.rejects(
          aws('lambda', 'get-function', '--function-name', name),
          /ResourceNotFoundException.*Function not found: arn/,
        );
      },
    );
  }

  test(
    'boto3: paginators, waiters, errors and streams',
    { skip: python === undefined ? 'boto3 is not on this machine' : false },
    async (t: TestContext) => {
      const script = `
import boto3, json, botocore
client = boto3.client('lambda', endpoint_url='${server.origin}')
code = open('f.zip', 'rb').read()
for i in range(3):
    client.create_function(FunctionName=f'boto{i}', Runtime='nodejs24.x', Role='arn:aws:iam::000000000000:role/r', Handler='index.handler', Code={'ZipFile': code})
client.get_waiter('function_active_v2').wait(FunctionName='boto0', WaiterConfig={'Delay': 1})
names = [f['FunctionName'] for page in client.get_paginator('list_functions').paginate(PaginationConfig={'PageSize': 2}) for f in page['Functions']]
answer = client.invoke(FunctionName='boto0', Payload=b'{"n":4}')
stream = client.invoke_with_response_stream(FunctionName='boto0', Payload=b'{"n":5}')
pieces = b''.join(event['PayloadChunk']['Payload'] for event in stream['EventStream'] if 'PayloadChunk' in event)
try:
    client.get_function(FunctionName='nobody')
except client.exceptions.ResourceNotFoundException as error:
    missing = error.response['Error']['Message']
try:
    client.create_function(FunctionName='bad name', Runtime='nodejs24.x', Role='x', Handler='h', Code={'ZipFile': code})
except botocore.exceptions.ClientError as error:
    invalid = error.response['Error']['Message']
print(json.dumps({'names': [n for n in names if n.startswith('boto')], 'answer': json.load(answer['Payload']), 'stream': json.loads(pieces), 'missing': missing, 'invalid': invalid}))
`;
      const { stdout } = await run(python ?? '', ['-c', script], { cwd: folder.path, env: { ...process.env, ...identity } });
      const { names, answer, stream, missing, invalid } = JSON.parse(stdout) as Record<string, unknown>;
      t.assert.deepEqual(names, ['boto0', 'boto1', 'boto2']);
      t.assert.deepEqual(
        [answer, stream],
        [
          { twice: 8, version: '$LATEST' },
          { twice: 10, version: '$LATEST' },
        ],
      );
      t.assert.equal(missing, 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody');
      t.assert.match(String(invalid), /^2 validation errors detected: Value/);
    },
  );
});
