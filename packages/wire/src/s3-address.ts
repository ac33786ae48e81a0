import { pathOf, queryOf, type RequestHead } from './request.ts';

/** What an S3 request names, path style or virtual-host style. */
export interface S3Address {
  readonly bucket?: string;
  /** Decoded; may hold, begin with or end in slashes. */
  readonly key?: string;
}

export function s3AddressOf(head: RequestHead): S3Address {
  const hosted = bucketOfHost(head.headers['host'] ?? '');
  const path = pathOf(head.target).slice(1);
  if (hosted !== undefined) return path === '' ? { bucket: hosted } : { bucket: hosted, key: decode(path) };
  if (path === '') return {};
  const slash = path.indexOf('/');
  if (slash === -1 || slash === path.length - 1) return { bucket: decode(slash === -1 ? path : path.slice(0, slash)) };
  return { bucket: decode(path.slice(0, slash)), key: decode(path.slice(slash + 1)) };
}

/**
 * `name.s3.us-east-1.amazonaws.com`, `name.s3.localhost:4566` or `name.localhost:4566`; an address or a bare
 * name has its bucket in the path.
 */
function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const service = Math.max(name.lastIndexOf('.s3.'), name.lastIndexOf('.s3-'));
  if (service > 0) return name.slice(0, service);
  if (name.startsWith('s3.') || !name.endsWith('.localhost')) return undefined;
  return name.slice(0, -'.localhost'.length);
}

/** Whether the host alone says that a request is for S3. */
export const isS3Host = (head: RequestHead): boolean => /(^|\.)s3[.-]/i.test(head.headers['host'] ?? '');

/** Whose key signed in the way that came before SigV4, which only S3 still sees; undefined for anything else. */
export function signerV2(head: RequestHead): string | undefined {
  const header = /^AWS ([^:]*):/.exec(head.headers['authorization'] ?? '')?.[1];
  if (header !== undefined) return header;
  return head.target.includes('AWSAccessKeyId=') ? (queryOf(head.target).get('AWSAccessKeyId') ?? undefined) : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
