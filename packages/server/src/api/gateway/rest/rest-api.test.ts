import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { functionArn } from '../../../../../../test/kit/gateway.ts';
import { functionUri, openRestApi, proxyTo } from '../../../../../../test/kit/rest-api.ts';

const mock = (more: object): object => ({
  responses: {},
  'x-amazon-apigateway-integration': { type: 'mock', requestTemplates: { 'application/json': '{"statusCode": 200}' }, ...more },
});
const echo = (event: unknown): object => ({ statusCode: 200, body: JSON.stringify(event) });

suite('REST APIs, made by the real SDK client', { timeout: 60_000 }, () => {
  test('an event has everything of a request, as REST APIs send it', async (t: TestContext) => {
    await using api = await openRestApi({ paths: { '/pets/{id}/{rest+}': { post: proxyTo('f') } } });
    await api.client.updateStage({
      restApiId: api.id,
      stageName: 'prod',
      patchOperations: [{ op: 'replace', path: '/variables/colour', value: 'red' }],
    });
    api.functions.set('f', echo);
    const reply = await api.get('/pets/a%20b/c/d?x=1&x=2&y=%26', {
      method: 'POST',
      headers: { Cookie: 'a=1; b=2', 'X-One': ['1', '2'], 'Content-Type': 'application/json', 'User-Agent': 'me' },
      body: '{"a":1}',
    });
    const { headers, multiValueHeaders, requestContext, ...event } = reply.json();
    t.assert.deepEqual(event, {
      resource: '/pets/{id}/{rest+}',
      path: '/pets/a b/c/d',
      httpMethod: 'POST',
      queryStringParameters: { x: '2', y: '&' },
      multiValueQueryStringParameters: { x: ['1', '2'], y: ['&'] },
      pathParameters: { id: 'a b', rest: 'c/d' },
      stageVariables: { colour: 'red' },
      body: '{"a":1}',
      isBase64Encoded: false,
    });
    t.assert.deepEqual([headers['X-One'], multiValueHeaders['X-One'], headers['Cookie']], ['2', ['1', '2'], 'a=1; b=2']);
    const { apiId, accountId, stage, resourcePath, path, domainPrefix, identity, deploymentId, extendedRequestId } =
      requestContext;
    t.assert.deepEqual(
      { apiId, accountId, stage, resourcePath, path, domainPrefix },
      {
        apiId: api.id,
        accountId: '000000000000',
        stage: 'prod',
        resourcePath: '/pets/{id}/{rest+}',
        path: '/prod/pets/a%20b/c/d',
        domainPrefix: api.id,
      },
    );
    t.assert.deepEqual([identity.sourceIp, identity.userAgent, typeof deploymentId], ['127.0.0.1', 'me', 'string']);
    t.assert.equal(reply.headers['x-amz-apigw-id'], extendedRequestId);
    t.assert.equal(reply.headers['x-amzn-requestid'], requestContext.requestId);
    t.assert.equal(reply.headers['apigw-requestid'], undefined);
  });

  test('what is not there wants a token, and a stage that is not there is forbidden', async (t: TestContext) => {
    await using api = await openRestApi({
      paths: {
        '/a': { get: proxyTo('f') },
        '/{proxy+}': { 'x-amazon-apigateway-any-method': proxyTo('f') },
        '/b/{id}': { get: proxyTo('f') },
        '/b/new': { get: proxyTo('f') },
      },
    });
    api.functions.set('f', (event) => ({ statusCode: 200, body: event['resource'] as string }));
    const answers: unknown[] = [];
    for (const [method, target] of [
      ['GET', '/a'],
      ['GET', '/a/'],
      ['POST', '/a'],
      ['POST', '/c/d'],
      ['GET', '/b/1'],
      ['GET', '/b/new'],
      ['DELETE', '/b/new'],
      ['GET', '/'],
    ] as const) {
      const { status, body, headers } = await api.get(target, { method });
      answers.push([method, target, status, status === 403 ? headers['x-amzn-errortype'] : body]);
    }
    const missing = 'MissingAuthenticationTokenException';
    t.assert.deepEqual(answers, [
      ['GET', '/a', 200, '/a'],
      ['GET', '/a/', 200, '/a'],
      ['POST', '/a', 403, missing],
      ['POST', '/c/d', 200, '/{proxy+}'],
      ['GET', '/b/1', 200, '/b/{id}'],
      ['GET', '/b/new', 200, '/b/new'],
      ['DELETE', '/b/new', 403, missing],
      ['GET', '/', 403, missing],
    ]);
    t.assert.deepEqual((await api.get('/b', { method: 'POST' })).status, 200);
    const none = await api.ask(api.id, '/other/a');
    t.assert.deepEqual([none.status, none.body], [403, '{"message":"Forbidden"}']);
  });

  test('a deployment serves what was, until the next', async (t: TestContext) => {
    await using api = await openRestApi({ paths: { '/a': { get: proxyTo('f') } } });
    api.functions.set('f', () => ({ statusCode: 200, body: 'old' }));
    api.functions.set('g', () => ({ statusCode: 200, body: 'new' }));
    const { items = [] } = await api.client.getResources({ restApiId: api.id });
    const resourceId = items.find(({ path }) => path === '/a')?.id ?? '';
    await api.client.putIntegration({
      restApiId: api.id,
      resourceId,
      httpMethod: 'GET',
      type: 'AWS_PROXY',
      integrationHttpMethod: 'POST',
      uri: functionUri('g'),
    });
    t.assert.equal((await api.get('/a')).body, 'old');
    await api.deploy();
    t.assert.equal((await api.get('/a')).body, 'new');
  });

  test('what a function answers wrongly is a bad gateway, and what it answers with headers and bytes arrives', async (t: TestContext) => {
    await using api = await openRestApi({
      paths: { '/a': { post: proxyTo('f') } },
      'x-amazon-apigateway-binary-media-types': ['image/png'],
    });
    const bad: unknown[] = [
      null,
      'text',
      [],
      { statusCode: 'x' },
      { statusCode: 200, body: {} },
      { statusCode: 200, nonsense: 1 },
    ];
    for (const each of bad) {
      api.functions.set('f', () => each);
      const { status, body, headers } = await api.get('/a', { method: 'POST' });
      t.assert.deepEqual(
        [status, body, headers['x-amzn-errortype']],
        [502, '{"message":"Internal server error"}', 'InternalServerErrorException'],
        JSON.stringify(each),
      );
    }
    api.functions.set('f', () => {
      throw new Error('no');
    });
    t.assert.equal((await api.get('/a', { method: 'POST' })).status, 502);
    api.functions.set('f', ({ body, isBase64Encoded }) => ({
      statusCode: 201,
      headers: { 'X-One': 'a', Date: 'never', 'Content-Type': 'image/png' },
      multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] },
      body: isBase64Encoded ? body : 'bm8=',
      isBase64Encoded: true,
    }));
    const bytes = { method: 'POST', headers: { 'Content-Type': 'image/png', Accept: 'image/png' }, body: 'PNG' };
    const reply = await api.get('/a', bytes);
    t.assert.deepEqual(
      [reply.status, reply.body, reply.headers['x-one'], reply.headers['set-cookie'], reply.headers['x-amzn-remapped-date']],
      [201, 'PNG', 'a', ['a=1', 'b=2'], 'never'],
    );
    // A client who does not accept bytes gets them as they were written.
    t.assert.equal(
      (await api.get('/a', { ...bytes, headers: { 'Content-Type': 'image/png', Accept: 'text/plain' } })).body,
      'UE5H',
    );
  });

  test('a preflight is answered by a mock, and failures carry the headers of gateway responses', async (t: TestContext) => {
    const cors = (name: string, value: string): object => ({ [`method.response.header.${name}`]: `'${value}'` });
    await using api = await openRestApi({
      paths: {
        '/a': {
          options: {
            ...mock({
              responses: {
                default: {
                  statusCode: '204',
                  responseParameters: {
                    ...cors('Access-Control-Allow-Origin', '*'),
                    ...cors('Access-Control-Allow-Methods', 'GET,POST'),
                  },
                },
              },
            }),
            responses: {
              '204': {
                description: '',
                headers: {
                  'Access-Control-Allow-Origin': { schema: { type: 'string' } },
                  'Access-Control-Allow-Methods': { schema: { type: 'string' } },
                },
              },
            },
          },
        },
      },
      'x-amazon-apigateway-gateway-responses': {
        DEFAULT_4XX: {
          responseParameters: { 'gatewayresponse.header.Access-Control-Allow-Origin': "'*'" },
          responseTemplates: { 'application/json': '{"why":$context.error.messageString,"id":"$context.requestId"}' },
        },
        MISSING_AUTHENTICATION_TOKEN: {
          statusCode: 404,
          responseParameters: { 'gatewayresponse.header.X-Path': 'context.path' },
        },
      },
    });
    const preflight = await api.get('/a', { method: 'OPTIONS', headers: { Origin: 'https://a.example' } });
    t.assert.deepEqual(
      [preflight.status, preflight.headers['access-control-allow-origin'], preflight.headers['access-control-allow-methods']],
      [204, '*', 'GET,POST'],
    );
    const missing = await api.get('/b');
    t.assert.deepEqual([missing.status, missing.headers['x-path']], [404, '/prod/b']);
  });

  test('keys open a stage that their plan has', async (t: TestContext) => {
    await using api = await openRestApi({
      paths: { '/a': { get: { ...proxyTo('f'), security: [{ key: [] }] } } },
      components: { securitySchemes: { key: { type: 'apiKey', name: 'x-api-key', in: 'header' } } },
    });
    api.functions.set('f', (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.identity.apiKeyId) }));
    const { id: keyId = '', value = '' } = await api.client.createApiKey({ name: 'k', enabled: true });
    const refused = async (key: string): Promise<unknown> => {
      const { status, body } = await api.get('/a', { headers: { 'x-api-key': key } });
      return [status, body];
    };
    t.assert.deepEqual(await refused(value), [403, '{"message":"Forbidden"}']);
    const plan = await api.client.createUsagePlan({ name: 'p', apiStages: [{ apiId: api.id, stage: 'prod' }] });
    await api.client.createUsagePlanKey({ usagePlanId: plan.id, keyId, keyType: 'API_KEY' });
    t.assert.deepEqual(await refused(value), [200, JSON.stringify(keyId)]);
    t.assert.deepEqual(await refused('x'.repeat(30)), [403, '{"message":"Forbidden"}']);
    t.assert.deepEqual((await api.get('/a')).status, 403);
  });

  test('a token is asked for once, and its policy decides for each method', async (t: TestContext) => {
    await using api = await openRestApi({
      paths: {
        '/a': { get: { ...proxyTo('f'), security: [{ guard: [] }] }, post: { ...proxyTo('f'), security: [{ guard: [] }] } },
      },
      components: {
        securitySchemes: {
          guard: {
            type: 'apiKey',
            name: 'X-Token',
            in: 'header',
            'x-amazon-apigateway-authtype': 'custom',
            'x-amazon-apigateway-authorizer': {
              type: 'token',
              authorizerUri: functionUri('guard'),
              identityValidationExpression: 't-[a-z]+',
              authorizerResultTtlInSeconds: 300,
            },
          },
        },
      },
    });
    api.functions.set('f', (event) => ({ statusCode: 200, body: JSON.stringify(event.requestContext.authorizer) }));
    const asked: unknown[] = [];
    api.functions.set('guard', ({ type, methodArn, authorizationToken }) => {
      asked.push([type, authorizationToken]);
      if (authorizationToken === 't-nobody') throw new Error('Unauthorized');
      if (authorizationToken === 't-broken') return { nothing: true };
      return {
        principalId: 'me',
        context: { colour: 'red', count: 1 },
        policyDocument: {
          Version: '2012-10-17',
          Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: String(methodArn).replace('/POST/', '/GET/') }],
        },
      };
    });
    const answers: unknown[] = [];
    for (const [method, token] of [
      ['GET', 't-me'],
      ['GET', 't-me'],
      ['POST', 't-me'],
      ['GET', ''],
      ['GET', 'other'],
      ['GET', 't-nobody'],
      ['GET', 't-broken'],
    ] as const) {
      const { status, body } = await api.get('/a', { method, headers: { 'X-Token': token } });
      answers.push([status, JSON.parse(body)]);
    }
    t.assert.deepEqual(answers, [
      [200, { colour: 'red', count: '1', principalId: 'me' }],
      [200, { colour: 'red', count: '1', principalId: 'me' }],
      [403, { Message: 'User is not authorized to access this resource' }],
      [401, { message: 'Unauthorized' }],
      [401, { message: 'Unauthorized' }],
      [401, { message: 'Unauthorized' }],
      [500, { message: null }],
    ]);
    t.assert.deepEqual(asked, [
      ['TOKEN', 't-me'],
      ['TOKEN', 't-nobody'],
      ['TOKEN', 't-broken'],
    ]);
  });

  test('a request is held against its validator', async (t: TestContext) => {
    await using api = await openRestApi({
      paths: {
        '/a': {
          post: {
            ...proxyTo('f'),
            'x-amazon-apigateway-request-validator': 'all',
            parameters: [{ name: 'q', in: 'query', required: true, schema: { type: 'string' } }],
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } } },
          },
        },
      },
      components: {
        schemas: {
          Pet: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string', pattern: '^[a-z]+$' }, age: { type: 'integer', minimum: 0 } },
            additionalProperties: false,
          },
        },
      },
      'x-amazon-apigateway-request-validators': { all: { validateRequestBody: true, validateRequestParameters: true } },
    });
    api.functions.set('f', () => ({ statusCode: 200, body: 'fine' }));
    const post = async (target: string, body: string): Promise<unknown> => {
      const reply = await api.get(target, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      return [reply.status, reply.body];
    };
    t.assert.deepEqual(await post('/a?q=1', '{"name":"a","age":1}'), [200, 'fine']);
    t.assert.deepEqual(await post('/a', '{"name":"a"}'), [400, '{"message":"Missing required request parameters: [q]"}']);
    for (const wrong of [
      '{}',
      '{"name":1}',
      '{"name":"A"}',
      '{"name":"a","age":-1}',
      '{"name":"a","age":1.5}',
      '{"name":"a","b":1}',
      'x',
    ])
      t.assert.deepEqual(await post('/a?q=1', wrong), [400, '{"message":"Invalid request body"}'], wrong);
  });

  test('servers elsewhere are asked with what is mapped', async (t: TestContext) => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      seen.push([request.method, request.url, request.headers['x-mapped'], request.headers['x-other']]);
      response.writeHead(request.url?.includes('teapot') === true ? 418 : 200, { 'X-Kind': 'pot', 'Content-Type': 'text/plain' });
      response.end('served');
    }).listen(0, 'localhost');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const to = (type: string, path: string, more: object = {}): object => ({
      parameters: [{ name: 'id', in: 'path', required: true }],
      responses: { '200': { description: '', headers: { 'X-Out': { schema: { type: 'string' } } } }, '400': { description: '' } },
      'x-amazon-apigateway-integration': {
        type,
        httpMethod: 'GET',
        uri: `http://localhost:${port}${path}`,
        requestParameters: {
          'integration.request.path.id': 'method.request.path.id',
          'integration.request.header.X-Mapped': "'yes'",
        },
        ...more,
      },
    });
    await using api = await openRestApi({
      paths: {
        '/proxy/{id}': { get: to('http_proxy', '/pots/{id}') },
        '/plain/{id}': {
          get: to('http', '/pots/{id}', {
            responses: {
              default: {
                statusCode: '200',
                responseParameters: { 'method.response.header.X-Out': 'integration.response.header.X-Kind' },
              },
              '4\\d{2}': { statusCode: '400' },
            },
          }),
        },
      },
    });
    t.after(() => server.close());
    const headers = { 'X-Other': 'theirs' };
    const proxied = await api.get('/proxy/1?a=b', { headers });
    t.assert.deepEqual([proxied.status, proxied.body, proxied.headers['x-kind']], [200, 'served', 'pot']);
    const plain = await api.get('/plain/1?a=b', { headers });
    t.assert.deepEqual(
      [plain.status, plain.body, plain.headers['x-out'], plain.headers['x-kind']],
      [200, 'served', 'pot', undefined],
    );
    t.assert.equal((await api.get('/plain/teapot')).status, 400);
    t.assert.deepEqual(seen, [
      ['GET', '/pots/1?a=b', 'yes', 'theirs'],
      ['GET', '/pots/1', 'yes', undefined],
      ['GET', '/pots/teapot', 'yes', undefined],
    ]);
  });

  test('a domain name leads to a stage, below its base path', async (t: TestContext) => {
    await using api = await openRestApi({ paths: { '/a': { get: proxyTo('f') } } });
    api.functions.set('f', (event) => ({ statusCode: 200, body: `${event.path} ${event.requestContext.path}` }));
    await api.client.createDomainName({
      domainName: 'pets.example',
      regionalCertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/x',
      endpointConfiguration: { types: ['REGIONAL'] },
    });
    await api.client.createBasePathMapping({ domainName: 'pets.example', basePath: 'v1', restApiId: api.id, stage: 'prod' });
    const reply = await api.askAs('/v1/a', { headers: { Host: 'pets.example' } });
    t.assert.deepEqual([reply.status, reply.body], [200, '/a /v1/a']);
    t.assert.equal((await api.askAs('/v2/a', { headers: { Host: 'pets.example' } })).status, 403);
    // A page that points a name of its own here gets no further by a path.
    const pointed = await api.askAs(`/_mayfly/api/${api.id}/prod/a`, { headers: { Host: 'evil.example' } });
    t.assert.deepEqual([pointed.status, /does not know itself/.test(pointed.body)], [403, true]);
  });

  test('a function without proxy gets the body, and its errors choose the response', async (t: TestContext) => {
    await using api = await openRestApi({
      paths: {
        '/a': {
          post: {
            responses: { '200': { description: '' }, '404': { description: '' } },
            'x-amazon-apigateway-integration': {
              type: 'aws',
              httpMethod: 'POST',
              uri: functionUri('f'),
              responses: { default: { statusCode: '200' }, '.*not found.*': { statusCode: '404' } },
            },
          },
        },
      },
    });
    api.functions.set('f', (event) => {
      if (event.lost) throw new Error('pet not found here');
      return { got: event };
    });
    const json = { 'Content-Type': 'application/json' };
    const good = await api.get('/a', { method: 'POST', headers: json, body: '{"a":1}' });
    t.assert.deepEqual([good.status, good.json()], [200, { got: { a: 1 } }]);
    t.assert.equal((await api.get('/a', { method: 'POST', headers: json, body: '{"lost":true}' })).status, 404);
    t.assert.equal(api.calls[0]?.functionName, functionArn('f').split(':').at(-1));
  });

  test('a function may be called without waiting for it', async (t: TestContext) => {
    await using api = await openRestApi({
      paths: {
        '/a': {
          post: {
            responses: { '202': { description: '' } },
            'x-amazon-apigateway-integration': {
              type: 'aws',
              httpMethod: 'POST',
              uri: functionUri('f'),
              requestParameters: { 'integration.request.header.X-Amz-Invocation-Type': "'Event'" },
              responses: { default: { statusCode: '202' } },
            },
          },
        },
      },
    });
    const reply = await api.get('/a', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' });
    t.assert.deepEqual([reply.status, reply.body, api.calls.length], [202, '', 0]);
    t.assert.deepEqual(
      api.events.map(({ functionName, payload }) => [functionName, Buffer.from(payload).toString()]),
      [['f', '{"a":1}']],
    );
  });

  test('templates make the request and the response, and set what the integration cannot know', async (t: TestContext) => {
    const operation = (integration: object): object => ({
      parameters: [{ name: 'id', in: 'path', required: true }],
      responses: { '200': { description: '' }, '418': { description: '' } },
      'x-amazon-apigateway-integration': integration,
    });
    await using api = await openRestApi({
      paths: {
        '/f/{id}': {
          post: operation({
            type: 'aws',
            httpMethod: 'POST',
            uri: functionUri('f'),
            requestTemplates: {
              'application/json': `{"id": "$input.params('id')", "body": $input.json('$'), "stage": "$context.stage", "who": "$stageVariables.who"}`,
              'text/plain': '{"text": "$util.escapeJavaScript($input.body)"}',
            },
            passthroughBehavior: 'never',
            responses: {
              default: {
                statusCode: '200',
                responseTemplates: {
                  'application/json': `{"made": "$input.path('$.got.id')-$context.requestId"}`,
                  'application/xml': `<id>$input.path('$.got.id')</id>`,
                },
              },
            },
          }),
        },
        '/m/{id}': {
          get: operation({
            type: 'mock',
            requestTemplates: {
              'application/json': `#set($context.responseOverride.header.X-Tea = "yes")
#if($input.params('id') == '1')#set($context.responseOverride.status = 418)#end
{"statusCode": 200}`,
            },
            responses: {
              default: { statusCode: '200', responseTemplates: { 'application/json': '{"id": "$input.params(\'id\')"}' } },
            },
          }),
        },
        '/broken/{id}': {
          get: operation({
            type: 'mock',
            requestTemplates: { 'application/json': '#if(' },
            responses: { default: { statusCode: '200' } },
          }),
        },
      },
    });
    await api.deploy({ who: 'me' });
    api.functions.set('f', (event) => ({ got: event }));
    const post = (headers: Readonly<Record<string, string>>, body: string) => api.get('/f/7', { method: 'POST', headers, body });
    const json = await post({ 'Content-Type': 'application/json' }, '{"a":1}');
    t.assert.deepEqual(json.json(), { made: `7-${String(json.headers['x-amzn-requestid'])}` });
    t.assert.deepEqual(JSON.parse(Buffer.from(api.calls[0]?.payload ?? []).toString()), {
      id: '7',
      body: { a: 1 },
      stage: 'prod',
      who: 'me',
    });
    const xml = await post({ 'Content-Type': 'application/json', Accept: 'application/xml' }, '{}');
    t.assert.deepEqual([xml.headers['content-type'], xml.body], ['application/xml', '<id>7</id>']);
    await post({ 'Content-Type': 'text/plain' }, 'say "hi"');
    t.assert.deepEqual(JSON.parse(Buffer.from(api.calls[2]?.payload ?? []).toString()), { text: 'say "hi"' });
    const other = await post({ 'Content-Type': 'image/png' }, 'x');
    t.assert.deepEqual([other.status, other.body], [415, '{"message":"Unsupported Media Type"}']);
    const [tea, plain] = [await api.get('/m/1'), await api.get('/m/2')];
    t.assert.deepEqual([tea.status, tea.headers['x-tea'], tea.body], [418, 'yes', '{"id": "1"}']);
    t.assert.deepEqual([plain.status, plain.headers['x-tea'], plain.body], [200, 'yes', '{"id": "2"}']);
    const broken = await api.get('/broken/1');
    t.assert.deepEqual([broken.status, broken.body], [500, '{"message":"Internal server error"}']);
  });

  test('nothing of a request ends up where it could end a header or a line', async (t: TestContext) => {
    const mapped = { 'method.response.header.X-Out': 'method.request.querystring.q' };
    await using api = await openRestApi({
      paths: {
        '/a': {
          get: {
            responses: { '200': { description: '', headers: { 'X-Out': { schema: { type: 'string' } } } } },
            'x-amazon-apigateway-integration': {
              type: 'mock',
              requestTemplates: { 'application/json': '{"statusCode": 200}' },
              responses: { default: { statusCode: '200', responseParameters: mapped } },
            },
          },
        },
      },
      'x-amazon-apigateway-gateway-responses': {
        DEFAULT_4XX: { responseParameters: { 'gatewayresponse.header.X-Out': 'method.request.querystring.q' } },
      },
    });
    for (const target of ['/a?q=a%0d%0aSet-Cookie:%20x', '/nothing?q=a%0d%0aSet-Cookie:%20x']) {
      const reply = await api.get(target);
      t.assert.deepEqual([reply.headers['x-out'], reply.headers['set-cookie']], [undefined, undefined], target);
    }
    t.assert.equal((await api.get('/a?q=plain')).headers['x-out'], 'plain');
    for (const target of ['/%2e%2e/prod/a', '/..%2f..%2fa', '/a%00', '/%zz', '/__proto__', '/constructor'])
      t.assert.equal((await api.get(target)).status, 403, target);
  });

  test('a stage writes a line of each request, in its own format', async (t: TestContext) => {
    await using api = await openRestApi({ paths: { '/a/{id}': { get: proxyTo('f') } } });
    await api.client.updateStage({
      restApiId: api.id,
      stageName: 'prod',
      patchOperations: [
        {
          op: 'replace',
          path: '/accessLogSettings/destinationArn',
          value: 'arn:aws:logs:us-east-1:000000000000:log-group:access',
        },
        {
          op: 'replace',
          path: '/accessLogSettings/format',
          value:
            '{"requestId":"$context.requestId","extra":"$context.extendedRequestId","what":"$context.httpMethod $context.resourcePath","status":$context.status,"length":$context.responseLength,"why":"$context.error.message"}',
        },
      ],
    });
    api.functions.set('f', () => ({ statusCode: 201, body: 'made' }));
    const made = await api.get('/a/1');
    await api.get('/b');
    t.assert.deepEqual(
      api.lines.map(({ stream, message }) => [stream.logGroup, stream.logStream, JSON.parse(message)]),
      [
        {
          requestId: made.headers['x-amzn-requestid'],
          extra: made.headers['x-amz-apigw-id'],
          what: 'GET /a/{id}',
          status: 201,
          length: 4,
          why: '-',
        },
        undefined,
      ].map((line, at) => [
        'access',
        `${api.id}/prod`,
        line ?? {
          ...(JSON.parse(api.lines[at]?.message ?? '') as object),
          what: 'GET -',
          status: 403,
          why: 'Missing Authentication Token',
        },
      ]),
    );
  });
});
