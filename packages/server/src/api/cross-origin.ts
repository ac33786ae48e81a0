import type { ServerResponse } from 'node:http';
import { ServiceFault, s3AddressOf, type RequestHead } from '@mayfly/wire';

/** What the door asks S3 before it knows more. */
export interface BucketPort {
  isBucket(name: string): boolean;
  /** Headers that let a page of another origin in; undefined when no rule of the bucket fits. */
  cors(
    bucket: string,
    question: { readonly origin: string; readonly method: string; readonly headers: readonly string[] },
  ): Readonly<Record<string, string>> | undefined;
}

const listOf = (header: string | undefined): readonly string[] =>
  (header ?? '')
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '');

/** The headers with which a bucket answers a page of another origin; undefined when it does not. */
export function bucketCors(head: RequestHead, buckets: BucketPort | undefined): Readonly<Record<string, string>> | undefined {
  const { origin } = head.headers;
  const { bucket } = s3AddressOf(head);
  if (buckets === undefined || origin === undefined || bucket === undefined || !buckets.isBucket(bucket)) return undefined;
  const preflight = head.method === 'OPTIONS';
  const method = preflight ? head.headers['access-control-request-method'] : head.method;
  if (method === undefined) return undefined;
  return buckets.cors(bucket, {
    origin,
    method,
    headers: preflight ? listOf(head.headers['access-control-request-headers']) : [],
  });
}

export const isPreflight = (head: RequestHead): boolean => head.method === 'OPTIONS';

/** @throws BadRequest, AccessForbidden in S3's words */
export function answerPreflight(
  head: RequestHead,
  response: ServerResponse,
  headers: Readonly<Record<string, string>> | undefined,
): void {
  if (head.headers['origin'] === undefined) {
    throw new ServiceFault('BadRequest', 'Insufficient information. Origin request header needed.', { status: 400 });
  }
  if (headers === undefined) {
    throw new ServiceFault(
      'AccessForbidden',
      "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
      {
        status: 403,
        members: {
          Method: head.headers['access-control-request-method'] ?? '',
          ResourceType: s3AddressOf(head).key === undefined ? 'BUCKET' : 'OBJECT',
        },
      },
    );
  }
  response.writeHead(200, { ...headers, 'Content-Length': 0 }).end();
}
