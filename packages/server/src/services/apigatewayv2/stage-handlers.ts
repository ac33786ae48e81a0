import type { ApiGatewayV2Operations, Call, Handlers } from '@mayfly/wire';
import type { RecordDraft } from '../kit/index.ts';
import { given, within, type HttpDesk } from './desk.ts';
import { badRequest, conflict, notFound, notHere } from './faults.ts';
import { paged } from './pages.ts';
import { scopeOf } from '../kit/index.ts';
import type { Definition, DeploymentRecord, HttpKinds, StageRecord } from './records.ts';

type StageHandlers = Pick<
  Handlers<ApiGatewayV2Operations>,
  | 'CreateStage'
  | 'GetStage'
  | 'GetStages'
  | 'UpdateStage'
  | 'DeleteStage'
  | 'DeleteRouteSettings'
  | 'DeleteAccessLogSettings'
  | 'CreateDeployment'
  | 'GetDeployment'
  | 'GetDeployments'
  | 'UpdateDeployment'
  | 'DeleteDeployment'
>;

/** Stages, and what they serve: what is, or what was when it was deployed. */
export function stageHandlers(desk: HttpDesk): StageHandlers {
  const checkDeployment = (draft: RecordDraft<HttpKinds>, scope: string, id: string | undefined): void => {
    if (id !== undefined && draft.get('deployment', scope, id) === undefined) throw badRequest('Deployment id does not exist');
  };
  return {
    async CreateStage({ ApiId: apiId = '', ...input }, call) {
      const name = input.StageName ?? '';
      if (name !== '$default' && !/^[\w-]{1,128}$/.test(name)) throw badRequest('Stage name only allows a-zA-Z0-9_- or $default');
      checkAccessLog(input.AccessLogSettings, call);
      const atMs = desk.clock.now();
      const stage: StageRecord = { ...input, id: name, createdAtMs: atMs, changedAtMs: atMs };
      const scope = within(call, apiId);
      const made = await desk.put('stage', call, apiId, stage, (draft) => {
        if (draft.get('stage', scope, name) !== undefined) throw conflict('Stage already exists');
        checkDeployment(draft, scope, stage.DeploymentId);
      });
      return shown(made);
    },

    GetStage: async (input, call) => shown(desk.part('stage', call, input.ApiId, input.StageName)),

    GetStages: async (input, call) => paged(desk.parts('stage', call, input.ApiId), input, ({ id }) => id, shown),

    async UpdateStage({ ApiId: apiId = '', StageName: name = '', ...input }, call) {
      checkAccessLog(input.AccessLogSettings, call);
      const merged = await desk.merge('stage', call, apiId, name, (before, draft) => {
        checkDeployment(draft, within(call, apiId), input.DeploymentId);
        // Variables are merged; one that is set to nothing goes.
        const variables = Object.entries({ ...before.StageVariables, ...input.StageVariables }).filter(
          ([, value]) => value !== '',
        );
        return {
          ...before,
          ...given(input),
          ...(input.StageVariables === undefined ? {} : { StageVariables: Object.fromEntries(variables) }),
          changedAtMs: desk.clock.now(),
        };
      });
      return shown(merged);
    },

    async DeleteStage({ ApiId: apiId = '', StageName: name = '' }, call) {
      await desk.drop('stage', call, apiId, name, (draft) => {
        const mapped = draft.list('mapping', scopeOf(call)).some((each) => each.apiId === apiId && each.stage === name);
        if (mapped) throw conflict('Deleting stage failed. Please remove all API mappings of the stage first.');
      });
      return {};
    },

    async DeleteRouteSettings({ ApiId: apiId = '', StageName: name = '', RouteKey: key = '' }, call) {
      await desk.merge('stage', call, apiId, name, ({ RouteSettings: settings, ...rest }) => {
        if (settings === undefined || !Object.hasOwn(settings, key)) throw notFound('Invalid route settings specified');
        return { ...rest, RouteSettings: Object.fromEntries(Object.entries(settings).filter(([each]) => each !== key)) };
      });
      return {};
    },

    async DeleteAccessLogSettings({ ApiId: apiId = '', StageName: name = '' }, call) {
      await desk.merge('stage', call, apiId, name, ({ AccessLogSettings: _settings, ...rest }) => rest);
      return {};
    },

    async CreateDeployment({ ApiId: apiId = '', Description: description, StageName: stageName }, call) {
      const scope = within(call, apiId);
      desk.api(call, apiId);
      const made = await desk.change(apiId, (draft) => {
        const stage = stageName === undefined ? undefined : draft.get('stage', scope, stageName);
        if (stageName !== undefined && stage === undefined) throw notFound('Invalid stage identifier specified');
        const deployment: DeploymentRecord = {
          id: desk.newId(6),
          ...(description === undefined ? {} : { description }),
          createdAtMs: desk.clock.now(),
          definition: definitionOf(draft, scope),
        };
        if (deployment.definition?.routes.length === 0)
          throw badRequest('At least one route is required before deploying the Api.');
        draft.put('deployment', scope, deployment.id, deployment);
        if (stage !== undefined)
          draft.put('stage', scope, stage.id, { ...stage, DeploymentId: deployment.id, changedAtMs: desk.clock.now() });
        return deployment;
      });
      return shownDeployment(made);
    },

    GetDeployment: async (input, call) => shownDeployment(desk.part('deployment', call, input.ApiId, input.DeploymentId)),

    GetDeployments: async (input, call) =>
      paged(desk.parts('deployment', call, input.ApiId), input, ({ id }) => id, shownDeployment),

    async UpdateDeployment({ ApiId: apiId = '', DeploymentId: id = '', Description: description }, call) {
      const merged = await desk.merge('deployment', call, apiId, id, (before) => ({
        ...before,
        ...(description === undefined ? {} : { description }),
      }));
      return shownDeployment(merged);
    },

    async DeleteDeployment({ ApiId: apiId = '', DeploymentId: id = '' }, call: Call) {
      await desk.drop('deployment', call, apiId, id, (draft) => {
        if (draft.list('stage', within(call, apiId)).some(({ DeploymentId: used }) => used === id))
          throw badRequest('Active stages pointing to this deployment must be moved or deleted');
      });
      return {};
    },
  };
}

/** `/my/logs`, of the ARN of a log group with or without `:*`. */
export const logGroupIn = (arn: string | undefined): string | undefined =>
  /^arn:aws[\w-]*:logs:[\w-]+:\d{12}:log-group:([\w.#/-]{1,512})(?::\*)?$/.exec(arn ?? '')?.[1];

/** @throws BadRequestException for what no line could be written to. @source API Gateway Developer Guide, "Configure logging for HTTP APIs", read 2026-11 */
function checkAccessLog(settings: StageRecord['AccessLogSettings'], { account, region }: Pick<Call, 'account' | 'region'>): void {
  const { DestinationArn: arn, Format: format } = settings ?? {};
  if (arn === undefined) return;
  if (arn.split(':').length < 6 || !arn.startsWith('arn:'))
    throw badRequest(
      'Invalid ARN specified in the request. ARNs must start with "arn:" and include at least 6 elements separated by ":".',
    );
  if (arn.split(':')[2] === 'firehose') throw notHere('access logs that go to Firehose');
  const [, , , place, owner] = arn.split(':');
  if (logGroupIn(arn) === undefined || place !== region || owner !== account)
    throw badRequest(`Access log destination must be a log group of this account and region. Found: ${arn}`);
  if (format !== undefined && !/\$context\.(requestId|extendedRequestId)\b/.test(format))
    throw badRequest('Access log format must include at least $context.requestId or $context.extendedRequestId.');
}

/** What an API is now. */
export const definitionOf = (records: Pick<RecordDraft<HttpKinds>, 'list'>, scope: string): Definition => ({
  routes: records.list('route', scope),
  integrations: records.list('integration', scope),
  authorizers: records.list('authorizer', scope),
});

const shown = ({ id, managed, createdAtMs, changedAtMs, ...stage }: StageRecord) => ({
  ...stage,
  StageName: id,
  AutoDeploy: stage.AutoDeploy ?? false,
  CreatedDate: new Date(createdAtMs),
  LastUpdatedDate: new Date(changedAtMs),
  DefaultRouteSettings: { DetailedMetricsEnabled: false, ...stage.DefaultRouteSettings },
  RouteSettings: stage.RouteSettings ?? {},
  StageVariables: stage.StageVariables ?? {},
  Tags: stage.Tags ?? {},
  ...(managed === true ? { ApiGatewayManaged: true } : {}),
});

const shownDeployment = ({ id, description, createdAtMs }: DeploymentRecord) => ({
  DeploymentId: id,
  AutoDeployed: false,
  DeploymentStatus: 'DEPLOYED' as const,
  CreatedDate: new Date(createdAtMs),
  ...(description === undefined ? {} : { Description: description }),
});
