import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { Producer, stringSerializers } from '@platformatic/kafka';
import { FilterLogEventsCommand, CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { KafkaBroker, noKafka } from './kafka-broker.ts';

/** Says what it got; fails as often as a message asks for it. */
const handler = `
let failures = 0;
exports.handler = async ({ eventSource, bootstrapServers, records }) => {
  const all = Object.entries(records).flatMap(([partition, list]) => list.map((each) => ({ partition, offset: each.offset, text: Buffer.from(each.value, 'base64').toString(), headers: each.headers })));
  if (all.some(({ text }) => text === 'fail twice') && failures++ < 2) throw new Error('not yet');
  console.log('GOT ' + JSON.stringify({ eventSource, bootstrapServers, all }));
};`;

interface Got {
  readonly eventSource: string;
  readonly all: readonly {
    readonly partition: string;
    readonly offset: number;
    readonly text: string;
    readonly headers: readonly Record<string, readonly number[]>[];
  }[];
}

suite('a Kafka topic', { skip: noKafka(), timeout: 180_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let broker: KafkaBroker;
  let client: LambdaClient;
  let logs: CloudWatchLogsClient;
  let producer: Producer<string, string, string, string>;

  before(async () => {
    folder = temporaryFolder();
    const kafkaDir = path.join(folder.path, 'kafka');
    mkdirSync(kafkaDir);
    [server, broker] = await Promise.all([RunningServer.start(path.join(folder.path, 'data')), KafkaBroker.start(kafkaDir)]);
    client = lambdaClient(server.origin);
    logs = new CloudWatchLogsClient({
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    });
    producer = new Producer({ clientId: 'test', bootstrapBrokers: [broker.address], serializers: stringSerializers });
    await broker.createTopic('news', 2);
  });
  after(async () => {
    await producer.close();
    client.destroy();
    logs.destroy();
    await server.stop();
    await broker[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const got = async (name: string, enough: (all: Got['all']) => boolean): Promise<Got['all']> => {
    for (let tries = 0; ; tries += 1) {
      const { events } = await logs
        .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, filterPattern: 'GOT' }))
        .catch(() => ({ events: [] }));
      const all = (events ?? []).flatMap(({ message = '' }) => (JSON.parse(message.slice(message.indexOf('{'))) as Got).all);
      if (enough(all) || tries > 600) return all;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  /** Twelve messages for two partitions, one of which fails twice. */
  const read = async (
    t: TestContext,
    FunctionName: string,
    topic: string,
    more: Partial<CreateEventSourceMappingCommandInput> = {},
  ): Promise<void> => {
    await deploy(client, FunctionName, { 'index.js': handler });
    const { UUID, State } = await client.send(
      new CreateEventSourceMappingCommand({
        FunctionName,
        Topics: [topic],
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 5,
        SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [broker.address] } },
        SourceAccessConfigurations: [{ Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' }],
        ...more,
      }),
    );
    t.assert.equal(State, 'Creating');
    const texts = Array.from({ length: 12 }, (_, index) => (index === 6 ? 'fail twice' : `message ${index}`));
    await producer.send({
      messages: texts.map((value, index) => ({
        topic,
        partition: index % 2,
        key: String(index),
        value,
        headers: { n: String(index) },
      })),
    });
    const all = await got(FunctionName, (seen) => new Set(seen.map(({ text }) => text)).size === 12);
    t.assert.deepEqual([...new Set(all.map(({ text }) => text))].sort(), [...texts].sort());
    for (const partition of [`${topic}-0`, `${topic}-1`]) {
      const offsets = all.filter((each) => each.partition === partition).map(({ offset }) => offset);
      t.assert.deepEqual(
        offsets,
        [...offsets].sort((a, b) => a - b),
      );
    }
    t.assert.deepEqual(all.find(({ text }) => text === 'message 3')?.headers, [{ n: [51] }]);
    const { LastProcessingResult } = await client.send(new GetEventSourceMappingCommand({ UUID }));
    t.assert.equal(LastProcessingResult, 'OK');
  };

  test('wakes a function with its messages, in order of their partitions, and again after a failure', (t: TestContext) =>
    read(t, 'reader', 'news'));

  test('provisioned pollers keep the order of each partition, too', async (t: TestContext) => {
    await broker.createTopic('more', 2);
    await read(t, 'more-reader', 'more', { ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2 } });
  });

  test('goes on after a restart of the server where it had come to', async (t: TestContext) => {
    await server.stop();
    await producer.send({ messages: [{ topic: 'news', partition: 0, value: 'while away' }] });
    server = await RunningServer.start(path.join(folder.path, 'data'));
    logs = new CloudWatchLogsClient({
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    });
    client = lambdaClient(server.origin);
    const all = await got('reader', (seen) => seen.some(({ text }) => text === 'while away'));
    t.assert.equal(all.filter(({ text }) => text === 'while away').length, 1);
    t.assert.equal(all.filter(({ text }) => text === 'message 0').length, 1);
  });
});
