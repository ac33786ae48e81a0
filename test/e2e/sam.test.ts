import { APIGateway } from '@aws-sdk/client-api-gateway';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { Lambda } from '@aws-sdk/client-lambda';
import { S3 } from '@aws-sdk/client-s3';
import { SNS } from '@aws-sdk/client-sns';
import { SQS } from '@aws-sdk/client-sqs';
import { get } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const Transform = 'AWS::Serverless-2016-10-31';
// Who has a transform carried out at once, without a change set to look at first, must say so.
const Capabilities = ['CAPABILITY_IAM' as const, 'CAPABILITY_AUTO_EXPAND' as const];

const clients = ({ origin }: RunningServer) => {
  const options = {
    endpoint: origin,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
  };
  return {
    stacks: new CloudFormation(options),
    events: new EventBridge(options),
    gateway: new APIGateway(options),
    lambda: new Lambda(options),
    logs: new CloudWatchLogs(options),
    s3: new S3({ ...options, forcePathStyle: true }),
    sns: new SNS(options),
    sqs: new SQS(options),
  };
};

suite('templates of SAM, asked for by the real SDK client', { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let aws: ReturnType<typeof clients>;

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none']);
    aws = clients(server);
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  /** Makes a stack. @returns its outputs */
  const made = async (StackName: string, template: object): Promise<Readonly<Record<string, string>>> => {
    const TemplateBody = JSON.stringify({ Transform, ...template });
    await aws.stacks.createStack({ StackName, TemplateBody, Capabilities });
    const [stack] = (await aws.stacks.describeStacks({ StackName })).Stacks ?? [];
    if (stack?.StackStatus !== 'CREATE_COMPLETE') throw new Error(`${stack?.StackStatus}: ${stack?.StackStatusReason}`);
    return Object.fromEntries((stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
  };

  test('a function that asks for paths has a REST API in front', async (t: TestContext) => {
    const outputs = await made('paths', {
      Resources: {
        Pets: {
          Type: 'AWS::Serverless::Function',
          Properties: {
            Runtime: 'nodejs24.x',
            Handler: 'index.handler',
            InlineCode: 'exports.handler = async (event) => event;',
            Events: {
              Get: { Type: 'Api', Properties: { Path: '/pets/{id}', Method: 'get' } },
              Any: { Type: 'Api', Properties: { Path: '/{proxy+}', Method: 'any' } },
            },
          },
        },
      },
      Outputs: { Api: { Value: { Ref: 'ServerlessRestApi' } }, Arn: { Value: { 'Fn::GetAtt': ['Pets', 'Arn'] } } },
    });
    const restApiId = outputs['Api'] ?? '';
    const { items = [] } = await aws.gateway.getResources({ restApiId, embed: ['methods'] });
    t.assert.deepEqual(
      items.map(({ path: each, resourceMethods = {} }) => [each, Object.keys(resourceMethods)]),
      [
        ['/', []],
        ['/pets', []],
        ['/pets/{id}', ['GET']],
        ['/{proxy+}', ['ANY']],
      ],
    );
    t.assert.ok(items[2]?.resourceMethods?.['GET']?.methodIntegration?.uri?.includes(outputs['Arn'] ?? ''));
    t.assert.ok((await aws.gateway.getStage({ restApiId, stageName: 'Prod' })).deploymentId);
    await aws.stacks.deleteStack({ StackName: 'paths' });
    await t.assert.rejects(aws.gateway.getRestApi({ restApiId }), { name: 'NotFoundException' });
  });

  test('a function hears of everything that it asks for', async (t: TestContext) => {
    const outputs = await made('listener', {
      Resources: {
        Listener: {
          Type: 'AWS::Serverless::Function',
          Properties: {
            Runtime: 'nodejs24.x',
            Handler: 'index.handler',
            InlineCode: 'exports.handler = async (event) => event;',
            EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: 'SQS' } } },
            Events: {
              Files: { Type: 'S3', Properties: { Bucket: { Ref: 'Bucket' }, Events: 's3:ObjectCreated:*' } },
              News: { Type: 'SNS', Properties: { Topic: { Ref: 'Topic' } } },
              Orders: { Type: 'EventBridgeRule', Properties: { Pattern: { source: ['shop'] } } },
              Clock: { Type: 'ScheduleV2', Properties: { ScheduleExpression: 'rate(5 minutes)', Input: '{"clock":true}' } },
              Lines: { Type: 'CloudWatchLogs', Properties: { LogGroupName: { Ref: 'Group' }, FilterPattern: '' } },
            },
          },
        },
        Bucket: { Type: 'AWS::S3::Bucket' },
        Topic: { Type: 'AWS::SNS::Topic' },
        Group: { Type: 'AWS::Logs::LogGroup' },
      },
      Outputs: {
        Heard: { Value: { Ref: 'ListenerEventInvokeConfigOnSuccessQueue' } },
        Bucket: { Value: { Ref: 'Bucket' } },
        Topic: { Value: { Ref: 'Topic' } },
        Group: { Value: { Ref: 'Group' } },
      },
    });
    await aws.s3.putObject({ Bucket: outputs['Bucket'], Key: 'a', Body: 'b' });
    await aws.sns.publish({ TopicArn: outputs['Topic'], Message: 'news' });
    await aws.events.putEvents({ Entries: [{ Source: 'shop', DetailType: 'order', Detail: '{}' }] });
    await aws.logs.createLogStream({ logGroupName: outputs['Group'], logStreamName: 's' });
    const logEvents = [{ timestamp: Date.now(), message: 'line' }];
    await aws.logs.putLogEvents({ logGroupName: outputs['Group'], logStreamName: 's', logEvents });
    const heard = new Set<string>();
    while (heard.size < 5) {
      const { Messages: messages = [] } = await aws.sqs.receiveMessage({
        QueueUrl: outputs['Heard'],
        WaitTimeSeconds: 20,
        MaxNumberOfMessages: 10,
      });
      t.assert.notEqual(messages.length, 0, `only heard of ${[...heard].join(', ')}`);
      for (const { Body: body = '' } of messages)
        heard.add(sourceOf((JSON.parse(body) as { requestPayload: object }).requestPayload));
    }
    t.assert.deepEqual([...heard].sort(), ['aws:s3', 'aws:sns', 'awslogs', 'clock', 'shop']);
  });

  test('an alias moves on to a new version when the code does, and the old version stays', async (t: TestContext) => {
    const template = (answer: number) => ({
      Resources: {
        Answer: {
          Type: 'AWS::Serverless::Function',
          Properties: {
            Runtime: 'nodejs24.x',
            Handler: 'index.handler',
            InlineCode: `exports.handler = async () => ${answer};`,
            AutoPublishAlias: 'live',
            FunctionUrlConfig: { AuthType: 'NONE' },
          },
        },
      },
      Outputs: { Function: { Value: { Ref: 'Answer' } }, Url: { Value: { 'Fn::GetAtt': ['AnswerUrl', 'FunctionUrl'] } } },
    });
    const { Function: FunctionName = '', Url: url = '' } = await made('answer', template(1));
    t.assert.equal(await (await fetch(url)).text(), '1');
    const TemplateBody = JSON.stringify({ Transform, ...template(2) });
    await aws.stacks.updateStack({ StackName: 'answer', TemplateBody, Capabilities });
    const [stack] = (await aws.stacks.describeStacks({ StackName: 'answer' })).Stacks ?? [];
    t.assert.equal(stack?.StackStatus, 'UPDATE_COMPLETE', stack?.StackStatusReason);
    t.assert.equal(await (await fetch(url)).text(), '2');
    const { FunctionVersion: live } = await aws.lambda.getAlias({ FunctionName, Name: 'live' });
    t.assert.equal(live, '2');
    const before = await aws.lambda.invoke({ FunctionName, Qualifier: '1' });
    t.assert.equal(Buffer.from(before.Payload ?? []).toString(), '1');
  });

  const handler = (code: string, Events: object) => ({
    Type: 'AWS::Serverless::Function',
    Properties: {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      InlineCode: `exports.handler = async (event) => (${code});`,
      Events,
    },
  });

  test('events of HTTP APIs are answered, those that name no API and those that name one with an authorizer', async (t: TestContext) => {
    const outputs = await made('http', {
      Resources: {
        Hello: handler('({ hello: event.pathParameters.name })', {
          Get: { Type: 'HttpApi', Properties: { Path: '/hello/{name}', Method: 'get' } },
        }),
        Guard: handler(`({ isAuthorized: event.headers.door === 'open', context: { who: 'guest' } })`, {}),
        Shop: {
          Type: 'AWS::Serverless::HttpApi',
          Properties: {
            StageName: 'prod',
            FailOnWarnings: true,
            CorsConfiguration: { AllowOrigins: ['https://a.example'], AllowMethods: ['*'] },
            StageVariables: { colour: 'red' },
            Domain: { DomainName: 'shop.example', CertificateArn: 'arn:aws:acm:::certificate/c', BasePath: ['/', 'v1'] },
            Auth: {
              DefaultAuthorizer: 'Guard',
              Authorizers: {
                Guard: {
                  FunctionArn: { 'Fn::GetAtt': ['Guard', 'Arn'] },
                  AuthorizerPayloadFormatVersion: '2.0',
                  EnableSimpleResponses: true,
                  EnableFunctionDefaultPermissions: true,
                  Identity: { Headers: ['door'] },
                },
              },
            },
          },
        },
        Order: handler(
          `({ who: event.requestContext.authorizer?.lambda.who ?? 'nobody', colour: event.stageVariables.colour })`,
          {
            Put: { Type: 'HttpApi', Properties: { ApiId: { Ref: 'Shop' }, Path: '/orders', Method: 'put' } },
            Any: {
              Type: 'HttpApi',
              Properties: { ApiId: { Ref: 'Shop' }, Path: '/open/{proxy+}', Method: 'any', Auth: { Authorizer: 'NONE' } },
            },
          },
        ),
      },
      Outputs: {
        Hello: { Value: { 'Fn::GetAtt': ['ServerlessHttpApi', 'ApiEndpoint'] } },
        Shop: { Value: { 'Fn::GetAtt': ['Shop', 'ApiEndpoint'] } },
      },
    });
    t.assert.deepEqual(await (await fetch(`${outputs['Hello']}/hello/world`)).json(), { hello: 'world' });
    const shop = `${outputs['Shop']}/prod`;
    const order = (door: string) => fetch(`${shop}/orders`, { method: 'PUT', headers: { door, Origin: 'https://a.example' } });
    const allowed = await order('open');
    t.assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://a.example');
    t.assert.deepEqual(await allowed.json(), { who: 'guest', colour: 'red' });
    t.assert.equal((await order('shut')).status, 403);
    t.assert.equal((await fetch(`${shop}/orders`, { method: 'PUT' })).status, 401);
    const open = { who: 'nobody', colour: 'red' };
    t.assert.deepEqual(await (await fetch(`${shop}/open/a/b`)).json(), open);
    t.assert.deepEqual(JSON.parse(await named(server.origin, 'shop.example', '/open/a')), open);
    t.assert.deepEqual(JSON.parse(await named(server.origin, 'shop.example', '/v1/open/a')), open);
  });

  test('events of REST APIs are answered', async (t: TestContext) => {
    const { Api: id } = await made('rest', {
      Globals: { Api: { Cors: "'*'" } },
      Resources: {
        Hello: handler(`({ statusCode: 200, body: 'hello ' + event.pathParameters.name })`, {
          Get: { Type: 'Api', Properties: { Path: '/hello/{name}', Method: 'get' } },
        }),
      },
      Outputs: { Api: { Value: { Ref: 'ServerlessRestApi' } } },
    });
    const url = `${server.origin}/_mayfly/api/${id}/Prod/hello/world`;
    t.assert.equal(await (await fetch(url)).text(), 'hello world');
    const preflight = await fetch(url, { method: 'OPTIONS' });
    t.assert.deepEqual(
      [preflight.headers.get('access-control-allow-origin'), preflight.headers.get('access-control-allow-methods')],
      ['*', 'GET,OPTIONS'],
    );
    t.assert.equal((await fetch(url, { method: 'PUT' })).status, 403);
  });

  test('the document of an HTTP API is included from a bucket, and its functions are those of the template', async (t: TestContext) => {
    await aws.s3.createBucket({ Bucket: 'snippets' });
    const Body = `
openapi: 3.0.1
info: {title: !Ref AWS::StackName, version: '1'}
paths:
  /hello:
    get:
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        payloadFormatVersion: 2.0
        uri: !Sub arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Hello.Arn}/invocations
`;
    await aws.s3.putObject({ Bucket: 'snippets', Key: 'api.yaml', Body });
    const included = (Location: unknown) => ({
      Parameters: { From: { Type: 'String', Default: 'snippets' } },
      Resources: {
        Hello: handler(`'hello'`, {}),
        Api: {
          Type: 'AWS::Serverless::HttpApi',
          Properties: { DefinitionBody: { 'Fn::Transform': { Name: 'AWS::Include', Parameters: { Location } } } },
        },
      },
      Outputs: { Api: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } },
    });
    const { Api: endpoint } = await made('included', included({ 'Fn::Sub': 's3://${From}/api.yaml' }));
    t.assert.equal(await (await fetch(`${endpoint}/hello`)).text(), 'hello');
    const TemplateBody = JSON.stringify({ Transform, ...included('s3://snippets/none.yaml') });
    await t.assert.rejects(aws.stacks.createStack({ StackName: 'missing', TemplateBody, Capabilities }), {
      name: 'ValidationError',
      message: 'Transform AWS::Include failed with: The specified key does not exist.',
    });
  });

  test('all that is wrong with a template is told at once, in the words of SAM', async (t: TestContext) => {
    const wrong = (properties: object) => ({ Type: 'AWS::Serverless::Function', Properties: properties });
    const Resources = { A: wrong({ Handler: 'a', Runtime: 'nodejs24.x' }), B: wrong({ Colour: 'red' }) };
    const TemplateBody = JSON.stringify({ Transform, Resources });
    await t.assert.rejects(aws.stacks.createStack({ StackName: 'wrong', TemplateBody, Capabilities }), {
      name: 'ValidationError',
      message:
        'Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. ' +
        "Number of errors found: 2. Resource with id [A] is invalid. Only one of 'InlineCode' or 'CodeUri' can be set. " +
        'Resource with id [B] is invalid. property Colour not defined for resource of type AWS::Serverless::Function',
    });
  });
});

/** What somebody is answered who says this name; `fetch` does not let anybody say one. */
const named = (origin: string, Host: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(origin + path, { headers: { Host } }, (answer) => text(answer).then(resolve, reject)).once('error', reject);
  });

interface Event {
  readonly source?: string;
  readonly clock?: boolean;
  readonly awslogs?: object;
  readonly Records?: readonly { readonly eventSource?: string; readonly EventSource?: string }[];
}

/** Who sent an event. */
function sourceOf(event: Event): string {
  const [record] = event.Records ?? [];
  if (event.clock === true) return 'clock';
  if (event.awslogs !== undefined) return 'awslogs';
  return record?.eventSource ?? record?.EventSource ?? event.source ?? 'nobody';
}
