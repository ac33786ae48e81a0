import { isUtf8 } from 'node:buffer';

/** What goes back over HTTP, its head decided. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

export const internalServerError: HttpReply = {
  status: 502,
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from('Internal Server Error'),
};

/** Headers that belong to the connection or to us; a function's own arrive under another name. @source spec 2.8-15 */
const ours = new Set([
  'connection',
  'content-length',
  'date',
  'server',
  'www-authenticate',
  'x-amzn-requestid',
  'x-amzn-trace-id',
]);
const neverSent = new Set(['transfer-encoding', 'upgrade', 'keep-alive', 'trailer', 'te', 'proxy-connection']);

/** Reads what a buffered handler returned. @source spec 2.8-05, 2.8-06 */
export function replyOf(returned: Uint8Array): HttpReply {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(returned).toString('utf8'));
  } catch {
    return internalServerError;
  }
  if (typeof value === 'string') return inferred(Buffer.from(value));
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, 'statusCode')) {
    return inferred(value === null ? Buffer.from('null') : Buffer.from(JSON.stringify(value)));
  }
  const head = headOf(value as Record<string, unknown>);
  const { body, isBase64Encoded } = value as { body?: unknown; isBase64Encoded?: unknown };
  if (head === undefined || (body !== undefined && body !== null && typeof body !== 'string')) return internalServerError;
  const bytes = Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8');
  const headers = Object.keys(head.headers).some((name) => name.toLowerCase() === 'content-type')
    ? head.headers
    : { 'Content-Type': 'application/json', ...head.headers };
  return { status: head.status, headers, body: bytes };
}

const inferred = (body: Uint8Array): HttpReply => ({ status: 200, headers: { 'Content-Type': 'application/json' }, body });

/** Status, headers and cookies of an explicit answer or a stream's prelude; undefined when they cannot be sent. */
export function headOf(value: Readonly<Record<string, unknown>>): Pick<HttpReply, 'status' | 'headers'> | undefined {
  const status = value['statusCode'] === undefined ? 200 : Number(value['statusCode']);
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  const headers: Record<string, string | string[]> = {};
  for (const [name, each] of Object.entries(value['headers'] ?? {})) {
    const lower = name.toLowerCase();
    const text = Array.isArray(each) ? each.join(',') : String(each);
    if (!isToken(name) || !isFieldValue(text)) return undefined;
    if (neverSent.has(lower)) continue;
    headers[ours.has(lower) ? `x-amzn-remapped-${lower}` : name] = text;
  }
  const cookies = Array.isArray(value['cookies']) ? value['cookies'].map(String) : [];
  if (!cookies.every(isFieldValue)) return undefined;
  if (cookies.length > 0) headers['Set-Cookie'] = cookies;
  return { status, headers };
}

const isToken = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
// oxlint-disable-next-line no-control-regex -- control characters are what must not get into a header
const isFieldValue = (text: string): boolean => !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text) && isLatin1(text);
const isLatin1 = (text: string): boolean => Buffer.from(text, 'latin1').toString('latin1') === text;

/** Between the JSON head of a streamed HTTP answer and its body. @source spec 3.3-03 */
const separator = Buffer.alloc(8);
const longestPrelude = 1_048_576;

/**
 * Splits a streamed HTTP answer into its head and the rest of its body.
 *
 * @returns undefined when there is no readable prelude
 */
export async function prelude(
  body: AsyncIterator<Uint8Array>,
): Promise<{ readonly head: Pick<HttpReply, 'status' | 'headers'>; readonly first: Uint8Array } | undefined> {
  let read = Buffer.alloc(0);
  for (;;) {
    const end = read.indexOf(separator);
    if (end !== -1) {
      const json = read.subarray(0, end);
      const head = isUtf8(json) ? headOf(parsed(json.toString('utf8'))) : undefined;
      return head === undefined ? undefined : { head, first: read.subarray(end + separator.length) };
    }
    if (read.length > longestPrelude) return undefined;
    const next = await body.next();
    if (next.done === true) return undefined;
    read = Buffer.concat([read, next.value]);
  }
}

const parsed = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return { statusCode: 'unreadable' };
  }
};
