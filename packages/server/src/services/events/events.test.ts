import * as sdk from '@aws-sdk/client-eventbridge';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { ServiceFault } from '@mayfly/wire';
import { silentLogger, systemRandom } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { settle, VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { MasterKey } from '../kit/index.ts';
import type { TargetPorts } from '../kit/targets.ts';
import { openSqs } from '../sqs/index.ts';
import { openEventBridge, type DestinationHttp } from './index.ts';

const account = '000000000000';
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:${account}:${name}`;
const functionArn = `arn:aws:lambda:us-east-1:${account}:function:f`;
const key = new MasterKey(new Uint8Array(32).fill(7), systemRandom);

/** EventBridge and SQS behind a door, on a virtual clock; functions are a list of what they got. */
async function openTown(
  options: {
    readonly file?: string;
    readonly clock?: VirtualClock;
    readonly lambda?: TargetPorts['lambda'];
    readonly http?: DestinationHttp;
  } = {},
) {
  const stack = new AsyncDisposableStack();
  const clock = options.clock ?? new VirtualClock({ epochMs: Date.parse('2026-11-24T10:00:30Z') });
  const base = { clock, random: systemRandom, log: silentLogger };
  const database = stack.use(new PlainDatabase(options.file));
  const sqs = stack.use(await openSqs({ database, ...base }));
  const invoked: string[] = [];
  const lambda = options.lambda ?? {
    invokeAsync: (_arn: string, payload: string) => {
      invoked.push(payload);
      return Promise.resolve();
    },
  };
  const ports = { sqs: sqs.port, lambda };
  const service = stack.use(
    await openEventBridge({
      database,
      ...base,
      sealer: key.sealer('events'),
      ports,
      ...(options.http === undefined ? {} : { http: options.http }),
    }),
  );
  const street = stack.use(await openStreet({ events: service.handlers, sqs: sqs.handlers }));
  const events = new sdk.EventBridge(street.client);
  stack.defer(() => events.destroy());
  const makeQueue = (name: string) =>
    sqs.handlers.CreateQueue({ QueueName: name }, { account, region: 'us-east-1', origin: street.origin } as never);
  return {
    clock,
    events,
    invoked,
    service,
    database,
    makeQueue,
    /** Bodies of what a queue holds by now. */
    async taken(name: string) {
      await settle(30);
      return (await sqs.port.receive(queueArn(name), { max: 10, waitMs: 0 })).map(({ body, messageAttributes }) => ({
        body,
        messageAttributes,
      }));
    },
    put: (entry: Partial<sdk.PutEventsRequestEntry> = {}) =>
      events.putEvents({
        Entries: [{ Source: 'shop', DetailType: 'order', Detail: '{"id":1,"tags":["a","b"],"who":{"name":"Ann"}}', ...entry }],
      }),
    async rule(target: Partial<sdk.Target>, pattern: object = { source: ['shop'] }) {
      await events.putRule({ Name: 'rule', EventPattern: JSON.stringify(pattern) });
      await events.putTargets({ Rule: 'rule', Targets: [{ Id: 'target', Arn: queueArn('queue'), ...target }] });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

suite('EventBridge, asked by the real SDK client', { timeout: 60_000 }, () => {
  test('an event reaches the targets whose rules match it, in the shape of EventBridge', async (t) => {
    await using town = await openTown();
    await town.makeQueue('queue');
    await town.rule({}, { source: ['shop'], detail: { id: [{ numeric: ['>', 0] }] } });
    const { Entries: entries } = await town.put({ Resources: ['arn:x'] });
    await town.put({ Source: 'other' });
    const messages = await town.taken('queue');
    t.assert.equal(messages.length, 1);
    t.assert.deepEqual(JSON.parse(messages[0]?.body ?? ''), {
      version: '0',
      id: entries?.[0]?.EventId,
      'detail-type': 'order',
      source: 'shop',
      account,
      time: '2026-11-24T10:00:30Z',
      region: 'us-east-1',
      resources: ['arn:x'],
      detail: { id: 1, tags: ['a', 'b'], who: { name: 'Ann' } },
    });
  });

  test('entries are judged one by one', async (t) => {
    await using town = await openTown();
    const { Entries: entries, FailedEntryCount: failed } = await town.events.putEvents({
      Entries: [
        { Source: 'shop', Detail: '{}' },
        { Source: 'shop', DetailType: 'x', Detail: '[1]' },
        { Source: 'aws.ec2', DetailType: 'x', Detail: '{}' },
        { Source: 'shop', DetailType: 'x', Detail: '{}' },
      ],
    });
    t.assert.equal(failed, 3);
    t.assert.deepEqual(entries?.slice(0, 2), [
      {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: 'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
      },
      { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
    ]);
    t.assert.equal(entries?.[2]?.ErrorCode, 'NotAuthorizedForSourceException');
    t.assert.match(entries?.[3]?.EventId ?? '', /^[0-9a-f-]{36}$/);
  });

  for (const [name, target, expected] of [
    ['a part', { InputPath: '$.detail.who' }, '{"name":"Ann"}'],
    ['a deep part', { InputPath: '$.detail.tags[1]' }, '"b"'],
    ['a constant', { Input: '{"fixed":true}' }, '{"fixed":true}'],
    [
      'a text',
      {
        InputTransformer: {
          InputPathsMap: { n: '$.detail.who.name', w: '$.detail.who', no: '$.detail.no' },
          InputTemplate: '"Hi <n>, <w>, <no>!"',
        },
      },
      '"Hi Ann, {name:Ann}, !"',
    ],
    [
      'a document',
      {
        InputTransformer: {
          InputPathsMap: { n: '$.detail.who.name', t: '$.detail.tags', no: '$.detail.no' },
          InputTemplate: '{"n": <n>, "t": <t>, "text": "to <n>", "no": <no>, "rule": "<aws.events.rule-name>"}',
        },
      },
      '{"n":"Ann","t":["a","b"],"text":"to Ann","no":"","rule":"rule"}',
    ],
  ] as const) {
    test(`a target gets ${name} of the event when it asks for that`, async (t) => {
      await using town = await openTown();
      await town.makeQueue('queue');
      await town.rule(target);
      await town.put();
      t.assert.equal((await town.taken('queue'))[0]?.body, expected);
    });
  }

  test('a template with a placeholder from nowhere is refused', async (t: TestContext) => {
    await using town = await openTown();
    await t.assert.rejects(
      town.rule({ InputTransformer: { InputPathsMap: { a: '$.id' }, InputTemplate: '{"x": <notdefinedkey>}' } }),
      {
        name: 'ValidationException',
        message: 'InputTemplate for target target contains invalid placeholder notdefinedkey.',
      },
    );
    await t.assert.rejects(town.rule({ Arn: `arn:aws:ecs:us-east-1:${account}:cluster/c` }), { name: 'ValidationException' });
  });

  test('a function that throttles is tried again, longer and longer, and then goes to the dead-letter queue', async (t: TestContext) => {
    const attempts: number[] = [];
    const clock = new VirtualClock();
    const lambda = {
      invokeAsync: () => {
        attempts.push(clock.monotonic());
        return Promise.reject(new ServiceFault('TooManyRequestsException', 'Rate exceeded', { status: 429 }));
      },
    };
    await using town = await openTown({ clock, lambda });
    await town.makeQueue('dead');
    await town.rule({ Arn: functionArn, RetryPolicy: { MaximumRetryAttempts: 3 }, DeadLetterConfig: { Arn: queueArn('dead') } });
    await town.put();
    await clock.advance(60_000);
    t.assert.equal(attempts.length, 4);
    const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    t.assert.ok(
      gaps.every((gap, index) => gap >= 500 * 2 ** index && gap <= 1000 * 2 ** index + 20),
      String(gaps),
    );
    const [letter] = await town.taken('dead');
    const told = Object.fromEntries(
      Object.entries(letter?.messageAttributes ?? {}).map(([name, value]) => [name, value.StringValue]),
    );
    t.assert.deepEqual(told, {
      RULE_ARN: `arn:aws:events:us-east-1:${account}:rule/rule`,
      TARGET_ARN: functionArn,
      ERROR_CODE: 'TooManyRequestsException',
      ERROR_MESSAGE: 'Rate exceeded',
      RETRY_ATTEMPTS: '3',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
    });
    t.assert.equal((JSON.parse(letter?.body ?? '') as { source: string }).source, 'shop');
  });

  test('a target that is gone is given up at once', async (t) => {
    await using town = await openTown();
    await town.makeQueue('dead');
    await town.rule({ Arn: queueArn('nowhere'), DeadLetterConfig: { Arn: queueArn('dead') } });
    await town.put();
    t.assert.equal((await town.taken('dead'))[0]?.messageAttributes['RETRY_ATTEMPTS']?.StringValue, '0');
  });

  test('an accepted event survives a crash before its delivery', async (t) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    const clock = new VirtualClock();
    {
      const lambda = { invokeAsync: () => Promise.reject(new ServiceFault('ServiceException', 'down', { status: 500 })) };
      await using town = await openTown({ file, clock, lambda });
      await town.rule({ Arn: functionArn });
      await town.put();
      await settle(20);
    }
    await using town = await openTown({ file, clock });
    await clock.advance(5_000);
    t.assert.equal(town.invoked.length, 1);
  });

  test('buses send to each other', async (t) => {
    await using town = await openTown();
    await town.makeQueue('queue');
    const { EventBusArn: bus } = await town.events.createEventBus({ Name: 'other' });
    await town.rule({ Arn: bus });
    await town.events.putRule({ Name: 'far', EventBusName: 'other', EventPattern: '{"source":["shop"]}' });
    await town.events.putTargets({ Rule: 'far', EventBusName: 'other', Targets: [{ Id: '1', Arn: queueArn('queue') }] });
    await town.put();
    t.assert.equal((await town.taken('queue')).length, 1);
  });

  test('a rate fires after each period; a slot missed while nobody was there fires once', async (t) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    const clock = new VirtualClock({ epochMs: Date.parse('2026-11-24T10:00:30Z') });
    const times = (payloads: readonly string[]) => payloads.map((text) => (JSON.parse(text) as { time: string }).time.slice(11));
    {
      await using town = await openTown({ file, clock });
      await town.events.putRule({ Name: 'tick', ScheduleExpression: 'rate(5 minutes)' });
      await town.events.putTargets({ Rule: 'tick', Targets: [{ Id: '1', Arn: functionArn }] });
      await clock.advance(11 * 60_000);
      t.assert.deepEqual(times(town.invoked), ['10:05:30Z', '10:10:30Z']);
      const event = JSON.parse(town.invoked[0] ?? '') as object;
      t.assert.deepEqual(
        { ...event, id: '' },
        {
          version: '0',
          id: '',
          'detail-type': 'Scheduled Event',
          source: 'aws.events',
          account,
          time: '2026-11-24T10:05:30Z',
          region: 'us-east-1',
          resources: [`arn:aws:events:us-east-1:${account}:rule/tick`],
          detail: {},
        },
      );
    }
    await clock.advance(60 * 60_000);
    await using town = await openTown({ file, clock });
    await clock.advance(1000);
    t.assert.deepEqual(times(town.invoked), ['10:15:30Z']);
    await clock.advance(5 * 60_000);
    t.assert.deepEqual(times(town.invoked), ['10:15:30Z', '11:15:30Z']);
    await town.events.disableRule({ Name: 'tick' });
    await clock.advance(60 * 60_000);
    t.assert.equal(town.invoked.length, 2);
  });

  test('an archive keeps what matches, and a replay sends it once more', async (t: TestContext) => {
    await using town = await openTown();
    await town.makeQueue('queue');
    await town.rule({});
    const bus = `arn:aws:events:us-east-1:${account}:event-bus/default`;
    const { ArchiveArn: archive } = await town.events.createArchive({
      ArchiveName: 'all',
      EventSourceArn: bus,
      EventPattern: '{"source":["shop"]}',
    });
    for (const id of [1, 2, 3]) await town.put({ Detail: JSON.stringify({ id }) });
    await town.put({ Source: 'other' });
    t.assert.equal((await town.taken('queue')).length, 3);
    t.assert.equal((await town.events.describeArchive({ ArchiveName: 'all' })).EventCount, 3);
    const replay = {
      ReplayName: 'again',
      EventSourceArn: archive,
      EventStartTime: new Date(town.clock.now() - 60_000),
      EventEndTime: new Date(town.clock.now() + 60_000),
      Destination: { Arn: bus },
    };
    t.assert.equal((await town.events.startReplay(replay)).State, 'STARTING');
    const again = (await town.taken('queue')).map(
      ({ body }) => JSON.parse(body) as { 'replay-name': string; detail: { id: number } },
    );
    t.assert.deepEqual(
      again.map((event) => [event['replay-name'], event.detail.id]),
      [
        ['again', 1],
        ['again', 2],
        ['again', 3],
      ],
    );
    t.assert.equal((await town.events.describeReplay({ ReplayName: 'again' })).State, 'COMPLETED');
    t.assert.equal((await town.events.describeArchive({ ArchiveName: 'all' })).EventCount, 3);
    await t.assert.rejects(town.events.startReplay({ ...replay, ReplayName: 'b', EventEndTime: replay.EventStartTime }), {
      message: 'Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.',
    });
    await t.assert.rejects(town.events.createArchive({ ArchiveName: 'all', EventSourceArn: bus }), {
      name: 'ResourceAlreadyExistsException',
    });
  });

  test('an API destination is called with what its connection adds, and secrets are neither shown nor readable on disk', async (t: TestContext) => {
    const seen: { headers: IncomingHttpHeaders; url: string; body: string }[] = [];
    const server = createServer((request, response) => {
      void request.toArray().then((chunks) => {
        seen.push({ headers: request.headers, url: request.url ?? '', body: Buffer.concat(chunks as Buffer[]).toString() });
        if (request.url?.startsWith('/token') === true) response.end('{"access_token":"t0k3n","expires_in":3600}');
        else response.writeHead(seen.length === 1 ? 503 : 200, { 'Retry-After': '7' }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using stack = new AsyncDisposableStack();
    stack.defer(() => void server.close());
    const town = stack.use(await openTown());
    const { ConnectionArn: connection } = await town.events.createConnection({
      Name: 'c',
      AuthorizationType: 'OAUTH_CLIENT_CREDENTIALS',
      AuthParameters: {
        OAuthParameters: {
          ClientParameters: { ClientID: 'id', ClientSecret: 'hush-hush' },
          AuthorizationEndpoint: `${origin}/token`,
          HttpMethod: 'POST',
        },
        InvocationHttpParameters: {
          BodyParameters: [{ Key: 'extra', Value: 'yes' }],
          QueryStringParameters: [{ Key: 'q', Value: '1' }],
        },
      },
    });
    const { ApiDestinationArn: destination } = await town.events.createApiDestination({
      Name: 'd',
      ConnectionArn: connection,
      InvocationEndpoint: `${origin}/orders/*`,
      HttpMethod: 'PUT',
    });
    await town.rule({
      Arn: destination,
      InputPath: '$.detail',
      HttpParameters: { PathParameterValues: ['$.detail.id'], HeaderParameters: { 'X-Who': '$.detail.who.name' } },
    });
    await town.put();
    while (seen.length < 2) await settle(5);
    const call = seen.at(-1);
    t.assert.deepEqual(
      [seen[0]?.url, call?.url, call?.headers.authorization, call?.headers['x-who']],
      ['/token', '/orders/1?q=1', 'Bearer t0k3n', 'Ann'],
    );
    t.assert.deepEqual(JSON.parse(call?.body ?? ''), { id: 1, tags: ['a', 'b'], who: { name: 'Ann' }, extra: 'yes' });
    const described = await town.events.describeConnection({ Name: 'c' });
    t.assert.ok(!JSON.stringify(described).includes('hush-hush'));
    const rows = await town.database.all('SELECT body FROM service_record');
    t.assert.ok(rows.length > 0 && !JSON.stringify(rows).includes('hush-hush'));
  });

  test('a connection with OAuth is authorized by its first token, and deauthorized when none comes', async (t: TestContext) => {
    const gate = Promise.withResolvers<void>();
    let isThere = true;
    const http = {
      send: async () => {
        await gate.promise;
        return isThere ? { status: 200, body: '{"access_token":"t"}' } : { status: 500, body: '{}' };
      },
    };
    await using town = await openTown({ http });
    const auth = {
      AuthorizationType: 'OAUTH_CLIENT_CREDENTIALS' as const,
      AuthParameters: {
        OAuthParameters: {
          ClientParameters: { ClientID: 'id', ClientSecret: 'secret' },
          AuthorizationEndpoint: 'https://example.com/token',
          HttpMethod: 'POST' as const,
        },
      },
    };
    const state = async () => (await town.events.describeConnection({ Name: 'c' })).ConnectionState;
    t.assert.equal((await town.events.createConnection({ Name: 'c', ...auth })).ConnectionState, 'AUTHORIZING');
    t.assert.equal(await state(), 'AUTHORIZING');
    gate.resolve();
    while ((await state()) !== 'AUTHORIZED') await settle(1);
    isThere = false;
    t.assert.equal((await town.events.updateConnection({ Name: 'c', ...auth })).ConnectionState, 'AUTHORIZING');
    for (let second = 0; second < 90 && (await state()) === 'AUTHORIZING'; second += 1) await town.clock.advance(1_000);
    t.assert.equal(await state(), 'DEAUTHORIZED');
    t.assert.deepEqual((await town.events.describeConnection({ Name: 'c' })).AuthParameters?.OAuthParameters, {
      ClientParameters: { ClientID: 'id' },
      AuthorizationEndpoint: 'https://example.com/token',
      HttpMethod: 'POST',
    });
  });

  test('an API destination is not called more often than its rate allows', async (t) => {
    const clock = new VirtualClock();
    const calls: number[] = [];
    const http = { send: () => (calls.push(clock.monotonic()), Promise.resolve({ status: 200, body: '' })) };
    await using town = await openTown({ clock, http });
    const { ConnectionArn: connection } = await town.events.createConnection({
      Name: 'c',
      AuthorizationType: 'API_KEY',
      AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'X-Key', ApiKeyValue: 'v' } },
    });
    const { ApiDestinationArn: destination } = await town.events.createApiDestination({
      Name: 'd',
      ConnectionArn: connection,
      InvocationEndpoint: 'https://example.com/x',
      HttpMethod: 'POST',
      InvocationRateLimitPerSecond: 2,
    });
    await town.rule({ Arn: destination });
    for (let n = 0; n < 5; n += 1) await town.put();
    await clock.advance(10_000);
    t.assert.deepEqual(
      calls.map((at) => Math.round(at - (calls[0] ?? 0))),
      [0, 500, 1000, 1500, 2000],
    );
  });

  test('a FIFO queue is told its group, and a stream who puts', async (t: TestContext) => {
    await using town = await openTown();
    const put = (arn: string): Promise<unknown> => town.rule({ Arn: arn });
    await t.assert.rejects(put(queueArn('queue.fifo')), {
      message: 'Parameter(s) SqsParameters must be specified for target: target.',
    });
    const stream = `arn:aws:kinesis:us-east-1:${account}:stream/s`;
    await t.assert.rejects(put(stream), { message: `RoleArn is required for target ${stream}.` });
  });

  test('rules and targets are listed, tagged, tested and deleted in the words of EventBridge', async (t: TestContext) => {
    await using town = await openTown();
    const { events } = town;
    await t.assert.rejects(events.describeEventBus({ Name: 'none' }), {
      name: 'ResourceNotFoundException',
      message: 'Event bus none does not exist.',
    });
    await t.assert.rejects(events.deleteEventBus({ Name: 'default' }), { message: 'Cannot delete event bus default.' });
    await t.assert.rejects(events.putRule({ Name: 'r', ScheduleExpression: 'cron(71 8 1 * ? *)' }), {
      message: 'Parameter ScheduleExpression is not valid.',
    });
    await t.assert.rejects(events.putRule({ Name: 'r', EventPattern: '{"source":[]}' }), {
      name: 'InvalidEventPatternException',
      message: /^Event pattern is not valid. Reason: /,
    });
    await town.rule({ Arn: functionArn });
    await t.assert.rejects(events.deleteRule({ Name: 'rule' }), { message: "Rule can't be deleted since it has targets." });
    await t.assert.rejects(
      events.putTargets({ Rule: 'rule', Targets: [1, 2, 3, 4, 5].map((n) => ({ Id: `t${n}`, Arn: functionArn })) }),
      { name: 'LimitExceededException' },
    );
    t.assert.deepEqual((await events.listRuleNamesByTarget({ TargetArn: functionArn })).RuleNames, ['rule']);
    const { Arn: arn, CreatedBy: by, State: state } = await events.describeRule({ Name: 'rule' });
    t.assert.deepEqual([by, state], [account, 'ENABLED']);
    await events.tagResource({ ResourceARN: arn, Tags: [{ Key: 'k', Value: 'v' }] });
    t.assert.deepEqual((await events.listTagsForResource({ ResourceARN: arn })).Tags, [{ Key: 'k', Value: 'v' }]);
    t.assert.equal((await events.testEventPattern({ EventPattern: '{"source":["a"]}', Event: '{"source":"a"}' })).Result, true);
    await events.removeTargets({ Rule: 'rule', Ids: ['target'] });
    await events.deleteRule({ Name: 'rule' });
    t.assert.deepEqual((await events.listRules({})).Rules, []);
    await events.putPermission({ StatementId: 's', Principal: '111111111111', Action: 'events:PutEvents' });
    t.assert.match((await events.describeEventBus({})).Policy ?? '', /arn:aws:iam::111111111111:root/);
    await t.assert.rejects(events.removePermission({ StatementId: 'x' }), {
      message: 'Statement with the provided id does not exist.',
    });
  });
});
