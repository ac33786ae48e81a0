import type { Logger } from '../../base/index.ts';
import { policyAllows, type HttpApi, type HttpAuthorizer, type HttpRoute, type HttpStage } from '../../services/index.ts';
import type { RequestHead } from '@mayfly/wire';
import { corsHeaders, preflight } from '../url/cors.ts';
import { withHeaders } from '../url/door.ts';
import type { HttpReply } from '../url/reply.ts';
import type { Callers } from './callers.ts';
import { Verdicts, type Decision } from './decisions.ts';
import { eventV1, contextV1, headersV1, lastOf, type RoutedV1 } from './event-v1.ts';
import { eventV2, joinedQuery, stagePath, type Routed } from './event-v2.ts';
import { withVariables, type Called, type Functions } from './functions.ts';
import { clfTime, groupedQuery, isText, type Incoming } from './incoming.ts';
import { claimTexts, scopesOf, type TokenCheck } from './jwt.ts';
import { filledUrl, proxied, type ProxyOptions } from './proxy.ts';
import { messageReply, replyV1, replyV2 } from './reply.ts';
import { decoded, RouteTable, type Match } from './routes.ts';

export interface HttpApiOptions extends ProxyOptions {
  readonly functions: Functions;
  readonly tokens: TokenCheck;
  readonly callers: Callers;
  readonly log: Logger;
}

/** A request that has found its stage. */
export interface Staged {
  readonly incoming: Incoming;
  readonly head: RequestHead;
  /** Hex; where signatures are checked. */
  readonly sha256?: string | undefined;
}

type Authorized = Pick<Routed, 'authorizer'> & { readonly identity?: Readonly<Record<string, unknown>> };

const tables = new WeakMap<HttpStage, RouteTable<HttpRoute>>();
const verdicts = new WeakMap<HttpApi, Verdicts<Decision>>();

/** The data plane of HTTP APIs. */
export class HttpApiServer {
  readonly #options: HttpApiOptions;

  constructor(options: HttpApiOptions) {
    this.#options = options;
  }

  async answer(api: HttpApi, stage: HttpStage, request: Staged): Promise<HttpReply> {
    const { incoming } = request;
    const { origin, 'access-control-request-method': wanted, 'access-control-request-headers': wantedHeaders } = incoming.headers;
    if (api.cors !== undefined && incoming.method === 'OPTIONS' && origin !== undefined && wanted !== undefined) {
      const headers = preflight(api.cors, { origin, method: wanted, headers: wantedHeaders });
      return { status: 204, headers, body: new Uint8Array(0) };
    }
    return withHeaders(await this.#routed(api, stage, request), corsHeaders(api.cors, origin));
  }

  async #routed(api: HttpApi, stage: HttpStage, request: Staged): Promise<HttpReply> {
    const { incoming } = request;
    const match = matchOf(stage, incoming);
    if (match?.route.integration === undefined) return messageReply(404, 'Not Found');
    const authorized = await this.#authorize(api, stage, match, request);
    if ('status' in authorized) return authorized;
    const { route, parameters } = match;
    const { integration } = route;
    if (integration === undefined) return messageReply(404, 'Not Found');
    if (integration.type === 'HTTP_PROXY') {
      const url = filledUrl(withVariables(integration.uri, stage.variables), parameters);
      return this.#proxy(incoming, { url, method: integration.method, timeoutMs: integration.timeoutMs });
    }
    const isV2 = integration.payloadFormat === '2.0';
    const routed = routedOf(api, stage, match, authorized);
    const called = await this.#options.functions.call({
      uri: integration.uri,
      event: isV2 ? eventV2(incoming, routed) : eventV1(incoming, routedV1(incoming, routed, authorized)),
      sourceArn: arnOf(api, stage, route.key === '$default' ? '/$default' : `/${incoming.method}${pathOf(route.key)}`),
      account: api.account,
      credentialsArn: integration.credentialsArn,
      variables: stage.variables,
      timeoutMs: integration.timeoutMs,
      requestId: incoming.requestId,
      traceId: incoming.traceId,
    });
    return this.#replyOf(called, isV2);
  }

  #replyOf(called: Called, isV2: boolean): HttpReply {
    switch (called.kind) {
      case 'timedOut':
        return messageReply(503, 'Service Unavailable');
      case 'failed':
        return internal;
      case 'refused':
        this.#options.log.debug('The function behind a route was not called.', { reason: called.fault.message });
        if (called.fault.code === 'RequestEntityTooLargeException') return messageReply(413, 'Request Entity Too Large');
        return called.fault.code === 'TooManyRequestsException' ? messageReply(503, 'Service Unavailable') : internal;
      case 'returned':
        return (
          (isV2
            ? replyV2(called.body)
            : replyV1(called.body, { strict: false, binary: true, contentType: 'text/plain;charset=UTF-8' })) ?? internal
        );
    }
  }

  async #proxy(incoming: Incoming, to: { url: string; method: string; timeoutMs: number }): Promise<HttpReply> {
    try {
      const reply = await proxied(this.#options, incoming, to);
      return reply === 'timedOut' ? messageReply(504, 'Gateway Timeout') : reply;
    } catch (error) {
      this.#options.log.debug('The server behind a route did not answer.', { error });
      return messageReply(503, 'Service Unavailable');
    }
  }

  /** What a function behind is told of the caller, or the answer to one who may not. */
  async #authorize(api: HttpApi, stage: HttpStage, match: Match<HttpRoute>, request: Staged): Promise<Authorized | HttpReply> {
    const { route } = match;
    switch (route.authorization) {
      case 'NONE':
        return {};
      case 'AWS_IAM':
        return this.#bySignature(api, stage, request);
      case 'JWT':
        return this.#byToken(route, request.incoming, stage);
      case 'CUSTOM':
        return this.#byFunction(api, stage, match, request.incoming);
    }
  }

  async #bySignature(api: HttpApi, stage: HttpStage, { head, incoming, sha256 = '' }: Staged): Promise<Authorized | HttpReply> {
    const arn = arnOf(api, stage, `/${incoming.method}${incoming.path}`);
    const who = await this.#options.callers.identify(head, { ...api, sha256, arn, sourceIp: incoming.sourceIp });
    if (typeof who === 'string' || who.caller.kind !== 'signed') return forbidden;
    const { accessKeyId: accessKey, arn: userArn, userId } = who.caller;
    return {
      authorizer: {
        iam: {
          accessKey,
          accountId: who.account,
          callerId: userId,
          cognitoIdentity: null,
          principalOrgId: null,
          userArn,
          userId,
        },
      },
      identity: { accessKey, accountId: who.account, caller: userId, user: userId, userArn },
    };
  }

  async #byToken({ authorizer, scopes }: HttpRoute, incoming: Incoming, stage: HttpStage): Promise<Authorized | HttpReply> {
    const unauthorized = messageReply(401, 'Unauthorized', { 'www-authenticate': 'Bearer' });
    if (authorizer?.jwt === undefined) return internal;
    const found = sourceValue(authorizer.identitySource[0] ?? '$request.header.Authorization', incoming, stage);
    const token = found?.replace(/^Bearer /i, '').trim();
    if (token === undefined || token === '') return unauthorized;
    let claims: Awaited<ReturnType<TokenCheck['check']>>;
    try {
      claims = await this.#options.tokens.check(token, authorizer.jwt);
    } catch (error) {
      this.#options.log.debug('The keys of an issuer could not be had.', { error });
      return internal;
    }
    if (claims === undefined) return messageReply(401, 'Unauthorized', { 'www-authenticate': 'Bearer error="invalid_token"' });
    const granted = scopesOf(claims);
    if (scopes.length > 0 && !scopes.some((scope) => granted.includes(scope)))
      return messageReply(403, 'Forbidden', {
        'www-authenticate': `Bearer scope="${scopes.join(' ')}" error="insufficient_scope"`,
      });
    return { authorizer: { jwt: { claims: claimTexts(claims), scopes: scopes.length === 0 ? null : granted } } };
  }

  async #byFunction(
    api: HttpApi,
    stage: HttpStage,
    match: Match<HttpRoute>,
    incoming: Incoming,
  ): Promise<Authorized | HttpReply> {
    const { authorizer } = match.route;
    if (authorizer?.lambda === undefined) return internal;
    const identity = authorizer.identitySource.map((source) => sourceValue(source, incoming, stage));
    if (identity.some((value) => value === undefined || value === '')) return messageReply(401, 'Unauthorized');
    let kept = verdicts.get(api);
    if (kept === undefined) verdicts.set(api, (kept = new Verdicts(this.#options.clock)));
    const key = JSON.stringify([
      authorizer.id,
      stage.name,
      ...identity,
      ...(authorizer.lambda.simple ? [] : [match.route.key, incoming.method, incoming.path]),
    ]);
    let decision = kept.get(key);
    if (decision === undefined) {
      decision = await this.#ask(api, stage, match, authorizer, incoming, identity as string[]);
      if (decision.kind === 'allowed' || decision.kind === 'denied') kept.keep(key, decision, authorizer.lambda.ttlMs);
    }
    switch (decision.kind) {
      case 'allowed':
        return { authorizer: { lambda: decision.context }, identity: {} };
      case 'denied':
        return forbidden;
      case 'unauthorized':
        return messageReply(401, 'Unauthorized');
      case 'broken':
        return internal;
    }
  }

  /** @source API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers", read 2026-11 */
  async #ask(
    api: HttpApi,
    stage: HttpStage,
    match: Match<HttpRoute>,
    { id, lambda }: HttpAuthorizer,
    incoming: Incoming,
    identity: readonly string[],
  ): Promise<Decision> {
    if (lambda === undefined) return { kind: 'broken' };
    const arn = arnOf(api, stage, `/${incoming.method}${incoming.path}`);
    const called = await this.#options.functions.call({
      uri: lambda.uri,
      event: question(lambda.payloadFormat, arn, routedOf(api, stage, match, {}), incoming, identity),
      sourceArn: `arn:aws:execute-api:${api.region}:${api.account}:${api.id}/authorizers/${id}`,
      account: api.account,
      credentialsArn: lambda.credentialsArn,
      variables: stage.variables,
      timeoutMs: 10_000,
      requestId: incoming.requestId,
      traceId: incoming.traceId,
    });
    if (called.kind === 'failed' && /"errorMessage":"Unauthorized"/.test(Buffer.from(called.body).toString('utf8')))
      return { kind: 'unauthorized' };
    if (called.kind !== 'returned') return { kind: 'broken' };
    return decisionOf(called.body, { simple: lambda.simple, arn, account: api.account, sourceIp: incoming.sourceIp });
  }
}

const internal = messageReply(500, 'Internal Server Error');
const forbidden = messageReply(403, 'Forbidden');

/** What an authorizer's answer comes to. */
export function decisionOf(
  body: Uint8Array,
  asked: { readonly simple: boolean; readonly arn: string; readonly account: string; readonly sourceIp: string },
): Decision {
  try {
    const answer = JSON.parse(Buffer.from(body).toString('utf8')) as {
      readonly isAuthorized?: unknown;
      readonly context?: Readonly<Record<string, unknown>>;
      readonly principalId?: unknown;
      readonly policyDocument?: unknown;
      readonly usageIdentifierKey?: string;
    };
    const context = answer.context ?? {};
    if (asked.simple) {
      if (typeof answer.isAuthorized !== 'boolean') return { kind: 'broken' };
      return answer.isAuthorized ? { kind: 'allowed', context } : { kind: 'denied' };
    }
    if (typeof answer.principalId !== 'string' || answer.policyDocument === undefined) return { kind: 'broken' };
    const { arn: resource, account, sourceIp } = asked;
    const may = { action: 'execute-api:Invoke', resource, account, context: { 'aws:SourceIp': sourceIp } };
    if (!policyAllows(answer.policyDocument, may)) return { kind: 'denied' };
    const { principalId, usageIdentifierKey } = answer;
    return { kind: 'allowed', context, principalId, ...(usageIdentifierKey === undefined ? {} : { usageIdentifierKey }) };
  } catch {
    return { kind: 'broken' };
  }
}

function matchOf(stage: HttpStage, { method, path }: Incoming): Match<HttpRoute> | undefined {
  let table = tables.get(stage);
  if (table === undefined) {
    const keyed = stage.routes.filter(({ key }) => key !== '$default');
    table = new RouteTable(keyed.map((route) => ({ method: route.key.split(' ')[0] ?? '', path: pathOf(route.key), route })));
    tables.set(stage, table);
  }
  const fallback = stage.routes.find(({ key }) => key === '$default');
  return table.find(method, path) ?? (fallback && { route: fallback, parameters: {} });
}

const pathOf = (routeKey: string): string => routeKey.slice(routeKey.indexOf(' ') + 1);
const arnOf = ({ region, account, id }: HttpApi, stage: HttpStage, rest: string): string =>
  `arn:aws:execute-api:${region}:${account}:${id}/${stage.name}${rest}`;

const routedOf = (api: HttpApi, stage: HttpStage, match: Match<HttpRoute>, { authorizer }: Authorized): Routed => ({
  apiId: api.id,
  account: api.account,
  stage: stage.name,
  variables: stage.variables,
  routeKey: match.route.key,
  parameters: match.parameters,
  ...(authorizer === undefined ? {} : { authorizer }),
});

/** The older format has what an authorizer says without saying of which kind it is. */
const routedV1 = (incoming: Incoming, routed: Routed, { authorizer, identity }: Authorized): RoutedV1 => ({
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

/** What an authorizer is asked. */
function question(format: '1.0' | '2.0', arn: string, routed: Routed, incoming: Incoming, identity: readonly string[]): object {
  const { body: _body, isBase64Encoded: _encoded, ...event } = eventV2(incoming, routed) as Record<string, unknown>;
  if (format === '2.0')
    return { ...event, type: 'REQUEST', routeArn: arn, ...(identity.length === 0 ? {} : { identitySource: identity }) };
  const query = groupedQuery(incoming.query);
  const v1 = routedV1(incoming, routed, {});
  return {
    version: '1.0',
    type: 'REQUEST',
    methodArn: arn,
    identitySource: identity.join(','),
    authorizationToken: identity.join(','),
    resource: v1.resource,
    path: decoded(v1.fullPath),
    httpMethod: incoming.method,
    ...headersV1(incoming),
    queryStringParameters: lastOf(query),
    multiValueQueryStringParameters: query,
    pathParameters: routed.parameters,
    stageVariables: routed.variables,
    requestContext: contextV1(incoming, v1),
  };
}

/** `$request.header.Authorization`, `$request.querystring.token`, `$context.routeKey`, `$stageVariables.name` */
function sourceValue(source: string, incoming: Incoming, stage: HttpStage): string | undefined {
  const [, where, name = ''] = /^\$(request\.header|request\.querystring|stageVariables|context)\.(.+)$/.exec(source) ?? [];
  const own = (values: Readonly<Record<string, string>>, key: string): string | undefined =>
    Object.hasOwn(values, key) ? values[key] : undefined;
  switch (where) {
    case 'request.header':
      return own(incoming.headers, name.toLowerCase());
    case 'request.querystring':
      return own(joinedQuery(incoming.query), name);
    case 'stageVariables':
      return own(stage.variables, name);
    case 'context':
      return own(
        {
          httpMethod: incoming.method,
          path: incoming.path,
          'identity.sourceIp': incoming.sourceIp,
          stage: stage.name,
          requestTime: clfTime(incoming.atMs),
        },
        name,
      );
    default:
      return undefined;
  }
}
