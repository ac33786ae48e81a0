import { listOf, pick } from './pick.ts';
import { behaviours, tagChanges, tagMap, tagsOf, type Making, type Properties, type ResourceType } from './type.ts';

const ruleMembers = 'Description EventBusName EventPattern RoleArn ScheduleExpression State';

/** A rule of another bus than the default one is known with its bus. */
const ruleId = (name: string, { EventBusName: bus }: Properties): string =>
  bus === undefined || bus === 'default' ? name : `${String(bus).split('/').at(-1)}|${name}`;
const ruleName = (id: string): string => id.split('|').at(-1) ?? id;

/** @source CloudFormation Template Reference, AWS::Events::Rule, read 2026-11 */
const rule: ResourceType = {
  properties: behaviours({
    replaces: 'EventBusName Name',
    updates: 'Description EventPattern RoleArn ScheduleExpression State Tags Targets',
  }),
  attributes: ['Arn'],
  name: { property: 'Name', most: 64 },
  async create(properties, making) {
    const { aws, name } = making;
    const { RuleArn: arn } = await aws.events.PutRule({
      ...pick(properties, ruleMembers),
      Name: name,
      Tags: [...tagsOf(properties, making)],
    });
    await aim(name, properties, {}, making);
    return { id: ruleId(name, properties), attributes: { Arn: arn } };
  },
  async update(id, properties, before, making) {
    const { RuleArn: ResourceARN } = await making.aws.events.PutRule({
      Description: '',
      ...pick(properties, ruleMembers),
      Name: ruleName(id),
    });
    await aim(ruleName(id), properties, before, making);
    await retag(ResourceARN, properties, before, making);
    return { id };
  },
  async delete(id, properties, making) {
    await aim(ruleName(id), pick(properties, 'EventBusName'), properties, making);
    await making.aws.events.DeleteRule({ Name: ruleName(id), ...pick(properties, 'EventBusName') });
  },
};

async function aim(Rule: string, properties: Properties, before: Properties, { aws }: Making): Promise<void> {
  const [now, then] = [listOf<{ Id: string }>(properties['Targets']), listOf<{ Id: string }>(before['Targets'])];
  const at = { Rule, ...pick(properties, 'EventBusName') };
  const gone = then.map(({ Id }) => Id).filter((id) => !now.some(({ Id }) => Id === id));
  if (gone.length > 0) await aws.events.RemoveTargets({ ...at, Ids: gone });
  if (now.length === 0) return;
  const { FailedEntries: failed = [] } = await aws.events.PutTargets({ ...at, Targets: now as never });
  const [first] = failed;
  if (first !== undefined) throw new Error(first.ErrorMessage ?? `The target ${first.TargetId} was refused.`);
}

async function retag(ResourceARN: string | undefined, properties: Properties, before: Properties, making: Making): Promise<void> {
  const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
  const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
  if (Tags.length > 0) await making.aws.events.TagResource({ ResourceARN, Tags });
  if (gone.length > 0) await making.aws.events.UntagResource({ ResourceARN, TagKeys: [...gone] });
}

/** @source CloudFormation Template Reference, AWS::Events::EventBus, read 2026-11 */
const eventBus: ResourceType = {
  properties: behaviours({
    replaces: 'EventSourceName Name',
    updates: 'DeadLetterConfig Description KmsKeyIdentifier LogConfig Policy Tags',
  }),
  required: ['Name'],
  attributes: ['Arn', 'Name', 'Policy'],
  name: { property: 'Name', most: 256 },
  exists: (Name, { aws }) => aws.events.DescribeEventBus({ Name }),
  async create(properties, making) {
    const { aws, name } = making;
    const { EventBusArn: arn } = await aws.events.CreateEventBus({
      ...pick(properties, 'DeadLetterConfig Description EventSourceName KmsKeyIdentifier LogConfig'),
      Name: name,
      Tags: [...tagsOf(properties, making)],
    });
    if (properties['Policy'] !== undefined) await aws.events.PutPermission({ EventBusName: name, Policy: properties['Policy'] });
    return { id: name, attributes: { Arn: arn, Name: name, Policy: properties['Policy'] } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const { Arn: arn } = await aws.events.UpdateEventBus({
      ...pick(properties, 'DeadLetterConfig Description KmsKeyIdentifier LogConfig'),
      Name: id,
    });
    if (properties['Policy'] !== undefined) await aws.events.PutPermission({ EventBusName: id, Policy: properties['Policy'] });
    else if (before['Policy'] !== undefined) await aws.events.RemovePermission({ EventBusName: id, RemoveAllPermissions: true });
    await retag(arn, properties, before, making);
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.events.DeleteEventBus({ Name: id }),
};

/** @source CloudFormation Template Reference, AWS::Events::EventBusPolicy, read 2026-11 */
const eventBusPolicy: ResourceType = {
  properties: behaviours({ replaces: 'EventBusName StatementId', updates: 'Action Condition Principal Statement' }),
  required: ['StatementId'],
  async create(properties, making) {
    await permit(properties, making);
    return { id: `${properties['EventBusName'] ?? 'default'}|${properties['StatementId']}` };
  },
  async update(id, properties, _before, making) {
    await permit(properties, making);
    return { id };
  },
  delete: (_id, { EventBusName, StatementId }, { aws }) => aws.events.RemovePermission({ EventBusName, StatementId }),
};

/** A whole statement is put into the policy that the bus has, in the place of the one of its name. */
async function permit(properties: Properties, { aws }: Making): Promise<void> {
  const { EventBusName, StatementId, Statement: statement } = properties;
  if (statement === undefined)
    return void (await aws.events.PutPermission(pick(properties, 'Action Condition EventBusName Principal StatementId')));
  const { Policy: text } = await aws.events.DescribeEventBus({ Name: EventBusName });
  const policy = (text === undefined || text === '' ? { Version: '2012-10-17', Statement: [] } : JSON.parse(text)) as {
    readonly Statement: readonly Properties[];
  };
  const others = policy.Statement.filter(({ Sid: sid }) => sid !== StatementId);
  await aws.events.PutPermission({
    EventBusName,
    Policy: JSON.stringify({ ...policy, Statement: [...others, { ...statement, Sid: StatementId }] }),
  });
}

/** @source CloudFormation Template Reference, AWS::Events::Archive, read 2026-11 */
const archive: ResourceType = {
  properties: behaviours({
    replaces: 'ArchiveName SourceArn',
    updates: 'Description EventPattern RetentionDays',
    unapplied: 'KmsKeyIdentifier',
  }),
  required: ['SourceArn'],
  attributes: ['Arn', 'ArchiveName'],
  name: { property: 'ArchiveName', most: 48 },
  exists: (ArchiveName, { aws }) => aws.events.DescribeArchive({ ArchiveName }),
  async create(properties, { aws, name }) {
    const { ArchiveArn: arn } = await aws.events.CreateArchive({
      ...pick(properties, 'Description EventPattern RetentionDays'),
      ArchiveName: name,
      EventSourceArn: properties['SourceArn'],
    });
    return { id: name, attributes: { Arn: arn, ArchiveName: name } };
  },
  async update(id, properties, _before, { aws }) {
    await aws.events.UpdateArchive({ ...pick(properties, 'Description EventPattern RetentionDays'), ArchiveName: id });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.events.DeleteArchive({ ArchiveName: id }),
};

/** @source CloudFormation Template Reference, AWS::Events::Connection, read 2026-11 */
const connection: ResourceType = {
  properties: behaviours({
    replaces: 'Name',
    updates: 'AuthParameters AuthorizationType Description',
    unapplied: 'InvocationConnectivityParameters KmsKeyIdentifier',
  }),
  required: ['AuthorizationType', 'AuthParameters'],
  attributes: ['Arn', 'ArnForPolicy', 'SecretArn'],
  name: { property: 'Name', most: 64 },
  exists: (Name, { aws }) => aws.events.DescribeConnection({ Name }),
  async create(properties, { aws, name }) {
    const { ConnectionArn: arn = '' } = await aws.events.CreateConnection({
      ...pick(properties, 'Description'),
      AuthorizationType: properties['AuthorizationType'],
      AuthParameters: properties['AuthParameters'],
      Name: name,
    });
    const { SecretArn: secret } = await aws.events.DescribeConnection({ Name: name });
    return { id: name, attributes: { Arn: arn, ArnForPolicy: withoutId(arn), SecretArn: secret } };
  },
  async update(id, properties, _before, { aws }) {
    await aws.events.UpdateConnection({ ...pick(properties, 'AuthParameters AuthorizationType Description'), Name: id });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.events.DeleteConnection({ Name: id }),
};

const withoutId = (arn: string): string => arn.split('/').slice(0, 2).join('/');

/** @source CloudFormation Template Reference, AWS::Events::ApiDestination, read 2026-11 */
const apiDestination: ResourceType = {
  properties: behaviours({
    replaces: 'Name',
    updates: 'ConnectionArn Description HttpMethod InvocationEndpoint InvocationRateLimitPerSecond',
  }),
  required: ['ConnectionArn', 'HttpMethod', 'InvocationEndpoint'],
  attributes: ['Arn', 'ArnForPolicy'],
  name: { property: 'Name', most: 64 },
  exists: (Name, { aws }) => aws.events.DescribeApiDestination({ Name }),
  async create(properties, { aws, name }) {
    const { ApiDestinationArn: arn = '' } = await aws.events.CreateApiDestination({
      ...pick(properties, 'Description InvocationRateLimitPerSecond'),
      ConnectionArn: properties['ConnectionArn'],
      HttpMethod: properties['HttpMethod'],
      InvocationEndpoint: properties['InvocationEndpoint'],
      Name: name,
    });
    return { id: name, attributes: { Arn: arn, ArnForPolicy: withoutId(arn) } };
  },
  async update(id, properties, _before, { aws }) {
    await aws.events.UpdateApiDestination({ ...properties, Name: id });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.events.DeleteApiDestination({ Name: id }),
};

export const events: Readonly<Record<string, ResourceType>> = {
  'AWS::Events::ApiDestination': apiDestination,
  'AWS::Events::Archive': archive,
  'AWS::Events::Connection': connection,
  'AWS::Events::EventBus': eventBus,
  'AWS::Events::EventBusPolicy': eventBusPolicy,
  'AWS::Events::Rule': rule,
};
