import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import type { ReadableRecords } from '../kit/index.ts';
import { given, pathsOf, within, type Draft, type Place, type RestDesk } from './desk.ts';
import { badRequest } from './faults.ts';
import { paged } from './pages.ts';
import { brief, member, patched, text, type Table } from './patch.ts';
import type { Definition, DeploymentRecord, RestKinds, StageRecord } from './records.ts';
import { checkStageName, newStage } from './stage-handlers.ts';

type DeploymentHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'CreateDeployment' | 'GetDeployment' | 'GetDeployments' | 'UpdateDeployment' | 'DeleteDeployment'
>;

/** What was when it was deployed: a copy that later changes do not reach. */
export function deploymentHandlers(desk: RestDesk): DeploymentHandlers {
  return {
    async CreateDeployment({ restApiId = '', stageName, stageDescription, description, canarySettings, ...settings }, call) {
      const made = await desk.change(restApiId, (draft) => {
        const definition = definitionOf(draft, desk, call, restApiId);
        const scope = within(call, restApiId);
        checkComplete(definition);
        const deployment: DeploymentRecord = {
          ...given({ description }),
          id: desk.newId(),
          createdAtMs: desk.moment(),
          definition,
        };
        draft.put('deployment', scope, deployment.id, deployment);
        const before = stageName === undefined ? undefined : draft.get('stage', scope, stageName);
        if (canarySettings !== undefined) {
          const refused = (why: string): Error => badRequest(`Invalid deployment content specified.${why}`);
          if (stageName === undefined || stageName === '')
            throw refused(
              `Non null and non empty stageName must be provided for canary deployment. Provided value is ${stageName ?? 'null'}`,
            );
          if (before === undefined)
            throw refused(`Stage ${stageName} must already be created before making a canary release deployment`);
          draft.put('stage', scope, stageName, {
            ...before,
            canarySettings: {
              percentTraffic: 0,
              useStageCache: false,
              ...given(canarySettings),
              deploymentId: deployment.id,
            },
            changedAtMs: desk.clock.now(),
          });
        } else if (stageName !== undefined && stageName !== '') {
          checkStageName(stageName);
          const own = given({ ...settings, description: stageDescription });
          const stage: StageRecord = { ...(before ?? newStage(desk, stageName)), ...own, deploymentId: deployment.id };
          draft.put('stage', scope, stageName, { ...stage, changedAtMs: desk.clock.now() });
        }
        return deployment;
      });
      return shown(made);
    },

    GetDeployment: async ({ restApiId, deploymentId, embed }, call) =>
      shown(desk.part('deployment', call, restApiId, deploymentId), embed?.includes('apisummary') === true),

    GetDeployments: async ({ restApiId, ...page }, call) =>
      paged(
        desk.parts('deployment', call, restApiId),
        page,
        ({ createdAtMs, id }) => `${createdAtMs}/${id}`,
        (each) => shown(each),
      ),

    UpdateDeployment: async ({ restApiId, deploymentId, patchOperations }, call) =>
      shown(await desk.edit('deployment', call, restApiId, deploymentId, (before) => patched(before, patchOperations, updates))),

    async DeleteDeployment({ restApiId = '', deploymentId = '' }, call) {
      await desk.drop('deployment', call, restApiId, deploymentId, (draft) => {
        const stages = draft.list('stage', within(call, restApiId));
        if (stages.some((stage) => stage.deploymentId === deploymentId))
          throw badRequest('Active stages pointing to this deployment must be moved or deleted');
        if (stages.some(({ canarySettings }) => canarySettings?.deploymentId === deploymentId))
          throw badRequest('Active stages with canary settings pointing to this deployment must be moved or deleted');
      });
      return {};
    },
  };
}

function definitionOf(draft: Draft & ReadableRecords<RestKinds>, desk: RestDesk, place: Place, apiId: string): Definition {
  const scope = within(place, apiId);
  return {
    api: desk.api(place, apiId, draft),
    resources: draft.list('resource', scope),
    authorizers: draft.list('authorizer', scope),
    models: draft.list('model', scope),
    validators: draft.list('validator', scope),
    gatewayResponses: draft.list('gatewayResponse', scope),
  };
}

function checkComplete({ resources }: Definition): void {
  const methods = resources.flatMap((resource) => Object.values(resource.methods));
  if (methods.length === 0) throw badRequest("The REST API doesn't contain any methods");
  if (methods.some(({ methodIntegration }) => methodIntegration === undefined))
    throw badRequest('No integration defined for method');
}

const shown = ({ createdAtMs, definition, ...rest }: DeploymentRecord, summed = false) => ({
  ...rest,
  createdDate: new Date(createdAtMs),
  ...(summed ? { apiSummary: summaryOf(definition) } : {}),
});

function summaryOf({ resources }: Definition) {
  const paths = pathsOf(resources);
  const summed = resources
    .filter(({ methods }) => Object.keys(methods).length > 0)
    .map(({ id, methods }) => [
      paths.get(id) ?? '/',
      Object.fromEntries(
        Object.entries(methods).map(([name, { authorizationType = 'NONE', apiKeyRequired = false }]) => [
          name,
          { authorizationType, apiKeyRequired },
        ]),
      ),
    ]);
  return Object.fromEntries(summed) as Record<string, Record<string, { authorizationType: string; apiKeyRequired: boolean }>>;
}

const updates: Table = { places: { '/description': member(text, ['replace', 'remove']) }, words: brief };
