import type { S3Operations } from '@mayfly/wire';
import { fromDocument, type BucketRecord } from './bucket.ts';

type Rules = NonNullable<S3Operations['GetBucketCors']['output']['CORSRules']>;

/** What a browser asks on behalf of a page. */
export interface CorsQuestion {
  readonly origin: string;
  readonly method: string;
  /** Of a preflight: the headers that the page wants to send, in lower case. */
  readonly headers: readonly string[];
}

const rulesOf = (bucket: BucketRecord): Rules => {
  const kept = bucket.documents['cors'] as { readonly CORSConfiguration?: unknown } | undefined;
  return (fromDocument(kept?.CORSConfiguration) as { CORSRules?: Rules } | undefined)?.CORSRules ?? [];
};

/** One star at most, anywhere. */
function covers(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === text;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
}

/**
 * The headers that let a page of another origin in: those of the first rule that fits; undefined when none does.
 *
 * @source Amazon S3 User Guide, "How CORS works", read 2026-11
 */
export function corsHeaders(bucket: BucketRecord, question: CorsQuestion): Readonly<Record<string, string>> | undefined {
  const { origin, method, headers } = question;
  for (const rule of rulesOf(bucket)) {
    const allowed = rule.AllowedOrigins?.find((pattern) => covers(pattern, origin));
    if (allowed === undefined || rule.AllowedMethods?.includes(method) !== true) continue;
    const known = (rule.AllowedHeaders ?? []).map((each) => each.toLowerCase());
    if (!headers.every((header) => known.some((pattern) => covers(pattern, header)))) continue;
    return {
      'Access-Control-Allow-Origin': allowed === '*' ? '*' : origin,
      'Access-Control-Allow-Methods': rule.AllowedMethods.join(', '),
      ...(headers.length === 0 ? {} : { 'Access-Control-Allow-Headers': headers.join(', ') }),
      ...(rule.ExposeHeaders === undefined || rule.ExposeHeaders.length === 0
        ? {}
        : { 'Access-Control-Expose-Headers': rule.ExposeHeaders.join(', ') }),
      ...(rule.MaxAgeSeconds === undefined ? {} : { 'Access-Control-Max-Age': String(rule.MaxAgeSeconds) }),
      ...(allowed === '*' ? {} : { 'Access-Control-Allow-Credentials': 'true' }),
      Vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    };
  }
  return undefined;
}
