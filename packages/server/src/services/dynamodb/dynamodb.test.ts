import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TagResourceCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UntagResourceCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
  type AttributeValue,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import { after, before, suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openStreet, type Street } from '../../../../../test/kit/street.ts';
import { openDynamoDb, type DynamoDb } from './index.ts';

suite('DynamoDB, asked by the real SDK client', { timeout: 60_000 }, () => {
  const database = new PlainDatabase();
  let dynamo: DynamoDb;
  let street: Street;
  let client: DynamoDBClient;
  before(async () => {
    dynamo = await openDynamoDb({ database, clock: systemClock, random: systemRandom, log: silentLogger });
    street = await openStreet({ dynamodb: dynamo.handlers });
    client = new DynamoDBClient(street.client);
  });
  after(async () => {
    client.destroy();
    await street[Symbol.asyncDispose]();
    await dynamo[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const create = (input: Partial<CreateTableCommandInput> & { TableName: string }) =>
    client.send(
      new CreateTableCommand({
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        ...input,
      }),
    );
  const pairs = (name: string, range: 'S' | 'N' | 'B' = 'N') =>
    create({
      TableName: name,
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'at', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'at', AttributeType: range },
      ],
    });
  const put = (table: string, item: Record<string, AttributeValue>) =>
    client.send(new PutItemCommand({ TableName: table, Item: item }));

  test('a table can be created, waited for, described, and deleted', async (t) => {
    const created = await create({ TableName: 'life', Tags: [{ Key: 'team', Value: 'a' }] });
    t.assert.equal(created.TableDescription?.TableStatus, 'CREATING');
    await waitUntilTableExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { TableName: 'life' });
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: 'life' }));
    t.assert.equal(table?.TableArn, 'arn:aws:dynamodb:us-east-1:000000000000:table/life');
    t.assert.equal(table?.BillingModeSummary?.BillingMode, 'PAY_PER_REQUEST');
    await client.send(new TagResourceCommand({ ResourceArn: table?.TableArn, Tags: [{ Key: 'b', Value: 'c' }] }));
    await client.send(new UntagResourceCommand({ ResourceArn: table?.TableArn, TagKeys: ['team'] }));
    const tags = await client.send(new ListTagsOfResourceCommand({ ResourceArn: table?.TableArn }));
    t.assert.deepEqual(tags.Tags, [{ Key: 'b', Value: 'c' }]);
    await t.assert.rejects(create({ TableName: 'life' }), {
      name: 'ResourceInUseException',
      message: 'Table already exists: life',
    });
    await client.send(new DeleteTableCommand({ TableName: 'life' }));
    await waitUntilTableNotExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { TableName: 'life' });
    await t.assert.rejects(client.send(new DescribeTableCommand({ TableName: 'life' })), {
      name: 'ResourceNotFoundException',
      message: 'Requested resource not found: Table: life not found',
    });
  });

  test('an item comes back as it was put, every type of it', async (t) => {
    await create({ TableName: 'types' });
    const item: Record<string, AttributeValue> = {
      id: { S: 'ä' },
      n: { N: '-1.5' },
      b: { B: new Uint8Array([0, 144, 255]) },
      ss: { SS: ['a', 'b'] },
      ns: { NS: ['1', '2'] },
      bs: { BS: [new Uint8Array([1]), new Uint8Array([2])] },
      m: { M: { inner: { L: [{ S: '' }, { NULL: true }, { BOOL: false }, { B: new Uint8Array([7]) }] } } },
    };
    await put('types', item);
    const { Item: got } = await client.send(new GetItemCommand({ TableName: 'types', Key: { id: { S: 'ä' } } }));
    t.assert.deepEqual(got, item);
  });

  test('return values of put, update and delete', async (t: TestContext) => {
    await create({ TableName: 'returns' });
    const key = { id: { S: 'id1' } };
    const first = await client.send(
      new PutItemCommand({ TableName: 'returns', Item: { ...key, data: { S: 'foobar' } }, ReturnValues: 'ALL_OLD' }),
    );
    t.assert.equal(first.Attributes, undefined);
    const second = await client.send(
      new PutItemCommand({ TableName: 'returns', Item: { ...key, n: { N: '1' } }, ReturnValues: 'ALL_OLD' }),
    );
    t.assert.deepEqual(second.Attributes, { ...key, data: { S: 'foobar' } });
    const update = (
      expression: string,
      values: Record<string, AttributeValue>,
      wanted: 'UPDATED_NEW' | 'UPDATED_OLD' | 'ALL_NEW',
    ) =>
      client.send(
        new UpdateItemCommand({
          TableName: 'returns',
          Key: key,
          UpdateExpression: expression,
          ExpressionAttributeValues: values,
          ReturnValues: wanted,
        }),
      );
    t.assert.deepEqual((await update('ADD n :one', { ':one': { N: '2' } }, 'UPDATED_NEW')).Attributes, { n: { N: '3' } });
    t.assert.deepEqual((await update('SET n = n + :x', { ':x': { N: '0.5' } }, 'UPDATED_OLD')).Attributes, { n: { N: '3' } });
    t.assert.deepEqual(
      await update('SET a.b = :x', { ':x': { S: 'y' } }, 'ALL_NEW').catch((error: Error) => error.message),
      'The document path provided in the update expression is invalid for update',
    );
    const gone = await client.send(new DeleteItemCommand({ TableName: 'returns', Key: key, ReturnValues: 'ALL_OLD' }));
    t.assert.deepEqual(gone.Attributes, { ...key, n: { N: '3.5' } });
  });

  test('a failed condition changes nothing, and shows the item when asked to', async (t: TestContext) => {
    await create({ TableName: 'conditions' });
    const item = { id: { S: '456' }, price: { N: '650' }, raw: { B: new Uint8Array([1, 2]) } };
    await put('conditions', item);
    const attempt = client.send(
      new DeleteItemCommand({
        TableName: 'conditions',
        Key: { id: item.id },
        ConditionExpression: 'price BETWEEN :low AND :high',
        ExpressionAttributeValues: { ':low': { N: '500' }, ':high': { N: '600' } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    await t.assert.rejects(attempt, (error: Error & { Item?: object }) => {
      t.assert.equal(error.name, 'ConditionalCheckFailedException');
      t.assert.equal(error.message, 'The conditional request failed');
      t.assert.deepEqual(error.Item, item);
      return true;
    });
    t.assert.ok((await client.send(new GetItemCommand({ TableName: 'conditions', Key: { id: item.id } }))).Item);
  });

  test('a hundred concurrent increments are all counted, in few commits', async (t: TestContext) => {
    await create({ TableName: 'counter' });
    const earlier = database.commits;
    const one = () =>
      client.send(
        new UpdateItemCommand({
          TableName: 'counter',
          Key: { id: { S: 'c' } },
          UpdateExpression: 'SET n = if_not_exists(n, :zero) + :one',
          ExpressionAttributeValues: { ':zero': { N: '0' }, ':one': { N: '1' } },
        }),
      );
    await Promise.all(Array.from({ length: 100 }, one));
    const { Item: item } = await client.send(new GetItemCommand({ TableName: 'counter', Key: { id: { S: 'c' } } }));
    t.assert.equal(item?.['n']?.N, '100');
    t.assert.ok(database.commits - earlier < 100, `${database.commits - earlier} commits`);
  });

  test('numbers are ordered as numbers, both ways, and pages meet without a gap', async (t) => {
    await pairs('numbers');
    const numbers = ['-1e100', '-20', '-3', '-2.5', '-0.001', '0', '1e-130', '0.5', '1', '9', '10', '11.75', '100', '9.9e125'];
    for (const n of numbers.toReversed()) await put('numbers', { id: { S: 'x' }, at: { N: n } });
    await put('numbers', { id: { S: 'y' }, at: { N: '1' } });
    const seen: number[] = [];
    for (const forward of [true, false]) {
      let start: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: 'numbers',
            KeyConditionExpression: 'id = :x',
            ExpressionAttributeValues: { ':x': { S: 'x' } },
            Limit: 3,
            ScanIndexForward: forward,
            ExclusiveStartKey: start,
          }),
        );
        seen.push(...(page.Items ?? []).map((item) => Number(item['at']?.N)));
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
    }
    t.assert.deepEqual(seen, [...numbers.map(Number), ...numbers.map(Number).toReversed()]);
  });

  test('a query asks for a stretch of sort keys', async (t) => {
    await pairs('words', 'S');
    for (const word of ['a', 'ab', 'abc', 'b', 'ba', 'c'])
      await put('words', { id: { S: 'x' }, at: { S: word }, len: { N: String(word.length) } });
    const ask = async (condition: string, values: Record<string, string>, more = {}) => {
      const page = await client.send(
        new QueryCommand({
          TableName: 'words',
          KeyConditionExpression: `id = :id AND ${condition}`,
          ExpressionAttributeNames: { '#at': 'at' },
          ExpressionAttributeValues: {
            ':id': { S: 'x' },
            ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { S: value }])),
          },
          ...more,
        }),
      );
      return (page.Items ?? []).map((item) => item['at']?.S).join(' ');
    };
    t.assert.equal(await ask('begins_with(#at, :p)', { ':p': 'a' }), 'a ab abc');
    t.assert.equal(await ask('#at BETWEEN :a AND :b', { ':a': 'ab', ':b': 'b' }), 'ab abc b');
    t.assert.equal(await ask('#at > :a', { ':a': 'b' }), 'ba c');
    t.assert.equal(await ask('#at <= :a', { ':a': 'ab' }), 'a ab');
    t.assert.equal(await ask('#at = :a', { ':a': 'ab' }), 'ab');
  });

  test('a filter counts what it read, and COUNT sends no items', async (t) => {
    const page = await client.send(
      new QueryCommand({
        TableName: 'words',
        KeyConditionExpression: 'id = :id',
        FilterExpression: 'size(#at) = len AND len IN (:one, :three)',
        ExpressionAttributeNames: { '#at': 'other' },
        ExpressionAttributeValues: { ':id': { S: 'x' }, ':one': { N: '1' }, ':three': { N: '3' } },
        Select: 'COUNT',
      }),
    );
    t.assert.deepEqual([page.Count, page.ScannedCount, page.Items], [0, 6, undefined]);
  });

  test('a page ends at one megabyte', async (t) => {
    await pairs('large');
    for (let n = 0; n < 5; n += 1) await put('large', { id: { S: 'x' }, at: { N: String(n) }, pad: { S: 'x'.repeat(300_000) } });
    const first = await client.send(
      new QueryCommand({
        TableName: 'large',
        KeyConditionExpression: 'id = :x',
        ExpressionAttributeValues: { ':x': { S: 'x' } },
      }),
    );
    t.assert.equal(first.Count, 3);
    t.assert.deepEqual(first.LastEvaluatedKey, { id: { S: 'x' }, at: { N: '2' } });
  });

  test('parallel segments of a scan give every item once', async (t: TestContext) => {
    await create({ TableName: 'segments' });
    const ids = Array.from({ length: 60 }, (_, index) => `item-${index}`);
    await Promise.all(ids.map((id) => put('segments', { id: { S: id } })));
    const parts = await Promise.all(
      [0, 1, 2].map(async (segment) => {
        const found: string[] = [];
        let start: Record<string, AttributeValue> | undefined;
        do {
          const page = await client.send(
            new ScanCommand({ TableName: 'segments', Segment: segment, TotalSegments: 3, Limit: 7, ExclusiveStartKey: start }),
          );
          found.push(...(page.Items ?? []).map((item) => item['id']?.S ?? ''));
          start = page.LastEvaluatedKey;
        } while (start !== undefined);
        return found;
      }),
    );
    t.assert.deepEqual(parts.flat().toSorted(), ids.toSorted());
    t.assert.ok(parts.every((part) => part.length > 5));
  });

  test('secondary indexes follow their items, and a new one is filled from what is there', async (t: TestContext) => {
    await create({
      TableName: 'indexed',
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'owner', AttributeType: 'S' },
        { AttributeName: 'score', AttributeType: 'N' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byOwner',
          KeySchema: [
            { AttributeName: 'owner', KeyType: 'HASH' },
            { AttributeName: 'score', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['colour'] },
        },
      ],
    });
    for (const [id, owner, score] of [
      ['a', 'x', '2'],
      ['b', 'x', '10'],
      ['c', 'x', '2'],
      ['d', 'y', '1'],
    ] as const) {
      await put('indexed', { id: { S: id }, owner: { S: owner }, score: { N: score }, colour: { S: 'red' }, hidden: { S: 'h' } });
    }
    await put('indexed', { id: { S: 'e' }, hidden: { S: 'not in the index' } });
    await client.send(
      new UpdateItemCommand({
        TableName: 'indexed',
        Key: { id: { S: 'd' } },
        UpdateExpression: 'SET #o = :x',
        ExpressionAttributeNames: { '#o': 'owner' },
        ExpressionAttributeValues: { ':x': { S: 'x' } },
      }),
    );
    const query = (index: string, name: string, value: AttributeValue, more = {}) =>
      client.send(
        new QueryCommand({
          TableName: 'indexed',
          IndexName: index,
          KeyConditionExpression: '#k = :v',
          ExpressionAttributeNames: { '#k': name },
          ExpressionAttributeValues: { ':v': value },
          ...more,
        }),
      );
    const one = await query('byOwner', 'owner', { S: 'x' }, { Limit: 2 });
    t.assert.equal(one.Items?.[0]?.['id']?.S, 'd');
    t.assert.deepEqual(Object.keys(one.Items?.[0] ?? {}).toSorted(), ['colour', 'id', 'owner', 'score']);
    t.assert.deepEqual(Object.keys(one.LastEvaluatedKey ?? {}).toSorted(), ['id', 'owner', 'score']);
    const two = await query('byOwner', 'owner', { S: 'x' }, { ExclusiveStartKey: one.LastEvaluatedKey });
    t.assert.deepEqual([...(one.Items ?? []), ...(two.Items ?? [])].map((item) => item['id']?.S).toSorted(), [
      'a',
      'b',
      'c',
      'd',
    ]);
    t.assert.equal(two.Items?.at(-1)?.['id']?.S, 'b');
    await client.send(
      new UpdateTableCommand({
        TableName: 'indexed',
        AttributeDefinitions: [{ AttributeName: 'colour', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [
          {
            Create: {
              IndexName: 'byColour',
              KeySchema: [{ AttributeName: 'colour', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
            },
          },
        ],
      }),
    );
    await waitUntilTableExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { TableName: 'indexed' });
    await dynamo.settled();
    const { Table: described } = await client.send(new DescribeTableCommand({ TableName: 'indexed' }));
    t.assert.deepEqual(
      [described?.ItemCount, ...(described?.GlobalSecondaryIndexes ?? []).map(({ ItemCount: count }) => count)],
      [5, 4, 4],
    );
    const red = await query('byColour', 'colour', { S: 'red' });
    t.assert.equal(red.Count, 4);
  });

  test('batches write and read across tables', async (t: TestContext) => {
    await create({ TableName: 'batch' });
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: { batch: ['1', '2', '3'].map((id) => ({ PutRequest: { Item: { id: { S: id } } } })) },
      }),
    );
    await client.send(new BatchWriteItemCommand({ RequestItems: { batch: [{ DeleteRequest: { Key: { id: { S: '2' } } } }] } }));
    const got = await client.send(
      new BatchGetItemCommand({
        RequestItems: {
          batch: { Keys: ['1', '2', '3'].map((id) => ({ id: { S: id } })) },
          types: { Keys: [{ id: { S: 'none' } }] },
        },
      }),
    );
    t.assert.deepEqual(got.Responses, { batch: [{ id: { S: '1' } }, { id: { S: '3' } }], types: [] });
    t.assert.deepEqual(got.UnprocessedKeys, {});
    await t.assert.rejects(
      client.send(new BatchWriteItemCommand({ RequestItems: { batch: [{ PutRequest: { Item: { no: { S: '1' } } } }] } })),
      { name: 'ValidationException' },
    );
    await t.assert.rejects(
      client.send(new BatchWriteItemCommand({ RequestItems: { batch: [{ DeleteRequest: { Key: { no: { S: '1' } } } }] } })),
      { name: 'ValidationException', message: 'The provided key element does not match the schema' },
    );
  });

  test('a batch may carry sixteen megabytes less what JSON adds', async (t: TestContext) => {
    await create({ TableName: 'heavy' });
    const requests = Array.from({ length: 25 }, (_, n) => ({
      PutRequest: { Item: { id: { S: String(n) }, pad: { B: new Uint8Array(390_000) } } },
    }));
    const { UnprocessedItems: left } = await client.send(new BatchWriteItemCommand({ RequestItems: { heavy: requests } }));
    t.assert.deepEqual(left, {});
    const got = await client.send(
      new BatchGetItemCommand({
        RequestItems: { heavy: { Keys: requests.map(({ PutRequest: { Item: item } }) => ({ id: item.id })) } },
      }),
    );
    t.assert.equal(got.Responses?.['heavy']?.length, 25);
  });

  test('a transaction happens whole or not at all, and says why not', async (t: TestContext) => {
    await create({ TableName: 'bank' });
    await put('bank', { id: { S: 'a' }, n: { N: '10' } });
    const move = (amount: string, token?: string) =>
      client.send(
        new TransactWriteItemsCommand({
          ClientRequestToken: token,
          TransactItems: [
            {
              Update: {
                TableName: 'bank',
                Key: { id: { S: 'a' } },
                UpdateExpression: 'SET n = n - :n',
                ConditionExpression: 'n >= :n',
                ExpressionAttributeValues: { ':n': { N: amount } },
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
            {
              Update: {
                TableName: 'bank',
                Key: { id: { S: 'b' } },
                UpdateExpression: 'ADD n :n',
                ExpressionAttributeValues: { ':n': { N: amount } },
              },
            },
          ],
        }),
      );
    await move('4', 'token-1');
    await move('4', 'token-1');
    await t.assert.rejects(move('5', 'token-1'), { name: 'IdempotentParameterMismatchException' });
    await t.assert.rejects(move('7'), (error: Error & { CancellationReasons?: { Code?: string; Item?: object }[] }) => {
      t.assert.equal(error.name, 'TransactionCanceledException');
      t.assert.match(error.message, /\[ConditionalCheckFailed, None\]$/);
      t.assert.deepEqual(error.CancellationReasons?.[0]?.Item, { id: { S: 'a' }, n: { N: '6' } });
      return true;
    });
    const got = await client.send(
      new TransactGetItemsCommand({
        TransactItems: ['a', 'b', 'c'].map((id) => ({ Get: { TableName: 'bank', Key: { id: { S: id } } } })),
      }),
    );
    t.assert.deepEqual(
      got.Responses?.map(({ Item: item }) => item?.['n']?.N),
      ['6', '4', undefined],
    );
  });

  test('consumed capacity is told when asked for', async (t) => {
    const answer = await client.send(
      new PutItemCommand({
        TableName: 'bank',
        Item: { id: { S: 'z' }, pad: { S: 'x'.repeat(1500) } },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    t.assert.deepEqual(answer.ConsumedCapacity, { TableName: 'bank', CapacityUnits: 2 });
  });
});
