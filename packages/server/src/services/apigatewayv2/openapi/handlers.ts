import type { ApiGatewayV2Operations, Call, Handlers } from '@mayfly/wire';
import { stringify } from 'yaml';
import { shownApi, checkApi, mostApis } from '../api-handlers.ts';
import { scopeOf, type RecordDraft } from '../../kit/index.ts';
import { given, within, type HttpDesk } from '../desk.ts';
import { badRequest, notFound, tooMany } from '../faults.ts';
import type { ApiRecord, HttpKinds } from '../records.ts';
import { definitionOf } from '../stage-handlers.ts';
import { readDocument } from './document.ts';
import { readOpenApi, type BasePath, type Described } from './read.ts';
import { openApiOf } from './write.ts';

type OpenApiHandlers = Pick<Handlers<ApiGatewayV2Operations>, 'ImportApi' | 'ReimportApi' | 'ExportApi'>;

/** APIs from documents, and documents from APIs. @param endpointOf  where an API answers on this server */
export function openApiHandlers(desk: HttpDesk, endpointOf: (apiId: string) => string): OpenApiHandlers {
  const shown = (api: ApiRecord, { warnings }: Described) => ({
    ...shownApi(api, endpointOf(api.id)),
    ...(warnings.length === 0 ? {} : { Warnings: [...warnings] }),
  });
  return {
    async ImportApi(input, call) {
      const described = read(input);
      const { account, region } = call;
      const api: ApiRecord = {
        ...apiOf(described),
        ProtocolType: 'HTTP',
        id: desk.newId(),
        account,
        region,
        createdAtMs: desk.clock.now(),
      };
      await desk.change(api.id, (draft) => {
        if (draft.count('api', scopeOf(call)) >= mostApis) throw tooMany('Too many APIs in this account and region.');
        draft.put('api', scopeOf(call), api.id, api);
        putParts(desk, draft, within(call, api.id), described);
      });
      return shown(api, described);
    },

    async ReimportApi(input, call) {
      const id = input.ApiId ?? '';
      desk.api(call, id);
      const described = read(input);
      const next = await desk.change(id, (draft) => {
        const before = draft.get('api', scopeOf(call), id);
        if (before === undefined) throw notFound(`Invalid API identifier specified ${call.account}:${id}`);
        const { CorsConfiguration: _cors, importInfo: _info, ...rest } = before;
        const after: ApiRecord = { ...rest, ...apiOf(described) };
        draft.put('api', scopeOf(call), id, after);
        putParts(desk, draft, within(call, id), described);
        return after;
      });
      return shown(next, described);
    },

    async ExportApi(input, call: Call) {
      const api = desk.api(call, input.ApiId);
      const { Specification: specification, OutputType: type, ExportVersion: version = '1.0', StageName: stage } = input;
      if (specification !== 'OAS30') throw badRequest(`Invalid specification: ${specification}. Supported values are: OAS30`);
      if (type !== 'JSON' && type !== 'YAML') throw badRequest(`Invalid outputType: ${type}. Supported values are: JSON, YAML`);
      if (version !== '1.0') throw badRequest(`Invalid exportVersion: ${version}. Supported values are: 1.0`);
      const document = openApiOf(api, definition(desk, call, api.id, stage), {
        endpoint: endpointOf(api.id),
        stage,
        extensions: input.IncludeExtensions !== false,
      });
      const text =
        type === 'JSON' ? JSON.stringify(document, undefined, 2) : stringify(document, { aliasDuplicateObjects: false });
      return { body: encodable(Buffer.from(text)) };
    },
  };
}

/** @throws BadRequestException  also for warnings, where they are to count as errors */
function read(input: {
  readonly Body?: string | undefined;
  readonly Basepath?: string | undefined;
  readonly FailOnWarnings?: boolean | undefined;
}): Described {
  const basePath = input.Basepath ?? 'ignore';
  if (!isBasePath(basePath)) throw badRequest(`Invalid basepath: ${basePath}. Supported values are: ignore, prepend, split`);
  const described = readOpenApi(readDocument(input.Body ?? ''), basePath);
  if (input.FailOnWarnings === true && described.warnings.length > 0)
    throw badRequest(`Warnings found during import:\n\t${described.warnings.join('\n\t')}`);
  checkApi(described.api);
  return described;
}

const isBasePath = (value: string): value is BasePath => ['ignore', 'prepend', 'split'].includes(value);

const apiOf = ({ api, ignored }: Described) => ({
  ...given(api),
  Name: api.Name,
  ...(ignored.length === 0 ? {} : { importInfo: ignored }),
});

/** Takes the place of what an API had; authorizers and routes that are still there keep their ids. */
function putParts(desk: HttpDesk, draft: RecordDraft<HttpKinds>, scope: string, { routes, authorizers }: Described): void {
  const before = definitionOf(draft, scope);
  for (const kind of ['route', 'integration', 'authorizer'] as const)
    for (const { id } of draft.list(kind, scope)) draft.delete(kind, scope, id);
  const authorizerIds = new Map<string | undefined, string>();
  for (const authorizer of authorizers) {
    const id = before.authorizers.find(({ Name: name }) => name === authorizer.Name)?.id ?? desk.newId(6);
    authorizerIds.set(authorizer.Name, id);
    draft.put('authorizer', scope, id, { ...authorizer, id });
  }
  const keys = new Set<string | undefined>();
  for (const { route, integration, authorizer } of routes) {
    if (keys.has(route.RouteKey))
      throw badRequest(`Errors found during import:\n\tRoute with key ${route.RouteKey} stands twice.`);
    keys.add(route.RouteKey);
    const id = before.routes.find(({ RouteKey: key }) => key === route.RouteKey)?.id ?? desk.newId(7);
    const integrationId = integration === undefined ? undefined : desk.newId(7);
    const authorizerId = authorizerIds.get(authorizer);
    if (integration !== undefined && integrationId !== undefined)
      draft.put('integration', scope, integrationId, { ...integration, id: integrationId });
    draft.put('route', scope, id, {
      ...route,
      ...(integrationId === undefined ? {} : { Target: `integrations/${integrationId}` }),
      ...(authorizerId === undefined ? {} : { AuthorizerId: authorizerId }),
      id,
    });
  }
}

/** What is, or what a stage serves. */
function definition(desk: HttpDesk, call: Call, apiId: string, stageName: string | undefined) {
  const scope = within(call, apiId);
  if (stageName === undefined) return definitionOf(desk.records, scope);
  const stage = desk.part('stage', call, apiId, stageName);
  const deployed = desk.records.get('deployment', scope, stage.DeploymentId ?? '')?.definition;
  if (stage.AutoDeploy === true) return definitionOf(desk.records, scope);
  if (deployed === undefined) throw badRequest('The stage has no deployment to export.');
  return deployed;
}

type Exported = Awaited<ReturnType<OpenApiHandlers['ExportApi']>>;
/** The output's type is the decoded one, whose bytes bring helpers along; what we encode are bytes. */
const encodable = (bytes: Uint8Array) => bytes as unknown as NonNullable<Exported['body']>;
