import { created, echo, settled } from '../kit/functions.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';
import { zipOf } from '../../kit/zip.ts';

const FunctionName = 'fn';

const wrongRevision: Scenario = async (stage) => {
  const { api } = stage;
  stage.match('create_response', await created(stage, FunctionName, { Runtime: 'python3.9' }));
  const read = await stage.check('get_fn_response', api.getFunction({ FunctionName }));
  await stage.check('publish_wrong_revisionid_exc', api.publishVersion({ FunctionName, RevisionId: 'doesntexist' }));
  const { RevisionId } = read['Configuration'] as { RevisionId: string };
  await stage.check('publish_result', api.publishVersion({ FunctionName, RevisionId }));
};

const program = (id: string): Record<string, string> => ({
  'handler.py': `def handler(event, context):\n    return {"version_id": "${id}", "invoked_arn": context.invoked_function_arn, "version_from_ctx": context.function_version}\n`,
});

const withCodeChanges: Scenario = async (stage) => {
  const { api } = stage;
  const options = { files: program('version1'), Handler: 'handler.handler', Description: 'No version :(' };
  stage.match('create_response', await created(stage, FunctionName, options));
  await stage.check('first_publish_response', api.publishVersion({ FunctionName, Description: 'First version description :)' }));
  await stage.check(
    'update_lambda_response',
    api.updateFunctionCode({ FunctionName, ZipFile: await zipOf(program('version2')) }),
  );
  await settled(stage, FunctionName);
  const Payload = Buffer.from('{}');
  await stage.check('invocation_result_latest', api.invoke({ FunctionName, Payload }));
  await stage.check('invocation_result_v1', api.invoke({ FunctionName, Qualifier: '1', Payload }));
  await stage.check(
    'second_publish_response',
    api.publishVersion({ FunctionName, Description: 'Second version description :)' }),
  );
  await stage.check('invocation_result_v2', api.invoke({ FunctionName, Qualifier: '2', Payload }));
  const third = { FunctionName, ZipFile: await zipOf(program('version3')), Publish: true };
  await stage.check('update_lambda_response_with_publish', api.updateFunctionCode(third));
  await settled(stage, FunctionName);
  await settled(stage, FunctionName, '3');
  await stage.check('invocation_result_v3', api.invoke({ FunctionName, Qualifier: '3', Payload }));
  await stage.check('invocation_result_latest_end', api.invoke({ FunctionName, Payload }));
  await stage.check('invocation_result_v2_end', api.invoke({ FunctionName, Qualifier: '2', Payload }));
  await stage.check('invocation_result_v1_end', api.invoke({ FunctionName, Qualifier: '1', Payload }));
};

export const versionScenarios: Scenarios = {
  'TestLambdaVersions.test_publish_with_wrong_revisionid': wrongRevision,
  'TestLambdaVersions.test_lambda_versions_with_code_changes': withCodeChanges,
  'TestLambdaMultiAccounts.test_publish_version': async (stage) => {
    await created(stage, FunctionName, { files: echo, Handler: 'handler.handler' });
    const { FunctionArn } = await stage.answer(stage.api.publishVersion({ FunctionName: stage.arn('function:fn') }));
    stage.same('published by its ARN', FunctionArn, stage.arn('function:fn:1'));
  },
};
