import type { Cors } from './port.ts';

const listed = (allowed: readonly string[] | undefined, wanted: string): boolean =>
  allowed?.some((each) => each === '*' || each.toLowerCase() === wanted.toLowerCase()) ?? false;

/** CORS headers that go with every answer of a configured URL. @source spec 2.8-13 */
export function corsHeaders(cors: Cors | undefined, origin: string | undefined): Record<string, string> {
  if (cors === undefined || origin === undefined || !listed(cors.allowOrigins, origin)) return {};
  const anyone = cors.allowOrigins?.includes('*') === true && cors.allowCredentials !== true;
  return {
    'Access-Control-Allow-Origin': anyone ? '*' : origin,
    ...(anyone ? {} : { Vary: 'Origin' }),
    ...(cors.allowCredentials === true ? { 'Access-Control-Allow-Credentials': 'true' } : {}),
    ...(cors.exposeHeaders === undefined || cors.exposeHeaders.length === 0
      ? {}
      : { 'Access-Control-Expose-Headers': cors.exposeHeaders.join(',') }),
  };
}

/** The answer to a preflight, which the function never sees; without CORS headers when it may not pass. */
export function preflight(
  cors: Cors,
  request: { readonly origin?: string | undefined; readonly method: string; readonly headers?: string | undefined },
): Record<string, string> {
  const base = corsHeaders(cors, request.origin);
  const wanted =
    request.headers
      ?.split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '') ?? [];
  const passes = listed(cors.allowMethods, request.method) && wanted.every((each) => listed(cors.allowHeaders, each));
  if (Object.keys(base).length === 0 || !passes) return {};
  return {
    ...base,
    'Access-Control-Allow-Methods': cors.allowMethods?.join(',') ?? '',
    ...(wanted.length === 0 ? {} : { 'Access-Control-Allow-Headers': cors.allowHeaders?.join(',') ?? '' }),
    ...(cors.maxAgeS === undefined ? {} : { 'Access-Control-Max-Age': String(cors.maxAgeS) }),
  };
}
