import { documentText, isSame, pick } from './pick.ts';
import { behaviours, tagChanges, tagMap, tagsOf, type Making, type Properties, type ResourceType } from './type.ts';

const parameterMembers = 'AllowedPattern DataType Description Policies Tier Type';

/** @source CloudFormation Template Reference, AWS::SSM::Parameter, read 2026-11 */
const parameter: ResourceType = {
  properties: behaviours({
    replaces: 'DataType Name Type',
    updates: 'AllowedPattern Description Policies Tags Tier Value',
  }),
  required: ['Type', 'Value'],
  attributes: ['Type', 'Value'],
  name: { property: 'Name', most: 2_048 },
  exists: (Name, { aws }) => aws.ssm.GetParameter({ Name }),
  async create(properties, making) {
    const { Type: type, Value: value } = properties;
    await making.aws.ssm.PutParameter({
      ...pick(properties, parameterMembers),
      Name: making.name,
      Value: value,
      Tags: [...tagsOf(properties, making)],
    });
    return { id: making.name, attributes: { Type: type, Value: value } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const { Type: type, Value: value } = properties;
    await aws.ssm.PutParameter({ ...pick(properties, parameterMembers), Name: id, Value: value, Overwrite: true });
    const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    const at = { ResourceType: 'Parameter' as const, ResourceId: id };
    const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (Tags.length > 0) await aws.ssm.AddTagsToResource({ ...at, Tags });
    if (gone.length > 0) await aws.ssm.RemoveTagsFromResource({ ...at, TagKeys: [...gone] });
    return { id, attributes: { Type: type, Value: value } };
  },
  delete: (id, _properties, { aws }) => aws.ssm.DeleteParameter({ Name: id }),
};

/** @source CloudFormation Template Reference, AWS::SecretsManager::Secret, read 2026-11 */
const secret: ResourceType = {
  properties: behaviours({
    replaces: 'Name',
    updates: 'Description GenerateSecretString KmsKeyId SecretString Tags',
    unapplied: 'ReplicaRegions Type',
  }),
  attributes: ['Id'],
  name: { property: 'Name', most: 512 },
  exists: (SecretId, { aws }) => aws.secretsmanager.DescribeSecret({ SecretId }),
  async create(properties, making) {
    const { aws, name } = making;
    const text = await secretText(properties, making);
    const { ARN: arn = '' } = await aws.secretsmanager.CreateSecret({
      ...pick(properties, 'Description KmsKeyId'),
      Name: name,
      Tags: [...tagsOf(properties, making)],
      ...(text === undefined ? {} : { SecretString: text }),
    });
    return { id: arn, attributes: { Id: arn } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    // A secret that was thought up stays as it is until it is to be thought up in another way.
    const anew = !isSame(
      pick(properties, 'SecretString GenerateSecretString'),
      pick(before, 'SecretString GenerateSecretString'),
    );
    const text = anew ? await secretText(properties, making) : undefined;
    await aws.secretsmanager.UpdateSecret({
      SecretId: id,
      Description: properties['Description'] ?? '',
      ...pick(properties, 'KmsKeyId'),
      ...(text === undefined ? {} : { SecretString: text }),
    });
    const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (Tags.length > 0) await aws.secretsmanager.TagResource({ SecretId: id, Tags });
    if (gone.length > 0) await aws.secretsmanager.UntagResource({ SecretId: id, TagKeys: [...gone] });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.secretsmanager.DeleteSecret({ SecretId: id, ForceDeleteWithoutRecovery: true }),
};

/** As it is given, or thought up by the rules that are. */
async function secretText(
  { SecretString: given, GenerateSecretString: rules }: Properties,
  { aws }: Making,
): Promise<string | undefined> {
  if (rules === undefined) return given === undefined ? undefined : String(given);
  const { GenerateStringKey: key, SecretStringTemplate: template, ...request } = rules as Properties;
  const { RandomPassword: password = '' } = await aws.secretsmanager.GetRandomPassword(request);
  if (key === undefined) return password;
  return JSON.stringify({ ...(JSON.parse(String(template ?? '{}')) as object), [key]: password });
}

/** @source CloudFormation Template Reference, AWS::SecretsManager::ResourcePolicy, read 2026-11 */
const secretPolicy: ResourceType = {
  properties: behaviours({ replaces: 'SecretId', updates: 'BlockPublicPolicy ResourcePolicy' }),
  required: ['ResourcePolicy', 'SecretId'],
  attributes: ['Id'],
  async create(properties, { aws }) {
    await aws.secretsmanager.PutResourcePolicy(policyOf(properties));
    return { id: properties['SecretId'], attributes: { Id: properties['SecretId'] } };
  },
  async update(id, properties, _before, { aws }) {
    await aws.secretsmanager.PutResourcePolicy(policyOf(properties));
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.secretsmanager.DeleteResourcePolicy({ SecretId: id }),
};
const policyOf = (properties: Properties) => ({
  ...pick(properties, 'BlockPublicPolicy'),
  SecretId: properties['SecretId'] as string,
  ResourcePolicy: documentText(properties['ResourcePolicy']),
});

export const parameters: Readonly<Record<string, ResourceType>> = {
  'AWS::SSM::Parameter': parameter,
  'AWS::SecretsManager::ResourcePolicy': secretPolicy,
  'AWS::SecretsManager::Secret': secret,
};
