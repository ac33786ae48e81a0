// The AWS SDK as it is written for Lambda: no endpoint, no credentials, no region.
const { DynamoDBClient, PutItemCommand, GetItemCommand, CreateTableCommand } = require('@aws-sdk/client-dynamodb');
const { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand } = require('@aws-sdk/client-s3');
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');

const dynamodb = new DynamoDBClient({});
const s3 = new S3Client({});

exports.handler = async ({ n }) => {
  await s3.send(new CreateBucketCommand({ Bucket: 'from-node' }));
  await s3.send(new PutObjectCommand({ Bucket: 'from-node', Key: 'a/b', Body: `object ${n}` }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'from-node', Key: 'a/b' }));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'from-node',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await dynamodb.send(new PutItemCommand({ TableName: 'from-node', Item: { id: { S: 'x' }, n: { N: String(n) } } }));
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: 'from-node', Key: { id: { S: 'x' } } }));
  const { Arn, Account } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  return { object: await Body.transformToString(), item: Item.n.N, Arn, Account, key: process.env.AWS_ACCESS_KEY_ID.slice(0, 4) };
};
