import type { HttpApi, HttpRoute, HttpStage } from '../../services/index.ts';
import type { RoutedV1 } from './event-v1.ts';
import { stagePath, type Routed } from './event-v2.ts';
import { isText, type Incoming } from './incoming.ts';
import { RouteTable, type Match } from './routes.ts';

/** What is known of a caller who may call. */
export type Authorized = Pick<Routed, 'authorizer'> & { readonly identity?: Readonly<Record<string, unknown>> };

const tables = new WeakMap<HttpStage, RouteTable<HttpRoute>>();

/** The route for a request; `$default` where there is no other. */
export function matchOf(stage: HttpStage, { method, path }: Incoming): Match<HttpRoute> | undefined {
  let table = tables.get(stage);
  if (table === undefined) {
    const keyed = stage.routes.filter(({ key }) => key !== '$default');
    table = new RouteTable(keyed.map((route) => ({ method: route.key.split(' ')[0] ?? '', path: pathOf(route.key), route })));
    tables.set(stage, table);
  }
  const fallback = stage.routes.find(({ key }) => key === '$default');
  return table.find(method, path) ?? (fallback && { route: fallback, parameters: {} });
}

export const pathOf = (routeKey: string): string => routeKey.slice(routeKey.indexOf(' ') + 1);
export const arnOf = ({ region, account, id }: HttpApi, stage: HttpStage, rest: string): string =>
  `arn:aws:execute-api:${region}:${account}:${id}/${stage.name}${rest}`;

export const routedOf = (api: HttpApi, stage: HttpStage, match: Match<HttpRoute>, { authorizer }: Authorized): Routed => ({
  apiId: api.id,
  account: api.account,
  stage: stage.name,
  variables: stage.variables,
  routeKey: match.route.key,
  parameters: match.parameters,
  ...(authorizer === undefined ? {} : { authorizer }),
});

/** The older format has what an authorizer says without saying of which kind it is. */
export const routedV1 = (incoming: Incoming, routed: Routed, { authorizer, identity }: Authorized): RoutedV1 => ({
  version: '1.0',
  apiId: routed.apiId,
  account: routed.account,
  stage: routed.stage,
  variables: routed.variables,
  resource: routed.routeKey === '$default' ? '$default' : pathOf(routed.routeKey),
  resourceId: routed.routeKey,
  parameters: routed.parameters,
  fullPath: stagePath(routed.stage, incoming.path),
  isText: isText(incoming.body, incoming.headers['content-type']),
  ...(authorizer?.['jwt'] !== undefined || authorizer?.['lambda'] !== undefined
    ? { authorizer: (authorizer['jwt'] ?? authorizer['lambda']) as Readonly<Record<string, unknown>> }
    : {}),
  ...(identity === undefined ? {} : { identity }),
});
