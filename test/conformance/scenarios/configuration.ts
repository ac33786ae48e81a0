import type { LoggingConfig, Runtime } from '@aws-sdk/client-lambda';
import { create, created, echo, fixture, given, settled, type Options } from '../kit/functions.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';

const FunctionName = 'fn';

/** A function as it is, then with another logging configuration. */
const logging =
  (at: LoggingConfig | undefined, update: LoggingConfig): Scenario =>
  async (stage) => {
    const { api } = stage;
    const options = { MemorySize: 256, Timeout: 5, ...(at && { LoggingConfig: at }) };
    stage.match('create_response', await fixture(stage, FunctionName, options));
    await stage.check('get_function_response', api.getFunction({ FunctionName }));
    await stage.check('function_config', api.getFunctionConfiguration({ FunctionName }));
    await stage.check('updated_config', api.updateFunctionConfiguration({ FunctionName, LoggingConfig: update }));
    await settled(stage, FunctionName);
    await stage.check('received_config', api.getFunctionConfiguration({ FunctionName }));
  };

const files: Readonly<Record<string, Options>> = {
  java: { files: { 'echo/Handler.class': 'not looked at before a call' }, Handler: 'echo.Handler' },
  python: { files: echo, Handler: 'handler.handler' },
  dotnet: { files: { 'dotnet.dll': 'not looked at before a call' }, Handler: 'dotnet::Dotnet.Function::FunctionHandler' },
};

const snapStartOptions = (runtime: string): Options => ({
  ...files[/^[a-z]+/.exec(runtime)?.[0] ?? ''],
  Runtime: runtime as Runtime,
  MemorySize: 1024,
  Timeout: 5,
});

const snapStartLifecycle =
  (runtime: string): Scenario =>
  async (stage) => {
    const { api } = stage;
    stage.match('create_function_response', await created(stage, FunctionName, snapStartOptions(runtime)));
    await stage.check('get_function_response_latest', api.getFunction({ FunctionName }));
    await api.publishVersion({ FunctionName, Description: 'version1' });
    await settled(stage, FunctionName, '1');
    await stage.check('get_function_response_version_1', api.getFunction({ FunctionName, Qualifier: '1' }));
  };

const snapStartUpdate =
  (runtime: string): Scenario =>
  async (stage) => {
    stage.match('create_function_response', await created(stage, FunctionName, snapStartOptions(runtime)));
    const SnapStart = { ApplyOn: 'PublishedVersions' } as const;
    await stage.check('update_function_response', stage.api.updateFunctionConfiguration({ FunctionName, SnapStart }));
  };

const each = (title: string, runtimes: readonly string[], scenario: (runtime: string) => Scenario): Scenarios =>
  Object.fromEntries(runtimes.map((runtime) => [`${title}[${runtime}]`, scenario(runtime)]));

const blocked =
  (runtime: string): Scenario =>
  async (stage) => {
    stage.match('deprecation_error', await create(stage, FunctionName, { Runtime: runtime as Runtime }));
  };

const tooLargeEnvironment: Scenario = async (stage) => {
  const Environment = { Variables: { SMALL_VAR: 'ok', LARGE_VAR: 'x'.repeat(4064) } };
  stage.match('failured_create_fn_result_multi_key', await create(stage, FunctionName, { Environment }));
};

/** Bytes that deflate to almost nothing, so that only the unzipped size is large. */
const zeros = (megabytes: number): Record<string, string | Uint8Array> => ({
  ...echo,
  large: new Uint8Array(megabytes * 1024 * 1024),
});

const tooLargeUnzipped: Scenario = async (stage) => {
  stage.match('invalid_param_exc', await create(stage, FunctionName, { files: zeros(251), Handler: 'handler.handler' }));
};

const large: Scenario = async (stage) => {
  const options = { files: zeros(100), Handler: 'handler.handler', Timeout: 10 };
  stage.match('create_function_large_zip', await create(stage, FunctionName, options));
};

const tooLargeRequest: Scenario = async (stage) => {
  const input = await given(FunctionName, { Code: { ZipFile: new Uint8Array(53 * 1024 * 1024) } });
  await stage.check('invalid_param_exc', stage.api.createFunction(input));
};

export const configurationScenarios: Scenarios = {
  'TestLoggingConfig.test_function_advanced_logging_configuration': logging({ LogFormat: 'JSON' }, { LogGroup: 'cool_lambda' }),
  'TestLoggingConfig.test_function_partial_advanced_logging_configuration_update[partial_config0]': logging(undefined, {
    LogFormat: 'JSON',
  }),
  'TestLoggingConfig.test_function_partial_advanced_logging_configuration_update[partial_config3]': logging(undefined, {
    LogGroup: 'cool_lambda',
  }),
  'TestLambdaSnapStart.test_snapstart_exceptions': async (stage) => {
    const SnapStart = { ApplyOn: 'invalidOption' as never };
    stage.match('create_function_invalid_snapstart_apply', await create(stage, FunctionName, { SnapStart }));
  },
  ...each('TestLambdaSnapStart.test_snapstart_lifecycle', ['java17', 'java25', 'python3.13', 'dotnet8'], snapStartLifecycle),
  ...each(
    'TestLambdaSnapStart.test_snapstart_update_function_configuration',
    ['java11', 'java17', 'python3.12', 'python3.13', 'dotnet8', 'dotnet10'],
    snapStartUpdate,
  ),
  ...each(
    'TestRuntimeValidation.test_create_deprecated_function_runtime_with_validation_enabled',
    ['java8', 'go1.x', 'provided', 'python3.7', 'dotnetcore3.1'],
    blocked,
  ),
  'TestLambdaSizeLimits.test_large_environment_fails_multiple_keys': tooLargeEnvironment,
  'TestLambdaSizeLimits.test_oversized_lambda': tooLargeUnzipped,
  'TestLambdaSizeLimits.test_large_lambda': large,
  'TestLambdaSizeLimits.test_oversized_request_create_lambda': tooLargeRequest,
};
