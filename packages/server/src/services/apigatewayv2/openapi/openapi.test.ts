import { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { ServiceFault } from '@mayfly/wire';
import { functionArn, openGateway } from '../../../../../../test/kit/gateway.ts';
import { rolesIn } from './document.ts';
import { readOpenApi } from './read.ts';

async function open() {
  const gateway = await openGateway();
  const client = new ApiGatewayV2(gateway.client);
  gateway.functions.set('f', (event) => ({ key: event.routeKey ?? `v1 ${event.resource}` }));
  return {
    ...gateway,
    client,
    /** @returns the API's id, with a stage that serves what is */
    async imported(document: object | string, more: { Basepath?: string; FailOnWarnings?: boolean } = {}): Promise<string> {
      const Body = typeof document === 'string' ? document : JSON.stringify(document);
      const { ApiId = '' } = await client.importApi({ Body, ...more });
      await client.createStage({ ApiId, StageName: '$default', AutoDeploy: true });
      return ApiId;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

const calls = { 'x-amazon-apigateway-integration': { type: 'aws_proxy', uri: functionArn('f'), payloadFormatVersion: '2.0' } };
const document = (more: object) => ({ openapi: '3.0.1', info: { title: 'pets', version: '1' }, ...more });

suite('HTTP APIs from OpenAPI documents, brought by the real SDK client', { timeout: 60_000 }, () => {
  test('a document in JSON is served: methods, any method, and what no path takes', async (t: TestContext) => {
    await using api = await open();
    const id = await api.imported(
      document({
        paths: {
          '/pets/{id}': { get: calls, 'x-amazon-apigateway-any-method': calls, parameters: [] },
          '/$default': { 'x-amazon-apigateway-any-method': { isDefaultRoute: true, ...calls } },
        },
      }),
    );
    t.assert.deepEqual((await api.ask(id, '/pets/1')).json(), { key: 'GET /pets/{id}' });
    t.assert.deepEqual((await api.ask(id, '/pets/1', { method: 'PUT' })).json(), { key: 'ANY /pets/{id}' });
    t.assert.deepEqual((await api.ask(id, '/else')).json(), { key: '$default' });
  });

  test('a document in YAML has everything that an API has', async (t: TestContext) => {
    await using api = await open();
    const { ApiId = '', ...made } = await api.client.importApi({ Body: yaml });
    const { ApiEndpoint: endpoint, CreatedDate: created, $metadata: _metadata, ...rest } = made;
    t.assert.ok(endpoint?.endsWith(ApiId) && created instanceof Date);
    t.assert.deepEqual(rest, {
      ApiKeySelectionExpression: '$request.header.x-api-key',
      CorsConfiguration: { AllowOrigins: ['https://a.example'], AllowMethods: ['GET'], MaxAge: 60, AllowCredentials: true },
      Description: 'of a shop',
      DisableExecuteApiEndpoint: true,
      ImportInfo: ['HTTP APIs do not have x-amazon-apigateway-binary-media-types: ignored.'],
      IpAddressType: 'ipv4',
      Name: 'shop',
      ProtocolType: 'HTTP',
      RouteSelectionExpression: '$request.method $request.path',
      Tags: { team: 'blue' },
      Version: '1.0',
    });
    const { Items: authorizers = [] } = await api.client.getAuthorizers({ ApiId });
    const [asked, token] = authorizers.toSorted((a, b) => ((a.Name ?? '') < (b.Name ?? '') ? -1 : 1));
    t.assert.deepEqual(
      { ...asked, AuthorizerId: '' },
      {
        AuthorizerId: '',
        AuthorizerPayloadFormatVersion: '2.0',
        AuthorizerResultTtlInSeconds: 30,
        AuthorizerType: 'REQUEST',
        AuthorizerUri: functionArn('f'),
        EnableSimpleResponses: true,
        IdentitySource: ['$request.header.a', '$request.querystring.b'],
        Name: 'asked',
      },
    );
    t.assert.deepEqual(token?.JwtConfiguration, { Issuer: 'https://issuer.example', Audience: ['me'] });
    const { Items: routes = [] } = await api.client.getRoutes({ ApiId });
    const shown = routes.map((route) => [route.RouteKey, route.AuthorizationType, route.AuthorizerId, route.AuthorizationScopes]);
    t.assert.deepEqual(
      shown.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)),
      [
        ['DELETE /', 'NONE', undefined, undefined],
        ['GET /', 'JWT', token?.AuthorizerId, ['read']],
        ['POST /', 'CUSTOM', asked?.AuthorizerId, undefined],
        ['PUT /', 'AWS_IAM', undefined, undefined],
      ],
    );
    const { Items: [integration] = [] } = await api.client.getIntegrations({ ApiId });
    t.assert.deepEqual(
      { ...integration, IntegrationId: '' },
      {
        ConnectionType: 'INTERNET',
        IntegrationId: '',
        IntegrationMethod: 'GET',
        IntegrationType: 'HTTP_PROXY',
        IntegrationUri: 'https://shop.example',
        PayloadFormatVersion: '1.0',
        TimeoutInMillis: 3000,
      },
    );
  });

  test('a second document takes the place of the first, and what is still there keeps its id', async (t: TestContext) => {
    await using api = await open();
    const schemes = (ttl: number) => ({
      components: {
        securitySchemes: {
          who: {
            type: 'apiKey',
            name: 'a',
            in: 'header',
            'x-amazon-apigateway-authorizer': {
              type: 'request',
              identitySource: '$request.header.a',
              authorizerUri: functionArn('f'),
              authorizerPayloadFormatVersion: '2.0',
              authorizerResultTtlInSeconds: ttl,
            },
          },
        },
      },
    });
    const ApiId = await api.imported(
      document({
        paths: { '/a': { get: calls }, '/b': { get: calls } },
        ...schemes(1),
        'x-amazon-apigateway-cors': { allowOrigins: ['*'] },
      }),
    );
    const ids = async () => {
      const { Items: routes = [] } = await api.client.getRoutes({ ApiId });
      const { Items: authorizers = [] } = await api.client.getAuthorizers({ ApiId });
      return [
        ...routes.map((each) => [each.RouteKey, each.RouteId]),
        ...authorizers.map((each) => [each.Name, each.AuthorizerId]),
      ];
    };
    const before = new Map((await ids()) as [string, string][]);
    const Body = JSON.stringify(document({ paths: { '/b': { get: calls }, '/c': { get: calls } }, ...schemes(2) }));
    const after = await api.client.reimportApi({ ApiId, Body });
    t.assert.equal(after.CorsConfiguration, undefined);
    const now = new Map((await ids()) as [string, string][]);
    t.assert.deepEqual([...now.keys()].sort(), ['GET /b', 'GET /c', 'who']);
    t.assert.deepEqual([now.get('GET /b'), now.get('who')], [before.get('GET /b'), before.get('who')]);
    t.assert.equal((await api.ask(ApiId, '/a')).status, 404);
    t.assert.deepEqual((await api.ask(ApiId, '/c')).json(), { key: 'GET /c' });
    t.assert.equal((await api.client.getIntegrations({ ApiId })).Items?.length, 2);
  });

  test('what is exported can be imported, and comes to the same', async (t: TestContext) => {
    await using api = await open();
    const export_ = async (ApiId: string, OutputType: string, IncludeExtensions = true): Promise<string> => {
      const { body } = await api.client.exportApi({ ApiId, Specification: 'OAS30', OutputType, IncludeExtensions });
      return Buffer.from(body ?? []).toString('utf8');
    };
    const { ApiId: first = '' } = await api.client.importApi({ Body: yaml });
    const json = await export_(first, 'JSON');
    const { ApiId: second = '' } = await api.client.importApi({ Body: await export_(first, 'YAML') });
    t.assert.equal((await export_(second, 'JSON')).replaceAll(second, first), json);
    const plain = JSON.parse(await export_(first, 'JSON', false));
    t.assert.deepEqual(plain.paths['/'].get, {
      operationId: 'look',
      responses: { default: { description: 'Default response for GET /' } },
      security: [{ token: ['read'] }],
    });
    t.assert.doesNotMatch(JSON.stringify(plain), /x-amazon/);
  });

  test('a stage is exported as it was deployed', async (t: TestContext) => {
    await using api = await open();
    const { ApiId = '' } = await api.client.importApi({ Body: JSON.stringify(document({ paths: { '/old': { get: calls } } })) });
    await api.client.createStage({ ApiId, StageName: 'prod' });
    const asked = { ApiId, Specification: 'OAS30', OutputType: 'JSON', StageName: 'prod' };
    await t.assert.rejects(api.client.exportApi(asked), { name: 'BadRequestException' });
    await api.client.createDeployment({ ApiId, StageName: 'prod' });
    await api.client.reimportApi({ ApiId, Body: JSON.stringify(document({ paths: { '/new': { get: calls } } })) });
    const { body } = await api.client.exportApi(asked);
    t.assert.deepEqual(Object.keys(JSON.parse(Buffer.from(body ?? []).toString()).paths), ['/old']);
  });

  test('the path of the server counts as basepath says', async (t: TestContext) => {
    await using api = await open();
    const servers = [{ url: 'https://x.example/{stage}/v1', variables: { stage: { default: 'prod' } } }];
    const Body = document({ servers, paths: { '/a': { get: calls } } });
    for (const [Basepath, path] of [
      ['ignore', '/a'],
      ['prepend', '/prod/v1/a'],
      ['split', '/v1/a'],
    ] as const)
      t.assert.equal((await api.ask(await api.imported(Body, { Basepath }), path)).status, 200, Basepath);
    await t.assert.rejects(api.imported(Body, { Basepath: 'other' }), { name: 'BadRequestException' });
  });

  test('integrations that stand once are used where they are referred to', async (t: TestContext) => {
    await using api = await open();
    const reference = { $ref: '#/components/x-amazon-apigateway-integrations/f' };
    const id = await api.imported(
      document({
        paths: { '/a': { get: { 'x-amazon-apigateway-integration': reference } } },
        components: { 'x-amazon-apigateway-integrations': { f: calls['x-amazon-apigateway-integration'] } },
      }),
    );
    t.assert.deepEqual((await api.ask(id, '/a')).json(), { key: 'GET /a' });
  });

  test('warnings fail where they are to, and nothing is made then', async (t: TestContext) => {
    await using api = await open();
    const Body = JSON.stringify(document({ paths: { '/a': { get: { ...calls, security: [{ nobody: [] }] } } } }));
    await t.assert.rejects(api.client.importApi({ Body, FailOnWarnings: true }), {
      name: 'BadRequestException',
      message: "Warnings found during import:\n\tThe security scheme 'nobody' of 'GET /a' has no authorizer: ignored.",
    });
    t.assert.deepEqual((await api.client.getApis({})).Items, []);
    const { Warnings: warnings } = await api.client.importApi({ Body });
    t.assert.deepEqual(warnings, ["The security scheme 'nobody' of 'GET /a' has no authorizer: ignored."]);
  });

  test('all that is wrong is told at once', async (t: TestContext) => {
    await using api = await open();
    const wrong = { 'x-amazon-apigateway-integration': { type: 'mock' } };
    const Body = JSON.stringify(document({ info: {}, paths: { '/a': { get: wrong }, '/{b}/{b}': { get: calls } } }));
    await t.assert.rejects(api.client.importApi({ Body }), {
      name: 'BadRequestException',
      message:
        'Errors found during import:\n' +
        '\tThe title of an API is missing: info.title.\n' +
        "\tUnable to create route 'GET /a': HTTP APIs do not support Integration type MOCK\n" +
        "\tUnable to create route 'GET /{b}/{b}': Duplicate path parameters in route key: GET /{b}/{b}",
    });
  });

  for (const [name, Body] of Object.entries({
    'no document': '<xml/>',
    'a text': '"text"',
    'Swagger 2': '{"swagger":"2.0","info":{"title":"a"}}',
    'a reference that leads nowhere': JSON.stringify(document({ paths: { '/a': { $ref: '#/nowhere' } } })),
    'references in a circle': JSON.stringify(document({ paths: { '/a': { $ref: '#/paths/~1a' } } })),
    'a reference to elsewhere': JSON.stringify(document({ paths: { '/a': { $ref: 'https://x.example/a.json' } } })),
    'a reference that is no address': JSON.stringify(document({ paths: { '/a': { $ref: '#/%' } } })),
    'a bomb of aliases': `openapi: 3.0.1\na: &a [x,x]\nb: &b [${Array(99).fill('*a').join()}]\nc: [${Array(99).fill('*b').join()}]`,
    'what is nested too deep': '['.repeat(500_000),
  }))
    test(`${name} is refused`, async (t: TestContext) => {
      await using api = await open();
      await t.assert.rejects(api.client.importApi({ Body }), { name: 'BadRequestException' });
    });

  test('whatever a document is made of, it is read or refused', () => {
    const words = [...yaml.matchAll(/[\w$-]+/g)].map(([word]) => word);
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 8 },
        fc.constantFrom(
          null,
          true,
          false,
          0,
          -1,
          2,
          '',
          '1.0',
          '2.0',
          '$ref',
          '#/paths',
          '#/components/securitySchemes/a',
          '$default',
        ),
        fc.constantFrom(...words),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(fc.constantFrom(...words, '/', '/$default', '/{a}', '__proto__'), fc.string()), tie('value'), {
          maxKeys: 4,
        }),
      ),
    }));
    const part = fc.dictionary(
      fc.constantFrom('/', '/a/{b}', '/$default'),
      fc.dictionary(fc.constantFrom('get', 'post', any), value),
    );
    fc.assert(
      fc.property(
        fc.record({ info: value, servers: value, tags: value, paths: fc.oneof(value, part), components: value, security: value }),
        value,
        fc.constantFrom('ignore', 'prepend', 'split'),
        (fields, cors, basePath) => {
          try {
            readOpenApi({ openapi: '3.0.1', ...fields, 'x-amazon-apigateway-cors': cors }, basePath);
          } catch (error) {
            if (!(error instanceof ServiceFault) || error.code !== 'BadRequestException') throw error;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('roles that a document names are found, however it writes them', (t: TestContext) => {
    const role = 'arn:aws:iam::123456789012:role/r';
    const escaped = `{"paths":[{"credentials":"${[...role].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"}]}`;
    t.assert.deepEqual(rolesIn(escaped), [role]);
    t.assert.deepEqual(rolesIn(`a:\n  authorizerCredentials: "${role}"\n`), [role]);
    t.assert.deepEqual(rolesIn(`a: &x\n  within: *x\n  credentials: "${role}"\n`), [role]);
    t.assert.deepEqual(rolesIn(`a: &x {credentials: "${role}"}\nb: *x\n`), [role]);
  });
});

const any = 'x-amazon-apigateway-any-method';
const yaml = `
openapi: 3.0.1
info:
  title: shop
  description: of a shop
  version: 1.0
servers:
  - url: https://shop.example
    x-amazon-apigateway-endpoint-configuration:
      disableExecuteApiEndpoint: true
tags:
  - name: team
    x-amazon-apigateway-tag-value: blue
  - name: of the document alone
paths:
  /:
    get:
      operationId: look
      security:
        - token: [read]
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: GET
        uri: https://shop.example
        payloadFormatVersion: 1.0
        timeoutInMillis: 3000
    post:
      security:
        - asked: []
    put:
      security:
        - signed: []
    delete: {}
components:
  securitySchemes:
    token:
      type: openIdConnect
      openIdConnectUrl: https://issuer.example/.well-known/openid-configuration
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration:
          audience: [me]
    asked:
      type: apiKey
      name: a
      in: header
      x-amazon-apigateway-authorizer:
        type: request
        identitySource: $request.header.a, $request.querystring.b
        authorizerUri: ${functionArn('f')}
        authorizerPayloadFormatVersion: 2.0
        authorizerResultTtlInSeconds: 30
        enableSimpleResponses: true
    signed:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: awsSigv4
x-amazon-apigateway-cors:
  allowOrigins: [https://a.example]
  allowMethods: [GET]
  maxAge: 60
  allowCredentials: true
x-amazon-apigateway-binary-media-types: ['*/*']
x-amazon-apigateway-importexport-version: "1.0"
`;
