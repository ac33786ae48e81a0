import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { functionArn } from '../../../../../test/kit/gateway.ts';
import { openApi } from '../../../../../test/kit/http-api.ts';

/** A server that tells what it was asked, and answers as it is told to. */
async function upstream(answer: { status?: number; headers?: Record<string, string | string[]>; body?: string } = {}) {
  const server = createServer((request, response) => {
    const { url, headers, method } = request;
    response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json', ...answer.headers });
    response.end(answer.body ?? JSON.stringify({ url, headers, method }));
    request.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

suite('parameter mappings of HTTP APIs, made by the real SDK client', { timeout: 60_000 }, () => {
  test('a server behind gets headers, query and path as they are mapped', async (t: TestContext) => {
    await using api = await openApi();
    await using behind = await upstream();
    const integration = await api.integrate('', {
      IntegrationType: 'HTTP_PROXY',
      IntegrationMethod: 'ANY',
      IntegrationUri: `${behind.url}/original`,
      PayloadFormatVersion: '1.0',
      RequestParameters: {
        'append:header.x-list': 'b',
        'overwrite:header.x-id': '$request.path.id',
        'overwrite:header.x-both': '${stageVariables.colour}-${context.httpMethod}-${request.querystring.q}',
        'remove:header.x-secret': "''",
        'overwrite:header.x-user': '$request.header.x-nobody',
        'append:querystring.q': '$request.body.names[1]',
        'remove:querystring.gone': "''",
        'overwrite:querystring.whole': '$request.body',
        'overwrite:path': '/v2$x/${request.path.id}',
      },
    });
    await api.route('POST /pets/{id}', integration);
    await api.client.updateStage({ ApiId: api.id, StageName: '$default', StageVariables: { colour: 'red' } });
    const body = '{"names":["a","b & c"]}';
    const reply = await api.get('/pets/7?q=1&gone=2', {
      method: 'POST',
      headers: { 'X-List': 'a', 'X-Secret': 's', 'X-User': 'forged' },
      body,
    });
    const { url, headers } = reply.json();
    const [path, query] = String(url).split('?');
    t.assert.equal(path, '/v2$x/7');
    t.assert.deepEqual(
      [...new URLSearchParams(query)],
      [
        ['q', '1'],
        ['q', 'b & c'],
        ['whole', body],
      ],
    );
    t.assert.deepEqual(
      [headers['x-list'], headers['x-id'], headers['x-both'], headers['x-secret'], headers['x-user']],
      ['a, b', '7', 'red-POST-1', undefined, undefined],
    );
  });

  test('a function gets the mapped request, and knows who its caller is by what an authorizer said', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => event);
    api.functions.set('who', () => ({ isAuthorized: true, context: { user: 'ann', level: 3 } }));
    const { AuthorizerId: authorizer } = await api.client.createAuthorizer({
      ApiId: api.id,
      Name: 'who',
      AuthorizerType: 'REQUEST',
      AuthorizerUri: functionArn('who'),
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: true,
      IdentitySource: [],
    });
    const integration = await api.integrate('f', {
      RequestParameters: {
        'overwrite:header.x-user': '$context.authorizer.user',
        'overwrite:header.x-level': '$context.authorizer.level',
        'overwrite:header.x-route': '$context.routeKey',
        'overwrite:querystring.q': 'fixed',
      },
    });
    await api.route('GET /a', integration, { AuthorizationType: 'CUSTOM', AuthorizerId: authorizer });
    const event = (await api.get('/a?q=1', { headers: { 'x-user': 'forged' } })).json();
    t.assert.deepEqual(
      [event.headers['x-user'], event.headers['x-level'], event.headers['x-route'], event.queryStringParameters],
      ['ann', '3', 'GET /a', { q: 'fixed' }],
    );
  });

  test('an answer is mapped by its status', async (t: TestContext) => {
    await using api = await openApi();
    await using behind = await upstream({
      status: 404,
      headers: { 'X-Old': 'old', 'X-Kept': 'kept', 'X-More': '1' },
      body: '{"why":{"code":7}}',
    });
    const integration = await api.integrate('', {
      IntegrationType: 'HTTP_PROXY',
      IntegrationMethod: 'GET',
      IntegrationUri: behind.url,
      PayloadFormatVersion: '1.0',
      ResponseParameters: {
        404: {
          'overwrite:statuscode': '410',
          'overwrite:header.x-code': '$response.body.why.code',
          'overwrite:header.x-was': 'was ${response.header.x-old}',
          'remove:header.x-old': "''",
          'append:header.x-more': '2',
          'overwrite:header.x-request': '$context.requestId',
        },
        200: { 'overwrite:statuscode': '500' },
      },
    });
    await api.route('GET /a', integration);
    const { status, headers } = await api.get('/a');
    t.assert.deepEqual(
      [status, headers['x-code'], headers['x-was'], headers['x-old'], headers['x-kept'], headers['x-more'], headers['x-request']],
      [410, '7', 'was old', undefined, 'kept', '1,2', headers['apigw-requestid']],
    );
  });

  test('what stands in a request cannot break a header', async (t: TestContext) => {
    await using api = await openApi();
    await using behind = await upstream();
    const mapped = { 'overwrite:header.x-q': '$request.querystring.q', 'overwrite:header.x-b': '$request.body.b' };
    const integration = await api.integrate('', {
      IntegrationType: 'HTTP_PROXY',
      IntegrationMethod: 'POST',
      IntegrationUri: behind.url,
      PayloadFormatVersion: '1.0',
      RequestParameters: mapped,
      ResponseParameters: { 200: { 'overwrite:header.x-q': '$context.authorizer.x' } },
    });
    await api.route('POST /a', integration);
    const reply = await api.get('/a?q=1%0d%0aX-Bad:%201', { method: 'POST', body: '{"b":"1\\u0000\\u20ac"}' });
    t.assert.equal(reply.status, 200);
    const { headers } = reply.json();
    t.assert.deepEqual([headers['x-q'], headers['x-b'], headers['x-bad']], [undefined, undefined, undefined]);
  });

  test('parameters are merged by an update, and go when they are set to nothing', async (t: TestContext) => {
    await using api = await openApi();
    api.functions.set('f', (event) => event);
    const IntegrationId = await api.integrate('f', {
      RequestParameters: { 'overwrite:header.a': '1', 'overwrite:header.b': '2' },
      ResponseParameters: { 200: { 'overwrite:header.c': '3' }, 500: { 'overwrite:statuscode': '501' } },
    });
    const after = await api.client.updateIntegration({
      ApiId: api.id,
      IntegrationId,
      RequestParameters: { 'overwrite:header.a': '', 'overwrite:header.d': '4' },
      ResponseParameters: { 500: {} },
    });
    t.assert.deepEqual(after.RequestParameters, { 'overwrite:header.b': '2', 'overwrite:header.d': '4' });
    t.assert.deepEqual(after.ResponseParameters, { 200: { 'overwrite:header.c': '3' } });
  });

  for (const [name, mappings, message] of [
    [
      'a reserved header',
      { RequestParameters: { 'overwrite:header.Authorization': 'x' } },
      'Operations on header authorization are restricted',
    ],
    [
      'a header of AWS',
      { ResponseParameters: { 200: { 'remove:header.x-amz-id': "''" } } },
      'Operations on header x-amz-id are restricted',
    ],
    [
      'a path that is appended',
      { RequestParameters: { 'append:path': '/a' } },
      'Invalid mapping expression specified: append:path',
    ],
    ['a status that is none', { ResponseParameters: { ok: {} } }, 'Invalid status code specified for response parameters: ok'],
    [
      'an answer in a request',
      { RequestParameters: { 'overwrite:header.a': '$response.header.b' } },
      'Invalid mapping expression specified: $response.header.b',
    ],
    [
      'a selection of nothing',
      { RequestParameters: { 'overwrite:header.a': 'x${request.}' } },
      'Invalid mapping expression specified: x${request.}',
    ],
    [
      'a filter in a path',
      { RequestParameters: { 'overwrite:header.a': '$request.body..b' } },
      'Invalid mapping expression specified: $request.body..b',
    ],
  ] as const)
    test(`${name} is refused`, async (t: TestContext) => {
      await using api = await openApi();
      await t.assert.rejects(api.integrate('f', mappings), { name: 'BadRequestException', message });
    });
});
