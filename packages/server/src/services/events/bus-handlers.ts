import type { Call, EventBridgeOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { busArn, busPlace } from './bus.ts';
import { given, paged, tokenOf, type Desk } from './desk.ts';
import { exists, invalid, notFound, tooMany } from './faults.ts';
import type { Bus, Tags } from './kinds.ts';

type BusHandlers = Pick<
  Handlers<EventBridgeOperations>,
  | 'CreateEventBus'
  | 'DescribeEventBus'
  | 'UpdateEventBus'
  | 'DeleteEventBus'
  | 'ListEventBuses'
  | 'PutPermission'
  | 'RemovePermission'
>;

/** @source EventBridge User Guide, "Quotas" */
const mostBuses = 100;

type Statement = { readonly Sid?: string };

export const tagsOf = (
  tags: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[] | undefined,
): Tags => Object.fromEntries((tags ?? []).map(({ Key: key = '', Value: value = '' }) => [key, value]));

export function busHandlers({ records, buses, clock }: Desk): BusHandlers {
  const change = async (call: Call, nameOrArn: string | undefined, edit: (bus: Bus) => Bus): Promise<Bus> => {
    const { bus: name } = busPlace(call, nameOrArn);
    const before = buses.get(call, name);
    return records.change((draft) => {
      const next = { ...edit(draft.get('bus', scopeOf(call), name) ?? before), changedAtMs: clock.now() };
      draft.put('bus', scopeOf(call), name, next);
      return next;
    });
  };
  return {
    async CreateEventBus(input, call) {
      const name = input.Name ?? '';
      if (name.includes('/')) throw invalid(`Event source ${name} does not exist.`);
      const bus: Bus = {
        name,
        arn: busArn(call, name),
        createdAtMs: clock.now(),
        changedAtMs: clock.now(),
        ...given('description', input.Description),
        ...given('deadLetterArn', input.DeadLetterConfig?.Arn),
        ...given('kmsKey', input.KmsKeyIdentifier),
        tags: tagsOf(input.Tags),
      };
      await records.change((draft) => {
        if (name === 'default' || draft.get('bus', scopeOf(call), name) !== undefined)
          throw exists(`Event bus ${name} already exists.`);
        if (draft.count('bus', scopeOf(call)) >= mostBuses) throw tooMany();
        draft.put('bus', scopeOf(call), name, bus);
      });
      return { EventBusArn: bus.arn, ...given('Description', bus.description), ...given('KmsKeyIdentifier', bus.kmsKey) };
    },

    DescribeEventBus(input, call) {
      const bus = buses.get(call, busPlace(call, input.Name).bus);
      return Promise.resolve({
        ...described(bus),
        ...given('KmsKeyIdentifier', bus.kmsKey),
        ...(bus.deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: bus.deadLetterArn } }),
      });
    },

    async UpdateEventBus(input, call) {
      const bus = await change(call, input.Name, (before) => ({
        ...before,
        ...given('description', input.Description),
        ...given('deadLetterArn', input.DeadLetterConfig?.Arn),
        ...given('kmsKey', input.KmsKeyIdentifier),
      }));
      return { Arn: bus.arn, Name: bus.name, ...given('Description', bus.description) };
    },

    async DeleteEventBus(input, call) {
      const { bus: name } = busPlace(call, input.Name);
      if (name === 'default') throw invalid('Cannot delete event bus default.');
      buses.get(call, name);
      await records.change((draft) => {
        if (draft.list('rule', scopeOf(call)).some(({ bus }) => bus === name))
          throw invalid(`Cannot delete event bus ${name} since it has rules.`);
        draft.delete('bus', scopeOf(call), name);
      });
      return {};
    },

    ListEventBuses(input, call) {
      const page = paged(buses.list(call), input, input.NamePrefix);
      return Promise.resolve({ EventBuses: page.items.map(described), ...tokenOf(page) });
    },

    async PutPermission(input, call) {
      await change(call, input.EventBusName, (bus) => {
        if (input.Policy !== undefined) return { ...bus, policy: readPolicy(input.Policy) };
        const { StatementId: sid, Principal: principal, Action: action = 'events:PutEvents', Condition: condition } = input;
        if (sid === undefined || principal === undefined) throw invalid('Parameter StatementId and Principal must be specified.');
        const statement = {
          Sid: sid,
          Effect: 'Allow',
          Principal: principal === '*' ? '*' : { AWS: `arn:aws:iam::${principal}:root` },
          Action: action,
          Resource: bus.arn,
          ...(condition === undefined
            ? {}
            : { Condition: { [condition.Type ?? '']: { [condition.Key ?? '']: condition.Value } } }),
        };
        const others = (bus.policy?.Statement ?? []).filter((each) => (each as Statement).Sid !== sid);
        return { ...bus, policy: { Version: '2012-10-17', Statement: [...others, statement] } };
      });
      return {};
    },

    async RemovePermission(input, call) {
      await change(call, input.EventBusName, (bus) => {
        const { policy, ...rest } = bus;
        if (input.RemoveAllPermissions === true) return rest;
        const left = (policy?.Statement ?? []).filter((each) => (each as Statement).Sid !== input.StatementId);
        if (policy === undefined || left.length === policy.Statement.length)
          throw notFound('Statement with the provided id does not exist.');
        return left.length === 0 ? rest : { ...bus, policy: { ...policy, Statement: left } };
      });
      return {};
    },
  };
}

function readPolicy(text: string): NonNullable<Bus['policy']> {
  try {
    const policy = JSON.parse(text) as { Version?: string; Statement?: object | object[] };
    if (policy.Statement !== undefined) return { Version: policy.Version ?? '2012-10-17', Statement: [policy.Statement].flat() };
  } catch {
    // Falls through: no policy either way.
  }
  throw invalid('Parameter Policy is not valid.');
}

const described = (bus: Bus) => ({
  Name: bus.name,
  Arn: bus.arn,
  ...given('Description', bus.description),
  ...(bus.policy === undefined ? {} : { Policy: JSON.stringify(bus.policy) }),
  CreationTime: new Date(bus.createdAtMs),
  LastModifiedTime: new Date(bus.changedAtMs),
});
