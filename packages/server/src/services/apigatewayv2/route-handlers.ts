import type { ApiGatewayV2Operations, Call, Handlers } from '@mayfly/wire';
import type { RecordDraft } from '../kit/index.ts';
import { given, within, type HttpDesk } from './desk.ts';
import { badRequest, conflict, notFound } from './faults.ts';
import { paged } from './pages.ts';
import type { HttpKinds, RouteRecord } from './records.ts';

type RouteHandlers = Pick<
  Handlers<ApiGatewayV2Operations>,
  'CreateRoute' | 'GetRoute' | 'GetRoutes' | 'UpdateRoute' | 'DeleteRoute' | 'DeleteRouteRequestParameter'
>;

export function routeHandlers(desk: HttpDesk): RouteHandlers {
  /** Its key is the only one of its kind, and what it names is there. */
  const check = (draft: RecordDraft<HttpKinds>, call: Call, apiId: string, route: RouteRecord): void => {
    const scope = within(call, apiId);
    checkRouteKey(route.RouteKey ?? '');
    const twin = draft.list('route', scope).find((each) => each.RouteKey === route.RouteKey && each.id !== route.id);
    if (twin !== undefined) throw conflict(`Route with key ${route.RouteKey} already exists for this API`);
    const [, integration] = /^integrations\/(.+)$/.exec(route.Target ?? '') ?? [];
    if (route.Target !== undefined && (integration === undefined || draft.get('integration', scope, integration) === undefined))
      throw badRequest(`Invalid Integration identifier specified`);
    const needs = route.AuthorizationType === 'JWT' || route.AuthorizationType === 'CUSTOM';
    const authorizer = draft.get('authorizer', scope, route.AuthorizerId ?? '');
    if (needs && authorizer === undefined)
      throw badRequest(
        `Invalid authorizer ID specified. Setting the authorization type to ${route.AuthorizationType} requires a valid authorizer.`,
      );
    if (needs && (authorizer?.AuthorizerType === 'JWT') !== (route.AuthorizationType === 'JWT'))
      throw badRequest(`The authorizer ${route.AuthorizerId} is of another type than ${route.AuthorizationType}.`);
  };
  return {
    async CreateRoute({ ApiId: apiId = '', ...input }, call) {
      const route: RouteRecord = { ...input, id: desk.newId(7) };
      return shown(await desk.put('route', call, apiId, route, (draft) => check(draft, call, apiId, route)));
    },

    GetRoute: async (input, call) => shown(desk.part('route', call, input.ApiId, input.RouteId)),

    GetRoutes: async (input, call) => paged(desk.parts('route', call, input.ApiId), input, ({ id }) => id, shown),

    async UpdateRoute({ ApiId: apiId = '', RouteId: id = '', ...input }, call) {
      const merged = await desk.merge('route', call, apiId, id, (before, draft) => {
        const next: RouteRecord = { ...before, ...given(input) };
        check(draft, call, apiId, next);
        return next;
      });
      return shown(merged);
    },

    async DeleteRoute({ ApiId: apiId = '', RouteId: id = '' }, call) {
      await desk.drop('route', call, apiId, id);
      return {};
    },

    async DeleteRouteRequestParameter({ ApiId: apiId = '', RouteId: id = '', RequestParameterKey: key = '' }, call) {
      await desk.merge('route', call, apiId, id, ({ RequestParameters: parameters, ...rest }) => {
        if (parameters === undefined || !Object.hasOwn(parameters, key)) throw notFound('Invalid parameter name specified');
        return { ...rest, RequestParameters: Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== key)) };
      });
      return {};
    },
  };
}

const methods = 'GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY';

/**
 * `$default`, or a method and a path whose variables are whole segments; one that takes all that follows ends it.
 *
 * @throws BadRequestException
 */
export function checkRouteKey(key: string): void {
  if (key === '$default') return;
  const [, path] = new RegExp(`^(?:${methods}) (/.*)$`).exec(key) ?? [];
  if (path === undefined)
    throw badRequest(
      `The provided route key is not formatted properly for HTTP protocol. Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"`,
    );
  const segments = path.slice(1).split('/');
  const names = segments.flatMap((segment, at) => {
    if (!/[{}]/.test(segment)) return [];
    const [, name, greedy] = /^\{([\w.:-]+)(\+?)\}$/.exec(segment) ?? [];
    if (name === undefined || (greedy === '+' && at !== segments.length - 1))
      throw badRequest(`Invalid path parameter in route key: ${segment}`);
    return [name];
  });
  if (new Set(names).size !== names.length) throw badRequest(`Duplicate path parameters in route key: ${key}`);
}

const shown = ({ id, managed, ...route }: RouteRecord) => ({
  ...route,
  RouteId: id,
  ApiKeyRequired: route.ApiKeyRequired ?? false,
  AuthorizationType: route.AuthorizationType ?? ('NONE' as const),
  ...(managed === true ? { ApiGatewayManaged: true } : {}),
});
