import { APIGateway } from '@aws-sdk/client-api-gateway';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { systemClock, systemRandom } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { openApiGateway } from './index.ts';

const json = 'application/json';

/** API Gateway behind a door, and what those see who serve its APIs. */
async function openTown(options: { readonly file?: string; readonly taken?: string } = {}) {
  const stack = new AsyncDisposableStack();
  const database = stack.use(new PlainDatabase(options.file));
  const isTaken = (name: string): boolean => name === options.taken;
  const service = stack.use(await openApiGateway({ database, clock: systemClock, random: systemRandom, isTaken }));
  const street = stack.use(await openStreet({ apigateway: await service.handlers() }));
  const gateway = new APIGateway(street.client);
  stack.defer(() => gateway.destroy());
  return { gateway, apis: service.apis, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** An API with a method that answers by itself. */
async function mocked(gateway: APIGateway) {
  const { id: restApiId = '', rootResourceId: resourceId = '' } = await gateway.createRestApi({ name: 'api' });
  const method = { restApiId, resourceId, httpMethod: 'GET' };
  await gateway.putMethod({ ...method, authorizationType: 'NONE' });
  await gateway.putIntegration({ ...method, type: 'MOCK', requestTemplates: { [json]: '{"statusCode": 200}' } });
  return method;
}

const utf8 = (text: string): Uint8Array => Buffer.from(text);

const petDocument = `
swagger: '2.0'
info: { title: pets, version: 1.10 }
basePath: /base
x-amazon-apigateway-request-validators: { all: { validateRequestBody: true, validateRequestParameters: true } }
x-amazon-apigateway-request-validator: all
x-amazon-apigateway-gateway-responses: { UNAUTHORIZED: { statusCode: 418 } }
x-amazon-apigateway-binary-media-types: ['image/png']
x-amazon-apigateway-policy: { Version: '2012-10-17', Statement: [] }
securityDefinitions:
  key: { type: apiKey, name: X-Api-Key, in: header }
  signed: { type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4 }
  pool:
    type: apiKey
    name: Authorization
    in: header
    x-amazon-apigateway-authtype: cognito_user_pools
    x-amazon-apigateway-authorizer: { type: cognito_user_pools, providerARNs: ['arn:aws:cognito-idp:us-east-1:000000000000:userpool/p'] }
definitions:
  Pet: { type: object, properties: { friend: { $ref: '#/definitions/Pet' } } }
parameters:
  id: { name: id, in: path, required: true, type: string }
paths:
  /pets/{id}:
    parameters: [{ $ref: '#/parameters/id' }]
    x-amazon-apigateway-any-method:
      security: [{ pool: [read] }]
      parameters: [{ in: body, name: pet, schema: { $ref: '#/definitions/Pet' } }]
      x-amazon-apigateway-integration:
        type: aws
        httpMethod: POST
        uri: arn:aws:apigateway:us-east-1:sqs:action/SendMessage
        responses: { default: { statusCode: 200 }, '4\\d\\d': { statusCode: 400 } }
      responses: { '200': { description: ok, schema: { type: array } } }
    get:
      security: [{ key: [] , signed: [] }]
      x-amazon-apigateway-integration: { type: mock }
      responses: {}
`;

suite('REST APIs', () => {
  test('a stage serves what was when it was deployed, until the next deployment, also after a restart', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = path.join(folder.path, 'records');
    let restApiId = '';
    {
      await using town = await openTown({ file });
      const method = await mocked(town.gateway);
      ({ restApiId } = method);
      t.assert.equal(town.apis.find(restApiId)?.stages.size, 0);
      await town.gateway.createDeployment({ restApiId, stageName: 'prod', variables: { a: 'b' } });
      const template = (): unknown =>
        town.apis.find(restApiId)?.stages.get('prod')?.definition.resources[0]?.methods['GET']?.integration?.requestTemplates[
          json
        ];
      t.assert.equal(template(), '{"statusCode": 200}');
      const path = '/requestTemplates/application~1json';
      await town.gateway.updateIntegration({ ...method, patchOperations: [{ op: 'replace', path, value: 'new' }] });
      t.assert.equal(template(), '{"statusCode": 200}');
      await town.gateway.createDeployment({ restApiId, stageName: 'prod' });
      t.assert.equal(template(), 'new');
    }
    await using town = await openTown({ file });
    const stage = town.apis.find(restApiId)?.stages.get('prod');
    t.assert.deepEqual(stage?.variables, { a: 'b' });
    t.assert.equal(stage?.definition.resources[0]?.methods['GET']?.integration?.requestTemplates[json], 'new');
    await town.gateway.deleteRestApi({ restApiId });
    t.assert.equal(town.apis.find(restApiId), undefined);
  });

  test('nothing is deployed that could not be served', async (t: TestContext) => {
    await using town = await openTown();
    const { id: restApiId = '', rootResourceId: resourceId = '' } = await town.gateway.createRestApi({ name: 'api' });
    await t.assert.rejects(town.gateway.createDeployment({ restApiId }), { message: "The REST API doesn't contain any methods" });
    await town.gateway.putMethod({ restApiId, resourceId, httpMethod: 'GET', authorizationType: 'NONE' });
    await t.assert.rejects(town.gateway.createDeployment({ restApiId }), { message: 'No integration defined for method' });
  });

  test('a document in YAML becomes what is served', async (t: TestContext) => {
    await using town = await openTown();
    const body = utf8(petDocument);
    const { id: restApiId = '', name, version } = await town.gateway.importRestApi({ body, parameters: { basepath: 'prepend' } });
    t.assert.deepEqual([name, version], ['pets', '1.1']);
    await town.gateway.createDeployment({ restApiId, stageName: 'prod' });
    const definition = town.apis.find(restApiId)?.stages.get('prod')?.definition;
    t.assert.deepEqual(definition?.resources.map((resource) => resource.path).toSorted(), [
      '/',
      '/base',
      '/base/pets',
      '/base/pets/{id}',
    ]);
    const methods = definition?.resources.find((resource) => resource.path === '/base/pets/{id}')?.methods;
    const { ANY: any, GET: get } = methods ?? {};
    t.assert.deepEqual([any?.authorization, any?.authorizer?.name, any?.scopes], ['COGNITO_USER_POOLS', 'pool', ['read']]);
    t.assert.deepEqual([get?.authorization, get?.apiKeyRequired, get?.authorizer], ['AWS_IAM', true, undefined]);
    t.assert.deepEqual(any?.requestParameters, { 'method.request.path.id': true });
    t.assert.deepEqual([any?.validator, any?.requestModels], [{ body: true, parameters: true }, { [json]: 'Pet' }]);
    t.assert.deepEqual(
      any?.integration?.responses.map(({ statusCode, selectionPattern }) => [statusCode, selectionPattern]),
      [
        ['200', ''],
        ['400', '4\\d\\d'],
      ],
    );
    const address = `https://apigateway.amazonaws.com/restapis/${restApiId}/models/Pet`;
    t.assert.deepEqual(JSON.parse(definition?.models['Pet'] ?? ''), {
      type: 'object',
      properties: { friend: { $ref: address } },
    });
    const [inline] = Object.values(any?.responses['200']?.models ?? {});
    t.assert.deepEqual(JSON.parse(definition?.models[inline ?? ''] ?? ''), { type: 'array' });
    t.assert.equal(definition?.gatewayResponses['UNAUTHORIZED']?.statusCode, '418');
    t.assert.deepEqual(
      [definition?.binaryMediaTypes, definition?.policy],
      [['image/png'], '{"Version":"2012-10-17","Statement":[]}'],
    );
  });

  test('what is exported is the same API when it is imported', async (t: TestContext) => {
    await using town = await openTown();
    const served = async (body: Uint8Array) => {
      const { id: restApiId = '' } = await town.gateway.importRestApi({ body });
      await town.gateway.createDeployment({ restApiId, stageName: 'prod' });
      const definition = JSON.stringify(town.apis.find(restApiId)?.stages.get('prod')?.definition);
      // Ids, and the address within references, are of each API its own.
      const plain = definition.replaceAll(/"id":"\w+"/g, '"id":""').replaceAll(restApiId, '');
      return { restApiId, plain };
    };
    const first = await served(utf8(petDocument.replace('{ type: array }', "{ $ref: '#/definitions/Pet' }")));
    for (const exportType of ['swagger', 'oas30'])
      for (const accepts of ['application/json', 'application/yaml']) {
        const parameters = { extensions: 'apigateway' };
        const at = { restApiId: first.restApiId, stageName: 'prod' };
        const { body } = await town.gateway.getExport({ ...at, exportType, accepts, parameters });
        t.assert.equal((await served(body as Uint8Array)).plain, first.plain, `${exportType} ${accepts}`);
      }
  });

  test('documents that are none, are endless or point in circles are refused, and leave nothing', async (t: TestContext) => {
    await using town = await openTown();
    const bomb = [
      'a: &a0 [x, x, x, x, x, x, x, x, x]',
      ...Array.from({ length: 9 }, (_, n) => `b${n}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]`),
    ];
    const deep = `{"openapi": "3.0.1", "paths": ${'{"a": '.repeat(300)}1${'}'.repeat(300)}}`;
    const circle = '{"openapi": "3.0.1", "paths": {"/a": {"$ref": "#/paths/~1b"}, "/b": {"$ref": "#/paths/~1a"}}}';
    const name = '{"openapi": "3.0.1", "paths": {"/a b": {"get": {}}}}';
    for (const body of ['x', '---', '[]', '{', '{"a": 1}', `swagger: '2.0'\n${bomb.join('\n')}`, deep, circle, name])
      await t.assert.rejects(
        town.gateway.importRestApi({ body: utf8(body) }),
        { name: 'BadRequestException' },
        body.slice(0, 80),
      );
    t.assert.deepEqual((await town.gateway.getRestApis({})).items, []);
  });

  test('members called like those of every object are ordinary', async (t: TestContext) => {
    await using town = await openTown();
    const method = await mocked(town.gateway);
    const response = { ...method, statusCode: '200' };
    await town.gateway.putMethodResponse(response);
    for (const path of ['/__proto__', '/constructor', '/responseModels/__proto__/x', '/toString'])
      await t.assert.rejects(
        town.gateway.updateMethodResponse({ ...response, patchOperations: [{ op: 'add', path, value: 'x' }] }),
        { name: 'BadRequestException' },
      );
    await t.assert.rejects(town.gateway.getMethod({ ...method, httpMethod: 'constructor' }), { name: 'NotFoundException' });
    await t.assert.rejects(
      town.gateway.updateMethodResponse({
        ...response,
        patchOperations: [{ op: 'remove', path: '/responseModels/constructor' }],
      }),
      { message: 'Content-Type specified was not found' },
    );
    t.assert.equal(({} as { x?: unknown }).x, undefined);
  });

  test('a key opens the stages of its plans while it is enabled', async (t: TestContext) => {
    await using town = await openTown();
    const { restApiId } = await mocked(town.gateway);
    await town.gateway.createDeployment({ restApiId, stageName: 'prod' });
    const { id: apiKey = '', value = '' } = await town.gateway.createApiKey({ name: 'key', enabled: true });
    const apiStages = [{ apiId: restApiId, stage: 'prod' }];
    const { id: usagePlanId = '' } = await town.gateway.createUsagePlan({ name: 'plan', apiStages });
    const opens = (stage = 'prod') => town.apis.key(value, restApiId, stage);
    t.assert.equal(opens(), undefined);
    await town.gateway.createUsagePlanKey({ usagePlanId, keyId: apiKey, keyType: 'API_KEY' });
    t.assert.deepEqual(opens(), { id: apiKey, planId: usagePlanId });
    t.assert.equal(opens('other'), undefined);
    await town.gateway.updateApiKey({ apiKey, patchOperations: [{ op: 'replace', path: '/enabled', value: 'false' }] });
    t.assert.equal(opens(), undefined);
    await town.gateway.updateApiKey({ apiKey, patchOperations: [{ op: 'replace', path: '/enabled', value: 'true' }] });
    t.assert.deepEqual(opens(), { id: apiKey, planId: usagePlanId });
    const gone = { op: 'remove', path: '/apiStages', value: `${restApiId}:prod` } as const;
    await town.gateway.updateUsagePlan({ usagePlanId, patchOperations: [gone] });
    t.assert.equal(opens(), undefined);
  });

  test('a domain name leads to the longest base path first, and is nobody else’s', async (t: TestContext) => {
    await using town = await openTown({ taken: 'taken.example.com' });
    const { restApiId } = await mocked(town.gateway);
    await town.gateway.createDeployment({ restApiId, stageName: 'prod' });
    await t.assert.rejects(town.gateway.createDomainName({ domainName: 'taken.example.com' }), { name: 'ConflictException' });
    const domainName = 'api.example.com';
    await town.gateway.createDomainName({ domainName });
    t.assert.deepEqual([town.apis.domain(domainName), town.apis.domain('other.example.com')], [[], undefined]);
    await town.gateway.createBasePathMapping({ domainName, restApiId });
    await town.gateway.createBasePathMapping({ domainName, restApiId, stage: 'prod', basePath: 'v1' });
    t.assert.deepEqual(town.apis.domain(domainName), [
      { basePath: 'v1', apiId: restApiId, stage: 'prod' },
      { basePath: '', apiId: restApiId, stage: '' },
    ]);
    await t.assert.rejects(town.gateway.deleteRestApi({ restApiId }), { name: 'BadRequestException' });
    t.assert.equal((await town.gateway.getBasePathMapping({ domainName, basePath: '(none)' })).restApiId, restApiId);
    await town.gateway.createDomainName({ domainName: '*.example.com' });
    t.assert.deepEqual(town.apis.domain('other.example.com'), []);
    await town.gateway.deleteDomainName({ domainName });
    t.assert.deepEqual(town.apis.domain(domainName), []);
  });

  test('a resource takes one variable beside its fixed siblings, and nothing stands below one that takes the rest', async (t: TestContext) => {
    await using town = await openTown();
    const { id: restApiId = '', rootResourceId: parentId = '' } = await town.gateway.createRestApi({ name: 'api' });
    const make = (pathPart: string, at = parentId) => town.gateway.createResource({ restApiId, parentId: at, pathPart });
    await make('pets');
    const { id: variable = '' } = await make('{id}');
    const { id: rest = '' } = await make('{rest+}', variable);
    await t.assert.rejects(make('pets'), { name: 'ConflictException' });
    for (const part of ['{other}', '{all+}', 'a b', 'a/b', '{a', 'a}', '{}', '{a++}'])
      await t.assert.rejects(make(part), { name: 'BadRequestException' }, part);
    await t.assert.rejects(make('below', rest), { name: 'BadRequestException' });
    const paths = { '/{a}': {}, '/{b}/c': {} };
    const body = utf8(JSON.stringify({ openapi: '3.0.1', info: { title: 'a', version: '1' }, paths }));
    await t.assert.rejects(town.gateway.importRestApi({ body }), {
      message:
        "Errors found during import:\n\tUnable to create resource at path '/{b}': A sibling ({a}) of this resource already has a variable path part -- only one is allowed",
    });
    await t.assert.rejects(town.gateway.deleteResource({ restApiId, resourceId: parentId }), { name: 'BadRequestException' });
  });

  test('an integration leads to where the gateway can go', async (t: TestContext) => {
    await using town = await openTown();
    const method = await mocked(town.gateway);
    const put = (type: 'AWS' | 'AWS_PROXY' | 'HTTP', uri: string) =>
      town.gateway.putIntegration({ ...method, type, uri, integrationHttpMethod: 'POST' });
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    const proxied = "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.";
    const at = 'arn:aws:apigateway:us-east-1';
    for (const [type, uri, message] of [
      ['AWS_PROXY', arn, 'AWS ARN for integration must contain path or action'],
      ['AWS_PROXY', 'lambda:f', 'Invalid ARN specified in the request'],
      [
        'AWS_PROXY',
        `${at}:lambda:other/2015-03-31/functions/${arn}/invocations`,
        'AWS ARN for integration must contain path or action',
      ],
      ['AWS_PROXY', `${at}:firehose:path/2015-03-31/functions/${arn}/invocations`, proxied],
      ['AWS_PROXY', `${at}:lambda:path/2015-03-31/functions/f/invocations`, proxied],
      ['HTTP', 'ftp://example.com', 'Invalid HTTP endpoint specified for URI'],
    ] as const)
      await t.assert.rejects(put(type, uri), { name: 'BadRequestException', message }, uri);
    await put('AWS_PROXY', `${at}:lambda:path/2015-03-31/functions/${arn}/invocations`);
    await put('AWS_PROXY', `${at}:lambda:path/2015-03-31/functions/${arn}:\${stageVariables.alias}/invocations`);
    await put('AWS', `${at}:sqs:path/000000000000/queue`);
    await put('HTTP', 'https://${stageVariables.host}/pets');
  });

  test('an integration sets in a response what the method says that it has', async (t: TestContext) => {
    await using town = await openTown();
    const response = { ...(await mocked(town.gateway)), statusCode: '200' };
    const name = 'method.response.header.X-Name';
    const put = () => town.gateway.putIntegrationResponse({ ...response, responseParameters: { [name]: "'value'" } });
    await t.assert.rejects(put(), { message: `Invalid mapping expression parameter specified: ${name}` });
    await town.gateway.putMethodResponse({ ...response, responseParameters: { [name]: false } });
    t.assert.deepEqual((await put()).responseParameters, { [name]: "'value'" });
    const { restApiId, resourceId } = response;
    const requestParameters = { 'method.request.path.id': true, 'method.request.header.id': false };
    await t.assert.rejects(
      town.gateway.putMethod({ restApiId, resourceId, httpMethod: 'PUT', authorizationType: 'NONE', requestParameters }),
      { message: 'Parameter names must be unique across querystring, header and path' },
    );
  });

  test('a copy of an API is an API of its own', async (t: TestContext) => {
    await using town = await openTown();
    const { restApiId } = await mocked(town.gateway);
    const copy = await town.gateway.createRestApi({ name: 'copy', cloneFrom: restApiId });
    await town.gateway.deleteRestApi({ restApiId });
    await town.gateway.createDeployment({ restApiId: copy.id, stageName: 'prod' });
    const [root] = town.apis.find(copy.id ?? '')?.stages.get('prod')?.definition.resources ?? [];
    t.assert.deepEqual([root?.id, root?.path, Object.keys(root?.methods ?? {})], [copy.rootResourceId, '/', ['GET']]);
  });

  test('lists come page by page', async (t: TestContext) => {
    await using town = await openTown();
    for (let n = 0; n < 7; n += 1) await town.gateway.createRestApi({ name: `api${n}` });
    const names: (string | undefined)[] = [];
    let position: string | undefined;
    do {
      const page = await town.gateway.getRestApis({ limit: 3, position });
      names.push(...(page.items ?? []).map(({ name }) => name));
      ({ position } = page);
    } while (position !== undefined);
    t.assert.deepEqual(
      names,
      Array.from({ length: 7 }, (_, n) => `api${n}`),
    );
  });
});
