import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from '../../kit/stage.ts';
import { cborMoment, rawAnswer, rawEvents } from '../kit/raw.ts';
import type { Scenario, Scenarios, Scene, Service } from '../kit/stage.ts';

const TableName = 'table';
const throughput = { ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 } };
const tableOf = (key: string, more: object = {}): object => ({
  TableName,
  AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
  KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
  ...throughput,
  ...more,
});

const streamed = (StreamViewType: string): object => ({ StreamSpecification: { StreamEnabled: true, StreamViewType } });
const item = (id: string, more: object = {}): object => ({ id: { S: id }, ...more });

async function made(dynamodb: Service, key: string, more: object = {}): Promise<void> {
  await dynamodb.ok('CreateTable', tableOf(key, more));
  await dynamodb.until('DescribeTable', { TableName }, (answer) => (answer['Table'] as Answer)['TableStatus'] === 'ACTIVE');
}

/** Everything a stream holds, from its beginning. */
async function recordsOf(scene: Scene, StreamArn: unknown, count: number, check = false): Promise<Answer> {
  const streams = scene.service('dynamodbstreams');
  const described = check
    ? await streams.check('describe-stream', 'DescribeStream', { StreamArn })
    : await streams.ok('DescribeStream', { StreamArn });
  const ShardId = ((described['StreamDescription'] as Answer)['Shards'] as Answer[])[0]?.['ShardId'];
  const ask = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
  const named = check && scene.recorded('get-shard-iterator') !== undefined;
  const iterator = named
    ? await streams.check('get-shard-iterator', 'GetShardIterator', ask)
    : await streams.ok('GetShardIterator', ask);
  const { ShardIterator } = iterator;
  const {
    NextShardIterator: _next,
    ResponseMetadata: _metadata,
    ...answer
  } = await streams.until('GetRecords', { ShardIterator }, ({ Records }) => (Records as Answer[]).length >= count);
  return answer;
}

const returnValues: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'id');
  const put = (name: string, id: string, data: string, ReturnValues?: string): Promise<Answer> =>
    dynamodb.check(name, 'PutItem', {
      TableName,
      Item: item(id, { data: { S: data } }),
      ...(ReturnValues === undefined ? {} : { ReturnValues }),
    });
  await put('PutFirstItem', 'id1', 'foobar');
  await put('PutFirstItemOLD', 'id1', 'foobar', 'ALL_OLD');
  await put('PutFirstItemB', 'id1', 'foobarB', 'ALL_OLD');
  await put('PutSecondItem', 'id2', 'foobar');
  await put('PutSecondItemReturnNone', 'id2', 'foobar', 'NONE');
};

const viewType: Scenario = async (scene) => {
  scene.stage.apart('StartingSequenceNumber');
  const dynamodb = scene.service('dynamodb');
  const { TableDescription } = await dynamodb.check('create-table', 'CreateTable', tableOf('Username', streamed('KEYS_ONLY')));
  await dynamodb.until('DescribeTable', { TableName }, (answer) => (answer['Table'] as Answer)['TableStatus'] === 'ACTIVE');
  const Username = (name: string): object => ({ Username: { S: name } });
  await dynamodb.ok('PutItem', { TableName, Item: Username('Fred') });
  await dynamodb.ok('UpdateItem', {
    TableName,
    Key: Username('Fred'),
    UpdateExpression: 'set S=:r',
    ExpressionAttributeValues: { ':r': { S: 'Fred_Modified' } },
  });
  await dynamodb.ok('DeleteItem', { TableName, Key: Username('Fred') });
  const recorded = (scene.recorded('get-records')['Records'] as Answer[]).slice(3);
  for (const record of recorded) {
    const key = ((record['dynamodb'] as Answer)['Keys'] as { Username: { S: string } }).Username.S;
    if (record['eventName'] === 'INSERT') await dynamodb.ok('PutItem', { TableName, Item: Username(key) });
    else if (record['eventName'] === 'REMOVE') await dynamodb.ok('DeleteItem', { TableName, Key: Username(key) });
    else
      await dynamodb.ok('UpdateItem', {
        TableName,
        Key: Username(key),
        UpdateExpression: 'set S=:r',
        ExpressionAttributeValues: { ':r': { S: 'x' } },
      });
  }
  scene.match('get-records', await recordsOf(scene, (TableDescription as Answer)['LatestStreamArn'], 3 + recorded.length, true));
};

const conditionFailed: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'id');
  await dynamodb.ok('PutItem', { TableName, Item: item('456', { price: { N: '650' }, product: { S: 'sporting goods' } }) });
  await dynamodb.check('items', 'DeleteItem', {
    TableName,
    Key: item('456'),
    ConditionExpression: 'price between :lo and :hi',
    ExpressionAttributeValues: { ':lo': { N: '500' }, ':hi': { N: '600' } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
};

const warm: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await dynamodb.check(
    'create-table',
    'CreateTable',
    tableOf('id', { WarmThroughput: { ReadUnitsPerSecond: 1000, WriteUnitsPerSecond: 1200 } }),
  );
  scene.match(
    'describe-table',
    await dynamodb.until('DescribeTable', { TableName }, (answer) => (answer['Table'] as Answer)['TableStatus'] === 'ACTIVE'),
  );
};

const transactions: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'id');
  for (const id of ['John', 'Sarah']) await dynamodb.ok('PutItem', { TableName, Item: item(id) });
  const get = (name: string, table: string, id: string): Promise<Answer> =>
    dynamodb.check(name, 'TransactGetItems', { TransactItems: [{ Get: { TableName: table, Key: item(id) } }] });
  await get('TransactGetItems', TableName, 'John');
  await get('TransactGetItems-with-TableArn', scene.arn('dynamodb', `table/${TableName}`), 'Sarah');
};

const transactWrite: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'id');
  const write = (name: string, table: string): Promise<Answer> =>
    dynamodb.check(name, 'TransactWriteItems', {
      TransactItems: [{ Put: { TableName: table, Item: item('test1') } }, { Delete: { TableName: table, Key: item('test5') } }],
    });
  await write('Response', TableName);
  await write('Response_using_table_arn', scene.arn('dynamodb', `table/${TableName}`));
};

const idempotent: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'id');
  const input = { ClientRequestToken: 'dedupe_token', TransactItems: [{ Put: { TableName, Item: item('id1') } }] };
  await dynamodb.check('Response1', 'TransactWriteItems', input);
  await dynamodb.check('Response2', 'TransactWriteItems', input);
};

const batchSchema: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'id');
  const { Error: refusal } = (await dynamodb.call('BatchWriteItem', {
    RequestItems: { [TableName]: [{ DeleteRequest: { Key: { other: { S: 'x' } } } }] },
  })) as { Error?: Answer };
  scene.match(
    'ValidationException',
    `An error occurred (${String(refusal?.['Code'])}) when calling the BatchWriteItem operation: ${String(refusal?.['Message'])}`,
  );
};

const active = (dynamodb: Service, table = TableName): Promise<Answer> =>
  dynamodb.until('DescribeTable', { TableName: table }, (answer) => (answer['Table'] as Answer)['TableStatus'] === 'ACTIVE');

const partiqlTransaction: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'Username');
  const insert = (name: string): object => ({ Statement: `INSERT INTO "${TableName}" VALUE {'Username': '${name}'}` });
  await dynamodb.check('ExecutedTransaction', 'ExecuteTransaction', { TransactStatements: [insert('user01'), insert('user02')] });
  const scan = await dynamodb.ok('Scan', { TableName });
  const items = scan['Items'] as { Username: { S: string } }[];
  scene.match('TableScan', { ...scan, Items: items.toSorted((a, b) => (a.Username.S < b.Username.S ? -1 : 1)) });
};

const partiqlMissing: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'Username');
  const Username = (S: string): object => ({ Username: { S } });
  await dynamodb.ok('PutItem', { TableName, Item: { ...Username('Alice123'), FirstName: { S: 'Alice' } } });
  await dynamodb.ok('PutItem', { TableName, Item: Username('Bob123') });
  const Statement = `SELECT * FROM "${TableName}" WHERE FirstName IS NOT MISSING`;
  scene.match('FirstNameNotMissing', (await dynamodb.ok('ExecuteStatement', { Statement }))['Items']);
};

const encoded: Scenario = async (scene) => {
  const dynamodb = scene.service('dynamodb');
  await made(dynamodb, 'id', streamed('NEW_AND_OLD_IMAGES'));
  const look = async (index: number, suffix: string): Promise<void> => {
    scene.match(`GetItem${suffix}`, (await dynamodb.ok('GetItem', { TableName, Key: item('id1') }))['Item']);
    const { Table } = await active(dynamodb);
    const { Records } = await recordsOf(scene, (Table as Answer)['LatestStreamArn'], index + 1);
    const change = ((Records as Answer[])[index] as Answer)['dynamodb'] as Answer;
    scene.match(`GetRecords${suffix}`, change['NewImage']);
  };
  await dynamodb.ok('PutItem', { TableName, Item: item('id1', { version: { N: '1' }, data: { B: Buffer.of(0x90) } }) });
  await look(0, '');
  await dynamodb.ok('UpdateItem', {
    TableName,
    Key: item('id1'),
    UpdateExpression: 'SET version = :v',
    ExpressionAttributeValues: { ':v': { N: '2' } },
  });
  await look(1, 'AfterUpdate');
};

const set = (id: string, values: Readonly<Record<string, string>>): object => ({
  Update: {
    TableName,
    Key: item(id),
    UpdateExpression: `SET ${Object.keys(values)
      .map((name) => `#${name} = :${name}`)
      .join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(Object.keys(values).map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(Object.entries(values).map(([name, S]) => [`:${name}`, { S }])),
  },
});

const streamedTransactions: Scenario = async (scene) => {
  scene.stage.apart('StartingSequenceNumber');
  const dynamodb = scene.service('dynamodb');
  const table = await dynamodb.check('create-table', 'CreateTable', tableOf('id', streamed('NEW_AND_OLD_IMAGES')));
  await active(dynamodb);
  await dynamodb.check('put-item-1', 'PutItem', { TableName, Item: item('Fred') });
  const write = (name: string, ...TransactItems: readonly object[]): Promise<Answer> =>
    dynamodb.check(`transact-write-${name}`, 'TransactWriteItems', { TransactItems });
  const put = (id: string): object => ({ Put: { TableName, Item: item(id) } });
  // What is the same afterwards makes no record.
  await write('response-overwrite', put('NewKey'), put('Fred'));
  await write('response-update', set('NewKey', { attr1: 'value1', attr2: 'value2' }));
  await write('update-insert', set('NonExistentKey', { attr1: 'value1' }));
  const remove = (id: string): object => ({ Delete: { TableName, Key: item(id) } });
  await write('response-delete', remove('NewKey'), remove('NothingHere'));
  await dynamodb.ok('TransactWriteItems', { TransactItems: [set('Fred', { name: 'Fred' })] });
  const { LatestStreamArn } = table['TableDescription'] as Answer;
  scene.match('get-records', await recordsOf(scene, LatestStreamArn, 6, true));
};

const transactedTables: Scenario = async (scene) => {
  scene.stage.apart('StartingSequenceNumber');
  const dynamodb = scene.service('dynamodb');
  const created = await dynamodb.check('create-table-stream', 'CreateTable', tableOf('id', streamed('NEW_AND_OLD_IMAGES')));
  await dynamodb.check('create-table-no-stream', 'CreateTable', { ...tableOf('id'), TableName: 'other' });
  for (const table of [TableName, 'other']) await active(dynamodb, table);
  const put = (table: string): object => ({ Put: { TableName: table, Item: item('Fred') } });
  await dynamodb.check('transact-write-two-tables', 'TransactWriteItems', { TransactItems: [put(TableName), put('other')] });
  const { LatestStreamArn } = created['TableDescription'] as Answer;
  scene.match('get-records', await recordsOf(scene, LatestStreamArn, 1, true));
};

const integrity: Scenario = async (scene) => {
  const kinesis = scene.service('kinesis');
  await kinesis.ok('CreateStream', { StreamName: 'stream', ShardCount: 1 });
  await kinesis.until(
    'DescribeStreamSummary',
    { StreamName: 'stream' },
    (answer) => (answer['StreamDescriptionSummary'] as Answer)['StreamStatus'] === 'ACTIVE',
  );
  const recorded = scene.recorded('Records') as unknown as Answer[];
  const data = [
    Buffer.of(),
    Buffer.from(String(recorded[1]?.['Data']).slice(2, -1)),
    Buffer.from('test'),
    Buffer.from('ünicödé 统一码 💣💻🔥'),
  ];
  for (const [index, Data] of data.entries())
    if (index < recorded.length)
      await kinesis.ok('PutRecord', { StreamName: 'stream', Data, PartitionKey: String(recorded[index]?.['PartitionKey']) });
  const { ShardIterator } = await kinesis.ok('GetShardIterator', {
    StreamName: 'stream',
    ShardId: 'shardId-000000000000',
    ShardIteratorType: 'TRIM_HORIZON',
  });
  const { Records } = await kinesis.ok('GetRecords', { ShardIterator });
  scene.match('Records', Records);
};

export const dynamodbScenarios: Scenarios = {
  'TestDynamoDB.test_data_encoding_consistency': encoded,
  'TestDynamoDB.test_dynamodb_execute_transaction': partiqlTransaction,
  'TestDynamoDB.test_dynamodb_partiql_missing': partiqlMissing,
  'TestDynamoDB.test_transact_write_items_streaming': streamedTransactions,
  'TestDynamoDB.test_transact_write_items_streaming_for_different_tables': transactedTables,
  'TestDynamoDB.test_return_values_in_put_item': returnValues,
  'TestDynamoDB.test_dynamodb_stream_stream_view_type': viewType,
  'TestDynamoDB.test_return_values_on_conditions_check_failure': conditionFailed,
  'TestDynamoDB.test_table_warm_throughput': warm,
  'TestDynamoDB.test_transact_get_items': transactions,
  'TestDynamoDB.test_transaction_write_items': transactWrite,
  'TestDynamoDB.test_dynamodb_idempotent_writing': idempotent,
  'TestDynamoDB.test_batch_write_not_matching_schema': batchSchema,
  'TestDynamoDB.test_batch_write_items': async (scene) => {
    const dynamodb = scene.service('dynamodb');
    await made(dynamodb, 'id');
    await dynamodb.check('BatchWriteResponse', 'BatchWriteItem', {
      RequestItems: { [TableName]: [{ PutRequest: { Item: item('a') } }, { DeleteRequest: { Key: item('b') } }] },
    });
  },
  'TestDynamoDB.test_batch_write_binary': async (scene) => {
    const dynamodb = scene.service('dynamodb');
    await made(dynamodb, 'id');
    await dynamodb.check('Response', 'BatchWriteItem', {
      RequestItems: { [TableName]: [{ PutRequest: { Item: item('a', { b: { B: Buffer.of(0x90) } }) } }] },
    });
  },
  'TestDynamoDB.test_dynamodb_get_batch_items': async (scene) => {
    const dynamodb = scene.service('dynamodb');
    await made(dynamodb, 'id');
    const answer = await dynamodb.ok('BatchGetItem', { RequestItems: { [TableName]: { Keys: [item('none')] } } });
    const { [TableName]: found } = answer['Responses'] as Answer;
    scene.match('Response', { ...answer, Responses: { '<test-table>': found } });
  },
};

export const dynamodbStreamScenarios: Scenarios = {
  'TestDynamoDBStreams.test_non_existent_stream': async (scene) => {
    await made(scene.service('dynamodb'), 'id');
    const StreamArn = scene.arn('dynamodb', 'table/table/stream/2024-11-18T14:36:44.149');
    await scene.service('dynamodbstreams').check('non-existent-stream', 'DescribeStream', { StreamArn });
  },
};

const inCbor = { service: 'kinesis', target: 'Kinesis_20131202' } as const;

/** The events of a subscription are CBOR, too, and its moments are counted in milliseconds. */
const subscribedInCbor: Scenario = async (scene) => {
  const kinesis = scene.service('kinesis');
  const since = Date.now();
  await kinesis.ok('CreateStream', { StreamName: 'stream', ShardCount: 1 });
  const StreamARN = scene.arn('kinesis', 'stream/stream');
  await kinesis.until('DescribeStreamSummary', { StreamARN }, (answer) =>
    isActive(answer['StreamDescriptionSummary'], 'StreamStatus'),
  );
  await kinesis.ok('RegisterStreamConsumer', { StreamARN, ConsumerName: 'consumer' });
  const ConsumerARN = await consumerOf(kinesis, StreamARN);
  await kinesis.ok('PutRecord', { StreamName: 'stream', PartitionKey: 'key', Data: Buffer.from('Hello world') });
  const { Shards } = await kinesis.ok('ListShards', { StreamName: 'stream' });
  const input = {
    ConsumerARN,
    ShardId: (Shards as Answer[])[0]?.['ShardId'],
    StartingPosition: { Type: 'AT_TIMESTAMP', Timestamp: cborMoment(since - 60_000) },
  };
  for await (const event of rawEvents(scene, 'amz-cbor-1.1', { ...inCbor, operation: 'SubscribeToShard', input })) {
    const [record] =
      (event as { Records?: { Data: Uint8Array; ApproximateArrivalTimestamp: { value: number } }[] }).Records ?? [];
    if (record === undefined) continue;
    scene.stage.same('the record', Buffer.from(record.Data).toString(), 'Hello world');
    const arrivedAt = Number(record.ApproximateArrivalTimestamp.value);
    scene.stage.same('a moment in milliseconds', arrivedAt >= since && arrivedAt <= Date.now(), true);
    return;
  }
  throw new Error('The subscription has ended without a record.');
};

const isActive = (of: unknown, member: string): boolean => (of as Answer | undefined)?.[member] === 'ACTIVE';

async function consumerOf(kinesis: Service, StreamARN: string): Promise<unknown> {
  const { ConsumerDescription } = await kinesis.until(
    'DescribeStreamConsumer',
    { StreamARN, ConsumerName: 'consumer' },
    (answer) => isActive(answer['ConsumerDescription'], 'ConsumerStatus'),
  );
  return (ConsumerDescription as Answer)['ConsumerARN'];
}

export const kinesisScenarios: Scenarios = {
  'TestKinesis.test_subscribe_to_shard_cbor_at_timestamp': subscribedInCbor,
  'TestKinesis.test_cbor_exceptions': async (scene) => {
    const StreamName = 'wrong-stream-name';
    scene.match(
      'cbor-error',
      await rawAnswer(scene, 'amz-cbor-1.1', { ...inCbor, operation: 'DescribeStream', input: { StreamName } }),
    );
  },
  'TestKinesis.test_record_lifecycle_data_integrity': integrity,
  'TestKinesis.test_add_tags_to_stream': async (scene) => {
    const kinesis = scene.service('kinesis');
    await kinesis.ok('CreateStream', { StreamName: 'stream', ShardCount: 1 });
    await pause(1);
    await kinesis.ok('AddTagsToStream', { StreamName: 'stream', Tags: { foo: 'bar' } });
    const { Tags } = await kinesis.ok('ListTagsForStream', { StreamName: 'stream' });
    scene.match('Tags', (Tags as Answer[])[0]);
  },
};
