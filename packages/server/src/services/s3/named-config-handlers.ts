import type { Handlers, S3Operations } from '@mayfly/wire';
import { pageOf } from '../kit/pages.ts';
import { fromDocument, toDocument } from './bucket.ts';
import { invalidArgument, malformedXml, s3Fault } from './faults.ts';
import type { S3 } from './s3.ts';

type Subject = 'Analytics' | 'IntelligentTiering' | 'Inventory' | 'Metrics';
type Names = `${'Put' | 'Get' | 'Delete'}Bucket${Subject}Configuration` | `ListBucket${Subject}Configurations`;

type Document = Readonly<Record<string, unknown>>;
type Input = Document & {
  readonly Bucket?: string;
  readonly Id?: string;
  readonly ContinuationToken?: string;
  readonly ExpectedBucketOwner?: string;
};

/** @source Amazon S3 API Reference, PutBucketMetricsConfiguration and its siblings, read 2026-11 */
const mostConfigurations = 1000;
const pageSize = 100;

const noSuchConfiguration = (): Error => s3Fault('NoSuchConfiguration', 404, 'The specified configuration does not exist.');

/** @source Amazon S3 API Reference, InventoryConfiguration, read 2026-11 */
const optionalFields: ReadonlySet<string> = new Set([
  ...['Size', 'LastModifiedDate', 'StorageClass', 'ETag', 'IsMultipartUploaded', 'ReplicationStatus', 'EncryptionStatus'],
  ...['ObjectLockRetainUntilDate', 'ObjectLockMode', 'ObjectLockLegalHoldStatus', 'IntelligentTieringAccessTier'],
  ...['BucketKeyStatus', 'ChecksumAlgorithm', 'ObjectAccessControlList', 'ObjectOwner', 'LifecycleExpirationDate'],
]);
const leastDays: Readonly<Record<string, number>> = { ARCHIVE_ACCESS: 90, DEEP_ARCHIVE_ACCESS: 180 };

const isOne = (value: unknown, ...of: readonly string[]): boolean => typeof value === 'string' && of.includes(value);
const part = (document: Document, name: string): Document => (document[name] as Document | undefined) ?? {};

/** Whether a document has what it cannot be without. */
const complete: Readonly<Record<Subject, (document: Document) => boolean>> = {
  Metrics: () => true,
  Analytics: ({ StorageClassAnalysis }) => StorageClassAnalysis !== undefined,
  IntelligentTiering: ({ Status, Tierings }) =>
    isOne(Status, 'Enabled', 'Disabled') &&
    Array.isArray(Tierings) &&
    Tierings.length > 0 &&
    (Tierings as readonly { AccessTier?: string; Days?: number }[]).every(
      ({ AccessTier = '', Days = 0 }) => Days >= (leastDays[AccessTier] ?? Infinity),
    ),
  Inventory: (document) => {
    const { Bucket, Format } = part(part(document, 'Destination'), 'S3BucketDestination');
    return (
      typeof Bucket === 'string' &&
      isOne(Format, 'CSV', 'ORC', 'Parquet') &&
      typeof document['IsEnabled'] === 'boolean' &&
      isOne(document['IncludedObjectVersions'], 'All', 'Current') &&
      isOne(part(document, 'Schedule')['Frequency'], 'Daily', 'Weekly') &&
      ((document['OptionalFields'] as readonly string[] | undefined) ?? []).every((field) => optionalFields.has(field))
    );
  },
};

/** @throws InvalidS3DestinationBucket */
function checkDestination(document: Document): void {
  const { Bucket } = part(part(document, 'Destination'), 'S3BucketDestination');
  if (!/^arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}$/.test(String(Bucket)))
    throw s3Fault('InvalidS3DestinationBucket', 400, 'Invalid bucket ARN.');
}

/** Configurations of which a bucket may have many, each with an id. They are kept and shown; nothing here acts on them. */
export function namedConfigHandlers(s3: S3): Pick<Handlers<S3Operations>, Names> {
  const of = (subject: Subject): Record<string, (input: object) => Promise<object>> => {
    const member = `${subject}Configuration`;
    const shelf = `named${subject}`;
    const bucketOf = (input: Input) => s3.bucket(input.Bucket, input.ExpectedBucketOwner);
    const kept = (documents: Document): Record<string, unknown> =>
      (documents[shelf] as Record<string, unknown> | undefined) ?? {};

    return {
      async [`PutBucket${member}`](given) {
        const input = given as Input;
        const { name } = bucketOf(input);
        const document = part(input, member);
        const id = input.Id ?? '';
        if (document['Id'] !== undefined && document['Id'] !== id)
          throw s3Fault('IdMismatch', 400, 'Document ID does not match the specified configuration ID.');
        if (document['Id'] === undefined || !complete[subject](document)) throw malformedXml();
        if (subject === 'Inventory') checkDestination(document);
        await s3.changeBucket(name, ({ documents }) => {
          const all = { ...kept(documents), [id]: toDocument(document) };
          if (Object.keys(all).length > mostConfigurations) {
            throw s3Fault(
              'TooManyConfigurations',
              400,
              `You are attempting to create a new configuration but have already reached the ${mostConfigurations}-configuration limit.`,
            );
          }
          return { documents: { ...documents, [shelf]: all } };
        });
        return {};
      },
      async [`GetBucket${member}`](given) {
        const input = given as Input;
        const document = kept(bucketOf(input).documents)[input.Id ?? ''];
        if (document === undefined) throw noSuchConfiguration();
        return { [member]: fromDocument(document) };
      },
      async [`DeleteBucket${member}`](given) {
        const input = given as Input;
        await s3.changeBucket(bucketOf(input).name, ({ documents }) => {
          const { [input.Id ?? '']: gone, ...rest } = kept(documents);
          if (gone === undefined) throw noSuchConfiguration();
          return { documents: { ...documents, [shelf]: rest } };
        });
        return {};
      },
      async [`ListBucket${member}s`](given) {
        const input = given as Input;
        const all = Object.entries(kept(bucketOf(input).documents)).toSorted(([a], [b]) => (a < b ? -1 : 1));
        const { items, next } = pageOf(all, {
          limit: pageSize,
          token: input.ContinuationToken,
          nameOf: ([id]) => id,
          invalid: () => invalidArgument('The continuation token provided is incorrect', 'continuation-token'),
        });
        return {
          IsTruncated: next !== undefined,
          ...(input.ContinuationToken === undefined ? {} : { ContinuationToken: input.ContinuationToken }),
          ...(next === undefined ? {} : { NextContinuationToken: next }),
          ...(items.length === 0 ? {} : { [`${member}List`]: items.map(([, document]) => fromDocument(document)) }),
        };
      },
    };
  };
  return { ...of('Analytics'), ...of('IntelligentTiering'), ...of('Inventory'), ...of('Metrics') } as unknown as Pick<
    Handlers<S3Operations>,
    Names
  >;
}
