import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { slow } from '../runtimes/kit/artefacts.ts';
import { python, pythonMissing, samCli } from '../runtimes/kit/sam-cli.ts';

const run = promisify(execFile);

const template = `
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting: {Type: String, Default: hello}
Globals:
  Function: {Runtime: python3.11, Timeout: 10}
Resources:
  Greeter:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: greeter/
      Handler: app.handler
      AutoPublishAlias: live
      Layers: [!Ref Words]
      Environment: {Variables: {GREETING: !Ref Greeting}}
      Events:
        Inbox: {Type: SQS, Properties: {Queue: !GetAtt Inbox.Arn}}
        Greet: {Type: HttpApi, Properties: {Path: '/greet/{name}', Method: get}}
  Words:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: words/, CompatibleRuntimes: [python3.11]}
  Inbox: {Type: AWS::SQS::Queue}
Outputs:
  Endpoint: {Value: !GetAtt ServerlessHttpApi.ApiEndpoint}
`;
const handler = `
import os
import words

def handler(event, context):
    name = event["Records"][0]["body"] if "Records" in event else event.get("pathParameters", event)["name"]
    said = words.joined(os.environ["GREETING"], name)
    print("said", said)
    return said
`;

suite('the SAM CLI', { timeout: 280_000, skip: slow || pythonMissing }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let site: string;

  before(async () => {
    site = await samCli();
    folder = temporaryFolder();
    server = await RunningServer.start(path.join(folder.path, 'data'));
    for (const part of ['greeter', 'words/python']) mkdirSync(path.join(folder.path, part), { recursive: true });
    writeFileSync(path.join(folder.path, 'template.yaml'), template);
    writeFileSync(path.join(folder.path, 'greeter/app.py'), handler);
    writeFileSync(path.join(folder.path, 'greeter/requirements.txt'), '');
    writeFileSync(path.join(folder.path, 'words/python/words.py'), 'def joined(*words):\n    return " ".join(words)\n');
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  /** @returns what it said; a command that fails says so in its error */
  const sam = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await run(python ?? '', ['-m', 'samcli', ...args], {
      cwd: folder.path,
      env: {
        ...process.env,
        PYTHONPATH: site,
        SAM_CLI_TELEMETRY: '0',
        SAM_CLI_POLL_DELAY: '0.5',
        // Its own settings; otherwise they are in the home folder.
        __SAM_CLI_APP_DIR: path.join(folder.path, 'settings'),
        AWS_ENDPOINT_URL: server.origin,
        AWS_ACCESS_KEY_ID: '000000000000',
        AWS_SECRET_ACCESS_KEY: 'x',
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    return stdout + stderr;
  };
  const deploy = ['deploy', '--stack-name', 'greetings', '--capabilities', 'CAPABILITY_IAM', '--no-confirm-changeset'];
  const invoked = async (name: string): Promise<string> =>
    sam('remote', 'invoke', 'Greeter', '--stack-name', 'greetings', '--event', JSON.stringify({ name }));

  test('builds an application and deploys it, with a bucket of its own for the code', async (t: TestContext) => {
    t.assert.match(await sam('build'), /Build Succeeded/);
    t.assert.match(await sam(...deploy, '--resolve-s3'), /Successfully created\/updated stack - greetings/);
    t.assert.match(await invoked('world'), /"hello world"/);
  });

  test('answers a route where it says', async (t: TestContext) => {
    const [, endpoint] =
      /"OutputValue": "(http[^"]*)"/.exec(await sam('list', 'stack-outputs', '--stack-name', 'greetings', '--output', 'json')) ??
      [];
    t.assert.equal(await (await fetch(`${endpoint}/greet/ann`)).text(), 'hello ann');
  });

  test('sends to a queue, and reads what the function behind it said', async (t: TestContext) => {
    await sam('remote', 'invoke', 'Inbox', '--stack-name', 'greetings', '--event', 'queue');
    let said = '';
    // Nobody waits for what a queue has a function do, so the log is asked until it is done.
    while (!said.includes('said hello queue')) said = await sam('logs', '--name', 'Greeter', '--stack-name', 'greetings');
    t.assert.match(said, /REPORT RequestId/);
  });

  test('finds nothing to do, and then a parameter to change', async (t: TestContext) => {
    const again = await sam(...deploy, '--resolve-s3', '--no-fail-on-empty-changeset');
    t.assert.match(again, /No changes to deploy\. Stack greetings is up to date/);
    const changed = await sam(...deploy, '--resolve-s3', '--parameter-overrides', 'Greeting=goodbye');
    t.assert.match(changed, /UPDATE_COMPLETE/);
    t.assert.match(await invoked('world'), /"goodbye world"/);
  });

  test('packages what others may deploy', async (t: TestContext) => {
    const packaged = path.join(folder.path, 'packaged.yaml');
    await sam('package', '--resolve-s3', '--output-template-file', packaged);
    t.assert.match(readFileSync(packaged, 'utf8'), /CodeUri: s3:\/\/aws-sam-cli-managed-default-/);
    const second = ['--template-file', packaged, '--stack-name', 'second', '--parameter-overrides', 'Greeting=hi'];
    await sam('deploy', ...second, '--capabilities', 'CAPABILITY_IAM', '--no-confirm-changeset');
    const outputs = await sam('list', 'resources', '--stack-name', 'second', '--output', 'json');
    t.assert.match(outputs, /"LogicalResourceId": "GreeterAliaslive"/);
  });

  test('deletes all of it', async (t: TestContext) => {
    for (const name of ['second', 'greetings']) {
      const said = await sam('delete', '--stack-name', name, '--no-prompts', '--region', 'us-east-1');
      t.assert.match(said, /Deleted successfully/);
    }
    await t.assert.rejects(invoked('world'), /greetings/);
  });
});
