import { changedProperties } from '../engine/differences.ts';
import { documentText, listOf, pick } from './pick.ts';
import { behaviours, tagsOf, type Making, type Properties, type ResourceType } from './type.ts';

type Setting = (Bucket: string, value: Properties | undefined, making: Making) => Promise<unknown>;

/** What a bucket can be told to be: one operation to say it, one to take it back. */
const settings: Readonly<Record<string, Setting>> = {
  AccelerateConfiguration: (Bucket, value, { aws }) =>
    aws.s3.PutBucketAccelerateConfiguration({
      Bucket,
      AccelerateConfiguration: { Status: value?.['AccelerationStatus'] ?? 'Suspended' },
    }),
  AccessControl: (Bucket, value, { aws }) => {
    const canned = String(value ?? 'Private').replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`);
    // Where ACLs are off, this one is all that there can be.
    return canned === 'Private' && value !== undefined
      ? Promise.resolve()
      : aws.s3.PutBucketAcl({ Bucket, ACL: canned.toLowerCase() as 'private' });
  },
  BucketEncryption: (Bucket, value, { aws }) =>
    value === undefined
      ? aws.s3.DeleteBucketEncryption({ Bucket })
      : aws.s3.PutBucketEncryption({
          Bucket,
          ServerSideEncryptionConfiguration: {
            Rules: listOf<Properties>(value['ServerSideEncryptionConfiguration']).map((rule) => ({
              ApplyServerSideEncryptionByDefault: rule['ServerSideEncryptionByDefault'],
              BucketKeyEnabled: rule['BucketKeyEnabled'],
            })),
          },
        }),
  CorsConfiguration: (Bucket, value, { aws }) =>
    value === undefined
      ? aws.s3.DeleteBucketCors({ Bucket })
      : aws.s3.PutBucketCors({
          Bucket,
          CORSConfiguration: {
            CORSRules: listOf<Properties>(value['CorsRules']).map((rule) => ({
              ID: rule['Id'],
              AllowedHeaders: rule['AllowedHeaders'],
              AllowedMethods: rule['AllowedMethods'],
              AllowedOrigins: rule['AllowedOrigins'],
              ExposeHeaders: rule['ExposedHeaders'],
              MaxAgeSeconds: rule['MaxAge'],
            })),
          },
        }),
  LifecycleConfiguration: (Bucket, value, { aws }) =>
    value === undefined
      ? aws.s3.DeleteBucketLifecycle({ Bucket })
      : aws.s3.PutBucketLifecycleConfiguration({
          Bucket,
          LifecycleConfiguration: { Rules: listOf<Properties>(value['Rules']).map(lifecycleRule) as never },
        }),
  LoggingConfiguration: (Bucket, value, { aws }) =>
    aws.s3.PutBucketLogging({
      Bucket,
      BucketLoggingStatus:
        value === undefined
          ? {}
          : {
              LoggingEnabled: {
                TargetBucket: value['DestinationBucketName'] ?? Bucket,
                TargetPrefix: value['LogFilePrefix'] ?? '',
              },
            },
    }),
  NotificationConfiguration: (Bucket, value, { aws }) =>
    aws.s3.PutBucketNotificationConfiguration({ Bucket, NotificationConfiguration: notifications(value) as never }),
  ObjectLockConfiguration: (Bucket, value, { aws }) =>
    aws.s3.PutObjectLockConfiguration({ Bucket, ObjectLockConfiguration: value as never }),
  OwnershipControls: (Bucket, value, { aws }) =>
    value === undefined
      ? aws.s3.DeleteBucketOwnershipControls({ Bucket })
      : aws.s3.PutBucketOwnershipControls({ Bucket, OwnershipControls: { Rules: value['Rules'] } }),
  PublicAccessBlockConfiguration: (Bucket, value, { aws }) =>
    value === undefined
      ? aws.s3.DeletePublicAccessBlock({ Bucket })
      : aws.s3.PutPublicAccessBlock({ Bucket, PublicAccessBlockConfiguration: value }),
  Tags: (Bucket, _value, { aws, ...making }) =>
    aws.s3.PutBucketTagging({ Bucket, Tagging: { TagSet: [...tagsOf({ Tags: _value }, making)] } }),
  VersioningConfiguration: (Bucket, value, { aws }) =>
    aws.s3.PutBucketVersioning({ Bucket, VersioningConfiguration: { Status: value?.['Status'] ?? 'Suspended' } }),
  WebsiteConfiguration: (Bucket, value, { aws }) =>
    value === undefined
      ? aws.s3.DeleteBucketWebsite({ Bucket })
      : aws.s3.PutBucketWebsite({ Bucket, WebsiteConfiguration: website(value) as never }),
};

/** Others build on these. */
const first = ['VersioningConfiguration', 'OwnershipControls'];
const inTurn = [...first, ...Object.keys(settings).filter((name) => !first.includes(name))];

/** @source CloudFormation Template Reference, AWS::S3::Bucket, read 2026-11 */
const bucket: ResourceType = {
  properties: behaviours({
    replaces: 'BucketName ObjectLockEnabled',
    updates: Object.keys(settings).join(' '),
    unapplied:
      'AbacStatus AnalyticsConfigurations IntelligentTieringConfigurations InventoryConfigurations MetadataConfiguration MetadataTableConfiguration MetricsConfigurations ReplicationConfiguration',
  }),
  attributes: ['Arn', 'DomainName', 'DualStackDomainName', 'RegionalDomainName', 'WebsiteURL'],
  name: { property: 'BucketName', most: 63, lower: true },
  exists: async (Bucket, { aws }) => aws.s3.HeadBucket({ Bucket }),
  async create(properties, making) {
    const { aws, name, region } = making;
    await aws.s3.CreateBucket({
      Bucket: name,
      ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } }),
      ...(String(properties['ObjectLockEnabled']) === 'true' ? { ObjectLockEnabledForBucket: true } : {}),
    });
    const given: Properties = making.tags.length > 0 ? { Tags: [], ...properties } : properties;
    for (const setting of inTurn) if (given[setting] !== undefined) await settings[setting]?.(name, given[setting], making);
    return { id: name, attributes: attributesOf(name, region) };
  },
  async update(id, properties, before, making) {
    const changed = new Set(changedProperties(before, properties));
    for (const setting of inTurn) if (changed.has(setting)) await settings[setting]?.(id, properties[setting], making);
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.s3.DeleteBucket({ Bucket: id }),
};

const attributesOf = (name: string, region: string) => ({
  Arn: `arn:aws:s3:::${name}`,
  DomainName: `${name}.s3.amazonaws.com`,
  DualStackDomainName: `${name}.s3.dualstack.${region}.amazonaws.com`,
  RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
  WebsiteURL: `http://${name}.s3-website-${region}.amazonaws.com`,
});

const id = ({ Id }: Properties): Properties => (Id === undefined ? {} : { ID: Id });

function lifecycleRule(rule: Properties): Properties {
  const days = (value: unknown): Properties | undefined => (value === undefined ? undefined : { Days: value });
  const dated: Properties | undefined =
    rule['ExpirationDate'] === undefined ? days(rule['ExpirationInDays']) : { Date: rule['ExpirationDate'] };
  const marker: unknown = rule['ExpiredObjectDeleteMarker'];
  const transition = (each: Properties): Properties => ({
    StorageClass: each['StorageClass'],
    Days: each['TransitionInDays'],
    Date: each['TransitionDate'],
  });
  const noncurrent = (each: Properties): Properties => ({
    StorageClass: each['StorageClass'],
    NoncurrentDays: each['TransitionInDays'],
    NewerNoncurrentVersions: each['NewerNoncurrentVersions'],
  });
  const oldOnes: Properties | undefined =
    rule['NoncurrentVersionExpiration'] ??
    (rule['NoncurrentVersionExpirationInDays'] === undefined
      ? undefined
      : { NoncurrentDays: rule['NoncurrentVersionExpirationInDays'] });
  const conditions: Properties = {
    ...(rule['Prefix'] === undefined ? {} : { Prefix: rule['Prefix'] }),
    ...(rule['ObjectSizeGreaterThan'] === undefined ? {} : { ObjectSizeGreaterThan: rule['ObjectSizeGreaterThan'] }),
    ...(rule['ObjectSizeLessThan'] === undefined ? {} : { ObjectSizeLessThan: rule['ObjectSizeLessThan'] }),
  };
  const tags = listOf<Properties>(rule['TagFilters']);
  const count = Object.keys(conditions).length + tags.length;
  const transitions = [...listOf<Properties>(rule['Transitions']), ...listOf<Properties>(rule['Transition'])];
  const noncurrents = [
    ...listOf<Properties>(rule['NoncurrentVersionTransitions']),
    ...listOf<Properties>(rule['NoncurrentVersionTransition']),
  ];
  return {
    ...id(rule),
    Status: rule['Status'],
    Filter:
      count > 1
        ? { And: { ...conditions, ...(tags.length === 0 ? {} : { Tags: tags }) } }
        : tags.length === 1
          ? { Tag: tags[0] }
          : { Prefix: '', ...conditions },
    Expiration: marker === undefined ? dated : { ...dated, ExpiredObjectDeleteMarker: marker },
    ...(transitions.length === 0 ? {} : { Transitions: transitions.map(transition) }),
    ...(noncurrents.length === 0 ? {} : { NoncurrentVersionTransitions: noncurrents.map(noncurrent) }),
    NoncurrentVersionExpiration: oldOnes,
    AbortIncompleteMultipartUpload: rule['AbortIncompleteMultipartUpload'],
  };
}

/** One event of the template is a list of one in the API. */
function notifications(value: Properties | undefined): Properties {
  const kinds = [
    ['LambdaConfigurations', 'LambdaFunctionConfigurations', 'Function', 'LambdaFunctionArn'],
    ['QueueConfigurations', 'QueueConfigurations', 'Queue', 'QueueArn'],
    ['TopicConfigurations', 'TopicConfigurations', 'Topic', 'TopicArn'],
  ] as const;
  const configured = kinds
    .filter(([from]) => value?.[from] !== undefined)
    .map(([from, to, target, arn]) => [
      to,
      listOf<Properties>(value?.[from]).map((each) => ({
        [arn]: each[target],
        Events: [each['Event']],
        ...(each['Filter'] === undefined
          ? {}
          : {
              Filter: {
                Key: { FilterRules: listOf<Properties>(each['Filter']?.S3Key?.Rules).map((rule) => pick(rule, 'Name Value')) },
              },
            }),
      })),
    ]);
  return {
    ...Object.fromEntries(configured),
    ...(value?.['EventBridgeConfiguration'] === undefined ? {} : { EventBridgeConfiguration: {} }),
  };
}

function website(value: Properties): Properties {
  return {
    ...(value['IndexDocument'] === undefined ? {} : { IndexDocument: { Suffix: value['IndexDocument'] } }),
    ...(value['ErrorDocument'] === undefined ? {} : { ErrorDocument: { Key: value['ErrorDocument'] } }),
    ...pick(value, 'RedirectAllRequestsTo'),
    ...(value['RoutingRules'] === undefined
      ? {}
      : {
          RoutingRules: listOf<Properties>(value['RoutingRules']).map((rule) => ({
            Condition: rule['RoutingRuleCondition'],
            Redirect: rule['RedirectRule'],
          })),
        }),
  };
}

/** @source CloudFormation Template Reference, AWS::S3::BucketPolicy, read 2026-11 */
const bucketPolicy: ResourceType = {
  properties: behaviours({ replaces: 'Bucket', updates: 'PolicyDocument' }),
  required: ['Bucket', 'PolicyDocument'],
  async create({ Bucket, PolicyDocument: document }, { aws }) {
    await aws.s3.PutBucketPolicy({ Bucket, Policy: documentText(document) });
    return { id: Bucket };
  },
  async update(id, { PolicyDocument: document }, _before, { aws }) {
    await aws.s3.PutBucketPolicy({ Bucket: id, Policy: documentText(document) });
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.s3.DeleteBucketPolicy({ Bucket: id }),
};

export const s3: Readonly<Record<string, ResourceType>> = {
  'AWS::S3::Bucket': bucket,
  'AWS::S3::BucketPolicy': bucketPolicy,
};
