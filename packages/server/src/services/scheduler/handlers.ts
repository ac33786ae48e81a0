import type { Call, Handlers, SchedulerOperations } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { pageOf, scopeOf, type Records } from '../kit/index.ts';
import type { SchedulerPorts } from './delivery.ts';
import { conflict, invalid, notFound, quota } from './faults.ts';
import { readSchedule } from './read-schedule.ts';
import type { Runs } from './runs.ts';
import type { Group, Schedule, SchedulerKinds } from './schedule.ts';

export interface SchedulerDesk {
  readonly records: Records<SchedulerKinds>;
  readonly runs: Runs;
  readonly ports: SchedulerPorts;
  readonly clock: Clock;
  readonly openedAtMs: number;
}

/** @source EventBridge Scheduler User Guide, "Quotas": a million schedules, 500 groups */
const mostSchedules = 1_000_000;
const mostGroups = 500;

export function schedulerHandlers(desk: SchedulerDesk): Handlers<SchedulerOperations> {
  const { records, runs, ports, clock } = desk;
  const nameOf = (input: { readonly Name: string | undefined; readonly GroupName?: string | undefined }): string =>
    `${input.GroupName ?? 'default'}/${input.Name}`;
  const find = (call: Call, input: { readonly Name: string | undefined; readonly GroupName?: string | undefined }): Schedule => {
    const schedule = records.get('schedule', scopeOf(call), nameOf(input));
    if (schedule === undefined) throw notFound(`Schedule ${input.Name} does not exist.`);
    return schedule;
  };
  const group = (call: Call, name: string): Group => {
    const found = records.get('group', scopeOf(call), name) ?? (name === 'default' ? defaultGroup(desk, call) : undefined);
    if (found === undefined) throw notFound(`Schedule group ${name} does not exist.`);
    return found;
  };
  const paged = <Item>(
    items: readonly Item[],
    input: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
    nameIn: (item: Item) => string,
  ) =>
    pageOf(items, {
      limit: input.MaxResults ?? 100,
      token: input.NextToken,
      nameOf: nameIn,
      invalid: () => invalid('Invalid NextToken.'),
    });
  return {
    async CreateSchedule(input, call) {
      group(call, input.GroupName ?? 'default');
      const schedule = readSchedule(input, call, ports, { nowMs: clock.now() });
      const made = await records.change((draft) => {
        const known = draft.get('schedule', scopeOf(call), nameOf(input));
        if (known !== undefined) {
          // The same request again: its answer got lost.
          if (input.ClientToken !== undefined && known.clientToken === input.ClientToken) return false;
          throw conflict(`Schedule ${input.Name} already exists.`);
        }
        if (draft.count('schedule', scopeOf(call)) >= mostSchedules) throw quota('The number of schedules exceeds the limit.');
        draft.put('schedule', scopeOf(call), nameOf(input), schedule);
        return true;
      });
      if (made) await runs.changed(scopeOf(call), nameOf(input));
      return { ScheduleArn: schedule.arn };
    },

    GetSchedule: (input, call) => Promise.resolve(described(find(call, input))),

    async UpdateSchedule(input, call) {
      const before = find(call, input);
      const next = readSchedule(input, call, ports, { nowMs: clock.now(), before });
      await records.change((draft) => draft.put('schedule', scopeOf(call), nameOf(input), next));
      await runs.changed(scopeOf(call), nameOf(input));
      return { ScheduleArn: next.arn };
    },

    async DeleteSchedule(input, call) {
      find(call, input);
      await records.change((draft) => draft.delete('schedule', scopeOf(call), nameOf(input)));
      await runs.changed(scopeOf(call), nameOf(input));
      return {};
    },

    ListSchedules(input, call) {
      const all = records
        .list('schedule', scopeOf(call))
        .filter((each) => input.GroupName === undefined || each.group === input.GroupName)
        .filter((each) => input.State === undefined || each.state === input.State)
        .filter((each) => input.NamePrefix === undefined || each.name.startsWith(input.NamePrefix));
      const page = paged(all, input, (each) => `${each.group}/${each.name}`);
      return Promise.resolve({
        Schedules: page.items.map((each) => ({
          Arn: each.arn,
          Name: each.name,
          GroupName: each.group,
          State: each.state,
          CreationDate: new Date(each.createdAtMs),
          LastModificationDate: new Date(each.changedAtMs),
          Target: { Arn: each.target.Arn },
        })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      });
    },

    async CreateScheduleGroup(input, call) {
      const name = input.Name ?? '';
      const made: Group = {
        name,
        arn: `arn:aws:scheduler:${call.region}:${call.account}:schedule-group/${name}`,
        ...(input.ClientToken === undefined ? {} : { clientToken: input.ClientToken }),
        createdAtMs: clock.now(),
        tags: Object.fromEntries((input.Tags ?? []).map(({ Key: key = '', Value: value = '' }) => [key, value])),
      };
      await records.change((draft) => {
        const known = draft.get('group', scopeOf(call), name);
        if (known !== undefined && input.ClientToken !== undefined && known.clientToken === input.ClientToken) return;
        if (name === 'default' || known !== undefined) throw conflict(`Schedule group ${name} already exists.`);
        if (draft.count('group', scopeOf(call)) >= mostGroups) throw quota('The number of schedule groups exceeds the limit.');
        draft.put('group', scopeOf(call), name, made);
      });
      return { ScheduleGroupArn: made.arn };
    },

    GetScheduleGroup: (input, call) => Promise.resolve(describedGroup(group(call, input.Name ?? ''))),

    /** Its schedules go with it. */
    async DeleteScheduleGroup(input, call) {
      const name = input.Name ?? '';
      if (name === 'default') throw invalid('Cannot delete the default schedule group.');
      group(call, name);
      const gone = await records.change((draft) => {
        const members = draft.list('schedule', scopeOf(call)).filter((each) => each.group === name);
        for (const each of members) draft.delete('schedule', scopeOf(call), `${name}/${each.name}`);
        draft.delete('group', scopeOf(call), name);
        return members;
      });
      await Promise.all(gone.map((each) => runs.changed(scopeOf(call), `${name}/${each.name}`)));
      return {};
    },

    ListScheduleGroups(input, call) {
      const all = [defaultGroup(desk, call), ...records.list('group', scopeOf(call)).filter(({ name }) => name !== 'default')]
        .map(({ name }) => group(call, name))
        .filter(({ name }) => input.NamePrefix === undefined || name.startsWith(input.NamePrefix))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = paged(all, input, ({ name }) => name);
      return Promise.resolve({
        ScheduleGroups: page.items.map(describedGroup),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      });
    },

    async TagResource(input, call) {
      await changeTags(desk, call, group(call, groupName(input.ResourceArn)), (tags) => ({
        ...tags,
        ...Object.fromEntries((input.Tags ?? []).map(({ Key: key = '', Value: value = '' }) => [key, value])),
      }));
      return {};
    },
    async UntagResource(input, call) {
      await changeTags(desk, call, group(call, groupName(input.ResourceArn)), (tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => input.TagKeys?.includes(key) !== true)),
      );
      return {};
    },
    ListTagsForResource: (input, call) =>
      Promise.resolve({
        Tags: Object.entries(group(call, groupName(input.ResourceArn)).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
  };
}

const groupName = (arn: string | undefined): string => arn?.split('/')[1] ?? '';

const defaultGroup = (desk: SchedulerDesk, { account, region }: Call): Group => ({
  name: 'default',
  arn: `arn:aws:scheduler:${region}:${account}:schedule-group/default`,
  createdAtMs: desk.openedAtMs,
  tags: {},
});

async function changeTags(
  { records }: SchedulerDesk,
  call: Call,
  group: Group,
  edit: (tags: Group['tags']) => Group['tags'],
): Promise<void> {
  await records.change((draft) => {
    const now = draft.get('group', scopeOf(call), group.name) ?? group;
    const tags = edit(now.tags);
    if (Object.keys(tags).length > 50) throw quota('The number of tags exceeds the limit of 50.');
    draft.put('group', scopeOf(call), group.name, { ...now, tags });
  });
}

const describedGroup = (group: Group) => ({
  Arn: group.arn,
  Name: group.name,
  State: 'ACTIVE' as const,
  CreationDate: new Date(group.createdAtMs),
  LastModificationDate: new Date(group.createdAtMs),
});

const described = (schedule: Schedule) => ({
  Arn: schedule.arn,
  GroupName: schedule.group,
  Name: schedule.name,
  ScheduleExpression: schedule.expression,
  ScheduleExpressionTimezone: schedule.zone,
  ...(schedule.description === undefined ? {} : { Description: schedule.description }),
  ...(schedule.startMs === undefined ? {} : { StartDate: new Date(schedule.startMs) }),
  ...(schedule.endMs === undefined ? {} : { EndDate: new Date(schedule.endMs) }),
  ...(schedule.kmsKeyArn === undefined ? {} : { KmsKeyArn: schedule.kmsKeyArn }),
  State: schedule.state,
  // What a schedule does not say of its retries is said for it.
  Target: {
    ...schedule.target,
    RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185, ...schedule.target.RetryPolicy },
  },
  FlexibleTimeWindow:
    schedule.windowMs === 0
      ? { Mode: 'OFF' as const }
      : { Mode: 'FLEXIBLE' as const, MaximumWindowInMinutes: schedule.windowMs / 60_000 },
  ActionAfterCompletion: schedule.afterCompletion,
  CreationDate: new Date(schedule.createdAtMs),
  LastModificationDate: new Date(schedule.changedAtMs),
});
