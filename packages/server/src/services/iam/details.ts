import { managedPolicies } from './aws-managed/index.ts';
import { encodeDocument, findPolicy, nameOf, type Account, type Directory } from './directory.ts';
import type { IamHandlers } from './faults.ts';
import { pageIn, tagList } from './pages.ts';
import type { Entity, GroupRecord, PolicyRecord, RoleRecord, UserRecord } from './records.ts';
import { extras } from './roles.ts';

type Found =
  | { readonly kind: 'User'; readonly of: UserRecord }
  | { readonly kind: 'Group'; readonly of: GroupRecord }
  | { readonly kind: 'Role'; readonly of: RoleRecord }
  | { readonly kind: 'LocalManagedPolicy' | 'AWSManagedPolicy'; readonly of: PolicyRecord };

/** Everything of an account at once, for those who look for who may do what. */
export function detailHandlers(directory: Directory) {
  const { records } = directory;
  const everything = (at: Account): Found[] => [
    ...directory.list('user', at, undefined).map((of): Found => ({ kind: 'User', of })),
    ...directory.list('group', at, undefined).map((of): Found => ({ kind: 'Group', of })),
    ...directory.list('role', at, undefined).map((of): Found => ({ kind: 'Role', of })),
    ...records.list('policy', at.account).map((of): Found => ({ kind: 'LocalManagedPolicy', of })),
    // Of AWS's own only those that somebody holds.
    ...[...managedPolicies()].filter(({ arn }) => held(at, arn) > 0).map((of): Found => ({ kind: 'AWSManagedPolicy', of })),
  ];
  const entities = (at: Account): readonly Entity[] =>
    (['user', 'group', 'role'] as const).flatMap((kind) => directory.list(kind, at, undefined) as readonly Entity[]);
  const held = (at: Account, arn: string): number => entities(at).filter(({ attached }) => attached.includes(arn)).length;

  return {
    GetAccountAuthorizationDetails: async (input, call) => {
      const wanted = new Set<string>(input.Filter ?? []);
      const all = everything(call).filter(({ kind }) => wanted.size === 0 || wanted.has(kind));
      const page = pageIn(
        all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
        input,
        keyOf,
      );
      const profiles = directory.list('profile', call, undefined);
      const detail = (kind: Found['kind']): readonly Found['of'][] =>
        page.items.filter((each) => each.kind === kind).map(({ of }) => of);
      return {
        UserDetailList: (detail('User') as UserRecord[]).map((user) => ({
          ...common(user),
          UserName: user.name,
          UserId: user.id,
          UserPolicyList: inline(user),
          GroupList: [...user.groups],
          ...extras(user),
        })),
        GroupDetailList: (detail('Group') as GroupRecord[]).map((group) => ({
          ...common(group),
          GroupName: group.name,
          GroupId: group.id,
          GroupPolicyList: inline(group),
        })),
        RoleDetailList: (detail('Role') as RoleRecord[]).map((role) => ({
          ...common(role),
          RoleName: role.name,
          RoleId: role.id,
          AssumeRolePolicyDocument: encodeDocument(role.trust),
          RolePolicyList: inline(role),
          InstanceProfileList: profiles
            .filter(({ roles }) => roles.includes(role.name))
            .map((profile) => ({
              Path: profile.path,
              InstanceProfileName: profile.name,
              InstanceProfileId: profile.id,
              Arn: profile.arn,
              CreateDate: new Date(profile.createdAt),
              Roles: [],
            })),
          RoleLastUsed: {},
          ...extras(role),
        })),
        Policies: [...detail('LocalManagedPolicy'), ...detail('AWSManagedPolicy')]
          .flatMap(({ arn }) => findPolicy(records, call, arn) ?? [])
          .map((policy) => ({
            PolicyName: policy.name,
            PolicyId: policy.id,
            Arn: policy.arn,
            Path: policy.path,
            DefaultVersionId: policy.defaultVersion,
            AttachmentCount: held(call, policy.arn),
            PermissionsBoundaryUsageCount: entities(call).filter(({ boundary }) => boundary === policy.arn).length,
            IsAttachable: true,
            CreateDate: new Date(policy.createdAt),
            UpdateDate: new Date(policy.updatedAt),
            PolicyVersionList: policy.versions.map((version) => ({
              Document: encodeDocument(version.document),
              VersionId: version.id,
              IsDefaultVersion: version.id === policy.defaultVersion,
              CreateDate: new Date(version.createdAt),
            })),
            ...(Object.keys(policy.tags).length === 0 ? {} : { Tags: tagList(policy.tags) }),
          })),
        ...page.more,
      };
    },
  } satisfies IamHandlers;
}

const keyOf = ({ kind, of }: Found): string => `${kind} ${of.arn}`;

const common = (entity: Entity) => ({
  Path: entity.path,
  Arn: entity.arn,
  CreateDate: new Date(entity.createdAt),
  AttachedManagedPolicies: entity.attached.map((PolicyArn) => ({ PolicyName: nameOf(PolicyArn), PolicyArn })),
});

const inline = ({ inline: policies }: Entity) =>
  Object.entries(policies).map(([PolicyName, document]) => ({ PolicyName, PolicyDocument: encodeDocument(document) }));
