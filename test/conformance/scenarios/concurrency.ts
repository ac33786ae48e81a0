import { created, fixture, settled, until } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';

const FunctionName = 'fn';
const reserve = (ReservedConcurrentExecutions: number): { FunctionName: string; ReservedConcurrentExecutions: number } => ({
  FunctionName,
  ReservedConcurrentExecutions,
});

const reservedRefusals: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  const missing = 'doesnotexist';
  await stage.check(
    'put_function_concurrency_with_function_name_doesnotexist',
    api.putFunctionConcurrency({ ...reserve(1), FunctionName: missing }),
  );
  await stage.check(
    'put_function_concurrency_with_function_name_doesnotexist_and_invalid_concurrency',
    api.putFunctionConcurrency({ ...reserve(1_000_000), FunctionName: missing }),
  );
  await stage.check(
    'put_function_concurrency_with_qualified_arn',
    api.putFunctionConcurrency({ ...reserve(1), FunctionName: stage.arn('function:fn:$LATEST') }),
  );
};

const reserved: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  await stage.check('put_function_concurrency_with_reserved_0', api.putFunctionConcurrency(reserve(0)));
  await stage.check('put_function_concurrency_with_reserved_1', api.putFunctionConcurrency(reserve(1)));
  await stage.check('get_function_concurrency', api.getFunctionConcurrency({ FunctionName }));
  await stage.check('delete_response', api.deleteFunctionConcurrency({ FunctionName }));
  await stage.check('get_function_concurrency_after_delete', api.getFunctionConcurrency({ FunctionName }));
};

const crud: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  await stage.check('get_function_concurrency_default', api.getFunctionConcurrency({ FunctionName }));
  await stage.check('put_function_concurrency', api.putFunctionConcurrency(reserve(0)));
  await stage.check('get_function_concurrency_updated', api.getFunctionConcurrency({ FunctionName }));
  await stage.answer(api.deleteFunctionConcurrency({ FunctionName }));
  await stage.check('get_function_concurrency_deleted', api.getFunctionConcurrency({ FunctionName }));
};

type Target = { readonly FunctionName: string; readonly Qualifier: string };
const target = (Qualifier: string): Target => ({ FunctionName, Qualifier });
const provide = (stage: Stage, at: Target, ProvisionedConcurrentExecutions: number): Promise<object> =>
  stage.api.putProvisionedConcurrencyConfig({ ...at, ProvisionedConcurrentExecutions });

/** Polls until what was asked for is there, or failed. */
const provided = (stage: Stage, at: Target): Promise<Answer> =>
  until(
    () => stage.answer(stage.api.getProvisionedConcurrencyConfig(at)),
    ({ Status }) => Status !== 'IN_PROGRESS',
  );

const provisionedLifecycle: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  await stage.check('publish_version_result', api.publishVersion({ FunctionName }));
  const Name = 'live';
  await stage.check('create_alias_result', api.createAlias({ FunctionName, Name, FunctionVersion: '1' }));
  await stage.check('put_provisioned_on_version', provide(stage, target('1'), 1));
  await stage.check('put_provisioned_on_alias_versionconflict', provide(stage, target(Name), 1));
  await provided(stage, target('1'));
  await stage.check('delete_provisioned_version', api.deleteProvisionedConcurrencyConfig(target('1')));
  await stage.check('get_provisioned_version_postdelete', api.getProvisionedConcurrencyConfig(target('1')));
  await stage.check('put_provisioned_on_alias', provide(stage, target(Name), 1));
  await stage.check('put_provisioned_on_version_conflict', provide(stage, target('1'), 1));
  await provided(stage, target(Name));
  await stage.check('delete_alias_result', api.deleteAlias({ FunctionName, Name }));
  await stage.check('get_provisioned_alias_postaliasdelete', api.getProvisionedConcurrencyConfig(target(Name)));
  await stage.check('list_response_postdeletes', api.listProvisionedConcurrencyConfigs({ FunctionName }));
};

const provisionedLimits: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  await api.publishVersion({ FunctionName });
  const { AccountLimit } = await api.getAccountSettings({});
  const unreserved = AccountLimit?.UnreservedConcurrentExecutions ?? 0;
  await stage.check('put_provisioned_concurrency_account_limit_exceeded', provide(stage, target('1'), unreserved + 1));
  await stage.check('put_provisioned_concurrency_below_unreserved_min_value', provide(stage, target('1'), unreserved - 99));
};

const overlap: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName, {
    files: { 'handler.py': 'import os\ndef handler(event, context):\n    return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]\n' },
    Handler: 'handler.handler',
    Timeout: 30,
    Environment: { Variables: {} },
  });
  await api.publishVersion({ FunctionName });
  await stage.check('put_provisioned_5', provide(stage, target('1'), 2));
  await stage.check('get_provisioned_prewait', api.getProvisionedConcurrencyConfig(target('1')));
  stage.match('get_provisioned_postwait', await provided(stage, target('1')));
  await stage.check('reserved_lower_than_provisioned_exc', api.putFunctionConcurrency(reserve(1)));
  await api.putFunctionConcurrency(reserve(2));
  await stage.check('get_concurrency', api.getFunctionConcurrency({ FunctionName }));
  await stage.check('reserved_equals_provisioned_latest_invoke_exc', api.invoke({ FunctionName }));
  await stage.check('update_func_config', api.updateFunctionConfiguration({ FunctionName, Timeout: 15 }));
  await settled(stage, FunctionName);
  await api.publishVersion({ FunctionName });
  await stage.check('reserved_equals_provisioned_another_provisioned_exc', provide(stage, target('2'), 1));
  await stage.check('reserved_equals_provisioned_increase_provisioned_exc', provide(stage, target('1'), 3));
};

const onAlias: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  await api.publishVersion({ FunctionName });
  await api.createAlias({ FunctionName, Name: 'live', FunctionVersion: '1' });
  await stage.check('put_provisioned_5', provide(stage, target('live'), 5));
  await stage.check('get_provisioned_prewait', api.getProvisionedConcurrencyConfig(target('live')));
  stage.match('get_provisioned_postwait', await provided(stage, target('live')));
};

const initFailure: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName, { files: { 'handler.py': 'raise Exception("no")\n' }, Handler: 'handler.handler' });
  await api.publishVersion({ FunctionName });
  await stage.check('put_provisioned', provide(stage, target('1'), 1));
  await stage.check('get_provisioned_prewait', api.getProvisionedConcurrencyConfig(target('1')));
  stage.match('get_provisioned_postwait', await provided(stage, target('1')));
};

const movesWithAlias: Scenario = async (stage) => {
  const { api } = stage;
  stage.match('create-result', await fixture(stage, FunctionName, { Runtime: 'python3.8', Timeout: 2 }));
  await stage.check('get-function-configuration', api.getFunctionConfiguration(target('$LATEST')));
  await stage.check('publish_version_1', api.publishVersion({ FunctionName, Description: 'my-first-version' }));
  await stage.check('get_function_configuration_version_1', api.getFunctionConfiguration(target('1')));
  const Name = 'live';
  await stage.check('create_alias', api.createAlias({ FunctionName, Name, FunctionVersion: '1' }));
  await stage.check('get_function_before_provisioned', api.getFunction(target('1')));
  await provide(stage, target(Name), 1);
  await provided(stage, target(Name));
  await stage.check('get_function_after_provisioned', api.getFunction(target(Name)));
  await api.updateFunctionConfiguration({ FunctionName, Timeout: 10 });
  await settled(stage, FunctionName);
  await stage.check('get_function_after_update', api.getFunctionConfiguration({ FunctionName }));
  await stage.check('publish_version_2', api.publishVersion({ FunctionName }));
  await stage.check('update_alias', api.updateAlias({ FunctionName, Name, FunctionVersion: '2' }));
  await stage.check('get_provisioned_config_after_alias_move', api.getProvisionedConcurrencyConfig(target(Name)));
  await provided(stage, target(Name));
  await stage.answer(api.deleteProvisionedConcurrencyConfig(target(Name)));
  await stage.check('provisioned_concurrency_notfound', api.getProvisionedConcurrencyConfig(target(Name)));
};

export const concurrencyScenarios: Scenarios = {
  'TestLambdaReservedConcurrency.test_function_concurrency_exceptions': reservedRefusals,
  'TestLambdaReservedConcurrency.test_function_concurrency': reserved,
  'TestLambdaConcurrency.test_lambda_concurrency_crud': crud,
  'TestLambdaProvisionedConcurrency.test_lambda_provisioned_lifecycle': provisionedLifecycle,
  'TestLambdaProvisionedConcurrency.test_provisioned_concurrency_limits': provisionedLimits,
  'TestLambdaConcurrency.test_reserved_provisioned_overlap': overlap,
  'TestLambdaConcurrency.test_provisioned_concurrency_on_alias': onAlias,
  'TestLambdaConcurrency.test_provisioned_concurrency_init_failure': initFailure,
  'TestLambdaConcurrency.test_lambda_provisioned_concurrency_moves_with_alias': movesWithAlias,
  'TestLambdaConcurrency.test_lambda_provisioned_concurrency_scheduling': async (stage) => {
    await created(stage, FunctionName);
    await stage.api.publishVersion({ FunctionName });
    await provide(stage, target('1'), 1);
    stage.match('get_provisioned_postwait', await provided(stage, target('1')));
  },
  'TestLambdaMultiAccounts.test_function_concurrency': async (stage) => {
    await created(stage, FunctionName);
    const byArn = { FunctionName: stage.arn('function:fn') };
    await stage.answer(stage.api.putFunctionConcurrency({ ...byArn, ReservedConcurrentExecutions: 3 }));
    const read = await stage.answer(stage.api.getFunctionConcurrency(byArn));
    stage.same('read by ARN', read['ReservedConcurrentExecutions'], 3);
  },
};
