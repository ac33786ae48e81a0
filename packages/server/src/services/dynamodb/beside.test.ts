import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-dynamodb';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { openKinesis } from '../kinesis/index.ts';
import { openDynamoDb } from './index.ts';

const TableName = 'orders';
const shape = {
  TableName,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'who', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    { IndexName: 'by-who', KeySchema: [{ AttributeName: 'who', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } },
  ],
} as const satisfies sdk.CreateTableCommandInput;

async function openTown(options: { readonly file?: string } = {}) {
  const stack = new AsyncDisposableStack();
  const database = stack.use(new PlainDatabase(options.file));
  const common = { database, clock: systemClock, log: silentLogger };
  const kinesis = stack.use(await openKinesis(common));
  const service = stack.use(
    await openDynamoDb({
      ...common,
      random: systemRandom,
      kinesis: { check: (arn) => kinesis.streams.shards(arn), put: (...record) => kinesis.put(...record) },
    }),
  );
  const street = stack.use(await openStreet({ dynamodb: service.handlers, kinesis: kinesis.handlers }));
  const dynamo = new sdk.DynamoDB(street.client);
  stack.defer(() => dynamo.destroy());
  return {
    dynamo,
    kinesis,
    put: (id: string, who = 'ada') => dynamo.putItem({ TableName, Item: { id: { S: id }, who: { S: who } } }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

suite('what is beside a table', { timeout: 60_000 }, () => {
  test('a backup is the table as it was, outlives it and the server, and comes back with its indexes', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    let BackupArn: string | undefined;
    {
      await using town = await openTown({ file });
      await town.dynamo.createTable(shape);
      for (const id of ['a', 'b', 'c']) await town.put(id);
      const made = await town.dynamo.createBackup({ TableName, BackupName: 'monday' });
      ({ BackupArn } = made.BackupDetails ?? {});
      t.assert.equal(made.BackupDetails?.BackupStatus, 'CREATING');
      await town.put('d');
      await town.dynamo.deleteTable({ TableName });
    }
    await using town = await openTown({ file });
    const { dynamo } = town;
    const { BackupSummaries = [] } = await dynamo.listBackups({ TableName });
    t.assert.deepEqual(
      BackupSummaries.map(({ BackupName, BackupStatus }) => [BackupName, BackupStatus]),
      [['monday', 'AVAILABLE']],
    );
    const { BackupDescription } = await dynamo.describeBackup({ BackupArn });
    t.assert.equal(BackupDescription?.SourceTableDetails?.ItemCount, 3);
    // A number of a row is never used twice: a new table is not filled with the backup.
    await dynamo.createTable({ ...shape, TableName: 'empty' });
    t.assert.equal((await dynamo.scan({ TableName: 'empty' })).Count, 0);
    const { TableDescription } = await dynamo.restoreTableFromBackup({ BackupArn, TargetTableName: 'again' });
    t.assert.partialDeepStrictEqual(TableDescription, { TableName: 'again', RestoreSummary: { SourceBackupArn: BackupArn } });
    t.assert.equal((await dynamo.scan({ TableName: 'again' })).Count, 3);
    const query = {
      TableName: 'again',
      IndexName: 'by-who',
      KeyConditionExpression: 'who = :who',
      ExpressionAttributeValues: { ':who': { S: 'ada' } },
    };
    t.assert.equal((await dynamo.query(query)).Count, 3);
    const again = dynamo.restoreTableFromBackup({ BackupArn, TargetTableName: 'again' });
    await t.assert.rejects(again, { name: 'TableAlreadyExistsException' });
    await dynamo.deleteBackup({ BackupArn });
    await t.assert.rejects(dynamo.describeBackup({ BackupArn }), { name: 'BackupNotFoundException' });
    t.assert.equal((await dynamo.scan({ TableName: 'again' })).Count, 3);
  });

  test('the latest point in time is restored where recovery is on', async (t: TestContext) => {
    await using town = await openTown();
    const { dynamo } = town;
    await dynamo.createTable(shape);
    await town.put('a');
    const restore = () =>
      dynamo.restoreTableToPointInTime({ SourceTableName: TableName, TargetTableName: 'again', UseLatestRestorableTime: true });
    await t.assert.rejects(restore(), { name: 'PointInTimeRecoveryUnavailableException' });
    await dynamo.updateContinuousBackups({ TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } });
    await restore();
    await town.put('b');
    t.assert.equal((await dynamo.scan({ TableName: 'again' })).Count, 1);
  });

  test('a stream of Kinesis hears of each change, in the order of each item, until it is told no more', async (t: TestContext) => {
    await using town = await openTown();
    const { dynamo, kinesis } = town;
    const call = { account: '000000000000', region: 'us-east-1' } as never;
    await kinesis.handlers.CreateStream({ StreamName: 's', ShardCount: 1 }, call);
    const StreamArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';
    await dynamo.createTable(shape);
    const absent = dynamo.enableKinesisStreamingDestination({ TableName, StreamArn: `${StreamArn}-not` });
    await t.assert.rejects(absent, { name: 'ResourceNotFoundException' });
    await dynamo.enableKinesisStreamingDestination({ TableName, StreamArn });
    const twice = dynamo.enableKinesisStreamingDestination({ TableName, StreamArn });
    await t.assert.rejects(twice, { name: 'ValidationException', message: /must be DISABLED or ENABLE_FAILED/ });
    await town.put('a');
    await town.put('a', 'bob');
    await town.put('a', 'bob');
    await dynamo.deleteItem({ TableName, Key: { id: { S: 'a' } } });
    const records = await read(kinesis, 3);
    t.assert.deepEqual(
      records.map(({ eventName }) => eventName),
      ['INSERT', 'MODIFY', 'REMOVE'],
    );
    t.assert.partialDeepStrictEqual(records[1], {
      awsRegion: 'us-east-1',
      eventSource: 'aws:dynamodb',
      recordFormat: 'application/json',
      tableName: TableName,
      userIdentity: null,
      dynamodb: {
        Keys: { id: { S: 'a' } },
        OldImage: { id: { S: 'a' }, who: { S: 'ada' } },
        NewImage: { id: { S: 'a' }, who: { S: 'bob' } },
      },
    });
    const { KinesisDataStreamDestinations } = await dynamo.describeKinesisStreamingDestination({ TableName });
    const told = { StreamArn, DestinationStatus: 'ACTIVE', ApproximateCreationDateTimePrecision: 'MILLISECOND' };
    t.assert.deepEqual(KinesisDataStreamDestinations, [told]);
    await dynamo.disableKinesisStreamingDestination({ TableName, StreamArn });
    await town.put('z');
    await dynamo.enableKinesisStreamingDestination({ TableName, StreamArn });
    await town.put('y');
    const [, , , fourth] = await read(kinesis, 4);
    t.assert.deepEqual((fourth?.['dynamodb'] as { Keys: object }).Keys, { id: { S: 'y' } });
  });

  test('a policy of a table has revisions, and what counts contributors is a setting', async (t: TestContext) => {
    await using town = await openTown();
    const { dynamo } = town;
    const { TableDescription } = await dynamo.createTable(shape);
    const ResourceArn = TableDescription?.TableArn;
    await t.assert.rejects(dynamo.getResourcePolicy({ ResourceArn }), { name: 'PolicyNotFoundException' });
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    const { RevisionId } = await dynamo.putResourcePolicy({ ResourceArn, Policy });
    t.assert.partialDeepStrictEqual(await dynamo.getResourcePolicy({ ResourceArn }), { Policy, RevisionId });
    const other = dynamo.deleteResourcePolicy({ ResourceArn, ExpectedRevisionId: '1' });
    await t.assert.rejects(other, { name: 'PolicyNotFoundException' });
    await dynamo.deleteResourcePolicy({ ResourceArn, ExpectedRevisionId: RevisionId });
    await t.assert.rejects(dynamo.getResourcePolicy({ ResourceArn }), { name: 'PolicyNotFoundException' });
    await dynamo.updateContributorInsights({ TableName, IndexName: 'by-who', ContributorInsightsAction: 'ENABLE' });
    const of = async (IndexName?: string) =>
      (await dynamo.describeContributorInsights({ TableName, IndexName })).ContributorInsightsStatus;
    t.assert.deepEqual([await of('by-who'), await of()], ['ENABLED', 'DISABLED']);
  });
});

type Kinesis = Awaited<ReturnType<typeof openKinesis>>;

/** What a stream of one shard holds, once it is so much. */
async function read({ handlers }: Kinesis, count: number): Promise<Readonly<Record<string, unknown>>[]> {
  const call = { account: '000000000000', region: 'us-east-1' } as never;
  const start = { StreamName: 's', ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' } as const;
  for (;;) {
    const { ShardIterator } = await handlers.GetShardIterator(start, call);
    const { Records = [] } = await handlers.GetRecords({ ShardIterator }, call);
    if (Records.length >= count)
      return Records.map(({ Data }) => JSON.parse(Buffer.from(Data ?? '').toString()) as Record<string, unknown>);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
