import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { given, within, type Draft, type RestDesk } from './desk.ts';
import { badRequest, conflict } from './faults.ts';
import { byName } from './pages.ts';
import type { StageRecord } from './records.ts';
import { updatedStage } from './stage-updates.ts';

type StageHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'CreateStage' | 'GetStage' | 'GetStages' | 'UpdateStage' | 'DeleteStage' | 'FlushStageCache' | 'FlushStageAuthorizersCache'
>;

/** Stages: names under which deployments are served. */
export function stageHandlers(desk: RestDesk, forget: (apiId: string) => void): StageHandlers {
  return {
    async CreateStage({ restApiId = '', stageName: name = '', ...input }, call) {
      const made = await desk.change(restApiId, (draft) => {
        desk.api(call, restApiId, draft);
        checkStageName(name);
        const scope = within(call, restApiId);
        if (draft.get('stage', scope, name) !== undefined) throw conflict('Stage already exists');
        checkDeployment(draft, scope, input.deploymentId);
        const canary = input.canarySettings;
        if (canary?.deploymentId !== undefined) checkDeployment(draft, scope, canary.deploymentId);
        const stage: StageRecord = {
          ...newStage(desk, name),
          ...given(input),
          ...(canary === undefined ? {} : { canarySettings: { percentTraffic: 0, useStageCache: false, ...given(canary) } }),
        };
        draft.put('stage', scope, name, stage);
        return stage;
      });
      return shown(made);
    },

    GetStage: async ({ restApiId, stageName }, call) => shown(desk.part('stage', call, restApiId, stageName)),

    GetStages: async ({ restApiId, deploymentId }, call) => ({
      item: desk
        .parts('stage', call, restApiId)
        .filter((stage) => deploymentId === undefined || stage.deploymentId === deploymentId)
        .toSorted(byName(({ id }) => id))
        .map(shown),
    }),

    UpdateStage: async ({ restApiId = '', stageName = '', patchOperations }, call) =>
      shown(
        await desk.edit('stage', call, restApiId, stageName, (before, draft) => {
          const scope = within(call, restApiId);
          const after = updatedStage(before, patchOperations ?? [], (id) => checkDeployment(draft, scope, id));
          return { ...after, changedAtMs: desk.clock.now() };
        }),
      ),

    async DeleteStage({ restApiId = '', stageName = '' }, call) {
      await desk.drop('stage', call, restApiId, stageName, (draft) => {
        if (draft.list('mapping', scopeOf(call)).some((each) => each.apiId === restApiId && each.stage === stageName))
          throw badRequest('Please remove all base path mappings related to the stage in your account.');
      });
      return {};
    },

    async FlushStageCache({ restApiId, stageName }, call) {
      desk.part('stage', call, restApiId, stageName);
      return {};
    },

    async FlushStageAuthorizersCache({ restApiId = '', stageName }, call) {
      desk.part('stage', call, restApiId, stageName);
      forget(restApiId);
      return {};
    },
  };
}

export function checkStageName(name: string): void {
  if (!/^[\w-]{1,128}$/.test(name)) throw badRequest('Stage name only allows a-zA-Z0-9_-');
}

export function newStage(desk: RestDesk, name: string): StageRecord {
  const atMs = desk.clock.now();
  return { id: name, createdAtMs: atMs, changedAtMs: atMs };
}

function checkDeployment(draft: Draft, scope: string, id = ''): void {
  if (draft.get('deployment', scope, id) === undefined) throw badRequest('Deployment id does not exist');
}

const shown = ({ id, createdAtMs, changedAtMs, ...stage }: StageRecord) => ({
  ...stage,
  stageName: id,
  cacheClusterEnabled: stage.cacheClusterEnabled ?? false,
  cacheClusterStatus: stage.cacheClusterEnabled === true ? ('AVAILABLE' as const) : ('NOT_AVAILABLE' as const),
  createdDate: new Date(createdAtMs),
  lastUpdatedDate: new Date(changedAtMs),
  methodSettings: stage.methodSettings ?? {},
  tracingEnabled: stage.tracingEnabled ?? false,
});
