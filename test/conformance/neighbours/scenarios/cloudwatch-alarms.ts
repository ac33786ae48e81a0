import { created } from '../../kit/functions.ts';
import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios, Scene, Service } from '../kit/stage.ts';
import { inProtocols, Namespace } from './cloudwatch-kit.ts';
import { Pair } from './sns-kit.ts';

const smallest = {
  AlarmName: 'alarm',
  MetricName: 'metric1',
  Namespace,
  Period: 60,
  EvaluationPeriods: 1,
  Statistic: 'Sum',
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 30,
};

const alarmOf = (described: Answer): Answer => (described['MetricAlarms'] as Answer[])[0] ?? {};

/** What an answer's texts of JSON hold. */
const opened = (alarm: Answer): Answer => ({
  ...alarm,
  ...(alarm['StateReasonData'] === undefined ? {} : { StateReasonData: JSON.parse(String(alarm['StateReasonData'])) as unknown }),
});

/** What a topic has told a queue, taken apart. */
async function told(pair: Pair): Promise<Answer> {
  const { Messages: [message] = [] } = (await pair.received(false, { WaitTimeSeconds: 20 })) as { Messages?: { Body: string }[] };
  if (message === undefined) throw new Error('The topic has told nothing.');
  return JSON.parse((JSON.parse(message.Body) as { Message: string }).Message) as Answer;
}

const described =
  (answer: string, MetricName: string, Period = 60) =>
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    await cloudwatch.ok('PutMetricAlarm', { ...smallest, MetricName, Period });
    await cloudwatch.check(answer, 'DescribeAlarms', { AlarmNames: ['alarm'] });
  };

const deleted =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    await cloudwatch.ok('PutMetricAlarm', smallest);
    await cloudwatch.check('describe-alarm', 'DescribeAlarms', { AlarmNames: ['alarm'] });
    await cloudwatch.check('delete-alarm', 'DeleteAlarms', { AlarmNames: ['alarm'] });
    await cloudwatch.check('describe-after-delete', 'DescribeAlarms', { AlarmNames: ['alarm'] });
  };

/** An alarm with everything that the recording shows of one. */
const fullAlarm = (recorded: Answer, actions: { AlarmActions: string[]; OKActions: string[] }): object => {
  const names = ['AlarmDescription', 'ComparisonOperator', 'Dimensions', 'EvaluationPeriods', 'MetricName', 'Period'];
  const more = ['Statistic', 'Threshold', 'TreatMissingData', 'Unit'];
  return {
    ...Object.fromEntries([...names, ...more].map((name) => [name, recorded[name]])),
    ...{ AlarmName: 'alarm', Namespace, ActionsEnabled: true },
    ...actions,
  };
};

const set =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const alarms = await Pair.subscribed(scene);
    const fine = await Pair.of(scene, {}, {}, { topic: 'fine', queue: 'fine' });
    await fine.subscribe({});
    const actions = { AlarmActions: [alarms.TopicArn], OKActions: [fine.TopicArn] };
    await cloudwatch.ok('PutMetricAlarm', fullAlarm(alarmOf(scene.recorded('triggered-alarm')), actions));
    const to = async (StateValue: string, StateReason: string, pair: Pair, answer: string): Promise<void> => {
      await cloudwatch.ok('SetAlarmState', { AlarmName: 'alarm', StateValue, StateReason });
      scene.stage.same(answer, (await told(pair))['NewStateReason'], StateReason);
      await cloudwatch.check(answer, 'DescribeAlarms', { AlarmNames: ['alarm'] });
    };
    await to('ALARM', 'testing alarm', alarms, 'triggered-alarm');
    await to('OK', 'resetting alarm', fine, 'reset-alarm');
  };

const setWrongly =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    await cloudwatch.ok('PutMetricAlarm', smallest);
    const state = { AlarmName: 'alarm', StateReason: 'testing' };
    await cloudwatch.check('error-invalid-state', 'SetAlarmState', { ...state, StateValue: 'INVALID' });
    await cloudwatch.check('error-resource-not-found', 'SetAlarmState', { ...state, AlarmName: 'nonexistent', StateValue: 'OK' });
  };

const enabled =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const pair = await Pair.subscribed(scene);
    const actions = { AlarmActions: [pair.TopicArn], OKActions: [pair.TopicArn] };
    const AlarmNames = ['alarm'];
    await cloudwatch.ok('PutMetricAlarm', fullAlarm(alarmOf(scene.recorded('describe_alarm')), actions));
    const check = (answer: string): Promise<Answer> => cloudwatch.check(answer, 'DescribeAlarms', { AlarmNames });
    const state = (StateValue: string, StateReason: string): Promise<Answer> =>
      cloudwatch.ok('SetAlarmState', { AlarmName: 'alarm', StateValue, StateReason });
    await check('describe_alarm');
    await state('ALARM', 'testing alarm');
    scene.match('alarm-state-sqs-msg', await told(pair));
    await check('alarm-state-describe');
    await cloudwatch.ok('DisableAlarmActions', { AlarmNames });
    await state('OK', 'testing OK state');
    await check('describe_alarm_disabled');
    scene.stage.same('a message', (await pair.received(true))['Messages'], undefined);
    await check('ok-state-action-disabled-describe');
    await cloudwatch.ok('EnableAlarmActions', { AlarmNames });
    await check('describe_alarm_enabled');
  };

/** Without data, which its alarm takes for a breach. */
const breaching =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const pair = await Pair.subscribed(scene);
    const actions = { AlarmActions: [pair.TopicArn], OKActions: [pair.TopicArn] };
    await cloudwatch.ok('PutMetricAlarm', fullAlarm(alarmOf(scene.recorded('alarm-1-describe')), actions));
    scene.match('alarm-1-sqs-msg', await told(pair));
    const answer = await cloudwatch.ok('DescribeAlarms', { AlarmNames: ['alarm'] });
    scene.match('alarm-1-describe', { ...answer, MetricAlarms: (answer['MetricAlarms'] as Answer[]).map(opened) });
  };

const printer = `import json
def handler(event, context):
    print(json.dumps(event))
`;

const functionTarget: Scenario = async (scene) => {
  const cloudwatch = scene.service('cloudwatch');
  const options = { files: { 'handler.py': printer }, Handler: 'handler.handler', Runtime: 'python3.12' as const };
  await created(scene.stage, 'pager', options);
  await cloudwatch.ok('PutMetricAlarm', {
    ...{ AlarmName: 'alarm', AlarmDescription: 'testing lambda alarm action', MetricName: 'metric1', Namespace: 'namespace' },
    ...{ Period: 10, Statistic: 'Average', Threshold: 1, ComparisonOperator: 'LessThanThreshold', EvaluationPeriods: 1 },
    AlarmActions: [scene.arn('lambda', 'function:pager')],
  });
  await cloudwatch.ok('SetAlarmState', { AlarmName: 'alarm', StateValue: 'ALARM', StateReason: 'testing alarm' });
  const logs = scene.service('logs');
  const log = { logGroupName: '/aws/lambda/pager', filterPattern: 'alarmData' };
  const found = await logs.until('FilterLogEvents', log, ({ events }) => Array.isArray(events) && events.length > 0);
  const [{ message = '' } = {}] = found['events'] as { message?: string }[];
  scene.match('lambda-alarm-invocations', JSON.parse(message));
};

const ruleOf = (scene: Scene): string =>
  ['simple-1', 'simple-2'].map((name) => `ALARM("${scene.arn('cloudwatch', `alarm:${name}`)}")`).join(' OR ');

const simple = async (cloudwatch: Service): Promise<void> => {
  for (const AlarmName of ['simple-1', 'simple-2'])
    await cloudwatch.ok('PutMetricAlarm', { ...smallest, AlarmName, TreatMissingData: 'ignore' });
};

const composite =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    const pair = await Pair.subscribed(scene);
    await simple(cloudwatch);
    await cloudwatch.check('put-composite-alarm', 'PutCompositeAlarm', {
      AlarmName: 'composite',
      AlarmDescription: 'composite alarm description',
      AlarmRule: ruleOf(scene),
      AlarmActions: [pair.TopicArn],
      OKActions: [pair.TopicArn],
    });
    const set = (AlarmName: string, StateValue: string): Promise<Answer> =>
      cloudwatch.ok('SetAlarmState', { AlarmName, StateValue, StateReason: 'testing' });
    const check = async (answer: string, wanted?: string): Promise<void> => {
      if (wanted !== undefined) scene.stage.same(answer, (await told(pair))['NewStateValue'], wanted);
      const { CompositeAlarms } = await cloudwatch.ok('DescribeAlarms', {
        AlarmNames: ['composite'],
        AlarmTypes: ['CompositeAlarm'],
      });
      scene.match(answer, opened((CompositeAlarms as Answer[])[0] ?? {}));
    };
    // It begins with OK, and tells so.
    scene.stage.same('the first message', (await told(pair))['NewStateValue'], 'OK');
    for (const number of [1, 2]) {
      await set(`simple-${number}`, 'ALARM');
      await check(`composite-alarm-in-alarm-when-alarm-${number}-is-in-alarm`, 'ALARM');
      await set(`simple-${number}`, 'OK');
      await check(`composite-alarm-in-ok-when-alarm-${number}-is-back-to-ok`, 'OK');
    }
    await set('simple-1', 'ALARM');
    await set('simple-2', 'ALARM');
    await check('composite-alarm-is-triggered-by-alarm-1-and-then-unchanged-by-alarm-2', 'ALARM');
  };

const taggedComposite =
  (protocol: string): Scenario =>
  async (scene) => {
    const cloudwatch = scene.service('cloudwatch', { protocol });
    await simple(cloudwatch);
    const Tags = [{ Key: 'Environment', Value: 'Production' }];
    await cloudwatch.ok('PutCompositeAlarm', { AlarmName: 'composite', AlarmRule: ruleOf(scene), Tags });
    const ResourceARN = scene.arn('cloudwatch', 'alarm:composite');
    const list = (answer: string): Promise<Answer> => cloudwatch.check(answer, 'ListTagsForResource', { ResourceARN });
    await list('list_tags_for_resource_after_creation ');
    const more = Object.entries({ tag1: 'foo', tag2: 'bar' }).map(([Key, Value]) => ({ Key, Value }));
    await cloudwatch.ok('TagResource', { ResourceARN, Tags: more });
    await list('list_tags_for_resource_updated');
    await cloudwatch.ok('UntagResource', { ResourceARN, TagKeys: ['tag1'] });
    await list('list_tags_for_resource_post_untag');
    await cloudwatch.ok('DeleteAlarms', { AlarmNames: ['composite'] });
    await list('list_tags_for_deleted_resource');
  };

const of = (title: string): string => `TestCloudwatch.test_${title}`;

export const alarmScenarios: Scenarios = {
  [of('alarm_lambda_target')]: functionTarget,
  ...inProtocols(
    of('describe_alarms_converts_date_format_correctly'),
    ['json', 'smithy-rpc-v2-cbor'],
    '',
    described('describe-alarms', 'metric1'),
  ),
  ...inProtocols(of('describe_minimal_metric_alarm'), ['json'], '', described('describe_minimal_metric_alarm', 'metric1', 10)),
  ...inProtocols(of('delete_alarm'), ['json'], '', deleted),
  ...inProtocols(of('set_alarm'), ['json', 'query', 'smithy-rpc-v2-cbor'], '', set),
  ...inProtocols(of('set_alarm_invalid_input'), ['json', 'smithy-rpc-v2-cbor'], '', setWrongly),
  ...inProtocols(of('enable_disable_alarm_actions'), ['query'], '', enabled),
  ...inProtocols(of('breaching_alarm_actions'), ['json', 'query'], '', breaching),
  ...inProtocols(of('trigger_composite_alarm'), ['json', 'query'], '', composite),
  ...inProtocols(of('tagging_composite_alarm'), ['json'], '', taggedComposite),
};
