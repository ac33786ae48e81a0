import { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { Lambda } from '@aws-sdk/client-lambda';
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
