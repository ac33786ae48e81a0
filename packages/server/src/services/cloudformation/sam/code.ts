import { InvalidResource } from './faults.ts';
import type { Draft } from './draft.ts';
import { textOf, isMap, type Fields } from './values.ts';

export interface S3Location {
  readonly bucket: unknown;
  readonly key: unknown;
  readonly version?: unknown;
}

/**
 * Where code or a definition lies: `s3://bucket/key?versionId=…`, or Bucket, Key and Version apart.
 *
 * @throws InvalidResource  also for what lies on the caller's disk: packaging puts it in a bucket
 */
export function readS3Uri(written: unknown, property: string, logicalId: string, draft: Draft): S3Location {
  if (isMap(written)) {
    const { Bucket: bucket, Key: key, Version: version } = draft.known(written) as Fields;
    if (!bucket || !key)
      throw new InvalidResource(logicalId, `'${property}' requires Bucket and Key properties to be specified.`);
    return { bucket, key, version };
  }
  const [, bucket, key, query] = /^s3:\/\/([^/]+)\/([^?]+)(?:\?(.*))?$/.exec(textOf(written)) ?? [];
  if (bucket === undefined || key === undefined)
    throw new InvalidResource(
      logicalId,
      `'${property}' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.`,
    );
  const version = new URLSearchParams(query).get('versionId') ?? undefined;
  return { bucket, key, version };
}
