import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';
import { alarmScenarios } from './cloudwatch-alarms.ts';
import { inProtocols, Namespace, timeless, times } from './cloudwatch-kit.ts';
import { otherScenarios } from './cloudwatch-others.ts';

const query = (Id: string, MetricName: string, Stat: string): object => ({
  Id,
  MetricStat: { Metric: { Namespace, MetricName }, Period: 3600, Stat },
});

const stat =
  (Stat: string) =>
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const Timestamp = new Date();
    for (let value = 1; value <= 11; value += 1)
      await cloudwatch.ok('PutMetricData', {
        Namespace,
        MetricData: [{ MetricName: 'metric1', Value: value, Unit: 'Seconds', Timestamp }],
      });
    scene.match(
      'get_metric_data',
      timeless(await cloudwatch.ok('GetMetricData', { MetricDataQueries: [query('result1', 'metric1', Stat)], ...times() })),
    );
  };

const several =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const recorded = scene.recorded('get_metric_data')['MetricDataResults'] as { Values: number[]; Label: string; Id: string }[];
    const Timestamp = new Date();
    for (const { Label: MetricName, Values } of recorded)
      await cloudwatch.ok('PutMetricData', {
        Namespace,
        MetricData: [{ MetricName, Value: Values[0], Unit: 'Seconds', Timestamp }],
      });
    const MetricDataQueries = recorded.map(({ Id, Label }) => query(Id, Label, 'Sum'));
    scene.match('get_metric_data', timeless(await cloudwatch.ok('GetMetricData', { MetricDataQueries, ...times() })));
  };

const values =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    await cloudwatch.ok('PutMetricData', {
      Namespace,
      MetricData: [{ MetricName: 'test-metric', Timestamp: new Date(), Values: [1, 10], Counts: [2, 4], Unit: 'Count' }],
    });
    await cloudwatch.check('get_metric_statistics', 'GetMetricStatistics', {
      Namespace,
      MetricName: 'test-metric',
      Period: 3600,
      Statistics: ['Maximum', 'SampleCount', 'Sum'],
      ...times(),
    });
  };

const tags =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const alarm = {
      AlarmName: 'alarm',
      MetricName: 'store_tags',
      Namespace,
      Period: 60,
      EvaluationPeriods: 1,
      Statistic: 'Sum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 30,
    };
    const recorded = (scene.recorded('describe_alarms')['MetricAlarms'] as Answer[])[0] ?? {};
    const given = Object.fromEntries(
      Object.keys(alarm).map((name) => [
        name,
        String(recorded[name]).startsWith('<') ? (alarm as Answer)[name] : (recorded[name] ?? (alarm as Answer)[name]),
      ]),
    );
    await cloudwatch.check('put_metric_alarm', 'PutMetricAlarm', given);
    const described = await cloudwatch.check('describe_alarms', 'DescribeAlarms', { AlarmNames: ['alarm'] });
    const ResourceARN = (described['MetricAlarms'] as Answer[])[0]?.['AlarmArn'];
    await cloudwatch.check('list_tags_for_resource_empty ', 'ListTagsForResource', { ResourceARN });
    await cloudwatch.ok('TagResource', {
      ResourceARN,
      Tags: [
        { Key: 'tag1', Value: 'foo' },
        { Key: 'tag2', Value: 'bar' },
      ],
    });
    await cloudwatch.check('list_tags_for_resource', 'ListTagsForResource', { ResourceARN });
    await cloudwatch.ok('UntagResource', { ResourceARN, TagKeys: ['tag1'] });
    await cloudwatch.check('list_tags_for_resource_post_untag', 'ListTagsForResource', { ResourceARN });
  };

const of = 'TestCloudwatch.test_get_metric_data_stats';

export const cloudwatchScenarios: Scenarios = {
  ...alarmScenarios,
  ...otherScenarios,
  ...inProtocols(of, ['query'], '-Maximum', stat('Maximum')),
  ...inProtocols(of, ['query', 'json', 'smithy-rpc-v2-cbor'], '-Average', stat('Average')),
  ...inProtocols(of, ['json', 'smithy-rpc-v2-cbor'], '-SampleCount', stat('SampleCount')),
  ...inProtocols('TestCloudwatch.test_get_metric_data_for_multiple_metrics', ['json', 'smithy-rpc-v2-cbor'], '', several),
  ...inProtocols('TestCloudwatch.test_put_metric_data_values_list', ['json'], '', values),
  ...inProtocols('TestCloudwatch.test_store_tags', ['query'], '', tags),
};
