import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { Lambda } from '@aws-sdk/client-lambda';
import { SQS } from '@aws-sdk/client-sqs';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { slow } from '../fault/load.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const run = promisify(execFile);
const packages = ['aws-cdk@2.1148.1', 'aws-cdk-lib@2.276.0', 'constructs@10.8.1'];

const app = `
  const cdk = require('aws-cdk-lib');
  const lambda = require('aws-cdk-lib/aws-lambda');
  const { Queue } = require('aws-cdk-lib/aws-sqs');
  const { Cors, LambdaIntegration, RestApi } = require('aws-cdk-lib/aws-apigateway');
  const { HttpApi, HttpMethod } = require('aws-cdk-lib/aws-apigatewayv2');
  const { HttpLambdaAuthorizer, HttpLambdaResponseType } = require('aws-cdk-lib/aws-apigatewayv2-authorizers');
  const { HttpLambdaIntegration, HttpSqsIntegration } = require('aws-cdk-lib/aws-apigatewayv2-integrations');
  const { SqsEventSource } = require('aws-cdk-lib/aws-lambda-event-sources');
  const stack = new cdk.Stack(new cdk.App(), 'Hello', { env: { account: '000000000000', region: 'us-east-1' } });
  const jobs = new Queue(stack, 'Jobs');
  const done = new Queue(stack, 'Done');
  const worker = new lambda.Function(stack, 'Worker', {
    runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true }),
    handler: 'index.handler',
    code: lambda.Code.fromAsset('code'),
    environment: { DONE: done.queueUrl },
  });
  worker.addEventSource(new SqsEventSource(jobs, { batchSize: 1 }));
  done.grantSendMessages(worker);
  const url = worker.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
  const guard = new lambda.Function(stack, 'Guard', {
    runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true }),
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async ({ headers }) => ({ isAuthorized: headers.door === "open" });'),
  });
  const api = new HttpApi(stack, 'Api', { corsPreflight: { allowOrigins: ['*'] } });
  const authorizer = new HttpLambdaAuthorizer('Door', guard, {
    responseTypes: [HttpLambdaResponseType.SIMPLE],
    identitySource: ['$request.header.door'],
  });
  api.addRoutes({ path: '/word', methods: [HttpMethod.GET], integration: new HttpLambdaIntegration('Word', worker), authorizer });
  api.addRoutes({ path: '/jobs', methods: [HttpMethod.POST], integration: new HttpSqsIntegration('Send', { queue: jobs }) });
  const rest = new RestApi(stack, 'Rest', { defaultCorsPreflightOptions: { allowOrigins: Cors.ALL_ORIGINS } });
  const answering = new lambda.Function(stack, 'Answering', {
    runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true }),
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async ({ pathParameters }) => ({ statusCode: 200, body: pathParameters.name });'),
  });
  rest.root.addResource('names').addResource('{name}').addMethod('GET', new LambdaIntegration(answering));
  new cdk.CfnOutput(stack, 'RestId', { value: rest.restApiId });
  new cdk.CfnOutput(stack, 'ApiUrl', { value: api.apiEndpoint });
  new cdk.CfnOutput(stack, 'Url', { value: url.url });
  new cdk.CfnOutput(stack, 'JobsUrl', { value: jobs.queueUrl });
  new cdk.CfnOutput(stack, 'DoneUrl', { value: done.queueUrl });
`;
const code = (word: string): string => `
  const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
  exports.handler = async (event) => {
    if (event.Records === undefined) return '${word}';
    // This server's port is another inside of the walls, and the queue's URL has the one outside.
    const client = new SQSClient({ useQueueUrlAsEndpoint: false });
    for (const { body } of event.Records)
      await client.send(new SendMessageCommand({ QueueUrl: process.env.DONE, MessageBody: body + ' is ${word}' }));
  };
`;

suite('the AWS CDK', { timeout: 600_000, skip: slow ? false : 'it fetches 60 MB of packages: MAYFLY_SLOW=1' }, () => {
  test('bootstraps, deploys an asset with a queue before it, deploys it changed, and destroys it', async (t: TestContext) => {
    using folder = temporaryFolder();
    writeFileSync(path.join(folder.path, 'package.json'), '{"private":true,"type":"commonjs"}');
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], { cwd: folder.path });
    writeFileSync(path.join(folder.path, 'app.js'), app);
    writeFileSync(path.join(folder.path, 'cdk.json'), '{"app":"node app.js","requireApproval":"never"}');
    mkdirSync(path.join(folder.path, 'code'));
    const write = (word: string) => writeFileSync(path.join(folder.path, 'code/index.js'), code(word));
    await using server = await RunningServer.start(path.join(folder.path, 'data'));
    const cdk = (...args: string[]) =>
      run(path.join(folder.path, 'node_modules/.bin/cdk'), [...args, '--no-notices'], {
        cwd: folder.path,
        env: {
          ...process.env,
          HOME: folder.path,
          AWS_ENDPOINT_URL: server.origin,
          AWS_ACCESS_KEY_ID: '000000000000',
          AWS_SECRET_ACCESS_KEY: 'x',
          AWS_REGION: 'us-east-1',
          CDK_DISABLE_CLI_TELEMETRY: '1',
        },
      });
    const options = {
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    };
    const [stacks, sqs] = [new CloudFormation(options), new SQS(options)];
    const outputs = async (): Promise<Readonly<Record<string, string | undefined>>> => {
      const { Stacks: [stack] = [] } = await stacks.describeStacks({ StackName: 'Hello' });
      return Object.fromEntries((stack?.Outputs ?? []).map(({ OutputKey: key = '', OutputValue: value }) => [key, value]));
    };
    await cdk('bootstrap', 'aws://000000000000/us-east-1');
    for (const word of ['deployed', 'changed']) {
      write(word);
      await cdk('deploy');
      const { Url: url = '', ApiUrl: api = '', JobsUrl: jobs, DoneUrl: done, RestId: rest } = await outputs();
      t.assert.equal(await (await fetch(url)).text(), word);
      await sqs.sendMessage({ QueueUrl: jobs, MessageBody: 'the job' });
      const { Messages: [message] = [] } = await sqs.receiveMessage({ QueueUrl: done, WaitTimeSeconds: 20 });
      t.assert.equal(message?.Body, `the job is ${word}`);
      await sqs.deleteMessage({ QueueUrl: done, ReceiptHandle: message?.ReceiptHandle });
      const asked = async (door: string) => (await fetch(`${api}/word`, { headers: { door } })).text();
      t.assert.deepEqual([await asked('open'), await asked('shut')], [word, '{"message":"Forbidden"}']);
      const named = `${server.origin}/_mayfly/api/${rest}/prod/names/ann`;
      t.assert.equal(await (await fetch(named)).text(), 'ann');
      const before = await fetch(named, { method: 'OPTIONS', headers: { Origin: 'https://a.example' } });
      t.assert.deepEqual([before.status, before.headers.get('access-control-allow-origin')], [204, '*']);
      const posted = await fetch(`${api}/jobs`, { method: 'POST', body: '{"MessageBody":"a route"}' });
      t.assert.equal(posted.status, 200, await posted.text());
      const { Messages: [routed] = [] } = await sqs.receiveMessage({ QueueUrl: done, WaitTimeSeconds: 20 });
      t.assert.equal(routed?.Body, `a route is ${word}`);
      await sqs.deleteMessage({ QueueUrl: done, ReceiptHandle: routed?.ReceiptHandle });
    }
    await cdk('destroy', '--force');
    const { Functions: functions } = await new Lambda(options).listFunctions({});
    t.assert.deepEqual(functions, []);
    await server.stop();
  });
});
