import type { S3Operations } from '@mayfly/wire';
import { readCopySource } from '../../s3/naming.ts';
import { text, type AnyInput, type Context, type Demand, type OperationRules, type ServiceRules } from '../demand.ts';

interface ObjectInput {
  readonly Bucket?: string | undefined;
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

const bucketArn = (bucket: string | undefined): string => `arn:aws:s3:::${bucket}`;
const objectArn = ({ Bucket, Key }: ObjectInput): string => `${bucketArn(Bucket)}/${Key}`;

const onBucket =
  (action: string) =>
  (input: { Bucket?: string | undefined }): Demand => ({ action: `s3:${action}`, resource: bucketArn(input.Bucket) });
const onObject =
  (action: string) =>
  (input: ObjectInput): Demand => ({ action: `s3:${action}`, resource: objectArn(input) });
/** Reading or deleting a certain version is a permission of its own. */
const onVersion =
  (action: string, versioned: string) =>
  (input: ObjectInput): Demand =>
    input.VersionId === undefined
      ? onObject(action)(input)
      : { action: `s3:${versioned}`, resource: objectArn(input), context: { 's3:VersionId': input.VersionId } };

const write = (
  input: ObjectInput & {
    Tagging?: string | undefined;
    ACL?: string | undefined;
    StorageClass?: string | undefined;
    ServerSideEncryption?: string | undefined;
  },
): readonly Demand[] => [
  {
    action: 's3:PutObject',
    resource: objectArn(input),
    context: {
      's3:x-amz-acl': input.ACL,
      's3:x-amz-storage-class': input.StorageClass,
      's3:x-amz-server-side-encryption': input.ServerSideEncryption,
    },
  },
  ...(input.Tagging === undefined || input.Tagging === '' ? [] : [onObject('PutObjectTagging')(input)]),
  ...(input.ACL === undefined ? [] : [onObject('PutObjectAcl')(input)]),
];

/** To loosen what is governed is a permission of its own. */
const bypass = (input: ObjectInput & { readonly BypassGovernanceRetention?: boolean | undefined }): readonly Demand[] =>
  input.BypassGovernanceRetention === true ? [onObject('BypassGovernanceRetention')(input)] : [];

/** What a copy reads; a source that cannot be read as one is refused by the handler. */
const source = (given: string | undefined): readonly Demand[] => {
  const read = readCopySource(given);
  return read === undefined
    ? []
    : [onVersion('GetObject', 'GetObjectVersion')({ Bucket: read.bucket, Key: read.key, VersionId: read.versionId })];
};

const list =
  (action: string) =>
  (input: {
    Bucket?: string | undefined;
    Prefix?: string | undefined;
    Delimiter?: string | undefined;
    MaxKeys?: number | undefined;
  }): Demand => ({
    action: `s3:${action}`,
    resource: bucketArn(input.Bucket),
    context: listing(input),
  });
const listing = (input: {
  Prefix?: string | undefined;
  Delimiter?: string | undefined;
  MaxKeys?: number | undefined;
}): Context => ({
  's3:prefix': input.Prefix ?? '',
  's3:delimiter': input.Delimiter,
  's3:max-keys': input.MaxKeys === undefined ? undefined : String(input.MaxKeys),
});

/** Configurations of which a bucket may have many: whoever may put them may take them away. */
const named = (subject: 'Analytics' | 'IntelligentTiering' | 'Inventory' | 'Metrics') => ({
  [`PutBucket${subject}Configuration`]: onBucket(`Put${subject}Configuration`),
  [`DeleteBucket${subject}Configuration`]: onBucket(`Put${subject}Configuration`),
  [`GetBucket${subject}Configuration`]: onBucket(`Get${subject}Configuration`),
  [`ListBucket${subject}Configurations`]: onBucket(`Get${subject}Configuration`),
});

/** @source Amazon S3 User Guide, "Required permissions for Amazon S3 API operations", read 2026-11 */
const operations: OperationRules<S3Operations> = {
  ListBuckets: () => ({ action: 's3:ListAllMyBuckets', resource: '*' }),
  HeadBucket: onBucket('ListBucket'),
  ListObjects: list('ListBucket'),
  ListObjectsV2: list('ListBucket'),
  ListObjectVersions: list('ListBucketVersions'),
  ListMultipartUploads: onBucket('ListBucketMultipartUploads'),

  GetObject: onVersion('GetObject', 'GetObjectVersion'),
  HeadObject: onVersion('GetObject', 'GetObjectVersion'),
  GetObjectAttributes: (input) => [
    onVersion('GetObject', 'GetObjectVersion')(input),
    onVersion('GetObjectAttributes', 'GetObjectVersionAttributes')(input),
  ],
  GetObjectTagging: onVersion('GetObjectTagging', 'GetObjectVersionTagging'),
  PutObjectTagging: onVersion('PutObjectTagging', 'PutObjectVersionTagging'),
  DeleteObjectTagging: onVersion('DeleteObjectTagging', 'DeleteObjectVersionTagging'),
  GetObjectAcl: onVersion('GetObjectAcl', 'GetObjectVersionAcl'),
  PutObjectAcl: onVersion('PutObjectAcl', 'PutObjectVersionAcl'),
  SelectObjectContent: onObject('GetObject'),
  DeleteObject: (input) => [onVersion('DeleteObject', 'DeleteObjectVersion')(input), ...bypass(input)],
  DeleteObjects: ({ Bucket, Delete, BypassGovernanceRetention }) =>
    (Delete?.Objects ?? []).flatMap(({ Key, VersionId }) => [
      onVersion('DeleteObject', 'DeleteObjectVersion')({ Bucket, Key, VersionId }),
      ...bypass({ Bucket, Key, BypassGovernanceRetention }),
    ]),
  PutObjectRetention: (input) => [onObject('PutObjectRetention')(input), ...bypass(input)],
  PutObject: write,
  CopyObject: (input) => [...write(input), ...source(input.CopySource)],
  RenameObject: (input) => [onObject('PutObject')(input), onObject('DeleteObject')(input), ...source(input.RenameSource)],

  CreateMultipartUpload: write,
  UploadPart: onObject('PutObject'),
  UploadPartCopy: (input) => [onObject('PutObject')(input), ...source(input.CopySource)],
  CompleteMultipartUpload: onObject('PutObject'),
  AbortMultipartUpload: onObject('AbortMultipartUpload'),
  ListParts: onObject('ListMultipartUploadParts'),

  GetBucketCors: onBucket('GetBucketCORS'),
  PutBucketCors: onBucket('PutBucketCORS'),
  DeleteBucketCors: onBucket('PutBucketCORS'),
  DeleteBucketTagging: onBucket('PutBucketTagging'),
  DeleteBucketOwnershipControls: onBucket('PutBucketOwnershipControls'),
  GetBucketEncryption: onBucket('GetEncryptionConfiguration'),
  PutBucketEncryption: onBucket('PutEncryptionConfiguration'),
  DeleteBucketEncryption: onBucket('PutEncryptionConfiguration'),
  GetBucketLifecycleConfiguration: onBucket('GetLifecycleConfiguration'),
  PutBucketLifecycleConfiguration: onBucket('PutLifecycleConfiguration'),
  DeleteBucketLifecycle: onBucket('PutLifecycleConfiguration'),
  GetBucketReplication: onBucket('GetReplicationConfiguration'),
  PutBucketReplication: onBucket('PutReplicationConfiguration'),
  DeleteBucketReplication: onBucket('PutReplicationConfiguration'),
  GetBucketNotificationConfiguration: onBucket('GetBucketNotification'),
  PutBucketNotificationConfiguration: onBucket('PutBucketNotification'),
  GetBucketAccelerateConfiguration: onBucket('GetAccelerateConfiguration'),
  PutBucketAccelerateConfiguration: onBucket('PutAccelerateConfiguration'),
  ...named('Analytics'),
  ...named('IntelligentTiering'),
  ...named('Inventory'),
  ...named('Metrics'),
  GetPublicAccessBlock: onBucket('GetBucketPublicAccessBlock'),
  PutPublicAccessBlock: onBucket('PutBucketPublicAccessBlock'),
  DeletePublicAccessBlock: onBucket('PutBucketPublicAccessBlock'),
  GetObjectLockConfiguration: onBucket('GetBucketObjectLockConfiguration'),
  PutObjectLockConfiguration: onBucket('PutBucketObjectLockConfiguration'),
};

export const s3Rules: ServiceRules = {
  prefix: 's3',
  operations,
  resource(input: AnyInput) {
    const bucket = text(input['Bucket']);
    if (bucket === undefined) return undefined;
    const key = text(input['Key']);
    return key === undefined ? bucketArn(bucket) : objectArn({ Bucket: bucket, Key: key });
  },
};
