import type { CreateEventSourceMappingCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { deploy, lambdaClient } from '../../test/kit/functions.ts';
import { createMapping } from '../kit/mapping.ts';
import { Plain } from '../kit/plain.ts';
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const nowMs = (): number => performance.timeOrigin + performance.now();

const s3Headers = {
  Authorization: `AWS4-HMAC-SHA256 Credential=${account}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`,
  'Content-Type': 'application/octet-stream',
};

/** From the sending of a record to the first line of its handler. */
export const events: Scenario = {
  name: 'events',
  about: 'arrival to handler for queues, streams, tables and buckets',
  async run({ quick }) {
    await using server = await Program.server();
    using plain = await Plain.open(server.port);
    const lambda = lambdaClient(`http://127.0.0.1:${server.port}`);
    await deploy(lambda, 'noting', { 'index.js': noting }, { MemorySize: 1769, Timeout: 30 });
    const notes = await proveIsolation(lambda);
    const results: Result[] = [];
    const send = await sourcesOf(lambda, plain);
    for (const [name, one] of Object.entries(send)) {
      const latencies = await arrivals(plain, one, quick ? 40 : 200);
      results.push({ name: `arrival to handler, ${name}`, unit: 'ms', system: summary(latencies), notes });
    }
    lambda.destroy();
    return results;
  },
};

/** Sends one record that says when it was sent. */
type Send = (sent: string) => Promise<void>;

async function sourcesOf(lambda: LambdaClient, plain: Plain): Promise<Readonly<Record<string, Send>>> {
  const mapped = (options: Partial<CreateEventSourceMappingCommandInput>): Promise<string> =>
    createMapping(lambda, { FunctionName: 'noting', ...options });
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
  await mapped({ EventSourceArn: arnOf('sqs', 'arrivals') });
  await mapped({ EventSourceArn: arnOf('kinesis', 'stream/arrivals'), StartingPosition: 'TRIM_HORIZON' });
  await mapped({ EventSourceArn: TableDescription.LatestStreamArn, StartingPosition: 'TRIM_HORIZON' });
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
