import type { Logger, LogSink } from '../../base/index.ts';
import {
  policyAllows,
  type HttpApi,
  type HttpAuthorizer,
  type HttpIntegration,
  type HttpRoute,
  type HttpStage,
} from '../../services/index.ts';
import type { RequestHead } from '@mayfly/wire';
import { corsHeaders, preflight } from '../url/cors.ts';
import { withHeaders } from '../url/door.ts';
import type { HttpReply } from '../url/reply.ts';
import { AccessLogs } from './access-log.ts';
import type { Callers } from './callers.ts';
import { Verdicts, type Decision } from './decisions.ts';
import { eventV1, contextV1, headersV1, lastOf, type RoutedV1 } from './event-v1.ts';
import { eventV2, joinedQuery, stagePath, type Routed } from './event-v2.ts';
import { withVariables, type Called, type Functions } from './functions.ts';
import { clfTime, groupedQuery, isText, type Incoming } from './incoming.ts';
import type { Journal } from './journal.ts';
import { claimTexts, scopesOf, type TokenCheck } from './jwt.ts';
import { mappedReply, mappedRequest, Values } from './mapping.ts';
import { filledUrl, proxied, type ProxyOptions } from './proxy.ts';
import { messageReply, replyV1, replyV2 } from './reply.ts';
import { serviceReply, type ServicePort } from './service-calls.ts';
import { decoded, RouteTable, type Match } from './routes.ts';

export interface HttpApiOptions extends ProxyOptions {
  readonly functions: Functions;
  /** Absent = no route stands for an operation of another service. */
  readonly services?: ServicePort;
  /** Absent = nothing is written of requests. */
  readonly logs?: LogSink;
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
  /** Key of the mapping that a domain name led here by. */
  readonly basePath?: string | undefined;
}

type Authorized = Pick<Routed, 'authorizer'> & { readonly identity?: Readonly<Record<string, unknown>> };

const tables = new WeakMap<HttpStage, RouteTable<HttpRoute>>();
const verdicts = new WeakMap<HttpApi, Verdicts<Decision>>();

/** The data plane of HTTP APIs. */
export class HttpApiServer {
  readonly #options: HttpApiOptions;
  readonly #logs: AccessLogs | undefined;

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#logs = options.logs === undefined ? undefined : new AccessLogs(options.logs);
  }

  async answer(api: HttpApi, stage: HttpStage, request: Staged): Promise<HttpReply> {
    const { incoming, basePath } = request;
    const journal: Journal = { api, stage, incoming, basePath };
    const reply = await this.#answered(journal, request);
    journal.ended = { reply, latencyMs: this.#options.clock.now() - incoming.atMs };
    this.#logs?.write(journal);
    return reply;
  }

  async #answered(journal: Journal, request: Staged): Promise<HttpReply> {
    const { api, incoming } = journal;
    const { origin, 'access-control-request-method': wanted, 'access-control-request-headers': wantedHeaders } = incoming.headers;
    if (api.cors !== undefined && incoming.method === 'OPTIONS' && origin !== undefined && wanted !== undefined) {
      const headers = preflight(api.cors, { origin, method: wanted, headers: wantedHeaders });
      return { status: 204, headers, body: new Uint8Array(0) };
    }
    return withHeaders(await this.#routed(journal, request), corsHeaders(api.cors, origin));
  }

  async #routed(journal: Journal, request: Staged): Promise<HttpReply> {
    const { api, stage, incoming } = journal;
    const match = matchOf(stage, incoming);
    const integration = match?.route.integration;
    if (match === undefined || integration === undefined) return refused(journal, 'NOT_FOUND', messageReply(404, 'Not Found'));
    journal.match = match;
    const authorized = await this.#authorize(api, stage, match, request);
    if ('status' in authorized) return refused(journal, unauthorized[authorized.status] ?? 'AUTHORIZER_FAILURE', authorized);
    Object.assign(journal, authorized);
    const began = this.#options.clock.now();
    const values = new Values(journal);
    const mapped = mappedRequest(integration.requestRules, incoming, values);
    const { reply, failure } = await this.#integrated({ journal, match, integration, authorized, values }, mapped);
    const requestId = reply.headers['x-amzn-RequestId'];
    journal.integration = {
      latencyMs: this.#options.clock.now() - began,
      status: reply.status,
      ...(typeof requestId === 'string' ? { requestId } : {}),
      ...(failure === undefined ? {} : { error: failure }),
    };
    if (failure !== undefined)
      return refused(journal, reply.status === 504 ? 'INTEGRATION_TIMEOUT' : 'INTEGRATION_FAILURE', reply);
    return mappedReply(integration.responseRules[reply.status], reply, new Values(journal, reply));
  }

  async #integrated({ journal, match, integration, authorized, values }: Leg, incoming: Incoming): Promise<Answered> {
    const { api, stage } = journal;
    const { route, parameters } = match;
    const sourceArn = arnOf(api, stage, route.key === '$default' ? '/$default' : `/${incoming.method}${pathOf(route.key)}`);
    if (isOperation(integration)) return this.#operated(integration, values, { ...api, sourceArn });
    if (integration.type === 'HTTP_PROXY') {
      const url = filledUrl(withVariables(integration.uri, stage.variables), parameters);
      const path = incoming.path === journal.incoming.path ? undefined : incoming.path;
      return this.#proxy(incoming, { url, path, method: integration.method, timeoutMs: integration.timeoutMs });
    }
    const isV2 = integration.payloadFormat === '2.0';
    const routed = routedOf(api, stage, match, authorized);
    const called = await this.#options.functions.call({
      uri: integration.uri,
      event: isV2 ? eventV2(incoming, routed) : eventV1(incoming, routedV1(incoming, routed, authorized)),
      sourceArn,
      account: api.account,
      credentialsArn: integration.credentialsArn,
      variables: stage.variables,
      timeoutMs: integration.timeoutMs,
      requestId: incoming.requestId,
      traceId: incoming.traceId,
    });
    return this.#replyOf(called, isV2);
  }

  async #operated(
    integration: Parameters<typeof serviceReply>[1],
    values: Values,
    { account, region, sourceArn }: { readonly account: string; readonly region: string; readonly sourceArn: string },
  ): Promise<Answered> {
    const { services, clock, log } = this.#options;
    if (services === undefined) return { reply: internal, failure: 'There is no such service here.' };
    const { promise: passed, resolve } = Promise.withResolvers<'timedOut'>();
    using _timer = clock.after(integration.timeoutMs, () => resolve('timedOut'));
    try {
      const asked = serviceReply(services, integration, values, { account, region, sourceArn });
      asked.catch(() => undefined);
      const reply = await Promise.race([asked, passed]);
      return reply === 'timedOut'
        ? { reply: messageReply(503, 'Service Unavailable'), failure: 'Network error communicating with endpoint' }
        : { reply };
    } catch (error) {
      log.error('The service behind a route did not answer.', { error });
      return { reply: internal, failure: 'Internal server error' };
    }
  }

  #replyOf(called: Called, isV2: boolean): Answered {
    switch (called.kind) {
      case 'timedOut':
        return { reply: messageReply(503, 'Service Unavailable'), failure: 'Endpoint request timed out' };
      case 'failed':
        return { reply: internal, failure: 'The function failed.' };
      case 'refused': {
        this.#options.log.debug('The function behind a route was not called.', { reason: called.fault.message });
        const { code, message: failure } = called.fault;
        if (code === 'RequestEntityTooLargeException') return { reply: messageReply(413, 'Request Entity Too Large'), failure };
        return { reply: code === 'TooManyRequestsException' ? messageReply(503, 'Service Unavailable') : internal, failure };
      }
      case 'returned': {
        const reply = isV2
          ? replyV2(called.body)
          : replyV1(called.body, { strict: false, binary: true, contentType: 'text/plain;charset=UTF-8' });
        return reply === undefined ? { reply: internal, failure: 'The response from the function was malformed.' } : { reply };
      }
    }
  }

  async #proxy(
    incoming: Incoming,
    to: { readonly url: string; readonly path: string | undefined; readonly method: string; readonly timeoutMs: number },
  ): Promise<Answered> {
    try {
      const reply = await proxied(this.#options, incoming, to);
      return reply === 'timedOut'
        ? { reply: messageReply(504, 'Gateway Timeout'), failure: 'Endpoint request timed out' }
        : { reply };
    } catch (error) {
      this.#options.log.debug('The server behind a route did not answer.', { error });
      return { reply: messageReply(503, 'Service Unavailable'), failure: 'Network error communicating with endpoint' };
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

/** What an integration is asked with. */
interface Leg {
  readonly journal: Journal;
  readonly match: Match<HttpRoute>;
  readonly integration: HttpIntegration;
  readonly authorized: Authorized;
  readonly values: Values;
}

/** With a failure it is the gateway that answers. */
interface Answered {
  readonly reply: HttpReply;
  readonly failure?: string;
}

const isOperation = (integration: HttpIntegration): integration is HttpIntegration & { readonly operation: object } =>
  integration.operation !== undefined;

const unauthorized: Readonly<Record<number, string>> = { 401: 'UNAUTHORIZED', 403: 'ACCESS_DENIED' };

/** The gateway answers by itself. */
function refused(journal: Journal, type: string, reply: HttpReply): HttpReply {
  const { message } = JSON.parse(Buffer.from(reply.body).toString('utf8')) as { readonly message: string };
  journal.error = { message, type };
  if (type === 'AUTHORIZER_FAILURE') journal.authorizerError = message;
  return reply;
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
