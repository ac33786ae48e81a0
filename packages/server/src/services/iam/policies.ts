import { managedPolicies } from './aws-managed/index.ts';
import { bounds } from './bounds.ts';
import { checkIdentityPolicy, sizeOf } from './checks.ts';
import {
  checkArn,
  encodeDocument,
  findPolicy,
  nameOf,
  withoutTags,
  withTags,
  type Account,
  type Directory,
} from './directory.ts';
import { conflict, malformed, noSuch, tooMany, type IamHandlers } from './faults.ts';
import { pageIn, tagList } from './pages.ts';
import type { Entity, PolicyRecord, PolicyVersion } from './records.ts';

/** Managed policies and their versions. */
export function policyHandlers(directory: Directory) {
  const { records } = directory;
  const get = (at: Account, arn: string | undefined): PolicyRecord => {
    checkArn(arn);
    const policy = findPolicy(records, at, arn);
    if (policy === undefined) throw noSuch(`Policy ${arn} was not found.`);
    return policy;
  };
  const versionOf = (policy: PolicyRecord, id: string | undefined): PolicyVersion => {
    const version = policy.versions.find((each) => each.id === id);
    if (version === undefined) throw noSuch(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
    return version;
  };
  const edit = async (at: Account, arn: string | undefined, change: (policy: PolicyRecord) => PolicyRecord): Promise<void> => {
    checkArn(arn);
    await records.change((draft) => {
      const policy = draft.get('policy', at.account, nameOf(arn ?? ''));
      if (policy?.arn !== arn || policy === undefined) throw noSuch(`Policy ${arn} was not found.`);
      draft.put('policy', at.account, policy.name, { ...change(policy), updatedAt: directory.nowMs() });
    });
  };
  const holders = (at: Account, arn: string, use: 'attached' | 'boundary') =>
    (['role', 'user', 'group'] as const).map((kind) =>
      (directory.list(kind, at, undefined) as readonly Entity[]).filter((entity) =>
        use === 'attached' ? entity.attached.includes(arn) : entity.boundary === arn,
      ),
    );
  const count = (at: Account, arn: string, use: 'attached' | 'boundary'): number =>
    holders(at, arn, use).reduce((sum, list) => sum + list.length, 0);
  const describe = (at: Account, policy: PolicyRecord) => ({
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: count(at, policy.arn, 'attached'),
    PermissionsBoundaryUsageCount: count(at, policy.arn, 'boundary'),
    IsAttachable: true,
    CreateDate: new Date(policy.createdAt),
    UpdateDate: new Date(policy.updatedAt),
  });

  return {
    async CreatePolicy(input, call) {
      const document = checked(input.PolicyDocument);
      const identity = directory.identity('policy', call, input.PolicyName, input.Path);
      const policy: PolicyRecord = {
        ...identity,
        ...(input.Description === undefined ? {} : { description: input.Description }),
        updatedAt: identity.createdAt,
        tags: withTags({}, input.Tags),
        versions: [{ id: 'v1', document, createdAt: identity.createdAt }],
        defaultVersion: 'v1',
        lastVersion: 1,
      };
      await directory.create(
        'policy',
        call,
        policy,
        `A policy called ${policy.name} already exists. Duplicate names are not allowed.`,
      );
      return {
        Policy: { ...describe(call, policy), ...(Object.keys(policy.tags).length === 0 ? {} : { Tags: tagList(policy.tags) }) },
      };
    },

    GetPolicy: async (input, call) => {
      const policy = get(call, input.PolicyArn);
      return {
        Policy: {
          ...describe(call, policy),
          ...(policy.description === undefined ? {} : { Description: policy.description }),
          Tags: tagList(policy.tags),
        },
      };
    },

    ListPolicies: async (input, call) => {
      const scope = input.Scope ?? 'All';
      const all = [
        ...(scope === 'Local' ? [] : managedPolicies()),
        ...(scope === 'AWS' ? [] : records.list('policy', call.account)),
      ]
        .filter(({ path }) => input.PathPrefix === undefined || path.startsWith(input.PathPrefix))
        .filter(({ arn }) => input.OnlyAttached !== true || count(call, arn, 'attached') > 0)
        .filter(({ arn }) => input.PolicyUsageFilter !== 'PermissionsBoundary' || count(call, arn, 'boundary') > 0)
        .toSorted((a, b) => (a.arn < b.arn ? -1 : 1));
      const page = pageIn(all, input, ({ arn }) => arn);
      return { Policies: page.items.map((policy) => describe(call, policy)), ...page.more };
    },

    async DeletePolicy(input, call) {
      checkArn(input.PolicyArn);
      await records.change((draft) => {
        const policy = draft.get('policy', call.account, nameOf(input.PolicyArn ?? ''));
        if (policy === undefined || policy.arn !== input.PolicyArn) throw noSuch(`Policy ${input.PolicyArn} was not found.`);
        if (count(call, policy.arn, 'attached') + count(call, policy.arn, 'boundary') > 0)
          throw conflict('Cannot delete a policy attached to entities.');
        if (policy.versions.length > 1) {
          throw conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
          );
        }
        draft.delete('policy', call.account, policy.name);
      });
      return {};
    },

    async CreatePolicyVersion(input, call) {
      const document = checked(input.PolicyDocument);
      await edit(call, input.PolicyArn, (policy) => {
        if (policy.versions.length >= bounds.policyVersions) {
          throw tooMany(
            `A managed policy can have up to ${bounds.policyVersions} versions. Before you create a new version, you must delete an existing version.`,
          );
        }
        const version = { id: `v${policy.lastVersion + 1}`, document, createdAt: directory.nowMs() };
        return {
          ...policy,
          versions: [...policy.versions, version],
          lastVersion: policy.lastVersion + 1,
          defaultVersion: input.SetAsDefault === true ? version.id : policy.defaultVersion,
        };
      });
      const policy = get(call, input.PolicyArn);
      const { Document: _, ...shown } = describeVersion(policy, policy.versions.at(-1) as PolicyVersion);
      return { PolicyVersion: shown };
    },
    GetPolicyVersion: async (input, call) => {
      const policy = get(call, input.PolicyArn);
      return { PolicyVersion: describeVersion(policy, versionOf(policy, input.VersionId)) };
    },
    ListPolicyVersions: async (input, call) => {
      const policy = get(call, input.PolicyArn);
      const versions = policy.versions.toReversed();
      return {
        Versions: versions.map((version) => {
          const { Document: _, ...shown } = describeVersion(policy, version);
          return shown;
        }),
        IsTruncated: false,
      };
    },
    async SetDefaultPolicyVersion(input, call) {
      await edit(call, input.PolicyArn, (policy) => ({ ...policy, defaultVersion: versionOf(policy, input.VersionId).id }));
      return {};
    },
    async DeletePolicyVersion(input, call) {
      await edit(call, input.PolicyArn, (policy) => {
        const { id } = versionOf(policy, input.VersionId);
        if (id === policy.defaultVersion) throw conflict('Cannot delete the default version of a policy.');
        return { ...policy, versions: policy.versions.filter((version) => version.id !== id) };
      });
      return {};
    },

    ListEntitiesForPolicy: async (input, call) => {
      const policy = get(call, input.PolicyArn);
      const [roles = [], users = [], groups = []] = holders(
        call,
        policy.arn,
        input.PolicyUsageFilter === 'PermissionsBoundary' ? 'boundary' : 'attached',
      );
      const wanted = (kind: string): boolean => input.EntityFilter === undefined || input.EntityFilter === kind;
      return {
        PolicyRoles: wanted('Role') ? roles.map(({ name, id }) => ({ RoleName: name, RoleId: id })) : [],
        PolicyUsers: wanted('User') ? users.map(({ name, id }) => ({ UserName: name, UserId: id })) : [],
        PolicyGroups: wanted('Group') ? groups.map(({ name, id }) => ({ GroupName: name, GroupId: id })) : [],
        IsTruncated: false,
      };
    },
    TagPolicy: async (input, call) => {
      await edit(call, input.PolicyArn, (policy) => ({ ...policy, tags: withTags(policy.tags, input.Tags) }));
      return {};
    },
    UntagPolicy: async (input, call) => {
      await edit(call, input.PolicyArn, (policy) => ({ ...policy, tags: withoutTags(policy.tags, input.TagKeys) }));
      return {};
    },
    ListPolicyTags: async (input, call) => directory.listTags(get(call, input.PolicyArn).tags, input),
  } satisfies IamHandlers;
}

function checked(document: string | undefined): string {
  const text = document ?? '';
  checkIdentityPolicy(text);
  if (sizeOf(text) > bounds.managedPolicy) throw tooMany(`Cannot exceed quota for PolicySize: ${bounds.managedPolicy}`);
  if (text.trim() === '') throw malformed('This policy contains invalid Json');
  return text;
}

const describeVersion = (policy: PolicyRecord, version: PolicyVersion) => ({
  Document: encodeDocument(version.document),
  VersionId: version.id,
  IsDefaultVersion: version.id === policy.defaultVersion,
  CreateDate: new Date(version.createdAt),
});
