import { created, fixture } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';

const FunctionName = 'fn';

const config = (stage: Stage): Parameters<Stage['api']['createCodeSigningConfig']>[0] => ({
  Description: 'Testing CodeSigning Config',
  AllowedPublishers: { SigningProfileVersionArns: [`arn:aws:signer:${stage.region}:${stage.account}:/signing-profiles/test`] },
  CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' },
});

const arnOf = (answer: Answer): string => (answer['CodeSigningConfig'] as { CodeSigningConfigArn: string }).CodeSigningConfigArn;

const lifecycle: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  const CodeSigningConfigArn = arnOf(await stage.check('create_code_signing_config', api.createCodeSigningConfig(config(stage))));
  const warn = { CodeSigningConfigArn, CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' } } as const;
  await stage.check('update_code_signing_config', api.updateCodeSigningConfig(warn));
  await stage.check('get_code_signing_config', api.getCodeSigningConfig({ CodeSigningConfigArn }));
  await stage.check('put_function_code_signing_config', api.putFunctionCodeSigningConfig({ FunctionName, CodeSigningConfigArn }));
  await stage.check('get_function_code_signing_config', api.getFunctionCodeSigningConfig({ FunctionName }));
  const { CodeSigningConfigs } = await stage.answer(api.listCodeSigningConfigs({}));
  stage.match(
    'list_code_signing_configs',
    (CodeSigningConfigs as Answer[]).find((each) => each['CodeSigningConfigArn'] === CodeSigningConfigArn),
  );
  await stage.check('list_functions_by_code_signing_config', api.listFunctionsByCodeSigningConfig({ CodeSigningConfigArn }));
  await stage.check('delete_function_code_signing_config', api.deleteFunctionCodeSigningConfig({ FunctionName }));
  await stage.check('delete_code_signing_config', api.deleteCodeSigningConfig({ CodeSigningConfigArn }));
};

const notFound: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  const CodeSigningConfigArn = arnOf(await stage.check('create_code_signing_config', api.createCodeSigningConfig(config(stage))));
  const gone = { CodeSigningConfigArn: stage.arn('code-signing-config:csc-00000000000000000') };
  const nobody = { FunctionName: 'csc-test-doesnotexist' };
  await stage.check('delete_csc_notfound', api.deleteCodeSigningConfig(gone));
  await stage.check('nothing_to_delete_response', api.deleteFunctionCodeSigningConfig({ FunctionName }));
  await stage.check('delete_function_csc_fnnotfound', api.deleteFunctionCodeSigningConfig(nobody));
  await stage.check('put_function_csc_invalid_fnname', api.putFunctionCodeSigningConfig({ ...nobody, CodeSigningConfigArn }));
  await stage.check('put_function_csc_invalid_csc_arn', api.putFunctionCodeSigningConfig({ FunctionName, ...gone }));
  await stage.check('put_function_csc_invalid_both', api.putFunctionCodeSigningConfig({ ...nobody, ...gone }));
  await stage.check('update_csc_invalid_csc_arn', api.updateCodeSigningConfig({ ...gone, Description: 'new' }));
  await stage.check('update_csc_noupdates', api.updateCodeSigningConfig(gone));
  await stage.check('update_csc_noupdate_response', api.updateCodeSigningConfig({ CodeSigningConfigArn }));
  await stage.check('get_csc_invalid', api.getCodeSigningConfig(gone));
  await stage.check('get_function_csc_fnwithoutcsc', api.getFunctionCodeSigningConfig({ FunctionName }));
  await stage.check('get_function_csc_nonexistingfn', api.getFunctionCodeSigningConfig(nobody));
  await stage.check('list_functions_by_csc_fnwithoutcsc', api.listFunctionsByCodeSigningConfig({ CodeSigningConfigArn }));
  await stage.check('list_functions_by_csc_invalid_cscarn', api.listFunctionsByCodeSigningConfig(gone));
};

export const codeSigningScenarios: Scenarios = {
  'TestCodeSigningConfig.test_function_code_signing_config': lifecycle,
  'TestCodeSigningConfig.test_code_signing_not_found_excs': notFound,
};
