import type { Answer } from '../../kit/stage.ts';
import { each, type Scenario, type Scenarios, type Scene } from '../kit/stage.ts';
import { bytesOf, checkMethods, documentOf } from './apigateway-documents.ts';
import { rest, Rest } from './apigateway-kit.ts';

type Fields = Readonly<Record<string, unknown>>;

async function imported(scene: Scene, name: string | undefined, document: Fields): Promise<Rest> {
  const gateway = scene.service('apigateway');
  const input = { body: bytesOf(scene, document) };
  const made = name === undefined ? await gateway.ok('ImportRestApi', input) : await gateway.check(name, 'ImportRestApi', input);
  return new Rest(scene, gateway, made);
}

const functionUri = (scene: Scene): string =>
  `arn:aws:apigateway:${scene.region}:lambda:path/2015-03-31/functions/${scene.arn('lambda', 'function:authorizer')}/invocations`;

/** What a document says of an authorizer, from how it was shown. */
const authorizerScheme = (scene: Scene, shown: Answer): Fields => ({
  type: 'apiKey',
  name: String(shown['identitySource']).replace('method.request.header.', ''),
  in: 'header',
  'x-amazon-apigateway-authtype': shown['authType'],
  'x-amazon-apigateway-authorizer': {
    type: String(shown['type']).toLowerCase(),
    authorizerUri: functionUri(scene),
    ...(shown['authorizerCredentials'] === undefined ? {} : { authorizerCredentials: `arn:aws:iam::${scene.account}:role/r` }),
    ...(shown['type'] === 'REQUEST' ? { identitySource: shown['identitySource'] } : {}),
    authorizerResultTtlInSeconds: shown['authorizerResultTtlInSeconds'],
    identityValidationExpression: shown['identityValidationExpression'],
  },
});

const itemsOf = (answer: Answer): readonly Answer[] => answer['items'] as readonly Answer[];

/** The models as a document has them. */
const definitions = (scene: Scene): Fields =>
  JSON.parse(
    JSON.stringify(
      Object.fromEntries(
        itemsOf(scene.recorded('get-models')).map(({ name, schema }) => [String(name).replace(/^<.*>$/, 'Empty'), schema]),
      ),
    )
      .replaceAll(/<model-base-url>\/restapis\/<rest-id:1>\/models\//g, '#/definitions/')
      .replaceAll(/<name:\d+>/g, 'Empty'),
  ) as Fields;

const petStore: Scenario = async (scene) => {
  const schemes = itemsOf(scene.recorded('get-authorizers')).map((shown) => [shown['name'], authorizerScheme(scene, shown)]);
  const document = documentOf(scene, {
    kind: 'swagger',
    more: {
      info: { title: 'PetStore', version: '1.0', description: scene.recorded('import-swagger')['description'] },
      securityDefinitions: Object.fromEntries(schemes) as Fields,
      definitions: definitions(scene),
    },
  });
  const named = JSON.parse(JSON.stringify(document).replaceAll('{"authorizer":[]}', '{"test-authorizer":[]}')) as Fields;
  const api = await imported(scene, 'import-swagger', named);
  await api.check('get-authorizers', 'GetAuthorizers');
  await api.check('get-models', 'GetModels');
  await api.check('resources', 'GetResources');
  await checkMethods(api);
};

const validated: Scenario = async (scene) => {
  const document = documentOf(scene, {
    kind: 'swagger',
    more: {
      info: { title: 'api', version: scene.recorded('import_tf_rest_api')['version'] },
      definitions: definitions(scene),
      securityDefinitions: { api_key: { type: 'apiKey', name: 'x-api-key', in: 'header' } },
    },
  });
  const api = await imported(scene, 'import_tf_rest_api', document);
  await api.check('get-models', 'GetModels');
  await api.check('resources', 'GetResources');
  await checkMethods(api);
};

const globalAuthorizer: Scenario = async (scene) => {
  const [shown] = itemsOf(scene.recorded('get-authorizers'));
  const document = documentOf(scene, {
    kind: 'openapi',
    more: {
      'x-amazon-apigateway-api-key-source': 'AUTHORIZER',
      components: {
        schemas: { Empty: { type: 'object' } },
        securitySchemes: { authorizer: authorizerScheme(scene, shown ?? {}) },
      },
      security: [{ authorizer: [] }],
    },
  });
  const api = await imported(scene, 'import-swagger', document);
  await api.check('get-authorizers', 'GetAuthorizers');
  await api.check('resources', 'GetResources');
  await checkMethods(api);
};

const onlyMethods: Scenario = async (scene) => {
  const document = documentOf(scene, { kind: 'openapi', more: { components: { schemas: { Empty: { type: 'object' } } } } });
  const text = JSON.stringify(document).replaceAll('<uri:1>', functionUri(scene));
  const api = await imported(scene, undefined, JSON.parse(text) as Fields);
  await api.check('resources', 'GetResources');
  await checkMethods(api);
};

const withNumber: Scenario = async (scene) => {
  const document = documentOf(scene, { kind: 'openapi', more: { components: { schemas: { Empty: { type: 'object' } } } } });
  const text = JSON.stringify(document).replaceAll('"statusCode":"200"', '"statusCode":200');
  const first = Object.keys(scene.stage.answers).find((name) => name.startsWith('import'));
  const api = await imported(scene, first, JSON.parse(text) as Fields);
  for (const [name, operation] of [
    ['get-models', 'GetModels'],
    ['resources', 'GetResources'],
  ] as const)
    if (scene.stage.answers[name] !== undefined) await api.check(name, operation);
  await checkMethods(api);
};

const mediaTypes =
  (mode: string): Scenario =>
  async (scene) => {
    const gateway = scene.service('apigateway');
    const created = await gateway.check('create-rest-api', 'CreateRestApi', { name: 'before', binaryMediaTypes: ['image/heif'] });
    const api = new Rest(scene, gateway, created);
    await api.check('get-rest-api', 'GetRestApi');
    const document = {
      openapi: '3.0.1',
      info: { title: 'after', version: '1.0.0' },
      paths: {},
      'x-amazon-apigateway-binary-media-types': ['image/png', 'image/jpg'],
    };
    await api.check('put-api', 'PutRestApi', { mode, body: bytesOf(scene, document) });
  };

const servers = (basepath: 'ignore' | 'split'): Scenario =>
  rest(async (api) => {
    const put = async (name: string, server: Fields, extra: Fields): Promise<void> => {
      const document = documentOf(api.scene, {
        kind: 'openapi',
        prefix: `${name}-`,
        drop: '/part',
        more: {
          info: { title: 'based', version: '2.0' },
          servers: [server],
          components: { schemas: { Empty: { type: 'object' } } },
        },
      });
      const { get } = (document['paths'] as Readonly<Record<string, Answer>>)['/test'] ?? {};
      const integration = (get as Readonly<Record<string, Answer>>)['x-amazon-apigateway-integration'];
      Object.assign(integration?.['requestParameters'] as object, extra);
      const input = { mode: 'overwrite', parameters: { basepath }, body: bytesOf(api.scene, document) };
      await api.check(`put-rest-api-oas30-${name}`, 'PutRestApi', input);
      await api.check(`get-resources-oas30-${name}`, 'GetResources');
      await checkMethods(api, `${name}-`);
    };
    await put('srv-var', { url: 'https://example.com/{basePath}', variables: { basePath: { default: '/base-var' } } }, {});
    await put('srv-url', { url: 'https://example.com/base-url/part/' }, { 'integration.request.header.nothing': true });
  });

const swaggerBasePath = rest(async (api) => {
  const { scene, gateway } = api;
  const known = Object.keys(scene.stage.answers).filter((name) => name.startsWith('method-pets'));
  const document = documentOf(scene, {
    kind: 'swagger',
    more: {
      info: { title: 'based', version: '2' },
      basePath: '/base',
      securityDefinitions: {
        authorizer: authorizerScheme(scene, { identitySource: 'method.request.header.Authorization', type: 'TOKEN' }),
      },
    },
  });
  const { '/test': item, ...others } = document['paths'] as Fields;
  const put = (paths: Fields): object => ({ mode: 'overwrite', body: bytesOf(scene, { ...document, paths }) });
  await api.check('put-rest-api-swagger-json', 'PutRestApi', put({ '/test': item }));
  await api.check('get-resources-swagger-json', 'GetResources');
  await checkMethods(api, '', (name) => !known.includes(name));
  const other = new Rest(scene, gateway, await gateway.ok('CreateRestApi', { name: 'other' }));
  await other.ok('PutRestApi', put(others));
  await other.check('get-resources-no-base-path-swagger', 'GetResources');
  await checkMethods(other, '', (name) => known.includes(name));
});

/** What AWS wrote is read, and written again. */
const exported =
  (exportType: string): Scenario =>
  async (scene) => {
    // The file's name has a moment in it.
    scene.stage.apart('contentDisposition');
    const document = scene.recorded('get-export-with-extensions')['body'] as Fields;
    const { version: _moment, ...info } = document['info'] as Answer;
    const api = await imported(scene, 'import-api', { ...asWritten(document), info });
    await api.ok('CreateDeployment', { stageName: 'local' });
    const at = { stageName: 'local', exportType };
    await api.check('get-export', 'GetExport', at);
    await api.check('get-export-with-extensions', 'GetExport', { ...at, parameters: { extensions: 'integrations' } });
  };

/** Templates that hold JSON were recorded as what they hold. */
const asWritten = (document: Fields): Fields =>
  JSON.parse(JSON.stringify(document), (name: string, value: unknown) =>
    name === 'requestTemplates' || name === 'responseTemplates'
      ? Object.fromEntries(
          Object.entries(value as Answer).map(([type, each]) => [type, typeof each === 'string' ? each : JSON.stringify(each)]),
        )
      : value,
  ) as Fields;

export const apigatewayImportScenarios: Scenarios = {
  'TestApiGatewayImportRestApi.test_import_swagger_api': petStore,
  'test_export_swagger_openapi[TEST_IMPORT_PETSTORE_SWAGGER]': exported('swagger'),
  'test_export_oas30_openapi[TEST_IMPORT_PETSTORE_SWAGGER]': exported('oas30'),
  ...each(
    'TestApiGatewayImportRestApi.test_import_and_validate_rest_api',
    { 'openapi.spec.tf.json': 0, 'swagger-mock-cors.json': 0 },
    () => validated,
  ),
  'TestApiGatewayImportRestApi.test_import_rest_apis_with_base_path_swagger[ignore]': swaggerBasePath,
  'TestApiGatewayImportRestApi.test_import_with_global_api_key_authorizer': globalAuthorizer,
  'TestApiGatewayImportRestApi.test_import_with_http_method_integration': onlyMethods,
  'TestApiGatewayImportRestApi.test_import_with_integer_http_status_code': withNumber,
  ...each(
    'TestApiGatewayImportRestApi.test_put_rest_api_mode_binary_media_types',
    { merge: 'merge', overwrite: 'overwrite' },
    mediaTypes,
  ),
  ...each(
    'TestApiGatewayImportRestApi.test_import_rest_api_with_base_path_oas30',
    { ignore: 'ignore', split: 'split' } as const,
    servers,
  ),
};
