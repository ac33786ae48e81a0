import type { SchedulerOperations } from '@mayfly/wire';
import { passRole, requestTags, text, type Demand, type OperationRules, type Place, type ServiceRules } from '../demand.ts';

const scheduleArn = (place: Place, group: unknown, name: unknown): string =>
  `arn:aws:scheduler:${place.region}:${place.account}:schedule/${text(group) ?? 'default'}/${String(name)}`;
const groupArn = (place: Place, name: unknown): string =>
  `arn:aws:scheduler:${place.region}:${place.account}:schedule-group/${String(name)}`;
const save =
  (action: string) =>
  (
    input: { GroupName?: string | undefined; Name?: string | undefined; Target?: { RoleArn?: string | undefined } | undefined },
    place: Place,
  ): readonly Demand[] => [
    { action: `scheduler:${action}`, resource: scheduleArn(place, input.GroupName, input.Name) },
    ...passRole(input.Target?.RoleArn, 'scheduler.amazonaws.com'),
  ];
const onGroup =
  (action: string) =>
  (input: { Name?: string | undefined }, place: Place): Demand => ({
    action: `scheduler:${action}`,
    resource: groupArn(place, input.Name),
  });
const ownGroup = (arn: string | undefined, place: Place): string => groupArn(place, (arn ?? '').split('/')[1] ?? '');

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon EventBridge Scheduler", read 2026-11 */
const scheduler: OperationRules<SchedulerOperations> = {
  CreateSchedule: save('CreateSchedule'),
  UpdateSchedule: save('UpdateSchedule'),
  ListSchedules: (input, place) => ({
    action: 'scheduler:ListSchedules',
    resource: scheduleArn(place, input.GroupName ?? '*', '*'),
  }),
  CreateScheduleGroup: onGroup('CreateScheduleGroup'),
  DeleteScheduleGroup: onGroup('DeleteScheduleGroup'),
  GetScheduleGroup: onGroup('GetScheduleGroup'),
  ListScheduleGroups: (_input, place) => ({ action: 'scheduler:ListScheduleGroups', resource: groupArn(place, '*') }),
  TagResource: (input, place) => ({
    action: 'scheduler:TagResource',
    resource: ownGroup(input.ResourceArn, place),
    context: requestTags(input.Tags),
  }),
  UntagResource: (input, place) => ({ action: 'scheduler:UntagResource', resource: ownGroup(input.ResourceArn, place) }),
  ListTagsForResource: (input, place) => ({
    action: 'scheduler:ListTagsForResource',
    resource: ownGroup(input.ResourceArn, place),
  }),
};

export const schedulerRules: ServiceRules = {
  prefix: 'scheduler',
  operations: scheduler,
  resource: (input, place) =>
    text(input['Name']) === undefined ? undefined : scheduleArn(place, input['GroupName'], input['Name']),
};
