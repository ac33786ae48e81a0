import type { Keys } from '../keys/index.ts';
import { bounds } from './bounds.ts';
import { missing, withTags, type Directory } from './directory.ts';
import { conflict, exists, noSuch, tooMany, type IamHandlers } from './faults.ts';
import { pageIn } from './pages.ts';
import { checkNoLogin } from './passwords.ts';
import type { IamRecords, UserRecord } from './records.ts';
import { extras } from './roles.ts';

export function userHandlers(directory: Directory, keys: Keys) {
  const nameOf = directory.userNameOf;
  const ownKey = (account: string, userName: string | undefined, id: string | undefined): void => {
    const of = userName === undefined ? null : userName;
    if (!keys.list(account, of).some(({ accessKeyId }) => accessKeyId === id))
      throw noSuch(`The Access Key with id ${id} cannot be found.`);
  };

  return {
    async CreateUser(input, call) {
      const user: UserRecord = {
        ...directory.identity('user', call, input.UserName, input.Path),
        tags: withTags({}, input.Tags),
        inline: {},
        attached: [],
        groups: [],
      };
      await directory.create('user', call, user, `User with name ${user.name} already exists.`);
      if (input.PermissionsBoundary !== undefined)
        await directory.setBoundary('user', call, user.name, input.PermissionsBoundary);
      const made = directory.get('user', call, user.name);
      return { User: { ...describe(made), ...extras(made) } };
    },

    async GetUser(input, call) {
      const name = nameOf(input.UserName, call);
      if (name === undefined) {
        return {
          User: {
            Path: '/',
            UserName: 'root',
            UserId: call.account,
            Arn: `arn:aws:iam::${call.account}:root`,
            CreateDate: new Date(0),
          },
        };
      }
      const user = directory.get('user', call, name);
      return { User: { ...describe(user), ...extras(user) } };
    },

    ListUsers: async (input, call) => {
      const page = pageIn(directory.list('user', call, input.PathPrefix), input, ({ name }) => name);
      return { Users: page.items.map(describe), ...page.more };
    },

    async UpdateUser(input, call) {
      if (
        input.NewUserName !== undefined &&
        input.NewUserName !== input.UserName &&
        keys.list(call.account, input.UserName).length > 0
      ) {
        throw conflict('Cannot rename entity, must delete access keys first.');
      }
      await directory.records.change((draft) => {
        const user = draft.get('user', call.account, input.UserName ?? '');
        if (user === undefined) throw missing('user', input.UserName);
        const name = input.NewUserName ?? user.name;
        const path = input.NewPath ?? user.path;
        if (name !== user.name && draft.get('user', call.account, name) !== undefined)
          throw exists(`User with name ${name} already exists.`);
        draft.delete('user', call.account, user.name);
        renameHeld(draft, call.account, user.name, name);
        draft.put('user', call.account, name, { ...user, name, path, arn: `arn:aws:iam::${call.account}:user${path}${name}` });
      });
      return {};
    },

    async DeleteUser(input, call) {
      if (keys.list(call.account, input.UserName ?? '').length > 0)
        throw conflict('Cannot delete entity, must delete access keys first.');
      await directory.records.change((draft) => {
        const user = draft.get('user', call.account, input.UserName ?? '');
        if (user === undefined) throw missing('user', input.UserName);
        if (user.groups.length > 0) throw conflict('Cannot delete entity, must remove users from group first.');
        if (user.attached.length > 0) throw conflict('Cannot delete entity, must detach all policies first.');
        if (Object.keys(user.inline).length > 0) throw conflict('Cannot delete entity, must delete policies first.');
        checkNoLogin(draft.get('login', call.account, user.name));
        const isHeld = (each: { readonly userName: string }): boolean => each.userName === user.name;
        if (draft.list('sshKey', call.account).some(isHeld))
          throw conflict('Cannot delete entity, must delete public keys first.');
        if (draft.list('credential', call.account).some(isHeld))
          throw conflict('Cannot delete entity, must delete service specific credentials first.');
        draft.delete('user', call.account, user.name);
      });
      return {};
    },

    async CreateAccessKey(input, call) {
      const name = nameOf(input.UserName, call);
      const user = name === undefined ? undefined : directory.get('user', call, name);
      if (keys.list(call.account, name ?? null).length >= bounds.keysPerUser)
        throw tooMany(`Cannot exceed quota for AccessKeysPerUser: ${bounds.keysPerUser}`);
      const key = await keys.create({
        account: call.account,
        ...(user === undefined ? {} : { user: { name: user.name, arn: user.arn, id: user.id } }),
      });
      return {
        AccessKey: {
          UserName: user?.name ?? 'root',
          AccessKeyId: key.accessKeyId,
          Status: 'Active',
          SecretAccessKey: key.secretAccessKey,
          CreateDate: new Date(key.createdAt),
        },
      };
    },
    async ListAccessKeys(input, call) {
      const name = nameOf(input.UserName, call);
      if (name !== undefined) directory.get('user', call, name);
      const page = pageIn(
        keys.list(call.account, name ?? null).toSorted((a, b) => (a.accessKeyId < b.accessKeyId ? -1 : 1)),
        input,
        ({ accessKeyId }) => accessKeyId,
      );
      return {
        AccessKeyMetadata: page.items.map((key) => ({
          UserName: key.userName ?? 'root',
          AccessKeyId: key.accessKeyId,
          Status: key.active ? ('Active' as const) : ('Inactive' as const),
          CreateDate: new Date(key.createdAt),
        })),
        ...page.more,
      };
    },
    async UpdateAccessKey(input, call) {
      const name = nameOf(input.UserName, call);
      if (name !== undefined) directory.get('user', call, name);
      ownKey(call.account, name, input.AccessKeyId);
      await keys.setActive(call.account, input.AccessKeyId ?? '', input.Status === 'Active');
      return {};
    },
    async DeleteAccessKey(input, call) {
      const name = nameOf(input.UserName, call);
      if (name !== undefined) directory.get('user', call, name);
      ownKey(call.account, name, input.AccessKeyId);
      await keys.delete(call.account, input.AccessKeyId ?? '');
      return {};
    },
    async GetAccessKeyLastUsed(input, call) {
      const key = keys.list(call.account).find(({ accessKeyId }) => accessKeyId === input.AccessKeyId);
      if (key === undefined) throw noSuch(`The Access Key with id ${input.AccessKeyId} cannot be found.`);
      const used = keys.lastUsed(key.accessKeyId);
      return {
        UserName: key.userName ?? 'root',
        AccessKeyLastUsed:
          used === undefined
            ? { LastUsedDate: undefined, ServiceName: 'N/A', Region: 'N/A' }
            : { LastUsedDate: new Date(used.atMs), ServiceName: used.service, Region: used.region },
      };
    },
    ListMFADevices: async () => ({ MFADevices: [], IsTruncated: false }),
    ListSigningCertificates: async () => ({ Certificates: [], IsTruncated: false }),

    PutUserPolicy: async (input, call) => {
      await directory.putInline('user', call, input.UserName, input.PolicyName, input.PolicyDocument);
      return {};
    },
    GetUserPolicy: async (input, call) => ({
      UserName: input.UserName,
      PolicyName: input.PolicyName,
      PolicyDocument: directory.getInline('user', call, input.UserName, input.PolicyName),
    }),
    DeleteUserPolicy: async (input, call) => {
      await directory.deleteInline('user', call, input.UserName, input.PolicyName);
      return {};
    },
    ListUserPolicies: async (input, call) => directory.listInline('user', call, input.UserName, input),
    AttachUserPolicy: async (input, call) => {
      await directory.attach('user', call, input.UserName, input.PolicyArn);
      return {};
    },
    DetachUserPolicy: async (input, call) => {
      await directory.detach('user', call, input.UserName, input.PolicyArn);
      return {};
    },
    ListAttachedUserPolicies: async (input, call) => directory.listAttached('user', call, input.UserName, input),
    PutUserPermissionsBoundary: async (input, call) => {
      await directory.setBoundary('user', call, input.UserName, input.PermissionsBoundary);
      return {};
    },
    DeleteUserPermissionsBoundary: async (input, call) => {
      await directory.setBoundary('user', call, input.UserName, undefined);
      return {};
    },
    TagUser: async (input, call) => {
      await directory.tag('user', call, input.UserName, input.Tags);
      return {};
    },
    UntagUser: async (input, call) => {
      await directory.untag('user', call, input.UserName, input.TagKeys);
      return {};
    },
    ListUserTags: async (input, call) => directory.listTags(directory.get('user', call, input.UserName).tags, input),
  } satisfies IamHandlers;
}

/** What a user holds follows the user's name. */
function renameHeld(draft: Parameters<Parameters<IamRecords['change']>[0]>[0], account: string, from: string, to: string): void {
  if (from === to) return;
  for (const each of draft.list('credential', account))
    if (each.userName === from) draft.put('credential', account, each.id, { ...each, userName: to });
  for (const each of draft.list('sshKey', account))
    if (each.userName === from) draft.put('sshKey', account, each.id, { ...each, userName: to });
  const login = draft.get('login', account, from);
  if (login === undefined) return;
  draft.delete('login', account, from);
  draft.put('login', account, to, { ...login, userName: to });
}

export const describe = (user: UserRecord) => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: user.arn,
  CreateDate: new Date(user.createdAt),
});
