import { clfTime, groupedQuery, headerPairs, type Incoming } from './incoming.ts';
import { decoded } from './routes.ts';

/** What a resource, or a route, adds to a request. */
export interface RoutedV1 {
  readonly apiId: string;
  readonly account: string;
  readonly stage: string;
  readonly variables: Readonly<Record<string, string>>;
  /** `/pets/{id}` */
  readonly resource: string;
  readonly resourceId: string;
  /** REST APIs say it. */
  readonly deploymentId?: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Path as a client sees it, with the stage. */
  readonly fullPath: string;
  readonly isText: boolean;
  readonly authorizer?: Readonly<Record<string, unknown>>;
  readonly identity?: Readonly<Record<string, unknown>>;
  /** HTTP APIs say it. */
  readonly version?: '1.0';
}

/** An event in payload format 1.0. @source API Gateway Developer Guide, "Lambda proxy integrations in API Gateway", read 2026-11 */
export function eventV1(incoming: Incoming, routed: RoutedV1): object {
  const query = groupedQuery(incoming.query);
  return {
    ...(routed.version === undefined ? {} : { version: routed.version }),
    resource: routed.resource,
    path: decoded(routed.version === undefined ? incoming.path : routed.fullPath),
    httpMethod: incoming.method,
    ...headersV1(incoming),
    queryStringParameters: orNull(lastOf(query)),
    multiValueQueryStringParameters: orNull(query),
    pathParameters: orNull(routed.parameters),
    stageVariables: orNull(routed.variables),
    requestContext: contextV1(incoming, routed),
    body: incoming.body.length === 0 ? null : Buffer.from(incoming.body).toString(routed.isText ? 'utf8' : 'base64'),
    isBase64Encoded: !routed.isText && incoming.body.length > 0,
  };
}

export function contextV1(incoming: Incoming, routed: Omit<RoutedV1, 'isText' | 'variables' | 'parameters'>): object {
  return {
    resourceId: routed.resourceId,
    ...(routed.authorizer === undefined ? {} : { authorizer: routed.authorizer }),
    resourcePath: routed.resource,
    httpMethod: incoming.method,
    ...(routed.deploymentId === undefined ? {} : { deploymentId: routed.deploymentId }),
    extendedRequestId: extendedRequestId(incoming.requestId),
    requestTime: clfTime(incoming.atMs),
    path: routed.fullPath,
    accountId: routed.account,
    protocol: incoming.protocol,
    stage: routed.stage,
    domainPrefix: incoming.host.split('.')[0] ?? '',
    requestTimeEpoch: incoming.atMs,
    requestId: incoming.requestId,
    identity: {
      cognitoIdentityPoolId: null,
      accountId: null,
      cognitoIdentityId: null,
      caller: null,
      sourceIp: incoming.sourceIp,
      principalOrgId: null,
      accessKey: null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
      userArn: null,
      userAgent: incoming.headers['user-agent'] ?? null,
      user: null,
      ...routed.identity,
    },
    domainName: incoming.host,
    apiId: routed.apiId,
  };
}

/** Sixteen letters that stand for a request beside its id. */
export const extendedRequestId = (requestId: string): string =>
  Buffer.from(requestId.replaceAll('-', ''), 'hex').toString('base64').slice(0, 15) + '=';

/** Names as they came; of several with one name the last, and all. */
export function headersV1(incoming: Incoming): {
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
} {
  const all = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of headerPairs(incoming)) {
    const known = all.get(name.toLowerCase());
    if (known === undefined) all.set(name.toLowerCase(), { name, values: [value] });
    else known.values.push(value);
  }
  return {
    headers: Object.fromEntries([...all.values()].map(({ name, values }) => [name, values.at(-1) ?? ''])),
    multiValueHeaders: Object.fromEntries([...all.values()].map(({ name, values }) => [name, values])),
  };
}

export const lastOf = (grouped: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(grouped).map(([name, values]) => [name, values.at(-1) ?? '']));

const orNull = <T extends object>(value: T): T | null => (Object.keys(value).length === 0 ? null : value);
