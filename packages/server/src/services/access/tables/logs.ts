import type { LogsOperations } from '@mayfly/wire';
import { groupNameOf } from '../../logs/groups.ts';
import {
  arnIn,
  passRole,
  requestTags,
  text,
  type AnyInput,
  type Demand,
  type OperationRules,
  type Place,
  type ServiceRules,
} from '../demand.ts';

/** A group with its streams, as policies name it: `…:log-group:<group>:log-stream:<stream>`. Groups are those of the call's own place. */
const groupArn = (place: Place, group: string, stream = ''): string =>
  arnIn('logs', place, `log-group:${group}:log-stream:${stream}`);

const many = (action: string, groups: readonly string[], place: Place): readonly Demand[] =>
  (groups.length === 0 ? [''] : groups).map((group) => ({
    action: `logs:${action}`,
    resource: groupArn(place, groupNameOf(group)),
  }));

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch Logs", read 2026-11 */
const operations: OperationRules<LogsOperations> = {
  DescribeLogGroups: (input, place) => many('DescribeLogGroups', input.logGroupIdentifiers ?? [], place),
  ListLogGroups: (_input, place) => many('ListLogGroups', [], place),
  PutLogEvents: (input, place) => ({
    action: 'logs:PutLogEvents',
    resource: groupArn(place, input.logGroupName ?? '', input.logStreamName),
  }),
  GetLogEvents: (input, place) => ({
    action: 'logs:GetLogEvents',
    resource: groupArn(place, groupNameOf(input.logGroupName, input.logGroupIdentifier), input.logStreamName),
  }),
  StartQuery: (input, place) =>
    many(
      'StartQuery',
      [
        ...(input.logGroupNames ?? []),
        ...(input.logGroupIdentifiers ?? []),
        ...(input.logGroupName === undefined ? [] : [input.logGroupName]),
      ],
      place,
    ),
  StartLiveTail: (input, place) => many('StartLiveTail', input.logGroupIdentifiers ?? [], place),
  CreateLogGroup: (input, place) => ({
    action: 'logs:CreateLogGroup',
    resource: groupArn(place, input.logGroupName ?? ''),
    context: requestTags(input.tags),
  }),
  PutSubscriptionFilter: (input, place) => [
    {
      action: 'logs:PutSubscriptionFilter',
      resource: groupArn(place, input.logGroupName ?? ''),
      context: { 'logs:DestinationArn': input.destinationArn },
    },
    ...passRole(input.roleArn, 'logs.amazonaws.com'),
  ],
};

export const logsRules: ServiceRules = {
  prefix: 'logs',
  operations,
  resource(input: AnyInput, place: Place) {
    const [named, identified, arn] = [text(input['logGroupName']), text(input['logGroupIdentifier']), text(input['resourceArn'])];
    if (arn !== undefined) return groupArn(place, groupNameOf(arn));
    return named === undefined && identified === undefined ? undefined : groupArn(place, groupNameOf(named, identified));
  },
};
