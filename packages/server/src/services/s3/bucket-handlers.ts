import { ServiceFault, type Handlers, type S3Operations } from '@mayfly/wire';
import { pageOf } from '../kit/pages.ts';
import { checkAclAllowed, givenAcl, requiredAcl, shownAcl, type StoredAcl } from './acl.ts';
import { checkBucketName, fromDocument, locationOf, ownerIdOf, tagsOf, toDocument, type BucketRecord } from './bucket.ts';
import { invalidArgument, malformedXml, s3Fault } from './faults.ts';
import { checkNotifications, testParcels, type NotificationConfiguration, type NotificationFilter } from './notifications.ts';
import type { S3 } from './s3.ts';
import { UploadTable } from './uploads.ts';

type Names =
  | 'CreateBucket'
  | 'HeadBucket'
  | 'DeleteBucket'
  | 'ListBuckets'
  | 'GetBucketLocation'
  | 'GetBucketVersioning'
  | 'PutBucketVersioning'
  | 'GetBucketNotificationConfiguration'
  | 'PutBucketNotificationConfiguration'
  | 'GetBucketAcl'
  | 'PutBucketAcl';

/** What a new bucket has. @source Amazon S3 User Guide, "Default settings for new S3 buckets", read 2026-11 */
const newDocuments = {
  publicAccessBlock: {
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
  },
};

/** Besides the caller's own, whatever its name. @source AWS General Reference, "AWS Regions", read 2026-11 */
const regions: ReadonlySet<string> = new Set([
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'ca-west-1', 'mx-central-1', 'sa-east-1'],
  ...['eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
  ...['af-south-1', 'il-central-1', 'me-central-1', 'me-south-1', 'ap-east-1', 'ap-east-2', 'ap-south-1', 'ap-south-2'],
  ...['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3'],
  ...[
    'ap-southeast-1',
    'ap-southeast-2',
    'ap-southeast-3',
    'ap-southeast-4',
    'ap-southeast-5',
    'ap-southeast-6',
    'ap-southeast-7',
  ],
]);

const mostBuckets = 10_000;

/** Buckets as such. */
export function bucketHandlers(s3: S3): Pick<Handlers<S3Operations>, Names> {
  const uploads = new UploadTable(s3.table);
  return {
    async CreateBucket(input, call) {
      const name = input.Bucket ?? '';
      checkBucketName(name);
      const region = locationOf(input.CreateBucketConfiguration?.LocationConstraint, call.region);
      const ownership = input.ObjectOwnership ?? 'BucketOwnerEnforced';
      if (!['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'].includes(ownership)) {
        throw invalidArgument(`Invalid x-amz-object-ownership header: ${ownership}`, 'x-amz-object-ownership');
      }
      const acl = givenAcl(input);
      if (ownership === 'BucketOwnerEnforced' && acl !== undefined && acl.canned !== 'private') {
        throw s3Fault(
          'InvalidBucketAclWithObjectOwnership',
          400,
          "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        );
      }
      const tags = input.CreateBucketConfiguration?.Tags ?? [];
      tagsOf(tags, 50);
      await s3.records.change((draft) => {
        const existing = draft.get('bucket', '', name);
        if (existing !== undefined && existing.account !== call.account) {
          throw s3Fault(
            'BucketAlreadyExists',
            409,
            'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
            { BucketName: name },
          );
        }
        if (existing !== undefined) {
          // us-east-1 alone says yes twice.
          if (call.region === 'us-east-1' && existing.region === 'us-east-1') return;
          throw s3Fault(
            'BucketAlreadyOwnedByYou',
            409,
            'Your previous request to create the named bucket succeeded and you already own it.',
            { BucketName: name },
          );
        }
        if (draft.count('bucket', '') >= mostBuckets)
          throw s3Fault('TooManyBuckets', 400, 'You have attempted to create more buckets than allowed');
        const record: BucketRecord = {
          name,
          account: call.account,
          region,
          createdAtMs: Math.floor(s3.clock.now()),
          ...(input.CreateBucketConfiguration?.LocationConstraint === 'EU' ? { location: 'EU' } : {}),
          objectLock: input.ObjectLockEnabledForBucket === true,
          ...(input.ObjectLockEnabledForBucket === true ? { versioning: 'Enabled' as const } : {}),
          documents: {
            ...newDocuments,
            ownershipControls: { OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } },
            ...(acl === undefined ? {} : { acl }),
            ...(tags.length === 0 ? {} : { tagging: { TagSet: tags } }),
            ...(input.ObjectLockEnabledForBucket === true
              ? { objectLock: { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } } }
              : {}),
          },
        };
        draft.put('bucket', '', name, record);
      });
      return { Location: region === 'us-east-1' ? `/${name}` : `${call.origin}/${name}/`, BucketArn: `arn:aws:s3:::${name}` };
    },

    async HeadBucket(input) {
      let bucket: BucketRecord;
      try {
        bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      } catch (error) {
        // HEAD has no body to tell a code in.
        if (error instanceof ServiceFault && error.code === 'NoSuchBucket') throw s3Fault('NotFound', 404, 'Not Found');
        throw error;
      }
      return { BucketRegion: bucket.region, AccessPointAlias: false, BucketArn: `arn:aws:s3:::${bucket.name}` };
    },

    async DeleteBucket(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const notEmpty = (): Error =>
        s3Fault(
          'BucketNotEmpty',
          409,
          `The bucket you tried to delete is not empty${bucket.versioning === undefined ? '' : '. You must delete all versions in the bucket.'}`,
          { BucketName: bucket.name },
        );
      if (!(await s3.table.isEmpty(bucket.name))) throw notEmpty();
      await s3.records.change((draft) => void draft.delete('bucket', '', bucket.name));
      // Nothing new comes in from here on; what was on its way is here now, and brings the bucket back.
      const parts = await s3.table.change(async (tx) =>
        (await s3.table.isEmpty(bucket.name, tx)) ? uploads.endAll(tx, bucket.name) : undefined,
      );
      if (parts === undefined) {
        await s3.records.change((draft) => draft.put('bucket', '', bucket.name, bucket));
        throw notEmpty();
      }
      s3.blobs.discard(parts.flatMap(({ segments }) => segments));
      return {};
    },

    async ListBuckets(input, call) {
      const region = input.BucketRegion;
      if (region !== undefined && region !== call.region && !regions.has(region))
        throw invalidArgument(`Argument value ${region} is not a valid AWS Region`, 'bucket-region');
      const most = input.MaxBuckets ?? mostBuckets;
      if (most < 1 || most > mostBuckets)
        throw invalidArgument(
          `Argument max-buckets must be an integer between 1 and ${mostBuckets}`,
          'max-buckets',
          String(most),
        );
      const own = s3.records
        .list('bucket', '')
        .filter(
          ({ account, name, region: each }) =>
            account === call.account && name.startsWith(input.Prefix ?? '') && (region === undefined || each === region),
        );
      const page = pageOf(own, {
        limit: most,
        token: input.ContinuationToken,
        nameOf: ({ name }) => name,
        invalid: () => invalidArgument('The continuation token provided is incorrect', 'continuation-token'),
      });
      const paged = [input.MaxBuckets, region, input.Prefix, input.ContinuationToken].some((each) => each !== undefined);
      return {
        Owner: ownerIdOf(call.account),
        Buckets: page.items.map((bucket) => ({
          Name: bucket.name,
          CreationDate: new Date(bucket.createdAtMs),
          ...(paged ? { BucketRegion: bucket.region, BucketArn: `arn:aws:s3:::${bucket.name}` } : {}),
        })),
        ...(page.next === undefined ? {} : { ContinuationToken: page.next }),
        ...(input.Prefix === undefined ? {} : { Prefix: input.Prefix }),
      };
    },

    async GetBucketLocation(input) {
      const { region, location = region } = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      return region === 'us-east-1' ? {} : { LocationConstraint: location as 'eu-west-1' };
    },

    async GetBucketVersioning(input) {
      const { versioning } = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      return versioning === undefined ? {} : { Status: versioning };
    },
    async PutBucketVersioning(input) {
      const status = input.VersioningConfiguration?.Status;
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      if (status === undefined)
        throw s3Fault('IllegalVersioningConfigurationException', 400, 'The Versioning element must be specified');
      if (status !== 'Enabled' && status !== 'Suspended') throw malformedXml();
      if (status === 'Suspended' && bucket.documents['replication'] !== undefined) {
        throw s3Fault(
          'InvalidBucketState',
          409,
          'A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning state, first delete the replication configuration.',
        );
      }
      if (bucket.objectLock && status === 'Suspended') {
        throw s3Fault(
          'InvalidBucketState',
          409,
          'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
        );
      }
      await s3.changeBucket(bucket.name, () => ({ versioning: status }));
      return {};
    },

    async GetBucketNotificationConfiguration(input) {
      const { documents } = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      return (fromDocument(documents['notification'] ?? {}) as object | undefined) ?? {};
    },
    async PutBucketNotificationConfiguration(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const configuration = named(input.NotificationConfiguration ?? {}, () => s3.random.uuid());
      checkNotifications(configuration, s3.ports, { skipDestinations: input.SkipDestinationValidation === true });
      const { notification: _old, ...rest } = bucket.documents;
      const isEmpty = Object.values(configuration).every(
        (each) => each === undefined || (Array.isArray(each) && each.length === 0),
      );
      await s3.changeBucket(bucket.name, () => ({
        documents: isEmpty ? rest : { ...rest, notification: toDocument(configuration) },
      }));
      await s3.outbox.add(testParcels(configuration, bucket.name, { atMs: s3.clock.now(), requestId: call.requestId }));
      return {};
    },

    async GetBucketAcl(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      return shownAcl(bucket.account, bucket.documents['acl'] as StoredAcl | undefined);
    },
    async PutBucketAcl(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const acl = requiredAcl(input);
      checkAclAllowed(bucket, acl);
      await s3.changeBucket(bucket.name, ({ documents }) => ({ documents: { ...documents, acl } }));
      return {};
    },
  };
}

/** Rules are shown as `Prefix` and `Suffix`, however they were spelt. */
const capitalised = (filter: NotificationFilter): NotificationFilter => ({
  ...filter,
  Key: {
    ...filter.Key,
    FilterRules: filter.Key?.FilterRules?.map((rule) => ({
      ...rule,
      Name: (rule.Name === undefined ? undefined : rule.Name.charAt(0).toUpperCase() + rule.Name.slice(1)) as 'prefix',
    })),
  },
});

/** Each rule has an id, given or made. */
function named(configuration: NotificationConfiguration, make: () => string): NotificationConfiguration {
  const withIds = <Each extends { Id?: string | undefined; Filter?: NotificationFilter | undefined }>(
    list: Each[] | undefined,
  ): Each[] | undefined =>
    list?.map((each) => ({
      ...each,
      Id: each.Id === undefined || each.Id === '' ? make() : each.Id,
      ...(each.Filter === undefined ? {} : { Filter: capitalised(each.Filter) }),
    }));
  const { QueueConfigurations, TopicConfigurations, LambdaFunctionConfigurations, EventBridgeConfiguration } = configuration;
  return {
    ...(QueueConfigurations === undefined ? {} : { QueueConfigurations: withIds(QueueConfigurations) }),
    ...(TopicConfigurations === undefined ? {} : { TopicConfigurations: withIds(TopicConfigurations) }),
    ...(LambdaFunctionConfigurations === undefined
      ? {}
      : { LambdaFunctionConfigurations: withIds(LambdaFunctionConfigurations) }),
    ...(EventBridgeConfiguration === undefined ? {} : { EventBridgeConfiguration }),
  };
}
