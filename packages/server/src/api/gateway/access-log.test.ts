import { suite, test, type TestContext } from 'node:test';
import { functionArn } from '../../../../../test/kit/gateway.ts';
import { openApi } from '../../../../../test/kit/http-api.ts';

const destination = 'arn:aws:logs:us-east-1:000000000000:log-group:/shop/access';

/** An API whose stage writes lines in this format. */
async function logged(Format: string) {
  const api = await openApi();
  api.functions.set('f', () => ({ statusCode: 201, body: 'made' }));
  await api.client.updateStage({
    ApiId: api.id,
    StageName: '$default',
    AccessLogSettings: { DestinationArn: `${destination}:*`, Format },
  });
  return api;
}

suite('access logs of HTTP APIs, wanted by the real SDK client', { timeout: 60_000 }, () => {
  test('a line of each request goes to the log group, in the common log format', async (t: TestContext) => {
    await using api = await logged(
      '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" $context.status $context.responseLength $context.requestId',
    );
    await api.route('GET /a', await api.integrate('f'));
    const { headers } = await api.get('/a');
    const { headers: other } = await api.get('/none');
    const [served, missed] = api.lines;
    t.assert.deepEqual(served?.stream, {
      account: '000000000000',
      region: 'us-east-1',
      logGroup: '/shop/access',
      logStream: `${api.id}/$default`,
    });
    const time = String.raw`127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\]`;
    t.assert.match(served?.message ?? '', new RegExp(`^${time} "GET GET /a HTTP/1.1" 201 4 ${headers['apigw-requestid']}$`));
    t.assert.match(missed?.message ?? '', new RegExp(`^${time} "GET - HTTP/1.1" 404 23 ${other['apigw-requestid']}$`));
  });

  test('a line in JSON stays one, whatever a client says', async (t: TestContext) => {
    await using api = await logged(
      '{"id":"$context.requestId","agent":"$context.identity.userAgent","path":"$context.path","unknown":"$context.integration.unknown"}',
    );
    await api.route('$default', await api.integrate('f'));
    await api.get('/a%22%0a', { headers: { 'User-Agent': 'me", "id": "forged' } });
    const { id: _id, ...line } = JSON.parse(api.lines[0]?.message ?? '');
    t.assert.deepEqual(line, { agent: 'me", "id": "forged', path: '/a%22%0a', unknown: '-' });
  });

  test('a line tells what the authorizer, the integration and the gateway itself said', async (t: TestContext) => {
    await using api = await logged(
      '$context.requestId|$context.authorizer.user|$context.integrationStatus|$context.integrationErrorMessage|$context.error.responseType|$context.error.messageString|$context.stage',
    );
    api.functions.set('f', () => Promise.reject(new Error('broken')));
    api.functions.set('who', ({ headers }) => ({ isAuthorized: headers['x-door'] === 'open', context: { user: 'ann' } }));
    const { AuthorizerId: authorizer } = await api.client.createAuthorizer({
      ApiId: api.id,
      Name: 'who',
      AuthorizerType: 'REQUEST',
      AuthorizerUri: functionArn('who'),
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: true,
      IdentitySource: ['$request.header.x-door'],
    });
    await api.route('GET /a', await api.integrate('f'), { AuthorizationType: 'CUSTOM', AuthorizerId: authorizer });
    await api.get('/a', { headers: { 'X-Door': 'open' } });
    await api.get('/a', { headers: { 'X-Door': 'shut' } });
    await api.get('/a');
    t.assert.deepEqual(
      api.lines.map(({ message }) => message.replace(/^[^|]+\|/, '')),
      [
        'ann|500|The function failed.|INTEGRATION_FAILURE|"Internal Server Error"|$default',
        '-|-|-|ACCESS_DENIED|"Forbidden"|$default',
        '-|-|-|UNAUTHORIZED|"Unauthorized"|$default',
      ],
    );
  });

  test('nothing is written when the settings are gone', async (t: TestContext) => {
    await using api = await logged('$context.requestId');
    await api.route('$default', await api.integrate('f'));
    await api.get('/a');
    await api.client.deleteAccessLogSettings({ ApiId: api.id, StageName: '$default' });
    await api.get('/a');
    t.assert.equal(api.lines.length, 1);
  });

  test('nobody logs into groups of another account, or without saying which request it was', async (t: TestContext) => {
    await using api = await openApi();
    const wanted = (DestinationArn: string, Format = '$context.requestId') =>
      api.client.createStage({ ApiId: api.id, StageName: 'prod', AccessLogSettings: { DestinationArn, Format } });
    for (const arn of [
      'logs',
      destination.replace('000000000000', '111111111111'),
      destination.replace('us-east-1', 'eu-west-1'),
      'arn:aws:sqs:us-east-1:000000000000:q',
    ])
      await t.assert.rejects(wanted(arn), { name: 'BadRequestException' }, arn);
    await t.assert.rejects(wanted(destination, '$context.status'), { name: 'BadRequestException' });
    await t.assert.rejects(wanted('arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x'), {
      name: 'NotImplementedException',
    });
  });
});
