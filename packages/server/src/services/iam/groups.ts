import { bounds } from './bounds.ts';
import { missing, type Directory } from './directory.ts';
import { conflict, exists, tooMany, type IamHandlers } from './faults.ts';
import { pageIn } from './pages.ts';
import type { GroupRecord } from './records.ts';
import { describe as describeUser } from './users.ts';

export function groupHandlers(directory: Directory) {
  return {
    async CreateGroup(input, call) {
      const group: GroupRecord = {
        ...directory.identity('group', call, input.GroupName, input.Path),
        tags: {},
        inline: {},
        attached: [],
      };
      await directory.create('group', call, group, `Group with name ${group.name} already exists.`);
      return { Group: describe(group) };
    },
    GetGroup: async (input, call) => {
      const group = directory.get('group', call, input.GroupName);
      const members = directory.list('user', call, undefined).filter(({ groups }) => groups.includes(group.name));
      const page = pageIn(members, input, ({ name }) => name);
      return { Group: describe(group), Users: page.items.map(describeUser), ...page.more };
    },
    ListGroups: async (input, call) => {
      const page = pageIn(directory.list('group', call, input.PathPrefix), input, ({ name }) => name);
      return { Groups: page.items.map(describe), ...page.more };
    },
    ListGroupsForUser: async (input, call) => {
      const { groups } = directory.get('user', call, input.UserName);
      const page = pageIn(groups.toSorted(), input, (name) => name);
      return { Groups: page.items.map((name) => describe(directory.get('group', call, name))), ...page.more };
    },
    async AddUserToGroup(input, call) {
      directory.get('group', call, input.GroupName);
      await directory.edit('user', call, input.UserName, (user, draft) => {
        if (draft.get('group', call.account, input.GroupName ?? '') === undefined) throw missing('group', input.GroupName);
        if (user.groups.includes(input.GroupName ?? '')) return user;
        if (user.groups.length >= bounds.groupsPerUser)
          throw tooMany(`Cannot exceed quota for GroupsPerUser: ${bounds.groupsPerUser}`);
        return { ...user, groups: [...user.groups, input.GroupName ?? ''] };
      });
      return {};
    },
    async RemoveUserFromGroup(input, call) {
      directory.get('group', call, input.GroupName);
      await directory.edit('user', call, input.UserName, (user) => ({
        ...user,
        groups: user.groups.filter((name) => name !== input.GroupName),
      }));
      return {};
    },
    async UpdateGroup(input, call) {
      await directory.records.change((draft) => {
        const group = draft.get('group', call.account, input.GroupName ?? '');
        if (group === undefined) throw missing('group', input.GroupName);
        const name = input.NewGroupName ?? group.name;
        const path = input.NewPath ?? group.path;
        if (name !== group.name && draft.get('group', call.account, name) !== undefined)
          throw exists(`Group with name ${name} already exists.`);
        draft.delete('group', call.account, group.name);
        draft.put('group', call.account, name, { ...group, name, path, arn: `arn:aws:iam::${call.account}:group${path}${name}` });
        for (const user of draft.list('user', call.account)) {
          if (!user.groups.includes(group.name)) continue;
          const groups = user.groups.map((each) => (each === group.name ? name : each));
          draft.put('user', call.account, user.name, { ...user, groups });
        }
      });
      return {};
    },
    async DeleteGroup(input, call) {
      await directory.records.change((draft) => {
        const group = draft.get('group', call.account, input.GroupName ?? '');
        if (group === undefined) throw missing('group', input.GroupName);
        if (draft.list('user', call.account).some(({ groups }) => groups.includes(group.name)))
          throw conflict('Cannot delete entity, must remove users from group first.');
        if (group.attached.length > 0) throw conflict('Cannot delete entity, must detach all policies first.');
        if (Object.keys(group.inline).length > 0) throw conflict('Cannot delete entity, must delete policies first.');
        draft.delete('group', call.account, group.name);
      });
      return {};
    },

    PutGroupPolicy: async (input, call) => {
      await directory.putInline('group', call, input.GroupName, input.PolicyName, input.PolicyDocument);
      return {};
    },
    GetGroupPolicy: async (input, call) => ({
      GroupName: input.GroupName,
      PolicyName: input.PolicyName,
      PolicyDocument: directory.getInline('group', call, input.GroupName, input.PolicyName),
    }),
    DeleteGroupPolicy: async (input, call) => {
      await directory.deleteInline('group', call, input.GroupName, input.PolicyName);
      return {};
    },
    ListGroupPolicies: async (input, call) => directory.listInline('group', call, input.GroupName, input),
    AttachGroupPolicy: async (input, call) => {
      await directory.attach('group', call, input.GroupName, input.PolicyArn);
      return {};
    },
    DetachGroupPolicy: async (input, call) => {
      await directory.detach('group', call, input.GroupName, input.PolicyArn);
      return {};
    },
    ListAttachedGroupPolicies: async (input, call) => directory.listAttached('group', call, input.GroupName, input),
  } satisfies IamHandlers;
}

const describe = (group: GroupRecord) => ({
  Path: group.path,
  GroupName: group.name,
  GroupId: group.id,
  Arn: group.arn,
  CreateDate: new Date(group.createdAt),
});
