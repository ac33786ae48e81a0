import { ServiceFault, type S3Operations } from '@mayfly/wire';
import type { Logger } from '../../base/index.ts';
import type { Ending, Parcel } from '../kit/outbox.ts';
import type { Sender } from '../kit/sender.ts';
import { fromDocument, ownerOf, type BucketRecord } from './bucket.ts';
import { invalidArgument, s3Fault } from './faults.ts';
import type { StoredObject } from './objects.ts';
import type { BusEntry, S3Ports } from './port.ts';

export type NotificationConfiguration = NonNullable<
  S3Operations['PutBucketNotificationConfiguration']['input']['NotificationConfiguration']
>;
export type NotificationFilter = NonNullable<NonNullable<NotificationConfiguration['QueueConfigurations']>[number]['Filter']>;

interface Rule {
  readonly id: string;
  readonly kind: 'queue' | 'topic' | 'function';
  readonly arn: string;
  readonly events: readonly string[];
  readonly filter: NotificationFilter | undefined;
}

/** Something that happened to an object. */
export interface Happening {
  /** `ObjectCreated:Put` … */
  readonly name: string;
  readonly object: Pick<StoredObject, 'key' | 'bytes' | 'etag' | 'seq'> & { readonly versionId?: string };
  readonly requestId: string;
  readonly principalId: string;
  readonly account: string;
  readonly atMs: number;
  /** Of the call that made it happen. */
  readonly traceHeader?: string;
}

function rulesOf(configuration: NotificationConfiguration): readonly Rule[] {
  const rule = (
    kind: Rule['kind'],
    arn: string | undefined,
    each: { Id?: string | undefined; Events?: string[] | undefined; Filter?: NotificationFilter | undefined },
  ): Rule => ({
    id: each.Id ?? '',
    kind,
    arn: arn ?? '',
    events: each.Events ?? [],
    filter: each.Filter,
  });
  return [
    ...(configuration.QueueConfigurations ?? []).map((each) => rule('queue', each.QueueArn, each)),
    ...(configuration.TopicConfigurations ?? []).map((each) => rule('topic', each.TopicArn, each)),
    ...(configuration.LambdaFunctionConfigurations ?? []).map((each) => rule('function', each.LambdaFunctionArn, each)),
  ];
}

const nouns = { queue: 'Queue', topic: 'Topic', function: 'CloudFunction' } as const;

/** @throws InvalidArgument for rules that lead nowhere or filter by what is no filter */
export function checkNotifications(
  configuration: NotificationConfiguration,
  ports: S3Ports,
  options: { readonly skipDestinations: boolean },
): void {
  const missing: string[] = [];
  for (const { kind, arn, filter, events } of rulesOf(configuration)) {
    for (const { Name, Value } of filter?.Key?.FilterRules ?? []) {
      if (Name === undefined || !/^(prefix|suffix)$/i.test(Name)) {
        throw invalidArgument('filter rule name must be either prefix or suffix', 'FilterRule.Name', Name);
      }
      if (Value === undefined || Value.length > 1024)
        throw invalidArgument('filter rule value cannot exceed 1024 characters', 'FilterRule.Value');
    }
    if (events.length === 0)
      throw s3Fault(
        'MalformedXML',
        400,
        'The XML you provided was not well-formed or did not validate against our published schema',
      );
    if (!/^arn:aws[a-z-]*:[a-z]+:[a-z0-9-]*:\d{12}:.+$/.test(arn))
      throw invalidArgument('The ARN could not be parsed', nouns[kind], arn);
    if (!options.skipDestinations && !exists(kind, arn, ports)) missing.push(arn);
  }
  if (missing.length === 0) return;
  const members: Record<string, string> = {};
  for (const [index, arn] of missing.entries()) {
    members[`ArgumentName${index + 1}`] = arn;
    members[`ArgumentValue${index + 1}`] =
      `The destination ${arn.split(':')[2] === 'sqs' ? 'queue' : arn.split(':')[2] === 'sns' ? 'topic' : 'Lambda'} does not exist`;
  }
  throw s3Fault('InvalidArgument', 400, 'Unable to validate the following destination configurations', members);
}

function exists(kind: Rule['kind'], arn: string, ports: S3Ports): boolean {
  if (kind === 'queue') return ports.sqs?.describe(arn) !== undefined;
  if (kind === 'topic') return ports.sns?.has(arn) === true;
  return ports.lambda !== undefined && ports.lambda.has?.(arn) !== false;
}

/** What queues and topics hear when they are configured. */
export function testParcels(
  configuration: NotificationConfiguration,
  bucket: string,
  at: { readonly atMs: number; readonly requestId: string },
): Parcel[] {
  const body = JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: new Date(at.atMs).toISOString(),
    Bucket: bucket,
    RequestId: at.requestId,
    HostId: Buffer.from(at.requestId).toString('base64'),
  });
  return rulesOf(configuration)
    .filter(({ kind }) => kind !== 'function')
    .map(({ kind, arn }) => ({ target: `${kind} ${arn}`, body }));
}

/** The parcels that a happening brings about. */
export function parcelsOf(bucket: BucketRecord, happening: Happening): Parcel[] {
  const document = bucket.documents['notification'];
  if (document === undefined) return [];
  const configuration = fromDocument(document) as NotificationConfiguration;
  // The body is delivered as it is, so the trace travels beside it.
  const trace = happening.traceHeader === undefined ? '' : ` ${encodeURIComponent(happening.traceHeader)}`;
  const parcels = rulesOf(configuration)
    .filter(({ events, filter }) => events.some((event) => covers(event, happening.name)) && passes(filter, happening.object.key))
    .map(({ kind, arn, id }): Parcel => ({
      target: `${kind} ${arn}${trace}`,
      body: JSON.stringify({ Records: [record(bucket, happening, id)] }),
    }));
  const entry = configuration.EventBridgeConfiguration === undefined ? undefined : busEntry(bucket, happening);
  if (entry !== undefined) parcels.push({ target: 'bus', body: JSON.stringify(entry) });
  return parcels;
}

const covers = (pattern: string, name: string): boolean => {
  const wanted = pattern.replace(/^s3:/, '');
  return wanted === name || (wanted.endsWith('*') && name.startsWith(wanted.slice(0, -1)));
};

const passes = (filter: NotificationFilter | undefined, key: string): boolean =>
  (filter?.Key?.FilterRules ?? []).every(({ Name, Value = '' }) =>
    Name?.toLowerCase() === 'prefix' ? key.startsWith(Value) : key.endsWith(Value),
  );

/** Spaces are pluses, slashes stay. */
const encodedKey = (key: string): string => encodeURIComponent(key.toWellFormed()).replaceAll('%20', '+').replaceAll('%2F', '/');

const sequencer = (seq: number): string => `00${seq.toString(16).toUpperCase().padStart(16, '0')}`;

/** Who acts where the rules of a bucket do. */
const itself = 's3.amazonaws.com';
const byLifecycle = (name: string): boolean => name.startsWith('LifecycleExpiration:');
const isRemovalOf = (name: string): boolean => name.startsWith('ObjectRemoved:') || byLifecycle(name);

/** @source spec 7.3-10 */
function record(
  bucket: BucketRecord,
  { name, object, requestId, principalId, atMs }: Happening,
  configurationId: string,
): object {
  const isTagging = name.startsWith('ObjectTagging') || name.startsWith('ObjectAcl');
  const isLifecycle = byLifecycle(name);
  const isRemoval = isRemovalOf(name);
  const isMarker = name.endsWith(':DeleteMarkerCreated');
  return {
    eventVersion: isTagging || isLifecycle ? '2.3' : '2.1',
    eventSource: 'aws:s3',
    awsRegion: bucket.region,
    eventTime: new Date(atMs).toISOString(),
    eventName: name,
    userIdentity: { principalId: isLifecycle ? itself : `AWS:${principalId}` },
    requestParameters: { sourceIPAddress: isLifecycle ? itself : '127.0.0.1' },
    responseElements: { 'x-amz-request-id': requestId, 'x-amz-id-2': Buffer.from(requestId).toString('base64') },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId,
      bucket: {
        name: bucket.name,
        ownerIdentity: { principalId: ownerOf(bucket.account).ID.slice(-14) },
        arn: `arn:aws:s3:::${bucket.name}`,
      },
      object: {
        key: encodedKey(object.key),
        ...(isTagging || isRemoval ? {} : { size: object.bytes }),
        ...(isRemoval && !isMarker ? {} : { eTag: object.etag }),
        ...(object.versionId === undefined ? {} : { versionId: object.versionId }),
        ...(isTagging ? {} : { sequencer: sequencer(object.seq) }),
      },
    },
  };
}

const busNames: Readonly<Record<string, readonly [detailType: string, reason: string]>> = {
  'ObjectCreated:Put': ['Object Created', 'PutObject'],
  'ObjectCreated:Post': ['Object Created', 'POST Object'],
  'ObjectCreated:Copy': ['Object Created', 'CopyObject'],
  'ObjectCreated:CompleteMultipartUpload': ['Object Created', 'CompleteMultipartUpload'],
  'ObjectRemoved:Delete': ['Object Deleted', 'DeleteObject'],
  'ObjectRemoved:DeleteMarkerCreated': ['Object Deleted', 'DeleteObject'],
  'LifecycleExpiration:Delete': ['Object Deleted', 'Lifecycle Expiration'],
  'LifecycleExpiration:DeleteMarkerCreated': ['Object Deleted', 'Lifecycle Expiration'],
  'ObjectTagging:Put': ['Object Tags Added', ''],
  'ObjectTagging:Delete': ['Object Tags Deleted', ''],
  'ObjectAcl:Put': ['Object ACL Updated', ''],
};

/** @source Amazon S3 User Guide, "EventBridge event message structure", read 2026-11 */
function busEntry(bucket: BucketRecord, { name, object, requestId, account, atMs }: Happening): BusEntry | undefined {
  const [detailType, reason] = busNames[name] ?? [];
  if (detailType === undefined || reason === undefined) return undefined;
  const isRemoval = isRemovalOf(name);
  const hasSize = detailType === 'Object Created';
  return {
    source: 'aws.s3',
    detailType,
    resources: [`arn:aws:s3:::${bucket.name}`],
    account: bucket.account,
    region: bucket.region,
    time: new Date(atMs).toISOString(),
    detail: {
      version: '0',
      bucket: { name: bucket.name },
      object: {
        key: object.key,
        ...(hasSize ? { size: object.bytes } : {}),
        ...(isRemoval ? {} : { etag: object.etag }),
        ...(object.versionId === undefined ? {} : { 'version-id': object.versionId }),
        ...(hasSize || isRemoval ? { sequencer: sequencer(object.seq) } : {}),
      },
      'request-id': requestId,
      ...(byLifecycle(name) ? { requester: itself } : { requester: account, 'source-ip-address': '127.0.0.1' }),
      ...(reason === '' ? {} : { reason }),
      ...(isRemoval ? { 'deletion-type': name.endsWith('MarkerCreated') ? 'Delete Marker Created' : 'Permanently Deleted' } : {}),
    },
  };
}

const longestRetryMs = 300_000;
const attempts = 50;

/** The bucket that a notification is about. */
function senderOf(body: string, ownerOfBucket: (name: string) => string): Sender {
  const { Bucket, Records } = JSON.parse(body) as {
    readonly Bucket?: string;
    readonly Records?: readonly { readonly s3: { readonly bucket: { readonly name: string } } }[];
  };
  const name = Bucket ?? Records?.[0]?.s3.bucket.name ?? '';
  return { service: 's3.amazonaws.com', sourceArn: `arn:aws:s3:::${name}`, sourceAccount: ownerOfBucket(name) };
}

/** Brings a notification to where the bucket's configuration says. */
export async function deliverNotification(
  parcel: Parcel,
  attempt: number,
  ports: S3Ports,
  log: Logger,
  ownerOfBucket: (name: string) => string,
): Promise<Ending> {
  const [kind, arn = '', encoded] = parcel.target.split(' ');
  const trace = encoded === undefined ? {} : { traceHeader: decodeURIComponent(encoded) };
  const from = (): Sender => ({ ...senderOf(parcel.body, ownerOfBucket), ...trace });
  try {
    if (kind === 'queue') await ports.sqs?.send(arn, parcel.body, { from: from(), ...trace });
    else if (kind === 'topic')
      await ports.sns?.publish(arn, { message: parcel.body, subject: 'Amazon S3 Notification', ...trace }, from());
    else if (kind === 'function') await ports.lambda?.invokeAsync(arn, parcel.body, from());
    else await ports.events?.put(JSON.parse(parcel.body) as BusEntry);
    return { kind: 'done' };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const isFinal = ((error.status ?? 400) < 500 && !/Throttl|TooManyRequests|OverLimit/.test(error.code)) || attempt >= attempts;
    if (!isFinal) return { kind: 'retry', inMs: Math.min(1000 * 2 ** Math.min(attempt - 1, 20), longestRetryMs) };
    log.warn('A notification of a bucket could not be delivered.', { target: parcel.target, reason: error.message });
    return { kind: 'done' };
  }
}
