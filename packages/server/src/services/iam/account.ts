import { bounds } from './bounds.ts';
import { withoutTags, withTags, type Directory } from './directory.ts';
import { exists, invalid, noSuch, type IamHandlers } from './faults.ts';
import { tagList } from './pages.ts';
import type { ProviderRecord } from './records.ts';

/** What concerns the account as a whole, and those it trusts. */
export function accountHandlers(directory: Directory) {
  const { records } = directory;
  const provider = (account: string, arn: string | undefined): ProviderRecord => {
    const found = records.get('provider', account, arn ?? '');
    if (found === undefined) throw noSuch(`OpenIDConnect Provider not found for arn ${arn}`);
    return found;
  };
  const edit = async (
    account: string,
    arn: string | undefined,
    change: (found: ProviderRecord) => ProviderRecord,
  ): Promise<void> => {
    await records.change((draft) =>
      draft.put('provider', account, arn ?? '', change(draft.get('provider', account, arn ?? '') ?? provider(account, arn))),
    );
  };

  return {
    GetAccountSummary: async (_input, call) => {
      const count = (kind: 'user' | 'role' | 'group' | 'policy' | 'profile'): number => records.list(kind, call.account).length;
      return {
        SummaryMap: {
          Users: count('user'),
          UsersQuota: bounds.users,
          Groups: count('group'),
          GroupsQuota: bounds.groups,
          Roles: count('role'),
          RolesQuota: bounds.roles,
          Policies: count('policy'),
          PoliciesQuota: bounds.policies,
          InstanceProfiles: count('profile'),
          InstanceProfilesQuota: bounds.profiles,
          AccessKeysPerUserQuota: bounds.keysPerUser,
          AttachedPoliciesPerRoleQuota: bounds.attached,
          AttachedPoliciesPerUserQuota: bounds.attached,
          AttachedPoliciesPerGroupQuota: bounds.attached,
          VersionsPerPolicyQuota: bounds.policyVersions,
          PolicySizeQuota: bounds.managedPolicy,
          AccountMFAEnabled: 0,
        },
      };
    },
    ListAccountAliases: async (_input, call) => ({
      AccountAliases: records.list('alias', call.account).map(({ name }) => name),
      IsTruncated: false,
    }),
    CreateAccountAlias: async (input, call) => {
      const name = input.AccountAlias ?? '';
      await records.change((draft) => {
        // An account has one alias; the new one takes the old one's place.
        for (const old of draft.list('alias', call.account)) draft.delete('alias', call.account, old.name);
        draft.put('alias', call.account, name, { name });
      });
      return {};
    },
    DeleteAccountAlias: async (input, call) => {
      await records.change((draft) => {
        if (!draft.delete('alias', call.account, input.AccountAlias ?? ''))
          throw noSuch(`The account alias ${input.AccountAlias} cannot be found.`);
      });
      return {};
    },

    async CreateOpenIDConnectProvider(input, call) {
      const url = (input.Url ?? '').replace(/^https:\/\//, '').replace(/\/$/, '');
      if (!(input.Url ?? '').startsWith('https://')) throw invalid('Invalid Open ID Connect Provider URL');
      const arn = `arn:aws:iam::${call.account}:oidc-provider/${url}`;
      const made: ProviderRecord = {
        arn,
        url,
        clientIds: [...(input.ClientIDList ?? [])],
        thumbprints: [...(input.ThumbprintList ?? [])],
        createdAt: directory.nowMs(),
        tags: withTags({}, input.Tags),
      };
      await records.change((draft) => {
        if (draft.get('provider', call.account, arn) !== undefined)
          throw exists(`Provider with url ${input.Url} already exists.`);
        draft.put('provider', call.account, arn, made);
      });
      return { OpenIDConnectProviderArn: arn, ...(Object.keys(made.tags).length === 0 ? {} : { Tags: tagList(made.tags) }) };
    },
    GetOpenIDConnectProvider: async (input, call) => {
      const found = provider(call.account, input.OpenIDConnectProviderArn);
      return {
        Url: found.url,
        ClientIDList: [...found.clientIds],
        ThumbprintList: [...found.thumbprints],
        CreateDate: new Date(found.createdAt),
        Tags: tagList(found.tags),
      };
    },
    ListOpenIDConnectProviders: async (_input, call) => ({
      OpenIDConnectProviderList: records.list('provider', call.account).map(({ arn }) => ({ Arn: arn })),
    }),
    DeleteOpenIDConnectProvider: async (input, call) => {
      await records.change((draft) => draft.delete('provider', call.account, input.OpenIDConnectProviderArn ?? ''));
      return {};
    },
    UpdateOpenIDConnectProviderThumbprint: async (input, call) => {
      await edit(call.account, input.OpenIDConnectProviderArn, (found) => ({
        ...found,
        thumbprints: [...(input.ThumbprintList ?? [])],
      }));
      return {};
    },
    AddClientIDToOpenIDConnectProvider: async (input, call) => {
      await edit(call.account, input.OpenIDConnectProviderArn, (found) => ({
        ...found,
        clientIds: [...new Set([...found.clientIds, input.ClientID ?? ''])],
      }));
      return {};
    },
    RemoveClientIDFromOpenIDConnectProvider: async (input, call) => {
      await edit(call.account, input.OpenIDConnectProviderArn, (found) => ({
        ...found,
        clientIds: found.clientIds.filter((id) => id !== input.ClientID),
      }));
      return {};
    },
    TagOpenIDConnectProvider: async (input, call) => {
      await edit(call.account, input.OpenIDConnectProviderArn, (found) => ({ ...found, tags: withTags(found.tags, input.Tags) }));
      return {};
    },
    UntagOpenIDConnectProvider: async (input, call) => {
      await edit(call.account, input.OpenIDConnectProviderArn, (found) => ({
        ...found,
        tags: withoutTags(found.tags, input.TagKeys),
      }));
      return {};
    },
    ListOpenIDConnectProviderTags: async (input, call) =>
      directory.listTags(provider(call.account, input.OpenIDConnectProviderArn).tags, input),
    ListVirtualMFADevices: async () => ({ VirtualMFADevices: [], IsTruncated: false }),
  } satisfies IamHandlers;
}
