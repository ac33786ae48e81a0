import { after, before, suite, test, type TestContext } from 'node:test';
import * as cw from '@aws-sdk/client-cloudwatch';
import { clientOf, openDoor } from '../../../../../test/kit/door.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import type { Listener } from '../../api/index.ts';
import { silentLogger } from '../../base/index.ts';
import { openCloudWatch, type CloudWatch } from './index.ts';

const minuteMs = 60_000;

suite('what CloudWatch keeps besides metrics and alarms', { timeout: 60_000 }, () => {
  let database: PlainDatabase;
  let clock: VirtualClock;
  let service: CloudWatch;
  let door: Listener;
  let client: cw.CloudWatchClient;
  const log: { group: string; atMs: number; message: string }[] = [];
  before(async () => {
    database = new PlainDatabase();
    clock = new VirtualClock({ epochMs: Math.floor(Date.now() / (5 * minuteMs)) * 5 * minuteMs });
    service = await openCloudWatch({
      database,
      clock,
      log: silentLogger,
      async *lines(_place, { groups, fromMs, toMs }) {
        yield* log.filter(({ group, atMs }) => groups.includes(group) && atMs >= fromMs && atMs < toMs);
      },
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

  const report = (RuleName: string, more: Partial<cw.GetInsightRuleReportCommandInput> = {}) =>
    client.send(
      new cw.GetInsightRuleReportCommand({
        RuleName,
        StartTime: new Date(clock.now() - 10 * minuteMs),
        EndTime: new Date(clock.now() + 5 * minuteMs),
        Period: 300,
        ...more,
      }),
    );
  const rule = (contribution: object, more: object = {}): string =>
    JSON.stringify({
      Schema: { Name: 'CloudWatchLogRule', Version: 1 },
      LogGroupNames: ['app'],
      LogFormat: 'JSON',
      Contribution: contribution,
      AggregateOn: 'Count',
      ...more,
    });

  test('a rule counts who contributes most to a log, while it is enabled', async (t: TestContext) => {
    const RuleDefinition = rule({ Keys: ['$.user'], Filters: [{ Match: '$.status', GreaterThan: 499 }] });
    const write = (user: string, status: number): void =>
      void log.push({ group: 'app', atMs: clock.now(), message: JSON.stringify({ user, status }) });
    write('early', 500);
    await clock.advance(1_000);
    await client.send(new cw.PutInsightRuleCommand({ RuleName: 'errors', RuleDefinition }));
    for (const user of ['ann', 'bob', 'ann']) write(user, 503);
    write('ann', 200);
    log.push(
      { group: 'app', atMs: clock.now(), message: 'no JSON' },
      { group: 'other', atMs: clock.now(), message: '{"user":"x","status":500}' },
    );
    const found = await report('errors', { Metrics: ['UniqueContributors', 'MaxContributorValue', 'Sum'] });
    t.assert.deepEqual(
      found.Contributors?.map(({ Keys, ApproximateAggregateValue }) => [Keys, ApproximateAggregateValue]),
      [
        [['ann'], 2],
        [['bob'], 1],
      ],
    );
    t.assert.deepEqual(
      [found.KeyLabels, found.AggregationStatistic, found.AggregateValue, found.ApproximateUniqueCount],
      [['$.user'], 'SampleCount', 3, 2],
    );
    t.assert.deepEqual(
      found.MetricDatapoints?.map(({ UniqueContributors, MaxContributorValue, Sum }) => [
        UniqueContributors,
        MaxContributorValue,
        Sum,
      ]),
      [
        [0, undefined, undefined],
        [0, undefined, undefined],
        [2, 2, 3],
        [0, undefined, undefined],
      ],
    );
    await clock.advance(1_000);
    t.assert.deepEqual(
      (await client.send(new cw.DisableInsightRulesCommand({ RuleNames: ['errors', 'none'] }))).Failures?.length,
      1,
    );
    write('late', 500);
    t.assert.equal((await report('errors')).ApproximateUniqueCount, 2);
    const { InsightRules } = await client.send(new cw.DescribeInsightRulesCommand({}));
    t.assert.deepEqual(
      InsightRules?.map(({ Name, State, Schema }) => [Name, State, Schema]),
      [['errors', 'DISABLED', 'CloudWatchLogRule/1']],
    );
    await client.send(new cw.DeleteInsightRulesCommand({ RuleNames: ['errors'] }));
    await t.assert.rejects(report('errors'), { name: 'ResourceNotFoundException' });
  });

  test('a rule adds up fields of the common log format', async (t: TestContext) => {
    const RuleDefinition = rule(
      { Keys: ['Ip', '3'], ValueOf: 'Bytes' },
      { LogGroupNames: ['web'], LogFormat: 'CLF', Fields: { 1: 'Ip', 4: 'Bytes' }, AggregateOn: 'Sum' },
    );
    await client.send(new cw.PutInsightRuleCommand({ RuleName: 'bytes', RuleDefinition }));
    for (const bytes of [10, 32])
      log.push({ group: 'web', atMs: clock.now(), message: `10.0.0.1 [25/Nov/2026] "GET / HTTP/1.1" ${bytes}` });
    const found = await report('bytes');
    t.assert.deepEqual([found.Contributors?.[0]?.Keys, found.AggregateValue], [['10.0.0.1', 'GET / HTTP/1.1'], 42]);
    t.assert.equal(found.MetricDatapoints, undefined);
  });

  test('a definition that is none is refused', async (t: TestContext) => {
    const wrong = [
      '{',
      '[]',
      '{}',
      rule({ Keys: [] }),
      rule({ Keys: ['$.a'], Filters: [{ Match: '$.a', Like: 1 }] }),
      rule({ Keys: ['$.a'] }, { LogFormat: 'XML' }),
    ];
    for (const RuleDefinition of wrong) {
      const put = client.send(new cw.PutInsightRuleCommand({ RuleName: 'wrong', RuleDefinition }));
      await t.assert.rejects(put, { name: 'InvalidParameterValueException' }, RuleDefinition);
    }
  });

  test('metric streams and rules have tags', async (t: TestContext) => {
    const stream = {
      Name: 's',
      FirehoseArn: 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/f',
      RoleArn: 'arn:aws:iam::123456789012:role/r',
      OutputFormat: 'json' as const,
    };
    const { Arn: ResourceARN } = await client.send(
      new cw.PutMetricStreamCommand({ ...stream, Tags: [{ Key: 'a', Value: '1' }] }),
    );
    await client.send(new cw.TagResourceCommand({ ResourceARN, Tags: [{ Key: 'b', Value: '2' }] }));
    await client.send(new cw.UntagResourceCommand({ ResourceARN, TagKeys: ['a'] }));
    t.assert.deepEqual((await client.send(new cw.ListTagsForResourceCommand({ ResourceARN }))).Tags, [{ Key: 'b', Value: '2' }]);
    await client.send(new cw.StopMetricStreamsCommand({ Names: ['s'] }));
    await client.send(new cw.PutMetricStreamCommand({ ...stream, IncludeFilters: [{ Namespace: 'App' }] }));
    const found = await client.send(new cw.GetMetricStreamCommand({ Name: 's' }));
    t.assert.deepEqual([found.State, found.IncludeFilters], ['stopped', [{ Namespace: 'App' }]]);
    t.assert.deepEqual(
      (await client.send(new cw.ListMetricStreamsCommand({}))).Entries?.map(({ Name }) => Name),
      ['s'],
    );
    const missing = client.send(new cw.TagResourceCommand({ ResourceARN: `${ResourceARN}x`, Tags: [] }));
    await t.assert.rejects(missing, { name: 'ResourceNotFoundException' });
  });

  test('an anomaly detector is known by its metric, whatever the order of its dimensions', async (t: TestContext) => {
    const Dimensions = [
      { Name: 'a', Value: '1' },
      { Name: 'b', Value: '2' },
    ];
    const metric = { Namespace: 'App', MetricName: 'm', Stat: 'Sum' };
    const range = { StartTime: new Date('2026-01-01T00:00:00Z'), EndTime: new Date('2026-01-02T00:00:00Z') };
    await client.send(new cw.PutAnomalyDetectorCommand({ SingleMetricAnomalyDetector: { ...metric, Dimensions } }));
    await client.send(
      new cw.PutAnomalyDetectorCommand({
        ...metric,
        Dimensions: Dimensions.toReversed(),
        Configuration: { ExcludedTimeRanges: [range] },
      }),
    );
    const { AnomalyDetectors } = await client.send(
      new cw.DescribeAnomalyDetectorsCommand({ Dimensions: [{ Name: 'b', Value: '2' }] }),
    );
    t.assert.deepEqual(
      AnomalyDetectors?.map(({ Configuration }) => Configuration),
      [{ ExcludedTimeRanges: [range] }],
    );
    await client.send(new cw.DeleteAnomalyDetectorCommand({ ...metric, Dimensions }));
    await t.assert.rejects(client.send(new cw.DeleteAnomalyDetectorCommand({ ...metric, Dimensions })), {
      name: 'ResourceNotFoundException',
    });
    await t.assert.rejects(client.send(new cw.PutAnomalyDetectorCommand({ Namespace: 'App', Stat: 'Sum' })), {
      name: 'MissingRequiredParameterException',
    });
  });
});
