import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateEventSourceMappingCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Connection } from 'rabbitmq-client';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const skip = existsSync(program) ? false : 'rabbitmq-server is not on this machine (apt-get install rabbitmq-server)';
const brokerArn = 'arn:aws:mq:us-east-1:000000000000:broker:test:b-1';

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

/** A broker with folders, ports and a name daemon of its own. */
async function startBroker(folder: string): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()];
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'plugins'), '[].');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: 'mayfly-test@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: path.join(folder, 'log'),
    RABBITMQ_LOGS: path.join(folder, 'log', 'broker.log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'plugins'),
    RABBITMQ_PID_FILE: path.join(folder, 'pid'),
    RABBITMQ_CONFIG_FILE: path.join(folder, 'rabbitmq'),
  };
  mkdirSync(path.join(folder, 'log'));
  // Otherwise the broker would start one that outlives it.
  const nameDaemon = spawn('epmd', ['-port', String(names), '-address', '127.0.0.1'], { env, stdio: 'ignore' });
  const child: ChildProcess = spawn(program, [], { env, stdio: 'ignore', detached: true });
  const address = `127.0.0.1:${port}`;
  const probe = new Connection({ hosts: [address], retryLow: 200, retryHigh: 200 });
  probe.on('error', () => {});
  await probe.onConnect(60_000);
  await probe.close();
  return {
    address,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await ended;
      nameDaemon.kill('SIGKILL');
    },
  };
}

const handler = `
let failed = false;
exports.handler = async ({ eventSource, rmqMessagesByQueue }) => {
  const all = Object.entries(rmqMessagesByQueue).flatMap(([queue, list]) => list.map(({ data, redelivered, basicProperties }) => ({ queue, redelivered, kind: basicProperties.type, text: Buffer.from(data, 'base64').toString() })));
  if (!failed && all.some(({ text }) => text === 'fail once')) { failed = true; throw new Error('not yet'); }
  console.log('GOT ' + JSON.stringify(all));
};`;

suite('a RabbitMQ queue', { skip, timeout: 180_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let broker: Awaited<ReturnType<typeof startBroker>>;
  let client: LambdaClient;
  let rabbit: Connection;

  before(async () => {
    folder = temporaryFolder();
    broker = await startBroker(path.join(folder.path, 'rabbitmq'));
    server = await RunningServer.start(path.join(folder.path, 'data'), ['--brokers', `${brokerArn}=${broker.address}`]);
    client = lambdaClient(server.origin);
    rabbit = new Connection({ hosts: [broker.address] });
    await rabbit.queueDeclare({ queue: 'letters', durable: true });
  });
  after(async () => {
    await rabbit.close();
    client.destroy();
    await server.stop();
    await broker.stop();
    folder[Symbol.dispose]();
  });

  test('wakes a function, acknowledges what it did, and brings back what it could not', async (t: TestContext) => {
    const configuration = {
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    };
    const secrets = new SecretsManagerClient(configuration);
    const logs = new CloudWatchLogsClient(configuration);
    t.after(() => (secrets.destroy(), logs.destroy()));
    const { ARN } = await secrets.send(
      new CreateSecretCommand({ Name: 'broker', SecretString: '{"username":"guest","password":"guest"}' }),
    );
    await deploy(client, 'reader', { 'index.js': handler });
    await client.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'reader',
        EventSourceArn: brokerArn,
        Queues: ['letters'],
        BatchSize: 3,
        SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: ARN }],
      }),
    );
    const publisher = rabbit.createPublisher({ confirm: true });
    const texts = ['one', 'two', 'fail once', 'four', 'five'];
    for (const text of texts) await publisher.send({ routingKey: 'letters', durable: true, type: 'letter' }, Buffer.from(text));
    await publisher.close();
    let all: { readonly queue: string; readonly redelivered: boolean; readonly kind: string; readonly text: string }[] = [];
    for (let tries = 0; tries < 300 && new Set(all.map(({ text }) => text)).size < 5; tries += 1) {
      const { events } = await logs
        .send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/reader', filterPattern: 'GOT' }))
        .catch(() => ({ events: [] }));
      all = (events ?? []).flatMap(({ message = '' }) => JSON.parse(message.slice(message.indexOf('['))) as typeof all);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    t.assert.deepEqual(all.map(({ text }) => text).sort(), [...texts].sort());
    t.assert.deepEqual(new Set(all.map(({ queue, kind }) => `${queue} ${kind}`)), new Set(['letters::/ letter']));
    t.assert.ok(all.find(({ text }) => text === 'fail once')?.redelivered);
    const { messageCount } = await rabbit.queueDeclare({ queue: 'letters', passive: true });
    t.assert.equal(messageCount, 0);
  });
});
