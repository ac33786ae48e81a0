import { APIGateway } from '@aws-sdk/client-api-gateway';
import { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { S3 } from '@aws-sdk/client-s3';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const ref = (name: string) => ({ Ref: name });
const get = (name: string, attribute: string) => ({ 'Fn::GetAtt': [name, attribute] });
const RestApiId = ref('Api');

const mock = (statusCode: number) => ({
  Type: 'MOCK',
  RequestTemplates: { 'application/json': `{"statusCode": ${statusCode}}` },
  IntegrationResponses: [
    {
      StatusCode: '200',
      ResponseParameters: { 'method.response.header.X-Kept': "'Yes'" },
      ResponseTemplates: { 'text/Plain': 'x' },
    },
  ],
});

/** Every type, each used by another. */
const resources = ({ description, statusCode, burst }: { description: string; statusCode: number; burst: number }) => ({
  Api: {
    Type: 'AWS::ApiGateway::RestApi',
    Properties: {
      Name: 'pets',
      Description: description,
      BinaryMediaTypes: [`image/${statusCode}`, 'image/png'],
      EndpointConfiguration: { Types: ['REGIONAL'] },
    },
  },
  Pets: {
    Type: 'AWS::ApiGateway::Resource',
    Properties: { RestApiId, ParentId: get('Api', 'RootResourceId'), PathPart: 'pets' },
  },
  Pet: {
    Type: 'AWS::ApiGateway::Model',
    Properties: { RestApiId, ContentType: 'application/json', Schema: { type: 'object', title: description } },
  },
  Validator: {
    Type: 'AWS::ApiGateway::RequestValidator',
    Properties: { RestApiId, Name: 'v', ValidateRequestBody: statusCode === 200 },
  },
  Authorizer: {
    Type: 'AWS::ApiGateway::Authorizer',
    Properties: {
      RestApiId,
      Name: 'a',
      Type: 'TOKEN',
      AuthorizerResultTtlInSeconds: burst,
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerUri: {
        'Fn::Sub':
          'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:f/invocations',
      },
    },
  },
  Method: {
    Type: 'AWS::ApiGateway::Method',
    Properties: {
      RestApiId,
      ResourceId: ref('Pets'),
      HttpMethod: 'POST',
      AuthorizationType: 'CUSTOM',
      AuthorizerId: ref('Authorizer'),
      ApiKeyRequired: true,
      RequestModels: { 'application/json': ref('Pet') },
      RequestValidatorId: ref('Validator'),
      MethodResponses: [{ StatusCode: '200', ResponseParameters: { 'method.response.header.X-Kept': true } }],
      Integration: mock(statusCode),
    },
  },
  Refusal: {
    Type: 'AWS::ApiGateway::GatewayResponse',
    Properties: { RestApiId, ResponseType: 'DEFAULT_4XX', StatusCode: String(statusCode) },
  },
  Part: {
    Type: 'AWS::ApiGateway::DocumentationPart',
    Properties: { RestApiId, Location: { Type: 'API' }, Properties: JSON.stringify({ description }) },
  },
  Version: {
    Type: 'AWS::ApiGateway::DocumentationVersion',
    DependsOn: 'Part',
    Properties: { RestApiId, DocumentationVersion: '1', Description: description },
  },
  [`Deployment${statusCode}`]: {
    Type: 'AWS::ApiGateway::Deployment',
    DependsOn: 'Method',
    Properties: { RestApiId, Description: description },
  },
  Stage: {
    Type: 'AWS::ApiGateway::Stage',
    Properties: {
      RestApiId,
      StageName: 'prod',
      DeploymentId: ref(`Deployment${statusCode}`),
      DocumentationVersion: ref('Version'),
      Variables: { Kept: 'as it is', [`V${statusCode}`]: description },
      MethodSettings: [{ ResourcePath: '/*', HttpMethod: '*', ThrottlingBurstLimit: burst }],
      Tags: [{ Key: 'Stage', Value: description }],
    },
  },
  Key: { Type: 'AWS::ApiGateway::ApiKey', Properties: { Enabled: statusCode === 200 } },
  Plan: {
    Type: 'AWS::ApiGateway::UsagePlan',
    Properties: {
      Description: description,
      ApiStages: [{ ApiId: RestApiId, Stage: ref('Stage') }],
      Throttle: { BurstLimit: burst, RateLimit: burst },
    },
  },
  PlanKey: {
    Type: 'AWS::ApiGateway::UsagePlanKey',
    Properties: { KeyId: ref('Key'), KeyType: 'API_KEY', UsagePlanId: ref('Plan') },
  },
  Domain: {
    Type: 'AWS::ApiGateway::DomainName',
    Properties: { DomainName: 'api.example.com', EndpointConfiguration: { Types: ['REGIONAL'] } },
  },
  Mapping: {
    Type: 'AWS::ApiGateway::BasePathMapping',
    Properties: { DomainName: ref('Domain'), BasePath: 'v1', RestApiId, Stage: ref('Stage') },
  },
  Account: {
    Type: 'AWS::ApiGateway::Account',
    Properties: { CloudWatchRoleArn: { 'Fn::Sub': `arn:aws:iam::\${AWS::AccountId}:role/${description}` } },
  },
});

const Outputs = {
  Api: { Value: ref('Api') },
  Key: { Value: get('Key', 'APIKeyId') },
  Plan: { Value: get('Plan', 'Id') },
  Pets: { Value: get('Pets', 'ResourceId') },
  Model: { Value: ref('Pet') },
  Host: { Value: get('Domain', 'RegionalDomainName') },
};

suite('REST APIs in stacks', { timeout: 120_000 }, () => {
  test('every type is made, changed in place, and goes', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none']);
    const client = {
      endpoint: server.origin,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    };
    const [stacks, gateway] = [new CloudFormation(client), new APIGateway(client)];
    const outcome = async (status: string) => {
      const { Stacks: [stack] = [] } = await stacks.describeStacks({ StackName: 'pets' });
      const { StackEvents: events = [] } = await stacks.describeStackEvents({ StackName: 'pets' });
      const why = events.flatMap((each) => (each.ResourceStatus?.endsWith('FAILED') === true ? [each.ResourceStatusReason] : []));
      t.assert.deepEqual([stack?.StackStatus, why], [status, []]);
      return Object.fromEntries((stack?.Outputs ?? []).map(({ OutputKey: key = '', OutputValue: value = '' }) => [key, value]));
    };
    const seen = async (outputs: Readonly<Record<string, string>>) => {
      const restApiId = outputs['Api'] ?? '';
      const api = await gateway.getRestApi({ restApiId });
      const method = await gateway.getMethod({ restApiId, resourceId: outputs['Pets'] ?? '', httpMethod: 'POST' });
      const stage = await gateway.getStage({ restApiId, stageName: 'prod' });
      const plan = await gateway.getUsagePlan({ usagePlanId: outputs['Plan'] ?? '' });
      const { items: deployments = [] } = await gateway.getDeployments({ restApiId });
      return {
        description: api.description,
        types: api.binaryMediaTypes,
        template: method.methodIntegration?.requestTemplates?.['application/json'],
        parameters: method.methodIntegration?.integrationResponses?.['200'],
        schema: (await gateway.getModel({ restApiId, modelName: outputs['Model'] ?? '' })).schema,
        ttl: (await gateway.getAuthorizers({ restApiId })).items?.[0]?.authorizerResultTtlInSeconds,
        validates: (await gateway.getRequestValidators({ restApiId })).items?.[0]?.validateRequestBody,
        refusal: (await gateway.getGatewayResponse({ restApiId, responseType: 'DEFAULT_4XX' })).statusCode,
        part: (await gateway.getDocumentationParts({ restApiId })).items?.[0]?.properties,
        version: (await gateway.getDocumentationVersion({ restApiId, documentationVersion: '1' })).description,
        variables: stage.variables,
        burst: stage.methodSettings?.['*/*']?.throttlingBurstLimit,
        tag: stage.tags?.['Stage'],
        isLast: stage.deploymentId === deployments.at(-1)?.id,
        deployments: deployments.length,
        enabled: (await gateway.getApiKey({ apiKey: outputs['Key'] ?? '' })).enabled,
        throttle: plan.throttle,
        stages: plan.apiStages?.length,
        keys: (await gateway.getUsagePlanKeys({ usagePlanId: outputs['Plan'] ?? '' })).items?.length,
        mapping: (await gateway.getBasePathMapping({ domainName: 'api.example.com', basePath: 'v1' })).stage,
        role: (await gateway.getAccount({})).cloudwatchRoleArn,
      };
    };
    const expected = (description: string, statusCode: number, burst: number) => ({
      description,
      types: statusCode === 200 ? ['image/200', 'image/png'] : ['image/png', `image/${statusCode}`],
      template: `{"statusCode": ${statusCode}}`,
      parameters: {
        statusCode: '200',
        responseParameters: { 'method.response.header.X-Kept': "'Yes'" },
        responseTemplates: { 'text/Plain': 'x' },
      },
      schema: JSON.stringify({ type: 'object', title: description }),
      ttl: burst,
      validates: statusCode === 200,
      refusal: String(statusCode),
      part: JSON.stringify({ description }),
      version: description,
      variables: { Kept: 'as it is', [`V${statusCode}`]: description },
      burst,
      tag: description,
      isLast: true,
      deployments: 1,
      enabled: statusCode === 200,
      throttle: { burstLimit: burst, rateLimit: burst },
      stages: 1,
      keys: 1,
      mapping: 'prod',
      role: `arn:aws:iam::000000000000:role/${description}`,
    });
    const body = (options: Parameters<typeof resources>[0]): string => JSON.stringify({ Resources: resources(options), Outputs });

    const first = body({ description: 'first', statusCode: 200, burst: 10 });
    await stacks.createStack({ StackName: 'pets', TemplateBody: first });
    const outputs = await outcome('CREATE_COMPLETE');
    t.assert.deepEqual(await seen(outputs), expected('first', 200, 10));
    t.assert.match(outputs['Host'] ?? '', /^d-.*\.execute-api\.us-east-1\.amazonaws\.com$/);

    // A name leads to APIs of one kind.
    const http = new ApiGatewayV2(client);
    await t.assert.rejects(http.createDomainName({ DomainName: 'api.example.com' }), { name: 'ConflictException' });
    await http.createDomainName({ DomainName: 'http.example.com' });
    await t.assert.rejects(gateway.createDomainName({ domainName: 'http.example.com' }), { name: 'ConflictException' });

    const second = body({ description: 'second', statusCode: 201, burst: 20 });
    await stacks.updateStack({ StackName: 'pets', TemplateBody: second });
    t.assert.deepEqual(await outcome('UPDATE_COMPLETE'), outputs);
    t.assert.deepEqual(await seen(outputs), expected('second', 201, 20));

    const { StackId: id } = (await stacks.describeStacks({ StackName: 'pets' })).Stacks?.[0] ?? {};
    await stacks.deleteStack({ StackName: 'pets' });
    t.assert.equal((await stacks.describeStacks({ StackName: id })).Stacks?.[0]?.StackStatus, 'DELETE_COMPLETE');
    const [apis, keys, plans, domains] = [
      await gateway.getRestApis({}),
      await gateway.getApiKeys({}),
      await gateway.getUsagePlans({}),
      await gateway.getDomainNames({}),
    ];
    t.assert.deepEqual([apis.items, keys.items, plans.items, domains.items], [[], [], [], []]);
  });

  test('an API comes from a document, in the template or in a bucket, and its deployment brings the stage', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none']);
    const client = {
      endpoint: server.origin,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    };
    const [stacks, gateway, s3] = [
      new CloudFormation(client),
      new APIGateway(client),
      new S3({ ...client, forcePathStyle: true }),
    ];
    const document = (path: string) => ({
      openapi: '3.0.1',
      info: { title: 'in the document', version: '1' },
      paths: {
        [path]: { get: { 'x-amazon-apigateway-integration': { type: 'mock' }, responses: { '200': { description: 'ok' } } } },
      },
    });
    const template = (body: object): string =>
      JSON.stringify({
        Resources: {
          Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'of the template', ...body } },
          Deployment: {
            Type: 'AWS::ApiGateway::Deployment',
            Properties: { RestApiId, StageName: 'prod', StageDescription: { Variables: { A: 'b' } } },
          },
        },
        Outputs: { Api: { Value: RestApiId } },
      });
    await stacks.createStack({ StackName: 'document', TemplateBody: template({ Body: document('/one') }) });
    const { Stacks: [made] = [] } = await stacks.describeStacks({ StackName: 'document' });
    t.assert.equal(made?.StackStatus, 'CREATE_COMPLETE');
    const restApiId = made?.Outputs?.[0]?.OutputValue ?? '';
    const seen = async () => {
      const { items = [] } = await gateway.getResources({ restApiId });
      return [(await gateway.getRestApi({ restApiId })).name, items.map(({ path: each }) => each)];
    };
    t.assert.deepEqual(await seen(), ['of the template', ['/', '/one']]);
    t.assert.deepEqual((await gateway.getStage({ restApiId, stageName: 'prod' })).variables, { A: 'b' });

    await s3.createBucket({ Bucket: 'documents' });
    await s3.putObject({ Bucket: 'documents', Key: 'api.json', Body: JSON.stringify(document('/two')) });
    const BodyS3Location = { Bucket: 'documents', Key: 'api.json' };
    await stacks.updateStack({ StackName: 'document', TemplateBody: template({ BodyS3Location }) });
    t.assert.equal((await stacks.describeStacks({ StackName: 'document' })).Stacks?.[0]?.StackStatus, 'UPDATE_COMPLETE');
    t.assert.deepEqual(await seen(), ['of the template', ['/', '/two']]);
    await stacks.deleteStack({ StackName: 'document' });
    t.assert.deepEqual((await gateway.getRestApis({})).items, []);
  });
});
