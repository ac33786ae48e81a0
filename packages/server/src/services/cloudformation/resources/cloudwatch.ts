import { documentText, pick } from './pick.ts';
import { behaviours, tagsOf, type Making, type Properties, type ResourceType } from './type.ts';

const alarmMembers =
  'ActionsEnabled AlarmActions AlarmDescription ComparisonOperator DatapointsToAlarm Dimensions EvaluateLowSampleCountPercentile EvaluationPeriods ExtendedStatistic InsufficientDataActions MetricName Metrics Namespace OKActions Period Statistic Threshold ThresholdMetricId TreatMissingData Unit';
const compositeMembers =
  'ActionsEnabled ActionsSuppressor ActionsSuppressorExtensionPeriod ActionsSuppressorWaitPeriod AlarmActions AlarmDescription AlarmRule InsufficientDataActions OKActions';

const alarmArn = ({ region, account }: Making, name: string): string => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;

async function there(name: string, { aws }: Making): Promise<boolean> {
  const { MetricAlarms: plain = [], CompositeAlarms: composite = [] } = await aws.cloudwatch.DescribeAlarms({
    AlarmNames: [name],
    AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
  });
  return plain.length + composite.length > 0;
}

/** Both kinds of alarm are put, whether they are there or not. */
const alarmOf = (
  members: string,
  put: (input: Properties, making: Making) => Promise<unknown>,
): Pick<ResourceType, 'create' | 'update' | 'delete' | 'exists'> => ({
  exists: there,
  async create(properties, making) {
    await put({ ...pick(properties, members), AlarmName: making.name, Tags: tagsOf(properties, making) }, making);
    return { id: making.name, attributes: { Arn: alarmArn(making, making.name) } };
  },
  async update(id, properties, _before, making) {
    await put({ ...pick(properties, members), AlarmName: id }, making);
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.cloudwatch.DeleteAlarms({ AlarmNames: [id] }),
});

/** @source CloudFormation Template Reference, AWS::CloudWatch::Alarm, read 2026-11 */
const alarm: ResourceType = {
  properties: behaviours({
    replaces: 'AlarmName',
    updates: `${alarmMembers} Tags`,
    unapplied: 'EvaluationCriteria EvaluationInterval EvaluationWindow',
  }),
  required: ['EvaluationPeriods'],
  attributes: ['Arn'],
  name: { property: 'AlarmName', most: 255 },
  ...alarmOf(alarmMembers, (input, { aws }) =>
    aws.cloudwatch.PutMetricAlarm(
      input as { AlarmName: string; EvaluationPeriods: number; ComparisonOperator: 'GreaterThanThreshold' },
    ),
  ),
};

/** @source CloudFormation Template Reference, AWS::CloudWatch::CompositeAlarm, read 2026-11 */
const compositeAlarm: ResourceType = {
  properties: behaviours({ replaces: 'AlarmName', updates: `${compositeMembers} Tags` }),
  required: ['AlarmRule'],
  attributes: ['Arn'],
  name: { property: 'AlarmName', most: 255 },
  ...alarmOf(compositeMembers, (input, { aws }) =>
    aws.cloudwatch.PutCompositeAlarm(input as { AlarmName: string; AlarmRule: string }),
  ),
};

/** @source CloudFormation Template Reference, AWS::CloudWatch::Dashboard, read 2026-11 */
const dashboard: ResourceType = {
  properties: behaviours({ replaces: 'DashboardName', updates: 'DashboardBody' }),
  required: ['DashboardBody'],
  name: { property: 'DashboardName', most: 255 },
  async create({ DashboardBody: body }, { aws, name }) {
    await aws.cloudwatch.PutDashboard({ DashboardName: name, DashboardBody: documentText(body) });
    return { id: name };
  },
  async update(id, { DashboardBody: body }, _before, { aws }) {
    await aws.cloudwatch.PutDashboard({ DashboardName: id, DashboardBody: documentText(body) });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.cloudwatch.DeleteDashboards({ DashboardNames: [id] }),
};

export const cloudwatch: Readonly<Record<string, ResourceType>> = {
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::CloudWatch::CompositeAlarm': compositeAlarm,
  'AWS::CloudWatch::Dashboard': dashboard,
};
