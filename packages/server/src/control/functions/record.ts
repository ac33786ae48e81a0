import type { DurableSettings, FileSystem, ImageDefaults, LoggingConfig, VpcAttachment } from '../catalog.ts';
import type { SignatureRecord } from '../signing/signature.ts';

/** What all versions of a function share. */
export interface FunctionRecord {
  readonly functionName: string;
  /** Never used again, also not when the function is deleted and its numbers start over. @source spec 0.2-07 */
  readonly nextVersion: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly reservedConcurrency?: number;
  readonly codeSigningConfigArn?: string;
  readonly recursiveLoop?: 'Allow' | 'Terminate';
  /** Where `$LATEST.PUBLISHED` points. @source spec 0.2-09 */
  readonly latestPublished?: string;
}

/** One version: `$LATEST` or a published one. */
export interface VersionRecord {
  readonly version: string;
  readonly configuration: Configuration;
  /** Of `configuration` and its code; what two versions are compared by. */
  readonly configSha256: string;
  readonly incarnation: string;
  /** What invocations run until an update has been prepared. @source spec 1.2-20 */
  readonly serving?: { readonly configuration: Configuration; readonly incarnation: string };
  readonly state: 'Pending' | 'Active' | 'Inactive' | 'Failed' | 'Deleting';
  readonly stateReason?: Reason;
  /** Absent until the first preparation is over. @source spec 1.2-03 */
  readonly lastUpdate?: { readonly status: 'InProgress' | 'Successful' | 'Failed'; readonly reason?: Reason };
  readonly revisionId: string;
  readonly modifiedAt: number;
  /** For a published version: `configSha256` of the `$LATEST` it was made from. */
  readonly publishedFrom?: string;
}

/** @source spec 1.3-09 */
export interface Reason {
  readonly code:
    | 'Creating'
    | 'InvalidRuntime'
    | 'InvalidImage'
    | 'ImageDeleted'
    | 'ImageAccessDenied'
    | 'InternalError'
    | 'InvalidConfiguration'
    | 'Restoring'
    | 'DrainingDurableExecutions';
  readonly text: string;
}

/** In our words and units; replaced whole at each change, so that parts of it can be told apart by identity. */
export interface Configuration {
  readonly packageType: 'Zip' | 'Image';
  readonly code: CodeRecord;
  readonly runtime?: string;
  readonly handler?: string;
  readonly role: string;
  readonly description: string;
  readonly timeoutMs: number;
  readonly memoryMiB: number;
  readonly ephemeralStorageMiB: number;
  readonly architecture: 'x86_64' | 'arm64';
  /** Absent when no environment was ever given, which is shown. Sealed on disk. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly kmsKeyArn?: string;
  readonly tracingMode: 'PassThrough' | 'Active';
  readonly deadLetterTargetArn?: string;
  /** In order; a later one overrides an earlier one. */
  readonly layers: readonly AttachedLayer[];
  readonly fileSystems: readonly FileSystem[];
  readonly vpc?: VpcAttachment;
  readonly imageConfig?: ImageOverrides;
  readonly snapStart: 'None' | 'PublishedVersions';
  readonly logging: LoggingConfig;
  readonly tenantIsolation?: 'PER_TENANT';
  readonly durable?: DurableSettings;
}

export interface ImageOverrides {
  readonly entryPoint?: readonly string[];
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
}

export type CodeRecord =
  | {
      readonly kind: 'zip';
      readonly sha256: string;
      readonly sizeBytes: number;
      readonly unzippedBytes: number;
      readonly sourceKmsKeyArn?: string;
      /** Absent for an archive that does not say it is signed. */
      readonly signature?: SignatureRecord;
    }
  | {
      readonly kind: 'image';
      readonly uri: string;
      readonly resolvedUri: string;
      readonly digest: string;
      readonly image?: ImageDefaults;
    };

/** Everything a function needs of a layer version, so that it outlives the layer's deletion. @source spec 1.8-03 */
export interface AttachedLayer {
  readonly arn: string;
  readonly codeSha256: string;
  readonly sizeBytes: number;
  readonly unzippedBytes: number;
  readonly signature?: SignatureRecord;
}

export const latest = '$LATEST';
export const latestPublished = '$LATEST.PUBLISHED';

/** Archives of a configuration: its own and its layers'. */
export const archivesOf = (configuration: Configuration): string[] => [
  ...(configuration.code.kind === 'zip' ? [configuration.code.sha256] : []),
  ...configuration.layers.map((layer) => layer.codeSha256),
];
