import type { TableDescription } from '@aws-sdk/client-dynamodb';
import type { Count, TableCounts } from './counts.ts';
import type { Keys, Table, TableIndex } from './table.ts';

/** A table as DescribeTable tells it. */
export function describe(
  table: Table,
  counts: TableCounts,
  status: 'ACTIVE' | 'CREATING' | 'UPDATING' | 'DELETING' = 'ACTIVE',
): TableDescription {
  const count = counts.get(table.no) ?? none;
  const onDemand = table.billing === 'PAY_PER_REQUEST';
  const local = table.indexes.filter(({ kind }) => kind === 'local');
  const global = table.indexes.filter(({ kind }) => kind === 'global');
  return {
    AttributeDefinitions: table.attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    TableName: table.name,
    KeySchema: schemaOf(table.keys),
    TableStatus: status,
    CreationDateTime: new Date(table.createdAtMs),
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ReadCapacityUnits: onDemand ? 0 : table.throughput.read,
      WriteCapacityUnits: onDemand ? 0 : table.throughput.write,
    },
    TableSizeBytes: count.bytes,
    ItemCount: count.items,
    TableArn: table.arn,
    TableId: table.id,
    ...(onDemand || table.billingNamed
      ? {
          BillingModeSummary: {
            BillingMode: table.billing,
            ...(onDemand && status !== 'CREATING' ? { LastUpdateToPayPerRequestDateTime: new Date(table.createdAtMs) } : {}),
          },
        }
      : {}),
    ...(local.length === 0
      ? {}
      : { LocalSecondaryIndexes: local.map((index) => ({ ...describeIndex(table, index, counts.get(index.no) ?? none) })) }),
    ...(global.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: global.map((index) => ({
            ...describeIndex(table, index, counts.get(index.no) ?? none),
            IndexStatus: index.status,
            ...(index.status === 'CREATING' ? { Backfilling: true } : {}),
            ProvisionedThroughput: {
              NumberOfDecreasesToday: 0,
              ReadCapacityUnits: index.throughput?.read ?? 0,
              WriteCapacityUnits: index.throughput?.write ?? 0,
            },
          })),
        }),
    ...(table.stream === undefined
      ? {}
      : {
          LatestStreamLabel: table.stream.label,
          LatestStreamArn: table.stream.arn,
          ...(table.stream.enabled
            ? { StreamSpecification: { StreamEnabled: true, StreamViewType: table.stream.viewType } }
            : {}),
        }),
    ...(table.sse === undefined
      ? {}
      : {
          SSEDescription: {
            Status: 'ENABLED',
            SSEType: table.sse.type as 'KMS',
            ...(table.sse.keyArn === undefined ? {} : { KMSMasterKeyArn: table.sse.keyArn }),
          },
        }),
    ...(table.tableClass === undefined ? {} : { TableClassSummary: { TableClass: table.tableClass as 'STANDARD' } }),
    ...(table.onDemandThroughput === undefined ? {} : { OnDemandThroughput: table.onDemandThroughput }),
    ...warmThroughput(table, status),
    DeletionProtectionEnabled: table.deletionProtection,
  };
}

/** What was asked for; otherwise, once the table is there, its capacity, or what AWS holds ready on demand. */
function warmThroughput(table: Table, status: string): Pick<TableDescription, 'WarmThroughput'> {
  const asked = table.warmThroughput;
  if (asked === undefined && status === 'CREATING') return {};
  const { read, write } = asked ?? (table.billing === 'PAY_PER_REQUEST' ? { read: 12_000, write: 4000 } : table.throughput);
  const Status = asked === undefined || status === 'ACTIVE' ? 'ACTIVE' : 'UPDATING';
  return { WarmThroughput: { ReadUnitsPerSecond: read, WriteUnitsPerSecond: write, Status } };
}

export const schemaOf = ({ hash, range }: Keys) => [
  { AttributeName: hash.name, KeyType: 'HASH' as const },
  ...(range === undefined ? [] : [{ AttributeName: range.name, KeyType: 'RANGE' as const }]),
];

const none: Count = { items: 0, bytes: 0 };

function describeIndex(table: Table, index: TableIndex, count: Count) {
  return {
    IndexName: index.name,
    KeySchema: schemaOf(index.keys),
    Projection: {
      ProjectionType: index.projection.type,
      ...(index.projection.nonKeys === undefined ? {} : { NonKeyAttributes: [...index.projection.nonKeys] }),
    },
    IndexSizeBytes: count.bytes,
    ItemCount: count.items,
    IndexArn: `${table.arn}/index/${index.name}`,
  };
}
