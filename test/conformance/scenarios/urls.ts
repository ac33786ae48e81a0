import { created, echo, fixture } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';

const FunctionName = 'fn';
const node = (body: string): { files: Record<string, string>; Handler: string; Runtime: 'nodejs24.x' } => ({
  files: { 'index.js': `exports.handler = ${body};\n` },
  Handler: 'index.handler',
  Runtime: 'nodejs24.x',
});

const paging: Scenario = async (stage) => {
  const { api } = stage;
  const options = {
    files: { 'lambda_handler.js': 'exports.handler = async () => 1;\n' },
    Handler: 'lambda_handler.handler',
    Runtime: 'nodejs20.x',
  } as const;
  await fixture(stage, FunctionName, options);
  await stage.check('fn_version_result', api.publishVersion({ FunctionName }));
  await stage.check('create_alias_result', api.createAlias({ FunctionName, Name: 'urlalias', FunctionVersion: '1' }));
  await stage.check('list_function_notfound', api.listFunctionUrlConfigs({ FunctionName: 'doesnotexist' }));
  await stage.check('list_all_empty', api.listFunctionUrlConfigs({ FunctionName }));
  await stage.check('url_config_fn', api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE' }));
  await stage.check('url_config_alias', api.createFunctionUrlConfig({ FunctionName, Qualifier: 'urlalias', AuthType: 'NONE' }));
  await stage.check('list_all', api.listFunctionUrlConfigs({ FunctionName }));
};

const update: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName, node('async () => 1'));
  await stage.check(
    'create_lambda_url_config',
    api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE', InvokeMode: 'BUFFERED' }),
  );
  await stage.check('get_url_config', api.getFunctionUrlConfig({ FunctionName }));
  await stage.check('modify_lambda_url_config', api.updateFunctionUrlConfig({ FunctionName, InvokeMode: 'RESPONSE_STREAM' }));
  await stage.check('get_url_config_2', api.getFunctionUrlConfig({ FunctionName }));
  await stage.check('modify_lambda_url_config_none', api.updateFunctionUrlConfig({ FunctionName }));
  await stage.check('get_url_config_3', api.getFunctionUrlConfig({ FunctionName }));
};

/** Opens the function's URL to everybody. @returns the URL */
async function opened(stage: Stage, other: object = {}): Promise<string> {
  const { api } = stage;
  const { FunctionUrl } = await stage.check(
    'create_lambda_url_config',
    api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE', ...other }),
  );
  await stage.check(
    'add_permission',
    api.addPermission({
      FunctionName,
      StatementId: 'urlPermission',
      Action: 'lambda:InvokeFunctionUrl',
      Principal: '*',
      FunctionUrlAuthType: 'NONE',
    }),
  );
  return String(FunctionUrl);
}

const invocation =
  (returned: string): Scenario =>
  async (stage) => {
    await created(stage, FunctionName, node(`async () => (${returned})`));
    const response = await fetch(await opened(stage));
    const headers = {
      'Content-Length': response.headers.get('content-length'),
      'Content-Type': response.headers.get('content-type'),
    };
    stage.match('lambda_url_invocation', { content: await response.text(), headers, statuscode: response.status });
  };

const streaming: Scenario = async (stage) => {
  await created(
    stage,
    FunctionName,
    node("awslambda.streamifyResponse(async (event, stream) => { stream.write('Hello, '); stream.end('world!'); })"),
  );
  const { FunctionUrl } = await stage.api.createFunctionUrlConfig({
    FunctionName,
    AuthType: 'NONE',
    InvokeMode: 'RESPONSE_STREAM',
  });
  const response = await fetch(FunctionUrl ?? '');
  stage.match('response_status', response.status);
  stage.match('response_data', await response.text());
};

/** What a function sees of a request, without the headers that are the road's own. */
const trimmed: Scenario = async (stage) => {
  const body = `async (event) => {
    const headers = Object.fromEntries(Object.entries(event.headers).filter(([name]) => !name.startsWith('x-')));
    const { domainName, http } = event.requestContext;
    return { args: event.queryStringParameters, data: JSON.parse(event.body), domain: domainName, headers, method: http.method, origin: http.sourceIp, path: http.path };
  }`;
  await created(stage, FunctionName, node(body));
  const { FunctionUrl } = await stage.api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE' });
  const headers = {
    'content-type': 'application/json',
    'extra-headers': 'With WeiRd CapS',
    'user-agent': 'test/echo',
    'accept-encoding': 'gzip, deflate',
  };
  const response = await fetch(`${FunctionUrl}path/1?q=query`, { method: 'POST', body: '{"foo": "bar"}', headers });
  const seen = (await response.json()) as Answer;
  // fetch adds headers that were not part of what was recorded.
  for (const own of ['accept-language', 'sec-fetch-mode', 'connection']) delete (seen['headers'] as Answer)[own];
  stage.match('url_response', seen);
};

const unknown: Scenario = async (stage) => {
  await created(stage, FunctionName, { files: echo, Handler: 'handler.handler' });
  const { FunctionUrl } = await stage.api.createFunctionUrlConfig({ FunctionName, AuthType: 'NONE' });
  await stage.api.deleteFunctionUrlConfig({ FunctionName });
  const response = await fetch(FunctionUrl ?? '');
  stage.same('status', response.status, 404);
  stage.same('body', await response.json(), { Message: null });
};

export const urlScenarios: Scenarios = {
  'TestLambdaUrl.test_url_config_list_paging': paging,
  'TestLambdaURL.test_lambda_update_function_url_config': update,
  'TestLambdaURL.test_lambda_url_invocation[http-response-json]': invocation(
    "{ statusCode: 200, body: JSON.stringify({ hello: 'world' }).replace(':', ': '), headers: { 'Content-Type': 'application/json' } }",
  ),
  'TestLambdaURL.test_lambda_url_invocation[integer]': invocation('3'),
  'TestLambdaURL.test_lambda_url_invocation[boolean]': invocation('true'),
  'TestLambdaURL.test_function_url_with_response_streaming': streaming,
  'TestLambdaURL.test_lambda_url_echo_http_fixture_trim_x_headers': trimmed,
  'TestLambdaURL.test_lambda_url_non_existing_url': unknown,
};
