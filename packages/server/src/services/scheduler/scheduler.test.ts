import * as sdk from '@aws-sdk/client-scheduler';
import { execFile } from 'node:child_process';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { ServiceFault } from '@mayfly/wire';
import { silentLogger, systemClock, systemRandom, type Clock } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import type { Database } from '../../storage/index.ts';
import { openScheduler, type SchedulerPorts } from './index.ts';

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const roleArn = 'arn:aws:iam::000000000000:role/r';
const epochMs = Date.parse('2026-11-24T10:00:30Z');

/** The Scheduler behind a door; functions are a list of what they got and when. */
async function openTown(
  options: {
    readonly file?: string;
    readonly clock?: VirtualClock;
    readonly ports?: SchedulerPorts;
    readonly slowDisk?: () => Promise<void>;
  } = {},
) {
  const stack = new AsyncDisposableStack();
  const clock = options.clock ?? new VirtualClock({ epochMs });
  const plain = stack.use(new PlainDatabase(options.file));
  const { slowDisk = () => Promise.resolve() } = options;
  const database: Database = {
    all: (query, values) => plain.all(query, values),
    get: (query, values) => plain.get(query, values),
    run: (query, values) => plain.run(query, values),
    batch: async (statements) => (await slowDisk(), plain.batch(statements)),
    migrate: (migrations) => plain.migrate(migrations),
    transaction: async (work) => (await slowDisk(), plain.transaction(work)),
    [Symbol.asyncDispose]: () => plain[Symbol.asyncDispose](),
  };
  const invoked: { at: string; payload: string }[] = [];
  const lambda = {
    invokeAsync: (_arn: string, payload: string) => {
      invoked.push({ at: new Date(clock.now()).toISOString().slice(0, 19), payload });
      return Promise.resolve();
    },
  };
  const service = stack.use(
    await openScheduler({ database, clock, random: systemRandom, log: silentLogger, ports: options.ports ?? { lambda } }),
  );
  const street = stack.use(await openStreet({ scheduler: service.handlers }));
  const scheduler = new sdk.Scheduler(street.client);
  stack.defer(() => scheduler.destroy());
  return {
    clock,
    scheduler,
    invoked,
    times: () => invoked.map(({ at }) => at.slice(5)),
    create: (expression: string, more: Partial<sdk.CreateScheduleCommandInput> = {}) =>
      scheduler.createSchedule({
        Name: 's',
        ScheduleExpression: expression,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: functionArn, RoleArn: roleArn },
        ...more,
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
const hourMs = 3_600_000;

suite('EventBridge Scheduler, asked by the real SDK client', { timeout: 60_000 }, () => {
  test("a rate runs at once and then in its steps, with an event like EventBridge's", async (t) => {
    await using town = await openTown();
    const { ScheduleArn: arn } = await town.create('rate(2 hours)');
    await town.clock.advance(5 * hourMs);
    t.assert.deepEqual(town.times(), ['11-24T10:00:30', '11-24T12:00:30', '11-24T14:00:30']);
    const event = JSON.parse(town.invoked[1]?.payload ?? '') as { id: string };
    t.assert.deepEqual(event, {
      version: '0',
      id: event.id,
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      account: '000000000000',
      time: '2026-11-24T12:00:30Z',
      region: 'us-east-1',
      resources: [arn],
      detail: '{}',
    });
  });

  test('a rate runs at once, however long it took to store it', async (t) => {
    const clock = new VirtualClock({ epochMs });
    let isSlow = true;
    await using town = await openTown({ clock, slowDisk: () => (isSlow ? clock.advance(5_000) : Promise.resolve()) });
    await town.create('rate(2 hours)');
    isSlow = false;
    await clock.advance(1000);
    t.assert.deepEqual(town.invoked.length, 1);
  });

  test('a cron runs by the clock of its zone, between its start and its end', async (t) => {
    await using town = await openTown();
    await town.create('cron(0 9 * * ? *)', {
      ScheduleExpressionTimezone: 'America/New_York',
      StartDate: new Date('2026-11-26T00:00:00Z'),
      EndDate: new Date('2026-11-27T20:00:00Z'),
    });
    await town.clock.advance(7 * 24 * hourMs);
    t.assert.deepEqual(town.times(), ['11-26T14:00:00', '11-27T14:00:00']);
  });

  test('at runs once, with what the input says of the run, and goes when it is told to', async (t: TestContext) => {
    await using town = await openTown();
    const { ScheduleArn: arn } = await town.create('at(2026-11-24T12:30:00)', {
      ActionAfterCompletion: 'DELETE',
      Target: {
        Arn: functionArn,
        RoleArn: roleArn,
        Input:
          '{"who":"<aws.scheduler.schedule-arn>","when":"<aws.scheduler.scheduled-time>","try":<aws.scheduler.attempt-number>}',
      },
    });
    await town.clock.advance(24 * hourMs);
    t.assert.deepEqual(town.times(), ['11-24T12:30:00']);
    t.assert.deepEqual(JSON.parse(town.invoked[0]?.payload ?? ''), { who: arn, when: '2026-11-24T12:30:00Z', try: 1 });
    await t.assert.rejects(town.scheduler.getSchedule({ Name: 's' }), {
      name: 'ResourceNotFoundException',
      message: 'Schedule s does not exist.',
    });
  });

  test('a flexible window spreads runs, each within its own', async (t: TestContext) => {
    await using town = await openTown();
    await town.create('cron(0 * * * ? *)', { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 } });
    await town.clock.advance(48.3 * hourMs);
    t.assert.equal(town.invoked.length, 48);
    const minutes = town.invoked.map(({ at }) => Number(at.slice(14, 16)));
    t.assert.ok(minutes.every((minute) => minute < 15) && new Set(minutes).size > 5, String(minutes));
  });

  test('slots missed while nobody was there run once', async (t) => {
    using folder = temporaryFolder();
    const options = { file: `${folder.path}/db`, clock: new VirtualClock({ epochMs }) };
    {
      await using town = await openTown(options);
      await town.create('cron(0 * * * ? *)');
      await town.clock.advance(2 * hourMs);
      t.assert.equal(town.invoked.length, 2);
    }
    await options.clock.advance(10 * hourMs);
    await using town = await openTown(options);
    await options.clock.advance(hourMs);
    t.assert.deepEqual(town.times(), ['11-24T22:00:30', '11-24T23:00:00']);
  });

  test('a run that fails is tried again, and goes to the dead-letter queue with its story', async (t) => {
    const letters: { body: string; attributes: Readonly<Record<string, { readonly StringValue?: string }>> | undefined }[] = [];
    let attempts = 0;
    const ports: SchedulerPorts = {
      lambda: {
        invokeAsync: () => {
          attempts += 1;
          return Promise.reject(new ServiceFault('ServiceException', 'down', { status: 500 }));
        },
      },
      sqs: {
        describe: () => ({ fifo: false, visibilityMs: 0, contentBasedDeduplication: false }),
        send: (_arn, body, options) => {
          letters.push({ body, attributes: options?.attributes });
          return Promise.resolve({ messageId: 'm', md5OfBody: '' });
        },
      },
    };
    await using town = await openTown({ ports });
    const { ScheduleArn: arn } = await town.create('at(2026-11-24T11:00:00)', {
      Target: {
        Arn: functionArn,
        RoleArn: roleArn,
        Input: '{"a":1}',
        RetryPolicy: { MaximumRetryAttempts: 2 },
        DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:dead' },
      },
    });
    await town.clock.advance(2 * hourMs);
    t.assert.equal(attempts, 3);
    t.assert.equal(letters[0]?.body, '{"a":1}');
    const told = letters[0]?.attributes ?? {};
    t.assert.deepEqual(
      [told['SCHEDULE_ARN'], told['RETRY_ATTEMPTS'], told['EXHAUSTED_RETRY_CONDITION'], told['ERROR_CODE']].map(
        (each) => each?.StringValue,
      ),
      [arn, '2', 'MaximumRetryAttempts', 'ServiceException'],
    );
  });

  test('what is no schedule is refused in the words of the Scheduler', async (t: TestContext) => {
    await using town = await openTown();
    for (const expression of ['cron()', 'rate(foo minutes)', 'rate( 10 minutes )', 'at(2021-12-31T23:59:59Z)']) {
      await t.assert.rejects(town.create(expression), {
        name: 'ValidationException',
        message: `Invalid Schedule Expression ${expression}.`,
      });
    }
    await t.assert.rejects(town.create('rate(1 day)', { ScheduleExpressionTimezone: 'Mars/Olympus' }), {
      name: 'ValidationException',
    });
    await t.assert.rejects(
      town.create('rate(1 day)', { Target: { Arn: 'arn:aws:scheduler:::aws-sdk:s3:deleteBucket', RoleArn: roleArn } }),
      {
        name: 'ValidationException',
        message: /^Mayfly cannot deliver to /,
      },
    );
    await t.assert.rejects(town.create('rate(1 day)', { GroupName: 'none' }), { message: 'Schedule group none does not exist.' });
    await town.create('rate(1 day)', { State: 'DISABLED', ClientToken: 'once' });
    await town.create('rate(1 day)', { State: 'DISABLED', ClientToken: 'once' });
    await t.assert.rejects(town.create('rate(1 day)'), { name: 'ConflictException' });
    await town.clock.advance(48 * hourMs);
    t.assert.equal(town.invoked.length, 0);
  });

  test('groups hold schedules and tags, and take their schedules with them', async (t: TestContext) => {
    await using town = await openTown();
    const { ScheduleGroupArn: group } = await town.scheduler.createScheduleGroup({ Name: 'g', Tags: [{ Key: 'a', Value: '1' }] });
    await town.scheduler.tagResource({ ResourceArn: group, Tags: [{ Key: 'b', Value: '2' }] });
    await town.scheduler.untagResource({ ResourceArn: group, TagKeys: ['a'] });
    t.assert.deepEqual((await town.scheduler.listTagsForResource({ ResourceArn: group })).Tags, [{ Key: 'b', Value: '2' }]);
    await town.create('cron(0 * * * ? *)', { GroupName: 'g' });
    await town.create('cron(0 * * * ? *)', { Name: 'other', State: 'DISABLED' });
    t.assert.deepEqual(
      (await town.scheduler.listSchedules({ GroupName: 'g' })).Schedules?.map(({ Name: name }) => name),
      ['s'],
    );
    t.assert.deepEqual(
      (await town.scheduler.listScheduleGroups({})).ScheduleGroups?.map(({ Name: name }) => name),
      ['default', 'g'],
    );
    await town.scheduler.updateSchedule({
      Name: 's',
      GroupName: 'g',
      ScheduleExpression: 'rate(3 hours)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: functionArn, RoleArn: roleArn },
    });
    const got = await town.scheduler.getSchedule({ Name: 's', GroupName: 'g' });
    t.assert.deepEqual(
      [got.ScheduleExpression, got.Target?.RetryPolicy?.MaximumRetryAttempts, got.ActionAfterCompletion],
      ['rate(3 hours)', 185, 'NONE'],
    );
    await town.scheduler.deleteScheduleGroup({ Name: 'g' });
    await t.assert.rejects(town.scheduler.getSchedule({ Name: 's', GroupName: 'g' }), { name: 'ResourceNotFoundException' });
    const before = town.invoked.length;
    await town.clock.advance(12 * hourMs);
    t.assert.equal(town.invoked.length, before);
  });

  test('boto3 makes a schedule that runs at once', async (t) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    await using database = new PlainDatabase();
    const ports: SchedulerPorts = { lambda: { invokeAsync: (_arn, payload) => Promise.resolve(resolve(payload)) } };
    const clock: Clock = systemClock;
    await using service = await openScheduler({ database, clock, random: systemRandom, log: silentLogger, ports });
    await using street = await openStreet({ scheduler: service.handlers });
    const script = `
import boto3
client = boto3.client('scheduler')
client.create_schedule(Name='py', ScheduleExpression='rate(1 day)', FlexibleTimeWindow={'Mode': 'OFF'},
    Target={'Arn': '${functionArn}', 'RoleArn': '${roleArn}', 'Input': '{"from":"python"}'})
print(client.get_schedule(Name='py')['State'])
`;
    const { stdout } = await promisify(execFile)('python3', ['-c', script], { env: street.env });
    t.assert.equal(stdout.trim(), 'ENABLED');
    t.assert.equal(await promise, '{"from":"python"}');
  });
});
