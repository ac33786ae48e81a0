import type { Call } from '@mayfly/wire';
import type { AccountId, Recorder, Region } from '../base/index.ts';
import type { ImageDefaults } from './catalog.ts';

/** What the room needs of its neighbours; `main` plugs them in. What is absent is refused in sight of the caller. */
export interface ControlPorts {
  /** Where the client may fetch an archive: `Code.Location`, `Content.Location`. Valid for ten minutes on AWS. */
  codeUrl(call: Call, account: AccountId, codeSha256: string): string;
  /** Host of a function URL, for example `https://<id>.lambda-url.<region>.localhost:4566/`. @source spec 0.2-17 */
  functionUrl(id: string, region: Region): string;
  /** For code in buckets. */
  readonly objects?: Objects;
  /** For functions from container images. */
  readonly images?: Images;
  /** Who signed code; absent = nobody did. */
  readonly signatures?: Signatures;
  /** Where it is counted what was deployed without a signature that is trusted. */
  readonly recorder?: Recorder;
  /** Keeps environments ready. */
  readonly provisioned?: Provisioned;
  /** What there is to poll. */
  readonly sources?: EventSources;
  /** The operator's networks. Absent: a VpcConfig is kept, and changes nothing. */
  readonly networks?: Networks;
  /** Durable executions under way. */
  readonly executions?: Executions;
  /** What environments and the road to them can do beyond the ordinary; anything else is refused, not ignored. */
  readonly supports?: ReadonlySet<Feature>;
}

/**
 * `tenantIsolation`: no environment is shared between tenants. `fileSystems`: they are mounted below `/mnt`. `durableExecutions`:
 * somebody runs them.
 */
export type Feature = 'tenantIsolation' | 'fileSystems' | 'durableExecutions';

export interface Objects {
  /**
   * @throws ServiceFault  with S3's code and text, `NoSuchBucket` or `NoSuchKey`
   */
  get(
    at: {
      readonly account: AccountId;
      readonly region: Region;
      readonly bucket: string;
      readonly key: string;
      readonly versionId?: string;
    },
    options: { readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>>;
}

/** What a signature says, in so far as it was made here. */
export interface CodeSignature {
  /** Hex SHA-256 of the manifest that was signed. */
  readonly manifestSha256: string;
  readonly profileVersionArn: string;
  readonly jobArn: string;
  readonly signedAtMs: number;
  readonly expiresAtMs: number;
}

export interface Signatures {
  /** Undefined for the text of a signature that nobody of this installation made. Reads no storage. */
  read(signature: string): CodeSignature | undefined;
  /** Whether it was taken back: this one, or all of the profile's version since some moment. Reads no storage. */
  isRevoked(signature: Pick<CodeSignature, 'profileVersionArn' | 'jobArn' | 'signedAtMs'>): boolean;
}

export interface Images {
  /** Resolves a tag to a digest, once. @throws ServiceFault InvalidParameterValueException. @source spec 1.2-11 */
  resolve(
    uri: string,
    options: ImageCaller & { readonly signal: AbortSignal },
  ): Promise<{ readonly resolvedUri: string; readonly digest: string; readonly image: ImageDefaults }>;
  /** Fetches and unpacks; the function is Pending meanwhile. */
  prepare(resolvedUri: string, options: ImageCaller & { readonly digest: string; readonly signal: AbortSignal }): Promise<void>;
  /** Read-only unpacked root. Reads no storage. */
  dir(digest: string): string;
  /** Whether its root is there. Reads no storage. */
  isReady(digest: string): boolean;
  /** Removes the roots of all other images. @param inUse asked again before each removal */
  sweep(inUse: () => ReadonlySet<string>): Promise<void>;
}

/** For whom, and for which machine, an image is wanted. */
export interface ImageCaller {
  readonly account: AccountId;
  readonly region: Region;
  readonly architecture: 'x86_64' | 'arm64';
}

export interface Networks {
  /**
   * The VPC of these subnets and security groups. Reads no storage.
   *
   * @throws ServiceFault InvalidParameterValueException. @source spec 9.3-13
   */
  vpcOf(vpc: { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }): string;
}

export interface Provisioned {
  /**
   * Brings the environments of a version to `count`; 0 = lets them go. Called again after a start and
   * whenever the number or the version behind it changes; the last call for a version counts. Must not
   * throw and must not wait.
   *
   * @param report  called with each step until another call for this version follows
   */
  apply(
    target: {
      readonly account: AccountId;
      readonly region: Region;
      readonly functionName: string;
      readonly version: string;
      readonly count: number;
    },
    report: (progress: ProvisionedProgress) => void,
  ): void;
}

export interface ProvisionedProgress {
  readonly allocated: number;
  readonly available: number;
  readonly status: 'IN_PROGRESS' | 'READY' | 'FAILED';
  /** For example `FUNCTION_ERROR_INIT_FAILURE`. @source spec 1.10-07 */
  readonly statusReason?: string;
}

export interface Executions {
  /** @param version  absent = of all versions. Reads no storage. */
  running(at: { readonly account: AccountId; readonly region: Region }, functionName: string, version?: string): number;
}

/** @source spec 6.1 */
export type SourceKind = 'sqs' | 'kinesis' | 'dynamodb' | 'msk' | 'kafka' | 'mq' | 'documentdb';

export interface EventSources {
  /** Those that something polls. */
  readonly kinds: ReadonlySet<SourceKind>;
  /**
   * A mapping is about to be made or enabled.
   *
   * @throws ServiceFault  the source is not there, or does not fit the function. @source spec 9.3-30, 9.3-32
   */
  check(source: { readonly kind: SourceKind; readonly arn: string; readonly functionTimeoutMs: number }): Promise<void>;
}
