import { documentText, isSame, lowerFirst, pick } from './pick.ts';
import { behaviours, tagChanges, tagMap, type Making, type Properties, type ResourceType } from './type.ts';

const groupArn = ({ region, account }: Making, name: string): string => `arn:aws:logs:${region}:${account}:log-group:${name}`;

/** @source CloudFormation Template Reference, AWS::Logs::LogGroup, read 2026-11 */
const logGroup: ResourceType = {
  properties: behaviours({
    replaces: 'LogGroupName',
    updates: 'KmsKeyId LogGroupClass RetentionInDays Tags',
    unapplied: 'DataProtectionPolicy DeletionProtectionEnabled FieldIndexPolicies ResourcePolicyDocument',
  }),
  attributes: ['Arn'],
  name: { property: 'LogGroupName', most: 512 },
  async exists(name, { aws }) {
    const { logGroups = [] } = await aws.logs.DescribeLogGroups({ logGroupNamePrefix: name });
    return logGroups.some(({ logGroupName }) => logGroupName === name);
  },
  async create(properties, making) {
    const { aws, name } = making;
    const tags = tagMap(properties['Tags'], making);
    await aws.logs.CreateLogGroup({
      logGroupName: name,
      kmsKeyId: properties['KmsKeyId'],
      logGroupClass: properties['LogGroupClass'],
      ...(Object.keys(tags).length === 0 ? {} : { tags }),
    });
    await retain(name, properties, {}, making);
    return { id: name, attributes: { Arn: `${groupArn(making, name)}:*` } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    await retain(id, properties, before, making);
    const kmsKeyId: string | undefined = properties['KmsKeyId'];
    if (kmsKeyId !== before['KmsKeyId'])
      await (kmsKeyId === undefined
        ? aws.logs.DisassociateKmsKey({ logGroupName: id })
        : aws.logs.AssociateKmsKey({ logGroupName: id, kmsKeyId }));
    const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    const resourceArn = groupArn(making, id);
    if (Object.keys(set).length > 0) await aws.logs.TagResource({ resourceArn, tags: set });
    if (gone.length > 0) await aws.logs.UntagResource({ resourceArn, tagKeys: [...gone] });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.logs.DeleteLogGroup({ logGroupName: id }),
};

async function retain(logGroupName: string, properties: Properties, before: Properties, { aws }: Making): Promise<void> {
  const retentionInDays: number | undefined = properties['RetentionInDays'];
  if (isSame(retentionInDays, before['RetentionInDays'])) return;
  await (retentionInDays === undefined
    ? aws.logs.DeleteRetentionPolicy({ logGroupName })
    : aws.logs.PutRetentionPolicy({ logGroupName, retentionInDays }));
}

/** @source CloudFormation Template Reference, AWS::Logs::LogStream, read 2026-11 */
const logStream: ResourceType = {
  properties: behaviours({ replaces: 'LogGroupName LogStreamName' }),
  required: ['LogGroupName'],
  name: { property: 'LogStreamName', most: 512 },
  async create({ LogGroupName: logGroupName }, { aws, name }) {
    await aws.logs.CreateLogStream({ logGroupName, logStreamName: name });
    return { id: name };
  },
  delete: (id, { LogGroupName: logGroupName }, { aws }) => aws.logs.DeleteLogStream({ logGroupName, logStreamName: id }),
};

/** @source CloudFormation Template Reference, AWS::Logs::SubscriptionFilter, read 2026-11 */
const subscriptionFilter: ResourceType = {
  properties: behaviours({
    replaces: 'FilterName LogGroupName',
    updates: 'DestinationArn Distribution FilterPattern RoleArn',
    unapplied: 'ApplyOnTransformedLogs EmitSystemFields FieldSelectionCriteria',
  }),
  required: ['DestinationArn', 'FilterPattern', 'LogGroupName'],
  name: { property: 'FilterName', most: 512 },
  async create(properties, { aws, name }) {
    await aws.logs.PutSubscriptionFilter({ ...filter(properties), filterName: name });
    return { id: name };
  },
  async update(id, properties, _before, { aws }) {
    await aws.logs.PutSubscriptionFilter({ ...filter(properties), filterName: id });
    return { id };
  },
  delete: (id, { LogGroupName: logGroupName }, { aws }) => aws.logs.DeleteSubscriptionFilter({ logGroupName, filterName: id }),
};
const filter = (properties: Properties) =>
  lowerFirst(pick(properties, 'DestinationArn Distribution FilterPattern LogGroupName RoleArn')) as {
    logGroupName: string;
    destinationArn: string;
    filterPattern: string;
  };

/** @source CloudFormation Template Reference, AWS::Logs::MetricFilter, read 2026-11 */
const metricFilter: ResourceType = {
  properties: behaviours({
    replaces: 'FilterName LogGroupName',
    updates: 'FilterPattern MetricTransformations',
    unapplied: 'ApplyOnTransformedLogs EmitSystemFieldDimensions FieldSelectionCriteria',
  }),
  required: ['FilterPattern', 'LogGroupName', 'MetricTransformations'],
  name: { property: 'FilterName', most: 512 },
  async create(properties, { aws, name }) {
    await aws.logs.PutMetricFilter({ ...metric(properties), filterName: name });
    return { id: name };
  },
  async update(id, properties, _before, { aws }) {
    await aws.logs.PutMetricFilter({ ...metric(properties), filterName: id });
    return { id };
  },
  delete: (id, { LogGroupName: logGroupName }, { aws }) => aws.logs.DeleteMetricFilter({ logGroupName, filterName: id }),
};

interface Transformation extends Properties {
  readonly Dimensions?: readonly { readonly Key: string; readonly Value: string }[];
}
const metric = ({
  LogGroupName: logGroupName,
  FilterPattern: filterPattern,
  MetricTransformations: transformations,
}: Properties) => ({
  logGroupName: logGroupName as string,
  filterPattern: filterPattern as string,
  metricTransformations: (transformations as readonly Transformation[]).map(({ Dimensions: dimensions, ...rest }) => ({
    ...(lowerFirst(rest) as { metricName: string; metricNamespace: string; metricValue: string }),
    ...(dimensions === undefined ? {} : { dimensions: Object.fromEntries(dimensions.map(({ Key, Value }) => [Key, Value])) }),
  })),
});

/** @source CloudFormation Template Reference, AWS::Logs::ResourcePolicy, read 2026-11 */
const resourcePolicy: ResourceType = {
  properties: behaviours({ replaces: 'PolicyName', updates: 'PolicyDocument' }),
  required: ['PolicyDocument', 'PolicyName'],
  name: { property: 'PolicyName', most: 255 },
  async create({ PolicyDocument: document }, { aws, name }) {
    await aws.logs.PutResourcePolicy({ policyName: name, policyDocument: documentText(document) });
    return { id: name };
  },
  async update(id, { PolicyDocument: document }, _before, { aws }) {
    await aws.logs.PutResourcePolicy({ policyName: id, policyDocument: documentText(document) });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.logs.DeleteResourcePolicy({ policyName: id }),
};

export const logs: Readonly<Record<string, ResourceType>> = {
  'AWS::Logs::LogGroup': logGroup,
  'AWS::Logs::LogStream': logStream,
  'AWS::Logs::MetricFilter': metricFilter,
  'AWS::Logs::ResourcePolicy': resourcePolicy,
  'AWS::Logs::SubscriptionFilter': subscriptionFilter,
};
