import { setTimeout as pause } from 'node:timers/promises';
import { created } from '../../kit/functions.ts';
import type { Answer } from '../../kit/stage.ts';
import { rawAnswer } from '../kit/raw.ts';
import type { Scenario, Scenarios, Service } from '../kit/stage.ts';
import { inProtocols, minuteMs, Namespace, timeless, times } from './cloudwatch-kit.ts';

const dashboard =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const DashboardName = `dashboard-${scene.region}`;
    // The recorded size is of this document with spaces, in a region of nine letters.
    const { DashboardBody } = scene.recorded('get_dashboard');
    const text = JSON.stringify(DashboardBody).replaceAll('<region>', scene.region);
    const spaced = text.replaceAll(/("|[\d\]}]|true|false)([,:])/g, '$1$2 ').padEnd(240);
    await cloudwatch.ok('PutDashboard', { DashboardName, DashboardBody: spaced });
    const found = await cloudwatch.ok('GetDashboard', { DashboardName });
    scene.match('get_dashboard', { ...found, DashboardBody: JSON.parse(String(found['DashboardBody'])) as unknown });
    // Dashboards belong to the account: others have theirs here, too.
    const list = async (answer: string, DashboardNamePrefix: string): Promise<void> => {
      await cloudwatch.check(answer, 'ListDashboards', { DashboardNamePrefix });
    };
    await list('list_dashboards', DashboardName);
    await list('list_dashboards_prefix_empty', 'no-dashboard');
    await list('list_dashboards_prefix', DashboardName.slice(0, -1));
    await cloudwatch.ok('DeleteDashboards', { DashboardNames: [DashboardName] });
    await list('list_dashboards_empty', DashboardName);
  };

const metricStream =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const stream = {
      Name: 'stream',
      FirehoseArn: scene.arn('firehose', 'deliverystream/firehose'),
      RoleArn: `arn:aws:iam::${scene.account}:role/role`,
      OutputFormat: 'json',
    };
    await cloudwatch.check('create_metric_stream', 'PutMetricStream', stream);
    await cloudwatch.check('get_metric_stream', 'GetMetricStream', { Name: 'stream' });
    await cloudwatch.check('start_metric_stream', 'StartMetricStreams', { Names: ['stream'] });
    await cloudwatch.check('stop_metric_stream', 'StopMetricStreams', { Names: ['stream'] });
    await cloudwatch.check('delete_metric_stream', 'DeleteMetricStream', { Name: 'stream' });
  };

const insightRule =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const [recorded] = scene.recorded('describe_insight_rule')['InsightRules'] as { Definition: object }[];
    const RuleDefinition = JSON.stringify({ ...recorded?.Definition, Schema: { Name: 'CloudWatchLogRule', Version: 1 } });
    const RuleNames = ['rule'];
    await cloudwatch.check('create_insight_rule', 'PutInsightRule', { RuleName: 'rule', RuleDefinition, RuleState: 'ENABLED' });
    const { InsightRules, ...rest } = await cloudwatch.ok('DescribeInsightRules');
    const rules = (InsightRules as Answer[]).map((rule) => ({
      ...rule,
      Definition: JSON.parse(String(rule['Definition'])) as unknown,
    }));
    scene.match('describe_insight_rule', { InsightRules: rules, ...rest });
    await cloudwatch.check('disable_insight_rule', 'DisableInsightRules', { RuleNames });
    await cloudwatch.check('enable_insight_rule', 'EnableInsightRules', { RuleNames });
    // An hour that begins within a period touches thirteen of them.
    const EndTime = new Date(Math.floor(Date.now() / (5 * minuteMs)) * 5 * minuteMs + minuteMs);
    await cloudwatch.check('get_insight_rule_report', 'GetInsightRuleReport', {
      ...{ RuleName: 'rule', StartTime: new Date(EndTime.getTime() - 60 * minuteMs), EndTime, Period: 300 },
      ...{ MaxContributorCount: 10, Metrics: ['UniqueContributors'] },
    });
    await cloudwatch.check('delete_insight_rule', 'DeleteInsightRules', { RuleNames });
  };

const anomalyDetector =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const metric = {
      Namespace: 'MyNamespace',
      MetricName: 'MyMetric',
      Dimensions: [{ Name: 'DimensionName', Value: 'DimensionValue' }],
    };
    await cloudwatch.check('create_anomaly_detector', 'PutAnomalyDetector', { ...metric, Stat: 'Sum', Configuration: {} });
    await cloudwatch.check('describe_anomaly_detector', 'DescribeAnomalyDetectors', metric);
    await cloudwatch.check('delete_anomaly_detector', 'DeleteAnomalyDetector', { ...metric, Stat: 'Sum' });
  };

interface Question {
  readonly Id: string;
  readonly MetricStat: Readonly<Record<string, unknown>>;
}

const ask = (cloudwatch: Service, MetricDataQueries: readonly Question[], more: object = {}): Promise<Answer> =>
  cloudwatch.ok('GetMetricData', { MetricDataQueries, ...times(), ...more });

const metricOf = (MetricName: string, more: object = {}): Question => ({
  Id: 'm1',
  MetricStat: { Metric: { Namespace, MetricName, ...more }, Period: 60, Stat: 'Sum' },
});

const put = async (cloudwatch: Service, MetricName: string, values: readonly (readonly [number, string])[]): Promise<void> => {
  const Timestamp = new Date();
  const MetricData = values.map(([Value, Unit]) => ({ MetricName, Value, Unit, Timestamp }));
  await cloudwatch.ok('PutMetricData', { Namespace, MetricData });
};

const oneUnit =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    await put(cloudwatch, 'm-test', [
      [1, 'Seconds'],
      [1000, 'Milliseconds'],
    ]);
    const { Id, MetricStat } = metricOf('m-test');
    const found = await ask(cloudwatch, [{ Id, MetricStat: { ...MetricStat, Unit: 'Seconds' } }]);
    scene.match('get_metric_data_with_different_units', timeless(found));
  };

const anyUnit =
  (values: readonly (readonly [number, string])[]) =>
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    await put(cloudwatch, 'm-test', values);
    scene.match('get_metric_data_with_no_unit_specified', timeless(await ask(cloudwatch, [metricOf('m-test')])));
  };

/** Statistic, period and unit stand in the ids of the recorded results. */
const labels =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const recorded = scene.recorded('label_generation')['MetricDataResults'] as { Id: string; Values: number[] }[];
    // Both values are from one moment, so that every period holds both.
    await put(cloudwatch, 'metric1', [
      [0, 'Seconds'],
      [109, 'Seconds'],
    ]);
    const questions = recorded.map(({ Id }): Question => {
      const [, Stat, Period, Unit] = Id.split('_');
      return { Id, MetricStat: { Metric: { Namespace, MetricName: 'metric1' }, Period: Number(Period), Stat, Unit } };
    });
    scene.match('label_generation', timeless(await ask(cloudwatch, questions)));
  };

const nothingThere =
  (answer: string, question: Question) =>
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    await cloudwatch.ok('PutMetricData', {
      Namespace,
      MetricData: [{ MetricName: 'dimensioned', Value: 1, Dimensions: [{ Name: 'a', Value: 'b' }] }],
    });
    scene.match(answer, timeless(await ask(cloudwatch, [question])));
  };

const dimensions =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const [recorded] = scene.recorded('list-metrics')['Metrics'] as { MetricName: string; Dimensions: object[] }[];
    const { MetricName = '', Dimensions = [] } = recorded ?? {};
    await cloudwatch.ok('PutMetricData', {
      Namespace,
      MetricData: [{ MetricName, Value: 5, Timestamp: new Date(), Dimensions: Dimensions.toReversed() }],
    });
    const question = { Metric: { Namespace, MetricName, Dimensions }, Period: 60, Stat: 'Maximum' };
    scene.match('get-metric-stats-max', timeless(await ask(cloudwatch, [{ Id: 'result1', MetricStat: question }])));
    await cloudwatch.check('list-metrics', 'ListMetrics', { Namespace });
  };

const tooMany =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const dayMs = 86_400_000;
    const EndTime = new Date();
    const statistics = (answer: string, more: object): Promise<Answer> =>
      cloudwatch.check(answer, 'GetMetricStatistics', {
        ...{ Namespace, MetricName: 'metric_name', Statistics: ['SampleCount'], Period: 1, EndTime },
        ...more,
      });
    await statistics('error-invalid-amount-datapoints', { StartTime: new Date(EndTime.getTime() - dayMs) });
    await statistics('error-invalid-time-frame', { StartTime: EndTime });
    await statistics('get-metric-statitics', { StartTime: new Date(EndTime.getTime() - dayMs), Period: 60 });
  };

const queueMetrics: Scenario = async (scene) => {
  const [cloudwatch, sqs] = [scene.service('cloudwatch'), scene.service('sqs')];
  const { QueueUrl } = await sqs.ok('CreateQueue', { QueueName: 'queue' });
  const Dimensions = [{ Name: 'QueueName', Value: 'queue' }];
  const ofQueue = (Id: string, MetricName: string, Stat = 'Sum'): Question => ({
    Id,
    MetricStat: { Metric: { Namespace: 'AWS/SQS', MetricName, Dimensions }, Period: 3600, Stat },
  });
  const until = async (answer: string, questions: readonly Question[]): Promise<void> => {
    for (;;) {
      const found = await ask(cloudwatch, questions);
      const isThere = (found['MetricDataResults'] as { Values: unknown[] }[]).every(({ Values }) => Values.length > 0);
      if (isThere) return scene.match(answer, timeless(found));
      await pause(50);
    }
  };
  await sqs.ok('ReceiveMessage', { QueueUrl });
  await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'Hello' });
  await until('get_metric_data', [
    ofQueue('sent', 'NumberOfMessagesSent'),
    ofQueue('sent_size', 'SentMessageSize'),
    ofQueue('empty_receives', 'NumberOfEmptyReceives'),
  ]);
  const { Messages: [message] = [] } = (await sqs.ok('ReceiveMessage', { QueueUrl })) as {
    Messages?: { ReceiptHandle: string }[];
  };
  await sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle: message?.ReceiptHandle });
  await until('get_metric_data_2', [
    ofQueue('num_msg_received', 'NumberOfMessagesReceived'),
    ofQueue('num_msg_deleted', 'NumberOfMessagesDeleted'),
  ]);
};

const functionMetrics: Scenario = async (scene) => {
  const cloudwatch = scene.service('cloudwatch');
  const program = 'def handler(event, context):\n    return {"success": "ok"}\n';
  const options = { files: { 'handler.py': program }, Handler: 'handler.handler', Runtime: 'python3.12' as const };
  await created(scene.stage, 'function', options);
  await scene.stage.check('invoke', scene.stage.api.invoke({ FunctionName: 'function' }));
  const Dimensions = [{ Name: 'FunctionName', Value: 'function' }];
  const question = { Metric: { Namespace: 'AWS/Lambda', MetricName: 'Invocations', Dimensions }, Period: 3600, Stat: 'Sum' };
  for (;;) {
    const found = await ask(cloudwatch, [{ Id: 'm1', MetricStat: question }]);
    const [result] = found['MetricDataResults'] as { Values: unknown[] }[];
    if (result !== undefined && result.Values.length > 0) return scene.match('get-metric-data', timeless(found));
    await pause(50);
  }
};

const raw = (protocol: string) => ({
  protocol,
  call: { service: 'monitoring', target: 'GraniteServiceVersion20100801' } as const,
});

const basics =
  (protocol: string): Scenario =>
  async (scene) => {
    scene.stage.apart('ResponseMetadata', 'Timestamps');
    const { call } = raw(protocol);
    const asked = async (operation: string, input: Readonly<Record<string, unknown>>): Promise<unknown> =>
      rawAnswer(scene, protocol, { ...call, operation, input });
    scene.match('describe-alarms', withoutMetadata(await asked('DescribeAlarms', {})));
    const isForm = protocol === 'query';
    const moment = (atMs: number): unknown => (isForm ? new Date(atMs) : Math.floor(atMs / 1_000));
    const metrics = Object.entries({ some: 41, part: 23 });
    const MetricData = metrics.map(([MetricName, Value]) => ({ MetricName, Value }));
    await asked('PutMetricData', { Namespace, MetricData });
    const MetricDataQueries = metrics.map(([Id]) => ({
      Id,
      MetricStat: { Metric: { Namespace, MetricName: Id }, Period: 60, Stat: 'Sum' },
    }));
    const StartTime = moment(Date.now() - 5 * minuteMs);
    const EndTime = moment(Date.now() + 5 * minuteMs);
    const found = await asked('GetMetricData', { MetricDataQueries, StartTime, EndTime });
    scene.match('get-metric-data', withoutMetadata(found, isForm));
  };

/** Of documents in XML: what names the call is no part of the recording, and whole numbers are written as they come. */
function withoutMetadata(document: unknown, wholeNumbers = false): unknown {
  const text = JSON.stringify(document, (name, value: unknown) => (name === 'ResponseMetadata' ? undefined : value));
  return JSON.parse(wholeNumbers ? text.replaceAll(/"member":"(\d+)"/g, '"member":"$1.0"') : text);
}

const unshaped =
  (protocol: string): Scenario =>
  async (scene) => {
    const { call } = raw(protocol);
    const state = async (
      input: Readonly<Record<string, unknown>>,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<unknown> =>
      rawAnswer(scene, protocol, { ...call, operation: 'SetAlarmState', input: { StateReason: 'testing', ...input }, headers });
    scene.match('invalid-value-response', await state({ AlarmName: 'alarm', StateValue: 'INVALID' }));
    const missing = { AlarmName: 'nonexistent', StateValue: 'OK' };
    scene.match('not-found-response', await state(missing));
    scene.match('not-found-response-query-mode-true', await state(missing, { 'x-amzn-query-mode': 'true' }));
  };

const of = (title: string): string => `TestCloudwatch.test_${title}`;
const ofProtocols = (title: string): string => `TestCloudWatchMultiProtocol.test_${title}`;
const cbor = 'smithy-rpc-v2-cbor';

const mixed = [
  [
    [60_000, 'Milliseconds'],
    [60, 'Seconds'],
  ],
  [
    [60_000, 'Milliseconds'],
    [60_000, 'Milliseconds'],
    [60, 'Seconds'],
  ],
  [
    [5, 'Count'],
    [60_000, 'Milliseconds'],
    [60, 'Seconds'],
  ],
] as const;
const anyUnitOf = (protocols: readonly string[], number: 0 | 1 | 2): Scenarios =>
  inProtocols(of('get_metric_data_different_units_no_unit_in_query'), protocols, `-metric_data${number}`, anyUnit(mixed[number]));
const labelsOf = (protocols: readonly string[], number: number): Scenarios =>
  inProtocols(of('label_generation'), protocols, `-input_pairs${number}`, labels);

export const otherScenarios: Scenarios = {
  ...inProtocols(of('dashboard_lifecycle'), ['json'], '', dashboard),
  ...inProtocols(of('create_metric_stream'), ['query'], '', metricStream),
  ...inProtocols(of('insight_rule'), [cbor], '', insightRule),
  ...inProtocols(of('anomaly_detector_lifecycle'), ['json', cbor], '', anomalyDetector),
  ...inProtocols(of('get_metric_data_with_different_units'), ['query', cbor], '', oneUnit),
  ...anyUnitOf(['json', cbor], 0),
  ...anyUnitOf(['json', 'query'], 1),
  ...anyUnitOf(['json'], 2),
  ...labelsOf(['query', 'json'], 0),
  ...labelsOf([cbor], 2),
  ...labelsOf(['json'], 3),
  ...labelsOf(['json'], 4),
  ...labelsOf(['query', 'json', cbor], 5),
  ...labelsOf([cbor], 6),
  ...inProtocols(
    of('get_metric_with_null_dimensions'),
    ['query', cbor],
    '',
    nothingThere('get_metric_with_null_dimensions', metricOf('dimensioned')),
  ),
  ...inProtocols(
    of('get_metric_with_no_results'),
    ['query', 'json'],
    '',
    nothingThere('result', { ...metricOf('nothing'), Id: 'result' }),
  ),
  ...inProtocols(of('multiple_dimensions_statistics'), ['query', cbor], '', dimensions),
  ...inProtocols(of('invalid_amount_of_datapoints'), ['json', cbor], '', tooMany),
  [of('aws_sqs_metrics_created')]: queueMetrics,
  'TestCloudWatchLambdaMetrics.test_lambda_invoke_successful': functionMetrics,
  ...inProtocols(ofProtocols('basic_operations_multiple_protocols'), ['json', 'query'], '', basics),
  ...inProtocols(ofProtocols('exception_serializing_with_no_shape_in_spec'), ['json', cbor], '', unshaped),
};
