import * as sdk from '@aws-sdk/client-dynamodb';
import { after, before, suite, test } from 'node:test';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openStreet, type Street } from '../../../../../test/kit/street.ts';
import { openDynamoDb, type DynamoDb } from './index.ts';

const key = { id: { S: 'a' }, sk: { N: '1' } };
const TableName = 'table';
const invalid = 'One or more parameter values were invalid: ';

/** What goes wrong → what DynamoDB says. @source API Reference and answers of the service, 2026-11 */
const mistakes: readonly (readonly [string, (db: sdk.DynamoDB) => Promise<unknown>, string | RegExp])[] = [
  ['a missing key', (db) => db.putItem({ TableName, Item: { id: { S: 'a' } } }), `${invalid}Missing the key sk in the item`],
  [
    'a key of another type',
    (db) => db.putItem({ TableName, Item: { id: { S: 'a' }, sk: { S: '1' } } }),
    `${invalid}Type mismatch for key sk expected: N actual: S`,
  ],
  [
    'an empty key',
    (db) => db.putItem({ TableName, Item: { ...key, id: { S: '' } } }),
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id',
  ],
  [
    'an index key of another type',
    (db) => db.putItem({ TableName, Item: { ...key, g: { N: '1' } } }),
    `${invalid}Type mismatch for Index Key g Expected: S Actual: N IndexName: byG`,
  ],
  [
    'part of a key',
    (db) => db.getItem({ TableName, Key: { id: { S: 'a' } } }),
    'The provided key element does not match the schema',
  ],
  [
    'an empty set',
    (db) => db.putItem({ TableName, Item: { ...key, s: { SS: [] } } }),
    `${invalid}An string set  may not be empty`,
  ],
  [
    'a set with duplicates',
    (db) => db.putItem({ TableName, Item: { ...key, s: { SS: ['a', 'a'] } } }),
    `${invalid}Input collection [a, a] contains duplicates.`,
  ],
  [
    'no number',
    (db) => db.putItem({ TableName, Item: { ...key, n: { N: 'x' } } }),
    'The parameter cannot be converted to a numeric value: x',
  ],
  [
    'null that is false',
    (db) => db.putItem({ TableName, Item: { ...key, n: { NULL: false } as never } }),
    `${invalid}Null attribute value types must have the value of true`,
  ],
  [
    'an item of more than 400 KB',
    (db) => db.putItem({ TableName, Item: { ...key, big: { S: 'x'.repeat(410_000) } } }),
    'Item size has exceeded the maximum allowed size',
  ],
  [
    'an update of the key',
    (db) =>
      db.updateItem({ TableName, Key: key, UpdateExpression: 'SET id = :v', ExpressionAttributeValues: { ':v': { S: 'b' } } }),
    `${invalid}Cannot update attribute id. This attribute is part of the key`,
  ],
  [
    'an unused value',
    (db) =>
      db.updateItem({
        TableName,
        Key: key,
        UpdateExpression: 'SET a = :v',
        ExpressionAttributeValues: { ':v': { S: 'b' }, ':w': { S: 'c' } },
      }),
    'Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}',
  ],
  [
    'an unused name',
    (db) => db.getItem({ TableName, Key: key, ProjectionExpression: 'a', ExpressionAttributeNames: { '#n': 'b' } }),
    'Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}',
  ],
  [
    'names without an expression',
    (db) => db.getItem({ TableName, Key: key, ExpressionAttributeNames: { '#n': 'b' } }),
    'ExpressionAttributeNames can only be specified when using expressions',
  ],
  [
    'values without an expression',
    (db) => db.putItem({ TableName, Item: key, ExpressionAttributeValues: { ':v': { S: 'b' } } }),
    'ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null',
  ],
  [
    'old and new parameters together',
    (db) =>
      db.putItem({ TableName, Item: key, ConditionExpression: 'attribute_exists(id)', Expected: { id: { Exists: false } } }),
    'Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}',
  ],
  [
    'a query without its partition',
    (db) => db.query({ TableName, KeyConditionExpression: 'sk = :v', ExpressionAttributeValues: { ':v': { N: '1' } } }),
    'Query condition missed key schema element: id',
  ],
  [
    'a query without a condition',
    (db) => db.query({ TableName }),
    'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
  ],
  [
    'a partition by order',
    (db) => db.query({ TableName, KeyConditionExpression: 'id > :v', ExpressionAttributeValues: { ':v': { S: '1' } } }),
    'Query key condition not supported',
  ],
  [
    'a choice of keys',
    (db) =>
      db.query({
        TableName,
        KeyConditionExpression: 'id = :v OR sk = :w',
        ExpressionAttributeValues: { ':v': { S: '1' }, ':w': { N: '1' } },
      }),
    'Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: OR',
  ],
  [
    'bounds the wrong way round',
    (db) =>
      db.query({
        TableName,
        KeyConditionExpression: 'id = :v AND sk BETWEEN :b AND :a',
        ExpressionAttributeValues: { ':v': { S: '1' }, ':a': { N: '1' }, ':b': { N: '2' } },
      }),
    /^Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound/,
  ],
  [
    'a filter on the key',
    (db) =>
      db.query({
        TableName,
        KeyConditionExpression: 'id = :v',
        FilterExpression: 'sk > :w',
        ExpressionAttributeValues: { ':v': { S: '1' }, ':w': { N: '1' } },
      }),
    'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk',
  ],
  [
    'an index that is not there',
    (db) => db.scan({ TableName, IndexName: 'none' }),
    'The table does not have the specified index: none',
  ],
  [
    'a consistent read of a global index',
    (db) => db.scan({ TableName, IndexName: 'byG', ConsistentRead: true }),
    'Consistent reads are not supported on global secondary indexes',
  ],
  [
    'a place to start that is none',
    (db) => db.scan({ TableName, ExclusiveStartKey: { id: { S: 'a' } } }),
    'The provided starting key is invalid',
  ],
  [
    'a segment beyond the last',
    (db) => db.scan({ TableName, Segment: 2, TotalSegments: 2 }),
    'The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2',
  ],
  [
    'a batch with one key twice',
    (db) => db.batchGetItem({ RequestItems: { [TableName]: { Keys: [key, key] } } }),
    'Provided list of item keys contains duplicates',
  ],
  [
    'a transaction with one item twice',
    (db) => db.transactWriteItems({ TransactItems: [{ Delete: { TableName, Key: key } }, { Put: { TableName, Item: key } }] }),
    'Transaction request cannot include multiple operations on one item',
  ],
  [
    'a key without a definition',
    (db) =>
      db.createTable({
        TableName: 'other',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'x', AttributeType: 'S' }],
      }),
    `${invalid}Some index key attributes are not defined in AttributeDefinitions. Keys: [id], AttributeDefinitions: [x]`,
  ],
  [
    'a definition without a key',
    (db) =>
      db.createTable({
        TableName: 'other',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: ['id', 'x'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      }),
    `${invalid}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`,
  ],
  [
    'no throughput',
    (db) =>
      db.createTable({
        TableName: 'other',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      }),
    `${invalid}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
  ],
  [
    'time to live that is off already',
    (db) => db.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: false, AttributeName: 'x' } }),
    'TimeToLive is already disabled',
  ],
];

suite('mistakes, answered in the words of DynamoDB', { timeout: 60_000 }, () => {
  const database = new PlainDatabase();
  let dynamo: DynamoDb;
  let street: Street;
  let db: sdk.DynamoDB;
  before(async () => {
    dynamo = await openDynamoDb({ database, clock: systemClock, random: systemRandom, log: silentLogger });
    street = await openStreet({ dynamodb: dynamo.handlers });
    db = new sdk.DynamoDB(street.client);
    await db.createTable({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
        { AttributeName: 'g', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        { IndexName: 'byG', KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } },
      ],
    });
  });
  after(async () => {
    db.destroy();
    await street[Symbol.asyncDispose]();
    await dynamo[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  for (const [what, run, message] of mistakes) {
    test(what, async (t) => t.assert.rejects(run(db), { name: 'ValidationException', message }));
  }

  test('a table that is not there', async (t) => {
    await t.assert.rejects(db.getItem({ TableName: 'none', Key: key }), {
      name: 'ResourceNotFoundException',
      message: 'Requested resource not found',
    });
  });

  test('the older parameters mean what they meant', async (t) => {
    await db.putItem({ TableName, Item: { ...key, n: { N: '5' } }, Expected: { id: { Exists: false } } });
    await t.assert.rejects(db.putItem({ TableName, Item: key, Expected: { id: { Exists: false } } }), {
      name: 'ConditionalCheckFailedException',
    });
    await db.updateItem({
      TableName,
      Key: key,
      AttributeUpdates: { n: { Action: 'ADD', Value: { N: '2' } } },
      Expected: { n: { ComparisonOperator: 'GE', AttributeValueList: [{ N: '5' }] } },
    });
    const got = await db.query({
      TableName,
      KeyConditions: { id: { ComparisonOperator: 'EQ', AttributeValueList: [{ S: 'a' }] } },
      QueryFilter: { n: { ComparisonOperator: 'EQ', AttributeValueList: [{ N: '7' }] } },
      AttributesToGet: ['n'],
    });
    t.assert.deepEqual(got.Items, [{ n: { N: '7' } }]);
  });
});
