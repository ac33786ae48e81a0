import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios, Scene, Service } from '../kit/stage.ts';

const ref = (Ref: string): object => ({ Ref });
const Capabilities = ['CAPABILITY_IAM', 'CAPABILITY_AUTO_EXPAND'];

/** A stack, and what its outputs say. */
async function made(
  scene: Scene,
  StackName: string,
  template: object,
): Promise<{ readonly stacks: Service; readonly outputs: Answer }> {
  const stacks = scene.service('cloudformation');
  await stacks.ok('CreateStack', { StackName, TemplateBody: JSON.stringify(template), Capabilities });
  const { Stacks } = await stacks.until(
    'DescribeStacks',
    { StackName },
    (answer) => !/PROGRESS/.test(JSON.stringify(answer['Stacks'])),
  );
  const [stack] = Stacks as readonly Answer[];
  if (stack?.['StackStatus'] !== 'CREATE_COMPLETE')
    throw new Error(JSON.stringify((await stacks.ok('DescribeStackEvents', { StackName }))['StackEvents']));
  const pairs = (stack['Outputs'] ?? []) as readonly Answer[];
  return { stacks, outputs: Object.fromEntries(pairs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])) as Answer };
}

const Outputs = { Api: { Value: ref('Api') } };
const restApi = (Properties: object): object => ({ Type: 'AWS::ApiGateway::RestApi', Properties });

const plain: Scenario = async (scene) => {
  const Api = restApi({ Name: 'DemoApi_dev', BinaryMediaTypes: ['image/jpg', 'image/png'] });
  const { outputs } = await made(scene, 'stack', { Resources: { Api }, Outputs });
  const { ResponseMetadata: _of, ...api } = await scene.service('apigateway').ok('GetRestApi', { restApiId: outputs['Api'] });
  scene.match('rest-api', api);
};

const withPolicy: Scenario = async (scene) => {
  const { policy } = scene.recorded('rest-api');
  const Resources = { MyApi: restApi({ Name: 'api', Policy: policy }) };
  const { outputs } = await made(scene, 'stack-name', { Resources, Outputs: { Api: { Value: ref('MyApi') } } });
  await scene.service('apigateway').check('rest-api', 'GetRestApi', { restApiId: outputs['Api'] });
};

const stage: Scenario = async (scene) => {
  const template = (properties: object): object => ({
    Resources: {
      Api: restApi({ Name: 'api' }),
      Method: {
        Type: 'AWS::ApiGateway::Method',
        Properties: {
          RestApiId: ref('Api'),
          ResourceId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] },
          HttpMethod: 'GET',
          AuthorizationType: 'NONE',
          Integration: { Type: 'MOCK' },
        },
      },
      Deployment: { Type: 'AWS::ApiGateway::Deployment', DependsOn: 'Method', Properties: { RestApiId: ref('Api') } },
      Stage: {
        Type: 'AWS::ApiGateway::Stage',
        Properties: { RestApiId: ref('Api'), DeploymentId: ref('Deployment'), StageName: 'dev', ...properties },
      },
    },
    Outputs,
  });
  const { stacks, outputs } = await made(scene, 'stack', template({ MethodSettings: [] }));
  const at = { restApiId: outputs['Api'], stageName: 'dev' };
  const gateway = scene.service('apigateway');
  await gateway.check('created-stage', 'GetStage', at);
  const TemplateBody = JSON.stringify(template({ TracingEnabled: false }));
  await stacks.ok('UpdateStack', { StackName: 'stack', TemplateBody });
  await stacks.until('DescribeStacks', { StackName: 'stack' }, (answer) => JSON.stringify(answer).includes('UPDATE_COMPLETE'));
  await gateway.check('updated-stage', 'GetStage', at);
};

const serverless: Scenario = async (scene) => {
  const { outputs } = await made(scene, 'stack', {
    Transform: 'AWS::Serverless-2016-10-31',
    Globals: {
      Api: {
        Cors: {
          AllowMethods: "'OPTIONS,POST,GET,PUT'",
          AllowHeaders: "'Content-Type,Authorization,x-test-header'",
          AllowOrigin: "'http://localhost:8000'",
          AllowCredentials: true,
        },
        Auth: { Authorizers: { Authorizer: { FunctionArn: { 'Fn::GetAtt': ['Handler', 'Arn'] } } } },
      },
    },
    Resources: {
      Handler: {
        Type: 'AWS::Serverless::Function',
        Properties: {
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          InlineCode: 'exports.handler = async () => ({})',
          Events: { Root: { Type: 'Api', Properties: { Path: '/', Method: 'get' } } },
        },
      },
    },
    Outputs: { Api: { Value: ref('ServerlessRestApi') } },
  });
  const gateway = scene.service('apigateway');
  const restApiId = outputs['Api'];
  const { items } = await gateway.check('get-resources', 'GetResources', { restApiId });
  await gateway.check('get-authorizers', 'GetAuthorizers', { restApiId });
  const [root] = items as readonly Answer[];
  for (const httpMethod of ['GET', 'OPTIONS'])
    await gateway.check(`get-method-${httpMethod}`, 'GetMethod', { restApiId, resourceId: root?.['id'], httpMethod });
};

export const cloudformationApiScenarios: Scenarios = {
  test_cfn_apigateway_rest_api: plain,
  test_api_gateway_with_policy_as_dict: withPolicy,
  test_update_apigateway_stage: stage,
  test_rest_api_serverless_ref_resolving: serverless,
};
