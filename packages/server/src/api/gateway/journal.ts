import type { HttpApi, HttpRoute, HttpStage } from '../../services/index.ts';
import type { HttpReply } from '../url/reply.ts';
import { clfTime, type Incoming } from './incoming.ts';
import { stagePath } from './event-v2.ts';
import type { Match } from './routes.ts';

/** What becomes known of a request on its way through an HTTP API; mappings and access logs read it as `$context`. */
export interface Journal {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  /** As it came. */
  readonly incoming: Incoming;
  /** Key of the mapping that a domain name led here by. */
  readonly basePath?: string | undefined;
  match?: Match<HttpRoute>;
  /** `jwt`, `lambda` or `iam`. */
  authorizer?: Readonly<Record<string, unknown>>;
  identity?: Readonly<Record<string, unknown>>;
  /** Why the authorizer said nothing. */
  authorizerError?: string;
  integration?: { readonly latencyMs: number; readonly status?: number; readonly requestId?: string; readonly error?: string };
  /** The gateway answers by itself. */
  error?: { readonly message: string; readonly type: string };
  ended?: { readonly reply: HttpReply; readonly latencyMs: number };
}

/**
 * What `$context.<name>` is; undefined when there is no such thing for this request.
 *
 * @source API Gateway Developer Guide, "Customize HTTP API access logs", read 2026-11
 */
export function contextValue(journal: Journal, name: string): string | undefined {
  if (Object.hasOwn(plain, name)) return plain[name]?.(journal);
  const [first, ...rest] = name.split('.');
  if (first === 'identity') return textOf(at(journal.identity, rest));
  if (first !== 'authorizer') return undefined;
  const { jwt, lambda } = journal.authorizer ?? {};
  if (rest[0] !== 'claims') return textOf(at(lambda, rest));
  return rest.length === 1
    ? undefined
    : textOf(at((jwt as { readonly claims?: unknown } | undefined)?.claims, [rest.slice(1).join('.')]));
}

const plain: Readonly<Record<string, (journal: Journal) => string | undefined>> = {
  accountId: ({ api }) => api.account,
  apiId: ({ api }) => api.id,
  'authorizer.error': ({ authorizerError }) => authorizerError,
  awsEndpointRequestId: ({ integration }) => integration?.requestId,
  'customDomain.basePathMatched': ({ basePath }) => basePath,
  dataProcessed: ({ incoming, ended }) => ended && String(incoming.body.length + ended.reply.body.length),
  domainName: ({ incoming }) => incoming.host,
  domainPrefix: ({ incoming }) => incoming.host.split('.')[0],
  'error.message': ({ error }) => error?.message,
  'error.messageString': ({ error }) => error && JSON.stringify(error.message),
  'error.responseType': ({ error }) => error?.type,
  extendedRequestId: ({ incoming }) => incoming.requestId,
  httpMethod: ({ incoming }) => incoming.method,
  'identity.sourceIp': ({ incoming }) => incoming.sourceIp,
  'identity.userAgent': ({ incoming }) => incoming.headers['user-agent'],
  'integration.error': ({ integration }) => integration?.error,
  'integration.integrationStatus': ({ integration }) => textOf(integration?.status),
  'integration.latency': ({ integration }) => textOf(integration?.latencyMs),
  'integration.requestId': ({ integration }) => integration?.requestId,
  'integration.status': ({ integration }) => textOf(integration?.status),
  integrationErrorMessage: ({ integration }) => integration?.error,
  integrationLatency: ({ integration }) => textOf(integration?.latencyMs),
  integrationStatus: ({ integration }) => textOf(integration?.status),
  path: ({ stage, incoming }) => stagePath(stage.name, incoming.path),
  protocol: ({ incoming }) => incoming.protocol,
  requestId: ({ incoming }) => incoming.requestId,
  requestTime: ({ incoming }) => clfTime(incoming.atMs),
  requestTimeEpoch: ({ incoming }) => String(incoming.atMs),
  responseLatency: ({ ended }) => textOf(ended?.latencyMs),
  responseLength: ({ ended }) => textOf(ended?.reply.body.length),
  routeKey: ({ match }) => match?.route.key,
  stage: ({ stage }) => stage.name,
  status: ({ ended }) => textOf(ended?.reply.status),
};

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (here, step) =>
      typeof here === 'object' && here !== null && Object.hasOwn(here, step)
        ? (here as Record<string, unknown>)[step]
        : undefined,
    value,
  );

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value);
