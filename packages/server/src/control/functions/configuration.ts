import { createHash } from 'node:crypto';
import type { LambdaOperations } from '@mayfly/wire';
import type { Region } from '../../base/index.ts';
import type { DurableSettings } from '../catalog.ts';
import { compact } from '../compact.ts';
import { shownSignature } from '../signing/signature.ts';
import { plusZero } from '../times.ts';
import { latest, type CodeRecord, type Reason, type VersionRecord } from './record.ts';

export type FunctionConfiguration = LambdaOperations['GetFunctionConfiguration']['output'];

/**
 * A version as every operation shows it: members without a value are left out, those with a default
 * never are. @source spec 1.2-02 to 1.2-04, 13.3
 *
 * @param functionArn  as asked: unqualified, by version or by alias. @source spec 1.2-13
 */
export function describe(record: VersionRecord, functionArn: string, region: Region): FunctionConfiguration {
  const { configuration } = record;
  return compact<FunctionConfiguration>({
    ...describeListed(record, functionArn),
    ...(configuration.runtime === undefined
      ? {}
      : { RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(configuration.runtime, region) } }),
    State: record.state,
    StateReason: record.stateReason?.text,
    StateReasonCode: record.stateReason?.code,
    LastUpdateStatus: record.lastUpdate?.status,
    LastUpdateStatusReason: record.lastUpdate?.reason?.text,
    LastUpdateStatusReasonCode: updateCode(record.lastUpdate?.reason),
  });
}

/** As lists show it: without states. @source spec 1.2-15, 1.4-06 */
export function describeListed(record: VersionRecord, functionArn: string): FunctionConfiguration {
  const { configuration } = record;
  return compact<FunctionConfiguration>({
    FunctionName: /:function:([^:]+)/.exec(functionArn)?.[1],
    FunctionArn: functionArn,
    Runtime: configuration.runtime as FunctionConfiguration['Runtime'],
    Role: configuration.role,
    Handler: configuration.handler,
    CodeSize: configuration.code.kind === 'zip' ? configuration.code.sizeBytes : 0,
    Description: configuration.description,
    Timeout: configuration.timeoutMs / 1000,
    MemorySize: configuration.memoryMiB,
    LastModified: plusZero(record.modifiedAt),
    CodeSha256: codeSha256(configuration.code),
    ConfigSha256: record.configSha256,
    Version: record.version,
    VpcConfig:
      configuration.vpc === undefined
        ? undefined
        : {
            SubnetIds: [...configuration.vpc.subnetIds],
            SecurityGroupIds: [...configuration.vpc.securityGroupIds],
            VpcId: configuration.vpc.vpcId ?? '',
            Ipv6AllowedForDualStack: configuration.vpc.ipv6AllowedForDualStack,
          },
    DeadLetterConfig:
      configuration.deadLetterTargetArn === undefined ? undefined : { TargetArn: configuration.deadLetterTargetArn },
    Environment: configuration.environment === undefined ? undefined : { Variables: { ...configuration.environment } },
    KMSKeyArn: configuration.kmsKeyArn,
    TracingConfig: { Mode: configuration.tracingMode },
    RevisionId: record.revisionId,
    Layers:
      configuration.layers.length === 0
        ? undefined
        : configuration.layers.map((layer) => ({
            Arn: layer.arn,
            CodeSize: layer.sizeBytes,
            ...shownSignature(layer.signature),
          })),
    FileSystemConfigs:
      configuration.fileSystems.length === 0
        ? undefined
        : configuration.fileSystems.map((system) => ({ Arn: system.arn, LocalMountPath: system.localMountPath })),
    ...(configuration.code.kind === 'zip' ? shownSignature(configuration.code.signature) : {}),
    PackageType: configuration.packageType,
    ImageConfigResponse:
      configuration.imageConfig === undefined
        ? undefined
        : {
            ImageConfig: compact<{ EntryPoint?: string[]; Command?: string[]; WorkingDirectory?: string }>({
              EntryPoint: configuration.imageConfig.entryPoint as string[] | undefined,
              Command: configuration.imageConfig.command as string[] | undefined,
              WorkingDirectory: configuration.imageConfig.workingDirectory,
            }),
          },
    Architectures: [configuration.architecture],
    EphemeralStorage: { Size: configuration.ephemeralStorageMiB },
    // Off also where it was asked for: nothing takes snapshots, and nobody should believe it. See docs/decisions/0007.
    SnapStart: { ApplyOn: configuration.snapStart, OptimizationStatus: 'Off' },
    LoggingConfig: compact<NonNullable<FunctionConfiguration['LoggingConfig']>>({
      LogFormat: configuration.logging.logFormat,
      ApplicationLogLevel: configuration.logging.applicationLogLevel,
      SystemLogLevel: configuration.logging.systemLogLevel,
      LogGroup: configuration.logging.logGroup,
    }),
    TenancyConfig:
      configuration.tenantIsolation === undefined ? undefined : { TenantIsolationMode: configuration.tenantIsolation },
    DurableConfig: describeDurable(configuration.durable),
  });
}

const describeDurable = (durable: DurableSettings | undefined): FunctionConfiguration['DurableConfig'] =>
  durable &&
  compact<NonNullable<FunctionConfiguration['DurableConfig']>>({
    KMSKeyArn: durable.kmsKeyArn,
    RetentionPeriodInDays: durable.retentionDays,
    ExecutionTimeout: durable.executionTimeoutMs / 1000,
  });

/** For images the hex digest. @source spec 0.2-20 */
export const codeSha256 = (code: CodeRecord): string => (code.kind === 'zip' ? code.sha256 : code.digest.replace(/^sha256:/, ''));

/** One for each identifier and region: this server has one build of a runtime at a time. @source spec 0.2-16 */
const runtimeVersionArn = (runtime: string, region: Region): string => {
  const key = `${region}:${runtime}`;
  let arn = runtimeVersionArns.get(key);
  if (arn === undefined) {
    arn = `arn:aws:lambda:${region}::runtime:${createHash('sha256').update(runtime).digest('hex')}`;
    if (runtimeVersionArns.size < 1000) runtimeVersionArns.set(key, arn);
  }
  return arn;
};
const runtimeVersionArns = new Map<string, string>();

/** `$LATEST` among versions sorts first, then oldest to newest. @source spec 0.3-04 */
export const versionKey = (version: string): string => (version === latest ? '' : version.padStart(20, '0'));

/** The two enums differ in codes that an update cannot end with; `Creating` is what AWS says, though its model does not have it. */
const updateCode = (reason: Reason | undefined): FunctionConfiguration['LastUpdateStatusReasonCode'] =>
  reason?.code as FunctionConfiguration['LastUpdateStatusReasonCode'];
