import type { RestApi, RestMethod, RestResource, RestStage } from '../../../services/index.ts';
import { extendedRequestId } from '../event-v1.ts';
import { clfTime, type Incoming } from '../incoming.ts';
import type { Staged } from '../http-api.ts';

/** A request to a stage of a REST API, and what becomes known of it on its way. */
export interface Exchange extends Staged {
  readonly api: RestApi;
  readonly stage: RestStage;
  resource?: RestResource;
  method?: RestMethod;
  parameters: Readonly<Record<string, string>>;
  /** What an authorizer says of the caller; `principalId` and `claims` among it. */
  authorizer?: Readonly<Record<string, unknown>>;
  identity: Readonly<Record<string, unknown>>;
  error?: {
    readonly message: string | null;
    readonly type: string;
    readonly validationError?: string;
  };
}

/** Path as a client sees it, with the stage. */
export const fullPath = ({ stage, incoming, basePath }: Exchange): string =>
  basePath === undefined ? `/${stage.name}${incoming.path}` : `${basePath === '' ? '' : `/${basePath}`}${incoming.path}`;

/** `arn:aws:execute-api:us-east-1:000000000000:a1b2c3d4e5/prod/GET/pets/{id}` */
export const sourceArn = ({ api, stage, method, resource }: Exchange): string =>
  `arn:aws:execute-api:${api.region}:${api.account}:${api.id}/${stage.name}/${method?.httpMethod === 'ANY' ? '*' : (method?.httpMethod ?? '')}${resource?.path ?? ''}`;

/** The same with method and path as they were asked for. */
export const methodArn = ({ api, stage, incoming }: Exchange): string =>
  `arn:aws:execute-api:${api.region}:${api.account}:${api.id}/${stage.name}/${incoming.method}${incoming.path}`;

/** What an event says of the caller. */
export const identityOf = ({
  incoming,
  identity,
}: Pick<Exchange, 'incoming' | 'identity'>): Readonly<Record<string, unknown>> => ({
  sourceIp: incoming.sourceIp,
  userAgent: incoming.headers['user-agent'] ?? '',
  ...identity,
});

/** `$context`. @source API Gateway Developer Guide, "Variables for data transformations for API Gateway", read 2026-11 */
export function contextOf(exchange: Exchange): Record<string, unknown> {
  const { api, stage, incoming, resource, authorizer, error } = exchange;
  return {
    accountId: api.account,
    apiId: api.id,
    ...(authorizer === undefined ? {} : { authorizer }),
    deploymentId: stage.deploymentId,
    domainName: incoming.host,
    domainPrefix: incoming.host.split('.')[0] ?? '',
    ...(error === undefined
      ? {}
      : {
          error: {
            message: error.message ?? '',
            messageString: JSON.stringify(error.message),
            responseType: error.type,
            ...(error.validationError === undefined ? {} : { validationErrorString: error.validationError }),
          },
        }),
    extendedRequestId: extendedRequestId(incoming.requestId),
    httpMethod: incoming.method,
    identity: identityOf(exchange),
    path: fullPath(exchange),
    protocol: incoming.protocol,
    requestId: incoming.requestId,
    requestTime: clfTime(incoming.atMs),
    requestTimeEpoch: incoming.atMs,
    resourceId: resource?.id ?? '',
    resourcePath: resource?.path ?? '',
    stage: stage.name,
  };
}

/** `a.b.c` in nested values of ours; nothing that JavaScript adds to them. */
export function reach(value: unknown, path: string): unknown {
  let here = value;
  for (const step of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}

/** A header by its name in any letters. */
export const headerOf = ({ headers }: Pick<Incoming, 'headers'>, name: string): string | undefined => {
  const lower = name.toLowerCase();
  return Object.hasOwn(headers, lower) ? headers[lower] : undefined;
};
