import { after, before, suite, test, type TestContext } from 'node:test';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutFunctionRecursionConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateFunctionCodeCommand,
  UpdateAliasCommand,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { deploy, invoke, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { zipOf } from '../kit/zip.ts';

const closing = <Client extends { destroy(): void }>(client: Client): Client & Disposable =>
  Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until it is so; the clients of AWS do the same. */
async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, what: string): Promise<T> {
  for (const deadline = performance.now() + 45_000; performance.now() < deadline; await pause(50)) {
    const answer = await ask();
    if (isSo(answer)) return answer;
  }
  throw new Error(`${what}: not within 45 s`);
}

suite('provisioned concurrency, loops and tenants, called by the SDK', { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let client: LambdaClient;
  let sqs: SQSClient;

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
  });
  after(async () => {
    client.destroy();
    sqs.destroy();
    await server.stop();
    folder[Symbol.dispose]();
  });

  const told = (name: string) =>
    `const made = Date.now(); exports.handler = async () => ({ word: '${name}', type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE, ageMs: Date.now() - made });`;
  const provision = async (Qualifier: string, ProvisionedConcurrentExecutions: number) => {
    const put = await client.send(
      new PutProvisionedConcurrencyConfigCommand({ FunctionName: 'kept', Qualifier, ProvisionedConcurrentExecutions }),
    );
    return [put.Status, put.AllocatedProvisionedConcurrentExecutions, put.AvailableProvisionedConcurrentExecutions];
  };
  const settled = (Qualifier: string) =>
    until(
      () => client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: 'kept', Qualifier })),
      ({ Status }) => Status !== 'IN_PROGRESS',
      'provisioned concurrency',
    );

  test('a version and an alias have environments that were initialised before the call', async (t: TestContext) => {
    await deploy(client, 'kept', { 'index.js': told('one') });
    await client.send(new PublishVersionCommand({ FunctionName: 'kept' }));
    t.assert.deepStrictEqual(await provision('1', 2), ['IN_PROGRESS', 0, 0]);
    const ready = await settled('1');
    t.assert.deepStrictEqual(
      [ready.Status, ready.AllocatedProvisionedConcurrentExecutions, ready.AvailableProvisionedConcurrentExecutions],
      ['READY', 2, 2],
    );
    const { answer, log } = await invoke(client, 'kept', {}, { Qualifier: '1' });
    t.assert.deepStrictEqual((answer as { type: string }).type, 'provisioned-concurrency');
    t.assert.match(log, /^REPORT/m);
    t.assert.doesNotMatch(log, /Init Duration/);
    t.assert.deepStrictEqual(((await invoke(client, 'kept')).answer as { type: string }).type, 'on-demand');

    await client.send(new UpdateFunctionCodeCommand({ FunctionName: 'kept', ZipFile: await zipOf({ 'index.js': told('two') }) }));
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'kept' });
    await client.send(new PublishVersionCommand({ FunctionName: 'kept' }));
    await client.send(new CreateAliasCommand({ FunctionName: 'kept', Name: 'live', FunctionVersion: '2' }));
    await provision('live', 1);
    t.assert.strictEqual((await settled('live')).Status, 'READY');
    const byAlias = (await invoke(client, 'kept', {}, { Qualifier: 'live' })).answer as { word: string; type: string };
    t.assert.deepStrictEqual([byAlias.word, byAlias.type], ['two', 'provisioned-concurrency']);
  });

  test('its metrics are told by version', async (t: TestContext) => {
    const settings = {
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
      maxAttempts: 1,
    };
    using cloudwatch = closing(new CloudWatchClient(settings));
    const nowMs = Date.now();
    const points = async (MetricName: string) =>
      (
        await cloudwatch.send(
          new GetMetricStatisticsCommand({
            Namespace: 'AWS/Lambda',
            MetricName,
            Dimensions: [
              { Name: 'FunctionName', Value: 'kept' },
              { Name: 'Resource', Value: 'kept:1' },
            ],
            StartTime: new Date(nowMs - 600_000),
            EndTime: new Date(nowMs + 600_000),
            Period: 3600,
            Statistics: ['Sum', 'Maximum'],
          }),
        )
      ).Datapoints ?? [];
    const [calls] = await until(
      () => points('ProvisionedConcurrencyInvocations'),
      (found) => found.length > 0,
      'the metric is there',
    );
    t.assert.strictEqual(calls?.Sum, 1);
    t.assert.strictEqual((await points('ProvisionedConcurrencyUtilization'))[0]?.Maximum, 0.5);
    t.assert.strictEqual((await points('ProvisionedConcurrentExecutions'))[0]?.Maximum, 1);
  });

  test('an alias that moves takes its environments to the new version', async (t: TestContext) => {
    await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'kept', ZipFile: await zipOf({ 'index.js': told('three') }) }),
    );
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'kept' });
    await client.send(new PublishVersionCommand({ FunctionName: 'kept' }));
    await client.send(new UpdateAliasCommand({ FunctionName: 'kept', Name: 'live', FunctionVersion: '3' }));
    const ask = async () => (await invoke(client, 'kept', {}, { Qualifier: 'live' })).answer as { word: string; type: string };
    const answer = await until(ask, ({ type }) => type === 'provisioned-concurrency', 'the new version is kept ready');
    t.assert.strictEqual(answer.word, 'three');
  });

  test('an initialisation that fails is told with its reason', async (t: TestContext) => {
    await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'kept', ZipFile: await zipOf({ 'index.js': `throw new Error('no');` }) }),
    );
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'kept' });
    const { Version = '' } = await client.send(new PublishVersionCommand({ FunctionName: 'kept' }));
    await provision(Version, 1);
    const { Status, StatusReason } = await settled(Version);
    t.assert.deepStrictEqual([Status, StatusReason], ['FAILED', 'FUNCTION_ERROR_INIT_FAILURE']);
  });

  /** What the SDKs do: every request from a function carries the trace of its invocation. */
  const post = `
    const http = require('node:http');
    const post = (path, headers, body) => new Promise((resolve, reject) => {
      const url = new URL(path, process.env.AWS_ENDPOINT_URL);
      const request = http.request(url, { method: 'POST', headers: { 'X-Amzn-Trace-Id': process.env._X_AMZN_TRACE_ID, ...headers } }, (answer) => {
        let text = '';
        answer.on('data', (chunk) => (text += chunk)).on('end', () => resolve({ error: answer.headers['x-amzn-errortype'], text }));
      });
      request.on('error', reject).end(body);
    });`;
  /** Calls itself as often as it is let; counts how often it was. */
  const looping = `${post}
    exports.handler = async ({ turn }, context) => {
      if (turn >= 18) return { turn };
      const { error, text } = await post('/2015-03-31/functions/' + context.functionName + '/invocations', {}, JSON.stringify({ turn: turn + 1 }));
      return error === undefined ? JSON.parse(text) : { turn, stopped: error.split(':')[0] };
    };`;

  test('a function that calls itself is stopped at sixteen turns, or allowed to', async (t: TestContext) => {
    await deploy(client, 'looping', { 'index.js': looping }, { Timeout: 60 });
    const { answer } = await invoke(client, 'looping', { turn: 1 });
    t.assert.deepStrictEqual(answer, { turn: 16, stopped: 'RecursiveInvocationException' });
    await client.send(new PutFunctionRecursionConfigCommand({ FunctionName: 'looping', RecursiveLoop: 'Allow' }));
    t.assert.deepStrictEqual((await invoke(client, 'looping', { turn: 1 })).answer, { turn: 18 });
  });

  test('a message that goes round through a queue ends in the dead letters', async (t: TestContext) => {
    const create = async (QueueName: string, Attributes: Record<string, string> = {}) => {
      const { QueueUrl = '' } = await sqs.send(
        new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: '5', ...Attributes } }),
      );
      const arn =
        (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))).Attributes?.['QueueArn'] ??
        '';
      return { url: QueueUrl, arn };
    };
    const dead = await create('round-dead');
    const queue = await create('round', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }) });
    await deploy(
      client,
      'round',
      {
        'index.js': `${post}
        exports.handler = async ({ Records }) => {
          for (const { body } of Records) {
            const message = { QueueUrl: process.env.QUEUE, MessageBody: String(Number(body) + 1) };
            const headers = { 'X-Amz-Target': 'AmazonSQS.SendMessage', 'Content-Type': 'application/x-amz-json-1.0' };
            const { error } = await post('/', headers, JSON.stringify(message));
            if (error !== undefined) throw new Error(error);
          }
        };`,
      },
      { Environment: { Variables: { QUEUE: queue.url } } },
    );
    await client.send(new CreateEventSourceMappingCommand({ FunctionName: 'round', EventSourceArn: queue.arn, BatchSize: 1 }));
    await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: '1' }));
    const { Messages = [] } = await until(
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl: dead.url, WaitTimeSeconds: 1 })),
      ({ Messages: found = [] }) => found.length > 0,
      'the message that went round is a dead letter',
    );
    t.assert.deepStrictEqual(
      Messages.map(({ Body }) => Body),
      ['17'],
    );
  });

  test('a message that goes round through a topic, and an object through a bucket, are stopped too', async (t: TestContext) => {
    const settings = {
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
      maxAttempts: 1,
    };
    using sns = closing(new SNSClient(settings));
    using s3 = closing(new S3Client({ ...settings, forcePathStyle: true }));
    const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'loops-dead' }));
    const dead =
      (await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }))).Attributes?.['QueueArn'] ??
      '';
    const deadLetters = { DeadLetterConfig: { TargetArn: dead } };
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'loop' }));
    await deploy(
      client,
      'topic-loop',
      {
        'index.js': `${post}
        exports.handler = async ({ Records: [{ Sns }] }) => {
          const form = new URLSearchParams({ Action: 'Publish', Version: '2010-03-31', TopicArn: process.env.TOPIC, Message: String(Number(Sns.Message) + 1) });
          await post('/', { 'Content-Type': 'application/x-www-form-urlencoded' }, form.toString());
        };`,
      },
      { ...deadLetters, Environment: { Variables: { TOPIC: TopicArn } } },
    );
    await client.send(
      new AddPermissionCommand({
        FunctionName: 'topic-loop',
        StatementId: 's',
        Action: 'lambda:InvokeFunction',
        Principal: 'sns.amazonaws.com',
      }),
    );
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'lambda',
        Endpoint: 'arn:aws:lambda:us-east-1:000000000000:function:topic-loop',
      }),
    );
    await sns.send(new PublishCommand({ TopicArn, Message: '1' }));
    const letter = async () => {
      const { Messages: [message] = [] } = await until(
        () => sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1 })),
        ({ Messages: found = [] }) => found.length > 0,
        'the event that went round is a dead letter',
      );
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }));
      return JSON.parse(message?.Body ?? '{}') as { Records: { Sns: { Message: string }; s3: { object: { key: string } } }[] };
    };
    t.assert.strictEqual((await letter()).Records[0]?.Sns.Message, '17');

    await s3.send(new CreateBucketCommand({ Bucket: 'loop-bucket' }));
    await deploy(
      client,
      'bucket-loop',
      {
        'index.js': `${post.replaceAll("method: 'POST'", "method: 'PUT'")}
        exports.handler = async ({ Records: [{ s3 }] }) => { await post('/loop-bucket/' + (Number(s3.object.key) + 1), {}, 'x'); };`,
      },
      deadLetters,
    );
    await client.send(
      new AddPermissionCommand({
        FunctionName: 'bucket-loop',
        StatementId: 's',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
      }),
    );
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'loop-bucket',
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [
            { LambdaFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bucket-loop', Events: ['s3:ObjectCreated:*'] },
          ],
        },
      }),
    );
    await s3.send(new PutObjectCommand({ Bucket: 'loop-bucket', Key: '1', Body: 'x' }));
    t.assert.strictEqual((await letter()).Records[0]?.s3.object.key, '17');
  });

  test('tenants have environments of their own, and their number is asked for', async (t: TestContext) => {
    await deploy(
      client,
      'tenants',
      {
        'index.js': `let calls = 0; exports.handler = async (event, context) => ({ tenant: context.tenantId, calls: ++calls });`,
      },
      {
        TenancyConfig: { TenantIsolationMode: 'PER_TENANT' },
      },
    );
    const as = async (TenantId: string) => (await invoke(client, 'tenants', {}, { TenantId })).answer;
    t.assert.deepStrictEqual(await as('blue'), { tenant: 'blue', calls: 1 });
    t.assert.deepStrictEqual(await as('green'), { tenant: 'green', calls: 1 });
    t.assert.deepStrictEqual(await as('blue'), { tenant: 'blue', calls: 2 });
    await t.assert.rejects(client.send(new InvokeCommand({ FunctionName: 'tenants' })), {
      name: 'InvalidParameterValueException',
    });
    await t.assert.rejects(client.send(new InvokeCommand({ FunctionName: 'kept', TenantId: 'blue' })), {
      name: 'InvalidParameterValueException',
    });
  });
});
