import { withoutTags, withTags, type Account, type Directory } from './directory.ts';
import { conflict, noSuch, tooMany, type IamHandlers } from './faults.ts';
import { pageIn, tagList } from './pages.ts';
import type { ProfileRecord } from './records.ts';
import { describe as describeRole } from './roles.ts';

/** Instance profiles: nothing here runs on instances, but templates make them and read them. */
export function profileHandlers(directory: Directory) {
  const { records } = directory;
  const get = ({ account }: Account, name: string | undefined): ProfileRecord => {
    const profile = records.get('profile', account, name ?? '');
    if (profile === undefined) throw notFound(name);
    return profile;
  };
  const edit = async (
    { account }: Account,
    name: string | undefined,
    change: (profile: ProfileRecord) => ProfileRecord,
  ): Promise<void> => {
    await records.change((draft) => {
      const profile = draft.get('profile', account, name ?? '');
      if (profile === undefined) throw notFound(name);
      draft.put('profile', account, profile.name, change(profile));
    });
  };
  const describe = (at: Account, profile: ProfileRecord) => ({
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: profile.arn,
    CreateDate: new Date(profile.createdAt),
    Roles: profile.roles.flatMap((name) => {
      const role = records.get('role', at.account, name);
      return role === undefined ? [] : [describeRole(role)];
    }),
    ...(Object.keys(profile.tags).length === 0 ? {} : { Tags: tagList(profile.tags) }),
  });

  return {
    async CreateInstanceProfile(input, call) {
      const profile: ProfileRecord = {
        ...directory.identity('profile', call, input.InstanceProfileName, input.Path),
        tags: withTags({}, input.Tags),
        roles: [],
      };
      await directory.create('profile', call, profile, `Instance Profile ${profile.name} already exists.`);
      return { InstanceProfile: describe(call, profile) };
    },
    GetInstanceProfile: async (input, call) => ({ InstanceProfile: describe(call, get(call, input.InstanceProfileName)) }),
    ListInstanceProfiles: async (input, call) => {
      const page = pageIn(directory.list('profile', call, input.PathPrefix), input, ({ name }) => name);
      return { InstanceProfiles: page.items.map((profile) => describe(call, profile)), ...page.more };
    },
    ListInstanceProfilesForRole: async (input, call) => {
      const role = directory.get('role', call, input.RoleName);
      const page = pageIn(
        directory.list('profile', call, undefined).filter(({ roles }) => roles.includes(role.name)),
        input,
        ({ name }) => name,
      );
      return { InstanceProfiles: page.items.map((profile) => describe(call, profile)), ...page.more };
    },
    async AddRoleToInstanceProfile(input, call) {
      const role = directory.get('role', call, input.RoleName);
      await edit(call, input.InstanceProfileName, (profile) => {
        if (profile.roles.length > 0) throw tooMany('Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1');
        return { ...profile, roles: [role.name] };
      });
      return {};
    },
    async RemoveRoleFromInstanceProfile(input, call) {
      await edit(call, input.InstanceProfileName, (profile) => {
        if (!profile.roles.includes(input.RoleName ?? '')) throw noSuch(`The role with name ${input.RoleName} cannot be found.`);
        return { ...profile, roles: [] };
      });
      return {};
    },
    async DeleteInstanceProfile(input, call) {
      await records.change((draft) => {
        const profile = draft.get('profile', call.account, input.InstanceProfileName ?? '');
        if (profile === undefined) throw notFound(input.InstanceProfileName);
        if (profile.roles.length > 0) throw conflict('Cannot delete entity, must remove roles from instance profile first.');
        draft.delete('profile', call.account, profile.name);
      });
      return {};
    },
    TagInstanceProfile: async (input, call) => {
      await edit(call, input.InstanceProfileName, (profile) => ({ ...profile, tags: withTags(profile.tags, input.Tags) }));
      return {};
    },
    UntagInstanceProfile: async (input, call) => {
      await edit(call, input.InstanceProfileName, (profile) => ({ ...profile, tags: withoutTags(profile.tags, input.TagKeys) }));
      return {};
    },
    ListInstanceProfileTags: async (input, call) => directory.listTags(get(call, input.InstanceProfileName).tags, input),
  } satisfies IamHandlers;
}

const notFound = (name: string | undefined) => noSuch(`Instance Profile ${name} cannot be found.`);
