import type { Answer } from '../../kit/stage.ts';
import type { Credentials } from '../kit/clients.ts';
import type { Scenario, Scenarios, Service } from '../kit/stage.ts';

const logGroupName = 'group';
const logStreamName = 'stream';
const group = (logs: Service): Promise<Answer> => logs.ok('CreateLogGroup', { logGroupName });
const stream = async (logs: Service, name = logStreamName): Promise<void> =>
  void (await logs.ok('CreateLogStream', { logGroupName, logStreamName: name }));

const put =
  (name: string, atMs: readonly number[], into = logStreamName): Scenario =>
  async (scene) => {
    scene.stage.apart('tooOldLogEventEndIndex', 'tooNewLogEventStartIndex');
    const logs = scene.service('logs');
    await group(logs);
    await stream(logs);
    const logEvents = atMs.map((offset) => ({ timestamp: Date.now() + offset, message: 'm' }));
    await logs.check(name, 'PutLogEvents', { logGroupName, logStreamName: into, logEvents });
  };

const refused =
  (name: string, operation: string, input: object, before: (logs: Service) => Promise<unknown> = group): Scenario =>
  async (scene) => {
    const logs = scene.service('logs');
    await before(logs);
    await logs.check(name, operation, input);
  };

const dayMs = 86_400_000;
const transformation = (n: number): object => ({ metricName: `metric${n}`, metricNamespace: `namespace${n}`, metricValue: '1' });

export const logScenarios: Scenarios = {
  'TestLogsEvents.test_put_log_events_to_invalid_stream': put('error-invalid-stream', [0], 'none'),
  'TestLogsEvents.test_put_log_events_wrong_order': put('error-wrong-order', [0, -1000]),
  'TestLogsEvents.test_put_log_events_too_old': put('response-too-old', [-15 * dayMs]),
  'TestLogsEvents.test_put_log_events_too_new': put('response-too-new', [dayMs]),
  'TestLogsEvents.test_get_log_events_invalid_token': refused(
    'error-invalid-token',
    'GetLogEvents',
    { logGroupName, logStreamName, nextToken: 'invalid' },
    async (logs) => {
      await group(logs);
      await stream(logs);
    },
  ),
  'TestFilterLogEvents.test_filter_log_events_limit_validation': refused('error-limit-exceeded', 'FilterLogEvents', {
    logGroupName,
    limit: 10_001,
  }),
  'TestLogsGroups.test_describe_log_groups_prefix_and_pattern_error': refused('error-prefix-and-pattern', 'DescribeLogGroups', {
    logGroupNamePrefix: 'a',
    logGroupNamePattern: 'b',
  }),
  'TestLogsGroupsTags.test_tag_log_group': async (scene) => {
    const logs = scene.service('logs');
    await group(logs);
    await logs.ok('TagLogGroup', { logGroupName, tags: { tag_key_1: 'tag_value_1' } });
    await logs.check('list-tags-after-tag', 'ListTagsLogGroup', { logGroupName });
  },
  'TestLogsStreams.test_describe_log_streams_with_prefix': async (scene) => {
    const logs = scene.service('logs');
    await group(logs);
    for (const name of ['s1', 's2', 's3', 'other']) await stream(logs, name);
    await logs.check('describe-streams-with-prefix', 'DescribeLogStreams', { logGroupName, logStreamNamePrefix: 's' });
  },
  'TestMetricFiltersValidation.test_put_metric_filter_invalid_filter_pattern': refused(
    'error-invalid-filter-pattern',
    'PutMetricFilter',
    {
      logGroupName,
      filterName: 'f',
      filterPattern: 'X'.repeat(1025),
      metricTransformations: [transformation(1)],
    },
  ),
  'TestMetricFiltersValidation.test_put_metric_filter_too_many_transformations': refused(
    'error-too-many-transformations',
    'PutMetricFilter',
    {
      logGroupName,
      filterName: 'f',
      filterPattern: '',
      metricTransformations: [transformation(1), transformation(2)],
    },
  ),
  'TestMetricFiltersValidation.test_delete_metric_filter_invalid_log_group_name': refused(
    'error-invalid-log-group-name',
    'DeleteMetricFilter',
    { logGroupName: 'X'.repeat(513), filterName: 'f' },
  ),
  'TestSubscriptionFilterUpdates.test_delete_subscription_filter_errors': async (scene) => {
    const logs = scene.service('logs');
    await logs.check('error-log-group-not-found', 'DeleteSubscriptionFilter', { logGroupName: 'none', filterName: 'f' });
    await group(logs);
    await logs.check('error-filter-not-found', 'DeleteSubscriptionFilter', { logGroupName, filterName: 'f' });
  },
};

const expressions = [
  'cron()',
  'rate()',
  'rate(foo minutes)',
  'rate( 10 minutes )',
  ' rate(10 minutes)',
  'at(2021-12-31T23:59:59Z)',
  'at(2021-12-31)',
];
const schedule = (ScheduleExpression: string): object => ({
  Name: 'schedule',
  ScheduleExpression,
  FlexibleTimeWindow: { MaximumWindowInMinutes: 4, Mode: 'FLEXIBLE' },
  Target: { Arn: 'arn:aws:lambda:us-east-1:111111111111:function:dummy', RoleArn: 'arn:aws:iam::111111111111:role/role-name' },
});
const scheduled =
  (name: string, expression: string): Scenario =>
  async (scene) =>
    void (await scene.service('scheduler').check(name, 'CreateSchedule', schedule(expression)));

const scheduleTags =
  (untag: boolean): Scenario =>
  async (scene) => {
    const scheduler = scene.service('scheduler');
    const { ScheduleGroupArn: ResourceArn } = await scheduler.ok('CreateScheduleGroup', { Name: 'group' });
    await scheduler.ok('TagResource', { ResourceArn, Tags: [{ Key: 'TagKey', Value: 'TagValue' }] });
    if (untag) await scheduler.ok('UntagResource', { ResourceArn, TagKeys: ['TagKey'] });
    await scheduler.check(untag ? 'list-untagged-schedule' : 'list-tagged-schedule', 'ListTagsForResource', { ResourceArn });
  };

export const schedulerScenarios: Scenarios = {
  test_tag_resource: scheduleTags(false),
  test_untag_resource: scheduleTags(true),
  ...Object.fromEntries(
    expressions.map((each) => [
      `tests_create_schedule_with_invalid_schedule_expression[${each}]`,
      scheduled('invalid-schedule-expression', each),
    ]),
  ),
  tests_create_schedule_with_valid_schedule_expression: scheduled('valid-schedule-expression', 'rate(1 minute)'),
  ...Object.fromEntries(
    ['cron(30-30 13-13 ? * 2,4,6 *)', 'cron(*/15 * * * ? *)'].map((each) => [
      `test_create_schedule_with_valid_cron_expressions[${each}]`,
      scheduled('create-schedule', each),
    ]),
  ),
};

const trust = (Action: unknown): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: '111111111111' }, Action }] });

const chained: Scenario = async (scene) => {
  const iam = scene.service('iam');
  const make = async (number: number): Promise<string> => {
    const { Role } = await iam.check(`role-${number}`, 'CreateRole', {
      RoleName: `role-${number}-${scene.region}`,
      AssumeRolePolicyDocument: trust(['sts:AssumeRole', 'sts:TagSession']),
    });
    return String((Role as Answer)['Arn']);
  };
  const [first, second] = [await make(1), await make(2)];
  const tagged = (Key: string): object => ({ Tags: [{ Key, Value: 'value' }] });
  const { Credentials: credentials } = (await scene.service('sts').ok('AssumeRole', {
    RoleArn: first,
    RoleSessionName: 'session',
    ...tagged('transitive'),
    TransitiveTagKeys: ['transitive'],
  })) as { Credentials: Credentials };
  const sts = scene.service('sts', { credentials });
  const next = { RoleArn: second, RoleSessionName: 'next' };
  await sts.check('override-transitive-tag-error', 'AssumeRole', { ...next, ...tagged('transitive') });
  await sts.check('override-transitive-tag-case-ignore-error', 'AssumeRole', { ...next, ...tagged('Transitive') });
};

export const stsScenarios: Scenarios = {
  'TestSTSAssumeRoleTagging.test_iam_role_chaining_override_transitive_tags': chained,
  'TestSTSIntegrations.test_get_federation_token': async (scene) => {
    await scene.service('sts').check('get-federation-token', 'GetFederationToken', { Name: 'TestName', DurationSeconds: 900 });
  },
  'TestSTSIntegrations.test_assume_role': async (scene) => {
    const RoleName = `role-${scene.region}`;
    scene.match('role-session-name', { RoleSessionName: 'session' });
    const { Role } = await scene
      .service('iam')
      .check('create-role', 'CreateRole', { RoleName, AssumeRolePolicyDocument: trust('sts:AssumeRole') });
    await scene
      .service('sts')
      .check('assume-role', 'AssumeRole', { RoleArn: (Role as Answer)['Arn'], RoleSessionName: 'session' });
  },
  'TestSTSIntegrations.test_sts_invalid_parameters': async (scene) => {
    const sts = scene.service('sts');
    const assume = (name: string, RoleArn: string, RoleSessionName = 'Session1'): Promise<Answer> =>
      sts.check(name, 'AssumeRole', { RoleArn, RoleSessionName });
    await assume('malformed-arn', 'nothing-valid-in-here');
    await assume('no-partition', 'arn::b:::something/test-role');
    await assume('no-service', 'arn:a::::something/test-role');
    await assume('not-enough-colons', 'arn:a:::something/test-role');
    await assume('no-resource', 'arn:a:a::aaaaaaaaaa:');
    await assume('invalid-session-name', 'arn:aws:iam::111111111111:role/test-role', 'Session1:2');
  },
};
