import { ServiceFault } from '@mayfly/wire';
import type { BucketRecord } from './bucket.ts';
import { checkAclAllowed, givenAcl, type AclInput } from './acl.ts';
import { invalidArgument, invalidRequest, noSuchKey, s3Fault } from './faults.ts';
import type { ObjectMeta, StoredObject } from './objects.ts';
import type { S3 } from './s3.ts';

const longestKeyBytes = 1024;

/** @throws KeyTooLongError */
export function checkKey(key: string | undefined): string {
  const text = key ?? '';
  if (Buffer.byteLength(text) > longestKeyBytes) {
    throw s3Fault('KeyTooLongError', 400, 'Your key is too long', {
      MaxSizeAllowed: longestKeyBytes,
      Size: Buffer.byteLength(text),
    });
  }
  return text;
}

/** `x-amz-version-id`, where the bucket keeps versions. */
export const versionMember = (bucket: BucketRecord, object: { readonly versionId: string }): { VersionId?: string } =>
  bucket.versioning === undefined ? {} : { VersionId: object.versionId };

/** Which version was copied, where there are versions. */
export const copiedVersion = (bucket: BucketRecord, source: { readonly versionId: string }): { CopySourceVersionId?: string } =>
  bucket.versioning === undefined || source.versionId === 'null' ? {} : { CopySourceVersionId: source.versionId };

/** What an object's own access list begins as. @throws AccessControlListNotSupported, InvalidArgument … */
export function withAcl(bucket: BucketRecord, meta: ObjectMeta, input: AclInput): ObjectMeta {
  const acl = givenAcl(input);
  if (acl === undefined) return meta;
  checkAclAllowed(bucket, acl);
  return { ...meta, acl };
}

/** `bucket/key?versionId=…`, encoded as a URL; undefined for what is none. Whoever decides about the copy reads it the same way. */
export function readCopySource(
  text = '',
): { readonly bucket: string; readonly key: string; readonly versionId: string | undefined } | undefined {
  const at = text.lastIndexOf('?versionId=');
  const path = at === -1 ? text : text.slice(0, at);
  let decoded: string;
  try {
    decoded = decodeURIComponent(path.replaceAll('+', '%20')).replace(/^\//, '');
  } catch {
    return undefined;
  }
  const slash = decoded.indexOf('/');
  if (slash < 1 || slash === decoded.length - 1) return undefined;
  return {
    bucket: decoded.slice(0, slash),
    key: decoded.slice(slash + 1),
    versionId: at === -1 ? undefined : text.slice(at + '?versionId='.length),
  };
}

/** What is to be copied. @throws InvalidArgument, NoSuchKey … */
export async function copySource(
  s3: S3,
  text: string | undefined,
  expectedOwner: string | undefined,
): Promise<{ readonly sourceBucket: BucketRecord; readonly source: StoredObject }> {
  const invalid = (): Error =>
    invalidArgument('Copy Source must mention the source bucket and key: sourcebucket/sourcekey', 'x-amz-copy-source', text);
  const read = readCopySource(text);
  if (read === undefined) throw invalid();
  const { bucket, key, versionId } = read;
  const sourceBucket = s3.bucket(bucket, expectedOwner);
  const source = await s3.object(sourceBucket, key, versionId).catch((error: unknown) => {
    if (error instanceof ServiceFault && error.code === 'MethodNotAllowed')
      throw invalidRequest('The source of a copy request may not specifically refer to a delete marker by version id.');
    throw error instanceof ServiceFault && error.code === 'NoSuchKey' ? noSuchKey(key) : error;
  });
  return { sourceBucket, source };
}
