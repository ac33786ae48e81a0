import { isUtf8 } from 'node:buffer';

/** A request to an API, read whole. */
export interface Incoming {
  readonly method: string;
  readonly protocol: string;
  /** Behind prefix and stage, still encoded. */
  readonly path: string;
  readonly query: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** In lower case; of several with one name, joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly host: string;
  readonly sourceIp: string;
  readonly body: Uint8Array;
  readonly requestId: string;
  readonly traceId: string;
  readonly atMs: number;
}

/** Those of the connection are nobody's business behind it. */
const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection', 'te', 'trailer']);

/** Header by header as they came, with what a load balancer in front would say. @source spec 2.8-03 */
export function headerPairs({
  rawHeaders,
  host,
  sourceIp,
  traceId,
}: Pick<Incoming, 'rawHeaders' | 'host' | 'sourceIp' | 'traceId'>): readonly (readonly [string, string])[] {
  const forwarded: readonly (readonly [string, string])[] = [
    ['Host', host],
    ['X-Forwarded-For', sourceIp],
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Amzn-Trace-Id', traceId],
  ];
  const ours = new Set(forwarded.map(([name]) => name.toLowerCase()));
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (!ofConnection.has(lower) && !ours.has(lower)) pairs.push([name, rawHeaders[index + 1] ?? '']);
  }
  return [...pairs, ...forwarded];
}

/** In lower case, those of one name joined; without cookies, which have a place of their own. */
export function joinedHeaders(pairs: readonly (readonly [string, string])[]): {
  readonly headers: Record<string, string>;
  readonly cookies: readonly string[];
} {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const cookies: string[] = [];
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    if (lower === 'cookie') cookies.push(...value.split(/; */).filter((each) => each !== ''));
    else headers[lower] = headers[lower] === undefined ? value : `${headers[lower]},${value}`;
  }
  return { headers: { ...headers }, cookies };
}

/** Types whose bodies travel as text; everything else is base64. @source spec 2.8-04 */
const isTextType = (type: string | undefined): boolean =>
  type === undefined || /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\b)/i.test(type);

export const isText = (body: Uint8Array, contentType: string | undefined): boolean =>
  body.length === 0 || (isTextType(contentType) && isUtf8(body));

export function groupedQuery(query: string): Readonly<Record<string, readonly string[]>> {
  const grouped: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of new URLSearchParams(query)) (grouped[name] ??= []).push(value);
  return { ...grouped };
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** `24/Nov/2026:20:28:40 +0000` */
export const clfTime = (atMs: number): string => {
  const [date = '', time = ''] = new Date(atMs).toISOString().split(/[T.]/);
  const [year, month, day] = date.split('-');
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`;
};
