import { headOf, type HttpReply } from '../url/reply.ts';

export const messageReply = (status: number, message: string, headers: Readonly<Record<string, string>> = {}): HttpReply => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify({ message })),
});

export const internal = messageReply(500, 'Internal Server Error');

/**
 * What a function returned in payload format 2.0: with a `statusCode` an answer, anything else its body.
 *
 * @returns undefined when it is no answer
 */
export function replyV2(returned: Uint8Array): HttpReply | undefined {
  const value = parsed(returned);
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, 'statusCode'))
    return explicit(value as Fields, 'text/plain;charset=UTF-8');
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: Buffer.from(body) };
}

type Fields = Readonly<Record<string, unknown>>;

/** Members that an answer in payload format 1.0 may have. */
const known = new Set(['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded', 'cookies']);

/**
 * What a function returned in payload format 1.0.
 *
 * @param options.strict  members that mean nothing make it malformed, as REST APIs have it
 * @param options.binary  whether a body in base64 is to be decoded
 * @returns undefined when it is no answer
 */
export function replyV1(
  returned: Uint8Array,
  options: { readonly strict: boolean; readonly binary: boolean; readonly contentType: string },
): HttpReply | undefined {
  const value = parsed(returned);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = value as Fields;
  if (options.strict && Object.keys(fields).some((name) => !known.has(name))) return undefined;
  if (!options.strict && fields['statusCode'] === undefined) return undefined;
  const multi = fields['multiValueHeaders'];
  if (!isMap(multi) || Object.values(multi ?? {}).some((each) => !Array.isArray(each))) return undefined;
  const { cookies: _cookies, multiValueHeaders: _multi, ...rest } = fields;
  return explicit(rest, options.contentType, {
    many: multi as Readonly<Record<string, readonly unknown[]>>,
    binary: options.binary,
  });
}

const isMap = (value: unknown): value is Fields | undefined | null =>
  value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value));

function explicit(
  fields: Fields,
  contentType: string,
  {
    many = {},
    binary = true,
  }: { readonly many?: Readonly<Record<string, readonly unknown[]>> | null | undefined; readonly binary?: boolean } = {},
): HttpReply | undefined {
  const { body, isBase64Encoded: encoded, headers } = fields;
  if (!isMap(headers)) return undefined;
  // Of a name that is in both, those of the list come first.
  const merged = new Map<string, { name: string; values: string[] }>();
  const add = (name: string, value: unknown): void => {
    const at = merged.get(name.toLowerCase());
    if (at === undefined) merged.set(name.toLowerCase(), { name, values: [String(value)] });
    else if (!at.values.includes(String(value))) at.values.push(String(value));
  };
  for (const [name, values] of Object.entries(many ?? {})) for (const value of values) add(name, value);
  for (const [name, value] of Object.entries(headers ?? {})) if (value !== null) add(name, value);
  const setCookies = merged.get('set-cookie')?.values ?? [];
  merged.delete('set-cookie');
  const own = Array.isArray(fields['cookies']) ? (fields['cookies'] as unknown[]).map(String) : [];
  const status = fields['statusCode'];
  const head = headOf({
    ...(status === undefined || status === null ? {} : { statusCode: status }),
    headers: Object.fromEntries([...merged.values()].map(({ name, values }) => [name, values.join(', ')])),
    cookies: [...setCookies, ...own],
  });
  if (head === undefined || (body !== undefined && body !== null && typeof body !== 'string')) return undefined;
  const hasType = Object.keys(head.headers).some((name) => name.toLowerCase() === 'content-type');
  return {
    status: head.status,
    headers: hasType ? head.headers : { 'Content-Type': contentType, ...head.headers },
    body: Buffer.from(body ?? '', encoded === true && binary ? 'base64' : 'utf8'),
  };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
