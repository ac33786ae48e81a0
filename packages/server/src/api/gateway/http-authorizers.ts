import type { Clock, Logger } from '../../base/index.ts';
import { policyAllows, type Expression, type HttpApi, type HttpAuthorizer, type HttpRoute } from '../../services/index.ts';
import type { HttpReply } from '../url/reply.ts';
import type { Callers } from './callers.ts';
import { Verdicts, type Decision } from './decisions.ts';
import { contextV1, headersV1, lastOf } from './event-v1.ts';
import { eventV2, type Routed } from './event-v2.ts';
import type { Functions } from './functions.ts';
import type { Staged } from './http-api.ts';
import { arnOf, routedOf, routedV1, type Authorized } from './http-route.ts';
import { groupedQuery, type Incoming } from './incoming.ts';
import type { Journal } from './journal.ts';
import { claimTexts, scopesOf, type TokenCheck } from './jwt.ts';
import type { Values } from './mapping.ts';
import { internal, messageReply } from './reply.ts';
import { decoded, type Match } from './routes.ts';

export interface HttpAuthorizersOptions {
  readonly functions: Functions;
  readonly tokens: TokenCheck;
  readonly callers: Callers;
  readonly clock: Clock;
  readonly log: Logger;
}

const verdicts = new WeakMap<HttpApi, Verdicts<Decision>>();
const forbidden = messageReply(403, 'Forbidden');

/** A request of which it is not yet known whether it may go on. */
interface Asked {
  readonly journal: Journal;
  readonly match: Match<HttpRoute>;
  readonly values: Values;
}

/** Who may call the routes of HTTP APIs. */
export class HttpAuthorizers {
  readonly #options: HttpAuthorizersOptions;

  constructor(options: HttpAuthorizersOptions) {
    this.#options = options;
  }

  /** What a function behind is told of the caller, or the answer to one who may not. */
  async authorize(asked: Asked, request: Staged): Promise<Authorized | HttpReply> {
    switch (asked.match.route.authorization) {
      case 'NONE':
        return {};
      case 'AWS_IAM':
        return this.#bySignature(asked, request);
      case 'JWT':
        return this.#byToken(asked);
      case 'CUSTOM':
        return this.#byFunction(asked);
    }
  }

  async #bySignature(
    { journal: { api, stage } }: Asked,
    { head, incoming, sha256 = '' }: Staged,
  ): Promise<Authorized | HttpReply> {
    const arn = arnOf(api, stage, `/${incoming.method}${incoming.path}`);
    const who = await this.#options.callers.identify(head, { ...api, sha256, arn, sourceIp: incoming.sourceIp });
    if (typeof who === 'string' || who.caller.kind !== 'signed') return forbidden;
    const { accessKeyId: accessKey, arn: userArn, userId } = who.caller;
    const { account: accountId } = who;
    return {
      authorizer: {
        iam: { accessKey, accountId, callerId: userId, cognitoIdentity: null, principalOrgId: null, userArn, userId },
      },
      identity: { accessKey, accountId, caller: userId, user: userId, userArn },
    };
  }

  async #byToken({ match, values }: Asked): Promise<Authorized | HttpReply> {
    const { authorizer, scopes } = match.route;
    if (authorizer?.jwt === undefined) return internal;
    const [source = authorizationHeader] = authorizer.identitySource;
    const token = values
      .of(source)
      ?.replace(/^Bearer /i, '')
      .trim();
    if (token === undefined || token === '') return unauthorized('Bearer');
    let claims: Awaited<ReturnType<TokenCheck['check']>>;
    try {
      claims = await this.#options.tokens.check(token, authorizer.jwt);
    } catch (error) {
      this.#options.log.debug('The keys of an issuer could not be had.', { error });
      return internal;
    }
    if (claims === undefined) return unauthorized('Bearer error="invalid_token"');
    const granted = scopesOf(claims);
    if (scopes.length > 0 && !scopes.some((scope) => granted.includes(scope)))
      return messageReply(403, 'Forbidden', {
        'www-authenticate': `Bearer scope="${scopes.join(' ')}" error="insufficient_scope"`,
      });
    return { authorizer: { jwt: { claims: claimTexts(claims), scopes: scopes.length === 0 ? null : granted } } };
  }

  async #byFunction({ journal, match, values }: Asked): Promise<Authorized | HttpReply> {
    const { api, stage, incoming } = journal;
    const { authorizer } = match.route;
    if (authorizer?.lambda === undefined) return internal;
    const identity = authorizer.identitySource.map((source) => values.of(source) ?? '');
    if (identity.includes('')) return unauthorized();
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
      decision = await this.#ask(journal, match, authorizer, identity);
      if (decision.kind === 'allowed' || decision.kind === 'denied') kept.keep(key, decision, authorizer.lambda.ttlMs);
    }
    switch (decision.kind) {
      case 'allowed':
        return { authorizer: { lambda: decision.context }, identity: {} };
      case 'denied':
        return forbidden;
      case 'unauthorized':
        return unauthorized();
      case 'broken':
        return internal;
    }
  }

  /** @source API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers", read 2026-11 */
  async #ask(
    { api, stage, incoming }: Journal,
    match: Match<HttpRoute>,
    { id, lambda }: HttpAuthorizer,
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

const authorizationHeader: Expression = [{ from: 'request.header', name: 'authorization' }];
/** @param challenge  how a token is to be shown */
const unauthorized = (challenge?: string): HttpReply =>
  messageReply(401, 'Unauthorized', challenge === undefined ? {} : { 'www-authenticate': challenge });

/** What an authorizer's answer comes to. */
function decisionOf(
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
