import type { EventBridgeOperations } from '@mayfly/wire';
import { busArn, busPlace, ruleArn } from '../../events/bus.ts';
import {
  passRole,
  requestTags,
  text,
  type AnyInput,
  type Demand,
  type OperationRules,
  type Place,
  type ServiceRules,
} from '../demand.ts';

const bus = (given: string | undefined, place: Place): string => {
  const { bus: name, ...at } = busPlace({ account: place.account, region: place.region }, given);
  return busArn(at, name);
};
const rule = (given: string | undefined, name: string | undefined, place: Place): string => {
  const { bus: onBus, ...at } = busPlace({ account: place.account, region: place.region }, given);
  return ruleArn(at, onBus, name ?? '');
};
const onTargets =
  (action: string) =>
  (input: { EventBusName?: string | undefined; Rule?: string | undefined }, place: Place): Demand => ({
    action: `events:${action}`,
    resource: rule(input.EventBusName, input.Rule, place),
  });
const eventsArn = (place: Place, rest: string): string => `arn:aws:events:${place.region}:${place.account}:${rest}`;

/** Connections and API destinations; their ARNs end with letters of chance. */
const connections = Object.fromEntries(
  (['Connection', 'ApiDestination'] as const).flatMap((noun) =>
    ['Create', 'Update', 'Delete', 'Describe', 'Deauthorize'].map((verb) => [
      `${verb}${noun}`,
      ({ Name }: { Name?: string | undefined }, place: Place): Demand => ({
        action: `events:${verb}${noun}`,
        resource: eventsArn(place, `${noun === 'Connection' ? 'connection' : 'api-destination'}/${Name}`),
      }),
    ]),
  ),
);

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon EventBridge", read 2026-11 */
const events: OperationRules<EventBridgeOperations> = {
  PutEvents: (input, place) =>
    (input.Entries ?? []).map(({ EventBusName, Source, DetailType }) => ({
      action: 'events:PutEvents',
      resource: bus(EventBusName, place),
      context: { 'events:source': Source, 'events:detail-type': DetailType },
    })),
  PutRule: (input, place) => [
    {
      action: 'events:PutRule',
      resource: rule(input.EventBusName, input.Name, place),
      context: requestTags(input.Tags),
    },
    ...passRole(input.RoleArn, 'events.amazonaws.com'),
  ],
  PutTargets: (input, place) => [
    {
      action: 'events:PutTargets',
      resource: rule(input.EventBusName, input.Rule, place),
      context: { 'events:TargetArn': (input.Targets ?? []).flatMap(({ Arn }) => Arn ?? []) },
    },
    ...(input.Targets ?? []).flatMap(({ RoleArn }) => passRole(RoleArn, 'events.amazonaws.com')),
  ],
  RemoveTargets: onTargets('RemoveTargets'),
  ListTargetsByRule: onTargets('ListTargetsByRule'),
  ListRules: (input, place) => ({ action: 'events:ListRules', resource: rule(input.EventBusName, '*', place) }),
  ListRuleNamesByTarget: (input, place) => ({
    action: 'events:ListRuleNamesByTarget',
    resource: rule(input.EventBusName, '*', place),
  }),
  CreateEventBus: (input, place) => ({
    action: 'events:CreateEventBus',
    resource: bus(input.Name, place),
    context: requestTags(input.Tags),
  }),
  DeleteEventBus: (input, place) => ({ action: 'events:DeleteEventBus', resource: bus(input.Name, place) }),
  DescribeEventBus: (input, place) => ({ action: 'events:DescribeEventBus', resource: bus(input.Name, place) }),
  UpdateEventBus: (input, place) => ({ action: 'events:UpdateEventBus', resource: bus(input.Name, place) }),
  PutPermission: (input, place) => ({ action: 'events:PutPermission', resource: bus(input.EventBusName, place) }),
  RemovePermission: (input, place) => ({ action: 'events:RemovePermission', resource: bus(input.EventBusName, place) }),
  ...connections,
  // Tags are looked for in the caller's own place, whatever the ARN says.
  TagResource: (input, place) => ({
    action: 'events:TagResource',
    resource: own(input.ResourceARN, place),
    context: requestTags(input.Tags),
  }),
  UntagResource: (input, place) => ({
    action: 'events:UntagResource',
    resource: own(input.ResourceARN, place),
    context: { 'aws:TagKeys': input.TagKeys ?? [] },
  }),
  ListTagsForResource: (input, place) => ({ action: 'events:ListTagsForResource', resource: own(input.ResourceARN, place) }),
};
const own = (arn: string | undefined, place: Place): string => eventsArn(place, (arn ?? '').split(':').slice(5).join(':'));

export const eventsRules: ServiceRules = {
  prefix: 'events',
  operations: events,
  resource(input: AnyInput, place: Place) {
    const [archive, replay] = [text(input['ArchiveName']), text(input['ReplayName'])];
    if (archive !== undefined) return eventsArn(place, `archive/${archive}`);
    if (replay !== undefined) return eventsArn(place, `replay/${replay}`);
    const name = text(input['Name']);
    return name === undefined ? undefined : rule(text(input['EventBusName']), name, place);
  },
};
