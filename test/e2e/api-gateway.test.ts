import { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { Kinesis, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { Lambda } from '@aws-sdk/client-lambda';
import { S3 } from '@aws-sdk/client-s3';
import { SQS } from '@aws-sdk/client-sqs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { signedFetch } from '../kit/sign.ts';

const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const Capabilities = ['CAPABILITY_IAM' as const];

/** A function behind an HTTP API, as deploy tools write it; whether it lets the API in is up to the test. */
const template = JSON.stringify({
  Resources: {
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust } },
    Handler: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: { ZipFile: 'exports.handler = async (event) => ({ hello: event.pathParameters.name, key: event.routeKey })' },
      },
    },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'hello', ProtocolType: 'HTTP' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': ['Handler', 'Arn'] },
        PayloadFormatVersion: '2.0',
      },
    },
    Open: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: { ApiId: { Ref: 'Api' }, RouteKey: 'GET /hello/{name}', Target: { 'Fn::Sub': 'integrations/${Integration}' } },
    },
    Signed: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: 'GET /signed/{name}',
        AuthorizationType: 'AWS_IAM',
        Target: { 'Fn::Sub': 'integrations/${Integration}' },
      },
    },
    Stage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
    },
  },
  Outputs: {
    Endpoint: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } },
    Api: { Value: { Ref: 'Api' } },
    Function: { Value: { Ref: 'Handler' } },
  },
});

/** An HTTP API that is a document, in the template or in a bucket. */
const withDocument = (properties: object) =>
  JSON.stringify({
    Resources: {
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: properties },
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
      },
    },
    Outputs: { Api: { Value: { Ref: 'Api' } } },
  });
const documentOf = (title: string, ...paths: readonly string[]) => ({
  openapi: '3.0.1',
  info: { title },
  paths: Object.fromEntries(
    paths.map((each) => [
      each,
      { get: { 'x-amazon-apigateway-integration': { type: 'http_proxy', httpMethod: 'GET', uri: 'https://a.example' } } },
    ]),
  ),
});

/** Deploys it and tells where it is. */
async function deploy(client: ConstructorParameters<typeof CloudFormation>[0] & object) {
  const stacks = new CloudFormation(client);
  await stacks.createStack({ StackName: 'hello', TemplateBody: template, Capabilities });
  const { Stacks: [made] = [] } = await stacks.describeStacks({ StackName: 'hello' });
  if (made?.StackStatus !== 'CREATE_COMPLETE') throw new Error(`${made?.StackStatus}: ${made?.StackStatusReason}`);
  const output = (key: string): string => made.Outputs?.find((each) => each.OutputKey === key)?.OutputValue ?? '';
  return { stacks, endpoint: output('Endpoint'), api: output('Api'), functionName: output('Function') };
}

const clientOf = ({ origin }: RunningServer, credentials = { accessKeyId: '000000000000', secretAccessKey: 'x' }) => ({
  endpoint: origin,
  region: 'us-east-1',
  maxAttempts: 1,
  credentials,
});

suite('API Gateway in front of functions', { timeout: 280_000 }, () => {
  test('a stack with an HTTP API serves its function, also after a kill, and goes as a whole', async (t: TestContext) => {
    using folder = temporaryFolder();
    const dataDir = path.join(folder.path, 'data');
    let place: Awaited<ReturnType<typeof deploy>>;
    {
      await using server = await RunningServer.start(dataDir, ['--isolation', 'none']);
      place = await deploy(clientOf(server));
      const reply = await fetch(`${place.endpoint}/hello/world`);
      t.assert.deepEqual([reply.status, await reply.json()], [200, { hello: 'world', key: 'GET /hello/{name}' }]);
      t.assert.equal((await fetch(`${place.endpoint}/else`)).status, 404);
      await server.stop('SIGKILL');
    }
    await using server = await RunningServer.start(dataDir, ['--isolation', 'none']);
    const endpoint = place.endpoint.replace(/^http:\/\/[^/]+/, server.origin);
    t.assert.deepEqual(await (await fetch(`${endpoint}/hello/again`)).json(), { hello: 'again', key: 'GET /hello/{name}' });
    await new CloudFormation(clientOf(server)).deleteStack({ StackName: 'hello' });
    t.assert.deepEqual((await new ApiGatewayV2(clientOf(server)).getApis({})).Items, []);
    t.assert.equal((await fetch(`${endpoint}/hello/again`)).status, 403);
  });

  test('a stack makes an HTTP API of a document, changes it, and takes one from a bucket', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none']);
    const stacks = new CloudFormation(clientOf(server));
    const apis = new ApiGatewayV2(clientOf(server));
    const s3 = new S3({ ...clientOf(server), forcePathStyle: true });
    const state = async (): Promise<string | undefined> => {
      const { Stacks: [stack] = [] } = await stacks.describeStacks({ StackName: 'document' });
      return stack?.StackStatus;
    };
    const shown = async () => {
      const { Items: [api] = [] } = await apis.getApis({});
      const { Items: routes = [] } = await apis.getRoutes({ ApiId: api?.ApiId });
      return [api?.Name, api?.Description, api?.Tags, routes.map((route) => route.RouteKey).sort()];
    };
    await stacks.createStack({
      StackName: 'document',
      TemplateBody: withDocument({ Body: documentOf('one', '/a', '/b'), Description: 'beside', Tags: { a: '1' } }),
    });
    t.assert.equal(await state(), 'CREATE_COMPLETE');
    const { Items: [made] = [] } = await apis.getApis({});
    t.assert.deepEqual(await shown(), ['one', 'beside', { a: '1' }, ['GET /a', 'GET /b']]);
    await s3.createBucket({ Bucket: 'documents' });
    await s3.putObject({ Bucket: 'documents', Key: 'api.yaml', Body: JSON.stringify(documentOf('two', '/b', '/c')) });
    await stacks.updateStack({
      StackName: 'document',
      TemplateBody: withDocument({ BodyS3Location: { Bucket: 'documents', Key: 'api.yaml' }, Tags: { b: '2' } }),
    });
    t.assert.equal(await state(), 'UPDATE_COMPLETE');
    t.assert.deepEqual(await shown(), ['two', 'beside', { b: '2' }, ['GET /b', 'GET /c']]);
    t.assert.equal((await apis.getApis({})).Items?.[0]?.ApiId, made?.ApiId);
    const broken = { ...documentOf('three'), 'x-amazon-apigateway-cors': 'any' };
    await stacks.updateStack({ StackName: 'document', TemplateBody: withDocument({ Body: broken, FailOnWarnings: true }) });
    t.assert.equal(await state(), 'UPDATE_ROLLBACK_COMPLETE');
    t.assert.deepEqual((await shown()).at(-1), ['GET /b', 'GET /c']);
  });

  test('what is gone from a template is gone from its API', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none']);
    const [stacks, apis] = [new CloudFormation(clientOf(server)), new ApiGatewayV2(clientOf(server))];
    const DestinationArn = 'arn:aws:logs:us-east-1:000000000000:log-group:access';
    const written = (api: object, integration: object, stage: object) =>
      JSON.stringify({
        Resources: {
          Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'a', ProtocolType: 'HTTP', ...api } },
          Integration: {
            Type: 'AWS::ApiGatewayV2::Integration',
            Properties: {
              ApiId: { Ref: 'Api' },
              IntegrationType: 'HTTP_PROXY',
              IntegrationMethod: 'GET',
              IntegrationUri: 'https://a.example',
              PayloadFormatVersion: '1.0',
              ...integration,
            },
          },
          Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, StageName: 'prod', ...stage } },
        },
      });
    const mappings = { 200: { 'remove:header.c': "''" }, 500: { 'overwrite:statuscode': '501' } };
    await stacks.createStack({
      StackName: 'less',
      TemplateBody: written(
        { CorsConfiguration: { AllowOrigins: ['*'] } },
        { RequestParameters: { 'overwrite:header.a': '1', 'overwrite:header.b': '2' }, ResponseParameters: mappings },
        { StageVariables: { a: '1', b: '2' }, AccessLogSettings: { DestinationArn, Format: '$context.requestId' } },
      ),
    });
    await stacks.updateStack({
      StackName: 'less',
      TemplateBody: written(
        {},
        { RequestParameters: { 'overwrite:header.b': '3' }, ResponseParameters: { 200: mappings[200] } },
        { StageVariables: { b: '3' } },
      ),
    });
    const { Stacks: [stack] = [] } = await stacks.describeStacks({ StackName: 'less' });
    t.assert.equal(stack?.StackStatus, 'UPDATE_COMPLETE', stack?.StackStatusReason);
    const { Items: [api] = [] } = await apis.getApis({});
    const { Items: [integration] = [] } = await apis.getIntegrations({ ApiId: api?.ApiId });
    const stage = await apis.getStage({ ApiId: api?.ApiId, StageName: 'prod' });
    t.assert.deepEqual(
      [api?.CorsConfiguration, stage.AccessLogSettings, stage.StageVariables],
      [undefined, undefined, { b: '3' }],
    );
    t.assert.deepEqual(integration?.RequestParameters, { 'overwrite:header.b': '3' });
    t.assert.deepEqual(integration?.ResponseParameters, { 200: { 'remove:header.c': "''" } });
  });

  test('where policies are asked, who brings a document must be allowed to pass its roles', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none', '--auth', 'strict']);
    const key = server.started.firstKey;
    if (key === undefined) throw new Error('The server made no key.');
    const iam = new IAM(clientOf(server, key));
    await iam.createUser({ UserName: 'importer' });
    await iam.createRole({
      RoleName: 'caller',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'apigateway.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }),
    });
    const allow = (Statement: readonly object[]) =>
      iam.putUserPolicy({
        UserName: 'importer',
        PolicyName: 'p',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: Statement.map((each) => ({ Effect: 'Allow', ...each })),
        }),
      });
    const importing = { Action: 'apigateway:PUT', Resource: 'arn:aws:apigateway:us-east-1::/apis' };
    await allow([importing]);
    const { AccessKey: made } = await iam.createAccessKey({ UserName: 'importer' });
    const apis = new ApiGatewayV2(
      clientOf(server, { accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '' }),
    );
    await apis.importApi({ Body: JSON.stringify(documentOf('plain', '/a')) });
    const credentials = 'arn:aws:iam::000000000000:role/caller';
    const integration = { type: 'aws_proxy', uri: 'arn:aws:lambda:us-east-1:000000000000:function:f', credentials };
    const paths = { '/a': { get: { 'x-amazon-apigateway-integration': integration } } };
    const Body = JSON.stringify({ ...documentOf('with a role'), paths });
    await t.assert.rejects(apis.importApi({ Body }), { name: 'AccessDeniedException', message: /iam:PassRole/ });
    await allow([importing, { Action: 'iam:PassRole', Resource: credentials }]);
    await apis.importApi({ Body });
  });

  for (const auth of ['open', 'strict'] as const)
    test(`routes stand for operations of other services, in the name of a role; with --auth ${auth}`, async (t: TestContext) => {
      using folder = temporaryFolder();
      await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none', '--auth', auth]);
      const client = clientOf(server, server.started.firstKey);
      const [apis, iam, sqs, kinesis] = [new ApiGatewayV2(client), new IAM(client), new SQS(client), new Kinesis(client)];
      const [events, logs] = [new EventBridge(client), new CloudWatchLogs(client)];
      await iam.createRole({
        RoleName: 'caller',
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'apigateway.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        }),
      });
      const allow = (...Action: string[]) =>
        iam.putRolePolicy({
          RoleName: 'caller',
          PolicyName: 'p',
          PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] }),
        });
      await allow('sqs:*', 'events:PutEvents');
      const { QueueUrl } = await sqs.createQueue({ QueueName: 'q' });
      await kinesis.createStream({ StreamName: 's', ShardCount: 1 });
      await waitUntilStreamExists({ client: kinesis, maxWaitTime: 30, minDelay: 1 }, { StreamName: 's' });
      await logs.createLogGroup({ logGroupName: 'access' });
      const Arn = 'arn:aws:sqs:us-east-1:000000000000:q';
      await events.putRule({ Name: 'all', EventPattern: '{"source":["shop"]}' });
      await events.putTargets({ Rule: 'all', Targets: [{ Id: 'q', Arn, InputPath: '$.detail' }] });
      await sqs.setQueueAttributes({
        QueueUrl,
        Attributes: {
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: Arn },
            ],
          }),
        },
      });
      const { ApiId, ApiEndpoint } = await apis.createApi({ Name: 'services', ProtocolType: 'HTTP' });
      await apis.createStage({
        ApiId,
        StageName: '$default',
        AutoDeploy: true,
        AccessLogSettings: {
          DestinationArn: 'arn:aws:logs:us-east-1:000000000000:log-group:access',
          Format: '$context.requestId $context.routeKey $context.integrationStatus',
        },
      });
      const stand = async (path: string, IntegrationSubtype: string, RequestParameters: Record<string, string>) => {
        const { IntegrationId } = await apis.createIntegration({
          ApiId,
          IntegrationType: 'AWS_PROXY',
          IntegrationSubtype,
          PayloadFormatVersion: '1.0',
          CredentialsArn: 'arn:aws:iam::000000000000:role/caller',
          RequestParameters,
        });
        await apis.createRoute({ ApiId, RouteKey: `POST ${path}`, Target: `integrations/${IntegrationId}` });
      };
      const queue = { QueueUrl: QueueUrl ?? '' };
      await stand('/send', 'SQS-SendMessage', {
        ...queue,
        MessageBody: '$request.body.text',
        MessageAttributes: '{"from":{"DataType":"String","StringValue":"${request.header.x-from}"}}',
      });
      await stand('/receive', 'SQS-ReceiveMessage', {
        ...queue,
        MaxNumberOfMessages: '1',
        WaitTimeSeconds: '20',
        MessageAttributeNames: '["All"]',
      });
      await stand('/delete/{handle}', 'SQS-DeleteMessage', { ...queue, ReceiptHandle: '$request.path.handle' });
      await stand('/purge', 'SQS-PurgeQueue', queue);
      await stand('/events', 'EventBridge-PutEvents', { Source: 'shop', DetailType: 'order', Detail: '$request.body' });
      await stand('/stream', 'Kinesis-PutRecord', { StreamName: 's', PartitionKey: '$context.requestId', Data: '$request.body' });
      const post = (path: string, body?: object) =>
        fetch(ApiEndpoint + path, {
          method: 'POST',
          headers: { 'X-From': 'me' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      const sent = await post('/send', { text: 'hello' });
      t.assert.deepEqual([sent.status, sent.headers.get('content-type')], [200, 'text/xml']);
      t.assert.match(await sent.text(), /<SendMessageResult>.*<MessageId>/s);
      const received = await (await post('/receive')).text();
      t.assert.match(received, /<Body>hello<\/Body>.*<StringValue>me<\/StringValue>/s);
      const [, handle = ''] = /<ReceiptHandle>(.*?)<\/ReceiptHandle>/.exec(received) ?? [];
      t.assert.equal((await post(`/delete/${encodeURIComponent(handle)}`)).status, 200);
      const put = await post('/events', { order: 7 });
      t.assert.equal(((await put.json()) as { FailedEntryCount: number }).FailedEntryCount, 0);
      t.assert.match(await (await post('/receive')).text(), /<Body>{&quot;order&quot;:7}<\/Body>/);
      t.assert.equal((await post('/purge')).status, 200);
      const refused = await post('/stream', { a: 1 });
      if (auth === 'strict') {
        t.assert.equal(refused.status, 400);
        t.assert.match(await refused.text(), /AccessDeniedException.*kinesis:PutRecord/);
        await allow('kinesis:PutRecord');
      }
      t.assert.match(await (await post('/stream', { a: 1 })).text(), /"SequenceNumber":"\d+"/);
      let lines: string[] = [];
      while (!lines.some((line) => line.endsWith('POST /stream 200'))) {
        const { events: found = [] } = await logs.filterLogEvents({ logGroupName: 'access' });
        lines = found.map(({ message = '' }) => message);
      }
      t.assert.ok(
        lines.some((line) => line.endsWith('POST /send 200')),
        lines.join('\n'),
      );
    });

  test('where policies are asked, the function has to let the route in, and a signed route its caller', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none', '--auth', 'strict']);
    const key = server.started.firstKey;
    if (key === undefined) throw new Error('The server made no key.');
    const { endpoint, api, functionName } = await deploy(clientOf(server, key));
    const status = async (target: string): Promise<number> => (await fetch(endpoint + target)).status;
    t.assert.equal(await status('/hello/world'), 500);
    const lambda = new Lambda(clientOf(server, key));
    await lambda.addPermission({
      FunctionName: functionName,
      StatementId: 'api',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${api}/*/GET/hello/*`,
    });
    t.assert.equal(await status('/hello/world'), 200);
    t.assert.equal(await status('/signed/world'), 403);
    await lambda.addPermission({
      FunctionName: functionName,
      StatementId: 'signed',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${api}/*/*/signed/{name}`,
    });
    const url = `${endpoint}/signed/world`;
    t.assert.equal((await signedFetch(url, { service: 'execute-api', credentials: key })).status, 200);
    const forger = { ...key, secretAccessKey: 'another' };
    t.assert.equal((await signedFetch(url, { service: 'execute-api', credentials: forger })).status, 403);
    await t.assert.rejects(new ApiGatewayV2(clientOf(server)).getApis({}), { name: /Exception/ });
  });
});
