import type { Scenario, Scenarios } from '../kit/stage.ts';
import { patch, rest, type Operation } from './apigateway-kit.ts';

const json = 'application/json';
const schema = (title: string): string => JSON.stringify({ title, type: 'object' });

const models = rest(async (api) => {
  const resourceId = api.rootId;
  const test = await api.resource('test');
  const model = (name: string, model: string): Promise<unknown> =>
    api.check(name, 'CreateModel', { name: model, contentType: json, schema: schema(model) });
  const drop = (name: string, modelName: string): Promise<unknown> => api.check(name, 'DeleteModel', { modelName });
  const any = { httpMethod: 'ANY', authorizationType: 'NONE' };
  await model('create-model', 'MySchema');
  await model('create-model-2', 'MySchemaTwo');
  await api.check('put-method-request-models', 'PutMethod', { resourceId, ...any, requestModels: { [json]: 'MySchema' } });
  await drop('delete-model-used', 'MySchema');
  const [path, method] = ['/requestModels/application~1json', { resourceId, httpMethod: 'ANY' }];
  await api.check('update-method-model', 'UpdateMethod', { ...method, ...patch(['replace', path, 'MySchemaTwo']) });
  await drop('delete-model-unused', 'MySchema');
  await drop('delete-model-used-2', 'MySchemaTwo');
  const two = { resourceId: test, ...any, requestModels: { [json]: 'MySchemaTwo' } };
  await api.check('put-method-2-request-models', 'PutMethod', two);
  await drop('delete-model-used-by-2-method', 'MySchemaTwo');
  await api.check('update-method-model-2', 'UpdateMethod', { resourceId: test, httpMethod: 'ANY', ...patch(['remove', path]) });
  await drop('delete-model-used-by-method-1', 'MySchemaTwo');
  await api.check('delete-method-using-model-2', 'DeleteMethod', method);
  await drop('delete-model-unused-2', 'MySchemaTwo');
});

const update = rest(async (api) => {
  const method = { resourceId: api.rootId, httpMethod: 'ANY' };
  const change = (name: string, ...operations: readonly Operation[]): Promise<unknown> =>
    api.check(name, 'UpdateMethod', { ...method, ...patch(...operations) });
  await api.check('put-method-response', 'PutMethod', { ...method, authorizationType: 'NONE' });
  const [parameter, model] = ['/requestParameters/method.request.querystring.optional', '/requestModels/application~1json'];
  await change('update-method-add', ['add', parameter, 'true'], ['add', model, 'Empty']);
  await change(
    'update-method-replace',
    ['replace', '/operationName', 'ReplacedOperationName'],
    ['replace', '/apiKeyRequired', 'true'],
    ['replace', '/authorizationType', 'AWS_IAM'],
    ['replace', parameter, 'false'],
  );
  const { id } = await api.ok('CreateAuthorizer', {
    name: 'authorizer',
    type: 'TOKEN',
    identitySource: 'method.request.header.Auth',
    authorizerUri: `arn:aws:apigateway:${api.scene.region}:lambda:path/2015-03-31/functions/${api.scene.arn('lambda', 'function:f')}/invocations`,
  });
  await change(
    'update-method-replace-authorizer',
    ['replace', '/authorizationType', 'CUSTOM'],
    ['replace', '/authorizerId', String(id)],
  );
  await change('update-method-remove', ['remove', parameter], ['remove', model]);
});

const updateRefusals = rest(async (api) => {
  const method = { resourceId: api.rootId, httpMethod: 'ANY' };
  const change = (name: string, ...operations: readonly Operation[]): Promise<unknown> =>
    api.check(name, 'UpdateMethod', { ...method, ...patch(...operations) });
  const operation = patch(['replace', '/apiKeyRequired', 'true']);
  await api.check('wrong-rest-api', 'UpdateMethod', { ...method, restApiId: 'fake', ...operation });
  await api.check('wrong-resource-id', 'UpdateMethod', { ...method, resourceId: 'fake', ...operation });
  await api.check('method-does-not-exist', 'UpdateMethod', { ...method, ...operation });
  await api.check('put-method-response', 'PutMethod', { ...method, authorizationType: 'NONE', apiKeyRequired: true });
  await change('unsupported-operation', ['add', '/authorizationType', 'NONE']);
  await change('unsupported-operation-2', ['remove', '/apiKeyRequired', 'true']);
  await change('unsupported-path', ['replace', '/httpMethod', 'GET']);
  await change('wrong-path-request-parameters', ['replace', '/requestParameters', 'x']);
  await change('wrong-path-request-models', ['replace', '/requestModels/application/json', 'x']);
  await change('wrong-value-type', ['replace', '/apiKeyRequired', 'whatever']);
  await change('wrong-auth-type', ['replace', '/authorizationType', 'CUSTOM']);
  await change('skip-auth-id-with-wrong-type', ['replace', '/authorizerId', 'abc123']);
  await change('wrong-auth-id', ['replace', '/authorizationType', 'CUSTOM'], ['replace', '/authorizerId', 'abc123']);
  await change('wrong-req-validator-id', ['replace', '/requestValidatorId', 'abc123']);
});

const parameter = '/responseParameters/method.response.header.my-header';
const responseModel = '/responseModels/application~1json';

const responses = rest(async (api) => {
  await api.mock();
  const response = { resourceId: api.rootId, httpMethod: 'GET', statusCode: '200' };
  await api.check('put-method-response', 'PutMethodResponse', { ...response, responseParameters: {}, responseModels: {} });
  await api.check('get-integration-response', 'GetMethodResponse', response);
  const added = patch(['add', parameter, 'true'], ['add', responseModel, 'Empty']);
  await api.check('add-method-responses', 'UpdateMethodResponse', { ...response, ...added });
  const replaced = patch(['replace', parameter, 'true'], ['replace', responseModel, 'Empty']);
  await api.check('update-method-responses', 'UpdateMethodResponse', { ...response, ...replaced });
  await api.check('get-method', 'GetMethod', { resourceId: api.rootId, httpMethod: 'GET' });
  await api.check('delete-method-response', 'DeleteMethodResponse', response);
});

const responseUpdates = rest(async (api) => {
  await api.mock();
  const response = { resourceId: api.rootId, httpMethod: 'GET', statusCode: '200' };
  await api.ok('PutMethodResponse', {
    ...response,
    responseParameters: { 'method.response.header.my-header': false },
    responseModels: { [json]: 'Error' },
  });
  const removed = patch(['remove', parameter], ['remove', responseModel]);
  await api.check('remove-update-method-response', 'UpdateMethodResponse', { ...response, ...removed });
  const added = patch(['add', parameter, 'true'], ['add', responseModel, 'Empty']);
  await api.check('add-update-method-response', 'UpdateMethodResponse', { ...response, ...added });
});

const responseRefusals = rest(async (api) => {
  await api.mock();
  const response = { resourceId: api.rootId, httpMethod: 'GET', statusCode: '200' };
  await api.ok('PutMethodResponse', response);
  const change = (at: number, op: string, path: string): Promise<unknown> =>
    api.check(`update-method-response-operation-with-wrong-param-name-${at}`, 'UpdateMethodResponse', {
      ...response,
      ...patch([op, path, 'x']),
    });
  await change(1, 'remove', '/responseParameters/method.response.header.other');
  await change(2, 'replace', '/responseParameters/method.response.header.other');
  await change(3, 'remove', '/responseModels/text~1plain');
  await change(4, 'replace', '/responseModels/text~1plain');
});

const wrongPlaces = rest(async (api) => {
  await api.mock();
  const [place, fake] = [
    { resourceId: api.rootId, httpMethod: 'POST' },
    { resourceId: 'fake', httpMethod: 'GET' },
  ];
  await api.check('put-integration-wrong-method', 'PutIntegration', { ...place, type: 'MOCK' });
  await api.check('put-integration-wrong-resource', 'PutIntegration', { ...fake, type: 'MOCK' });
  await api.check('put-integration-response-wrong-method', 'PutIntegrationResponse', { ...place, statusCode: '200' });
  await api.check('put-integration-response-wrong-resource', 'PutIntegrationResponse', { ...fake, statusCode: '200' });
});

const parameterTypes = rest(async (api) => {
  const resourceId = await api.resource('{testPath}');
  const method = { resourceId, httpMethod: 'GET' };
  const name = 'integration.request.path.testPath';
  const put = (title: string, requestParameters: object): Promise<unknown> =>
    api.check(title, 'PutIntegration', {
      ...method,
      type: 'HTTP_PROXY',
      integrationHttpMethod: 'GET',
      uri: 'http://example.com',
      requestParameters,
    });
  await api.check('bool-method', 'PutMethod', {
    ...method,
    authorizationType: 'NONE',
    requestParameters: { 'method.request.path.testPath': true },
  });
  await put('put-method-request-param-wrong-type', { [name]: 'true' });
  await put('put-integration-request-param-wrong-type', { [name]: true });
  await put('put-integration-request-param-bool-value', { [name]: false });
});

const wrongResource = rest(async (api) => {
  const at = { resourceId: 'fake', httpMethod: 'GET', statusCode: '200' };
  await api.check('put-integration-response-wrong-resource', 'PutIntegrationResponse', at);
  await api.check('get-integration-response-wrong-resource', 'GetIntegrationResponse', at);
});

const wrongTemplates = rest(async (api) => {
  await api.mock();
  const at = { resourceId: api.rootId, httpMethod: 'GET', statusCode: '200' };
  const put = (name: string, responseTemplates: object): Promise<unknown> =>
    api.check(name, 'PutIntegrationResponse', { ...at, responseTemplates });
  await put('put-integration-response-invalid-responseTemplates-1', { [json]: 123 });
  await put('put-integration-response-invalid-responseTemplates-2', { '123': '123' });
});

const wrongStatus = rest(async (api) => {
  await api.mock();
  const at = { resourceId: api.rootId, httpMethod: 'GET', statusCode: '404' };
  await api.check('get-integration-response-wrong-status-code', 'GetIntegrationResponse', at);
});

const responseDeletions = rest(async (api) => {
  await api.mock();
  const at = { resourceId: api.rootId, httpMethod: 'GET', statusCode: '200' };
  const drop = (name: string, other: object): Promise<unknown> =>
    api.check(name, 'DeleteIntegrationResponse', { ...at, ...other });
  const input = { ...at, selectionPattern: '', responseTemplates: { [json]: '"created"' } };
  await api.check('put-integration-response', 'PutIntegrationResponse', input);
  await drop('non-existent-resource', { resourceId: 'fake' });
  await drop('non-existent-api-id', { restApiId: 'fake' });
  await drop('non-existent-method', { httpMethod: 'POST' });
  await drop('non-existent-status-code', { statusCode: '201' });
  await drop('bad-method', { httpMethod: 'WRONG' });
});

const links = rest(async (api) => {
  const at = { resourceId: api.rootId, httpMethod: 'GET' };
  await api.ok('PutMethod', { ...at, authorizationType: 'NONE' });
  await api.check('put-integration-vpc-link', 'PutIntegration', {
    ...at,
    type: 'HTTP_PROXY',
    integrationHttpMethod: 'GET',
    connectionType: 'VPC_LINK',
    connectionId: '${stageVariables.vpcLinkId}',
    uri: `http://my-vpclink-test-nlb-1234567890abcdef.${api.scene.region}.amazonaws.com`,
  });
  await api.check('get-integration-vpc-link', 'GetIntegration', at);
  const next = patch(['replace', '/connectionId', '${stageVariables.vpcLinkIdBeta}']);
  await api.check('update-integration-vpc-link', 'UpdateIntegration', { ...at, ...next });
  await api.check('get-integration-update-vpc-link', 'GetIntegration', at);
});

const noIntegration = rest(async (api) => {
  const at = { resourceId: api.rootId, httpMethod: 'GET' };
  const get = (name: string, other: object = {}): Promise<unknown> => api.check(name, 'GetIntegration', { ...at, ...other });
  await get('get-integration-no-api', { restApiId: 'fake' });
  await get('get-integration-no-resource', { resourceId: 'fake' });
  await get('get-integration-no-method');
  await api.ok('PutMethod', { ...at, authorizationType: 'NONE' });
  await get('get-integration-no-integration');
});

const templates = rest(async (api) => {
  await api.mock();
  const at = { resourceId: api.rootId, httpMethod: 'GET', statusCode: '200', selectionPattern: '' };
  const put = (name: string, more: object): Promise<unknown> => api.check(name, 'PutIntegrationResponse', { ...at, ...more });
  await put('put-integration-response-template-none', { responseTemplates: { [json]: null } });
  await put('put-integration-response-template-empty', { responseTemplates: { [json]: '' } });
  await put('put-integration-no-response-template', {});
});

const of = (prefix: string, scenarios: Readonly<Record<string, Scenario>>): Scenarios =>
  Object.fromEntries(Object.entries(scenarios).map(([name, scenario]) => [`${prefix}.${name}`, scenario]));

export const apigatewayMethodScenarios: Scenarios = {
  ...of('TestApiGatewayApiMethod', {
    test_put_method_model: models,
    test_update_method: update,
    test_update_method_validation: updateRefusals,
  }),
  ...of('TestApigatewayMethodResponse', {
    test_lifecycle_method_response: responses,
    test_update_method_response: responseUpdates,
    test_update_method_wrong_param_names: responseRefusals,
  }),
  ...of('TestApigatewayIntegration', {
    test_put_integration_response_validation: wrongPlaces,
    test_put_integration_request_parameter_bool_type: parameterTypes,
    test_create_integration_with_vpc_link: links,
    test_get_integration_non_existent: noIntegration,
    test_put_integration_response_templates: templates,
  }),
  ...of('TestApigatewayIntegrationResponse', {
    test_integration_response_wrong_resource: wrongResource,
    test_integration_response_invalid_responsetemplates: wrongTemplates,
    test_integration_response_wrong_status_code: wrongStatus,
    test_delete_integration_response_errors: responseDeletions,
  }),
};
