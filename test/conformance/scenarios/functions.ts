import { Lambda } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { create, created, fixture, given, settled } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';
import { zipOf } from '../../kit/zip.ts';

const fn = 'fn';
const FunctionName = fn;

const lifecycle: Scenario = async (stage) => {
  const { api } = stage;
  stage.match('create_response', await fixture(stage, fn, { MemorySize: 256, Timeout: 5 }));
  await stage.check('get_function_response', api.getFunction({ FunctionName }));
  const Environment = { Variables: { ENV_A: 'a' } };
  const changed = {
    FunctionName,
    Runtime: 'python3.11',
    Description: 'Changed-Description',
    MemorySize: 512,
    Timeout: 10,
    Environment,
  } as const;
  await stage.check('update_func_conf_response', api.updateFunctionConfiguration(changed));
  await settled(stage, fn);
  await stage.check('get_function_response_postupdate', api.getFunction({ FunctionName }));
  const ZipFile = await zipOf({ 'handler.py': 'def handler(event, context):\n    return 1\n' });
  await stage.check('update_code_response', api.updateFunctionCode({ FunctionName, ZipFile }));
  await settled(stage, fn);
  await stage.check('get_function_response_postcodeupdate', api.getFunction({ FunctionName }));
  await stage.check('delete_response', api.deleteFunction({ FunctionName }));
  await stage.check('delete_postdelete', api.getFunction({ FunctionName }));
};

const redundantUpdates: Scenario = async (stage) => {
  const { api } = stage;
  stage.match('create_response', await fixture(stage, fn, { Description: 'Initial description' }));
  const same = { FunctionName, Description: '1st update description' };
  await stage.check('first_update_result', api.updateFunctionConfiguration(same));
  await settled(stage, fn);
  await stage.check('get_fn_config_result', api.getFunctionConfiguration({ FunctionName }));
  await stage.check('get_fn_result', api.getFunction({ FunctionName }));
  await stage.check('redundant_update_result', api.updateFunctionConfiguration(same));
  await settled(stage, fn);
  await stage.check('get_fn_result_after_redundant_update', api.getFunction({ FunctionName }));
};

type Call = (stage: Stage, name: string, qualifier?: string) => Promise<object>;
const named = (name: string, qualifier: string | undefined): { FunctionName: string; Qualifier?: string } =>
  qualifier === undefined ? { FunctionName: name } : { FunctionName: name, Qualifier: qualifier };

const calls: Readonly<Record<string, Call>> = {
  delete_function: ({ api }, name, qualifier) => api.deleteFunction(named(name, qualifier)),
  get_function: ({ api }, name, qualifier) => api.getFunction(named(name, qualifier)),
  get_function_configuration: ({ api }, name, qualifier) => api.getFunctionConfiguration(named(name, qualifier)),
  get_function_code_signing_config: ({ api }, name) => api.getFunctionCodeSigningConfig({ FunctionName: name }),
  get_function_event_invoke_config: ({ api }, name) => api.getFunctionEventInvokeConfig({ FunctionName: name }),
  get_function_url_config: ({ api }, name) => api.getFunctionUrlConfig({ FunctionName: name }),
  get_function_concurrency: ({ api }, name) => api.getFunctionConcurrency({ FunctionName: name }),
};

const each =
  (operations: readonly string[], scenario: (call: Call) => Scenario): ((title: string) => Scenarios) =>
  (title) =>
    Object.fromEntries(operations.map((name) => [`TestLambdaFunction.${title}[${name}]`, scenario(calls[name] as Call)]));

const mismatch = each(['delete_function', 'get_function', 'get_function_configuration'], (call) => async (stage) => {
  const arn = stage.arn('function:some-function:$LATEST');
  await stage.check('not_match_exception', call(stage, arn, '1'));
  await stage.check('match_exception', call(stage, arn, '$LATEST'));
});

const noVersion = each(['get_function', 'get_function_configuration'], (call) => async (stage) => {
  await created(stage, fn);
  await stage.check('version_not_found_exception', call(stage, fn, '1221'));
});

const noFunction = each(
  [
    'delete_function',
    'get_function',
    'get_function_configuration',
    'get_function_code_signing_config',
    'get_function_event_invoke_config',
  ],
  (call) => async (stage) => void (await stage.check('not_found_exception', call(stage, 'nonexisting'))),
);

const wrongRegion = each(
  ['get_function_url_config', 'get_function_event_invoke_config', 'get_function_concurrency', 'delete_function'],
  (call) => async (stage) => {
    const other = stage.neighbour(new Lambda({ ...stage.settings, region: 'eu-other-1' }));
    await other.createFunction(await given(stage.region));
    const arn = `arn:aws:lambda:eu-other-1:${stage.account}:function:${stage.region}`;
    await stage.check('wrong_region_exception', call(stage, arn));
  },
);

const noVersionToDelete: Scenario = async (stage) => {
  await stage.check('delete_function_response_non_existent', stage.api.deleteFunction({ FunctionName }));
  await stage.check(
    'delete_function_response_non_existent_with_qualifier',
    stage.api.deleteFunction({ FunctionName, Qualifier: '1' }),
  );
};

const list: Scenario = async (stage) => {
  const { api } = stage;
  stage.match('create_response_1', await fixture(stage, 'a', { Publish: true }));
  stage.match('create_response_2', await fixture(stage, 'b'));
  await stage.check('list_functions_invalid_functionversion', api.listFunctions({ FunctionVersion: 'invalid' as never }));
  const functions = ({ Functions }: Answer): Answer => ({ Functions });
  stage.match('list_all', functions(await stage.answer(api.listFunctions({ FunctionVersion: 'ALL' }))));
  stage.match('list_default', functions(await stage.answer(api.listFunctions({}))));
};

const vpc =
  (kind: 'Subnet' | 'SecurityGroup', unknown: string, malformed: string): Scenario =>
  async (stage) => {
    const title = kind === 'Subnet' ? 'subnet-id' : 'security-group';
    const config = (id: string): object => ({
      VpcConfig:
        kind === 'Subnet'
          ? { SubnetIds: [id], SecurityGroupIds: ['sg-0123456789abcdef0'] }
          : { SubnetIds: ['subnet-0123456789abcdef0'], SecurityGroupIds: [id] },
    });
    stage.match(`create-response-non-existent-${title}`, await create(stage, fn, config(unknown)));
    stage.match(`create-response-invalid-format-${title}`, await create(stage, fn, config(malformed)));
  };

const bucketErrors: Scenario = async (stage) => {
  const Bucket = `code-of-${stage.region}`;
  await stage.neighbour(new S3Client({ ...stage.settings, forcePathStyle: true })).send(new CreateBucketCommand({ Bucket }));
  const { api } = stage;
  const [noBucket, noKey] = [
    { S3Bucket: `no-${Bucket}`, S3Key: 'key' },
    { S3Bucket: Bucket, S3Key: 'no-key' },
  ];
  stage.match('create-error-wrong-bucket', await create(stage, fn, { Code: noBucket }));
  stage.match('create-error-wrong-key', await create(stage, fn, { Code: noKey }));
  await created(stage, fn);
  await stage.check('update-error-wrong-bucket', api.updateFunctionCode({ FunctionName, ...noBucket }));
  await stage.check('update-error-wrong-key', api.updateFunctionCode({ FunctionName, ...noKey }));
};

export const functionScenarios: Scenarios = {
  'TestLambdaFunction.test_function_lifecycle': lifecycle,
  'TestLambdaFunction.test_redundant_updates': redundantUpdates,
  ...mismatch('test_ops_with_arn_qualifier_mismatch'),
  ...noVersion('test_ops_on_nonexisting_version'),
  ...noFunction('test_ops_on_nonexisting_fn'),
  ...wrongRegion('test_get_function_wrong_region'),
  'TestLambdaFunction.test_delete_on_nonexisting_version': noVersionToDelete,
  'TestLambdaFunction.test_list_functions': list,
  'TestLambdaFunction.test_invalid_vpc_config_subnet': vpc('Subnet', 'subnet-deadbeefdeadbeef0', 'not-a-subnet'),
  'TestLambdaFunction.test_invalid_vpc_config_security_group': vpc('SecurityGroup', 'sg-deadbeefdeadbeef0', 'not-a-group'),
  'TestLambdaFunction.test_lambda_code_location_s3_errors': bucketErrors,
  'TestLambdaRecursion.test_put_function_recursion_config_allow': async (stage) => {
    await created(stage, fn);
    await stage.check(
      'put_recursion_config_response',
      stage.api.putFunctionRecursionConfig({ FunctionName, RecursiveLoop: 'Allow' }),
    );
    await stage.check('get_recursion_config_response', stage.api.getFunctionRecursionConfig({ FunctionName }));
  },
};
