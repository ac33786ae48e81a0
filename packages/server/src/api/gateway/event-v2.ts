import { clfTime, groupedQuery, isText, type Incoming } from './incoming.ts';
import { decoded } from './routes.ts';

/** What a route adds to a request. */
export interface Routed {
  readonly apiId: string;
  readonly account: string;
  readonly stage: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly routeKey: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** `jwt`, `lambda` or `iam`. */
  readonly authorizer?: Readonly<Record<string, unknown>>;
}

/** An event in payload format 2.0. @source API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs", read 2026-11 */
export function eventV2(incoming: Incoming, routed: Routed): object {
  const text = isText(incoming.body, incoming.headers['content-type']);
  const rawPath = decoded(stagePath(routed.stage, incoming.path));
  return {
    version: '2.0',
    routeKey: routed.routeKey,
    rawPath,
    rawQueryString: incoming.query,
    ...(incoming.cookies.length === 0 ? {} : { cookies: incoming.cookies }),
    headers: incoming.headers,
    ...(incoming.query === '' ? {} : { queryStringParameters: joinedQuery(incoming.query) }),
    requestContext: {
      accountId: routed.account,
      apiId: routed.apiId,
      ...(routed.authorizer === undefined ? {} : { authorizer: routed.authorizer }),
      domainName: incoming.host,
      domainPrefix: incoming.host.split('.')[0] ?? '',
      http: {
        method: incoming.method,
        path: rawPath,
        protocol: incoming.protocol,
        sourceIp: incoming.sourceIp,
        userAgent: incoming.headers['user-agent'] ?? '',
      },
      requestId: incoming.requestId,
      routeKey: routed.routeKey,
      stage: routed.stage,
      time: clfTime(incoming.atMs),
      timeEpoch: incoming.atMs,
    },
    ...(Object.keys(routed.parameters).length === 0 ? {} : { pathParameters: routed.parameters }),
    ...(Object.keys(routed.variables).length === 0 ? {} : { stageVariables: routed.variables }),
    ...(incoming.body.length === 0 ? {} : { body: Buffer.from(incoming.body).toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: !text,
  };
}

/** The default stage has no name in paths. */
export const stagePath = (stage: string, path: string): string => (stage === '$default' ? path : `/${stage}${path}`);

export const joinedQuery = (query: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(groupedQuery(query)).map(([name, values]) => [name, values.join(',')]));
