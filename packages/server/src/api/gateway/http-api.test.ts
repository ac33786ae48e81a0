import * as sdk from '@aws-sdk/client-apigatewayv2';
import { createServer } from 'node:http';
import { generateKeyPairSync, sign } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { ServiceFault } from '@mayfly/wire';
import { functionArn, openGateway } from '../../../../../test/kit/gateway.ts';
import { openApi } from '../../../../../test/kit/http-api.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';

suite('HTTP APIs, made by the real SDK client', { timeout: 60_000 }, () => {
  test('a quick one is there with its function, by name and by path', async (t: TestContext) => {
    await using api = await openApi({ api: { Target: functionArn('f') } });
    api.functions.set('f', (event) => ({ path: event['rawPath'], key: event['routeKey'] }));
    t.assert.deepEqual((await api.get('/a/b?q=1')).json(), { path: '/a/b', key: '$default' });
    t.assert.deepEqual(await (await fetch(`${api.endpoint}/a/b`)).json(), { path: '/a/b', key: '$default' });
    t.assert.match(api.endpoint, new RegExp(`/_mayfly/api/${api.id}$`));
  });

  test('an event has everything of a request, in payload format 2.0', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => event);
    await api.route('POST /pets/{id}/{rest+}', await api.integrate('f'));
    await api.client.updateStage({ ApiId: api.id, StageName: '$default', StageVariables: { colour: 'red' } });
    const reply = await api.get('/pets/a%20b/c/d?x=1&x=2&y=%26', {
      method: 'POST',
      headers: { Cookie: 'a=1; b=2', 'X-One': ['1', '2'], 'Content-Type': 'application/json', 'User-Agent': 'me' },
      body: '{"a":1}',
    });
    const { headers, requestContext, ...event } = reply.json();
    t.assert.deepEqual(event, {
      version: '2.0',
      routeKey: 'POST /pets/{id}/{rest+}',
      rawPath: '/pets/a b/c/d',
      rawQueryString: 'x=1&x=2&y=%26',
      cookies: ['a=1', 'b=2'],
      queryStringParameters: { x: '1,2', y: '&' },
      pathParameters: { id: 'a b', rest: 'c/d' },
      stageVariables: { colour: 'red' },
      body: '{"a":1}',
      isBase64Encoded: false,
    });
    t.assert.deepEqual([headers['x-one'], headers['cookie'], headers['x-forwarded-proto']], ['1,2', undefined, 'https']);
    const { apiId, accountId, stage, http, domainPrefix, routeKey } = requestContext;
    t.assert.deepEqual(
      { apiId, accountId, stage, http, domainPrefix, routeKey },
      {
        apiId: api.id,
        accountId: '000000000000',
        stage: '$default',
        http: { method: 'POST', path: '/pets/a b/c/d', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'me' },
        domainPrefix: api.id,
        routeKey: 'POST /pets/{id}/{rest+}',
      },
    );
  });

  test('the older payload format has every value, and a binary body is base64', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => ({ statusCode: 200, body: JSON.stringify(event) }));
    await api.route('ANY /{all+}', await api.integrate('f', { PayloadFormatVersion: '1.0' }));
    const reply = await api.get('/x?a=1&a=2', { method: 'PUT', headers: { 'Content-Type': 'image/png' }, body: 'png' });
    const event = reply.json();
    t.assert.deepEqual(
      [
        event.version,
        event.resource,
        event.path,
        event.httpMethod,
        event.queryStringParameters,
        event.multiValueQueryStringParameters,
      ],
      ['1.0', '/{all+}', '/x', 'PUT', { a: '2' }, { a: ['1', '2'] }],
    );
    t.assert.deepEqual([event.body, event.isBase64Encoded], [Buffer.from('png').toString('base64'), true]);
    t.assert.equal(event.multiValueHeaders['Content-Type'][0], 'image/png');
  });

  test('the most specific route wins', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => ({ key: event['routeKey'] }));
    const integration = await api.integrate('f');
    const keys = ['GET /pets/dog/1', 'GET /pets/dog/{id}', 'GET /pets/{proxy+}', 'ANY /{proxy+}', 'ANY /pets/dog/{id}'];
    for (const key of keys) await api.route(key, integration);
    const chosen = async (method: string, path: string): Promise<unknown> => (await api.get(path, { method })).json().key;
    t.assert.equal(await chosen('GET', '/pets/dog/1'), 'GET /pets/dog/1');
    t.assert.equal(await chosen('GET', '/pets/dog/2'), 'GET /pets/dog/{id}');
    t.assert.equal(await chosen('POST', '/pets/dog/2'), 'ANY /pets/dog/{id}');
    t.assert.equal(await chosen('GET', '/pets/cat/1'), 'GET /pets/{proxy+}');
    t.assert.equal(await chosen('POST', '/test/5'), 'ANY /{proxy+}');
    const none = await api.get('/');
    t.assert.deepEqual([none.status, none.json()], [404, { message: 'Not Found' }]);
    await api.route('$default', integration);
    t.assert.equal(await chosen('GET', '/'), '$default');
  });

  test('a stage with a name is the first part of the path, and serves what was deployed', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => ({ raw: event['rawPath'], stage: event['requestContext']['stage'] }));
    const { RouteId: routeId } = await api.route('GET /a', await api.integrate('f'));
    await api.client.createStage({ ApiId: api.id, StageName: 'prod' });
    t.assert.equal((await api.get('/prod/a')).status, 404);
    await api.client.createDeployment({ ApiId: api.id, StageName: 'prod' });
    t.assert.deepEqual((await api.get('/prod/a')).json(), { raw: '/prod/a', stage: 'prod' });
    await api.client.updateRoute({ ApiId: api.id, RouteId: routeId, RouteKey: 'GET /b' });
    t.assert.deepEqual((await api.get('/b')).json(), { raw: '/b', stage: '$default' });
    t.assert.deepEqual([(await api.get('/prod/a')).status, (await api.get('/prod/b')).status], [200, 404]);
  });

  const answers: readonly (readonly [title: string, returned: unknown, status: number, type: string, body: string])[] = [
    ['an object', { a: 1 }, 200, 'application/json', '{"a":1}'],
    ['a text', 'hello', 200, 'application/json', 'hello'],
    ['a status without a type', { statusCode: 201, body: 'x' }, 201, 'text/plain;charset=UTF-8', 'x'],
    [
      'a binary body',
      { statusCode: 200, headers: { 'content-type': 'text/html' }, body: 'aGk=', isBase64Encoded: true },
      200,
      'text/html',
      'hi',
    ],
    ['a status that is none', { statusCode: 9999 }, 500, 'application/json', '{"message":"Internal Server Error"}'],
    [
      'a header that breaks out',
      { statusCode: 200, headers: { a: 'b\r\nc: d' } },
      500,
      'application/json',
      '{"message":"Internal Server Error"}',
    ],
  ];
  for (const [title, returned, status, type, body] of answers) {
    test(`a function that returns ${title} is answered with ${status}`, async (t: TestContext) => {
      await using api = await openApi({ api: { Target: functionArn('f') } });
      api.functions.set('f', () => returned);
      const reply = await api.get('/');
      t.assert.deepEqual([reply.status, reply.headers['content-type'], reply.body], [status, type, body]);
    });
  }

  test('cookies go their own way, and a function that throws is a 500', async (t: TestContext) => {
    await using api = await openApi({ api: { Target: functionArn('f') } });
    api.functions.set('f', () => ({ statusCode: 302, headers: { Location: '/there' }, cookies: ['a=1; Path=/', 'b=2'] }));
    const reply = await api.askAs(`/_mayfly/api/${api.id}/`);
    t.assert.deepEqual(reply.headers['set-cookie'], ['a=1; Path=/', 'b=2']);
    t.assert.equal(reply.headers['location'], `/_mayfly/api/${api.id}/there`);
    api.functions.set('f', () => {
      throw new Error('no');
    });
    const failed = await api.get('/');
    t.assert.deepEqual([failed.status, failed.json()], [500, { message: 'Internal Server Error' }]);
  });

  test('a function that takes too long is given up on', async (t: TestContext) => {
    await using api = await openApi();
    const { promise, resolve } = Promise.withResolvers<void>();
    api.functions.set('f', () => promise);
    await api.route('$default', await api.integrate('f', { TimeoutInMillis: 50 }));
    const reply = await api.get('/');
    t.assert.deepEqual([reply.status, reply.json()], [503, { message: 'Service Unavailable' }]);
    resolve();
  });

  test("a function is asked whether it lets the route in, by the route's ARN", async (t: TestContext) => {
    const asked: string[] = [];
    await using api = await openApi({
      admit(sourceArn) {
        asked.push(sourceArn);
        return sourceArn.endsWith('/GET/ok/{id}') ? undefined : new ServiceFault('AccessDeniedException', 'no', { status: 403 });
      },
    });
    api.functions.set('f', () => 'in');
    const integration = await api.integrate('f');
    for (const key of ['GET /ok/{id}', '$default']) await api.route(key, integration);
    t.assert.equal((await api.get('/ok/1')).body, 'in');
    const refused = await api.get('/else');
    t.assert.deepEqual([refused.status, refused.json()], [500, { message: 'Internal Server Error' }]);
    const prefix = `arn:aws:execute-api:us-east-1:000000000000:${api.id}/$default`;
    t.assert.deepEqual(asked, [`${prefix}/GET/ok/{id}`, `${prefix}/$default`]);
  });

  test('configured CORS answers preflights and has the last word', async (t: TestContext) => {
    const cors = { AllowOrigins: ['https://a.example'], AllowMethods: ['POST'], AllowHeaders: ['x-one'], MaxAge: 60 };
    await using api = await openApi({ api: { Target: functionArn('f'), CorsConfiguration: cors } });
    api.functions.set('f', () => ({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' }, body: '' }));
    const preflight = await api.get('/', {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://a.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'x-one',
      },
    });
    t.assert.deepEqual(
      [preflight.status, preflight.headers['access-control-allow-methods'], preflight.headers['access-control-max-age']],
      [204, 'POST', '60'],
    );
    t.assert.equal(api.calls.length, 0);
    const own = await api.get('/', { headers: { Origin: 'https://a.example' } });
    t.assert.equal(own.headers['access-control-allow-origin'], 'https://a.example');
    const other = await api.get('/', { headers: { Origin: 'https://b.example' } });
    t.assert.notEqual(other.headers['access-control-allow-origin'], 'https://a.example');
    await t.assert.rejects(
      api.client.updateApi({ ApiId: api.id, CorsConfiguration: { AllowOrigins: ['*'], AllowCredentials: true } }),
      { name: 'BadRequestException' },
    );
  });

  test('a Lambda authorizer decides, simply or by a policy, and is asked once for as long as it says', async (t: TestContext) => {
    await using api = await openApi();
    let asked = 0;
    api.functions.set('simple', (event) => {
      asked += 1;
      return { isAuthorized: event['identitySource'][0] === 'good', context: { who: 'me' } };
    });
    api.functions.set('policy', (event) => ({
      principalId: 'p',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: event['routeArn'].replace('/open', '/o*') }],
      },
    }));
    api.functions.set('f', (event) => event['requestContext']['authorizer']);
    const integration = await api.integrate('f');
    const guard = async (name: string, key: string, more: Partial<sdk.CreateAuthorizerCommandInput>): Promise<void> => {
      const { AuthorizerId: id } = await api.client.createAuthorizer({
        ApiId: api.id,
        Name: name,
        AuthorizerType: 'REQUEST',
        AuthorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn(name)}/invocations`,
        AuthorizerPayloadFormatVersion: '2.0',
        IdentitySource: ['$request.header.Authorization'],
        ...more,
      });
      await api.route(key, integration, { AuthorizationType: 'CUSTOM', AuthorizerId: id });
    };
    await guard('simple', 'GET /simple', { EnableSimpleResponses: true, AuthorizerResultTtlInSeconds: 60 });
    await guard('policy', 'GET /{any}', {});
    for (let times = 0; times < 3; times += 1) {
      const reply = await api.get('/simple', { headers: { Authorization: 'good' } });
      t.assert.deepEqual(reply.json(), { lambda: { who: 'me' } });
    }
    t.assert.equal(asked, 1);
    const denied = await api.get('/simple', { headers: { Authorization: 'bad' } });
    t.assert.deepEqual([denied.status, denied.json()], [403, { message: 'Forbidden' }]);
    const silent = await api.get('/simple');
    t.assert.deepEqual([silent.status, silent.json()], [401, { message: 'Unauthorized' }]);
    t.assert.equal((await api.get('/open', { headers: { Authorization: 'x' } })).status, 200);
    api.functions.set('policy', () => ({ principalId: 'p', policyDocument: { Statement: [] } }));
    t.assert.equal((await api.get('/open', { headers: { Authorization: 'x' } })).status, 403);
    api.functions.set('policy', () => 'nonsense');
    t.assert.equal((await api.get('/open', { headers: { Authorization: 'x' } })).status, 500);
  });

  test("a JWT authorizer takes what its issuer signed, for it, now, and for the route's scopes", async (t: TestContext) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
    let issuer = '';
    const server = createServer((request, response) => {
      response.setHeader('Content-Type', 'application/json');
      if (request.url === '/.well-known/openid-configuration') response.end(JSON.stringify({ jwks_uri: `${issuer}/keys` }));
      else response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await using _server = { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const nowS = Math.floor(Date.now() / 1000);
    const base = { iss: issuer, aud: 'app', exp: nowS + 60, scope: 'read write', list: ['a', 'b'] };
    const token = (claims: object, header: object = { alg: 'RS256', kid: 'k1' }, key = privateKey): string => {
      const text = [header, claims].map((each) => Buffer.from(JSON.stringify(each)).toString('base64url')).join('.');
      return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
    };
    await using api = await openApi();
    api.functions.set('f', (event) => event['requestContext']['authorizer']);
    const { AuthorizerId: id } = await api.client.createAuthorizer({
      ApiId: api.id,
      Name: 'jwt',
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: issuer, Audience: ['app'] },
    });
    const integration = await api.integrate('f');
    await api.route('GET /a', integration, { AuthorizationType: 'JWT', AuthorizerId: id });
    await api.route('GET /b', integration, { AuthorizationType: 'JWT', AuthorizerId: id, AuthorizationScopes: ['admin'] });
    const status = async (path: string, text?: string): Promise<number> =>
      (await api.get(path, text === undefined ? {} : { headers: { Authorization: `Bearer ${text}` } })).status;
    const reply = await api.get('/a', { headers: { Authorization: `Bearer ${token(base)}` } });
    t.assert.deepEqual(reply.json(), {
      jwt: { claims: { ...base, exp: String(base.exp), list: '[a b]' }, scopes: null },
    });
    t.assert.equal(await status('/a'), 401);
    t.assert.equal(await status('/a', 'no.token.here'), 401);
    t.assert.equal(await status('/a', token(base, undefined, stranger.privateKey)), 401);
    t.assert.equal(await status('/a', token(base, { alg: 'none', kid: 'k1' })), 401);
    t.assert.equal(await status('/a', token({ ...base, aud: 'other' })), 401);
    t.assert.equal(await status('/a', token({ ...base, exp: nowS - 60 })), 401);
    t.assert.equal(await status('/a', token({ ...base, nbf: nowS + 600 })), 401);
    t.assert.equal(await status('/a', token({ ...base, iss: 'https://else.example' })), 401);
    t.assert.equal(await status('/b', token(base)), 403);
    t.assert.equal(await status('/b', token({ ...base, scope: 'admin' })), 200);
  });

  test('a signed route wants a signature and tells the function who made it', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => event['requestContext']['authorizer']['iam']['accountId']);
    await api.route('GET /', await api.integrate('f'), { AuthorizationType: 'AWS_IAM' });
    const unsigned = await api.get('/');
    t.assert.deepEqual([unsigned.status, unsigned.json()], [403, { message: 'Forbidden' }]);
    const scope = '111122223333/20261125/us-east-1/execute-api/aws4_request';
    const signed = await api.get('/', {
      headers: { Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00` },
    });
    t.assert.equal(signed.body, '111122223333');
  });

  test('a request is handed on to a server elsewhere, with its query, and its answer back', async (t: TestContext) => {
    const server = createServer((request, response) => {
      response.setHeader('X-Path', request.url ?? '');
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.statusCode = 418;
      request.pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await using _server = { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/{rest}`;
    await using api = await openApi();
    const made = await api.client.createIntegration({
      ApiId: api.id,
      IntegrationType: 'HTTP_PROXY',
      IntegrationMethod: 'ANY',
      IntegrationUri: uri,
    });
    await api.route('ANY /{rest+}', made.IntegrationId ?? '');
    const reply = await api.get('/a%20b/c?x=1', { method: 'POST', body: 'hello' });
    t.assert.deepEqual([reply.status, reply.body, reply.headers['x-path']], [418, 'hello', '/base/a%20b/c?x=1']);
    t.assert.deepEqual(reply.headers['set-cookie'], ['a=1', 'b=2']);
  });

  test('a domain name of its owner leads to the API, by the longest key', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => event['rawPath']);
    await api.route('ANY /{rest+}', await api.integrate('f'));
    const stranger = await api.askAs('/v1/a', { headers: { Host: 'api.example.com' } });
    t.assert.equal(stranger.status, 403);
    await api.client.createDomainName({ DomainName: 'api.example.com' });
    await api.client.createApiMapping({ DomainName: 'api.example.com', ApiId: api.id, Stage: '$default', ApiMappingKey: 'v1' });
    t.assert.equal((await api.askAs('/v1/a', { headers: { Host: 'api.example.com:4566' } })).body, '/a');
    const nowhere = await api.askAs('/v2/a', { headers: { Host: 'api.example.com' } });
    t.assert.deepEqual([nowhere.status, nowhere.json()], [403, { message: 'Forbidden' }]);
    await api.client.updateApi({ ApiId: api.id, DisableExecuteApiEndpoint: true });
    t.assert.equal((await api.get('/a')).status, 404);
    t.assert.equal((await api.askAs('/v1/a', { headers: { Host: 'api.example.com' } })).status, 200);
  });

  test('hostile targets are answered, and none leads out of its API', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => ({ statusCode: 200, body: String(event['rawPath']) }));
    await api.route('ANY /{rest+}', await api.integrate('f'));
    const targets: [string, number][] = [
      ['/../../etc/passwd', 200],
      ['/%', 200],
      ['/a/%2e%2e/b', 200],
      ['//a', 200],
      ['/__proto__', 200],
      ['/a?__proto__=1&constructor=2', 200],
      ['/$default/a', 200],
    ];
    for (const [target, status] of targets) t.assert.equal((await api.get(target)).status, status, target);
    for (const id of ['__proto__', 'constructor', '..', '', 'a'.repeat(500)])
      t.assert.equal((await api.askAs(`/_mayfly/api/${id}/x`)).status, 403, id);
    const long = await api.get('/a', { method: 'POST', body: Buffer.alloc(10_485_761) });
    t.assert.deepEqual([long.status, long.json()], [413, { message: 'Request Entity Too Large' }]);
  });

  test('an answer of an authorizer that tells routes apart is kept for each of them', async (t: TestContext) => {
    await using api = await openApi();
    let asked = 0;
    api.functions.set('who', ({ identitySource }) => ({ isAuthorized: true, context: { asked: (asked += 1), identitySource } }));
    api.functions.set('f', (event) => event['requestContext']['authorizer']['lambda']);
    const { AuthorizerId: authorizer } = await api.client.createAuthorizer({
      ApiId: api.id,
      Name: 'who',
      AuthorizerType: 'REQUEST',
      AuthorizerUri: functionArn('who'),
      AuthorizerPayloadFormatVersion: '2.0',
      AuthorizerResultTtlInSeconds: 60,
      EnableSimpleResponses: true,
      IdentitySource: ['$request.header.X-Me', '$context.routeKey'],
    });
    const integration = await api.integrate('f');
    for (const key of ['GET /a', 'GET /b'])
      await api.route(key, integration, { AuthorizationType: 'CUSTOM', AuthorizerId: authorizer });
    const ask = async (path: string) => (await api.get(path, { headers: { 'x-me': 'ann' } })).json();
    t.assert.deepEqual(await ask('/a'), { asked: 1, identitySource: ['ann', 'GET /a'] });
    t.assert.deepEqual(await ask('/b'), { asked: 2, identitySource: ['ann', 'GET /b'] });
    t.assert.deepEqual(await ask('/a'), { asked: 1, identitySource: ['ann', 'GET /a'] });
    await t.assert.rejects(
      api.client.updateAuthorizer({ ApiId: api.id, AuthorizerId: authorizer, IdentitySource: ['method.request.header.A'] }),
      { name: 'BadRequestException', message: 'Invalid identity source expression specified: method.request.header.A' },
    );
  });

  test('a route takes what its stage lets it take, and more as time goes by', async (t: TestContext) => {
    const clock = new VirtualClock();
    await using api = await openApi({ clock });
    api.functions.set('f', () => 'here');
    const integration = await api.integrate('f');
    for (const key of ['GET /a', 'GET /b', 'GET /shut']) await api.route(key, integration);
    await api.client.updateStage({
      ApiId: api.id,
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingBurstLimit: 1, ThrottlingRateLimit: 1 },
      RouteSettings: {
        'GET /b': { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 0.5 },
        'GET /shut': { ThrottlingBurstLimit: 0, ThrottlingRateLimit: 0 },
      },
    });
    const statuses = async (path: string, count: number): Promise<number[]> => {
      const found: number[] = [];
      for (let at = 0; at < count; at += 1) found.push((await api.get(path)).status);
      return found;
    };
    t.assert.deepEqual(
      [await statuses('/a', 2), await statuses('/b', 3), await statuses('/shut', 1)],
      [[200, 429], [200, 200, 429], [429]],
    );
    t.assert.deepEqual((await api.get('/a')).json(), { message: 'Too Many Requests' });
    await clock.advance(1_000);
    t.assert.deepEqual([await statuses('/a', 2), await statuses('/b', 1)], [[200, 429], [429]]);
    await clock.advance(1_000);
    t.assert.deepEqual([await statuses('/b', 2), await statuses('/shut', 1)], [[200, 429], [429]]);
  });

  test('what was made is there after a restart', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    let id = '';
    {
      await using api = await openApi({ file, api: { Target: functionArn('f') } });
      ({ id } = api);
    }
    await using gateway = await openGateway({ file });
    gateway.functions.set('f', () => 'still here');
    t.assert.equal((await gateway.ask(id, '/')).body, 'still here');
  });

  test('what cannot be is refused in the words of the service', async (t: TestContext) => {
    await using api = await openApi();
    const { client, id } = api;
    await t.assert.rejects(client.getApi({ ApiId: 'none' }), {
      name: 'NotFoundException',
      message: 'Invalid API identifier specified 000000000000:none',
    });
    await t.assert.rejects(client.createApi({ Name: 'w', ProtocolType: 'WEBSOCKET' }), {
      message: 'Mayfly does not have WebSocket APIs yet.',
    });
    for (const key of ['GET', 'GET pets', '/pets', 'FETCH /a', 'GET /{a+}/b', 'GET /{a}/{a}', 'GET /x{a}'])
      await t.assert.rejects(client.createRoute({ ApiId: id, RouteKey: key }), { name: 'BadRequestException' }, key);
    const integration = await api.integrate('f');
    await api.route('GET /a', integration);
    await t.assert.rejects(api.route('GET /a', integration), { name: 'ConflictException' });
    await t.assert.rejects(client.deleteIntegration({ ApiId: id, IntegrationId: integration }), { name: 'ConflictException' });
    await t.assert.rejects(client.createIntegration({ ApiId: id, IntegrationType: 'MOCK' }), { name: 'BadRequestException' });
    const routes = await client.getRoutes({ ApiId: id, MaxResults: '1' });
    t.assert.equal(routes.Items?.length, 1);
    await client.tagResource({ ResourceArn: `arn:aws:apigateway:us-east-1::/apis/${id}`, Tags: { a: '1', b: '2' } });
    await client.untagResource({ ResourceArn: `arn:aws:apigateway:us-east-1::/apis/${id}`, TagKeys: ['a'] });
    t.assert.deepEqual((await client.getTags({ ResourceArn: `arn:aws:apigateway:us-east-1::/apis/${id}` })).Tags, { b: '2' });
    t.assert.ok((await client.getApi({ ApiId: id })).CreatedDate instanceof Date);
    await client.deleteApi({ ApiId: id });
    t.assert.equal((await api.get('/a')).status, 403);
  });
});
