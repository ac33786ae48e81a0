import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { Connection, post } from '../kit/connection.ts';
import { Program } from '../kit/programs.ts';
import { proveIsolation } from '../kit/proof.ts';
import type { Result, Scenario } from '../kit/scenario.ts';
import { summary } from '../kit/stats.ts';

const account = '000000000000';
const arnOf = (service: string, name: string): string => `arn:aws:${service}:us-east-1:${account}:${name}`;

/** Says in its log when it was handed what was sent when: both by the clock of this machine. */
const noting = `
const nowMs = () => performance.timeOrigin + performance.now();
const sent = (record) =>
  record.body ?? (record.kinesis && Buffer.from(record.kinesis.data, 'base64').toString()) ?? record.dynamodb?.Keys.id.S ?? record.s3.object.key;
exports.handler = async (event) => {
  const at = nowMs();
  for (const record of event.Records ?? [{ body: event.sent }]) console.log('NOTED ' + sent(record) + ' ' + at);
};`;

/** A service's JSON protocol over one kept connection, without an SDK's cost. */
class Plain implements Disposable {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<Plain> {
    return new Plain(await Connection.open(port));
  }

  async call<Answer = unknown>(target: string, input: object, version: '1.0' | '1.1' = '1.0'): Promise<Answer> {
    const headers = { 'Content-Type': `application/x-amz-json-${version}`, 'X-Amz-Target': target };
    const { status, body } = await this.#connection.ask(post('/', JSON.stringify(input), headers));
    if (status !== 200) throw new Error(`${target}: ${status} ${body.toString()}`);
    return JSON.parse(body.length === 0 ? '{}' : body.toString()) as Answer;
  }

  async http(method: string, path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const request = Buffer.from(post(path, body, headers))
      .toString('latin1')
      .replace('POST', method);
    const answer = await this.#connection.ask(Buffer.from(request, 'latin1'));
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const nowMs = (): number => performance.timeOrigin + performance.now();

const s3Headers = {
  Authorization: `AWS4-HMAC-SHA256 Credential=${account}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`,
  'Content-Type': 'application/octet-stream',
};

/** From the sending of a record to the first line of its handler, and how fast a full queue is emptied. */
export const events: Scenario = {
  name: 'events',
  about: 'arrival to handler for queues, streams, tables and buckets; a full queue emptied by a function and by a client',
  async run({ quick }) {
    await using server = await Program.server();
    using plain = await Plain.open(server.port);
    const lambda = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(lambda, 'noting', { 'index.js': noting }, { MemorySize: 1769, Timeout: 30 });
    await deploy(lambda, 'nothing', { 'index.js': 'exports.handler = async () => {};' }, { MemorySize: 1769, Timeout: 30 });
    const notes = await proveIsolation(lambda);
    const results: Result[] = [];
    const send = await sourcesOf(lambda, plain);
    for (const [name, one] of Object.entries(send)) {
      const latencies = await arrivals(plain, one, quick ? 40 : 200);
      results.push({ name: `arrival to handler, ${name}`, unit: 'ms', system: summary(latencies), notes });
    }
    results.push(...(await emptied(lambda, plain, server.port, quick ? 5_000 : 20_000)));
    lambda.destroy();
    return results;
  },
};

/** Sends one record that says when it was sent. */
type Send = (sent: string) => Promise<void>;

async function sourcesOf(lambda: LambdaClient, plain: Plain): Promise<Readonly<Record<string, Send>>> {
  const { QueueUrl } = await plain.call<{ QueueUrl: string }>('AmazonSQS.CreateQueue', { QueueName: 'arrivals' });
  await plain.call('Kinesis_20131202.CreateStream', { StreamName: 'arrivals', ShardCount: 1 }, '1.1');
  const { TableDescription } = await plain.call<{ TableDescription: { LatestStreamArn: string } }>(
    'DynamoDB_20120810.CreateTable',
    {
      TableName: 'arrivals',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
    },
  );
  await pause(500);
  await mapped(lambda, { EventSourceArn: arnOf('sqs', 'arrivals') });
  await mapped(lambda, { EventSourceArn: arnOf('kinesis', 'stream/arrivals'), StartingPosition: 'TRIM_HORIZON' });
  await mapped(lambda, { EventSourceArn: TableDescription.LatestStreamArn, StartingPosition: 'TRIM_HORIZON' });
  await plain.http('PUT', '/arrivals', '', s3Headers);
  const notification = `<NotificationConfiguration><CloudFunctionConfiguration><CloudFunction>${arnOf('lambda', 'function:noting')}</CloudFunction><Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration></NotificationConfiguration>`;
  await plain.http('PUT', '/arrivals?notification', notification, s3Headers);
  return {
    // What every other one is at least: a durable event of the API itself.
    'asynchronous call': (sent) =>
      plain.http('POST', '/2015-03-31/functions/noting/invocations', JSON.stringify({ sent }), {
        'X-Amz-Invocation-Type': 'Event',
      }),
    SQS: (sent) => plain.call('AmazonSQS.SendMessage', { QueueUrl, MessageBody: sent }).then(() => {}),
    Kinesis: (sent) =>
      plain
        .call(
          'Kinesis_20131202.PutRecord',
          { StreamName: 'arrivals', PartitionKey: 'p', Data: Buffer.from(sent).toString('base64') },
          '1.1',
        )
        .then(() => {}),
    'DynamoDB Streams': (sent) =>
      plain.call('DynamoDB_20120810.PutItem', { TableName: 'arrivals', Item: { id: { S: sent } } }).then(() => {}),
    S3: (sent) => plain.http('PUT', `/arrivals/${sent}`, 'x', s3Headers),
  };
}

async function mapped(lambda: LambdaClient, options: Partial<CreateEventSourceMappingCommandInput>): Promise<string> {
  const { UUID = '' } = await lambda.send(new CreateEventSourceMappingCommand({ FunctionName: 'noting', ...options }));
  await inState(lambda, UUID, options.Enabled === false ? 'Disabled' : 'Enabled');
  return UUID;
}

async function inState(lambda: LambdaClient, UUID: string, state: string): Promise<void> {
  while ((await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State !== state) await pause(20);
}

/** Milliseconds of each record, sent one after another with pauses in which everything falls idle again. */
async function arrivals(plain: Plain, send: Send, count: number): Promise<readonly number[]> {
  const wanted = new Set<string>();
  const one = async (): Promise<void> => {
    const sent = nowMs().toFixed(3);
    wanted.add(sent);
    await send(sent);
    await pause(25);
  };
  for (let index = 0; index < count + 5; index += 1) await one();
  const found = new Map<string, number>();
  for (const untilMs = nowMs() + 30_000; found.size < wanted.size && nowMs() < untilMs; await pause(100)) {
    let nextToken: string | undefined;
    do {
      const page = await plain.call<{ events: { message: string }[]; nextToken?: string }>(
        'Logs_20140328.FilterLogEvents',
        {
          logGroupName: '/aws/lambda/noting',
          filterPattern: 'NOTED',
          startTime: Math.floor(Number([...wanted][0])) - 1_000,
          nextToken,
        },
        '1.1',
      );
      for (const { message } of page.events) {
        const [, sent = '', at] = /NOTED ([\d.]+) ([\d.]+)/.exec(message) ?? [];
        if (wanted.has(sent)) found.set(sent, Number(at) - Number(sent));
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  if (found.size < wanted.size) throw new Error(`${wanted.size - found.size} of ${wanted.size} records did not arrive.`);
  // The first ones start the environment.
  return [...wanted].slice(5).map((sent) => found.get(sent) as number);
}

interface Received {
  readonly Messages?: readonly { readonly ReceiptHandle: string }[];
}

/** Messages a second: sent, received and deleted by a batching client, and received and deleted by a function's poller. */
async function emptied(lambda: LambdaClient, plain: Plain, port: number, count: number): Promise<readonly Result[]> {
  const queue = async (name: string): Promise<string> =>
    (await plain.call<{ QueueUrl: string }>('AmazonSQS.CreateQueue', { QueueName: name })).QueueUrl;
  const clients = await Promise.all(Array.from({ length: 8 }, () => Plain.open(port)));
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedAt = performance.now();
    await work();
    return count / ((performance.now() - startedAt) / 1000);
  };
  const fill = (QueueUrl: string): Promise<unknown> => {
    let left = count / 10;
    return Promise.all(
      clients.map(async (client) => {
        while (left-- > 0) {
          const Entries = Array.from({ length: 10 }, (_, Id) => ({ Id: String(Id), MessageBody: 'a message of the usual kind' }));
          await client.call('AmazonSQS.SendMessageBatch', { QueueUrl, Entries });
        }
      }),
    );
  };
  const take = (QueueUrl: string): Promise<unknown> => {
    let taken = 0;
    return Promise.all(
      clients.map(async (client) => {
        while (taken < count) {
          const { Messages = [] } = await client.call<Received>('AmazonSQS.ReceiveMessage', {
            QueueUrl,
            MaxNumberOfMessages: 10,
          });
          taken += Messages.length;
          const Entries = Messages.map(({ ReceiptHandle }, Id) => ({ Id: String(Id), ReceiptHandle }));
          if (Entries.length > 0) await client.call('AmazonSQS.DeleteMessageBatch', { QueueUrl, Entries });
        }
      }),
    );
  };
  const byHand = await queue('by-hand');
  const cycles = await timed(async () => {
    await fill(byHand);
    await take(byHand);
  });
  await fill(byHand);
  const taken = await timed(() => take(byHand));
  const byFunction = await queue('by-function');
  const UUID = await mapped(lambda, {
    FunctionName: 'nothing',
    EventSourceArn: arnOf('sqs', 'by-function'),
    Enabled: false,
    BatchSize: 10,
  });
  await fill(byFunction);
  const polled = await timed(async () => {
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    for (;;) {
      const { Attributes } = await plain.call<{ Attributes: Record<string, string> }>('AmazonSQS.GetQueueAttributes', {
        QueueUrl: byFunction,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      });
      if (Object.values(Attributes).every((value) => value === '0')) return;
      await pause(20);
    }
  });
  for (const client of clients) client[Symbol.dispose]();
  const one = (value: number) => summary([value]);
  return [
    { name: 'SQS: sent, received and deleted, batches of ten', unit: 'per second', system: one(cycles) },
    {
      name: 'SQS: a full queue emptied by a function',
      unit: 'per second',
      ratio: polled / taken,
      system: one(polled),
      baseline: one(taken),
      baselineName: 'the same by a client',
    },
  ];
}
