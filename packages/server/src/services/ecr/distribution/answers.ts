import type { ServerResponse } from 'node:http';
import { ServiceFault } from '@mayfly/wire';

/** An error in the words of the distribution protocol. */
export class DistributionFault extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** What the API refuses, the protocol has its own words for. */
const codes: Readonly<Record<string, readonly [status: number, code: string]>> = {
  RepositoryNotFoundException: [404, 'NAME_UNKNOWN'],
  ImageNotFoundException: [404, 'MANIFEST_UNKNOWN'],
  LayersNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ReferencedImagesNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ImageTagAlreadyExistsException: [400, 'TAG_INVALID'],
  ImageDigestDoesNotMatchException: [400, 'DIGEST_INVALID'],
  InvalidParameterException: [400, 'MANIFEST_INVALID'],
  LimitExceededException: [429, 'TOOMANYREQUESTS'],
};

export function faultOf(error: unknown): DistributionFault | undefined {
  if (error instanceof DistributionFault) return error;
  if (!(error instanceof ServiceFault)) return undefined;
  const [status, code] = codes[error.code] ?? [400, 'UNSUPPORTED'];
  return new DistributionFault(status, code, error.message);
}

export function sendFault(response: ServerResponse, { status, code, message, headers }: DistributionFault): void {
  sendJson(response, status, { errors: [{ code, message }] }, headers);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  document: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length, ...headers });
  response.end(body);
}

export const unknownBlob = (): DistributionFault =>
  new DistributionFault(404, 'BLOB_UNKNOWN', 'The blob is not known to this repository.');
export const unknownUpload = (): DistributionFault =>
  new DistributionFault(404, 'BLOB_UPLOAD_UNKNOWN', 'There is no such upload, or not any more.');
export const badDigest = (): DistributionFault =>
  new DistributionFault(400, 'DIGEST_INVALID', 'A digest has to be sha256: and 64 hexadecimal digits.');
export const unsupported = (): DistributionFault =>
  new DistributionFault(405, 'UNSUPPORTED', 'The operation is not supported here.');
