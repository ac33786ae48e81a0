import { documentText, isSame, lowerFirst, pick } from './pick.ts';
import { behaviours, tagChanges, tagMap, tagsOf, type Making, type Properties, type ResourceType } from './type.ts';

/** @source CloudFormation Template Reference, AWS::ECR::Repository, read 2026-11 */
const repository: ResourceType = {
  properties: behaviours({
    replaces: 'EncryptionConfiguration RepositoryName',
    updates: 'EmptyOnDelete ImageScanningConfiguration ImageTagMutability LifecyclePolicy RepositoryPolicyText Tags',
    unapplied: 'ImageTagMutabilityExclusionFilters',
  }),
  attributes: ['Arn', 'RepositoryUri'],
  name: { property: 'RepositoryName', most: 256, lower: true },
  async exists(name, { aws }) {
    const { repositories = [] } = await aws.ecr.DescribeRepositories({ repositoryNames: [name] });
    return repositories.length > 0;
  },
  async create(properties, making) {
    const { aws, name } = making;
    const { repository: made } = await aws.ecr.CreateRepository({
      ...(lowerFirst(pick(properties, 'EncryptionConfiguration ImageScanningConfiguration ImageTagMutability')) as object),
      repositoryName: name,
      tags: [...tagsOf(properties, making)],
    });
    await policies(properties, {}, making);
    return { id: name, attributes: { Arn: made?.repositoryArn, RepositoryUri: made?.repositoryUri } };
  },
  async update(id, properties, before, making) {
    const { aws, region, account } = making;
    const at = { repositoryName: id };
    if (properties['ImageTagMutability'] !== before['ImageTagMutability'])
      await aws.ecr.PutImageTagMutability({ ...at, imageTagMutability: properties['ImageTagMutability'] ?? 'MUTABLE' });
    if (!isSame(properties['ImageScanningConfiguration'], before['ImageScanningConfiguration']))
      await aws.ecr.PutImageScanningConfiguration({
        ...at,
        imageScanningConfiguration: { scanOnPush: properties['ImageScanningConfiguration']?.ScanOnPush ?? false },
      });
    await policies(properties, before, making);
    const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    const resourceArn = `arn:aws:ecr:${region}:${account}:repository/${id}`;
    const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (tags.length > 0) await aws.ecr.TagResource({ resourceArn, tags });
    if (gone.length > 0) await aws.ecr.UntagResource({ resourceArn, tagKeys: [...gone] });
    return { id };
  },
  delete: (id, { EmptyOnDelete: force }, { aws }) =>
    aws.ecr.DeleteRepository({ repositoryName: id, force: String(force) === 'true' }),
};

async function policies(properties: Properties, before: Properties, { aws, name: repositoryName }: Making): Promise<void> {
  const [text, was]: unknown[] = [properties['RepositoryPolicyText'], before['RepositoryPolicyText']];
  if (!isSame(text, was))
    await (text === undefined
      ? aws.ecr.DeleteRepositoryPolicy({ repositoryName })
      : aws.ecr.SetRepositoryPolicy({ repositoryName, policyText: documentText(text) }));
  const [rules, had]: unknown[] = [
    properties['LifecyclePolicy']?.LifecyclePolicyText,
    before['LifecyclePolicy']?.LifecyclePolicyText,
  ];
  if (!isSame(rules, had))
    await (rules === undefined
      ? aws.ecr.DeleteLifecyclePolicy({ repositoryName })
      : aws.ecr.PutLifecyclePolicy({ repositoryName, lifecyclePolicyText: documentText(rules) }));
}

export const ecr: Readonly<Record<string, ResourceType>> = { 'AWS::ECR::Repository': repository };
