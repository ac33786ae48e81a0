import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from '../../kit/stage.ts';
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

export const kinesisScenarios: Scenarios = {
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
