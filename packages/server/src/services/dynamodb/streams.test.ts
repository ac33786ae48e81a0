import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  DescribeTimeToLiveCommand,
  type StreamViewType,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  type _Record,
} from '@aws-sdk/client-dynamodb-streams';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test } from 'node:test';
import { silentLogger, systemRandom } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { openDynamoDb } from './index.ts';

/** DynamoDB and its streams behind a door, on a virtual clock. */
async function openTown(file?: string) {
  const stack = new AsyncDisposableStack();
  const clock = new VirtualClock();
  const database = stack.use(new PlainDatabase(file));
  const dynamo = stack.use(await openDynamoDb({ database, clock, random: systemRandom, log: silentLogger }));
  const street = stack.use(await openStreet({ dynamodb: dynamo.handlers, dynamodbstreams: dynamo.streamHandlers }));
  const client = new DynamoDBClient(street.client);
  const streams = new DynamoDBStreamsClient(street.client);
  stack.defer(() => (client.destroy(), streams.destroy()));
  return {
    clock,
    dynamo,
    client,
    streams,
    async create(viewType: StreamViewType): Promise<string> {
      const { TableDescription: table } = await client.send(
        new CreateTableCommand({
          TableName: 'table',
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
          StreamSpecification: { StreamEnabled: true, StreamViewType: viewType },
        }),
      );
      return table?.LatestStreamArn ?? '';
    },
    async iterator(arn: string, type: 'TRIM_HORIZON' | 'LATEST' | 'AFTER_SEQUENCE_NUMBER' | 'AT_SEQUENCE_NUMBER', from?: string) {
      const { StreamDescription: stream } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }));
      const answer = await streams.send(
        new GetShardIteratorCommand({
          StreamArn: arn,
          ShardId: stream?.Shards?.[0]?.ShardId,
          ShardIteratorType: type,
          SequenceNumber: from,
        }),
      );
      return answer.ShardIterator;
    },
    async records(iterator: string | undefined): Promise<_Record[]> {
      return (await streams.send(new GetRecordsCommand({ ShardIterator: iterator }))).Records ?? [];
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const key = { id: { S: 'Fred' } };

suite('DynamoDB streams, read by the real SDK client', { timeout: 60_000 }, () => {
  test('each change leaves a record with its images; one that changes nothing leaves none', async (t) => {
    await using town = await openTown();
    const arn = await town.create('NEW_AND_OLD_IMAGES');
    const raw = { B: new Uint8Array([0x90]) };
    await town.client.send(new PutItemCommand({ TableName: 'table', Item: { ...key, data: raw } }));
    await town.client.send(new PutItemCommand({ TableName: 'table', Item: { ...key, data: raw } }));
    await town.client.send(
      new UpdateItemCommand({
        TableName: 'table',
        Key: key,
        UpdateExpression: 'SET v = :v',
        ExpressionAttributeValues: { ':v': { N: '1' } },
      }),
    );
    await town.client.send(new DeleteItemCommand({ TableName: 'table', Key: key }));
    await town.client.send(new DeleteItemCommand({ TableName: 'table', Key: key }));
    const records = await town.records(await town.iterator(arn, 'TRIM_HORIZON'));
    t.assert.deepEqual(
      records.map(({ eventName, dynamodb }) => [eventName, dynamodb?.NewImage, dynamodb?.OldImage, dynamodb?.SizeBytes]),
      [
        ['INSERT', { ...key, data: raw }, undefined, 17],
        ['MODIFY', { ...key, data: raw, v: { N: '1' } }, { ...key, data: raw }, 31],
        ['REMOVE', undefined, { ...key, data: raw, v: { N: '1' } }, 20],
      ],
    );
    t.assert.deepEqual(
      [records[0]?.eventSource, records[0]?.eventVersion, records[0]?.awsRegion],
      ['aws:dynamodb', '1.1', 'us-east-1'],
    );
  });

  for (const [viewType, images] of [
    ['KEYS_ONLY', []],
    ['NEW_IMAGE', ['NewImage']],
    ['OLD_IMAGE', ['OldImage']],
  ] as const) {
    test(`${viewType} shows no more than it says`, async (t) => {
      await using town = await openTown();
      const arn = await town.create(viewType);
      await town.client.send(new PutItemCommand({ TableName: 'table', Item: key }));
      await town.client.send(new PutItemCommand({ TableName: 'table', Item: { ...key, more: { S: 'x' } } }));
      const [, record] = await town.records(await town.iterator(arn, 'TRIM_HORIZON'));
      t.assert.deepEqual(
        Object.keys(record?.dynamodb ?? {}).filter((name) => name.endsWith('Image')),
        images,
      );
      t.assert.equal(record?.dynamodb?.StreamViewType, viewType);
    });
  }

  test('iterators of every type start where they say', async (t) => {
    await using town = await openTown();
    const arn = await town.create('KEYS_ONLY');
    const put = (id: string) => town.client.send(new PutItemCommand({ TableName: 'table', Item: { id: { S: id } } }));
    await put('a');
    const latest = await town.iterator(arn, 'LATEST');
    await put('b');
    await put('c');
    const all = await town.records(await town.iterator(arn, 'TRIM_HORIZON'));
    const ids = (records: readonly _Record[]) => records.map(({ dynamodb }) => dynamodb?.Keys?.['id']?.S).join('');
    const second = all[1]?.dynamodb?.SequenceNumber;
    t.assert.equal(ids(all), 'abc');
    t.assert.equal(ids(await town.records(latest)), 'bc');
    t.assert.equal(ids(await town.records(await town.iterator(arn, 'AT_SEQUENCE_NUMBER', second))), 'bc');
    t.assert.equal(ids(await town.records(await town.iterator(arn, 'AFTER_SEQUENCE_NUMBER', second))), 'c');
    await t.assert.rejects(town.records('nonsense'), { name: 'ValidationException' });
    await town.clock.advance(901_000);
    await t.assert.rejects(town.records(latest), { name: 'ExpiredIteratorException' });
  });

  test('a disabled stream is read to its end, and a new one starts afresh', async (t) => {
    await using town = await openTown();
    const arn = await town.create('KEYS_ONLY');
    await town.client.send(new PutItemCommand({ TableName: 'table', Item: key }));
    await town.client.send(new UpdateTableCommand({ TableName: 'table', StreamSpecification: { StreamEnabled: false } }));
    await town.client.send(new DeleteItemCommand({ TableName: 'table', Key: key }));
    const first = await town.streams.send(new GetRecordsCommand({ ShardIterator: await town.iterator(arn, 'TRIM_HORIZON') }));
    t.assert.deepEqual([first.Records?.length, first.NextShardIterator], [1, undefined]);
    await town.clock.advance(10);
    await town.client.send(
      new UpdateTableCommand({ TableName: 'table', StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } }),
    );
    const { Streams: list } = await town.streams.send(new ListStreamsCommand({ TableName: 'table' }));
    t.assert.equal(list?.length, 2);
    const { Table: table } = await town.client.send(new DescribeTableCommand({ TableName: 'table' }));
    t.assert.notEqual(table?.LatestStreamArn, arn);
  });

  test('records are gone after a day', async (t) => {
    await using town = await openTown();
    const arn = await town.create('KEYS_ONLY');
    await town.client.send(new PutItemCommand({ TableName: 'table', Item: key }));
    await town.clock.advance(86_400_001);
    t.assert.deepEqual(await town.records(await town.iterator(arn, 'TRIM_HORIZON')), []);
  });

  test('an item whose time has come is deleted by the service, and the stream says so', async (t) => {
    await using town = await openTown();
    const arn = await town.create('NEW_AND_OLD_IMAGES');
    const inSeconds = (seconds: number) => ({ N: String(Math.floor(town.clock.now() / 1000) + seconds) });
    await town.client.send(new PutItemCommand({ TableName: 'table', Item: { id: { S: 'before' }, due: inSeconds(30) } }));
    await town.client.send(
      new UpdateTimeToLiveCommand({ TableName: 'table', TimeToLiveSpecification: { Enabled: true, AttributeName: 'due' } }),
    );
    await town.client.send(new PutItemCommand({ TableName: 'table', Item: { id: { S: 'soon' }, due: inSeconds(60) } }));
    await town.client.send(new PutItemCommand({ TableName: 'table', Item: { id: { S: 'never' }, due: { S: 'not a number' } } }));
    await town.client.send(
      new PutItemCommand({ TableName: 'table', Item: { id: { S: 'ancient' }, due: inSeconds(-6 * 365 * 86_400) } }),
    );
    const described = await town.client.send(new DescribeTimeToLiveCommand({ TableName: 'table' }));
    t.assert.deepEqual(described.TimeToLiveDescription, { TimeToLiveStatus: 'ENABLED', AttributeName: 'due' });
    const latest = await town.iterator(arn, 'LATEST');
    await town.clock.advance(61_000);
    const there = async (id: string) =>
      (await town.client.send(new GetItemCommand({ TableName: 'table', Key: { id: { S: id } } }))).Item !== undefined;
    t.assert.deepEqual(await Promise.all(['before', 'soon', 'never', 'ancient'].map(there)), [false, false, true, true]);
    const records = await town.records(latest);
    t.assert.deepEqual(
      records.map(({ eventName, userIdentity }) => [eventName, userIdentity?.Type, userIdentity?.PrincipalId]),
      [
        ['REMOVE', 'Service', 'dynamodb.amazonaws.com'],
        ['REMOVE', 'Service', 'dynamodb.amazonaws.com'],
      ],
    );
  });

  test('a poller in this process is woken, and reads what a function will get', async (t) => {
    await using town = await openTown();
    const arn = await town.create('NEW_IMAGE');
    let woken = 0;
    using _held = town.dynamo.streams.onRecords(arn, () => (woken += 1));
    await town.client.send(new PutItemCommand({ TableName: 'table', Item: { ...key, raw: { B: new Uint8Array([1]) } } }));
    t.assert.equal(woken, 1);
    const [shard] = await town.dynamo.streams.shards(arn);
    const batch = await town.dynamo.streams.read(arn, shard?.shardId ?? '', { at: 'trimHorizon' }, 10);
    const event = batch.records[0]?.event as { dynamodb: { NewImage: object }; eventSourceARN: string };
    t.assert.deepEqual(event.dynamodb.NewImage, { ...key, raw: { B: 'AQ==' } });
    t.assert.equal(event.eventSourceARN, arn);
    const rest = await town.dynamo.streams.read(arn, shard?.shardId ?? '', batch.next, 10);
    t.assert.deepEqual([rest.records.length, rest.ended], [0, false]);
  });

  test('tables, items and places in streams outlive a restart', async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-dynamodb-'));
    using _folder = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    const file = path.join(folder, 'db');
    let arn: string;
    let sequence: string | undefined;
    {
      await using town = await openTown(file);
      arn = await town.create('KEYS_ONLY');
      await town.client.send(new PutItemCommand({ TableName: 'table', Item: key }));
      sequence = (await town.records(await town.iterator(arn, 'TRIM_HORIZON')))[0]?.dynamodb?.SequenceNumber;
    }
    await using town = await openTown(file);
    t.assert.deepEqual((await town.client.send(new GetItemCommand({ TableName: 'table', Key: key }))).Item, key);
    await town.client.send(new DeleteItemCommand({ TableName: 'table', Key: key }));
    const records = await town.records(await town.iterator(arn, 'AFTER_SEQUENCE_NUMBER', sequence));
    t.assert.deepEqual(
      records.map(({ eventName }) => eventName),
      ['REMOVE'],
    );
    const { Table: table } = await town.client.send(new DescribeTableCommand({ TableName: 'table' }));
    t.assert.equal(table?.ItemCount, 0);
  });
});
