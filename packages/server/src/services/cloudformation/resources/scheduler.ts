import { pick } from './pick.ts';
import { behaviours, tagsOf, type Properties, type ResourceType } from './type.ts';

const members =
  'Description EndDate FlexibleTimeWindow GroupName KmsKeyArn ScheduleExpression ScheduleExpressionTimezone StartDate State Target';
const request = (properties: Properties) =>
  pick(properties, members) as { ScheduleExpression: string; Target: never; FlexibleTimeWindow: never };

/** @source CloudFormation Template Reference, AWS::Scheduler::Schedule, read 2026-11 */
const schedule: ResourceType = {
  properties: behaviours({
    replaces: 'Name GroupName',
    updates: members.replace('GroupName ', ''),
  }),
  required: ['FlexibleTimeWindow', 'ScheduleExpression', 'Target'],
  attributes: ['Arn'],
  name: { property: 'Name', most: 64 },
  async create(properties, { aws, name, token }) {
    const { ScheduleArn: arn } = await aws.scheduler.CreateSchedule({ ...request(properties), Name: name, ClientToken: token });
    return { id: name, attributes: { Arn: arn } };
  },
  async update(id, properties, _before, { aws }) {
    await aws.scheduler.UpdateSchedule({ ...request(properties), Name: id });
    return { id };
  },
  delete: (id, properties, { aws }) => aws.scheduler.DeleteSchedule({ Name: id, ...pick(properties, 'GroupName') }),
};

/** @source CloudFormation Template Reference, AWS::Scheduler::ScheduleGroup, read 2026-11 */
const scheduleGroup: ResourceType = {
  properties: behaviours({ replaces: 'Name', updates: 'Tags' }),
  attributes: ['Arn', 'CreationDate', 'LastModificationDate', 'State'],
  name: { property: 'Name', most: 64 },
  async create(properties, making) {
    const { aws, name, token } = making;
    const { ScheduleGroupArn: arn } = await aws.scheduler.CreateScheduleGroup({
      Name: name,
      ClientToken: token,
      Tags: [...tagsOf(properties, making)],
    });
    return { id: name, attributes: { Arn: arn, State: 'ACTIVE' } };
  },
  async update(id, properties, _before, making) {
    const { Arn: ResourceArn } = await making.aws.scheduler.GetScheduleGroup({ Name: id });
    await making.aws.scheduler.TagResource({ ResourceArn, Tags: [...tagsOf(properties, making)] });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.scheduler.DeleteScheduleGroup({ Name: id }),
};

export const scheduler: Readonly<Record<string, ResourceType>> = {
  'AWS::Scheduler::Schedule': schedule,
  'AWS::Scheduler::ScheduleGroup': scheduleGroup,
};
