import { changedProperties } from '../engine/differences.ts';
import { isSame, listOf, pick } from './pick.ts';
import { behaviours, tagChanges, tagMap, tagsOf, type Making, type Properties, type ResourceType } from './type.ts';

interface Index extends Properties {
  readonly IndexName: string;
}

const settings = 'BillingMode ProvisionedThroughput TableClass DeletionProtectionEnabled OnDemandThroughput WarmThroughput';

/** @source CloudFormation Template Reference, AWS::DynamoDB::Table, read 2026-11 */
const table: ResourceType = {
  properties: behaviours({
    replaces: 'KeySchema LocalSecondaryIndexes TableName',
    updates: `${settings} AttributeDefinitions GlobalSecondaryIndexes PointInTimeRecoverySpecification SSESpecification StreamSpecification Tags TimeToLiveSpecification`,
    unapplied: 'ContributorInsightsSpecification ImportSourceSpecification KinesisStreamSpecification ResourcePolicy',
  }),
  required: ['KeySchema'],
  attributes: ['Arn', 'StreamArn'],
  name: { property: 'TableName', most: 255 },
  exists: (TableName, { aws }) => aws.dynamodb.DescribeTable({ TableName }),
  async create(properties, making) {
    const { aws, name } = making;
    const { BillingMode: mode } = properties;
    await aws.dynamodb.CreateTable({
      ...pick(properties, `${settings} LocalSecondaryIndexes`),
      AttributeDefinitions: properties['AttributeDefinitions'],
      KeySchema: properties['KeySchema'],
      TableName: name,
      ...(properties['GlobalSecondaryIndexes'] === undefined
        ? {}
        : { GlobalSecondaryIndexes: listOf<Index>(properties['GlobalSecondaryIndexes']).map(indexOf) as never }),
      BillingMode: mode ?? 'PROVISIONED',
      ...streamOf(properties),
      ...encryptionOf(properties),
      Tags: [...tagsOf(properties, making)],
    });
    await active(making);
    await beside(properties, {}, making);
    return { id: name, attributes: await attributesOf(making) };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const changed = new Set(changedProperties(before, properties));
    const step = async (input: Properties): Promise<void> => {
      await aws.dynamodb.UpdateTable({ AttributeDefinitions: properties['AttributeDefinitions'], ...input, TableName: id });
      await active(making);
    };
    const plain = pick(
      properties,
      settings
        .split(' ')
        .filter((name) => changed.has(name))
        .join(' '),
    );
    if (Object.keys(plain).length > 0) await step(plain);
    if (changed.has('SSESpecification')) await step(encryptionOf(properties));
    if (changed.has('StreamSpecification')) {
      // A stream of another kind is another stream: the old one ends first.
      if (before['StreamSpecification'] !== undefined) await step({ StreamSpecification: { StreamEnabled: false } });
      if (properties['StreamSpecification'] !== undefined) await step(streamOf(properties));
    }
    if (changed.has('GlobalSecondaryIndexes'))
      for (const change of indexChanges(properties, before)) await step({ GlobalSecondaryIndexUpdates: [change] });
    await beside(properties, before, making);
    const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    const { Arn: ResourceArn } = await attributesOf(making);
    const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (Tags.length > 0) await aws.dynamodb.TagResource({ ResourceArn, Tags });
    if (gone.length > 0) await aws.dynamodb.UntagResource({ ResourceArn, TagKeys: [...gone] });
    return { id, attributes: await attributesOf(making) };
  },
  async delete(id, _properties, { aws, until }) {
    await aws.dynamodb.DeleteTable({ TableName: id });
    await until(async () => {
      try {
        await aws.dynamodb.DescribeTable({ TableName: id });
        return undefined;
      } catch {
        return true;
      }
    });
  },
};

const indexOf = (index: Index): Properties =>
  pick(index, 'IndexName KeySchema Projection ProvisionedThroughput OnDemandThroughput WarmThroughput');

const streamOf = ({ StreamSpecification: stream }: Properties): Properties =>
  stream === undefined ? {} : { StreamSpecification: { StreamEnabled: true, StreamViewType: stream.StreamViewType } };

const encryptionOf = ({ SSESpecification: encryption }: Properties): Properties =>
  encryption === undefined
    ? {}
    : {
        SSESpecification: {
          Enabled: encryption.SSEEnabled,
          SSEType: encryption.SSEType,
          KMSMasterKeyId: encryption.KMSMasterKeyId,
        },
      };

/** One at a time, as the service takes them; one whose keys change goes and comes anew. */
function indexChanges(properties: Properties, before: Properties): readonly Properties[] {
  const named = (of: Properties) => new Map(listOf<Index>(of['GlobalSecondaryIndexes']).map((index) => [index.IndexName, index]));
  const [now, then] = [named(properties), named(before)];
  const isAnother = (name: string): boolean => {
    const [a, b] = [now.get(name), then.get(name)];
    return !isSame(a?.['KeySchema'], b?.['KeySchema']) || !isSame(a?.['Projection'], b?.['Projection']);
  };
  return [
    ...[...then.keys()].filter(isAnother).map((IndexName) => ({ Delete: { IndexName } })),
    ...[...now.keys()].filter(isAnother).map((name) => ({ Create: indexOf(now.get(name) as Index) })),
    ...[...now.keys()]
      .filter((name) => !isAnother(name) && !isSame(now.get(name), then.get(name)))
      .map((name) => ({
        Update: pick(now.get(name) as Index, 'IndexName ProvisionedThroughput OnDemandThroughput WarmThroughput'),
      })),
  ];
}

/** Settings that have operations of their own. */
async function beside(properties: Properties, before: Properties, { aws, name: TableName }: Making): Promise<void> {
  const changed = new Set(changedProperties(before, properties));
  if (changed.has('TimeToLiveSpecification')) {
    const ttl: Properties | undefined = properties['TimeToLiveSpecification'];
    const was: Properties | undefined = before['TimeToLiveSpecification'];
    const enabled = ttl !== undefined && String(ttl['Enabled']) !== 'false';
    if (enabled || was !== undefined)
      await aws.dynamodb.UpdateTimeToLive({
        TableName,
        TimeToLiveSpecification: { Enabled: enabled, AttributeName: ttl?.['AttributeName'] ?? was?.['AttributeName'] },
      });
  }
  if (changed.has('PointInTimeRecoverySpecification')) {
    const recovery: Properties | undefined = properties['PointInTimeRecoverySpecification'];
    await aws.dynamodb.UpdateContinuousBackups({
      TableName,
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled: recovery?.['PointInTimeRecoveryEnabled'] ?? false,
        ...(recovery?.['RecoveryPeriodInDays'] === undefined ? {} : { RecoveryPeriodInDays: recovery['RecoveryPeriodInDays'] }),
      },
    });
  }
}

const active = ({ aws, name: TableName, until }: Making): Promise<unknown> =>
  until(async () => {
    const { Table: described } = await aws.dynamodb.DescribeTable({ TableName });
    const indexes = described?.GlobalSecondaryIndexes ?? [];
    return described?.TableStatus === 'ACTIVE' &&
      indexes.every(({ IndexStatus: status }) => status === undefined || status === 'ACTIVE')
      ? true
      : undefined;
  });

async function attributesOf({ aws, name: TableName }: Making) {
  const { Table: described } = await aws.dynamodb.DescribeTable({ TableName });
  return { Arn: described?.TableArn, StreamArn: described?.LatestStreamArn };
}

/** A table in one region: this one. @source CloudFormation Template Reference, AWS::DynamoDB::GlobalTable, read 2026-11 */
const globalTable: ResourceType = {
  ...table,
  properties: behaviours({
    replaces: 'KeySchema LocalSecondaryIndexes TableName',
    updates:
      'AttributeDefinitions BillingMode GlobalSecondaryIndexes Replicas SSESpecification StreamSpecification TimeToLiveSpecification WarmThroughput',
    unapplied: 'GlobalTableWitnesses MultiRegionConsistency WriteOnDemandThroughputSettings WriteProvisionedThroughputSettings',
  }),
  required: ['KeySchema', 'AttributeDefinitions', 'Replicas'],
  attributes: ['Arn', 'StreamArn', 'TableId'],
  create: (properties, making) => table.create(alone(properties, making), making),
  update: async (id, properties, before, making) =>
    (await table.update?.(id, alone(properties, making), alone(before, making), making)) ?? { id },
};

function alone({ Replicas: replicas, ...rest }: Properties, { region }: Making): Properties {
  const [own, ...others] = listOf<Properties>(replicas).toSorted((a) => (a['Region'] === region ? -1 : 1));
  if (own?.['Region'] !== region || others.length > 0)
    throw new Error(`Mayfly has no replicas of tables: Replicas has to be ${region} alone.`);
  return {
    ...rest,
    BillingMode: rest['BillingMode'] ?? 'PAY_PER_REQUEST',
    ...pick(own, 'DeletionProtectionEnabled PointInTimeRecoverySpecification TableClass Tags'),
  };
}

export const dynamodb: Readonly<Record<string, ResourceType>> = {
  'AWS::DynamoDB::GlobalTable': globalTable,
  'AWS::DynamoDB::Table': table,
};
