import { listOf } from '../pick.ts';
import { behaviours, type Making, type Properties, type ResourceType } from '../type.ts';
import { call, gone, members } from './operations.ts';
import { scalars } from './patches.ts';

/** @source CloudFormation Template Reference, AWS::ApiGateway::Resource, read 2026-11 */
export const resource: ResourceType = {
  properties: behaviours({ replaces: 'ParentId PathPart RestApiId' }),
  required: ['ParentId', 'PathPart', 'RestApiId'],
  attributes: ['ResourceId'],
  async create(properties, making) {
    const { id } = await call(making, 'CreateResource', members(properties, 'ParentId PathPart RestApiId'));
    return { id: String(id), attributes: { ResourceId: id } };
  },
  delete: (id, { RestApiId: restApiId }, making) => call(making, 'DeleteResource', { restApiId, resourceId: id }),
};

const integrationMembers =
  'CacheKeyParameters CacheNamespace ConnectionId ConnectionType ContentHandling Credentials PassthroughBehavior RequestParameters RequestTemplates ResponseTransferMode TimeoutInMillis Type Uri';

/** The method, with everything that a template says within it. */
async function put(properties: Properties, making: Making): Promise<void> {
  const at = members(properties, 'HttpMethod ResourceId RestApiId');
  await call(making, 'PutMethod', {
    ...at,
    authorizationType: 'NONE',
    ...members(
      properties,
      'ApiKeyRequired AuthorizationScopes AuthorizationType AuthorizerId OperationName RequestModels RequestParameters RequestValidatorId',
    ),
  });
  for (const response of listOf<Properties>(properties['MethodResponses'] as Properties[]))
    await call(making, 'PutMethodResponse', { ...at, ...members(response, 'ResponseModels ResponseParameters StatusCode') });
  const integration = properties['Integration'] as Properties | undefined;
  if (integration === undefined) return;
  await call(making, 'PutIntegration', {
    ...at,
    type: 'MOCK',
    ...members(integration, integrationMembers),
    ...(integration['IntegrationHttpMethod'] === undefined
      ? {}
      : { integrationHttpMethod: integration['IntegrationHttpMethod'] as unknown }),
  });
  for (const response of listOf<Properties>(integration['IntegrationResponses'] as Properties[]))
    await call(making, 'PutIntegrationResponse', {
      ...at,
      ...members(response, 'ContentHandling ResponseParameters ResponseTemplates SelectionPattern StatusCode'),
    });
}

const remove = (properties: Properties, making: Making): Promise<void> =>
  gone(call(making, 'DeleteMethod', members(properties, 'HttpMethod ResourceId RestApiId')));

/** @source CloudFormation Template Reference, AWS::ApiGateway::Method, read 2026-11 */
export const method: ResourceType = {
  properties: behaviours({
    replaces: 'HttpMethod ResourceId RestApiId',
    updates:
      'ApiKeyRequired AuthorizationScopes AuthorizationType AuthorizerId Integration MethodResponses OperationName RequestModels RequestParameters RequestValidatorId',
  }),
  required: ['HttpMethod', 'ResourceId', 'RestApiId'],
  async create(properties, making) {
    await put(properties, making);
    return { id: `${properties['RestApiId']}|${properties['ResourceId']}|${properties['HttpMethod']}` };
  },
  async update(id, properties, before, making) {
    // What is deployed is a copy: nobody sees the method go and come again.
    await remove(before, making);
    await put(properties, making);
    return { id };
  },
  delete: (_id, properties, making) => remove(properties, making),
};

/** What has an id within an API. */
function part(
  noun: string,
  options: {
    readonly member: string;
    readonly properties: ResourceType['properties'];
    readonly required: readonly string[];
    readonly create: (properties: Properties, making: Making) => Properties;
    readonly paths: Readonly<Record<string, string>>;
    /** Member of the answer that is its id. */
    readonly id?: string;
    readonly attributes?: readonly string[];
  },
): ResourceType {
  const { member, create, paths, id: named = 'id', attributes = [] } = options;
  return {
    properties: options.properties,
    required: ['RestApiId', ...options.required],
    attributes,
    async create(properties, making) {
      const made = await call(making, `Create${noun}`, {
        restApiId: properties['RestApiId'] as unknown,
        ...create(properties, making),
      });
      const id = String(made[named]);
      return { id, attributes: Object.fromEntries(attributes.map((name) => [name, id])) };
    },
    async update(id, properties, before, making) {
      const patchOperations = scalars(paths, properties, before);
      if (patchOperations.length > 0)
        await call(making, `Update${noun}`, { restApiId: properties['RestApiId'] as unknown, [member]: id, patchOperations });
      return { id };
    },
    delete: (id, { RestApiId: restApiId }, making) => call(making, `Delete${noun}`, { restApiId, [member]: id }),
  };
}

/** @source CloudFormation Template Reference, AWS::ApiGateway::Authorizer, read 2026-11 */
export const authorizer = part('Authorizer', {
  member: 'authorizerId',
  properties: behaviours({
    replaces: 'RestApiId ProviderARNs',
    updates:
      'AuthType AuthorizerCredentials AuthorizerResultTtlInSeconds AuthorizerUri IdentitySource IdentityValidationExpression Name Type',
  }),
  required: ['Name', 'Type'],
  attributes: ['AuthorizerId'],
  create: (properties) =>
    members(
      properties,
      'AuthType AuthorizerCredentials AuthorizerResultTtlInSeconds AuthorizerUri IdentitySource IdentityValidationExpression Name ProviderARNs Type',
    ),
  paths: {
    AuthType: '/authType',
    AuthorizerCredentials: '/authorizerCredentials',
    AuthorizerResultTtlInSeconds: '/authorizerResultTtlInSeconds',
    AuthorizerUri: '/authorizerUri',
    IdentitySource: '/identitySource',
    IdentityValidationExpression: '/identityValidationExpression',
    Name: '/name',
    Type: '/type',
  },
});

const documentText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? {}));

/** @source CloudFormation Template Reference, AWS::ApiGateway::Model, read 2026-11 */
export const model: ResourceType = {
  ...part('Model', {
    member: 'modelName',
    id: 'name',
    properties: behaviours({ replaces: 'ContentType Name RestApiId', updates: 'Description Schema' }),
    required: [],
    create: (properties, { name }) => ({
      contentType: 'application/json',
      ...members(properties, 'ContentType Description'),
      name: properties['Name'] ?? name.replaceAll(/[^a-zA-Z0-9]/g, ''),
      schema: documentText(properties['Schema']),
    }),
    paths: { Description: '/description', Schema: '/schema' },
  }),
  name: { property: 'Name', most: 128 },
};

/** @source CloudFormation Template Reference, AWS::ApiGateway::RequestValidator, read 2026-11 */
export const requestValidator = part('RequestValidator', {
  member: 'requestValidatorId',
  properties: behaviours({ replaces: 'Name RestApiId', updates: 'ValidateRequestBody ValidateRequestParameters' }),
  required: [],
  attributes: ['RequestValidatorId'],
  create: (properties) => members(properties, 'Name ValidateRequestBody ValidateRequestParameters'),
  paths: { ValidateRequestBody: '/validateRequestBody', ValidateRequestParameters: '/validateRequestParameters' },
});

/** @source CloudFormation Template Reference, AWS::ApiGateway::DocumentationPart, read 2026-11 */
export const documentationPart = part('DocumentationPart', {
  member: 'documentationPartId',
  properties: behaviours({ replaces: 'Location RestApiId', updates: 'Properties' }),
  required: ['Location', 'Properties'],
  attributes: ['DocumentationPartId'],
  create: (properties) => ({
    location: members((properties['Location'] ?? {}) as Properties, 'Method Name Path StatusCode Type'),
    properties: documentText(properties['Properties']),
  }),
  paths: { Properties: '/properties' },
});

/** @source CloudFormation Template Reference, AWS::ApiGateway::DocumentationVersion, read 2026-11 */
export const documentationVersion = part('DocumentationVersion', {
  member: 'documentationVersion',
  id: 'version',
  properties: behaviours({ replaces: 'DocumentationVersion RestApiId', updates: 'Description' }),
  required: ['DocumentationVersion'],
  create: (properties) => members(properties, 'Description DocumentationVersion'),
  paths: { Description: '/description' },
});

/** @source CloudFormation Template Reference, AWS::ApiGateway::GatewayResponse, read 2026-11 */
export const gatewayResponse: ResourceType = {
  properties: behaviours({ replaces: 'ResponseType RestApiId', updates: 'ResponseParameters ResponseTemplates StatusCode' }),
  required: ['ResponseType', 'RestApiId'],
  attributes: ['Id'],
  async create(properties, making) {
    await call(making, 'PutGatewayResponse', members(properties, gatewayResponseMembers));
    const id = `${properties['RestApiId']}|${properties['ResponseType']}`;
    return { id, attributes: { Id: id } };
  },
  async update(id, properties, _before, making) {
    await call(making, 'PutGatewayResponse', members(properties, gatewayResponseMembers));
    return { id };
  },
  delete: (_id, properties, making) => call(making, 'DeleteGatewayResponse', members(properties, 'ResponseType RestApiId')),
};
const gatewayResponseMembers = 'ResponseParameters ResponseTemplates ResponseType RestApiId StatusCode';
