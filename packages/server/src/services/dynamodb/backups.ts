import { ServiceFault, type Call, type DynamoDbOperations, type Handlers } from '@mayfly/wire';
import type { Sql } from '../../storage/index.ts';
import type { Background } from './background.ts';
import { Catalogue, tableName } from './catalogue.ts';
import { describe } from './describe.ts';
import { invalid } from './faults.ts';
import { checkBilling, readThroughput } from './read-table.ts';
import type { Room } from './room.ts';
import type { Table } from './table.ts';
import { checkName, drop } from './tables.ts';

type Names =
  | 'CreateBackup'
  | 'DescribeBackup'
  | 'DeleteBackup'
  | 'ListBackups'
  | 'RestoreTableFromBackup'
  | 'RestoreTableToPointInTime';

/** A table as it was. Its items are rows under a number of their own, which no table has. */
interface Backup {
  readonly arn: string;
  readonly no: number;
  readonly name: string;
  readonly createdAtMs: number;
  readonly table: Table;
  readonly items: number;
  readonly bytes: number;
}

interface Overrides {
  readonly BillingModeOverride?: Table['billing'] | undefined;
  readonly ProvisionedThroughputOverride?: Parameters<typeof readThroughput>[0];
  readonly GlobalSecondaryIndexOverride?: readonly { readonly IndexName: string | undefined }[] | undefined;
  readonly LocalSecondaryIndexOverride?: readonly { readonly IndexName: string | undefined }[] | undefined;
}

const notFound = (arn: string | undefined): Error => new ServiceFault('BackupNotFoundException', `Backup not found: ${arn}`);

/** Backups are made and brought back by copying rows, all at once: nothing is written to a table meanwhile. */
export function backupHandlers(room: Room, background: Background): Pick<Handlers<DynamoDbOperations>, Names> {
  const { catalogue, writer, database, clock, random, counts } = room;
  const find = (call: Call, name: string | undefined): Table => {
    const table = catalogue.find(call, name ?? '');
    if (table === undefined) throw new ServiceFault('TableNotFoundException', `Table not found: ${tableName(name ?? '')}`);
    return table;
  };
  const backup = async (arn: string | undefined): Promise<Backup> => {
    const row = await database.get('SELECT data FROM dynamodb_backup WHERE arn = ?', [arn ?? '']);
    if (row === undefined) throw notFound(arn);
    return JSON.parse(row['data'] as string) as Backup;
  };

  const restore = async (
    call: Call,
    source: { readonly no: number; readonly table: Table },
    target: string | undefined,
    overrides: Overrides,
  ) => {
    const name = target ?? '';
    checkName(name);
    if (catalogue.find(call, name) !== undefined)
      throw new ServiceFault('TableAlreadyExistsException', `Table already exists: ${name}`);
    const table = restored(source.table, { name, ...call }, overrides, room);
    catalogue.remember(table);
    try {
      await writer.run(async (tx) => {
        await Catalogue.write(tx, table);
        await copy(tx, source.no, table.no);
      });
    } catch (error) {
      catalogue.forget(table);
      throw error;
    }
    background.fill();
    await background.settled();
    return table;
  };

  return {
    async CreateBackup(input, call) {
      const table = find(call, input.TableName);
      const createdAtMs = Math.floor(clock.now());
      const arn = `${table.arn}/backup/0${createdAtMs}-${Buffer.from(random.bytes(4)).toString('hex')}`;
      const no = catalogue.nextNo();
      const made = await writer.run(async (tx) => {
        await copy(tx, table.no, no);
        const row = await tx.get(
          'SELECT COUNT(*) AS items, COALESCE(SUM(size), 0) AS bytes FROM dynamodb_item WHERE table_no = ?',
          [no],
        );
        const { items, bytes } = { items: Number(row?.['items'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
        const kept: Backup = { arn, no, name: input.BackupName ?? '', createdAtMs, table, items, bytes };
        await tx.run('INSERT INTO dynamodb_backup (arn, no, account, region, data) VALUES (?, ?, ?, ?, ?)', [
          arn,
          no,
          call.account,
          call.region,
          JSON.stringify(kept),
        ]);
        return kept;
      });
      return { BackupDetails: detailsOf(made, 'CREATING') };
    },

    async DescribeBackup(input) {
      return { BackupDescription: descriptionOf(await backup(input.BackupArn)) };
    },

    async DeleteBackup(input) {
      const gone = await backup(input.BackupArn);
      await writer.run(async (tx) => {
        await tx.run('DELETE FROM dynamodb_backup WHERE arn = ?', [gone.arn]);
        await drop(tx, 'item', gone.no);
      });
      background.sweep();
      return { BackupDescription: descriptionOf(gone, 'DELETED') };
    },

    async ListBackups(input, call) {
      if (input.BackupType === 'SYSTEM' || input.BackupType === 'AWS_BACKUP') return { BackupSummaries: [] };
      const rows = await database.all('SELECT data FROM dynamodb_backup WHERE account = ? AND region = ? ORDER BY arn', [
        call.account,
        call.region,
      ]);
      const { TimeRangeLowerBound: from, TimeRangeUpperBound: to, ExclusiveStartBackupArn: after = '' } = input;
      const all = rows
        .map((row) => JSON.parse(row['data'] as string) as Backup)
        .filter(({ table, createdAtMs, arn }) =>
          [
            input.TableName === undefined || table.name === tableName(input.TableName),
            from === undefined || createdAtMs >= from.getTime(),
            to === undefined || createdAtMs < to.getTime(),
            arn > after,
          ].every(Boolean),
        );
      const page = all.slice(0, input.Limit ?? 100);
      const last = page.at(-1);
      return {
        BackupSummaries: page.map((each) => ({
          TableName: each.table.name,
          TableId: each.table.id,
          TableArn: each.table.arn,
          ...detailsOf(each),
        })),
        ...(last !== undefined && page.length < all.length ? { LastEvaluatedBackupArn: last.arn } : {}),
      };
    },

    async RestoreTableFromBackup(input, call) {
      const from = await backup(input.BackupArn);
      const table = await restore(call, from, input.TargetTableName, input);
      const summary = { SourceBackupArn: from.arn, SourceTableArn: from.table.arn };
      return {
        TableDescription: { ...describe(table, await counts.of(table, database), 'CREATING'), ...restoring(table, summary) },
      };
    },

    async RestoreTableToPointInTime(input, call) {
      const source = find(call, input.SourceTableName ?? input.SourceTableArn);
      if (!source.pointInTimeRecovery) {
        throw new ServiceFault(
          'PointInTimeRecoveryUnavailableException',
          `Point in time recovery is not enabled for table '${source.name}'`,
        );
      }
      if (input.UseLatestRestorableTime !== true)
        throw invalid('Mayfly keeps no history of tables: it restores the latest restorable time alone.');
      const table = await restore(call, { no: source.no, table: source }, input.TargetTableName, input);
      return {
        TableDescription: {
          ...describe(table, await counts.of(table, database), 'CREATING'),
          ...restoring(table, { SourceTableArn: source.arn }),
        },
      };
    },
  };
}

const restoring = (table: Table, from: object) => ({
  RestoreSummary: { ...from, RestoreDateTime: new Date(table.createdAtMs), RestoreInProgress: true },
});

/** Rows of items under another number; what is put away does not expire. */
const copy = (tx: Sql, from: number, to: number): Promise<number> =>
  tx.run(
    `INSERT INTO dynamodb_item (table_no, hash_key, range_key, item, size, expires_at)
       SELECT ?, hash_key, range_key, item, size, NULL FROM dynamodb_item WHERE table_no = ?`,
    [to, from],
  );

/** A new table of the old one's shape. Streams, tags, time to live and recovery do not come back with it. */
function restored(
  { ttlAttribute: _ttl, stream: _stream, destinations: _to, insights: _insights, resourcePolicy: _policy, ...kept }: Table,
  place: { readonly name: string; readonly account: string; readonly region: string },
  overrides: Overrides,
  { catalogue, clock, random }: Room,
): Table {
  const { name, account, region } = place;
  const chosen = (kind: 'global' | 'local', list: Overrides['GlobalSecondaryIndexOverride']) =>
    kept.indexes.filter(
      (index) => index.kind === kind && (list === undefined || list.some(({ IndexName }) => IndexName === index.name)),
    );
  const indexes = [
    ...chosen('local', overrides.LocalSecondaryIndexOverride),
    ...chosen('global', overrides.GlobalSecondaryIndexOverride),
  ];
  const billing = overrides.BillingModeOverride ?? kept.billing;
  const throughput = readThroughput(overrides.ProvisionedThroughputOverride) ?? kept.throughput;
  if (billing === 'PROVISIONED' && throughput.read === 0)
    checkBilling({ BillingMode: billing, ProvisionedThroughput: overrides.ProvisionedThroughputOverride });
  return {
    ...kept,
    no: catalogue.nextNo(),
    id: random.uuid(),
    account,
    region,
    name,
    arn: `arn:aws:dynamodb:${region}:${account}:table/${name}`,
    createdAtMs: clock.now(),
    indexes: indexes.map((index) => ({ ...index, no: catalogue.nextNo(), status: 'CREATING' })),
    billing,
    throughput,
    deletionProtection: false,
    pointInTimeRecovery: false,
    tags: {},
  };
}

const detailsOf = (backup: Backup, status: 'CREATING' | 'AVAILABLE' | 'DELETED' = 'AVAILABLE') => ({
  BackupArn: backup.arn,
  BackupName: backup.name,
  BackupSizeBytes: backup.bytes,
  BackupStatus: status,
  BackupType: 'USER' as const,
  BackupCreationDateTime: new Date(backup.createdAtMs),
});

function descriptionOf(backup: Backup, status?: 'DELETED') {
  const { table, items, bytes } = backup;
  const { KeySchema, ProvisionedThroughput, LocalSecondaryIndexes, GlobalSecondaryIndexes, StreamSpecification, SSEDescription } =
    describe(table, new Map([[table.no, { items, bytes }]]));
  return {
    BackupDetails: detailsOf(backup, status),
    SourceTableDetails: {
      TableName: table.name,
      TableId: table.id,
      TableArn: table.arn,
      TableSizeBytes: bytes,
      KeySchema,
      TableCreationDateTime: new Date(table.createdAtMs),
      ProvisionedThroughput: {
        ReadCapacityUnits: ProvisionedThroughput?.ReadCapacityUnits ?? 0,
        WriteCapacityUnits: ProvisionedThroughput?.WriteCapacityUnits ?? 0,
      },
      ItemCount: items,
      BillingMode: table.billing,
    },
    SourceTableFeatureDetails: {
      ...(LocalSecondaryIndexes === undefined
        ? {}
        : {
            LocalSecondaryIndexes: LocalSecondaryIndexes.map(({ IndexName, KeySchema: keys, Projection }) => ({
              IndexName,
              KeySchema: keys,
              Projection,
            })),
          }),
      ...(GlobalSecondaryIndexes === undefined
        ? {}
        : {
            GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(
              ({ IndexName, KeySchema: keys, Projection, ProvisionedThroughput: units }) => ({
                IndexName,
                KeySchema: keys,
                Projection,
                ProvisionedThroughput: {
                  ReadCapacityUnits: units?.ReadCapacityUnits ?? 0,
                  WriteCapacityUnits: units?.WriteCapacityUnits ?? 0,
                },
              }),
            ),
          }),
      ...(StreamSpecification === undefined ? {} : { StreamDescription: StreamSpecification }),
      ...(table.ttlAttribute === undefined
        ? {}
        : { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED' as const, AttributeName: table.ttlAttribute } }),
      ...(SSEDescription === undefined ? {} : { SSEDescription }),
    },
  };
}
