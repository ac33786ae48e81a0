import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCredentialScope, s3AddressOf, type RequestHead } from '@mayfly/wire';

/** Answers the distribution protocol; `main` plugs it in. */
export interface RegistryDoor {
  /** Never rejects. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/**
 * Below `/v2/` and without a signature of AWS's. Nothing else looks like this: a bucket's name has at least
 * three letters, so no path begins with a bucket `v2`; a bucket that is named by the host keeps its keys.
 */
export function isForRegistry(head: RequestHead): boolean {
  if (!/^\/v2(?:[/?]|$)/.test(head.target)) return false;
  if (readCredentialScope(head) !== undefined) return false;
  if (/^\d{12}\.dkr[.-]ecr\./.test(head.headers['host'] ?? '')) return true;
  const { bucket } = s3AddressOf(head);
  return bucket === undefined || bucket === 'v2';
}
