import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { openDynamoDb } from './index.ts';

const script = `
import boto3
from decimal import Decimal
from boto3.dynamodb.conditions import Key, Attr
table = boto3.resource('dynamodb').create_table(
    TableName='people',
    KeySchema=[{'AttributeName': 'family', 'KeyType': 'HASH'}, {'AttributeName': 'age', 'KeyType': 'RANGE'}],
    AttributeDefinitions=[{'AttributeName': 'family', 'AttributeType': 'S'}, {'AttributeName': 'age', 'AttributeType': 'N'}],
    ProvisionedThroughput={'ReadCapacityUnits': 5, 'WriteCapacityUnits': 5})
with table.batch_writer() as batch:
    for age in range(30):
        batch.put_item(Item={'family': 'f', 'age': age, 'half': Decimal(age) / 2, 'even': age % 2 == 0})
table.update_item(Key={'family': 'f', 'age': 7}, AttributeUpdates={'tags': {'Value': {'a', 'b'}, 'Action': 'PUT'}})
found = table.query(KeyConditionExpression=Key('family').eq('f') & Key('age').between(5, 12), FilterExpression=Attr('even').eq(True))
print([int(item['age']) for item in found['Items']], found['ScannedCount'])
print(sorted(table.get_item(Key={'family': 'f', 'age': 7})['Item']['tags']))
try:
    table.put_item(Item={'family': 'f', 'age': 1}, ConditionExpression=Attr('family').not_exists())
except table.meta.client.exceptions.ConditionalCheckFailedException as error:
    print(error.response['Error']['Message'])
client = boto3.client('dynamodb')
print(client.query(TableName='people', KeyConditions={'family': {'AttributeValueList': [{'S': 'f'}], 'ComparisonOperator': 'EQ'},
    'age': {'AttributeValueList': [{'N': '27'}], 'ComparisonOperator': 'GT'}})['Count'])
print(len(list(client.get_paginator('scan').paginate(TableName='people', PaginationConfig={'PageSize': 10}))))
`;

suite('DynamoDB, asked by boto3', { timeout: 60_000 }, () => {
  test('a table of people', async (t) => {
    await using database = new PlainDatabase();
    await using dynamo = await openDynamoDb({ database, clock: systemClock, random: systemRandom, log: silentLogger });
    await using street = await openStreet({ dynamodb: dynamo.handlers });
    const { stdout } = await promisify(execFile)('python3', ['-c', script], { env: street.env });
    t.assert.deepEqual(stdout.trim().split('\n'), ['[6, 8, 10, 12] 8', "['a', 'b']", 'The conditional request failed', '2', '4']);
  });
});
