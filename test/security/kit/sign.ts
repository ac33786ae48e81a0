import { createHash, createHmac } from 'node:crypto';

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A request that may be signed in any wrong way. */
export interface Wanted {
  readonly method?: string;
  /** Path and query, as they are sent. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly at?: Date;
  /** Of the scope, where it is another than that of `at`. */
  readonly day?: string;
  readonly region?: string;
  readonly service?: string;
  /** Headers that are sent and not signed. */
  readonly unsigned?: readonly string[];
}

export interface Signed {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const timeOf = (at: Date): string => at.toISOString().replace(/[-:]|\.\d+/g, '');

/** AWS Signature Version 4 from its description, so that it shares no mistake with the verifier. */
export function sign(origin: string, key: Key, wanted: Wanted): Signed {
  const { method = 'GET', target, body = '', at = new Date(), region = 'us-east-1', service = 'lambda', unsigned = [] } = wanted;
  const time = timeOf(at);
  const headers: Record<string, string> = {
    host: new URL(origin).host,
    'x-amz-date': time,
    ...(key.sessionToken === undefined ? {} : { 'x-amz-security-token': key.sessionToken }),
    ...wanted.headers,
  };
  const names = Object.keys(headers)
    .filter((name) => !unsigned.includes(name))
    .toSorted();
  const scope = `${wanted.day ?? time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const [path = '', query = ''] = target.split('?');
  const canonical = [
    method,
    // The path is encoded once more than it is sent; only letters that need nothing are used here.
    path.replaceAll('%', '%25'),
    query.split('&').toSorted().join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const signature = hmac(
    signingKey(key.secretAccessKey, scope),
    ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n'),
  ).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { method, target, headers: { ...headers, authorization }, ...(body === '' ? {} : { body }) };
}

const signingKey = (secret: string, scope: string): Buffer =>
  scope.split('/').reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secret}`) as Buffer;

/** A link that is signed in its query. */
export function presign(
  origin: string,
  key: Key,
  wanted: {
    readonly method?: string;
    readonly path: string;
    readonly expiresS: number;
    readonly at?: Date;
    readonly service?: string;
  },
): string {
  const { method = 'GET', path, expiresS, at = new Date(), service = 's3' } = wanted;
  const time = timeOf(at);
  const scope = `${time.slice(0, 8)}/us-east-1/${service}/aws4_request`;
  const query = Object.entries({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${key.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(expiresS),
    'X-Amz-SignedHeaders': 'host',
  })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const canonical = [method, path, query, `host:${new URL(origin).host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const signature = hmac(
    signingKey(key.secretAccessKey, scope),
    ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n'),
  ).toString('hex');
  return `${path}?${query}&X-Amz-Signature=${signature}`;
}

/** Its status, and the name of the fault where there is one. */
export async function send(
  origin: string,
  { method, target, headers, body }: Signed,
): Promise<{ readonly status: number; readonly fault: string | undefined; readonly text: string }> {
  const { host: _own, ...rest } = headers;
  const answer = await fetch(origin + target, {
    method,
    headers: rest,
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
  });
  const text = await answer.text();
  const fault = answer.headers.get('x-amzn-errortype') ?? /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? undefined;
  return { status: answer.status, fault: fault?.split(':')[0], text };
}
