import type { Handlers, LogsOperations } from '@mayfly/wire';
import { without } from '../kit/index.ts';
import { bounds } from './bounds.ts';
import { invalid, limitExceeded, noGroup } from './faults.ts';
import { groupArn, groupNameOf, type GroupRecord, type Groups } from './groups.ts';
import type { LogStore } from './store.ts';

export type LogHandlers = Partial<Handlers<LogsOperations>>;

const pageSize = 50;

/** Retention periods there are, in days. @source CloudWatch Logs API, PutRetentionPolicy */
const periods: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export function groupHandlers(options: { readonly groups: Groups; readonly store: LogStore; discard(group: GroupRecord): void }) {
  const { groups, store } = options;
  return {
    async CreateLogGroup(input, call) {
      if (Object.keys(input.tags ?? {}).length > bounds.tags) throw limitExceeded();
      await groups.create(call, input.logGroupName ?? '', {
        tags: { ...input.tags },
        ...(input.logGroupClass === undefined ? {} : { class: input.logGroupClass }),
        ...(input.kmsKeyId === undefined ? {} : { kmsKeyId: input.kmsKeyId }),
        ...(input.deletionProtectionEnabled === true ? { protected: true } : {}),
      });
      return {};
    },

    async AssociateKmsKey(input, call) {
      await groups.edit(call, groupNameOf(input.logGroupName, input.resourceIdentifier), (group) => ({
        ...group,
        ...(input.kmsKeyId === undefined ? {} : { kmsKeyId: input.kmsKeyId }),
      }));
      return {};
    },
    async DisassociateKmsKey(input, call) {
      await groups.edit(call, groupNameOf(input.logGroupName, input.resourceIdentifier), (group) => without(group, 'kmsKeyId'));
      return {};
    },

    async DeleteLogGroup(input, call) {
      const name = groupNameOf(input.logGroupName);
      const group = await groups.records.change((draft) => {
        const scope = `${call.account}/${call.region}`;
        const found = draft.get('group', scope, name);
        if (found === undefined) throw noGroup();
        if (found.protected === true) throw invalid('Deletion protection is enabled for this log group.');
        draft.delete('group', scope, name);
        return found;
      });
      options.discard(group);
      return {};
    },

    async DescribeLogGroups(input, call) {
      const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern } = input;
      if (prefix !== undefined && pattern !== undefined) {
        throw invalid('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.');
      }
      const named = input.logGroupIdentifiers?.map((each) => groupNameOf(each));
      const page = groups.page(call, {
        limit: input.limit ?? pageSize,
        token: input.nextToken,
        keep: (group) =>
          (prefix === undefined || group.name.startsWith(prefix)) &&
          (pattern === undefined || group.name.includes(pattern)) &&
          (input.logGroupClass === undefined || group.class === input.logGroupClass) &&
          (named === undefined || named.includes(group.name)),
      });
      const logGroups = await Promise.all(
        page.items.map(async (group) => ({
          logGroupName: group.name,
          creationTime: group.createdAt,
          ...(group.retentionDays === undefined ? {} : { retentionInDays: group.retentionDays }),
          metricFilterCount: group.metricFilters.length,
          arn: `${groupArn(call, group.name)}:*`,
          storedBytes: await store.storedBytes(group.id),
          ...(group.kmsKeyId === undefined ? {} : { kmsKeyId: group.kmsKeyId }),
          logGroupClass: group.class as 'STANDARD',
          logGroupArn: groupArn(call, group.name),
          deletionProtectionEnabled: group.protected ?? false,
        })),
      );
      return { logGroups, ...(page.next === undefined ? {} : { nextToken: page.next }) };
    },

    ListLogGroups(input, call) {
      const wanted = input.logGroupNamePattern?.split('|') ?? [''];
      const page = groups.page(call, {
        limit: input.limit ?? pageSize,
        token: input.nextToken,
        keep: (group) =>
          wanted.some((part) => (part.startsWith('^') ? group.name.startsWith(part.slice(1)) : group.name.includes(part))) &&
          (input.logGroupClass === undefined || group.class === input.logGroupClass),
      });
      return Promise.resolve({
        logGroups: page.items.map((group) => ({
          logGroupName: group.name,
          logGroupArn: groupArn(call, group.name),
          logGroupClass: group.class as 'STANDARD',
        })),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      });
    },

    async PutRetentionPolicy(input, call) {
      const days = input.retentionInDays ?? 0;
      if (!periods.includes(days)) {
        throw invalid(
          `1 validation error detected: Value '${days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${periods.join(', ')}]`,
        );
      }
      await groups.edit(call, groupNameOf(input.logGroupName), (group) => ({ ...group, retentionDays: days }));
      return {};
    },
    async DeleteRetentionPolicy(input, call) {
      await groups.edit(call, groupNameOf(input.logGroupName), (group) => without(group, 'retentionDays'));
      return {};
    },
    async PutLogGroupDeletionProtection(input, call) {
      const on = input.deletionProtectionEnabled === true;
      await groups.edit(call, groupNameOf(input.logGroupIdentifier), (group) => ({
        ...without(group, 'protected'),
        ...(on ? { protected: true } : {}),
      }));
      return {};
    },

    async TagResource(input, call) {
      await groups.edit(call, groupNameOf(input.resourceArn), (group) => tagged(group, input.tags));
      return {};
    },
    async UntagResource(input, call) {
      await groups.edit(call, groupNameOf(input.resourceArn), (group) => untagged(group, input.tagKeys));
      return {};
    },
    async ListTagsForResource(input, call) {
      return { tags: { ...groups.get(call, groupNameOf(input.resourceArn)).tags } };
    },
    // The older names of the same.
    async TagLogGroup(input, call) {
      await groups.edit(call, groupNameOf(input.logGroupName), (group) => tagged(group, input.tags));
      return {};
    },
    async UntagLogGroup(input, call) {
      await groups.edit(call, groupNameOf(input.logGroupName), (group) => untagged(group, input.tags));
      return {};
    },
    async ListTagsLogGroup(input, call) {
      return { tags: { ...groups.get(call, groupNameOf(input.logGroupName)).tags } };
    },
  } satisfies LogHandlers;
}

function tagged(group: GroupRecord, tags: Record<string, string> | undefined): GroupRecord {
  const all = { ...group.tags, ...tags };
  if (Object.keys(all).length > bounds.tags) throw limitExceeded();
  return { ...group, tags: all };
}

const untagged = (group: GroupRecord, keys: readonly string[] | undefined): GroupRecord => ({
  ...group,
  tags: Object.fromEntries(Object.entries(group.tags).filter(([key]) => keys?.includes(key) !== true)),
});
