import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';
import { patch, rest, type Operation, type Rest } from './apigateway-kit.ts';

const mocked = (play: (api: Rest) => Promise<unknown>): Scenario =>
  rest(async (api) => {
    await api.mock();
    await play(api);
  });

type Update = (name: string, ...operations: readonly Operation[]) => Promise<Answer>;
const updates =
  (api: Rest, stageName: string): Update =>
  (name, ...operations) =>
    api.check(name, 'UpdateStage', { stageName, ...patch(...operations) });

const canaryStages = mocked(async (api) => {
  const first = await api.check('create-deployment-1', 'CreateDeployment');
  const second = await api.check('create-deployment-2', 'CreateDeployment');
  await api.check('create-stage', 'CreateStage', {
    stageName: 'dev',
    description: 'dev stage',
    deploymentId: first['id'],
    variables: { testVar: 'default' },
    canarySettings: { deploymentId: second['id'], percentTraffic: 50, stageVariableOverrides: { testVar: 'canary' } },
  });
  const stage = { stageName: 'dev' };
  await api.check('get-stage', 'GetStage', stage);
  const update = updates(api, 'dev');
  await update('update-stage-canary-settings-overrides', [
    'replace',
    '/canarySettings/stageVariableOverrides/testVar',
    'updated',
  ]);
  await update('update-stage-remove-canary-settings', ['remove', '/canarySettings']);
  await api.check('get-stage-after-remove', 'GetStage', stage);
});

const canaryDeployment = mocked(async (api) => {
  const first = await api.check('create-deployment', 'CreateDeployment');
  await api.check('create-stage', 'CreateStage', {
    stageName: 'dev',
    description: 'dev stage',
    deploymentId: first['id'],
    variables: { testVar: 'default' },
  });
  await api.check('create-canary-deployment', 'CreateDeployment', {
    stageName: 'dev',
    canarySettings: { percentTraffic: 50, stageVariableOverrides: { testVar: 'canary' } },
  });
  await api.check('get-stage', 'GetStage', { stageName: 'dev' });
});

const canaryRefusals = mocked(async (api) => {
  const canarySettings = { percentTraffic: 50 };
  await api.check('create-canary-deployment-no-stage', 'CreateDeployment', { canarySettings });
  await api.check('create-canary-deployment-empty-stage', 'CreateDeployment', { canarySettings, stageName: '' });
  await api.check('create-canary-deployment-non-existing-stage', 'CreateDeployment', {
    canarySettings,
    stageName: 'non-existing',
  });
});

const canaryUpdates = mocked(async (api) => {
  await api.deploy({ stageName: 'dev' });
  await api.check('get-stage', 'GetStage', { stageName: 'dev' });
  const update = updates(api, 'dev');
  await update('update-stage-canary-settings-remove-overrides', ['remove', '/canarySettings/stageVariableOverrides']);
  await update('update-stage-canary-settings-bad-path', ['remove', '/canarySettings/badPath']);
  await update('update-stage-canary-settings-bad-path-2', ['replace', '/canarySettings', 'x']);
  await update('update-stage-canary-settings-replace-bad-path', ['replace', '/canarySettings/badPath', 'x']);
  await update('update-stage-add-deployment', ['add', '/canarySettings/deploymentId', 'x']);
  await update('update-stage-no-deployment', ['replace', '/canarySettings/deploymentId', 'x']);
});

const promotion = mocked(async (api) => {
  const { id: deploymentId } = await api.check('deployment-1', 'CreateDeployment');
  await api.ok('CreateStage', { stageName: 'dev', deploymentId, variables: { testVar: 'test', testVar2: 'test2' } });
  const update = updates(api, 'dev');
  const copyDeployment = ['copy', '/deploymentId', undefined, '/canarySettings/deploymentId'] as const;
  const copyVariables = ['copy', '/variables', undefined, '/canarySettings/stageVariableOverrides'] as const;
  await update('copy-with-bad-statement', ['copy', '/canarySettings/stageVariableOverrides', undefined, '/variables']);
  await update('copy-with-no-replace', copyDeployment);
  await update('update-stage-with-copy', ['replace', '/canarySettings/percentTraffic', '50'], copyDeployment, copyVariables);
  await api.check('deployment-canary', 'CreateDeployment', {
    stageName: 'dev',
    canarySettings: { percentTraffic: 50, stageVariableOverrides: { testVar: 'override' } },
  });
  await api.check('get-stage', 'GetStage', { stageName: 'dev' });
  await update('update-stage-with-copy-2', copyVariables, copyDeployment);
});

const deletions = mocked(async (api) => {
  let deploymentId = await api.deploy({ stageName: 's1' });
  await api.check('get-deployment', 'GetDeployment', { deploymentId });
  await api.check('get-stages', 'GetStages');
  for (const turn of [0, 1, 2]) {
    await api.check(`delete-deployment-error-${turn}`, 'DeleteDeployment', { deploymentId });
    await api.check(`get-deployments-${turn}`, 'GetDeployments');
    await api.check(`get-stages-${turn}`, 'GetStages');
    await api.ok('DeleteStage', { stageName: 's1' });
    await api.ok('DeleteDeployment', { deploymentId });
    deploymentId = await api.deploy({ stageName: 's1' });
  }
});

const movedStage = mocked(async (api) => {
  const first = await api.deploy({ stageName: 's1' });
  await api.check('get-deployment-1', 'GetDeployment', { deploymentId: first });
  await api.check('get-stages', 'GetStages');
  await api.check('delete-deployment-error', 'DeleteDeployment', { deploymentId: first });
  const second = await api.deploy({ stageName: 's1' });
  await api.check('get-deployment-1-after-update', 'GetDeployment', { deploymentId: first });
  await api.check('get-deployment-2', 'GetDeployment', { deploymentId: second });
  await api.check('get-stages-after-update', 'GetStages');
  await api.check('delete-deployment-1', 'DeleteDeployment', { deploymentId: first });
  await api.check('delete-deployment-2-error', 'DeleteDeployment', { deploymentId: second });
});

const wildcards = mocked(async (api) => {
  const deploymentId = await api.deploy();
  await api.ok('CreateDocumentationVersion', { documentationVersion: 'v123' });
  const stage = { stageName: 's1', deploymentId, description: 'my stage', documentationVersion: 'v123' };
  await api.check('create-stage', 'CreateStage', stage);
  await api.check('get-stage', 'GetStage', { stageName: 's1' });
  const update = updates(api, 's1');
  await update('delete-error', ['remove', '/*/*']);
  await update('update-stage', ['replace', '/*/*/caching/enabled', 'true']);
  await update('update-stage-reset', ['remove', '/*/*']);
  await api.check('get-stage-after-reset', 'GetStage', { stageName: 's1' });
});

const filtered = mocked(async (api) => {
  const [first, second] = [await api.deploy({ stageName: 'stage1' }), await api.deploy({ stageName: 'stage2' })];
  await api.check('all-stages', 'GetStages');
  await api.check('stages-deploy1', 'GetStages', { deploymentId: first });
  await api.check('stages-deploy2', 'GetStages', { deploymentId: second });
});

const destination = '/accessLogSettings/destinationArn';
const format = '/accessLogSettings/format';

const devStage = async (api: Rest): Promise<{ readonly update: Update; readonly arn: string }> => {
  const { id: deploymentId } = await api.check('create-deployment', 'CreateDeployment');
  await api.check('create-stage', 'CreateStage', { stageName: 'dev', description: 'dev stage', deploymentId });
  return { update: updates(api, 'dev'), arn: api.scene.arn('logs', 'log-group:group') };
};

const accessLogs = mocked(async (api) => {
  const { update, arn } = await devStage(api);
  await update('update-stage-access-log-dest-add', ['add', destination, arn]);
  await update('update-stage-access-log-dest-replace', ['replace', destination, `${arn}a`]);
  await update('update-stage-access-log-format-add', ['add', format, '$context.requestId $context.identity.sourceIp']);
  await update('update-stage-access-log-remove-all', ['remove', '/accessLogSettings']);
});

const accessLogRefusals = mocked(async (api) => {
  const { update, arn } = await devStage(api);
  for (const op of ['add', 'remove', 'replace']) {
    await update(`invalid-path-${op}`, [op, '/accessLogSettings/randomValue', 'x']);
    await update(`star-and-${op}`, [op, '/accessLogSettings/*', 'x']);
    if (op !== 'remove') await update(`root-and-${op}`, [op, '/accessLogSettings', 'x']);
  }
  await update('update-stage-access-log-dest-add', ['add', destination, arn]);
  await update('update-stage-access-log-destinationArn-empty', ['replace', destination, '']);
  await update('update-stage-access-log-format-empty', ['replace', format, '']);
  await update('update-stage-access-log-dest-remove', ['remove', destination]);
});

export const apigatewayStageScenarios: Scenarios = {
  'TestStageCrudCanary.test_create_update_stages': canaryStages,
  'TestStageCrudCanary.test_create_canary_deployment_with_stage': canaryDeployment,
  'TestStageCrudCanary.test_create_canary_deployment_validation': canaryRefusals,
  'TestStageCrudCanary.test_update_stage_canary_deployment_validation': canaryUpdates,
  'TestStageCrudCanary.test_update_stage_with_copy_ops': promotion,
  'TestDeployments.test_create_delete_deployments[True]': deletions,
  'TestDeployments.test_create_update_deployments': movedStage,
  'TestStages.test_update_stage_remove_wildcard': wildcards,
  'TestApiGatewayStage.test_get_stages_filters_by_deployment_id': filtered,
  'TestApiGatewayStage.test_stage_access_log_settings': accessLogs,
  'TestApiGatewayStage.test_stage_access_log_settings_validation': accessLogRefusals,
};
