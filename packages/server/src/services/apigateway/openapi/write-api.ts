import { pathsOf } from '../desk.ts';
import type { AuthorizerRecord, Definition, IntegrationRecord, MethodRecord } from '../records.ts';

type Fields = Record<string, unknown>;
type Kind = 'swagger' | 'oas30';

export interface WriteOptions {
  readonly kind: Kind;
  readonly stage: string;
  /** What else is told than the interface: where methods lead, and who lets callers in. */
  readonly integrations: boolean;
  readonly authorizers: boolean;
  /** And what else there is. */
  readonly settings: boolean;
}

/** A definition as an OpenAPI document, as AWS writes it. */
export function writeApi(definition: Definition, options: WriteOptions): Fields {
  const { api, resources, models } = definition;
  const paths = pathsOf(resources);
  const written = resources
    .filter(({ methods }) => Object.keys(methods).length > 0)
    .map(({ id, methods }) => [
      paths.get(id) ?? '/',
      Object.fromEntries(
        Object.entries(methods).map(([name, method]) => [
          name === 'ANY' ? 'x-amazon-apigateway-any-method' : name.toLowerCase(),
          methodOf(method, definition, options),
        ]),
      ),
    ]);
  const schemas = Object.fromEntries(models.map(({ name = '', schema = '{}' }) => [name, schemaOf(schema, options.kind)]));
  const info = {
    title: api.name,
    version: api.version ?? new Date(api.createdAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    ...some('description', api.description),
  };
  const host = `${api.id}.execute-api.${api.region}.amazonaws.com`;
  const security = options.authorizers ? schemesOf(definition) : {};
  const extensions = options.settings ? settingsOf(definition) : {};
  if (options.kind === 'swagger')
    return {
      swagger: '2.0',
      info,
      host,
      basePath: `/${options.stage}`,
      schemes: ['https'],
      paths: Object.fromEntries(written) as Fields,
      ...filled('securityDefinitions', security),
      definitions: schemas,
      ...extensions,
    };
  return {
    openapi: '3.0.1',
    info,
    servers: [{ url: `https://${host}/{basePath}`, variables: { basePath: { default: options.stage } } }],
    paths: Object.fromEntries(written) as Fields,
    components: { schemas, ...filled('securitySchemes', security) },
    ...extensions,
  };
}

/** What is said of the API as a whole. */
function settingsOf({ api, validators, gatewayResponses }: Definition): Fields {
  const named = validators.map(({ id: _id, name = '', ...validator }) => [name, validator] as const);
  const responses = gatewayResponses.map(({ id, ...response }) => [id, response] as const);
  return {
    ...some('x-amazon-apigateway-policy', api.policy === undefined ? undefined : (JSON.parse(api.policy) as unknown)),
    ...some('x-amazon-apigateway-binary-media-types', api.binaryMediaTypes),
    ...some('x-amazon-apigateway-api-key-source', api.apiKeySource),
    ...some('x-amazon-apigateway-minimum-compression-size', api.minimumCompressionSize),
    ...filled('x-amazon-apigateway-request-validators', Object.fromEntries(named)),
    ...filled('x-amazon-apigateway-gateway-responses', Object.fromEntries(responses)),
  };
}

const some = (name: string, value: unknown): Fields => (value === undefined ? {} : { [name]: value });
const filled = (name: string, value: Fields): Fields => (Object.keys(value).length === 0 ? {} : { [name]: value });

const place = (kind: Kind): string => (kind === 'swagger' ? '#/definitions/' : '#/components/schemas/');
const reference = (model: string, kind: Kind): Fields => ({ $ref: place(kind) + model });

/** Models point at each other by their addresses; documents point within themselves. */
const schemaOf = (schema: string, kind: Kind): unknown =>
  JSON.parse(schema, (name: string, value: unknown) =>
    name === '$ref' && typeof value === 'string'
      ? value.replace(/^https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/]+\/models\//, place(kind))
      : value,
  );

function methodOf(
  method: MethodRecord,
  definition: Definition,
  { kind, integrations, authorizers, settings }: WriteOptions,
): Fields {
  const validator = definition.validators.find(({ id }) => id === method.requestValidatorId);
  const { methodIntegration: integration = {} } = method;
  return {
    ...some('operationId', method.operationName),
    ...(kind === 'swagger' ? swaggerBody(method, integration) : openBody(method)),
    responses: Object.fromEntries(
      Object.entries(method.methodResponses ?? {}).map(([status, response]) => [
        status,
        {
          description: `${status} response`,
          ...filled('headers', headersOf(response.responseParameters, kind)),
          ...(kind === 'swagger'
            ? Object.values(response.responseModels ?? {})
                .slice(0, 1)
                .reduce<Fields>((_none, model) => ({ schema: reference(model, kind) }), {})
            : { content: contentOf(response.responseModels) }),
        },
      ]),
    ),
    ...(authorizers ? securityOf(method, definition) : {}),
    ...(settings ? some('x-amazon-apigateway-request-validator', validator?.name) : {}),
    ...(integrations && method.methodIntegration !== undefined
      ? { 'x-amazon-apigateway-integration': integrationOf(integration) }
      : {}),
  };
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
}

const parametersOf = ({ requestParameters = {} }: MethodRecord): readonly Parameter[] =>
  Object.entries(requestParameters).map(([parameter, required]) => {
    const [, , where = '', ...name] = parameter.split('.');
    return {
      name: name.join('.'),
      in: where.endsWith('querystring') ? 'query' : where.endsWith('header') ? 'header' : where,
      required,
    };
  });

function swaggerBody(method: MethodRecord, integration: IntegrationRecord): Fields {
  const models = Object.entries(method.requestModels ?? {});
  const consumes = new Set([...models.map(([type]) => type), ...Object.keys(integration.requestTemplates ?? {})]);
  const produces = new Set([
    ...Object.values(method.methodResponses ?? {}).flatMap(({ responseModels }) => Object.keys(responseModels ?? {})),
    ...Object.values(integration.integrationResponses ?? {}).flatMap(({ responseTemplates }) =>
      Object.keys(responseTemplates ?? {}),
    ),
  ]);
  const body = models.slice(0, 1).map(([, name]) => ({ in: 'body', name, required: true, schema: reference(name, 'swagger') }));
  const parameters = [...parametersOf(method).map((each) => ({ ...each, type: 'string' })), ...body];
  return {
    ...(consumes.size === 0 ? {} : { consumes: [...consumes] }),
    ...(produces.size === 0 ? {} : { produces: [...produces] }),
    ...(parameters.length === 0 ? {} : { parameters }),
  };
}

function openBody(method: MethodRecord): Fields {
  const parameters = parametersOf(method).map(({ required, ...each }) => ({
    ...each,
    ...(required ? { required } : {}),
    schema: { type: 'string' },
  }));
  const content = contentOf(method.requestModels);
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(Object.keys(content).length === 0 ? {} : { requestBody: { content, required: true } }),
  };
}

const contentOf = (models: Readonly<Record<string, string>> = {}): Fields =>
  Object.fromEntries(Object.entries(models).map(([type, model]) => [type, { schema: reference(model, 'oas30') }]));

const headersOf = (parameters: Readonly<Record<string, boolean>> = {}, kind: Kind): Fields =>
  Object.fromEntries(
    Object.keys(parameters).map((name) => [
      name.replace('method.response.header.', ''),
      kind === 'swagger' ? { type: 'string' } : { schema: { type: 'string' } },
    ]),
  );

const integrationOf = (integration: IntegrationRecord): Fields => ({
  type: integration.type?.toLowerCase(),
  ...some('httpMethod', integration.httpMethod),
  ...some('uri', integration.uri),
  ...some('credentials', integration.credentials),
  responses: Object.fromEntries(
    Object.values(integration.integrationResponses ?? {}).map(({ selectionPattern, ...response }) => [
      selectionPattern === undefined || selectionPattern === '' ? 'default' : selectionPattern,
      response,
    ]),
  ),
  ...some('requestParameters', integration.requestParameters),
  ...some('requestTemplates', integration.requestTemplates),
  passthroughBehavior: integration.passthroughBehavior?.toLowerCase(),
  ...(integration.timeoutInMillis === 29_000 ? {} : some('timeoutInMillis', integration.timeoutInMillis)),
  ...some('contentHandling', integration.contentHandling),
});

function securityOf(method: MethodRecord, { authorizers }: Definition): Fields {
  const authorizer = authorizers.find(({ id }) => id === method.authorizerId)?.name;
  const asked = [
    ...(authorizer === undefined ? [] : [{ [authorizer]: method.authorizationScopes ?? [] }]),
    ...(method.authorizationType === 'AWS_IAM' ? [{ sigv4: [] }] : []),
    ...(method.apiKeyRequired === true ? [{ api_key: [] }] : []),
  ];
  return asked.length === 0 ? {} : { security: asked };
}

function schemesOf({ authorizers, resources }: Definition): Fields {
  const methods = resources.flatMap((resource) => Object.values(resource.methods));
  return {
    ...Object.fromEntries(authorizers.map((authorizer) => [authorizer.name ?? '', schemeOf(authorizer)])),
    ...(methods.some(({ apiKeyRequired }) => apiKeyRequired === true)
      ? { api_key: { type: 'apiKey', name: 'x-api-key', in: 'header' } }
      : {}),
    ...(methods.some(({ authorizationType }) => authorizationType === 'AWS_IAM')
      ? { sigv4: { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' } }
      : {}),
  };
}

const schemeOf = ({
  id: _id,
  name: _name,
  type = 'TOKEN',
  authType,
  identitySource = '',
  ...authorizer
}: AuthorizerRecord): Fields => ({
  type: 'apiKey',
  name: type === 'REQUEST' ? 'Unused' : identitySource.replace('method.request.header.', ''),
  in: 'header',
  'x-amazon-apigateway-authtype': authType,
  'x-amazon-apigateway-authorizer': {
    ...authorizer,
    type: type.toLowerCase(),
    ...(type === 'REQUEST' ? { identitySource } : {}),
  },
});
