import type { AccountId, FunctionArn, Region } from '../base/index.ts';

/** Everything an invocation must know of the version it runs. Frozen; a new one is made at each change. */
export interface FunctionVersion {
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName: string;
  /** `$LATEST` or a number. */
  readonly version: string;
  /** Unqualified. */
  readonly functionArn: FunctionArn;
  /**
   * Environments belong to exactly one of these: it changes whenever code or configuration changes,
   * never otherwise. @source spec 3.7-15
   */
  readonly incarnation: string;
  readonly state: 'Pending' | 'Active' | 'Inactive' | 'Failed' | 'Deleting';
  readonly packageType: 'Zip' | 'Image';
  /** Absent for images. */
  readonly runtime?: string;
  /** Absent for images. */
  readonly handler?: string;
  /** Read-only folder that becomes `/var/task`; for images the unpacked root. */
  readonly codeDir: string;
  readonly codeSha256: string;
  /** Read-only folder that becomes `/opt`: all layers merged in order. */
  readonly layersDir?: string;
  readonly timeoutMs: number;
  readonly memoryMiB: number;
  readonly ephemeralStorageMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly role: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly logging: LoggingConfig;
  readonly tracingMode: 'PassThrough' | 'Active';
  readonly deadLetterTargetArn?: string;
  readonly imageConfig?: {
    readonly entryPoint?: readonly string[];
    readonly command?: readonly string[];
    readonly workingDirectory?: string;
  };
  /** For images: what their configuration says, where `imageConfig` says nothing. @source spec 4.2-11 */
  readonly image?: ImageDefaults;
  /** `egress`, unless its `vpc` is a network of the operator's. */
  readonly network: 'loopback' | 'egress';
  /** For images, as given. */
  readonly imageUri?: string;
  /** In order; already merged into `layersDir`. */
  readonly layers?: readonly { readonly arn: string; readonly codeSha256: string }[];
  readonly fileSystems?: readonly FileSystem[];
  readonly vpc?: VpcAttachment;
  /** On published versions of functions that asked for it. */
  readonly snapStart?: boolean;
  /** Environments are not shared between tenants, and each call names one. @source spec 1.15-02 */
  readonly tenantIsolation?: 'PER_TENANT';
  /** Each call is a durable execution. @source spec 10.1-01 */
  readonly durable?: DurableSettings;
}

export interface DurableSettings {
  /** Of all invocations of an execution together, and the waits between them. */
  readonly executionTimeoutMs: number;
  /** How long an execution is remembered when it has ended. */
  readonly retentionDays: number;
  readonly kmsKeyArn?: string;
}

export interface ImageDefaults {
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory?: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface FileSystem {
  readonly arn: string;
  /** Below `/mnt/`. */
  readonly localMountPath: string;
}

export interface VpcAttachment {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly ipv6AllowedForDualStack: boolean;
  /** Absent where no network was defined for it. */
  readonly vpcId?: string;
}

/** How asynchronous invocations of one qualifier are treated, defaults filled in. @source spec 1.11-01 */
export interface EventInvokeSettings {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMs: number;
  readonly onSuccess?: string;
  readonly onFailure?: string;
}

export interface LoggingConfig {
  readonly logFormat: 'Text' | 'JSON';
  readonly applicationLogLevel?: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';
  readonly systemLogLevel?: 'DEBUG' | 'INFO' | 'WARN';
  readonly logGroup: string;
}

/** What a caller named, resolved. */
export interface Resolution {
  readonly version: FunctionVersion;
  /** Set when the qualifier was an alias. */
  readonly alias?: string;
  /** As called: with the qualifier when one was given. @source spec 3.2-11 */
  readonly invokedArn: string;
  /** Of the function; absent when it shares the account's pool. */
  readonly reservedConcurrency?: number;
  /** Asked for the version that was resolved, by itself or by an alias. */
  readonly provisionedConcurrency?: number;
  /** Of the qualifier that was named (`$LATEST` when none was); absent when nothing was set. */
  readonly eventInvoke?: EventInvokeSettings;
  /** Absent = `Terminate`. @source spec 1.13-10 */
  readonly recursiveLoop?: 'Allow' | 'Terminate';
}

/** In memory; reads no storage. */
export interface Catalog {
  /**
   * @param name  any form of spec 0.2-02
   * @throws ResourceNotFoundException, InvalidParameterValueException, ResourceConflictException (Pending)
   */
  resolve(account: AccountId, region: Region, name: string, qualifier?: string): Resolution;
  /** As `resolve`, whatever state it is in: what is being deleted may have durable executions to end. @source spec 1.2-23 */
  find(account: AccountId, region: Region, name: string, qualifier?: string): Resolution;
  /**
   * All reserved concurrency of an account in a region together; what it leaves is the pool the other
   * functions share. Called for each invocation, so it only looks a number up. Absent = nothing is reserved.
   */
  reservedTotal?(account: AccountId, region: Region): number;
  /** All provisioned concurrency of functions without a reservation: it is taken from the account's pool. @source spec 1.10-10 */
  provisionedTotal?(account: AccountId, region: Region): number;
  /** Called with the function's ARN after each change and deletion, so that pools drop old incarnations. */
  onChange(listener: (change: CatalogChange) => void): Disposable;
}

export interface CatalogChange {
  readonly functionArn: FunctionArn;
  /** Those that may still be invoked; environments of any other incarnation of this function are to go. */
  readonly incarnations: ReadonlySet<string>;
}

/** What `control` asks of whoever knows the runtimes (`environment`); `main` plugs it in. */
export interface RuntimeSupport {
  /** All identifiers with what this host can do about each. */
  check(runtime: string): RuntimeCheck;
  /** Fetches what is missing (an interpreter from npm); the function is Pending meanwhile. */
  prepare(runtime: string, options: { readonly signal: AbortSignal }): Promise<void>;
}

export type RuntimeCheck =
  | { readonly kind: 'ready' }
  | { readonly kind: 'preparable'; readonly from: string }
  /** `remedy`: the one line that would add it. */
  | { readonly kind: 'unavailable'; readonly remedy: string };
