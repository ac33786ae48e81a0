import { ServiceFault, type Call, type DynamoDbOperations, type Handlers } from '@mayfly/wire';
import type { Sql } from '../../storage/index.ts';
import { Catalogue, tableName } from './catalogue.ts';
import { describe } from './describe.ts';
import { inUse, invalid, invalidParameter, tableNotFound } from './faults.ts';
import {
  checkAttributesUsed,
  checkBilling,
  readAttributes,
  readGlobal,
  readIndexes,
  readKeys,
  readThroughput,
} from './read-table.ts';
import type { Room } from './room.ts';
import type { Streams } from './streams/streams.ts';
import type { Table, TableIndex } from './table.ts';
import type { Background } from './background.ts';

type TableHandlers = Pick<
  Handlers<DynamoDbOperations>,
  'CreateTable' | 'DescribeTable' | 'DeleteTable' | 'UpdateTable' | 'ListTables'
>;
type UpdateInput = DynamoDbOperations['UpdateTable']['input'];
type StreamInput = UpdateInput['StreamSpecification'];

/** @source Developer Guide, "Quotas": tables of an account in a region */
const mostTables = 2500;

/** Tables are ACTIVE as soon as they exist; the answers say CREATING, UPDATING, DELETING as DynamoDB's do. */
export function tableHandlers(room: Room, streams: Streams, background: Background): TableHandlers {
  const { catalogue, writer, counts, clock, random } = room;
  const find = (call: Call, name: string | undefined): Table => {
    const table = catalogue.find(call, name ?? '');
    if (table === undefined) throw tableNotFound(tableName(name ?? ''));
    return table;
  };
  return {
    async CreateTable(input, call) {
      const name = tableName(input.TableName ?? '');
      checkName(name);
      const attributes = readAttributes(input.AttributeDefinitions);
      checkBilling(input);
      const keys = readKeys(input.KeySchema, attributes);
      const indexes = readIndexes(input, attributes, keys, () => catalogue.nextNo());
      checkAttributesUsed(attributes, keys, indexes);
      if (catalogue.find(call, name) !== undefined) throw inUse(`Table already exists: ${name}`);
      if (catalogue.list(call).length >= mostTables) {
        throw new ServiceFault(
          'LimitExceededException',
          `Subscriber limit exceeded: There is a limit of ${mostTables} tables per subscriber`,
        );
      }
      const arn = `arn:aws:dynamodb:${call.region}:${call.account}:table/${name}`;
      const stream = newStream(input.StreamSpecification, arn, room);
      const table: Table = {
        no: catalogue.nextNo(),
        id: random.uuid(),
        account: call.account,
        region: call.region,
        name,
        arn,
        createdAtMs: clock.now(),
        keys,
        attributes,
        indexes,
        billing: input.BillingMode ?? 'PROVISIONED',
        billingNamed: input.BillingMode !== undefined,
        throughput: readThroughput(input.ProvisionedThroughput) ?? { read: 0, write: 0 },
        ...(input.OnDemandThroughput === undefined ? {} : { onDemandThroughput: input.OnDemandThroughput }),
        ...(input.WarmThroughput === undefined
          ? {}
          : {
              warmThroughput: {
                read: input.WarmThroughput.ReadUnitsPerSecond ?? 0,
                write: input.WarmThroughput.WriteUnitsPerSecond ?? 0,
              },
            }),
        ...(stream === undefined ? {} : { stream }),
        ...sseOf(input.SSESpecification, call),
        ...(input.TableClass === undefined ? {} : { tableClass: input.TableClass }),
        deletionProtection: input.DeletionProtectionEnabled ?? false,
        pointInTimeRecovery: false,
        tags: Object.fromEntries((input.Tags ?? []).map(({ Key: key, Value: value }) => [key ?? '', value ?? ''])),
      };
      // Taken before the commit, so that two creators cannot both find the name free.
      catalogue.remember(table);
      try {
        await writer.run(async (tx) => {
          await Catalogue.write(tx, table);
          if (stream !== undefined) await streams.create(tx, table);
        });
      } catch (error) {
        catalogue.forget(table);
        throw error;
      }
      counts.start(table);
      return { TableDescription: describe(table, new Map(), 'CREATING') };
    },

    async DescribeTable(input, call) {
      const table = find(call, input.TableName);
      return { Table: describe(table, await counts.of(table, room.database)) };
    },

    ListTables(input, call) {
      const limit = input.Limit ?? 100;
      const names = catalogue.list(call).map(({ name }) => name);
      const from = input.ExclusiveStartTableName;
      const rest = from === undefined ? names : names.filter((name) => name > from);
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      return Promise.resolve({
        TableNames: page,
        ...(rest.length > limit && last !== undefined ? { LastEvaluatedTableName: last } : {}),
      });
    },

    async DeleteTable(input, call) {
      const table = find(call, input.TableName);
      if (table.deletionProtection) {
        throw invalid(
          'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
        );
      }
      catalogue.forget(table);
      try {
        await writer.run(async (tx) => {
          await tx.run('DELETE FROM dynamodb_table WHERE table_no = ?', [table.no]);
          await drop(tx, 'item', table.no);
          for (const { no } of table.indexes) await drop(tx, 'entry', no);
          if (table.stream?.enabled === true) await streams.close(tx, table.stream.arn);
        });
      } catch (error) {
        catalogue.remember(table);
        throw error;
      }
      const count = await counts.of(table, room.database);
      counts.forget(table);
      background.sweep();
      const { billingNamed: _, ...rest } = table;
      return { TableDescription: describe({ ...rest, billingNamed: false, indexes: [] }, count, 'DELETING') };
    },

    async UpdateTable(input, call) {
      const table = find(call, input.TableName);
      const stream = changedStream(input.StreamSpecification, table, room);
      const indexes = changedIndexes(input, table, room);
      const billing = input.BillingMode ?? table.billing;
      if (billing === 'PROVISIONED' && table.billing !== 'PROVISIONED')
        checkBilling({ BillingMode: billing, ProvisionedThroughput: input.ProvisionedThroughput });
      const kept = keptAttributes(input, table, indexes.now);
      const next: Table = {
        ...table,
        attributes: kept,
        indexes: indexes.now,
        billing,
        billingNamed: table.billingNamed || input.BillingMode !== undefined,
        throughput: readThroughput(input.ProvisionedThroughput) ?? table.throughput,
        ...(stream === undefined ? {} : { stream }),
        ...sseOf(input.SSESpecification, call),
        ...(input.TableClass === undefined ? {} : { tableClass: input.TableClass }),
        ...(input.OnDemandThroughput === undefined ? {} : { onDemandThroughput: input.OnDemandThroughput }),
        ...(input.WarmThroughput === undefined
          ? {}
          : {
              warmThroughput: {
                read: input.WarmThroughput.ReadUnitsPerSecond ?? 0,
                write: input.WarmThroughput.WriteUnitsPerSecond ?? 0,
              },
            }),
        deletionProtection: input.DeletionProtectionEnabled ?? table.deletionProtection,
      };
      await replace(room, table, next, async (tx) => {
        for (const { no } of indexes.gone) await drop(tx, 'entry', no);
        if (stream?.enabled === true) await streams.create(tx, next);
        else if (stream !== undefined) await streams.close(tx, stream.arn);
      });
      background.sweep();
      background.fill();
      return { TableDescription: describe(next, await counts.of(table, room.database), 'UPDATING') };
    },
  };
}

/** @throws ValidationException. The model takes ARNs where a name is meant, so it does not tell */
export function checkName(name: string): void {
  if (/^[a-zA-Z0-9_.-]{3,255}$/.test(name)) return;
  throw invalid(
    `Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'`,
  );
}

/** Puts one record of a table in the place of another, in memory and in its row. */
export async function replace(
  room: Room,
  table: Table,
  next: Table,
  also: (tx: Sql) => Promise<void> = async () => {},
): Promise<void> {
  room.catalogue.remember(next);
  try {
    await room.writer.run(async (tx) => {
      await Catalogue.write(tx, next);
      await also(tx);
    });
  } catch (error) {
    room.catalogue.remember(table);
    throw error;
  }
}

export const drop = (tx: Sql, kind: 'item' | 'entry', no: number): Promise<number> =>
  tx.run('INSERT INTO dynamodb_dropped (kind, no) VALUES (?, ?) ON CONFLICT DO NOTHING', [kind, no]);

function sseOf(
  input: DynamoDbOperations['CreateTable']['input']['SSESpecification'],
  call: Call,
): { readonly sse?: NonNullable<Table['sse']> } {
  if (input?.Enabled !== true) return {};
  const key = input.KMSMasterKeyId ?? `arn:aws:kms:${call.region}:${call.account}:alias/aws/dynamodb`;
  return { sse: { type: 'KMS', keyArn: key } };
}

function newStream(input: StreamInput, tableArn: string, { catalogue, clock }: Room): Table['stream'] {
  if (input?.StreamEnabled !== true) {
    if (input?.StreamViewType !== undefined)
      throw invalidParameter('StreamViewType can only be specified when StreamEnabled is true');
    return undefined;
  }
  if (input.StreamViewType === undefined) throw invalidParameter('StreamViewType must be specified when StreamEnabled is true');
  const label = new Date(clock.now()).toISOString().slice(0, -1);
  return {
    no: catalogue.nextNo(),
    arn: `${tableArn}/stream/${label}`,
    label,
    viewType: input.StreamViewType,
    enabled: true,
  };
}

function changedStream(input: StreamInput, table: Table, room: Room): Table['stream'] {
  if (input === undefined) return undefined;
  if (input.StreamEnabled === true) {
    if (table.stream?.enabled === true) throw invalid(`Table already has an enabled stream: TableName: ${table.name}`);
    return newStream(input, table.arn, room);
  }
  if (table.stream?.enabled !== true) throw invalid(`Table is already disabled stream: TableName: ${table.name}`);
  return { ...table.stream, enabled: false };
}

/** @throws LimitExceededException for more than one new or dropped index a call. @source API Reference, UpdateTable */
function changedIndexes(
  input: UpdateInput,
  table: Table,
  room: Room,
): { readonly now: readonly TableIndex[]; readonly gone: readonly TableIndex[] } {
  const updates = input.GlobalSecondaryIndexUpdates ?? [];
  if (updates.filter(({ Update: update }) => update === undefined).length > 1) {
    throw new ServiceFault(
      'LimitExceededException',
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    );
  }
  const attributes =
    input.AttributeDefinitions === undefined
      ? table.attributes
      : mergeAttributes(table, readAttributes(input.AttributeDefinitions));
  let now = table.indexes;
  const gone: TableIndex[] = [];
  const named = (name: string | undefined): TableIndex => {
    const index = now.find((each) => each.kind === 'global' && each.name === name);
    if (index === undefined)
      throw new ServiceFault('ResourceNotFoundException', `Requested resource not found: Index: ${name} not found`);
    return index;
  };
  for (const { Create: create, Update: update, Delete: del } of updates) {
    if (create !== undefined) {
      if (now.some(({ name }) => name === create.IndexName))
        throw invalid(`Attempting to create an index which already exists: ${create.IndexName}`);
      const index = readGlobal(create, attributes, () => room.catalogue.nextNo(), input.BillingMode ?? table.billing);
      now = [...now, { ...index, status: 'CREATING' }];
    } else if (del !== undefined) {
      const index = named(del.IndexName);
      gone.push(index);
      now = now.filter((each) => each !== index);
    } else if (update !== undefined) {
      const index = named(update.IndexName);
      const throughput = readThroughput(update.ProvisionedThroughput) ?? index.throughput;
      now = now.map((each) => (each === index ? { ...index, ...(throughput === undefined ? {} : { throughput }) } : each));
    }
  }
  return { now, gone };
}

const mergeAttributes = (table: Table, given: Table['attributes']): Table['attributes'] => [
  ...table.attributes.filter(({ name }) => !given.some((each) => each.name === name)),
  ...given,
];

/** Definitions that a key still uses. */
function keptAttributes(input: UpdateInput, table: Table, indexes: readonly TableIndex[]): Table['attributes'] {
  const all = mergeAttributes(table, readAttributes(input.AttributeDefinitions ?? []));
  const used = new Set([table.keys, ...indexes.map(({ keys }) => keys)].flatMap(({ hash, range }) => [hash.name, range?.name]));
  return all.filter(({ name }) => used.has(name));
}
