import { APIGateway } from '@aws-sdk/client-api-gateway';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { IAM } from '@aws-sdk/client-iam';
import { S3 } from '@aws-sdk/client-s3';
import { SNS } from '@aws-sdk/client-sns';
import { SQS } from '@aws-sdk/client-sqs';
import { SSM } from '@aws-sdk/client-ssm';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const role = 'arn:aws:iam::000000000000:role/caller';
const responses = { '200': { description: '' }, '400': { description: '' }, '403': { description: '' } };

/** An operation that stands for one of another service. */
const standing = (uri: string, more: object): object => ({
  responses,
  'x-amazon-apigateway-integration': {
    type: 'aws',
    httpMethod: 'POST',
    uri: `arn:aws:apigateway:us-east-1:${uri}`,
    credentials: role,
    responses: { default: { statusCode: '200' }, '4\\d\\d': { statusCode: '400' } },
    ...more,
  },
});
const form = { 'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'" };
const template = (text: string): object => ({ requestTemplates: { 'application/json': text } });
const inPath = [{ name: 'key', in: 'path', required: true, schema: { type: 'string' } }];

const paths = {
  '/queue': {
    post: standing('sqs:path/000000000000/q', {
      requestParameters: form,
      ...template('Action=SendMessage&MessageBody=$util.urlEncode($input.body)'),
      responses: {
        default: { statusCode: '200', responseTemplates: { 'application/json': '{"sent": true}' } },
        '4\\d\\d': { statusCode: '400' },
      },
    }),
  },
  '/topic': {
    post: standing('sns:action/Publish', {
      requestParameters: {
        ...form,
        'integration.request.querystring.TopicArn': "'arn:aws:sns:us-east-1:000000000000:t'",
        'integration.request.querystring.Message': 'method.request.body.text',
      },
      ...template(''),
    }),
  },
  '/items/{key}': {
    put: {
      parameters: inPath,
      ...standing('dynamodb:action/PutItem', {
        ...template(
          '{"TableName": "items", "Item": {"id": {"S": "$input.params(\'key\')"}, "text": {"S": "$util.escapeJavaScript($input.path(\'$.text\'))"}}}',
        ),
      }),
    },
    get: {
      parameters: inPath,
      ...standing('dynamodb:action/GetItem', {
        ...template('{"TableName": "items", "Key": {"id": {"S": "$input.params(\'key\')"}}}'),
        responses: {
          default: { statusCode: '200', responseTemplates: { 'application/json': '{"text": $input.json(\'$.Item.text.S\')}' } },
          '4\\d\\d': { statusCode: '400' },
        },
      }),
    },
  },
  '/objects/{key}': {
    put: {
      parameters: inPath,
      ...standing('s3:path/bucket/{key}', {
        httpMethod: 'PUT',
        requestParameters: {
          'integration.request.path.key': 'method.request.path.key',
          'integration.request.header.Content-Type': 'method.request.header.Content-Type',
        },
      }),
    },
    get: {
      parameters: inPath,
      ...standing('s3:path/bucket/{key}', {
        httpMethod: 'GET',
        requestParameters: { 'integration.request.path.key': 'method.request.path.key' },
      }),
    },
  },
  '/parameter': { get: standing('ssm:action/GetParameter', template('{"Name": "p"}')) },
  '/nowhere': { get: standing('states:action/StartExecution', template('{}')) },
};

suite('REST APIs in front of other services', { timeout: 120_000 }, () => {
  for (const auth of ['open', 'strict'] as const)
    test(`methods stand for their operations, in the name of a role; with --auth ${auth}`, async (t: TestContext) => {
      using folder = temporaryFolder();
      await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none', '--auth', auth]);
      const key = server.started.firstKey;
      const client = {
        endpoint: server.origin,
        region: 'us-east-1',
        credentials: { accessKeyId: key?.accessKeyId ?? '000000000000', secretAccessKey: key?.secretAccessKey ?? 'x' },
        forcePathStyle: true,
      };
      const [apis, iam, sqs, sns] = [new APIGateway(client), new IAM(client), new SQS(client), new SNS(client)];
      const [dynamodb, s3, ssm] = [new DynamoDB(client), new S3(client), new SSM(client)];
      await iam.createRole({
        RoleName: 'caller',
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'apigateway.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        }),
      });
      await iam.putRolePolicy({
        RoleName: 'caller',
        PolicyName: 'p',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: ['sqs:*', 'sns:*', 'dynamodb:*', 's3:*'], Resource: '*' }],
        }),
      });
      const { QueueUrl } = await sqs.createQueue({ QueueName: 'q' });
      const { TopicArn } = await sns.createTopic({ Name: 't' });
      await sns.subscribe({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: 'arn:aws:sqs:us-east-1:000000000000:q',
        Attributes: { RawMessageDelivery: 'true' },
      });
      await sqs.setQueueAttributes({
        QueueUrl,
        Attributes: {
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: '*' },
            ],
          }),
        },
      });
      await dynamodb.createTable({
        TableName: 'items',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      });
      await s3.createBucket({ Bucket: 'bucket' });
      await ssm.putParameter({ Name: 'p', Value: 'v', Type: 'String' });
      const body = Buffer.from(JSON.stringify({ openapi: '3.0.1', info: { title: 'services', version: '1' }, paths }));
      const { id } = await apis.importRestApi({ body });
      await apis.createDeployment({ restApiId: id, stageName: 'prod' });
      const ask = (method: string, target: string, text?: string, contentType = 'application/json') =>
        fetch(`${server.origin}/_mayfly/api/${id}/prod${target}`, {
          method,
          headers: { 'Content-Type': contentType },
          ...(text === undefined ? {} : { body: text }),
        });
      const received = async (): Promise<string | undefined> => {
        const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 10 });
        return Messages[0]?.Body;
      };

      t.assert.deepEqual(await (await ask('POST', '/queue', '{"a": "b&c"}')).json(), { sent: true });
      t.assert.equal(await received(), '{"a": "b&c"}');
      t.assert.equal((await ask('POST', '/topic', '{"text": "to all"}')).status, 200);
      t.assert.equal(await received(), 'to all');
      t.assert.equal((await ask('PUT', '/items/1', '{"text": "say \\"hi\\""}')).status, 200);
      t.assert.deepEqual(await (await ask('GET', '/items/1')).json(), { text: 'say "hi"' });
      t.assert.equal((await ask('PUT', '/objects/a%20b', 'an object', 'text/plain')).status, 200);
      t.assert.equal(await (await s3.getObject({ Bucket: 'bucket', Key: 'a b' })).Body?.transformToString(), 'an object');
      t.assert.equal(await (await ask('GET', '/objects/a%20b')).text(), 'an object');
      t.assert.equal((await ask('GET', '/objects/none')).status, 400);

      const parameter = await ask('GET', '/parameter');
      const said = (await parameter.json()) as { readonly Parameter?: { readonly Value: string }; readonly __type?: string };
      if (auth === 'open') t.assert.deepEqual([parameter.status, said.Parameter?.Value], [200, 'v']);
      else t.assert.deepEqual([parameter.status, said.__type], [400, 'AccessDeniedException']);
      const nowhere = await ask('GET', '/nowhere');
      t.assert.deepEqual([nowhere.status, await nowhere.json()], [500, { message: 'Internal server error' }]);
      for (const each of [apis, iam, sqs, sns, dynamodb, s3, ssm]) each.destroy();
    });

  test('where policies are asked, the API’s own keeps callers out', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none', '--auth', 'strict']);
    const { accessKeyId = '', secretAccessKey = '' } = server.started.firstKey ?? {};
    const credentials = { accessKeyId, secretAccessKey };
    const apis = new APIGateway({ endpoint: server.origin, region: 'us-east-1', credentials });
    const mock = {
      responses,
      'x-amazon-apigateway-integration': {
        type: 'mock',
        requestTemplates: { 'application/json': '{"statusCode": 200}' },
        responses: { default: { statusCode: '200' } },
      },
    };
    const allow = (Effect: string, Resource: string, more: object = {}) => ({
      ...{ Effect, Principal: '*', Action: 'execute-api:Invoke', Resource, ...more },
    });
    const made = async (statements?: readonly object[]): Promise<(target: string) => Promise<unknown>> => {
      const document = {
        openapi: '3.0.1',
        info: { title: 'guarded', version: '1' },
        paths: { '/open': { get: mock }, '/shut': { get: mock }, '/far': { get: mock } },
        ...(statements && { 'x-amazon-apigateway-policy': { Version: '2012-10-17', Statement: statements } }),
      };
      const { id } = await apis.importRestApi({ body: Buffer.from(JSON.stringify(document)) });
      await apis.createDeployment({ restApiId: id, stageName: 'prod' });
      return async (target) => {
        const answer = await fetch(`${server.origin}/_mayfly/api/${id}/prod${target}`);
        const text = await answer.text();
        return answer.status === 200 ? 200 : [answer.status, text.replace(id ?? '', 'ID')];
      };
    };
    const free = await made();
    t.assert.equal(await free('/open'), 200);
    const guarded = await made([
      allow('Allow', 'execute-api:/prod/GET/open'),
      allow('Allow', 'execute-api:/prod/GET/far', { Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } }),
      allow('Allow', 'execute-api:/prod/GET/shut'),
      allow('Deny', 'execute-api:/prod/GET/shut', { Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } } }),
    ]);
    const said = (method: string, why = ''): string =>
      JSON.stringify({
        Message: `User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:000000000000:ID/prod/GET/${method}${why}`,
      });
    t.assert.equal(await guarded('/open'), 200);
    t.assert.deepEqual(await guarded('/far'), [403, said('far')]);
    t.assert.deepEqual(await guarded('/shut'), [403, said('shut', ' with an explicit deny')]);
    apis.destroy();
  });
});
