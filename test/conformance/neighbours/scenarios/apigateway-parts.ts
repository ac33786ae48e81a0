import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';
import { patch, rest, Rest, type Operation } from './apigateway-kit.ts';

const json = 'application/json';

const model = rest(async (api) => {
  const recorded = api.scene.recorded('create-model')['schema'];
  const input = { name: 'CalcOutput', contentType: json, description: 'Calc output model', schema: JSON.stringify(recorded) };
  await api.check('create-model', 'CreateModel', input);
  await api.check('get-models', 'GetModels');
  await api.check('get-model', 'GetModel', { modelName: 'CalcOutput' });
  await api.check('del-model', 'DeleteModel', { modelName: 'CalcOutput' });
});

const modelRefusals = rest(async (api) => {
  const restApiId = 'abcde0';
  const input = { name: 'MySchema', contentType: json, schema: '{"type": "object"}' };
  await api.check('create-model-wrong-id', 'CreateModel', { ...input, restApiId });
  await api.check('get-models-wrong-id', 'GetModels', { restApiId });
  await api.check('get-model-wrong-id', 'GetModel', { restApiId, modelName: 'MySchema' });
  await api.check('del-model-wrong-id', 'DeleteModel', { restApiId, modelName: 'MySchema' });
  await api.ok('CreateModel', input);
  const create = (name: string, more: object): Promise<Answer> =>
    api.check(name, 'CreateModel', { ...input, name: 'Other', ...more });
  await create('create-model-already-exists', { name: 'MySchema' });
  await create('create-model-empty-name', { name: '' });
  await create('create-model-empty-schema', { schema: '{}' });
  await create('create-model-no-schema-json', { schema: '' });
  await create('create-model-no-schema-xml', { schema: '', contentType: 'application/xml' });
});

const validator: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  const api = new Rest(
    scene,
    gateway,
    await gateway.check('create-rest-api', 'CreateRestApi', { name: 'a', description: 'my api' }),
  );
  const made = await api.check('create-request-validator', 'CreateRequestValidator', { name: 'my-validator' });
  const at = { requestValidatorId: made['id'] };
  await api.check('get-request-validator', 'GetRequestValidator', at);
  await api.check('get-request-validators', 'GetRequestValidators');
  const [on, off] = [patch(['replace', '/validateRequestBody', 'true']), patch(['replace', '/validateRequestBody'])];
  await api.check('update-request-validator-with-value', 'UpdateRequestValidator', { ...at, ...on });
  await api.check('update-request-validator-without-value', 'UpdateRequestValidator', { ...at, ...off });
  await api.check('get-request-validators-after-update-operation', 'GetRequestValidator', at);
  await api.check('delete-request-validator', 'DeleteRequestValidator', at);
  await api.check('get-deleted-request-validator', 'GetRequestValidator', at);
  await api.check('get-request-validators-after-delete', 'GetRequestValidators');
};

const validatorUpdates: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  const api = new Rest(
    scene,
    gateway,
    await gateway.check('create-rest-api', 'CreateRestApi', { name: 'a', description: 'my api' }),
  );
  const made = await api.check('create-request-validator', 'CreateRequestValidator', { name: 'my-validator' });
  const update = (name: string, op: string, path: string, value: string): Promise<Answer> =>
    api.check(`update-request-validator-${name}`, 'UpdateRequestValidator', {
      requestValidatorId: made['id'],
      ...patch([op, path, value]),
    });
  await update('invalid-add-operation', 'add', '/validateRequestBody', 'true');
  await update('invalid-remove-operation', 'remove', '/validateRequestBody', 'true');
  await update('invalid-path', 'replace', '/invalidPath', 'x');
  await update('empty-name-value', 'replace', '/name', '');
};

const type = 'MISSING_AUTHENTICATION_TOKEN';

/** What a recorded answer shows that was put; templates are texts, also those that are JSON. */
function put(answer: Answer): object {
  const { responseParameters, responseTemplates, statusCode } = answer;
  const templates = Object.entries((responseTemplates ?? {}) as Answer).map(([name, each]) => [
    name,
    typeof each === 'string' ? each : JSON.stringify(each),
  ]);
  return { responseParameters, responseTemplates: Object.fromEntries(templates) as Answer, statusCode };
}

const gatewayResponse = rest(async (api) => {
  const at = { responseType: type };
  await api.check('get-gateway-response-default', 'GetGatewayResponse', at);
  await api.check('put-gateway-response', 'PutGatewayResponse', { ...at, ...put(api.scene.recorded('put-gateway-response')) });
  await api.check('get-gateway-responses', 'GetGatewayResponses');
  await api.check('get-gateway-response', 'GetGatewayResponse', at);
  await api.check('delete-gateway-response', 'DeleteGatewayResponse', at);
  await api.check('get-deleted-gw-response', 'GetGatewayResponse', at);
});

const gatewayResponseRefusals = rest(async (api) => {
  const [fake, at, wrong] = [
    { restApiId: 'fake-api-id' },
    { responseType: 'DEFAULT_4XX' },
    { responseType: 'FAKE_RESPONSE_TYPE' },
  ];
  await api.check('get-gateway-responses-no-api', 'GetGatewayResponses', fake);
  await api.check('get-gateway-response-no-api', 'GetGatewayResponse', { ...fake, ...at });
  await api.check('delete-gateway-response-no-api', 'DeleteGatewayResponse', { ...fake, ...at });
  const operation = patch(['replace', '/statusCode', '444']);
  await api.check('update-gateway-response-no-api', 'UpdateGatewayResponse', { ...fake, ...at, ...operation });
  await api.check('delete-gateway-response-not-set', 'DeleteGatewayResponse', at);
  await api.check('get-gateway-response-wrong-response-type', 'GetGatewayResponse', wrong);
  await api.check('delete-gateway-response-wrong-response-type', 'DeleteGatewayResponse', wrong);
  await api.check('update-gateway-response-wrong-response-type', 'UpdateGatewayResponse', { ...wrong, ...operation });
  await api.check('put-gateway-response-wrong-response-type', 'PutGatewayResponse', wrong);
});

const origin = '/responseParameters/gatewayresponse.header.Access-Control-Allow-Origin';

const gatewayResponseUpdates = rest(async (api) => {
  const at = { responseType: 'DEFAULT_4XX' };
  const update = (name: string, ...operations: readonly Operation[]): Promise<Answer> =>
    api.check(name, 'UpdateGatewayResponse', { ...at, ...patch(...operations) });
  await update('update-gateway-response-not-set', ['replace', '/statusCode', '444']);
  await api.check('default-get-gateway-response', 'GetGatewayResponse', at);
  const { responseTemplates } = api.scene.recorded('put-gateway-response');
  const template = JSON.stringify((responseTemplates as Answer)[json]);
  const input = { ...put(api.scene.recorded('put-gateway-response')), responseTemplates: { [json]: template } };
  await api.check('put-gateway-response', 'PutGatewayResponse', { ...at, ...input });
  const xml = (api.scene.recorded('update-gateway-response')['responseTemplates'] as Record<string, string>)['application/xml'];
  await update(
    'update-gateway-response',
    ['replace', '/statusCode', '444'],
    ['replace', origin, "'example.com'"],
    ['add', '/responseTemplates/application~1xml', xml],
  );
  await api.check('get-gateway-response', 'GetGatewayResponse', at);
  await update('update-gateway-add-status-code', ['add', '/statusCode', '444']);
  await update('update-gateway-remove-status-code', ['remove', '/statusCode']);
  await update('update-gateway-replace-invalid-parameter', ['replace', '/responseParameters/gatewayresponse.header.none', "'x'"]);
  await update('update-gateway-no-path', ['remove', undefined]);
  await update('update-gateway-wrong-op', ['wrong-op', '/statusCode', '444']);
  await update('update-gateway-wrong-path', ['replace', '/wrongPath', 'x']);
  await update('update-gateway-replace-invalid-parameter-0-none', ['replace', '/responseTemplates/application~1json']);
  await update('update-gateway-replace-invalid-parameter-1-none', ['replace', origin]);
});

const gatewayResponsePuts = rest(async (api) => {
  const set = async (name: string, responseType: string, members: readonly string[]): Promise<void> => {
    const all = Object.entries(put(api.scene.recorded(name))).filter(([member]) => members.includes(member));
    await api.check(name, 'PutGatewayResponse', { responseType, ...(Object.fromEntries(all) as object) });
  };
  const [status, parameters, templates] = ['statusCode', 'responseParameters', 'responseTemplates'];
  await set('put-gateway-response-all-value', type, [status, parameters, templates]);
  await set('put-gateway-response-status-only', type, [status]);
  await set('put-gateway-response-response-parameters-only', type, [parameters]);
  await set('put-gateway-response-response-templates-only', type, [templates]);
  await set('put-gateway-response-default-5xx', 'DEFAULT_5XX', [status, parameters, templates]);
  await set('put-gateway-response-default-ignored', 'AUTHORIZER_FAILURE', [parameters]);
  await api.check('get-gateway-responses', 'GetGatewayResponses');
});

const part = { location: { type: 'API' } };

const documentation = rest(async (api) => {
  const text = (description: string): string => JSON.stringify({ description });
  const input = { ...part, properties: text('Sample API description') };
  const made = await api.check('create-documentation-part', 'CreateDocumentationPart', input);
  const at = { documentationPartId: made['id'] };
  await api.check('get-documentation-part', 'GetDocumentationPart', at);
  await api.check('get-documentation-parts', 'GetDocumentationParts');
  const operation = patch(['replace', '/properties', text('Updated Sample API description')]);
  await api.check('update-documentation-part', 'UpdateDocumentationPart', { ...at, ...operation });
  await api.check('get-documentation-part-after-update', 'GetDocumentationPart', at);
  await api.check('delete_documentation_part', 'DeleteDocumentationPart', at);
});

const documentationWithoutApi = rest(async (api) => {
  const fake = { restApiId: 'test-fake-rest-id' };
  await api.check('wrong-rest-api-id-create-doc-part', 'CreateDocumentationPart', { ...fake, ...part, properties: '{}' });
  await api.check('wrong-rest-api-id-get-doc-parts', 'GetDocumentationParts', fake);
});

const documentationRefusals = rest(async (api) => {
  const made = await api.ok('CreateDocumentationPart', { ...part, properties: '{"a": "b"}' });
  const at = { documentationPartId: made['id'] };
  await api.check('get-documentation-part-invalid-api-id', 'GetDocumentationPart', { ...at, restApiId: 'api_id' });
  await api.check('get-documentation-part-invalid-doc-id', 'GetDocumentationPart', { documentationPartId: 'doc_id' });
});

const documentationUpdates = rest(async (api) => {
  const made = await api.ok('CreateDocumentationPart', { ...part, properties: '{"a": "b"}' });
  const update = (name: string, op: string, path: string, more: object = {}): Promise<Answer> =>
    api.check(`update-documentation-part-${name}`, 'UpdateDocumentationPart', {
      documentationPartId: made['id'],
      ...patch([op, path, '{"c": "d"}']),
      ...more,
    });
  await update('invalid-api-id', 'replace', '/properties', { restApiId: 'api_id' });
  await update('invalid-add-operation', 'add', '/properties');
  await update('invalid-path', 'replace', '/invalidPath');
});

const documentationImport: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  const { items } = scene.recorded('get-documentations-parts-after-api-imports') as { items: readonly Answer[] };
  const documentationParts = items.map(({ location, properties }) => ({
    location: { ...(location as Answer), ...((location as Answer)['name'] === undefined ? {} : { name: 'Empty' }) },
    properties: JSON.parse(JSON.stringify(properties).replaceAll('<name:1>', 'Empty')) as unknown,
  }));
  const body = Buffer.from(
    JSON.stringify({
      openapi: '3.0.0',
      info: { title: 'documented', version: '1' },
      paths: {},
      'x-amazon-apigateway-documentation': { version: '1.0', documentationParts },
    }),
  );
  const api = new Rest(scene, gateway, await gateway.ok('ImportRestApi', { body }));
  await api.check('get-documentations-parts-after-api-imports', 'GetDocumentationParts');
  await api.check('import-documentation-parts', 'ImportDocumentationParts', { body, mode: 'overwrite' });
  await api.check('get-documentations-parts-after-import', 'GetDocumentationParts');
};

const versions = rest(async (api) => {
  await api.check('create-part-response', 'CreateDocumentationPart', { ...part, properties: '{"foo": "bar"}' });
  await api.check('get-parts-response', 'GetDocumentationParts');
  const at = { documentationVersion: 'v123' };
  await api.check('create-version-response', 'CreateDocumentationVersion', at);
  const operation = patch(['replace', '/description', 'doc version new']);
  await api.check('update-version-response', 'UpdateDocumentationVersion', { ...at, ...operation });
  await api.check('get-version-response', 'GetDocumentationVersion', at);
});

const usageKeys: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  await gateway.check('get-api-keys', 'GetApiKeys');
  const { id: first } = await gateway.check('create-api-key', 'CreateApiKey', { name: 'my-key-one' });
  const { id: second } = await gateway.check('create-api-key-2', 'CreateApiKey', { name: 'my-key-two' });
  await gateway.check('get-api-keys-after-create-1', 'GetApiKeys');
  const { id: usagePlanId } = await gateway.check('create-usage-plan', 'CreateUsagePlan', { name: 'plan' });
  await gateway.check('get-up-keys-before-create', 'GetUsagePlanKeys', { usagePlanId });
  const key = { usagePlanId, keyType: 'API_KEY' };
  await gateway.check('create-up-key', 'CreateUsagePlanKey', { ...key, keyId: first });
  await gateway.check('create-up-key-2', 'CreateUsagePlanKey', { ...key, keyId: second });
  await gateway.check('get-up-keys', 'GetUsagePlanKeys', { usagePlanId });
  await gateway.check('get-up-keys-name-query', 'GetUsagePlanKeys', { usagePlanId, nameQuery: 'my-key' });
  await gateway.check('get-up-keys-name-query-cased', 'GetUsagePlanKeys', { usagePlanId, nameQuery: 'My-Key' });
  await gateway.check('get-up-keys-name-query-key-name', 'GetUsagePlanKeys', { usagePlanId, nameQuery: 'my-key-one' });
  await gateway.check('get-up-keys-bad-query', 'GetUsagePlanKeys', { usagePlanId, nameQuery: 'none' });
  for (const keyId of [first, second]) await gateway.ok('DeleteUsagePlanKey', { usagePlanId, keyId });
  await gateway.check('get-up-keys-after-delete', 'GetUsagePlanKeys', { usagePlanId });
  await gateway.check('get-up-keys-bad-usage-plan', 'GetUsagePlanKeys', { usagePlanId: 'bad' });
};

const keyLists: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  await gateway.check('get-api-keys-invalid-limit', 'GetApiKeys', { limit: -1 });
  const { id: apiKey } = await gateway.check('create-api-key', 'CreateApiKey', { name: 'one' });
  await gateway.check('update-api-key-name', 'UpdateApiKey', { apiKey, ...patch(['replace', '/name', 'two']) });
};

const keyNames: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  await gateway.check('create-api-key-name-too-long', 'CreateApiKey', { name: 'x'.repeat(1025) });
  await gateway.check('create-api-key-empty-name', 'CreateApiKey', { name: '' });
  await gateway.check('create-api-key-no-name', 'CreateApiKey');
};

const keyValues: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  await gateway.check('create-api-key-short-value', 'CreateApiKey', { value: 'x'.repeat(19) });
  await gateway.check('create-api-key-invalid-value-too-long', 'CreateApiKey', { value: 'x'.repeat(129) });
  await gateway.check('create-api-key-empty-value', 'CreateApiKey', { value: '' });
};

const keyUpdates: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  const { id: apiKey } = await gateway.ok('CreateApiKey', { name: 'one' });
  await gateway.check('update-api-key-immutable-field', 'UpdateApiKey', { apiKey, ...patch(['replace', '/id', 'x']) });
};

const throttledPlan: Scenario = async (scene) =>
  void (await scene
    .service('apigateway')
    .check('create-usage-plan-burst-gt-rate', 'CreateUsagePlan', { name: 'plan', throttle: { burstLimit: 20, rateLimit: 10 } }));

export const apigatewayPartScenarios: Scenarios = {
  'TestApiGatewayApiModels.test_model_lifecycle': model,
  'TestApiGatewayApiModels.test_model_validation': modelRefusals,
  'TestApiGatewayApiRequestValidator.test_request_validator_lifecycle': validator,
  'TestApiGatewayApiRequestValidator.test_invalid_update_request_validator_operations': validatorUpdates,
  'TestApiGatewayGatewayResponse.test_gateway_response_crud': gatewayResponse,
  'TestApiGatewayGatewayResponse.test_gateway_response_validation': gatewayResponseRefusals,
  'TestApiGatewayGatewayResponse.test_update_gateway_response': gatewayResponseUpdates,
  'TestApiGatewayGatewayResponse.test_gateway_response_put': gatewayResponsePuts,
  'TestApiGatewayApiDocumentationPart.test_doc_parts_crud_no_api': documentationWithoutApi,
  'TestApiGatewayApiDocumentationPart.test_documentation_part_lifecycle': documentation,
  'TestApiGatewayApiDocumentationPart.test_invalid_get_documentation_part': documentationRefusals,
  'TestApiGatewayApiDocumentationPart.test_invalid_update_documentation_part': documentationUpdates,
  'TestApiGatewayApiDocumentationPart.test_import_documentation_parts': documentationImport,
  'TestDocumentations.test_documentation_parts_and_versions': versions,
  'TestApigatewayApiKeysCrud.test_get_usage_plan_api_keys': usageKeys,
  'TestApigatewayApiKeysCrud.test_negative_get_usage_plan_api_keys': keyLists,
  'TestApigatewayApiKeysCrud.test_create_api_key_with_invalid_name': keyNames,
  'TestApigatewayApiKeysCrud.test_create_api_key_with_invalid_value': keyValues,
  'TestApigatewayApiKeysCrud.test_update_api_key_immutable_field': keyUpdates,
  'TestApigatewayApiKeysCrud.test_create_usage_plan_with_throttle': throttledPlan,
};
