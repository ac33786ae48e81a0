import type { Clock, Logger } from '../../../base/index.ts';
import { policyAllows, type RestApi, type RestAuthorizer } from '../../../services/index.ts';
import type { HttpReply } from '../../url/reply.ts';
import type { Callers } from '../callers.ts';
import { Verdicts } from '../decisions.ts';
import { contextV1, headersV1, lastOf } from '../event-v1.ts';
import type { Functions } from '../functions.ts';
import { groupedQuery } from '../incoming.ts';
import { claimTexts, scopesOf, type TokenCheck } from '../jwt.ts';
import { decoded } from '../routes.ts';
import { fullPath, headerOf, identityOf, methodArn, type Exchange } from './exchange.ts';
import { parameterOf } from './parameters.ts';
import { isMatched } from '../patterns.ts';
import { refusal } from './refusal.ts';

export interface RestAuthorizersOptions {
  readonly functions: Functions;
  readonly tokens: TokenCheck;
  readonly callers: Callers;
  readonly clock: Clock;
  readonly log: Logger;
}

/** @source API Gateway Developer Guide, "Use API Gateway Lambda authorizers", read 2026-11 */
const patienceMs = 10_000;

/** What an authorizer said of somebody; its policy decides anew for each method. */
interface Verdict {
  readonly principalId: string;
  readonly policy: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly usageIdentifierKey?: string;
}

const verdicts = new WeakMap<RestApi, Verdicts<Verdict>>();

/** Who may call the methods of REST APIs. */
export class RestAuthorizers {
  readonly #options: RestAuthorizersOptions;

  constructor(options: RestAuthorizersOptions) {
    this.#options = options;
  }

  /** Writes down what is known of the caller. @returns the answer to one who may not */
  async authorize(exchange: Exchange): Promise<HttpReply | undefined> {
    const { method } = exchange;
    switch (method?.authorization) {
      case undefined:
      case 'NONE':
        return undefined;
      case 'AWS_IAM':
        return this.#bySignature(exchange);
      case 'COGNITO_USER_POOLS':
        return this.#byToken(exchange, method.authorizer);
      case 'CUSTOM':
        return this.#byFunction(exchange, method.authorizer);
    }
  }

  async #bySignature(exchange: Exchange): Promise<HttpReply | undefined> {
    const { head, sha256 = '', api, incoming } = exchange;
    const arn = methodArn(exchange);
    const who = await this.#options.callers.identify(head, { ...api, sha256, arn, sourceIp: incoming.sourceIp });
    if (who === 'missing') return refusal(exchange, 'MISSING_AUTHENTICATION_TOKEN');
    if (who === 'wrong') return refusal(exchange, 'INVALID_SIGNATURE');
    if (who === 'denied' || who.caller.kind !== 'signed')
      return refusal(exchange, 'ACCESS_DENIED', {
        message: `User is not authorized to perform: execute-api:Invoke on resource: ${arn}`,
      });
    const { accessKeyId: accessKey, arn: userArn, userId } = who.caller;
    exchange.identity = { ...exchange.identity, accessKey, accountId: who.account, caller: userId, user: userId, userArn };
    return undefined;
  }

  async #byToken(exchange: Exchange, authorizer: RestAuthorizer | undefined): Promise<HttpReply | undefined> {
    if (authorizer === undefined) return refusal(exchange, 'AUTHORIZER_CONFIGURATION_ERROR');
    const [source = 'method.request.header.Authorization'] = authorizer.identitySource;
    const token = parameterOf(source, exchange)
      ?.replace(/^Bearer /i, '')
      .trim();
    if (token === undefined || token === '') return refusal(exchange, 'UNAUTHORIZED');
    for (const arn of authorizer.providerArns) {
      const [, , , region = '', , pool = ''] = arn.split(':');
      const issuer = `https://cognito-idp.${region}.amazonaws.com/${pool.replace(/^userpool\//, '')}`;
      try {
        const claims = await this.#options.tokens.check(token, { issuer, audience: [] });
        if (claims === undefined) continue;
        const scopes = exchange.method?.scopes ?? [];
        if (scopes.length > 0 && !scopes.some((scope) => scopesOf(claims).includes(scope))) continue;
        exchange.authorizer = { claims: claimTexts(claims) };
        return undefined;
      } catch (error) {
        this.#options.log.warn('The keys of a user pool could not be had.', { issuer, error });
      }
    }
    return refusal(exchange, 'UNAUTHORIZED');
  }

  async #byFunction(exchange: Exchange, authorizer: RestAuthorizer | undefined): Promise<HttpReply | undefined> {
    if (authorizer?.uri === undefined) return refusal(exchange, 'AUTHORIZER_CONFIGURATION_ERROR');
    const { api, stage } = exchange;
    const identity = authorizer.identitySource.map((source) => parameterOf(source, exchange) ?? '');
    if (identity.includes('')) return refusal(exchange, 'UNAUTHORIZED');
    if (authorizer.identityValidation && !isMatched(authorizer.identityValidation, identity[0] ?? ''))
      return refusal(exchange, 'UNAUTHORIZED');
    let kept = verdicts.get(api);
    if (kept === undefined) verdicts.set(api, (kept = new Verdicts(this.#options.clock)));
    const key = JSON.stringify([authorizer.id, stage.name, ...identity]);
    let verdict: Verdict | 'unauthorized' | 'broken' | undefined = identity.length === 0 ? undefined : kept.get(key);
    if (verdict === undefined) {
      verdict = await this.#ask(exchange, authorizer, authorizer.uri, identity[0]);
      if (typeof verdict === 'object' && identity.length > 0) kept.keep(key, verdict, authorizer.ttlMs);
    }
    if (verdict === 'unauthorized') return refusal(exchange, 'UNAUTHORIZED');
    if (verdict === 'broken') return refusal(exchange, 'AUTHORIZER_FAILURE');
    const { principalId, policy, context, usageIdentifierKey } = verdict;
    const may = {
      action: 'execute-api:Invoke',
      resource: methodArn(exchange),
      account: api.account,
      context: { 'aws:SourceIp': exchange.incoming.sourceIp },
    };
    if (!policyAllows(policy, may)) return refusal(exchange, 'ACCESS_DENIED');
    exchange.authorizer = { ...context, principalId };
    if (usageIdentifierKey !== undefined) exchange.identity = { ...exchange.identity, apiKey: usageIdentifierKey };
    return undefined;
  }

  async #ask(
    exchange: Exchange,
    authorizer: RestAuthorizer,
    uri: string,
    token: string | undefined,
  ): Promise<Verdict | 'unauthorized' | 'broken'> {
    const { api, stage, incoming } = exchange;
    const called = await this.#options.functions.call({
      uri,
      event:
        authorizer.type === 'TOKEN'
          ? { type: 'TOKEN', methodArn: methodArn(exchange), authorizationToken: token ?? '' }
          : question(exchange),
      sourceArn: `arn:aws:execute-api:${api.region}:${api.account}:${api.id}/authorizers/${authorizer.id}`,
      account: api.account,
      credentialsArn: authorizer.credentials,
      variables: stage.variables,
      timeoutMs: patienceMs,
      requestId: incoming.requestId,
      traceId: incoming.traceId,
    });
    if (called.kind === 'failed' && /"errorMessage":"Unauthorized"/.test(Buffer.from(called.body).toString('utf8')))
      return 'unauthorized';
    return called.kind === 'returned' ? verdictOf(called.body) : 'broken';
  }
}

function verdictOf(body: Uint8Array): Verdict | 'broken' {
  try {
    const answer = JSON.parse(Buffer.from(body).toString('utf8')) as {
      readonly principalId?: unknown;
      readonly policyDocument?: unknown;
      readonly context?: Readonly<Record<string, unknown>>;
      readonly usageIdentifierKey?: unknown;
    };
    const { principalId, policyDocument: policy, context = {}, usageIdentifierKey } = answer;
    if (typeof principalId !== 'string' || policy === undefined) return 'broken';
    // What it tells is text to whoever is behind; lists and maps it may not tell.
    const entries = Object.entries(context);
    if (entries.some(([, value]) => typeof value === 'object' && value !== null)) return 'broken';
    const texts = Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
    return { principalId, policy, context: texts, ...(typeof usageIdentifierKey === 'string' ? { usageIdentifierKey } : {}) };
  } catch {
    return 'broken';
  }
}

/** What an authorizer of type REQUEST is asked. */
function question(exchange: Exchange): object {
  const { api, stage, incoming, resource, parameters } = exchange;
  const query = groupedQuery(incoming.query);
  return {
    type: 'REQUEST',
    methodArn: methodArn(exchange),
    resource: resource?.path ?? '',
    path: decoded(incoming.path),
    httpMethod: incoming.method,
    ...headersV1(incoming),
    queryStringParameters: lastOf(query),
    multiValueQueryStringParameters: query,
    pathParameters: parameters,
    stageVariables: stage.variables,
    requestContext: contextV1(incoming, {
      apiId: api.id,
      account: api.account,
      stage: stage.name,
      resource: resource?.path ?? '',
      resourceId: resource?.id ?? '',
      fullPath: fullPath(exchange),
      identity: identityOf(exchange),
      deploymentId: stage.deploymentId,
    }),
  };
}

/** The key that a caller shows, in the place that the API says. */
export const shownKey = ({ incoming, identity, stage }: Exchange): string | undefined => {
  if (stage.definition.apiKeySource === 'HEADER') return headerOf(incoming, 'x-api-key');
  return typeof identity['apiKey'] === 'string' ? identity['apiKey'] : undefined;
};
