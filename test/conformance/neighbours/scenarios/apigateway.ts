import type { Scenario, Scenarios } from '../kit/stage.ts';
import { patch, rest } from './apigateway-kit.ts';
import { apigatewayImportScenarios } from './apigateway-imports.ts';
import { apigatewayMethodScenarios } from './apigateway-methods.ts';
import { apigatewayPartScenarios } from './apigateway-parts.ts';
import { apigatewayStageScenarios } from './apigateway-stages.ts';

const listAndDelete: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  const { id } = await gateway.check('create-rest-api-1', 'CreateRestApi', { name: 'one', description: 'this is my api' });
  await gateway.check('create-rest-api-2', 'CreateRestApi', { name: 'two', description: 'this is my api2' });
  await gateway.check('get-rest-api-before-delete', 'GetRestApis');
  await gateway.check('delete-rest-api', 'DeleteRestApi', { restApiId: id });
  await gateway.check('get-rest-api-after-delete', 'GetRestApis');
};

const tags: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  const input = { name: 'one', description: 'this is my api', tags: { MY_TAG1: 'MY_VALUE1' } };
  const { id } = await gateway.check('create-rest-api-w-tags', 'CreateRestApi', input);
  await gateway.check('get-rest-api-w-tags', 'GetRestApi', { restApiId: id });
  await gateway.check('get-rest-apis-w-tags', 'GetRestApis');
};

const caseOfIds: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  const { id } = await gateway.check('create-rest-api', 'CreateRestApi', { name: 'one', description: 'lower case api' });
  await gateway.check('get-api-upper-case', 'GetRestApi', { restApiId: String(id).toUpperCase() });
};

const endpoints: Scenario = async (scene) => {
  const gateway = scene.service('apigateway');
  const create = (name: string, endpointConfiguration: object, more: object = {}): Promise<unknown> =>
    gateway.check(name, 'CreateRestApi', { name, endpointConfiguration, ...more });
  await create('create-with-empty-types', { types: [] });
  await create('create-with-invalid-ip-address-type', { ipAddressType: 'wrong' });
  await create('create-with-invalid-types', { types: ['wrong'] });
  await create('create-with-invalid-ip-address-type-and-types', { ipAddressType: 'wrong', types: ['wrong'] });
  await create('create-with-invalid-types-and-ip-address-type', { types: ['wrong'], ipAddressType: 'wrong' });
  await create('create-with-multiple-errors-1', { types: ['wrong'], ipAddressType: 'wrong' }, { description: '' });
  await create('create-with-multiple-errors-2', { types: ['EDGE'], ipAddressType: 'ipv4' }, { description: '' });
  await create('create-with-two-types', { types: ['EDGE', 'REGIONAL'] });
  await create('create-with-endpoint-config-dualstack', { ipAddressType: 'dualstack', types: ['EDGE'] });
  await create('create-with-endpoint-config-regional', { types: ['REGIONAL'] });
};

const addresses = rest(async (api) => {
  const update = (name: string, op: string, path: string, value: string): Promise<unknown> =>
    api.check(name, 'UpdateRestApi', patch([op, path, value]));
  await update('update-rest-api-replace-type', 'replace', '/endpointConfiguration/types/EDGE', 'PRIVATE');
  const ip = '/endpointConfiguration/ipAddressType';
  await update('update-rest-api-replace-to-ipv4-within-private-type', 'replace', ip, 'ipv4');
  await update('update-rest-api-wrong-ipAddressType', 'replace', ip, 'wrong');
  await update('update-rest-api-wrong-type', 'replace', '/endpointConfiguration/types/PRIVATE', 'wrong');
  await update('update-rest-api-invalid-operation-on-ipAddressType', 'add', ip, 'ipv4');
  await update('update-rest-api-invalid-operation-on-type', 'move', '/endpointConfiguration/types/PRIVATE', 'EDGE');
  await update('update-rest-api-replace-ip-address-type', 'replace', ip, 'dualstack');
});

const resources = rest(async (api) => {
  const pets = await api.resource('pets');
  const update = (name: string, resourceId: string, op: string, path: string, value: string): Promise<unknown> =>
    api.check(name, 'UpdateResource', { resourceId, ...patch([op, path, value]) });
  await update('nonexistent-resource', 'fake', 'replace', '/pathPart', 'x');
  await update('invalid-path-part', pets, 'replace', '/invalid', 'x');
  await update('invalid-parent-id', pets, 'replace', '/parentId', 'fake');
  const subpets = String(
    (await api.check('create-subresource', 'CreateResource', { parentId: pets, pathPart: 'subpets' }))['id'],
  );
  const child = await api.check('create-subresource-child', 'CreateResource', { parentId: subpets, pathPart: 'pets' });
  await update('existing-future-sibling-path', String(child['id']), 'replace', '/parentId', api.rootId);
  await update('update-parent-id-to-subresource-id', pets, 'replace', '/parentId', subpets);
  await update('update-parent-id-to-root-id', subpets, 'replace', '/parentId', api.rootId);
  await update('update-path-already-exists', subpets, 'replace', '/pathPart', 'pets');
  await api.ok('DeleteResource', { resourceId: pets });
  // The child's name is the one that is left of the three.
  await api.ok('DeleteResource', { resourceId: String(child['id']) });
  await api.check('resources-after-deletion', 'GetResources');
  await update('remove-unsupported', subpets, 'remove', '/pathPart', 'x');
  await update('add-unsupported', subpets, 'add', '/pathPart', 'x');
});

const noApi =
  (name: string, operation: string, input: object = {}): Scenario =>
  async (scene) =>
    void (await scene.service('apigateway').check(name, operation, { restApiId: 'api_id', ...input }));

export const apigatewayScenarios: Scenarios = {
  ...apigatewayMethodScenarios,
  ...apigatewayPartScenarios,
  ...apigatewayStageScenarios,
  ...apigatewayImportScenarios,
  'TestApiGatewayApiRestApi.test_list_and_delete_apis': listAndDelete,
  'TestApiGatewayApiRestApi.test_create_rest_api_with_tags': tags,
  'TestApiGatewayApiRestApi.test_get_api_case_insensitive': caseOfIds,
  'TestApiGatewayApiRestApi.test_create_rest_api_with_endpoint_configuration': endpoints,
  'TestApiGatewayApiRestApi.test_update_rest_api_ip_address_type': addresses,
  'TestApiGatewayApiRestApi.test_update_rest_api_invalid_api_id': noApi('not-found-update-rest-api', 'UpdateRestApi'),
  'TestApiGatewayApiResource.test_update_resource_behaviour': resources,
  'TestApiGatewayApiRequestValidator.test_invalid_get_request_validators': noApi(
    'get-invalid-request-validators',
    'GetRequestValidators',
  ),
  'TestApiGatewayApiRequestValidator.test_create_request_validator_invalid_api_id': noApi(
    'invalid-create-request-validator',
    'CreateRequestValidator',
    { name: 'v' },
  ),
  'TestApiGatewayApiDocumentationPart.test_invalid_get_documentation_parts': noApi(
    'get-inavlid-documentation-parts',
    'GetDocumentationParts',
  ),
  'TestApiGatewayVpcLink.test_create_vpc_link_invalid_parameters': async (scene) => {
    const gateway = scene.service('apigateway');
    await gateway.check('create_vpc_link_invalid_target_arn', 'CreateVpcLink', { name: 'link', targetArns: ['invalid-arn'] });
    await gateway.check('create_vpc_link_empty_name', 'CreateVpcLink', { name: '', targetArns: ['arn:aws:x'] });
  },
  'TestApiGatewayVpcLink.test_get_vpc_link_invalid_id': async (scene) =>
    void (await scene.service('apigateway').check('get_vpc_link_invalid_id', 'GetVpcLink', { vpcLinkId: 'x' })),
  'TestApiGatewayVpcLink.test_update_vpc_link_invalid_id': async (scene) =>
    void (await scene
      .service('apigateway')
      .check('update_vpc_link_invalid_id', 'UpdateVpcLink', { vpcLinkId: 'x', ...patch(['replace', '/name', 'y']) })),
};
