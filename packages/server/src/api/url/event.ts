import { isUtf8 } from 'node:buffer';
import type { RequestId } from '../../base/index.ts';
import type { Addressed } from './address.ts';
import type { FunctionUrl } from './port.ts';

export interface Incoming {
  readonly method: string;
  readonly protocol: string;
  readonly addressed: Addressed;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly host: string;
  readonly sourceIp: string;
  readonly body: Uint8Array;
  readonly requestId: RequestId;
  readonly traceId: string;
  readonly atMs: number;
  /** Of a signed caller. */
  readonly iam?: { readonly accessKey: string; readonly account: string; readonly arn: string; readonly userId: string };
}

/** An HTTP request as a function sees it: payload format 2.0. @source spec 2.8-01, 7.3 */
export function eventOf(url: FunctionUrl, incoming: Incoming): object {
  const [path = '/', query = ''] = cut(incoming.addressed.target);
  const { headers, cookies } = headersOf(incoming);
  const isText = incoming.body.length === 0 || (textType(headers['content-type']) && isUtf8(incoming.body));
  const rawPath = decoded(path);
  const parameters = query === '' ? undefined : parametersOf(query);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    requestContext: {
      // @source spec 2.8-02
      accountId: url.authType === 'NONE' ? 'anonymous' : (incoming.iam?.account ?? url.account),
      apiId: url.id,
      ...(incoming.iam === undefined
        ? {}
        : {
            authorizer: {
              iam: {
                accessKey: incoming.iam.accessKey,
                accountId: incoming.iam.account,
                callerId: incoming.iam.userId,
                cognitoIdentity: null,
                principalOrgId: null,
                userArn: incoming.iam.arn,
                userId: incoming.iam.userId,
              },
            },
          }),
      domainName: incoming.host,
      domainPrefix: url.id,
      http: {
        method: incoming.method,
        path: rawPath,
        protocol: incoming.protocol,
        sourceIp: incoming.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: incoming.requestId,
      routeKey: '$default',
      stage: '$default',
      time: clfTime(incoming.atMs),
      timeEpoch: incoming.atMs,
    },
    ...(incoming.body.length === 0 ? {} : { body: Buffer.from(incoming.body).toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: !isText,
  };
}

const cut = (target: string): readonly [string, string] => {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
};

/** Types whose bodies travel as text; everything else is base64. @source spec 2.8-04 */
const textType = (type: string | undefined): boolean =>
  type === undefined || /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\b)/i.test(type);

function headersOf({ rawHeaders, host, sourceIp, traceId }: Incoming): {
  readonly headers: Record<string, string>;
  readonly cookies: string[];
} {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const cookies: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (name === 'connection' || name === 'keep-alive' || name === 'transfer-encoding') continue;
    if (name === 'cookie') cookies.push(...value.split(/; */).filter((each) => each !== ''));
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  // @source spec 2.8-03
  const forwarded = {
    host,
    'x-forwarded-for': sourceIp,
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
    'x-amzn-trace-id': traceId,
  };
  return { headers: { ...headers, ...forwarded }, cookies };
}

function parametersOf(query: string): Record<string, string> {
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(query)) {
    parameters[name] = parameters[name] === undefined ? value : `${parameters[name]},${value}`;
  }
  return { ...parameters };
}

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** `24/Nov/2026:20:28:40 +0000` */
const clfTime = (atMs: number): string => {
  const [date = '', time = ''] = new Date(atMs).toISOString().split(/[T.]/);
  const [year, month, day] = date.split('-');
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`;
};
