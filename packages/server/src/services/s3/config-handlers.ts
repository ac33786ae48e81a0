import type { Handlers, S3Operations } from '@mayfly/wire';
import { fromDocument, tagsOf, toDocument, type BucketRecord } from './bucket.ts';
import { invalidArgument, invalidRequest, malformedXml, s3Fault } from './faults.ts';
import { isEncryption } from './encryption.ts';
import { checkLifecycle, leastSizeOf, usualLeastSize } from './lifecycle.ts';
import { checkLockConfiguration, type LockConfiguration } from './lock.ts';
import type { S3 } from './s3.ts';
import { checkWebsite, noSuchWebsite } from './website.ts';

type Input = Readonly<Record<string, unknown>> & { readonly Bucket?: string; readonly ExpectedBucketOwner?: string };

/** A document that a bucket may have: how it is kept, what is said where there is none. */
interface SubResource {
  readonly name: string;
  /** Member of the PUT's input that is the document. */
  readonly member: string;
  /** The GET answers the members of the document rather than the document. */
  readonly spread?: boolean;
  readonly missing?: readonly [code: string, message: string];
  readonly fallback?: object;
  /** Members that a document has even where it was given without. */
  readonly defaults?: object;
  /** What else becomes of the bucket. */
  readonly effect?: Partial<BucketRecord>;
  readonly check?: (document: never, bucket: BucketRecord, s3: S3) => void;
}

type CorsRule = Readonly<
  Partial<Record<'AllowedMethods' | 'AllowedOrigins' | 'AllowedHeaders' | 'ExposeHeaders', readonly string[]>>
>;
const enforcedMethods = new Set(['GET', 'PUT', 'POST', 'DELETE', 'HEAD']);

const cors: SubResource = {
  name: 'cors',
  member: 'CORSConfiguration',
  spread: true,
  missing: ['NoSuchCORSConfiguration', 'The CORS configuration does not exist'],
  check: (document: { CORSRules?: CorsRule[] } | undefined) => {
    const rules = document?.CORSRules ?? [];
    if (rules.length === 0 || rules.length > 100) throw malformedXml();
    for (const { AllowedMethods = [], AllowedOrigins = [], AllowedHeaders = [], ExposeHeaders = [] } of rules) {
      if (AllowedMethods.length === 0 || AllowedOrigins.length === 0) throw malformedXml();
      const strange = AllowedMethods.find((method) => !enforcedMethods.has(method));
      if (strange !== undefined)
        throw invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${strange}`);
      for (const [name, patterns] of Object.entries({ AllowedOrigin: AllowedOrigins, AllowedHeader: AllowedHeaders })) {
        const wild = patterns.find((pattern) => pattern.split('*').length > 2);
        if (wild !== undefined) throw invalidRequest(`${name} "${wild}" can not have more than one wildcard.`);
      }
      const exposed = ExposeHeaders.find((header) => header.includes('*'));
      if (exposed !== undefined)
        throw invalidRequest(
          `ExposeHeader "${exposed}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
        );
    }
  },
};

const policy: SubResource = {
  name: 'policy',
  member: 'Policy',
  missing: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
  check: (text: string | undefined, { name }: BucketRecord) => {
    const malformed = (message: string): Error => s3Fault('MalformedPolicy', 400, message);
    if (text === undefined || !text.trimStart().startsWith('{'))
      throw malformed("Policies must be valid JSON and the first byte must be '{'");
    let document: { Statement?: unknown };
    try {
      document = JSON.parse(text) as typeof document;
    } catch {
      throw malformed("Policies must be valid JSON and the first byte must be '{'");
    }
    if (document.Statement === undefined) throw malformed('Missing required field Statement');
    for (const statement of [document.Statement].flat() as Readonly<Record<string, unknown>>[]) {
      for (const resource of [statement['Resource'] ?? statement['NotResource'] ?? []].flat())
        if (!isOf(name, String(resource))) throw malformed('Policy has invalid resource');
    }
  },
};

/** Whether a resource of a policy can be of this bucket; its name may have stars. */
function isOf(bucket: string, resource: string): boolean {
  const [first, ...rest] = /^arn:aws[\w-]*:s3:::([^/]*)/.exec(resource)?.[1]?.split(/\*+/) ?? [];
  if (first === undefined || !bucket.startsWith(first)) return false;
  const last = rest.pop();
  if (last === undefined) return bucket === first;
  let at = first.length;
  for (const piece of rest) {
    const found = bucket.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return bucket.length - last.length >= at && bucket.endsWith(last);
}

/** Whether anybody may do something, and on no condition. @source Amazon S3 User Guide, "The meaning of public", read 2026-11 */
function isPublic(policy: string): boolean {
  const { Statement } = JSON.parse(policy) as { readonly Statement: unknown };
  const statements = (Array.isArray(Statement) ? Statement : [Statement]) as readonly Readonly<Record<string, unknown>>[];
  return statements.some(({ Effect, Principal, Condition }) => {
    const of = typeof Principal === 'object' && Principal !== null ? (Principal as { AWS?: unknown }).AWS : Principal;
    return Effect === 'Allow' && Condition === undefined && [of].flat().includes('*');
  });
}

const tagging: SubResource = {
  name: 'tagging',
  member: 'Tagging',
  spread: true,
  missing: ['NoSuchTagSet', 'The TagSet does not exist'],
  check: (document: { TagSet?: { Key?: string; Value?: string }[] } | undefined) => void tagsOf(document?.TagSet, 50, 'Bucket'),
};

const encryption: SubResource = {
  name: 'encryption',
  member: 'ServerSideEncryptionConfiguration',
  fallback: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }] },
  check: (
    document:
      | { Rules?: { ApplyServerSideEncryptionByDefault?: { SSEAlgorithm?: string; KMSMasterKeyID?: string } }[] }
      | undefined,
  ) => {
    const [rule, ...more] = document?.Rules ?? [];
    const given = rule?.ApplyServerSideEncryptionByDefault;
    if (rule === undefined || more.length > 0) throw malformedXml();
    if (given !== undefined && !isEncryption(given.SSEAlgorithm)) throw malformedXml();
    if (given?.KMSMasterKeyID !== undefined && given.SSEAlgorithm === 'AES256') {
      throw invalidArgument(
        'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
        'ApplyServerSideEncryptionByDefault',
      );
    }
  },
};

const objectLock: SubResource = {
  name: 'objectLock',
  member: 'ObjectLockConfiguration',
  missing: ['ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket'],
  effect: { objectLock: true },
  check: (document: LockConfiguration | undefined, bucket) => {
    checkLockConfiguration(document);
    if (bucket.versioning !== 'Enabled')
      throw s3Fault('InvalidBucketState', 409, "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
  },
};

const website: SubResource = {
  name: 'website',
  member: 'WebsiteConfiguration',
  spread: true,
  missing: noSuchWebsite,
  check: checkWebsite,
};
const lifecycle: SubResource = {
  name: 'lifecycle',
  member: 'LifecycleConfiguration',
  spread: true,
  missing: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  check: checkLifecycle,
};
const replication: SubResource = {
  name: 'replication',
  member: 'ReplicationConfiguration',
  missing: ['ReplicationConfigurationNotFoundError', 'The replication configuration was not found'],
  check: (document: { Rules?: { Destination?: { Bucket?: string } }[] } | undefined, bucket, s3) => {
    if (bucket.versioning !== 'Enabled')
      throw invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration");
    const rules = document?.Rules ?? [];
    if (rules.length === 0) throw malformedXml();
    for (const { Destination } of rules) {
      const name = Destination?.Bucket?.replace(/^arn:aws[\w-]*:s3:::/, '');
      if (s3.records.get('bucket', '', name ?? '')?.versioning !== 'Enabled')
        throw invalidRequest('Destination bucket must have versioning enabled.');
    }
  },
};
const publicAccessBlock: SubResource = {
  name: 'publicAccessBlock',
  member: 'PublicAccessBlockConfiguration',
  missing: ['NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'],
  check: (document: object | undefined) => {
    if (Object.values(document ?? {}).every((each) => each === undefined))
      throw invalidRequest('Must specify at least one configuration.');
  },
  defaults: { BlockPublicAcls: false, IgnorePublicAcls: false, BlockPublicPolicy: false, RestrictPublicBuckets: false },
};
const ownerships = new Set(['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter']);
const ownershipControls: SubResource = {
  name: 'ownershipControls',
  member: 'OwnershipControls',
  missing: ['OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'],
  check: (document: { Rules?: { ObjectOwnership?: string }[] } | undefined) => {
    const [rule, ...more] = document?.Rules ?? [];
    if (more.length > 0 || !ownerships.has(rule?.ObjectOwnership ?? '')) throw malformedXml();
  },
};
const accelerate: SubResource = {
  name: 'accelerate',
  member: 'AccelerateConfiguration',
  spread: true,
  fallback: {},
  check: (document: { Status?: string } | undefined, bucket) => {
    if (document?.Status !== 'Enabled' && document?.Status !== 'Suspended') throw malformedXml();
    if (bucket.name.includes('.'))
      throw invalidRequest('S3 Transfer Acceleration is not supported for buckets with periods (.) in their names');
  },
};
const requestPayment: SubResource = {
  name: 'requestPayment',
  member: 'RequestPaymentConfiguration',
  spread: true,
  fallback: { Payer: 'BucketOwner' },
  check: (document: { Payer?: string } | undefined) => {
    if (document?.Payer !== 'BucketOwner' && document?.Payer !== 'Requester') throw malformedXml();
  },
};
const logging: SubResource = {
  name: 'logging',
  member: 'BucketLoggingStatus',
  spread: true,
  fallback: {},
  check: (document: { LoggingEnabled?: { TargetBucket?: string; TargetPrefix?: string } } | undefined, bucket, s3) => {
    const enabled = document?.LoggingEnabled;
    if (enabled === undefined) return;
    const { TargetBucket, TargetPrefix } = enabled;
    if (TargetBucket === undefined || TargetPrefix === undefined) throw malformedXml();
    const target = s3.records.get('bucket', '', TargetBucket);
    if (target === undefined) {
      throw s3Fault('InvalidTargetBucketForLogging', 400, 'The target bucket for logging does not exist', { TargetBucket });
    }
    if (target.region !== bucket.region) {
      throw s3Fault('CrossLocationLoggingProhibitted', 403, 'Cross S3 location logging not allowed. ', {
        ...(bucket.region === 'us-east-1' ? {} : { SourceBucketLocation: bucket.region }),
        TargetBucketLocation: target.region,
      });
    }
  },
};

/** Sub-resources that are a document each: put, shown, taken away; the exact word where there is none. @source notes on clients, 9.6 */
export function configHandlers(s3: S3) {
  const put =
    (resource: SubResource) =>
    async (input: object): Promise<object> => {
      const given = input as Input;
      const bucket = s3.bucket(given.Bucket, given.ExpectedBucketOwner);
      const document = given[resource.member];
      (resource.check as ((document: unknown, bucket: BucketRecord, s3: S3) => void) | undefined)?.(document, bucket, s3);
      await s3.changeBucket(bucket.name, ({ documents }) => ({
        ...resource.effect,
        documents: {
          ...documents,
          [resource.name]: {
            [resource.member]: toDocument(
              typeof document === 'object' ? { ...resource.defaults, ...document } : (document ?? {}),
            ),
          },
        },
      }));
      return {};
    };
  const get =
    (resource: SubResource) =>
    async (input: object): Promise<object> => {
      const given = input as Input;
      const bucket = s3.bucket(given.Bucket, given.ExpectedBucketOwner);
      const kept = bucket.documents[resource.name] as Readonly<Record<string, unknown>> | undefined;
      if (kept === undefined && resource.missing !== undefined) {
        const [code, message] = resource.missing;
        throw s3Fault(code, 404, message, { BucketName: bucket.name });
      }
      const document = kept === undefined ? resource.fallback : (fromDocument(kept[resource.member] ?? kept) as object);
      return resource.spread === true ? { ...document } : { [resource.member]: document };
    };
  const remove =
    (resource: SubResource) =>
    async (input: object): Promise<object> => {
      const given = input as Input;
      const bucket = s3.bucket(given.Bucket, given.ExpectedBucketOwner);
      await s3.changeBucket(bucket.name, ({ documents }) => {
        const { [resource.name]: _gone, ...rest } = documents;
        return { documents: rest };
      });
      return {};
    };

  return {
    PutBucketCors: put(cors),
    GetBucketCors: get(cors),
    DeleteBucketCors: remove(cors),
    PutBucketPolicy: put(policy),
    GetBucketPolicy: get(policy),
    async GetBucketPolicyStatus(input: object) {
      const { Policy } = (await get(policy)(input)) as { Policy: string };
      return { PolicyStatus: { IsPublic: isPublic(Policy) } };
    },
    DeleteBucketPolicy: remove(policy),
    PutBucketTagging: put(tagging),
    GetBucketTagging: get(tagging),
    DeleteBucketTagging: remove(tagging),
    PutBucketWebsite: put(website),
    GetBucketWebsite: get(website),
    DeleteBucketWebsite: remove(website),
    async PutBucketLifecycleConfiguration(input: object) {
      const given = input as S3Operations['PutBucketLifecycleConfiguration']['input'];
      const TransitionDefaultMinimumObjectSize = leastSizeOf(given.TransitionDefaultMinimumObjectSize);
      const Rules = given.LifecycleConfiguration?.Rules?.map((rule) => ({
        ...rule,
        ID: rule.ID ?? Buffer.from(s3.random.bytes(36)).toString('base64url'),
      }));
      await put(lifecycle)({ ...given, LifecycleConfiguration: { Rules } });
      await s3.changeBucket(given.Bucket ?? '', ({ documents }) => ({
        documents: { ...documents, leastTransitionedSize: TransitionDefaultMinimumObjectSize },
      }));
      return { TransitionDefaultMinimumObjectSize };
    },
    async GetBucketLifecycleConfiguration(input: object) {
      const { leastTransitionedSize = usualLeastSize } = s3.bucket((input as Input).Bucket).documents;
      return { ...(await get(lifecycle)(input)), TransitionDefaultMinimumObjectSize: leastTransitionedSize };
    },
    DeleteBucketLifecycle: remove(lifecycle),
    PutBucketEncryption: put(encryption),
    GetBucketEncryption: get(encryption),
    DeleteBucketEncryption: remove(encryption),
    PutBucketReplication: put(replication),
    GetBucketReplication: get(replication),
    DeleteBucketReplication: remove(replication),
    PutObjectLockConfiguration: put(objectLock),
    GetObjectLockConfiguration: get(objectLock),
    PutPublicAccessBlock: put(publicAccessBlock),
    GetPublicAccessBlock: get(publicAccessBlock),
    DeletePublicAccessBlock: remove(publicAccessBlock),
    PutBucketOwnershipControls: put(ownershipControls),
    GetBucketOwnershipControls: get(ownershipControls),
    DeleteBucketOwnershipControls: remove(ownershipControls),
    PutBucketAccelerateConfiguration: put(accelerate),
    GetBucketAccelerateConfiguration: get(accelerate),
    PutBucketRequestPayment: put(requestPayment),
    GetBucketRequestPayment: get(requestPayment),
    PutBucketLogging: put(logging),
    GetBucketLogging: get(logging),
  } satisfies Partial<Record<keyof S3Operations, (input: object) => Promise<object>>> as unknown as Pick<
    Handlers<S3Operations>,
    | `${'Put' | 'Get' | 'Delete'}Bucket${'Cors' | 'Policy' | 'Tagging' | 'Website' | 'Encryption' | 'Replication' | 'OwnershipControls'}`
    | `${'Put' | 'Get' | 'Delete'}PublicAccessBlock`
    | `${'Put' | 'Get'}Bucket${'LifecycleConfiguration' | 'AccelerateConfiguration' | 'RequestPayment' | 'Logging'}`
    | `${'Put' | 'Get'}ObjectLockConfiguration`
    | 'DeleteBucketLifecycle'
    | 'GetBucketPolicyStatus'
  >;
}
