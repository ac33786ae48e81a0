import { after, before, suite, test, type TestContext } from 'node:test';
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  InvokeCommand,
  PutFunctionEventInvokeConfigCommand,
  type CreateEventSourceMappingCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

/** Sends what it was called with to a queue, through our own endpoint, with the credentials of its role. */
const reporter = `
const { request } = require('node:http');
const send = (queueUrl, body) => new Promise((resolve, reject) => {
  const text = JSON.stringify({ QueueUrl: queueUrl, MessageBody: body });
  const url = new URL(process.env.AWS_ENDPOINT_URL);
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage',
    authorization: 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0',
    'x-amz-security-token': process.env.AWS_SESSION_TOKEN };
  const asked = request({ host: url.hostname, port: url.port, method: 'POST', path: '/', headers }, (answer) => {
    answer.resume(); answer.on('end', () => answer.statusCode === 200 ? resolve() : reject(new Error('answered ' + answer.statusCode)));
  });
  asked.on('error', reject); asked.end(text);
});
exports.handler = async (event) => { await send(process.env.REPORT_TO, JSON.stringify(event)); return { seen: true }; };`;

suite('events wake functions', { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let lambda: LambdaClient;
  let sqs: SQSClient;
  let reports: string;
  const configuration = () => ({
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
  });
  const arn = (service: string, name: string): string => `arn:aws:${service}:us-east-1:000000000000:${name}`;

  const queue = async (name: string): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: '30' } }))).QueueUrl ?? '';
  const next = async <Event>(from = reports): Promise<Event> => {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: from, WaitTimeSeconds: 20 }));
    const [message] = Messages ?? [];
    await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle: message?.ReceiptHandle }));
    return JSON.parse(message?.Body ?? 'null') as Event;
  };
  const map = async (options: CreateEventSourceMappingCommandInput): Promise<void> => {
    const { UUID } = await lambda.send(new CreateEventSourceMappingCommand(options));
    for (let state = ''; state !== 'Enabled';) {
      state = (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State ?? '';
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(folder.path);
    lambda = lambdaClient(server.origin);
    sqs = new SQSClient(configuration());
    reports = await queue('reports');
    await deploy(
      lambda,
      'reporter',
      { 'index.js': reporter },
      { Environment: { Variables: { REPORT_TO: reports } }, Timeout: 10 },
    );
  });
  after(async () => {
    lambda.destroy();
    sqs.destroy();
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('a message in a queue', async (t: TestContext) => {
    const source = await queue('source');
    await map({ FunctionName: 'reporter', EventSourceArn: arn('sqs', 'source'), BatchSize: 5 });
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: source,
        MessageBody: 'hello',
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'greeting' } },
      }),
    );
    const [record] = (await next<{ Records: Record<string, unknown>[] }>()).Records;
    t.assert.deepEqual(
      [record?.['body'], record?.['eventSource'], record?.['eventSourceARN']],
      ['hello', 'aws:sqs', arn('sqs', 'source')],
    );
    t.assert.deepEqual(record?.['messageAttributes'], {
      kind: { stringValue: 'greeting', stringListValues: [], binaryListValues: [], dataType: 'String' },
    });
  });

  test('a record in a stream', async (t: TestContext) => {
    const kinesis = new KinesisClient(configuration());
    t.after(() => kinesis.destroy());
    await kinesis.send(new CreateStreamCommand({ StreamName: 'river', ShardCount: 1 }));
    for (let status = ''; status !== 'ACTIVE';) {
      status =
        (await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: 'river' }))).StreamDescriptionSummary?.StreamStatus ??
        '';
    }
    await map({ FunctionName: 'reporter', EventSourceArn: arn('kinesis', 'stream/river'), StartingPosition: 'TRIM_HORIZON' });
    await kinesis.send(new PutRecordCommand({ StreamName: 'river', PartitionKey: 'p', Data: Buffer.from('drop') }));
    const [record] = (await next<{ Records: { kinesis: { data: string; partitionKey: string } }[] }>()).Records;
    t.assert.deepEqual(
      [Buffer.from(record?.kinesis.data ?? '', 'base64').toString(), record?.kinesis.partitionKey],
      ['drop', 'p'],
    );
  });

  test('a change in a table', async (t: TestContext) => {
    const dynamodb = new DynamoDBClient(configuration());
    t.after(() => dynamodb.destroy());
    const { TableDescription } = await dynamodb.send(
      new CreateTableCommand({
        TableName: 'things',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
    await map({
      FunctionName: 'reporter',
      EventSourceArn: TableDescription?.LatestStreamArn,
      StartingPosition: 'TRIM_HORIZON',
      FilterCriteria: { Filters: [{ Pattern: '{"dynamodb":{"NewImage":{"kind":{"S":["wanted"]}}}}' }] },
    });
    for (const [id, kind] of [
      ['1', 'other'],
      ['2', 'wanted'],
    ])
      await dynamodb.send(new PutItemCommand({ TableName: 'things', Item: { id: { S: id ?? '' }, kind: { S: kind ?? '' } } }));
    const { Records } = await next<{ Records: { eventName: string; dynamodb: { Keys: unknown } }[] }>();
    t.assert.deepEqual(
      Records.map(({ eventName, dynamodb: { Keys } }) => [eventName, Keys]),
      [['INSERT', { id: { S: '2' } }]],
    );
  });

  test('a message to a topic', async (t: TestContext) => {
    const sns = new SNSClient(configuration());
    t.after(() => sns.destroy());
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'news' }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'lambda', Endpoint: arn('lambda', 'function:reporter') }));
    await sns.send(new PublishCommand({ TopicArn, Message: 'extra', Subject: 'read' }));
    const [record] = (await next<{ Records: { EventSource: string; Sns: { Message: string; Subject: string } }[] }>()).Records;
    t.assert.deepEqual([record?.EventSource, record?.Sns.Message, record?.Sns.Subject], ['aws:sns', 'extra', 'read']);
  });

  test('an asynchronous call reaches its destination with the record of its success', async (t: TestContext) => {
    const done = await queue('done');
    await deploy(lambda, 'adder', { 'index.js': 'exports.handler = async ({ a, b }) => a + b;' });
    await lambda.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: 'adder',
        DestinationConfig: { OnSuccess: { Destination: arn('sqs', 'done') } },
      }),
    );
    const { StatusCode } = await lambda.send(
      new InvokeCommand({ FunctionName: 'adder', InvocationType: 'Event', Payload: Buffer.from('{"a":1,"b":2}') }),
    );
    t.assert.equal(StatusCode, 202);
    const record = await next<{ requestContext: { condition: string }; requestPayload: unknown; responsePayload: unknown }>(done);
    t.assert.deepEqual(
      [record.requestContext.condition, record.requestPayload, record.responsePayload],
      ['Success', { a: 1, b: 2 }, 3],
    );
  });
});
