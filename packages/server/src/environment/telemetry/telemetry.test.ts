import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import http from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { after, suite, test, type TestContext } from 'node:test';
import { openScriptedGuesthouse } from '../../../../../test/kit/environments.ts';
import { ExtensionClient, scriptedExtension } from '../../../../../test/kit/scripted-extensions.ts';
import type { InsideAnswer, RuntimeScript } from '../../../../../test/kit/scripted-runtimes.ts';
import { settle, VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import type { FunctionVersion } from '../../control/index.ts';
import { parseSubscription } from './request.ts';
import { Subscription } from './subscription.ts';

interface Record {
  readonly time: string;
  readonly type: string;
  readonly record: { readonly [name: string]: unknown };
}

const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-telemetry-'));
mkdirSync(path.join(folder, 'extensions'));
writeFileSync(path.join(folder, 'extensions', 'sub'), '');
chmodSync(path.join(folder, 'extensions', 'sub'), 0o755);
after(() => rmSync(folder, { recursive: true }));

const portOf = (server: Server | http.Server): number => (server.address() as AddressInfo).port;
const body = (port: number, more: object = {}): object => ({
  schemaVersion: '2022-12-13',
  destination: { protocol: 'HTTP', URI: `http://sandbox.localdomain:${port}/records` },
  types: ['platform', 'function', 'extension'],
  buffering: { timeoutMs: 25 },
  ...more,
});

/** What a subscriber has received, and a wait for more. */
class Received {
  readonly records: Record[] = [];
  readonly batches: number[] = [];
  #wake: (() => void) | undefined;

  add(records: readonly Record[]): void {
    this.records.push(...records);
    this.batches.push(records.length);
    this.#wake?.();
  }
  get types(): string[] {
    return this.records.map(({ type }) => type);
  }
  async until(type: string, count = 1): Promise<void> {
    while (this.types.filter((each) => each === type).length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function listenHttp(received: Received, answer = (): number => 200): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    void readText(request).then((content) => {
      const status = answer();
      if (status < 300) received.add(JSON.parse(content) as Record[]);
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const echo: RuntimeScript = {
  handler: async (event, reply) => {
    await reply.process.write('{"level":"INFO"}\nplain\n');
    await reply.answer(event.payload);
  },
};

function open(
  subscribe: (extension: ExtensionClient) => Promise<unknown>,
  runtime = echo,
  version: Partial<FunctionVersion> = {},
) {
  const house = openScriptedGuesthouse('frames', runtime, {
    programs: { '/opt/extensions/sub': scriptedExtension({ init: subscribe }) },
  });
  return Object.assign(house, { start: () => house.environment({ layersDir: folder, ...version }) });
}

suite('the Telemetry API', { timeout: 60_000 }, () => {
  test('streams what the log says, from the start of the environment on, as JSON arrays', async (t: TestContext) => {
    const received = new Received();
    const server = await listenHttp(received);
    let told: InsideAnswer | undefined;
    {
      await using house = open(
        async (extension) => (told = await extension.subscribe('/2022-07-01/telemetry', body(portOf(server)))),
      );
      const environment = house.start();
      t.assert.equal(await environment.initialised, 'idle');
      await house.invoke(environment, '"x"');
      await received.until('platform.report');
      t.assert.deepEqual([told?.status, told?.body], [200, '"OK"']);
      t.assert.equal(received.types[0], 'platform.initStart');
      t.assert.deepEqual(
        received.types.toSorted(),
        [
          'platform.initStart',
          'platform.telemetrySubscription',
          'platform.initRuntimeDone',
          'platform.extension',
          'platform.initReport',
          'platform.start',
          'function',
          'function',
          'platform.runtimeDone',
          'platform.report',
        ].toSorted(),
      );
      t.assert.ok(received.types.indexOf('function') < received.types.indexOf('platform.runtimeDone'));
      const report = received.records.find(({ type }) => type === 'platform.report')?.record;
      const metrics = report?.['metrics'] as { durationMs: number; billedDurationMs: number };
      const line = house.log.map(({ message }) => message).find((message) => message.startsWith('REPORT')) ?? '';
      t.assert.ok(
        line.includes(`Duration: ${metrics.durationMs.toFixed(2)} ms\tBilled Duration: ${metrics.billedDurationMs} ms`),
        line,
      );
      t.assert.deepEqual(
        received.records.filter(({ type }) => type === 'function').map(({ record }) => record),
        ['{"level":"INFO"}', 'plain'],
      );
      t.assert.ok(house.lines().includes('TELEMETRY\tName: sub\tState: Subscribed\tTypes: [Platform, Function, Extension]'));
    }
    server.close();
  });

  test('gives JSON lines as objects when the log is JSON', async (t: TestContext) => {
    const received = new Received();
    const server = await listenHttp(received);
    {
      await using house = open(
        (extension) => extension.subscribe('/2022-07-01/telemetry', body(portOf(server), { types: ['function'] })),
        echo,
        {
          logging: { logFormat: 'JSON', logGroup: '/aws/lambda/f' },
        },
      );
      const environment = house.start();
      await environment.initialised;
      await house.invoke(environment);
      await received.until('function', 2);
      t.assert.deepEqual(
        received.records.map(({ record }) => record),
        [{ level: 'INFO' }, 'plain'],
      );
    }
    server.close();
  });

  test('reaches a subscriber by TCP, a record a line', async (t: TestContext) => {
    const received = new Received();
    const server = createServer((socket) => {
      let rest = '';
      socket.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        received.add(lines.map((line) => JSON.parse(line) as Record));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    {
      await using house = open((extension) =>
        extension.subscribe('/2022-07-01/telemetry', body(0, { destination: { protocol: 'TCP', port: portOf(server) } })),
      );
      const environment = house.start();
      await environment.initialised;
      for (let count = 1; count <= 3; count += 1) {
        await house.invoke(environment);
        await received.until('platform.report', count);
      }
      t.assert.equal(received.types.filter((type) => type === 'function').length, 6);
    }
    server.close();
  });

  test('tells its last records before an extension is told to shut down', async (t: TestContext) => {
    const received = new Received();
    const server = await listenHttp(received);
    const seen: string[][] = [];
    const program = scriptedExtension({
      init: (extension) =>
        extension.subscribe('/2022-07-01/telemetry', body(portOf(server), { buffering: { timeoutMs: 30_000 } })),
      onEvent: async (event) => {
        if (event['eventType'] === 'SHUTDOWN')
          seen.push([String(event['shutdownReason']), ...received.types.filter((type) => type === 'platform.report')]);
      },
    });
    await using house = openScriptedGuesthouse(
      'frames',
      { handler: () => new Promise(() => {}) },
      { programs: { '/opt/extensions/sub': program } },
    );
    const environment = house.environment({ layersDir: folder, timeoutMs: 100 });
    await environment.initialised;
    t.assert.equal((await house.invoke(environment)).usage.status, 'timeout');
    t.assert.deepEqual(seen, [['TIMEOUT', 'platform.report']]);
    server.close();
  });

  test('refuses who comes too late, who is unknown, and what is wrong in one text', async (t: TestContext) => {
    const told: [number, string][] = [];
    const tell = ({ status, body: text }: InsideAnswer): void => {
      const { errorType, errorMessage } = JSON.parse(text) as { errorType: string; errorMessage: string };
      told.push([status, `${errorType}: ${errorMessage}`]);
    };
    const program = scriptedExtension({
      init: async (extension) => {
        tell(
          await extension.subscribe('/2022-07-01/telemetry', {
            schemaVersion: '2022-12-13',
            destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain' },
            types: [],
          }),
        );
        tell(await new ExtensionClient(extension.process).subscribe('/2022-07-01/telemetry', body(8080)));
        await extension.subscribe('/2020-08-15/logs', body(8080, { schemaVersion: '2021-03-18' }));
        tell(await extension.subscribe('/2022-07-01/telemetry', body(8080)));
      },
      onEvent: async (_event, extension) =>
        tell(await extension.subscribe('/2020-08-15/logs', body(8080, { schemaVersion: '2021-03-18' }))),
    });
    await using house = openScriptedGuesthouse('frames', echo, { programs: { '/opt/extensions/sub': program } });
    const environment = house.environment({ layersDir: folder });
    await environment.initialised;
    await house.invoke(environment);
    t.assert.deepEqual(told, [
      [400, 'ValidationError: URI port is not provided; types should not be empty'],
      [403, 'Extension.UnknownExtensionIdentifier: Unknown extension '],
      [403, 'Telemetry.Forbidden: An extension subscribes to one of the two interfaces'],
      [403, 'Logs.Forbidden: The subscription is closed: the extension is initialised'],
    ]);
  });

  test('the older Logs API tells END as an event of its own', async (t: TestContext) => {
    const received = new Received();
    const server = await listenHttp(received);
    {
      await using house = open((extension) =>
        extension.subscribe('/2020-08-15/logs', body(portOf(server), { schemaVersion: '2020-08-15' })),
      );
      const environment = house.start();
      await environment.initialised;
      await house.invoke(environment);
      await received.until('platform.report');
      t.assert.deepEqual(
        received.types.filter((type) => type !== 'platform.extension' && type !== 'platform.logsSubscription'),
        ['platform.start', 'function', 'function', 'platform.end', 'platform.report'],
      );
    }
    server.close();
  });

  test('checks a subscription: host, ports, bounds', (t: TestContext) => {
    const check = (more: object): unknown => {
      const parsed = parseSubscription('telemetry', Buffer.from(JSON.stringify(body(8080, more))));
      return typeof parsed === 'string' ? parsed : 'fine';
    };
    t.assert.equal(check({}), 'fine');
    t.assert.equal(
      check({ destination: { protocol: 'HTTP', URI: 'http://169.254.169.254:80/latest' } }),
      'URI host should be sandbox.localdomain; URI port is not provided',
    );
    t.assert.equal(
      check({ destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain:9001/' } }),
      'URI port 9001 is not allowed',
    );
    t.assert.equal(check({ destination: { protocol: 'TCP', port: 70_000 } }), 'port is not valid');
    t.assert.equal(
      check({ buffering: { maxItems: 1, timeoutMs: 40_000 } }),
      'maxItems should be between 1000 and 10000; timeoutMs should be between 25 and 30000',
    );
    t.assert.equal(parseSubscription('telemetry', Buffer.from('[')), 'request body is not a JSON object');
  });
});

suite('a subscription', { timeout: 60_000 }, () => {
  test('gathers until the time or the count is reached', async (t: TestContext) => {
    const clock = new VirtualClock();
    const batches: number[] = [];
    const delivery = {
      deliver: async (records: readonly string[]) => void batches.push(records.length),
      [Symbol.dispose]: () => {},
    };
    using subscription = new Subscription({ buffering: { maxItems: 3, maxBytes: 1000, timeoutMs: 100 }, delivery, clock });
    subscription.offer('one');
    await clock.advance(99);
    t.assert.deepEqual(batches, []);
    await clock.advance(1);
    for (let count = 0; count < 7; count += 1) subscription.offer('more');
    await settle();
    await clock.advance(100);
    t.assert.deepEqual(batches, [1, 3, 3, 1]);
  });

  test('drops what a subscriber does not take, and tells it how much', async (t: TestContext) => {
    const clock = new VirtualClock();
    let broken = true;
    const taken: string[] = [];
    const delivery = {
      deliver: async (records: readonly string[]) => {
        if (broken) throw new Error('nobody listens');
        taken.push(...records);
      },
      [Symbol.dispose]: () => {},
    };
    using subscription = new Subscription({ buffering: { maxItems: 2, maxBytes: 1000, timeoutMs: 100 }, delivery, clock });
    for (let count = 0; count < 20; count += 1) subscription.offer('12345');
    await clock.advance(200);
    broken = false;
    await clock.advance(1000);
    const first = JSON.parse(taken[0] ?? '') as Record;
    t.assert.equal(first.type, 'platform.logsDropped');
    t.assert.equal(Number(first.record['droppedRecords']) + taken.length - 1, 20);
    t.assert.equal(first.record['droppedBytes'], Number(first.record['droppedRecords']) * 5);
  });
});
