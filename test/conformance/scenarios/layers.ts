import { Lambda } from '@aws-sdk/client-lambda';
import { create, fixture } from '../kit/functions.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';
import { zipOf } from '../../kit/zip.ts';

const LayerName = 'layer';
const content = async (): Promise<{ ZipFile: Buffer }> => ({ ZipFile: await zipOf({ 'python/shared.py': 'answer = 42\n' }) });

const usual = async (): Promise<{
  LayerName: string;
  Content: { ZipFile: Buffer };
  CompatibleRuntimes: ['python3.12'];
  CompatibleArchitectures: ['x86_64'];
}> => ({
  LayerName,
  Content: await content(),
  CompatibleRuntimes: ['python3.12'],
  CompatibleArchitectures: ['x86_64'],
});

const refusals: Scenario = async (stage) => {
  const { api } = stage;
  await stage.check('publish_result', api.publishLayerVersion(await usual()));
  await stage.check(
    'list_layers_exc_compatibleruntime_invalid',
    api.listLayers({ CompatibleRuntime: 'runtimedoesnotexist' as never }),
  );
  await stage.check(
    'list_layers_exc_compatiblearchitecture_invalid',
    api.listLayers({ CompatibleArchitecture: 'archdoesnotexist' as never }),
  );
  await stage.check('list_nonexistent_layer', api.listLayerVersions({ LayerName: 'layerdoesnotexist' }));
  const get = (name: string, layer: string, VersionNumber: number): Promise<Answer> =>
    stage.check(name, api.getLayerVersion({ LayerName: layer, VersionNumber }));
  await get('get_layer_version_exc_layer_doesnotexist', 'layerdoesnotexist', 1);
  await get('get_layer_version_exc_layer_version_doesnotexist_negative', LayerName, -1);
  await get('get_layer_version_exc_layer_version_doesnotexist_zero', LayerName, 0);
  await get('get_layer_version_exc_layer_version_doesnotexist_2', LayerName, 2);
  const Arn = stage.arn('layer:layer');
  await stage.check('get_layer_version_by_arn_exc_invalidarn', api.getLayerVersionByArn({ Arn }));
  await stage.check('get_layer_version_by_arn_exc_nonexistentversion', api.getLayerVersionByArn({ Arn: `${Arn}:2` }));
  const remove = (name: string, layer: string, VersionNumber: number): Promise<Answer> =>
    stage.check(name, api.deleteLayerVersion({ LayerName: layer, VersionNumber }));
  await remove('delete_nonexistent_response', 'layerdoesnotexist', 1);
  await remove('delete_nonexistent_version_response', LayerName, 2);
  await remove('delete_layer_response', LayerName, 1);
  await remove('delete_layer_again_response', LayerName, 1);
  await remove('delete_layer_version_exc_layerversion_invalid_version', LayerName, -1);
  const empty = { LayerName: 'empty', Content: await content(), CompatibleRuntimes: [], CompatibleArchitectures: [] };
  await stage.check('publish_empty_result', api.publishLayerVersion(empty));
  const publish = (name: string, runtimes: readonly string[], architectures: readonly string[]): Promise<Answer> =>
    stage.check(
      name,
      api.publishLayerVersion({
        ...empty,
        CompatibleRuntimes: runtimes as never,
        CompatibleArchitectures: architectures as never,
      }),
    );
  await publish('publish_layer_version_exc_invalid_runtime_arch', ['invalidruntime'], ['invalidarch']);
  await publish(
    'publish_layer_version_exc_partially_invalid_values',
    ['invalidruntime', 'invalidruntime2', 'nodejs20.x'],
    ['invalidarch', 'x86_64'],
  );
};

const permission = { LayerName, VersionNumber: 1, StatementId: 's1', Action: 'lambda:GetLayerVersion', Principal: '*' };

const policyRefusals: Scenario = async (stage) => {
  const { api } = stage;
  await stage.check('publish_result', api.publishLayerVersion(await usual()));
  const add = (name: string, other: object = {}): Promise<Answer> =>
    stage.check(name, api.addLayerVersionPermission({ ...permission, ...other }));
  const get = (name: string, other: object = {}): Promise<Answer> =>
    stage.check(name, api.getLayerVersionPolicy({ LayerName, VersionNumber: 1, ...other }));
  const remove = (name: string, other: object): Promise<Answer> =>
    stage.check(name, api.removeLayerVersionPermission({ LayerName, VersionNumber: 1, StatementId: 's1', ...other }));
  await get('layer_permission_nopolicy_get');
  await add('add_layer_permission_result');
  await add('layer_permission_action_invalid', { StatementId: 's2', Action: '*' });
  await add('layer_permission_duplicate_statement');
  await add('layer_permission_wrong_revision', { StatementId: 's2', RevisionId: 'wrong' });
  const noLayer = { LayerName: `${LayerName}-doesnotexist` };
  await add('layer_permission_layername_doesnotexist_add', noLayer);
  await get('layer_permission_layername_doesnotexist_get', noLayer);
  await remove('layer_permission_layername_doesnotexist_remove', noLayer);
  const noVersion = { VersionNumber: 2 };
  await add('layer_permission_layerversion_doesnotexist_add', noVersion);
  await get('layer_permission_layerversion_doesnotexist_get', noVersion);
  await remove('layer_permission_layerversion_doesnotexist_remove', noVersion);
  await remove('layer_permission_statementid_doesnotexist_remove', { StatementId: 'doesnotexist' });
  await remove('layer_permission_wrong_revision_remove', { RevisionId: 'wrong' });
};

const policyLifecycle: Scenario = async (stage) => {
  const { api } = stage;
  await stage.check('publish_result', api.publishLayerVersion(await usual()));
  const at = { LayerName, VersionNumber: 1 };
  const { RevisionId } = await stage.check('add_policy_s1', api.addLayerVersionPermission(permission));
  await stage.check('get_layer_version_policy', api.getLayerVersionPolicy(at));
  await stage.check(
    'add_policy_s2',
    api.addLayerVersionPermission({ ...permission, StatementId: 's2', RevisionId: String(RevisionId) }),
  );
  const second = await stage.check('get_layer_version_policy_postadd2', api.getLayerVersionPolicy(at));
  await stage.check(
    'remove_s2',
    api.removeLayerVersionPermission({ ...at, StatementId: 's2', RevisionId: String(second['RevisionId']) }),
  );
  await stage.check('get_layer_version_policy_postdeletes2', api.getLayerVersionPolicy(at));
};

async function publishedElsewhere(stage: Stage): Promise<string> {
  const other = stage.neighbour(new Lambda({ ...stage.settings, region: 'eu-other-1' }));
  const { LayerVersionArn } = await other.publishLayerVersion({ LayerName: stage.region, Content: await content() });
  return LayerVersionArn ?? '';
}

const inFunctions: Scenario = async (stage) => {
  const { api } = stage;
  const { CompatibleArchitectures, ...layer } = { ...(await usual()), CompatibleRuntimes: [] };
  for (const name of ['publish_result', 'publish_result_2', 'publish_result_3'])
    await stage.check(name, api.publishLayerVersion({ ...layer, CompatibleArchitectures }));
  await fixture(stage, 'fn');
  await stage.check('get_fn_result', api.getFunction({ FunctionName: 'fn' }));
  const arn = stage.arn('layer:layer');
  const use = (name: string, ...Layers: readonly string[]): Promise<Answer> =>
    stage.check(name, api.updateFunctionConfiguration({ FunctionName: 'fn', Layers: [...Layers] }));
  await use('two_layer_versions_single_function_exc', `${arn}:1`, `${arn}:2`);
  await use('three_layer_versions_single_function_exc', `${arn}:1`, `${arn}:2`, `${arn}:3`);
  await use('two_identical_layer_versions_single_function_exc', `${arn}:1`, `${arn}:1`);
  await use('add_nonexistent_layer_exc', stage.arn('layer:doesnotexist:1'));
  await use('add_nonexistent_layer_version_exc', `${arn}:9`);
  await use('add_layer_arn_without_version_exc', arn);
  const elsewhere = await publishedElsewhere(stage);
  stage.match('create_function_with_layer_in_different_region', await create(stage, 'other', { Layers: [elsewhere] }));
};

export const layerScenarios: Scenarios = {
  'TestLambdaLayer.test_layer_exceptions': refusals,
  'TestLambdaLayer.test_layer_policy_exceptions': policyRefusals,
  'TestLambdaLayer.test_layer_policy_lifecycle': policyLifecycle,
  'TestLambdaLayer.test_layer_function_exceptions': inFunctions,
  'TestLambdaLayer.test_layer_compatibilities[runtimes2]': async (stage) => {
    const CompatibleRuntimes = ['provided.al2023', 'provided.al2', 'provided'] as never;
    await stage.check(
      'publish_result',
      stage.api.publishLayerVersion({
        LayerName,
        Content: await content(),
        CompatibleRuntimes,
        CompatibleArchitectures: ['arm64', 'x86_64'],
      }),
    );
  },
};
