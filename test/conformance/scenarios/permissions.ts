import { fixture, settled } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';

const FunctionName = 'fn';
const Action = 'lambda:InvokeFunction';
const SourceArn = 'arn:aws:s3:::some-bucket';
const s3 = { FunctionName, Action, StatementId: 's3', Principal: 's3.amazonaws.com', SourceArn };

const refusals: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  const permission = { FunctionName, Action, StatementId: 's3', Principal: 's3.amazonaws.com' };
  const add = (name: string, other: object): Promise<Answer> => stage.check(name, api.addPermission({ ...permission, ...other }));
  const remove = (name: string, other: object): Promise<Answer> =>
    stage.check(name, api.removePermission({ FunctionName, StatementId: 's3', ...other }));
  await add('add_permission_invalid_statement_id', { StatementId: 'example.com' });
  await add('add_permission_fn_qualifier_mismatch', { FunctionName: stage.arn('function:fn:alias-not-42'), Qualifier: '42' });
  await add('add_permission_fn_qualifier_latest', { Qualifier: '$LATEST' });
  await add('add_permission_principal_invalid', { Principal: 'invalid.nonaws.com' });
  await stage.check('get_policy_fn_doesnotexist', api.getPolicy({ FunctionName: 'doesnotexist' }));
  await stage.check('get_policy_fn_version_doesnotexist', api.getPolicy({ FunctionName, Qualifier: '42' }));
  await add('add_permission_fn_doesnotexist', { FunctionName: 'doesnotexist' });
  await remove('remove_permission_policy_doesnotexist', {});
  await add('add_permission_fn_alias_doesnotexist', { Qualifier: 'alias-doesnotexist' });
  await add('add_permission_fn_version_doesnotexist', { Qualifier: '42' });
  await add('add_permission_fn_qualifier_invalid', { Qualifier: 'invalid-qualifier-with-?-char' });
  await add('add_permission_fn_qualifier_valid_doesnotexist', { Qualifier: 'valid-with-$-but-doesnotexist' });
  await api.addPermission(permission);
  await add('add_permission_conflicting_statement_id', {});
  await remove('remove_permission_fn_doesnotexist', { FunctionName: 'doesnotexist' });
  await remove('remove_permission_fn_alias_doesnotexist', { Qualifier: 'alias-doesnotexist' });
};

const several: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  const add = (name: string, StatementId: string): Promise<Answer> =>
    stage.check(name, api.addPermission({ FunctionName, Action, StatementId, Principal: `${StatementId}.amazonaws.com` }));
  await add('add_permission_response_1', 'logs');
  await add('add_permission_response_2', 'kinesis');
  await stage.check('policy_after_2_add', api.getPolicy({ FunctionName }));
};

const fields: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  const SourceAccount = stage.account;
  const add = (name: string, input: { StatementId: string; Principal: string }, other: object = {}): Promise<Answer> =>
    stage.check(name, api.addPermission({ FunctionName, Action, ...input, ...other }));
  await add('add_permission_principal_wildcard', { StatementId: 'wilcard', Principal: '*' }, { SourceAccount });
  await add('add_permission_principal_service', { StatementId: 'lambda', Principal: 'lambda.amazonaws.com' }, { SourceAccount });
  await add('add_permission_principal_account', { StatementId: 'account-id', Principal: stage.account });
  await add(
    'add_permission_principal_arn',
    { StatementId: 'user-arn', Principal: `arn:aws:iam::${stage.account}:user/someone` },
    { SourceAccount },
  );
  await add(
    'add_permission_optional_fields',
    { StatementId: 'urlPermission', Principal: '*' },
    {
      Action: 'lambda:InvokeFunctionUrl',
      SourceArn,
      SourceAccount,
      PrincipalOrgID: 'o-1234567890',
      FunctionUrlAuthType: 'NONE',
    },
  );
  const EventSourceToken = 'amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';
  await add('add_permission_alexa_skill', { StatementId: 'alexaSkill', Principal: '*' }, { EventSourceToken });
};

/** The policy of a function is not that of its versions. */
const versioning: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  await stage.check('add_permission', api.addPermission(s3));
  await stage.check('get_policy', api.getPolicy({ FunctionName }));
  await api.publishVersion({ FunctionName });
  await stage.check('get_policy_after_publishing_latest', api.getPolicy({ FunctionName }));
  await stage.check('get_policy_after_publishing_new_version', api.getPolicy({ FunctionName, Qualifier: '1' }));
  await api.addPermission({ ...s3, Qualifier: '1' });
  await stage.check('get_policy_after_adding_to_new_version', api.getPolicy({ FunctionName }));
  await api.addPermission({ ...s3, StatementId: 's3_2' });
  await stage.check('get_policy_after_adding_2', api.getPolicy({ FunctionName }));
};

const versionsAndAliases: Scenario = async (stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  await stage.check('add_permission', api.addPermission(s3));
  await stage.check('get_policy', api.getPolicy({ FunctionName }));
  await stage.check('publish_version_result', api.publishVersion({ FunctionName }));
  await stage.check('get_function_result_after_publishing', api.getFunction({ FunctionName }));
  await stage.check('get_policy_after_publishing_latest', api.getPolicy({ FunctionName }));
  await stage.check('get_policy_after_publishing_new_version', api.getPolicy({ FunctionName, Qualifier: '1' }));
  await api.addPermission({ ...s3, Qualifier: '1' });
  await stage.check('get_policy_version', api.getPolicy({ FunctionName, Qualifier: '1' }));
  const Name = 'permission-alias';
  await stage.check('create_alias_response', api.createAlias({ FunctionName, Name, FunctionVersion: '1' }));
  await stage.check('get_alias', api.getAlias({ FunctionName, Name }));
  await stage.check(
    'add_permission_alias_revision_exception',
    api.addPermission({ ...s3, Qualifier: Name, RevisionId: 'wrong' }),
  );
  await api.addPermission({ ...s3, Qualifier: Name });
  await stage.check('get_policy_alias', api.getPolicy({ FunctionName, Qualifier: Name }));
  await stage.check('get_policy_after_adding_to_new_version', api.getPolicy({ FunctionName }));
  await api.addPermission({ ...s3, StatementId: 's3_2' });
  await stage.check('get_policy_after_adding_2', api.getPolicy({ FunctionName }));
};

const optionalFields: Scenario = async (stage: Stage) => {
  const { api } = stage;
  await fixture(stage, FunctionName);
  const { Statement } = await stage.answer(
    api.addPermission({
      FunctionName,
      Action,
      StatementId: 'all',
      Principal: 's3.amazonaws.com',
      SourceAccount: stage.account,
      SourceArn,
    }),
  );
  stage.same('condition', (Statement as { Condition: object }).Condition, {
    StringEquals: { 'AWS:SourceAccount': stage.account },
    ArnLike: { 'AWS:SourceArn': SourceArn },
  });
};

export const permissionScenarios: Scenarios = {
  'TestLambdaPermissions.test_permission_exceptions': refusals,
  'TestLambdaPermissions.test_create_multiple_lambda_permissions': several,
  'TestLambdaPermissions.test_add_lambda_permission_fields': fields,
  'TestLambdaPermissions.test_add_lambda_permission_optional_fields': optionalFields,
  'TestLambdaPermissions.test_lambda_permission_versioning': versioning,
  'TestLambdaPermissions.test_lambda_permission_fn_versioning': versionsAndAliases,
  'TestLambdaPermissions.test_lambda_permission_revisions': async (stage) => {
    const { api } = stage;
    await fixture(stage, FunctionName, { Runtime: 'python3.8' });
    await stage.check('add_permission_revision_id_doesnotmatch', api.addPermission({ ...s3, RevisionId: 'wrong' }));
    await api.addPermission(s3);
    await stage.check(
      'remove_permission_fn_revision_id_doesnotmatch',
      api.removePermission({ FunctionName, StatementId: 's3', RevisionId: 'wrong' }),
    );
    await api.addPermission({ ...s3, StatementId: 's3_2' });
    await api.publishVersion({ FunctionName });
    await stage.check('get_policy_after_publish_version', api.getPolicy({ FunctionName }));
    await api.addPermission({ ...s3, StatementId: 's3_2', Qualifier: '1' });
    await stage.check('get_policy_v1_after_publish_version', api.getPolicy({ FunctionName, Qualifier: '1' }));
    await api.updateFunctionConfiguration({ FunctionName, Runtime: 'python3.9' });
    await settled(stage, FunctionName);
    await stage.check('get_function_fn8', api.getFunction({ FunctionName }));
    await stage.check('get_function_fn8_v1', api.getFunction({ FunctionName, Qualifier: '1' }));
    await api.addPermission({ ...s3, StatementId: 's3_3', Qualifier: '1' });
    await stage.check('get_function_fn9', api.getFunction({ FunctionName }));
    await stage.check('get_function_fn9_v1', api.getFunction({ FunctionName, Qualifier: '1' }));
    await stage.check('get_policy_v1_after_add_permission9', api.getPolicy({ FunctionName, Qualifier: '1' }));
  },
};
