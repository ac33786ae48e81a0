import { gzipSync } from 'node:zlib';
import { after, before, suite, test, type TestContext } from 'node:test';
import * as cw from '@aws-sdk/client-cloudwatch';
import { clientOf, openDoor } from '../../../../../test/kit/door.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import type { Listener } from '../../api/index.ts';
import { silentLogger } from '../../base/index.ts';
import { openCloudWatch, type AlarmAction, type CloudWatch } from './index.ts';

const minuteMs = 60_000;

suite('CloudWatch, as SDK clients see it', { timeout: 60_000 }, () => {
  let database: PlainDatabase;
  let clock: VirtualClock;
  let service: CloudWatch;
  let door: Listener;
  let client: cw.CloudWatchClient;
  const actions: AlarmAction[] = [];
  /** A whole minute, ten minutes ago. */
  let start: number;
  before(async () => {
    database = new PlainDatabase();
    clock = new VirtualClock({ epochMs: Math.floor(Date.now() / minuteMs) * minuteMs });
    start = clock.now() - 10 * minuteMs;
    service = await openCloudWatch({
      database,
      clock,
      log: silentLogger,
      act: (action) => Promise.resolve(void actions.push(action)),
    });
    door = await openDoor({ cloudwatch: service.handlers });
    client = new cw.CloudWatchClient(clientOf(door));
  });
  after(async () => {
    client.destroy();
    await door[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const put = (MetricName: string, Value: number, atMs: number, more: Partial<cw.MetricDatum> = {}) =>
    client.send(
      new cw.PutMetricDataCommand({ Namespace: 'App', MetricData: [{ MetricName, Value, Timestamp: new Date(atMs), ...more }] }),
    );
  const query = (Id: string, MetricName: string, Stat: string, more: Partial<cw.MetricStat> = {}): cw.MetricDataQuery => ({
    Id,
    MetricStat: { Metric: { Namespace: 'App', MetricName }, Period: 60, Stat, ...more },
  });
  const data = async (MetricDataQueries: cw.MetricDataQuery[], more: Partial<cw.GetMetricDataCommandInput> = {}) =>
    (
      await client.send(
        new cw.GetMetricDataCommand({
          MetricDataQueries,
          StartTime: new Date(start),
          EndTime: new Date(start + 20 * minuteMs),
          ScanBy: 'TimestampAscending',
          ...more,
        }),
      )
    ).MetricDataResults;

  test('what was put is counted, added up and spread over its periods', async (t: TestContext) => {
    await client.send(
      new cw.PutMetricDataCommand({
        Namespace: 'App',
        MetricData: [{ MetricName: 'list', Values: [1, 6, 10], Counts: [2, 5, 1], Unit: 'Count', Timestamp: new Date(start) }],
      }),
    );
    await put('list', 4, start + minuteMs, { Unit: 'Count' });
    const { Datapoints, Label } = await client.send(
      new cw.GetMetricStatisticsCommand({
        Namespace: 'App',
        MetricName: 'list',
        StartTime: new Date(start),
        EndTime: new Date(start + minuteMs),
        Period: 60,
        Statistics: ['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum'],
        ExtendedStatistics: ['p50'],
      }),
    );
    t.assert.strictEqual(Label, 'list');
    t.assert.deepStrictEqual(Datapoints, [
      {
        Timestamp: new Date(start),
        Unit: 'Count',
        SampleCount: 8,
        Sum: 42,
        Average: 5.25,
        Minimum: 1,
        Maximum: 10,
        ExtendedStatistics: { p50: 6 },
      },
    ]);
    const [sum] = (await data([query('a', 'list', 'Sum', { Period: 300 })])) ?? [];
    t.assert.deepStrictEqual(
      sum?.Values?.reduce((total, value) => total + value, 0),
      46,
    );
  });

  test('labels tell the queries apart, units are not mixed, and mathematics work', async (t: TestContext) => {
    await put('errors', 5, start);
    await put('errors', 1, start + minuteMs);
    await put('calls', 10, start);
    await put('calls', 4, start + minuteMs);
    const found = await data([
      { ...query('e', 'errors', 'Sum'), ReturnData: false },
      query('c', 'calls', 'Sum'),
      { Id: 'rate', Expression: '100 * e / c', Label: 'Error rate' },
      { Id: 'total', Expression: 'SUM([e, c])' },
    ]);
    t.assert.deepStrictEqual(
      found?.map(({ Id, Label, Values }) => [Id, Label, Values]),
      [
        ['c', 'calls', [10, 4]],
        ['rate', 'Error rate', [50, 25]],
        ['total', 'total', [15, 5]],
      ],
    );
    const labels = async (...queries: cw.MetricDataQuery[]) => (await data(queries))?.map(({ Label }) => Label);
    t.assert.deepStrictEqual(await labels(query('a', 'calls', 'Sum'), query('b', 'calls', 'Minimum', { Period: 30 })), [
      'calls Sum 60',
      'calls Minimum 30',
    ]);
    t.assert.deepStrictEqual(await labels(query('a', 'calls', 'Sum'), query('b', 'errors', 'Sum')), ['calls', 'errors']);
    await put('mixed', 60_000, start, { Unit: 'Milliseconds' });
    await put('mixed', 60, start, { Unit: 'Seconds' });
    const [mixed] = (await data([query('m', 'mixed', 'Sum')])) ?? [];
    t.assert.deepStrictEqual(
      [mixed?.Values, mixed?.Messages],
      [[60_000], [{ Code: 'MultipleUnits', Value: "Multiple units returned: '[Milliseconds, Seconds]'" }]],
    );
    await t.assert.rejects(data([{ Id: 'x', Expression: 'SEARCH("a")' }]), { name: 'ValidationException' });
  });

  test('a large request, which the SDK packs, is unpacked', async (t: TestContext) => {
    const MetricData = Array.from({ length: 400 }, (_, index) => ({
      MetricName: `packed${index}`,
      Value: index,
      Dimensions: [{ Name: 'dimension', Value: 'value' }],
    }));
    await client.send(new cw.PutMetricDataCommand({ Namespace: 'Packed', MetricData }));
    t.assert.strictEqual((await client.send(new cw.ListMetricsCommand({ Namespace: 'Packed' }))).Metrics?.length, 400);
    const bomb = gzipSync(Buffer.alloc(20_000_000, 32));
    const target = 'GraniteServiceVersion20100801.PutMetricData';
    const answer = await fetch(door.origin, {
      method: 'POST',
      headers: { 'X-Amz-Target': target, 'Content-Type': 'application/x-amz-json-1.0', 'Content-Encoding': 'gzip' },
      body: bomb,
    });
    t.assert.strictEqual(answer.status, 413);
  });

  test('metrics are listed by name and dimensions', async (t: TestContext) => {
    await put('dimensioned', 1, start, {
      Dimensions: [
        { Name: 'b', Value: '2' },
        { Name: 'a', Value: '1' },
      ],
    });
    const { Metrics } = await client.send(new cw.ListMetricsCommand({ Namespace: 'App', Dimensions: [{ Name: 'a' }] }));
    t.assert.deepStrictEqual(Metrics, [
      {
        Namespace: 'App',
        MetricName: 'dimensioned',
        Dimensions: [
          { Name: 'a', Value: '1' },
          { Name: 'b', Value: '2' },
        ],
      },
    ]);
    t.assert.deepStrictEqual(
      (await data([query('d', 'dimensioned', 'Sum')]))?.[0]?.Values,
      [],
      'without its dimensions it is another metric',
    );
  });

  test('what AWS refuses is refused in its words', async (t: TestContext) => {
    const statistics = (more: Partial<cw.GetMetricStatisticsCommandInput>) =>
      client.send(
        new cw.GetMetricStatisticsCommand({
          Namespace: 'App',
          MetricName: 'm',
          Period: 1,
          Statistics: ['Sum'],
          StartTime: new Date(start - 86_400_000),
          EndTime: new Date(start),
          ...more,
        }),
      );
    await t.assert.rejects(statistics({}), {
      name: 'InvalidParameterCombinationException',
      message:
        'You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    });
    await t.assert.rejects(statistics({ EndTime: new Date(start - 2 * 86_400_000) }), {
      message: 'The parameter StartTime must be less than the parameter EndTime.',
    });
    await t.assert.rejects(put('x', 1, start - 15 * 86_400_000), { name: 'InvalidParameterValueException' });
    await t.assert.rejects(client.send(new cw.SetAlarmStateCommand({ AlarmName: 'none', StateValue: 'OK', StateReason: 'r' })), {
      name: 'ResourceNotFound',
    });
  });

  test('what the platform measures is there after a restart', async (t: TestContext) => {
    const place = { account: '123456789012', region: 'eu-west-1' };
    service.metrics.put({
      ...place,
      namespace: 'AWS/Lambda',
      name: 'Invocations',
      dimensions: { FunctionName: 'f' },
      atMs: start,
      value: 1,
      unit: 'Count',
    });
    service.metrics.put({
      ...place,
      namespace: 'AWS/Lambda',
      name: 'Invocations',
      dimensions: { FunctionName: 'f' },
      atMs: start + 1,
      value: 1,
      unit: 'Count',
    });
    await clock.advance(1_000);
    await using again = await openCloudWatch({ database, clock, log: silentLogger });
    await using other = await openDoor({ cloudwatch: again.handlers });
    const found = await new cw.CloudWatchClient(clientOf(other)).send(
      new cw.GetMetricStatisticsCommand({
        Namespace: 'AWS/Lambda',
        MetricName: 'Invocations',
        Dimensions: [{ Name: 'FunctionName', Value: 'f' }],
        StartTime: new Date(start),
        EndTime: new Date(start + minuteMs),
        Period: 60,
        Statistics: ['Sum'],
      }),
    );
    t.assert.strictEqual(found.Datapoints?.[0]?.Sum, 2);
  });

  const alarm = (AlarmName: string, more: Partial<cw.PutMetricAlarmCommandInput> = {}) =>
    client.send(
      new cw.PutMetricAlarmCommand({
        AlarmName,
        Namespace: 'App',
        MetricName: 'load',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 30,
        ComparisonOperator: 'GreaterThanThreshold',
        ...more,
      }),
    );
  const described = async (name: string) =>
    (await client.send(new cw.DescribeAlarmsCommand({ AlarmNames: [name] }))).MetricAlarms?.[0];

  test('an alarm is described as it was put, waiting for data', async (t: TestContext) => {
    await alarm('plain', { Tags: [{ Key: 'a', Value: 'b' }] });
    const shown = await described('plain');
    t.assert.deepStrictEqual(
      [
        shown?.AlarmArn,
        shown?.StateValue,
        shown?.StateReason,
        shown?.ActionsEnabled,
        shown?.Dimensions,
        shown?.Threshold,
        shown?.AlarmActions,
      ],
      [
        'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:plain',
        'INSUFFICIENT_DATA',
        'Unchecked: Initial alarm creation',
        true,
        [],
        30,
        [],
      ],
    );
    const ResourceARN = shown?.AlarmArn ?? '';
    await client.send(new cw.TagResourceCommand({ ResourceARN, Tags: [{ Key: 'c', Value: 'd' }] }));
    t.assert.deepStrictEqual((await client.send(new cw.ListTagsForResourceCommand({ ResourceARN }))).Tags, [
      { Key: 'a', Value: 'b' },
      { Key: 'c', Value: 'd' },
    ]);
    await client.send(new cw.DisableAlarmActionsCommand({ AlarmNames: ['plain'] }));
    t.assert.strictEqual((await described('plain'))?.ActionsEnabled, false);
    await client.send(new cw.DeleteAlarmsCommand({ AlarmNames: ['plain'] }));
    t.assert.strictEqual(await described('plain'), undefined);
  });

  test('an alarm goes off when its metric crosses the threshold, tells its function, and comes back', async (t: TestContext) => {
    const target = 'arn:aws:lambda:eu-west-1:123456789012:function:pager';
    await alarm('load', {
      AlarmActions: [target],
      OKActions: ['arn:aws:sns:eu-west-1:123456789012:ok'],
      AlarmDescription: 'busy',
    });
    await put('load', 50, clock.now());
    await clock.advance(minuteMs + 100);
    await service.evaluate();
    const shown = await described('load');
    t.assert.strictEqual(shown?.StateValue, 'ALARM');
    t.assert.match(
      shown?.StateReason ?? '',
      /^Threshold Crossed: 1 out of the last 1 datapoints \[50\.0 \(.*\)\] was greater than the threshold \(30\.0\) \(minimum 1 datapoint for OK -> ALARM transition\)\.$/,
    );
    t.assert.strictEqual(actions[0]?.targetArn, target);
    const event = actions[0]?.event as {
      source: string;
      alarmData: { state: { value: string }; configuration: { description: string; metrics: { metricStat: unknown }[] } };
    };
    t.assert.deepStrictEqual(
      [
        event.source,
        event.alarmData.state.value,
        event.alarmData.configuration.description,
        event.alarmData.configuration.metrics[0]?.metricStat,
      ],
      [
        'aws.cloudwatch',
        'ALARM',
        'busy',
        { metric: { namespace: 'App', name: 'load', dimensions: {} }, period: 60, stat: 'Sum' },
      ],
    );
    await put('load', 5, clock.now());
    await clock.advance(minuteMs);
    await service.evaluate();
    t.assert.strictEqual((await described('load'))?.StateValue, 'OK');
    t.assert.deepStrictEqual(
      [actions[1]?.targetArn, actions[1]?.subject],
      ['arn:aws:sns:eu-west-1:123456789012:ok', 'OK: "load" in eu-west-1'],
    );
    const { AlarmHistoryItems } = await client.send(
      new cw.DescribeAlarmHistoryCommand({ AlarmName: 'load', HistoryItemType: 'StateUpdate' }),
    );
    t.assert.deepStrictEqual(
      AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary),
      ['Alarm updated from ALARM to OK', 'Alarm updated from INSUFFICIENT_DATA to ALARM'],
    );
    const data = JSON.parse(AlarmHistoryItems?.[0]?.HistoryData ?? '') as {
      oldState: { stateReasonData: { recentDatapoints: number[] } };
    };
    t.assert.deepStrictEqual(data.oldState.stateReasonData.recentDatapoints, [50]);
    const page = await client.send(new cw.DescribeAlarmHistoryCommand({ AlarmName: 'load', MaxRecords: 2 }));
    t.assert.strictEqual(page.AlarmHistoryItems?.length, 2);
    const rest = await client.send(new cw.DescribeAlarmHistoryCommand({ AlarmName: 'load', NextToken: page.NextToken }));
    t.assert.deepStrictEqual([rest.AlarmHistoryItems?.length, rest.NextToken], [1, undefined]);
  });

  test('a composite alarm follows the alarms its rule names', async (t: TestContext) => {
    await alarm('part', { MetricName: 'never' });
    await client.send(
      new cw.PutCompositeAlarmCommand({
        AlarmName: 'whole',
        AlarmRule: 'ALARM("part") OR ALARM(load)',
        AlarmActions: ['arn:aws:sns:eu-west-1:123456789012:all'],
      }),
    );
    const state = async () =>
      (await client.send(new cw.DescribeAlarmsCommand({ AlarmNames: ['whole'], AlarmTypes: ['CompositeAlarm'] })))
        .CompositeAlarms?.[0]?.StateValue;
    t.assert.strictEqual(await state(), 'OK');
    await client.send(new cw.SetAlarmStateCommand({ AlarmName: 'load', StateValue: 'ALARM', StateReason: 'testing' }));
    t.assert.strictEqual(await state(), 'ALARM');
    for (const StateReasonData of ['null', '{"triggeringAlarms":[null,{"state":null},5]}', '[]']) {
      const state = { AlarmName: 'whole', StateValue: 'OK' as const, StateReason: 'r', StateReasonData };
      await client.send(new cw.SetAlarmStateCommand(state));
      await client.send(new cw.SetAlarmStateCommand({ ...state, StateValue: 'ALARM' }));
    }
    const broken = { AlarmName: 'whole', StateValue: 'OK' as const, StateReason: 'r', StateReasonData: '{' };
    await t.assert.rejects(client.send(new cw.SetAlarmStateCommand(broken)), { name: 'InvalidFormatFault' });
    await t.assert.rejects(client.send(new cw.PutCompositeAlarmCommand({ AlarmName: 'broken', AlarmRule: 'ALARM("part" OR' })), {
      name: 'ValidationException',
    });
  });

  test('a suppressor holds the actions of a composite alarm back, which come when it is over', async (t: TestContext) => {
    for (const name of ['child', 'quiet']) await alarm(name, { MetricName: 'never', TreatMissingData: 'ignore' });
    const target = 'arn:aws:lambda:eu-west-1:123456789012:function:night';
    const composite = {
      AlarmName: 'night',
      AlarmRule: 'ALARM(child)',
      AlarmActions: [target],
      ActionsSuppressor: 'quiet',
      ActionsSuppressorWaitPeriod: 0,
      ActionsSuppressorExtensionPeriod: 60,
    };
    const { ActionsSuppressorWaitPeriod: _, ...incomplete } = composite;
    await t.assert.rejects(client.send(new cw.PutCompositeAlarmCommand(incomplete)), { name: 'ValidationException' });
    await client.send(new cw.PutCompositeAlarmCommand(composite));
    const taken = () => actions.filter(({ targetArn }) => targetArn === target).length;
    const set = (AlarmName: string, StateValue: cw.StateValue) =>
      client.send(new cw.SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'testing' }));
    const night = async () =>
      (await client.send(new cw.DescribeAlarmsCommand({ AlarmNames: ['night'], AlarmTypes: ['CompositeAlarm'] })))
        .CompositeAlarms?.[0];
    await set('quiet', 'ALARM');
    await set('child', 'ALARM');
    const held = await night();
    t.assert.deepEqual(
      [held?.StateValue, held?.ActionsSuppressedBy, held?.ActionsSuppressorExtensionPeriod, taken()],
      ['ALARM', 'Alarm', 60, 0],
    );
    await set('quiet', 'OK');
    t.assert.equal((await night())?.ActionsSuppressedBy, 'ExtensionPeriod');
    await clock.advance(70_000);
    await service.evaluate();
    t.assert.deepEqual([(await night())?.ActionsSuppressedBy, taken()], [undefined, 1]);
    await set('child', 'OK');
    await set('child', 'ALARM');
    t.assert.equal(taken(), 2, 'without its suppressor it acts at once');
  });

  test('a dashboard is kept as it was drawn', async (t: TestContext) => {
    const DashboardBody = '{"widgets":[]}';
    await client.send(new cw.PutDashboardCommand({ DashboardName: 'board', DashboardBody }));
    t.assert.strictEqual(
      (await client.send(new cw.GetDashboardCommand({ DashboardName: 'board' }))).DashboardBody,
      DashboardBody,
    );
    t.assert.deepStrictEqual(
      (await client.send(new cw.ListDashboardsCommand({}))).DashboardEntries?.map(({ Size }) => Size),
      [14],
    );
    await client.send(new cw.DeleteDashboardsCommand({ DashboardNames: ['board'] }));
    await t.assert.rejects(client.send(new cw.GetDashboardCommand({ DashboardName: 'board' })));
  });

  test('old points become coarser, and end', async (t: TestContext) => {
    const dayMs = 86_400_000;
    const at = Math.floor((clock.now() - 14 * dayMs + 2 * minuteMs) / (5 * minuteMs)) * 5 * minuteMs + 5 * minuteMs;
    await put('old', 1, at);
    await put('old', 2, at + minuteMs);
    const trimmedAfter = async (days: number): Promise<void> => {
      await using later = await openCloudWatch({
        database,
        clock: new VirtualClock({ epochMs: clock.now() + days * dayMs }),
        log: silentLogger,
      });
      await later.trim();
    };
    await trimmedAfter(2);
    const rows = await database.all(
      'SELECT p.at, p.sum FROM metric_point p JOIN metric_series s ON s.id = p.series_id WHERE s.name = ?',
      ['old'],
    );
    t.assert.deepStrictEqual(
      rows.map((row) => [Number(row['at']), Number(row['sum'])]),
      [[at, 3]],
    );
    await trimmedAfter(460);
    t.assert.deepStrictEqual(await database.all('SELECT at FROM metric_point'), []);
  });
});
