import { created, fixture, settled } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios } from '../kit/stage.ts';

const FunctionName = 'fn';
type Put = {
  readonly FunctionName?: string;
  readonly Qualifier?: string;
  readonly MaximumRetryAttempts?: number;
  readonly MaximumEventAgeInSeconds?: number;
  readonly DestinationConfig?: object;
};

const refusals: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, 'other');
  await fixture(stage, FunctionName);
  await stage.check('fn_version_result', api.publishVersion({ FunctionName }));
  const Name = 'eventinvokealias';
  await stage.check('fn_alias_result', api.createAlias({ FunctionName, Name, FunctionVersion: '1' }));
  const arn = stage.arn('function:fn');
  const put = (name: string, input: Put): Promise<Answer> =>
    stage.check(name, api.putFunctionEventInvokeConfig({ FunctionName, ...input }));
  const retry = { MaximumRetryAttempts: 1 };
  await put('put_functionname_name_notfound', { FunctionName: 'doesnotexist', ...retry });
  await put('put_functionname_arn_notfound', { FunctionName: stage.arn('function:doesnotexist'), ...retry });
  await put('put_functionname_nootherargs', {});
  const onSuccess = (Destination: string): Put => ({ DestinationConfig: { OnSuccess: { Destination } } });
  await put('put_destination_lambda_doesntexist', onSuccess(stage.arn('function:doesnotexist')));
  await put('put_destination_recursive', onSuccess(arn));
  await put('put_destination_other_lambda', onSuccess(stage.arn('function:other')));
  await put('put_destination_invalid_service_arn', onSuccess(arn.replace(':lambda:', ':iam:')));
  await put('put_destination_success_no_destination_arn', { DestinationConfig: { OnSuccess: {} } });
  await put('put_destination_failure_no_destination_arn', { DestinationConfig: { OnFailure: {} } });
  await put('put_destination_invalid_arn_pattern', {
    DestinationConfig: { OnFailure: { Destination: arn.replace(':lambda:', ':_-/!lambda:') } },
  });
  await put('put_destination_latest', retry);
  await put('put_destination_latest_explicit_qualifier', { Qualifier: '$LATEST', ...retry });
  await put('put_destination_version', { Qualifier: '1', ...retry });
  await put('put_alias_functionname_qualifier', { Qualifier: Name, ...retry });
  await put('put_alias_doesnotexist', { Qualifier: 'doesnotexist', ...retry });
  await put('put_alias_qualifiedarn', { FunctionName: `${arn}:${Name}`, ...retry });
  await put('put_alias_qualifiedarn_qualifier', { FunctionName: `${arn}:${Name}`, Qualifier: Name, ...retry });
  await put('put_alias_qualifiedarn_qualifierconflict', { FunctionName: `${arn}:${Name}`, Qualifier: 'somethingelse', ...retry });
  await put('put_alias_shorthand', { FunctionName: `fn:${Name}`, ...retry });
  await put('put_alias_shorthand_qualifier', { FunctionName: `fn:${Name}`, Qualifier: Name, ...retry });
  await put('put_alias_shorthand_qualifierconflict', { FunctionName: `fn:${Name}`, Qualifier: 'somethingelse', ...retry });
  await put('put_version_shorthand', { FunctionName: 'fn:1', ...retry });
  await put('put_shorthand_qualifier_match', { FunctionName: 'fn:$LATEST', Qualifier: '$LATEST', ...retry });
  await put('put_shorthand_qualifier_mismatch_1', { FunctionName: 'fn:$LATEST', Qualifier: '1', ...retry });
  await put('put_shorthand_qualifier_mismatch_2', { FunctionName: 'fn:$LATEST', Qualifier: Name, ...retry });
  await put('put_shorthand_qualifier_mismatch_3', { FunctionName: `fn:${Name}`, Qualifier: '1', ...retry });
  await put('put_maxevent_maxvalue_result', { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 21_600 });
  await put('put_pre_overwrite', { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 });
  await put('put_post_overwrite', { MaximumRetryAttempts: 0 });
  await put('second_overwrite_existing_response', { MaximumRetryAttempts: 0 });
  await stage.check('get_post_overwrite', api.getFunctionEventInvokeConfig({ FunctionName }));
  await put('pre_update_response', { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 });
  await stage.check('update_response', api.updateFunctionEventInvokeConfig({ FunctionName, MaximumRetryAttempts: 0 }));
  await stage.check('update_response_existing', api.updateFunctionEventInvokeConfig({ FunctionName, MaximumRetryAttempts: 0 }));
  await stage.check('list_configs', api.listFunctionEventInvokeConfigs({ FunctionName }));
  await stage.check('delete_latest', api.deleteFunctionEventInvokeConfig({ FunctionName, Qualifier: '$LATEST' }));
  await stage.check('delete_version', api.deleteFunctionEventInvokeConfig({ FunctionName, Qualifier: '1' }));
  await stage.check('delete_alias', api.deleteFunctionEventInvokeConfig({ FunctionName, Qualifier: Name }));
  await stage.check('list_configs_postdelete', api.listFunctionEventInvokeConfigs({ FunctionName }));
  await stage.check('delete_function_not_found', api.deleteFunctionEventInvokeConfig({ FunctionName }));
  await stage.check('delete_function_doesnotexist', api.deleteFunctionEventInvokeConfig({ FunctionName: 'doesnotexist' }));
  await stage.check('list_function_doesnotexist', api.listFunctionEventInvokeConfigs({ FunctionName: 'doesnotexist' }));
  await stage.check('get_function_doesnotexist', api.getFunctionEventInvokeConfig({ FunctionName: 'doesnotexist' }));
  await stage.check('get_qualifier_doesnotexist', api.getFunctionEventInvokeConfig({ FunctionName, Qualifier: 'doesnotexist' }));
  const update = (name: string, input: Put): Promise<Answer> =>
    stage.check(name, api.updateFunctionEventInvokeConfig({ FunctionName, ...input }));
  await update('update_eventinvokeconfig_function_doesnotexist', { FunctionName: 'doesnotexist', ...retry });
  await stage.check('get_eventinvokeconfig_doesnotexist', api.getFunctionEventInvokeConfig({ FunctionName, Qualifier: Name }));
  await update('update_eventinvokeconfig_config_doesnotexist_with_qualifier', { Qualifier: Name, ...retry });
  await update('update_eventinvokeconfig_config_doesnotexist_without_qualifier', retry);
};

const lifecycle: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  await stage.check('put_invokeconfig_retries_0', api.putFunctionEventInvokeConfig({ FunctionName, MaximumRetryAttempts: 0 }));
  await stage.check(
    'put_invokeconfig_eventage_60',
    api.putFunctionEventInvokeConfig({ FunctionName, MaximumEventAgeInSeconds: 60 }),
  );
  await stage.check(
    'update_invokeconfig_eventage_nochange',
    api.updateFunctionEventInvokeConfig({ FunctionName, MaximumEventAgeInSeconds: 60 }),
  );
  await stage.check(
    'update_invokeconfig_retries',
    api.updateFunctionEventInvokeConfig({ FunctionName, MaximumRetryAttempts: 1 }),
  );
  await stage.check('get_invokeconfig', api.getFunctionEventInvokeConfig({ FunctionName }));
  await stage.check('get_invokeconfig_latest', api.getFunctionEventInvokeConfig({ FunctionName, Qualifier: '$LATEST' }));
  await stage.check('list_single_invokeconfig', api.listFunctionEventInvokeConfigs({ FunctionName }));
  await stage.check('publish_version_result', api.publishVersion({ FunctionName }));
  await settled(stage, FunctionName, '1');
  await stage.check('get_invokeconfig_postpublish', api.getFunctionEventInvokeConfig({ FunctionName, Qualifier: '1' }));
  await stage.check(
    'put_published_invokeconfig',
    api.putFunctionEventInvokeConfig({ FunctionName, Qualifier: '1', MaximumEventAgeInSeconds: 120 }),
  );
  await stage.check('get_published_invokeconfig', api.getFunctionEventInvokeConfig({ FunctionName, Qualifier: '1' }));
  await stage.answer(api.deleteFunctionEventInvokeConfig({ FunctionName }));
  await stage.check('list_paging_nolimit_postdelete', api.listFunctionEventInvokeConfigs({ FunctionName }));
};

export const eventInvokeScenarios: Scenarios = {
  'TestLambdaEventInvokeConfig.test_lambda_eventinvokeconfig_exceptions': refusals,
  'TestLambdaEventInvokeConfig.test_lambda_eventinvokeconfig_lifecycle': lifecycle,
};
