import { isNotThere } from '../engine/reasons.ts';
import { documentText, listOf, pick } from './pick.ts';
import { behaviours, tagChanges, tagMap, tagsOf, type Making, type Properties, type ResourceType } from './type.ts';

interface Inline {
  readonly PolicyName: string;
  readonly PolicyDocument: unknown;
}

/** Roles, users and groups differ in the names of their operations; policies hang on them in the same ways. */
type Kind = 'Role' | 'User' | 'Group';
type Ask = (input: object) => Promise<unknown>;

const ask = ({ aws }: Making, operation: string): Ask => (aws.iam as unknown as Readonly<Record<string, Ask>>)[operation] as Ask;

/** Brings the policies of a role, user or group from what they were to what they are to be. */
async function hang(kind: Kind, name: string, properties: Properties, before: Properties, making: Making): Promise<void> {
  const who = { [`${kind}Name`]: name };
  const inline = (of: Properties): ReadonlyMap<string, string> =>
    new Map(listOf<Inline>(of['Policies']).map((policy) => [policy.PolicyName, documentText(policy.PolicyDocument)]));
  const [now, then] = [inline(properties), inline(before)];
  for (const [PolicyName, PolicyDocument] of now)
    if (then.get(PolicyName) !== PolicyDocument) await ask(making, `Put${kind}Policy`)({ ...who, PolicyName, PolicyDocument });
  for (const PolicyName of then.keys())
    if (!now.has(PolicyName)) await quietly(ask(making, `Delete${kind}Policy`)({ ...who, PolicyName }));
  const [managed, managedBefore] = [listOf<string>(properties['ManagedPolicyArns']), listOf<string>(before['ManagedPolicyArns'])];
  for (const PolicyArn of managed)
    if (!managedBefore.includes(PolicyArn)) await ask(making, `Attach${kind}Policy`)({ ...who, PolicyArn });
  for (const PolicyArn of managedBefore)
    if (!managed.includes(PolicyArn)) await quietly(ask(making, `Detach${kind}Policy`)({ ...who, PolicyArn }));
}

async function quietly(asking: Promise<unknown>): Promise<void> {
  try {
    await asking;
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}

async function boundary(
  kind: 'Role' | 'User',
  name: string,
  properties: Properties,
  before: Properties,
  making: Making,
): Promise<void> {
  const [now, then]: unknown[] = [properties['PermissionsBoundary'], before['PermissionsBoundary']];
  if (now === then) return;
  const who = { [`${kind}Name`]: name };
  await (now === undefined
    ? ask(making, `Delete${kind}PermissionsBoundary`)(who)
    : ask(making, `Put${kind}PermissionsBoundary`)({ ...who, PermissionsBoundary: now }));
}

async function retag(
  kind: 'Role' | 'User' | 'Policy',
  who: object,
  properties: Properties,
  before: Properties,
  making: Making,
): Promise<void> {
  const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
  const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
  if (Tags.length > 0) await ask(making, `Tag${kind}`)({ ...who, Tags });
  if (gone.length > 0) await ask(making, `Untag${kind}`)({ ...who, TagKeys: gone });
}

/** @source CloudFormation Template Reference, AWS::IAM::Role, read 2026-11 */
const role: ResourceType = {
  properties: behaviours({
    replaces: 'RoleName Path',
    updates: 'AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration PermissionsBoundary Policies Tags',
  }),
  required: ['AssumeRolePolicyDocument'],
  attributes: ['Arn', 'RoleId'],
  name: { property: 'RoleName', most: 64 },
  iam: { nameProperty: 'RoleName' },
  exists: (RoleName, { aws }) => aws.iam.GetRole({ RoleName }),
  async create(properties, making) {
    const { aws, name } = making;
    const { Role: made } = await aws.iam.CreateRole({
      ...pick(properties, 'Path Description MaxSessionDuration PermissionsBoundary'),
      AssumeRolePolicyDocument: documentText(properties['AssumeRolePolicyDocument']),
      RoleName: name,
      Tags: [...tagsOf(properties, making)],
    });
    await hang('Role', name, properties, {}, making);
    return { id: name, attributes: { Arn: made?.Arn, RoleId: made?.RoleId } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const document = documentText(properties['AssumeRolePolicyDocument']);
    if (document !== documentText(before['AssumeRolePolicyDocument']))
      await aws.iam.UpdateAssumeRolePolicy({ RoleName: id, PolicyDocument: document });
    await aws.iam.UpdateRole({
      RoleName: id,
      Description: properties['Description'] ?? '',
      MaxSessionDuration: properties['MaxSessionDuration'] ?? 3_600,
    });
    await boundary('Role', id, properties, before, making);
    await hang('Role', id, properties, before, making);
    await retag('Role', { RoleName: id }, properties, before, making);
    return { id };
  },
  async delete(id, properties, making) {
    await hang('Role', id, {}, properties, making);
    await making.aws.iam.DeleteRole({ RoleName: id });
  },
};

/** @source CloudFormation Template Reference, AWS::IAM::User, read 2026-11 */
const user: ResourceType = {
  properties: behaviours({
    replaces: 'UserName',
    updates: 'Groups ManagedPolicyArns Path PermissionsBoundary Policies Tags',
    unapplied: 'LoginProfile',
  }),
  attributes: ['Arn'],
  name: { property: 'UserName', most: 64 },
  iam: { nameProperty: 'UserName' },
  exists: (UserName, { aws }) => aws.iam.GetUser({ UserName }),
  async create(properties, making) {
    const { aws, name } = making;
    const { User: made } = await aws.iam.CreateUser({
      ...pick(properties, 'Path PermissionsBoundary'),
      UserName: name,
      Tags: [...tagsOf(properties, making)],
    });
    await join(name, properties, {}, making);
    await hang('User', name, properties, {}, making);
    return { id: name, attributes: { Arn: made?.Arn } };
  },
  async update(id, properties, before, making) {
    if (properties['Path'] !== before['Path'])
      await making.aws.iam.UpdateUser({ UserName: id, NewPath: properties['Path'] ?? '/' });
    await join(id, properties, before, making);
    await boundary('User', id, properties, before, making);
    await hang('User', id, properties, before, making);
    await retag('User', { UserName: id }, properties, before, making);
    const { User: made } = await making.aws.iam.GetUser({ UserName: id });
    return { id, attributes: { Arn: made?.Arn } };
  },
  async delete(id, properties, making) {
    await join(id, {}, properties, making);
    await hang('User', id, {}, properties, making);
    await making.aws.iam.DeleteUser({ UserName: id });
  },
};

async function join(UserName: string, properties: Properties, before: Properties, { aws }: Making): Promise<void> {
  const [now, then] = [listOf<string>(properties['Groups']), listOf<string>(before['Groups'])];
  for (const GroupName of now) if (!then.includes(GroupName)) await aws.iam.AddUserToGroup({ UserName, GroupName });
  for (const GroupName of then) if (!now.includes(GroupName)) await quietly(aws.iam.RemoveUserFromGroup({ UserName, GroupName }));
}

/** @source CloudFormation Template Reference, AWS::IAM::Group, read 2026-11 */
const group: ResourceType = {
  properties: behaviours({ replaces: 'GroupName Path', updates: 'ManagedPolicyArns Policies' }),
  attributes: ['Arn'],
  name: { property: 'GroupName', most: 128 },
  iam: { nameProperty: 'GroupName' },
  exists: (GroupName, { aws }) => aws.iam.GetGroup({ GroupName }),
  async create(properties, making) {
    const { Group: made } = await making.aws.iam.CreateGroup({ ...pick(properties, 'Path'), GroupName: making.name });
    await hang('Group', making.name, properties, {}, making);
    return { id: making.name, attributes: { Arn: made?.Arn } };
  },
  async update(id, properties, before, making) {
    await hang('Group', id, properties, before, making);
    return { id };
  },
  async delete(id, properties, making) {
    await hang('Group', id, {}, properties, making);
    await making.aws.iam.DeleteGroup({ GroupName: id });
  },
};

const kinds = ['Role', 'User', 'Group'] as const;

/** An inline policy, on every role, user and group that it names. @source CloudFormation Template Reference, AWS::IAM::Policy, read 2026-11 */
const policy: ResourceType = {
  properties: behaviours({ replaces: 'PolicyName', updates: 'Groups PolicyDocument Roles Users' }),
  required: ['PolicyDocument', 'PolicyName'],
  attributes: ['Id'],
  iam: {},
  async create(properties, making) {
    await lay(properties, {}, making);
    return { id: making.name, attributes: { Id: making.name } };
  },
  async update(id, properties, before, making) {
    await lay(properties, before, making);
    return { id };
  },
  delete: (_id, properties, making) => lay({ PolicyName: properties['PolicyName'] }, properties, making),
};

async function lay(properties: Properties, before: Properties, making: Making): Promise<void> {
  const PolicyName: string = properties['PolicyName'];
  for (const kind of kinds) {
    const [now, then] = [listOf<string>(properties[`${kind}s`]), listOf<string>(before[`${kind}s`])];
    for (const name of now)
      await ask(
        making,
        `Put${kind}Policy`,
      )({
        [`${kind}Name`]: name,
        PolicyName,
        PolicyDocument: documentText(properties['PolicyDocument']),
      });
    for (const name of then)
      if (!now.includes(name)) await quietly(ask(making, `Delete${kind}Policy`)({ [`${kind}Name`]: name, PolicyName }));
  }
}

/** @source CloudFormation Template Reference, AWS::IAM::ManagedPolicy, read 2026-11 */
const managedPolicy: ResourceType = {
  properties: behaviours({ replaces: 'Description ManagedPolicyName Path', updates: 'Groups PolicyDocument Roles Users' }),
  required: ['PolicyDocument'],
  attributes: [
    'PolicyArn',
    'PolicyId',
    'DefaultVersionId',
    'AttachmentCount',
    'CreateDate',
    'UpdateDate',
    'IsAttachable',
    'PermissionsBoundaryUsageCount',
  ],
  name: { property: 'ManagedPolicyName', most: 128 },
  iam: { nameProperty: 'ManagedPolicyName' },
  async create(properties, making) {
    const { Policy: made } = await making.aws.iam.CreatePolicy({
      ...pick(properties, 'Description Path'),
      PolicyName: making.name,
      PolicyDocument: documentText(properties['PolicyDocument']),
    });
    const arn = made?.Arn ?? '';
    await attach(arn, properties, {}, making);
    return { id: arn, attributes: { PolicyArn: arn, PolicyId: made?.PolicyId, DefaultVersionId: made?.DefaultVersionId } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const document = documentText(properties['PolicyDocument']);
    if (document !== documentText(before['PolicyDocument'])) {
      // A policy has five versions at most: the oldest makes room.
      const { Versions: versions = [] } = await aws.iam.ListPolicyVersions({ PolicyArn: id });
      const [oldest] = versions
        .filter(({ IsDefaultVersion: isDefault }) => isDefault !== true)
        .toSorted((a, b) => (a.CreateDate?.getTime() ?? 0) - (b.CreateDate?.getTime() ?? 0));
      if (versions.length >= 5) await aws.iam.DeletePolicyVersion({ PolicyArn: id, VersionId: oldest?.VersionId });
      await aws.iam.CreatePolicyVersion({ PolicyArn: id, PolicyDocument: document, SetAsDefault: true });
    }
    await attach(id, properties, before, making);
    return { id };
  },
  async delete(id, properties, making) {
    const { aws, account } = making;
    const PolicyArn = id.startsWith('arn:') ? id : `arn:aws:iam::${account}:policy${properties['Path'] ?? '/'}${id}`;
    await attach(PolicyArn, {}, properties, making);
    const { Versions: versions = [] } = await aws.iam.ListPolicyVersions({ PolicyArn });
    for (const { VersionId, IsDefaultVersion: isDefault } of versions)
      if (isDefault !== true) await aws.iam.DeletePolicyVersion({ PolicyArn, VersionId });
    await aws.iam.DeletePolicy({ PolicyArn });
  },
};

async function attach(PolicyArn: string, properties: Properties, before: Properties, making: Making): Promise<void> {
  for (const kind of kinds) {
    const [now, then] = [listOf<string>(properties[`${kind}s`]), listOf<string>(before[`${kind}s`])];
    for (const name of now)
      if (!then.includes(name)) await ask(making, `Attach${kind}Policy`)({ [`${kind}Name`]: name, PolicyArn });
    for (const name of then)
      if (!now.includes(name)) await quietly(ask(making, `Detach${kind}Policy`)({ [`${kind}Name`]: name, PolicyArn }));
  }
}

/** @source CloudFormation Template Reference, AWS::IAM::InstanceProfile, read 2026-11 */
const instanceProfile: ResourceType = {
  properties: behaviours({ replaces: 'InstanceProfileName Path', updates: 'Roles' }),
  required: ['Roles'],
  attributes: ['Arn'],
  name: { property: 'InstanceProfileName', most: 128 },
  iam: { nameProperty: 'InstanceProfileName' },
  exists: (InstanceProfileName, { aws }) => aws.iam.GetInstanceProfile({ InstanceProfileName }),
  async create(properties, making) {
    const { InstanceProfile: made } = await making.aws.iam.CreateInstanceProfile({
      ...pick(properties, 'Path'),
      InstanceProfileName: making.name,
    });
    await fill(making.name, properties, {}, making);
    return { id: making.name, attributes: { Arn: made?.Arn } };
  },
  async update(id, properties, before, making) {
    await fill(id, properties, before, making);
    return { id };
  },
  async delete(id, properties, making) {
    await fill(id, {}, properties, making);
    await making.aws.iam.DeleteInstanceProfile({ InstanceProfileName: id });
  },
};

/** A profile holds one role: the old one leaves before the new one comes. */
async function fill(InstanceProfileName: string, properties: Properties, before: Properties, { aws }: Making): Promise<void> {
  const [now, then] = [listOf<string>(properties['Roles']), listOf<string>(before['Roles'])];
  for (const RoleName of then)
    if (!now.includes(RoleName)) await quietly(aws.iam.RemoveRoleFromInstanceProfile({ InstanceProfileName, RoleName }));
  for (const RoleName of now)
    if (!then.includes(RoleName)) await aws.iam.AddRoleToInstanceProfile({ InstanceProfileName, RoleName });
}

export const iam: Readonly<Record<string, ResourceType>> = {
  'AWS::IAM::Group': group,
  'AWS::IAM::InstanceProfile': instanceProfile,
  'AWS::IAM::ManagedPolicy': managedPolicy,
  'AWS::IAM::Policy': policy,
  'AWS::IAM::Role': role,
  'AWS::IAM::User': user,
};
