import { created, settled } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';

const FunctionName = 'fn';
const variables = (testenv: string): { Environment: { Variables: Record<string, string> } } => ({
  Environment: { Variables: { testenv } },
});

/** A function with two versions, which differ in a variable. */
async function twoVersions(stage: Stage, options: { readonly Publish?: boolean } = {}): Promise<void> {
  const { api } = stage;
  stage.match('create_response', await created(stage, FunctionName, { ...variables('staging'), ...options }));
  if (options.Publish === true) await settled(stage, FunctionName, '1');
  await stage.check('publish_v1', api.publishVersion({ FunctionName }));
  await stage.answer(api.updateFunctionConfiguration({ FunctionName, ...variables('prod') }));
  await settled(stage, FunctionName);
  await stage.check('publish_v2', api.publishVersion({ FunctionName }));
}

const lifecycle: Scenario = async (stage) => {
  const { api } = stage;
  const Description = 'custom-alias';
  const RoutingConfig = { AdditionalVersionWeights: { '2': 0.2 } };
  await twoVersions(stage);
  const alias = (Name: string): { FunctionName: string; Name: string } => ({ FunctionName, Name });
  await stage.check(
    'create_alias_1_1',
    api.createAlias({ ...alias('aliasname1_1'), FunctionVersion: '1', Description, RoutingConfig }),
  );
  await stage.check('get_alias_1_1', api.getAlias(alias('aliasname1_1')));
  await stage.check('get_function_alias_1_1', api.getFunction({ FunctionName, Qualifier: 'aliasname1_1' }));
  await stage.check('get_function_byarn_alias_1_1', api.getFunction({ FunctionName: stage.arn('function:fn:aliasname1_1') }));
  await stage.check('get_function_alias_notfound_exc', api.getFunction({ FunctionName, Qualifier: 'aliasdoesnotexist' }));
  await stage.check(
    'get_function_alias_byarn_notfound_exc',
    api.getFunction({ FunctionName: stage.arn('function:fn:aliasdoesnotexist') }),
  );
  await stage.check('create_alias_1_2', api.createAlias({ ...alias('aliasname1_2'), FunctionVersion: '1', Description }));
  await stage.check('get_alias_1_2', api.getAlias(alias('aliasname1_2')));
  await stage.check('create_alias_1_3', api.createAlias({ ...alias('aliasname1_3'), FunctionVersion: '1' }));
  await stage.check('get_alias_1_3', api.getAlias(alias('aliasname1_3')));
  await stage.check('create_alias_2', api.createAlias({ ...alias('aliasname2'), FunctionVersion: '2', Description }));
  await stage.check('get_alias_2', api.getAlias(alias('aliasname2')));
  const { Aliases } = await stage.answer(api.listAliases({ FunctionName }));
  stage.match('list_aliases_for_fnname', { Aliases });
  await stage.check(
    'update_alias_1_1',
    api.updateAlias({ ...alias('aliasname1_1'), RoutingConfig: { AdditionalVersionWeights: {} } }),
  );
  await stage.check('get_alias_1_1_after_update', api.getAlias(alias('aliasname1_1')));
  await stage.check('list_aliases_for_fnname_after_update', api.listAliases({ FunctionName }));
  await stage.check(
    'update_alias_1_2',
    api.updateAlias({ ...alias('aliasname1_2'), RoutingConfig: { AdditionalVersionWeights: {} } }),
  );
  await stage.check('get_alias_1_2_after_update', api.getAlias(alias('aliasname1_2')));
  await stage.check('list_aliases_for_fnname_after_update_2', api.listAliases({ FunctionName }));
  await stage.check('list_aliases_for_version', api.listAliases({ FunctionName, FunctionVersion: '1' }));
  await stage.check('delete_alias_response', api.deleteAlias(alias('aliasname1_1')));
  await stage.check('list_aliases_for_fnname_afterdelete', api.listAliases({ FunctionName }));
};

const refusals: Scenario = async (stage) => {
  const { api } = stage;
  await twoVersions(stage, { Publish: true });
  const attempt = (version: string, weights?: Record<string, number>, other: object = {}): Promise<object> => {
    const RoutingConfig = weights && { AdditionalVersionWeights: weights };
    return api.createAlias({
      FunctionName,
      Name: 'custom',
      FunctionVersion: version,
      ...(RoutingConfig && { RoutingConfig }),
      ...other,
    });
  };
  await stage.check('routing_config_exc_toomany', attempt('1', { '1': 0.4, '2': 0.5 }));
  await stage.check('routing_config_exc_toohigh', attempt('1', { '2': 2 }));
  await stage.check('routing_config_exc_subzero', attempt('1', { '2': -1 }));
  await stage.check('routing_config_exc_sameversion', attempt('1', { '1': 0.5 }));
  await stage.check('target_version_doesnotexist', attempt('10', { '2': 0.5 }));
  await stage.check('routing_config_exc_version_doesnotexist', attempt('1', { '10': 0.5 }));
  await stage.check('target_version_exc_version_latest', attempt('$LATEST', { '1': 0.5 }));
  await stage.check('routing_config_exc_version_latest', attempt('1', { $LATEST: 0.5 }));
  await stage.check('create-alias-latest', attempt('$LATEST', undefined, { Name: 'custom-latest' }));
  await stage.check('routing_config_exc_fn_doesnotexist', attempt('1', { '2': 0.5 }, { FunctionName: 'fn-unknown' }));
  await stage.check('create_alias_empty_routingconfig', attempt('1', {}, { Name: 'custom-empty-routingconfig' }));
  await stage.check('create_alias_response', attempt('1', { '2': 0.5 }));
  await stage.check('routing_config_exc_already_exist', attempt('1', { '2': 0.5 }));
  await stage.check('alias_does_not_exist_esc', api.getAlias({ FunctionName, Name: 'non-existent' }));
};

const noAliasToDelete: Scenario = async (stage) => {
  stage.match('create_response', await created(stage, FunctionName, variables('staging')));
  await stage.check('delete_alias_response', stage.api.deleteAlias({ FunctionName, Name: 'non-existent' }));
};

const byArn: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  const FunctionArn = stage.arn('function:fn');
  await api.publishVersion({ FunctionName });
  const made = await stage.answer(
    api.createAlias({ FunctionName: FunctionArn, Name: 'live', FunctionVersion: '1', Description: 'd' }),
  );
  stage.same('made by ARN', made['AliasArn'], `${FunctionArn}:live`);
  const read = (answer: Answer): unknown => answer['Description'];
  await stage.answer(api.updateAlias({ FunctionName: FunctionArn, Name: 'live', Description: 'e' }));
  stage.same('read by ARN', read(await stage.answer(api.getAlias({ FunctionName: FunctionArn, Name: 'live' }))), 'e');
  await stage.answer(api.deleteAlias({ FunctionName: FunctionArn, Name: 'live' }));
  stage.same('gone', (await stage.answer(api.listAliases({ FunctionName: FunctionArn })))['Aliases'], []);
};

export const aliasScenarios: Scenarios = {
  'TestLambdaAlias.test_alias_lifecycle': lifecycle,
  'TestLambdaAlias.test_notfound_and_invalid_routingconfigs': refusals,
  'TestLambdaAlias.test_non_existent_alias_deletion': noAliasToDelete,
  'TestLambdaMultiAccounts.test_function_alias': byArn,
};
