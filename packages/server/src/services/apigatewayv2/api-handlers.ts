import type { ApiGatewayV2Operations, Call, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { given, within, type HttpDesk } from './desk.ts';
import { badRequest, notFound, notHere, tooMany } from './faults.ts';
import { readIntegration } from './integration-handlers.ts';
import { paged } from './pages.ts';
import { parts, type ApiRecord } from './records.ts';
import { checkRouteKey } from './route-handlers.ts';

/** @source API Gateway Developer Guide, "Quotas for configuring and running an HTTP API", read 2026-11 */
export const mostApis = 600;

type ApiHandlers = Pick<
  Handlers<ApiGatewayV2Operations>,
  'CreateApi' | 'GetApi' | 'GetApis' | 'UpdateApi' | 'DeleteApi' | 'DeleteCorsConfiguration'
>;

/** An API as its callers see it. @param endpoint  where it answers on this server */
export const shownApi = (
  { id, createdAtMs, importInfo, account: _account, region: _region, ...api }: ApiRecord,
  endpoint: string,
) => ({
  ...api,
  ApiEndpoint: endpoint,
  ApiId: id,
  ApiKeySelectionExpression: api.ApiKeySelectionExpression ?? '$request.header.x-api-key',
  CreatedDate: new Date(createdAtMs),
  DisableExecuteApiEndpoint: api.DisableExecuteApiEndpoint ?? false,
  IpAddressType: api.IpAddressType ?? ('ipv4' as const),
  RouteSelectionExpression: api.RouteSelectionExpression ?? '$request.method $request.path',
  Tags: api.Tags ?? {},
  ...(importInfo === undefined ? {} : { ImportInfo: [...importInfo] }),
});

/** @param endpointOf  where an API answers on this server */
export function apiHandlers(desk: HttpDesk, endpointOf: (apiId: string) => string): ApiHandlers {
  const shown = (api: ApiRecord) => shownApi(api, endpointOf(api.id));
  return {
    async CreateApi(input, call) {
      const { Target: target, RouteKey: routeKey, CredentialsArn: credentialsArn, ...rest } = input;
      if (input.ProtocolType === 'WEBSOCKET') throw notHere('WebSocket APIs');
      checkApi(input);
      if (routeKey !== undefined && target === undefined) throw badRequest('Target is required when routeKey is specified');
      if (routeKey !== undefined) checkRouteKey(routeKey);
      const api: ApiRecord = { ...rest, id: desk.newId(), ...placeOf(call), createdAtMs: desk.clock.now() };
      await desk.change(api.id, (draft) => {
        if (draft.count('api', scopeOf(call)) >= mostApis) throw tooMany('Too many APIs in this account and region.');
        draft.put('api', scopeOf(call), api.id, api);
        if (target === undefined) return;
        // Quick create: one integration behind one route, served at once.
        const scope = within(call, api.id);
        const integration = readIntegration({
          ...(target.startsWith('arn:')
            ? { IntegrationType: 'AWS_PROXY' as const, PayloadFormatVersion: '2.0' }
            : { IntegrationType: 'HTTP_PROXY' as const, IntegrationMethod: 'ANY' }),
          IntegrationUri: target,
          ...(credentialsArn === undefined ? {} : { CredentialsArn: credentialsArn }),
        });
        const [integrationId, routeId] = [desk.newId(7), desk.newId(7)];
        draft.put('integration', scope, integrationId, { ...integration, id: integrationId, managed: true });
        draft.put('route', scope, routeId, {
          RouteKey: routeKey ?? '$default',
          Target: `integrations/${integrationId}`,
          id: routeId,
          managed: true,
        });
        const atMs = desk.clock.now();
        const stage = { id: '$default', StageName: '$default', AutoDeploy: true, managed: true };
        draft.put('stage', scope, '$default', { ...stage, createdAtMs: atMs, changedAtMs: atMs });
      });
      return shown(api);
    },

    GetApi: async (input, call) => shown(desk.api(call, input.ApiId)),

    GetApis: async (input, call) => paged(desk.records.list('api', scopeOf(call)), input, ({ id }) => id, shown),

    async UpdateApi(input, call) {
      const { ApiId: id = '', Target: target, RouteKey: routeKey, CredentialsArn: credentialsArn, ...rest } = input;
      checkApi(input);
      if (routeKey !== undefined) checkRouteKey(routeKey);
      desk.api(call, id);
      const next = await desk.change(id, (draft) => {
        const before = draft.get('api', scopeOf(call), id);
        if (before === undefined) throw notFound(`Invalid API identifier specified ${call.account}:${id}`);
        const after: ApiRecord = { ...before, ...given(rest) };
        draft.put('api', scopeOf(call), id, after);
        const scope = within(call, id);
        const integration = draft.list('integration', scope).find(({ managed }) => managed === true);
        const route = draft.list('route', scope).find(({ managed }) => managed === true);
        if (integration !== undefined && (target !== undefined || credentialsArn !== undefined))
          draft.put('integration', scope, integration.id, {
            ...integration,
            ...(target === undefined ? {} : { IntegrationUri: target }),
            ...(credentialsArn === undefined ? {} : { CredentialsArn: credentialsArn }),
          });
        if (route !== undefined && routeKey !== undefined) draft.put('route', scope, route.id, { ...route, RouteKey: routeKey });
        return after;
      });
      return shown(next);
    },

    async DeleteApi(input, call) {
      const id = input.ApiId ?? '';
      desk.api(call, id);
      await desk.change(id, (draft) => {
        const mapped = draft.list('mapping', scopeOf(call)).find(({ apiId }) => apiId === id);
        if (mapped !== undefined)
          throw badRequest(`Please remove all API mappings related to the API before deleting it: ${mapped.domain}`);
        for (const kind of parts)
          for (const part of draft.list(kind, within(call, id))) draft.delete(kind, within(call, id), part.id);
        draft.delete('api', scopeOf(call), id);
      });
      return {};
    },

    async DeleteCorsConfiguration(input, call) {
      const id = input.ApiId ?? '';
      desk.api(call, id);
      await desk.change(id, (draft) => {
        const { CorsConfiguration: _cors, ...rest } = draft.get('api', scopeOf(call), id) ?? desk.api(call, id);
        draft.put('api', scopeOf(call), id, rest);
      });
      return {};
    },
  };
}

const placeOf = ({ account, region }: Pick<Call, 'account' | 'region'>) => ({ account, region });

/** @throws BadRequestException for what no browser would take */
export function checkApi({ CorsConfiguration: cors }: Pick<Partial<ApiRecord>, 'CorsConfiguration'>): void {
  if (cors?.AllowCredentials === true && cors.AllowOrigins?.includes('*') === true)
    throw badRequest('Cannot use * with Allow-Credentials = true');
}
