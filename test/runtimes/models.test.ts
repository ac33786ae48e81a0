import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  PutSubscriptionFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateTableCommand, DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateStreamCommand, KinesisClient, PutRecordCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionUrlConfigCommand,
  GetEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { deploy } from '../kit/functions.ts';
import { pythonOf, zipFolders } from './kit/artefacts.ts';
import { openHouse, type House } from './kit/house.ts';
import { pythonLayer } from './kit/python.ts';

const minor = '3.11';
const python = pythonOf(minor);
const absent = python === undefined ? `no Python ${minor} with pip on this machine` : false;
const account = '000000000000';
const arn = (service: string, name: string): string => `arn:aws:${service}:us-east-1:${account}:${name}`;
const url = (queue: string): string => `http://127.0.0.1/${account}/${queue}`;

/** Each source wakes a function that reads its event through the strict model that Powertools has of AWS's. */
suite("Powertools' models read every event", { timeout: 280_000, skip: absent }, () => {
  let house: House;
  let layer: string;
  let ZipFile: Uint8Array;
  let sqs: SQSClient;

  before(async () => {
    house = await openHouse();
    layer = await pythonLayer(house, python ?? '', minor);
    ZipFile = await zipFolders({ '': path.join(import.meta.dirname, 'functions/python-functions') });
    sqs = new SQSClient(house.settings);
  });
  after(async () => {
    sqs?.destroy();
    await house?.[Symbol.asyncDispose]();
  });

  /** A function for a model, and the queue it reports to. @returns what it reads next, or throws what is wrong */
  const reader = async (name: string, MODEL: string, ENVELOPE?: string): Promise<() => Promise<unknown>> => {
    await sqs.send(new CreateQueueCommand({ QueueName: `${name}-read` }));
    const QueueUrl = url(`${name}-read`);
    await deploy(
      house.client,
      name,
      {},
      {
        Runtime: `python${minor}`,
        Handler: 'models.handler',
        Timeout: 30,
        MemorySize: 512,
        Layers: [layer],
        Code: { ZipFile },
        Environment: { Variables: { MODEL, REPORT_TO: QueueUrl, ...(ENVELOPE === undefined ? {} : { ENVELOPE }) } },
      },
    );
    return async () => {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
      const { read, wrong, event } = JSON.parse(Messages?.[0]?.Body ?? '{}') as {
        read?: string | string[];
        wrong?: unknown;
        event?: unknown;
      };
      if (read === undefined) throw new Error(`${MODEL}: ${JSON.stringify(wrong)} of ${JSON.stringify(event)}`);
      return Array.isArray(read) ? read.map((one): unknown => JSON.parse(one)) : (JSON.parse(read) as unknown);
    };
  };
  const map = async (
    FunctionName: string,
    EventSourceArn: string,
    more: Partial<CreateEventSourceMappingCommandInput> = {},
  ): Promise<void> => {
    const { UUID } = await house.client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, ...more }));
    while ((await house.client.send(new GetEventSourceMappingCommand({ UUID }))).State !== 'Enabled');
  };
  const allow = async (FunctionName: string, Principal: string): Promise<void> =>
    void (await house.client.send(
      new AddPermissionCommand({ FunctionName, StatementId: 'wake', Action: 'lambda:InvokeFunction', Principal }),
    ));
  const notified = async (Bucket: string, NotificationConfiguration: NotificationConfiguration): Promise<S3Client> => {
    const s3 = new S3Client({ ...house.settings, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
    return s3;
  };

  test('of a queue, and of a topic through a queue', async (t: TestContext) => {
    const read = await reader('queue', 'SqsModel');
    await sqs.send(new CreateQueueCommand({ QueueName: 'source' }));
    await map('queue', arn('sqs', 'source'));
    const MessageAttributes = {
      mood: { DataType: 'String', StringValue: 'good' },
      raw: { DataType: 'Binary', BinaryValue: Buffer.from('x') },
    };
    await sqs.send(new SendMessageCommand({ QueueUrl: url('source'), MessageBody: 'hello', MessageAttributes }));
    const { Records } = (await read()) as {
      Records: { body: string; messageAttributes: Record<string, { dataType: string }> }[];
    };
    t.assert.deepEqual(
      Records.map(({ body, messageAttributes }) => [
        body,
        messageAttributes['mood']?.dataType,
        messageAttributes['raw']?.dataType,
      ]),
      [['hello', 'String', 'Binary']],
    );

    const inside = await reader('inside', 'SnsNotificationModel', 'SqsEnvelope');
    await sqs.send(new CreateQueueCommand({ QueueName: 'subscribed' }));
    await map('inside', arn('sqs', 'subscribed'));
    const sns = new SNSClient(house.settings);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'through' }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arn('sqs', 'subscribed') }));
    await sns.send(new PublishCommand({ TopicArn, Message: 'through', Subject: 'a subject' }));
    const [notification] = (await inside()) as { Message: string; Subject: string }[];
    t.assert.deepEqual([notification?.Message, notification?.Subject], ['through', 'a subject']);
    sns.destroy();
  });

  test('of a topic', async (t: TestContext) => {
    const read = await reader('topic', 'SnsModel');
    await allow('topic', 'sns.amazonaws.com');
    const sns = new SNSClient(house.settings);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'news' }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'lambda', Endpoint: arn('lambda', 'function:topic') }));
    const MessageAttributes = { mood: { DataType: 'String', StringValue: 'good' } };
    await sns.send(new PublishCommand({ TopicArn, Message: 'hello', MessageAttributes }));
    const { Records } = (await read()) as { Records: { Sns: { Message: string; MessageAttributes: unknown } }[] };
    t.assert.deepEqual(Records[0]?.Sns.Message, 'hello');
    t.assert.deepEqual(Records[0]?.Sns.MessageAttributes, { mood: { Type: 'String', Value: 'good' } });
    sns.destroy();
  });

  test('of streams', async (t: TestContext) => {
    const read = await reader('stream', 'KinesisDataStreamModel');
    const kinesis = new KinesisClient(house.settings);
    await kinesis.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 1 }));
    await waitUntilStreamExists({ client: kinesis, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 }, { StreamName: 's' });
    await map('stream', arn('kinesis', 'stream/s'), { StartingPosition: 'TRIM_HORIZON' });
    await kinesis.send(new PutRecordCommand({ StreamName: 's', PartitionKey: 'p', Data: Buffer.from('hello') }));
    const { Records } = (await read()) as { Records: { kinesis: { data: string; partitionKey: string } }[] };
    t.assert.deepEqual([Records[0]?.kinesis.partitionKey, Records[0]?.kinesis.data], ['p', 'hello']);
    kinesis.destroy();

    const changes = await reader('table', 'DynamoDBStreamModel');
    const dynamodb = new DynamoDBClient(house.settings);
    const { TableDescription } = await dynamodb.send(
      new CreateTableCommand({
        TableName: 'things',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
    await map('table', TableDescription?.LatestStreamArn ?? '', { StartingPosition: 'TRIM_HORIZON' });
    const Item = {
      id: { S: '1' },
      number: { N: '1.50' },
      bytes: { B: Buffer.from('x') },
      set: { SS: ['a', 'b'] },
      deep: { M: { list: { L: [{ NULL: true as const }, { BOOL: false }] } } },
    };
    await dynamodb.send(new PutItemCommand({ TableName: 'things', Item }));
    const seen: unknown[] = [];
    const more = async (): Promise<void> => {
      for (const { eventName, dynamodb: change } of (
        (await changes()) as { Records: { eventName: string; dynamodb: { NewImage: unknown; OldImage: unknown } }[] }
      ).Records)
        seen.push([eventName, change.NewImage !== null, change.OldImage !== null]);
    };
    await more();
    await dynamodb.send(new DeleteItemCommand({ TableName: 'things', Key: { id: { S: '1' } } }));
    await more();
    t.assert.deepEqual(seen, [
      ['INSERT', true, false],
      ['REMOVE', false, true],
    ]);
    dynamodb.destroy();
  });

  test('of a bucket, by itself, through a queue and through EventBridge', async (t: TestContext) => {
    const direct = await reader('direct', 'S3Model');
    await allow('direct', 's3.amazonaws.com');
    const s3 = await notified('direct-bucket', {
      LambdaFunctionConfigurations: [
        { LambdaFunctionArn: arn('lambda', 'function:direct'), Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] },
      ],
    });
    const Key = 'ein ordner/größe 1+1.txt';
    await s3.send(new PutObjectCommand({ Bucket: 'direct-bucket', Key, Body: 'hello' }));
    const made = (await direct()) as { Records: { eventName: string; s3: { object: { key: string; size: number } } }[] };
    t.assert.deepEqual(
      [
        made.Records[0]?.eventName,
        made.Records[0]?.s3.object.size,
        decodeURIComponent((made.Records[0]?.s3.object.key ?? '').replaceAll('+', ' ')),
      ],
      ['ObjectCreated:Put', 5, Key],
    );
    await s3.send(new DeleteObjectCommand({ Bucket: 'direct-bucket', Key }));
    t.assert.equal(((await direct()) as typeof made).Records[0]?.eventName, 'ObjectRemoved:Delete');

    const queued = await reader('queued', 'S3SqsEventNotificationModel');
    await sqs.send(new CreateQueueCommand({ QueueName: 'objects' }));
    await map('queued', arn('sqs', 'objects'));
    await notified('queued-bucket', {
      QueueConfigurations: [{ QueueArn: arn('sqs', 'objects'), Events: ['s3:ObjectCreated:*'] }],
    });
    // The first message is a test event, which is none of an object; it is read, and refused by the model.
    await t.assert.rejects(queued(), /s3:TestEvent/);
    await s3.send(new PutObjectCommand({ Bucket: 'queued-bucket', Key: 'k', Body: 'hello' }));
    t.assert.equal(((await queued()) as { Records: unknown[] }).Records.length, 1);

    const bridged = await reader('bridged', 'S3EventNotificationEventBridgeModel');
    await allow('bridged', 'events.amazonaws.com');
    const events = new EventBridgeClient(house.settings);
    await events.send(new PutRuleCommand({ Name: 'objects', EventPattern: JSON.stringify({ source: ['aws.s3'] }) }));
    await events.send(new PutTargetsCommand({ Rule: 'objects', Targets: [{ Id: '1', Arn: arn('lambda', 'function:bridged') }] }));
    await notified('bridged-bucket', { EventBridgeConfiguration: {} });
    await s3.send(new PutObjectCommand({ Bucket: 'bridged-bucket', Key: 'k', Body: 'hello' }));
    const { detail } = (await bridged()) as { detail: { bucket: { name: string }; reason: string } };
    t.assert.deepEqual([detail.bucket.name, detail.reason], ['bridged-bucket', 'PutObject']);
    await s3.send(new DeleteObjectCommand({ Bucket: 'bridged-bucket', Key: 'k' }));
    t.assert.equal(((await bridged()) as { detail: { reason: string } }).detail.reason, 'DeleteObject');
    events.destroy();
    s3.destroy();
  });

  test('of a bus', async (t: TestContext) => {
    const read = await reader('bus', 'EventBridgeModel');
    await allow('bus', 'events.amazonaws.com');
    const events = new EventBridgeClient(house.settings);
    await events.send(new PutRuleCommand({ Name: 'orders', EventPattern: JSON.stringify({ source: ['shop'] }) }));
    await events.send(new PutTargetsCommand({ Rule: 'orders', Targets: [{ Id: '1', Arn: arn('lambda', 'function:bus') }] }));
    await events.send(
      new PutEventsCommand({
        Entries: [{ Source: 'shop', DetailType: 'Order', Detail: '{"id":1}', Resources: ['arn:aws:x:::y'] }],
      }),
    );
    const { source, detail, resources } = (await read()) as Record<string, unknown>;
    t.assert.deepEqual([source, detail, resources], ['shop', { id: 1 }, ['arn:aws:x:::y']]);
    events.destroy();
  });

  test('of a log group', async (t: TestContext) => {
    const read = await reader('lines', 'CloudWatchLogsModel');
    await allow('lines', 'logs.amazonaws.com');
    const logs = new CloudWatchLogsClient(house.settings);
    const at = { logGroupName: 'app', logStreamName: 's' };
    await logs.send(new CreateLogGroupCommand({ logGroupName: 'app' }));
    await logs.send(new CreateLogStreamCommand(at));
    await logs.send(
      new PutSubscriptionFilterCommand({
        logGroupName: 'app',
        filterName: 'f',
        filterPattern: '',
        destinationArn: arn('lambda', 'function:lines'),
      }),
    );
    await logs.send(new PutLogEventsCommand({ ...at, logEvents: [{ timestamp: Date.now(), message: 'hello' }] }));
    const told = (await read()) as { awslogs: { decoded_data: { logEvents: { message: string }[] } | null } };
    t.assert.match(JSON.stringify(told), /hello/);
    logs.destroy();
  });

  test('of a function URL', async (t: TestContext) => {
    const read = await reader('page', 'LambdaFunctionUrlModel');
    const { FunctionUrl = '' } = await house.client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName: 'page', AuthType: 'NONE' }),
    );
    await fetch(`${FunctionUrl}a/b?x=1&x=2&y=%C3%BC`, { method: 'POST', body: 'hello', headers: { cookie: 'a=1; b=2' } });
    const told = (await read()) as { rawPath: string; queryStringParameters: unknown; cookies: string[]; body: string };
    t.assert.deepEqual(
      [told.rawPath, told.queryStringParameters, told.cookies, told.body],
      ['/a/b', { x: '1,2', y: 'ü' }, ['a=1', 'b=2'], 'hello'],
    );
  });
});
