import type { LambdaOperations } from '@mayfly/wire';
import type { DurableSettings, LoggingConfig } from '../catalog.ts';
import { compact } from '../compact.ts';
import { invalid, outOfModel, unavailable } from '../faults.ts';
import type { ControlPorts, Feature } from '../ports.ts';
import { checkEnvironment } from './environment-checks.ts';
import type { AttachedLayer, CodeRecord, Configuration, ImageOverrides } from './record.ts';
import { attached } from './vpc.ts';

type CreateInput = LambdaOperations['CreateFunction']['input'];
type UpdateInput = LambdaOperations['UpdateFunctionConfiguration']['input'];

/** A function as it is before anything was asked of it. @source spec 1.2-02 */
export const defaults = (functionName: string, code: CodeRecord): Configuration => ({
  packageType: code.kind === 'image' ? 'Image' : 'Zip',
  code,
  role: '',
  description: '',
  timeoutMs: 3000,
  memoryMiB: 128,
  ephemeralStorageMiB: 512,
  architecture: 'x86_64',
  tracingMode: 'PassThrough',
  layers: [],
  fileSystems: [],
  snapStart: 'None',
  logging: { logFormat: 'Text', logGroup: `/aws/lambda/${functionName}` },
});

/**
 * What is left out stays, what is given empty goes. @source spec 1.2-18
 *
 * @param layers  those `input` names, found; absent = they stay
 * @throws InvalidParameterValueException, ValidationException
 */
export function configured(
  base: Configuration,
  input: CreateInput | UpdateInput,
  layers: readonly AttachedLayer[] | undefined,
  ports: Pick<ControlPorts, 'supports' | 'networks'>,
): Configuration {
  checkBounds(input);
  checkPackage(base, input);
  checkSupport(input, ports.supports);
  const environment = input.Environment === undefined ? base.environment : (input.Environment.Variables ?? {});
  if (environment !== undefined && environment !== base.environment) checkEnvironment(environment);
  return compact<Configuration>({
    packageType: base.packageType,
    code: base.code,
    runtime: input.Runtime ?? base.runtime,
    handler: input.Handler ?? base.handler,
    role: input.Role ?? base.role,
    description: input.Description ?? base.description,
    timeoutMs: input.Timeout === undefined ? base.timeoutMs : input.Timeout * 1000,
    memoryMiB: input.MemorySize ?? base.memoryMiB,
    ephemeralStorageMiB: input.EphemeralStorage?.Size ?? base.ephemeralStorageMiB,
    architecture: base.architecture,
    environment,
    kmsKeyArn: emptied(input.KMSKeyArn, base.kmsKeyArn),
    tracingMode: input.TracingConfig?.Mode ?? base.tracingMode,
    // An empty config changes nothing, an empty ARN takes it away.
    deadLetterTargetArn: emptied(input.DeadLetterConfig?.TargetArn, base.deadLetterTargetArn),
    layers: layers ?? base.layers,
    fileSystems:
      input.FileSystemConfigs?.map((system) => ({ arn: system.Arn ?? '', localMountPath: system.LocalMountPath ?? '' })) ??
      base.fileSystems,
    vpc: attached(base.vpc, input.VpcConfig, ports.networks),
    imageConfig: input.ImageConfig === undefined ? base.imageConfig : imageOverrides(input.ImageConfig),
    snapStart: input.SnapStart?.ApplyOn ?? base.snapStart,
    logging: logging(base.logging, input.LoggingConfig),
    tenantIsolation: 'TenancyConfig' in input ? input.TenancyConfig?.TenantIsolationMode : base.tenantIsolation,
    durable: durable(base, input),
  });
}

/** The model's bounds hold for Managed Instances; these are everybody else's. @source spec 8.1-01, 8.1-02 */
function checkBounds(input: CreateInput | UpdateInput): void {
  if (input.MemorySize !== undefined && input.MemorySize > 10_240)
    throw outOfModel(input.MemorySize, 'memorySize', 'Member must have value less than or equal to 10240');
  if (input.Timeout !== undefined && input.Timeout > 900)
    throw outOfModel(input.Timeout, 'timeout', 'Member must have value less than or equal to 900');
}

/** Code that is written for several at once would find itself alone, and be billed and scaled as if it were not. @source spec 3.12-01 */
const managedInstances =
  'functions on Managed Instances are not there yet: an execution environment takes one invocation at a time. Leave CapacityProviderConfig out.';

/** What would be ignored is refused: a tenant must not find another's environment because nobody looked. */
function checkSupport(input: CreateInput | UpdateInput, supports: ReadonlySet<Feature> | undefined): void {
  if (input.CapacityProviderConfig !== undefined) throw unavailable(managedInstances);
  if (input.DurableConfig !== undefined && supports?.has('durableExecutions') !== true)
    throw unavailable('durable functions are not there yet.');
  if ('TenancyConfig' in input && input.TenancyConfig !== undefined && supports?.has('tenantIsolation') !== true)
    throw unavailable('tenant isolation is not there yet.');
  if ((input.FileSystemConfigs?.length ?? 0) > 0 && supports?.has('fileSystems') !== true)
    throw unavailable('file systems cannot be mounted yet.');
}

/** @source spec 1.2-01, 1.8-08 */
function checkPackage(base: Configuration, input: CreateInput | UpdateInput): void {
  if (base.packageType === 'Zip') {
    if (input.ImageConfig !== undefined && imageOverrides(input.ImageConfig) !== undefined)
      throw invalid("Please don't provide ImageConfig when the function has packageType Zip.");
    if ((input.Runtime ?? base.runtime) === undefined || (input.Handler ?? base.handler) === undefined)
      throw invalid('Runtime and Handler are mandatory parameters for functions created with deployment packages.');
    return;
  }
  if (input.Runtime !== undefined || input.Handler !== undefined || (input.Layers?.length ?? 0) > 0)
    throw invalid("Please don't provide Handler, Runtime or Layers when the function has packageType Image.");
}

/** @returns undefined when nothing is overridden */
function imageOverrides(given: NonNullable<CreateInput['ImageConfig']>): ImageOverrides | undefined {
  const overrides = compact<ImageOverrides>({
    entryPoint: given.EntryPoint?.length ? given.EntryPoint : undefined,
    command: given.Command?.length ? given.Command : undefined,
    workingDirectory: given.WorkingDirectory || undefined,
  });
  return Object.keys(overrides).length === 0 ? undefined : overrides;
}

/** Levels exist in JSON only, where they start as INFO. @source spec 5.2 */
function logging(base: LoggingConfig, given: CreateInput['LoggingConfig']): LoggingConfig {
  if (given === undefined) return base;
  const logFormat = given.LogFormat ?? base.logFormat;
  const logGroup = given.LogGroup ?? base.logGroup;
  if (logFormat === 'Text') {
    if (given.ApplicationLogLevel !== undefined || given.SystemLogLevel !== undefined)
      throw invalid('Log levels can be set only when LogFormat is JSON.');
    return { logFormat, logGroup };
  }
  return {
    logFormat,
    applicationLogLevel: given.ApplicationLogLevel ?? base.applicationLogLevel ?? 'INFO',
    systemLogLevel: given.SystemLogLevel ?? base.systemLogLevel ?? 'INFO',
    logGroup,
  };
}

/** A function is made durable, or never is. @source spec 10.1-01; the texts are ours */
function durable(base: Configuration, input: CreateInput | UpdateInput): DurableSettings | undefined {
  const given = input.DurableConfig;
  if (given === undefined) return base.durable;
  // Only a function that is being made has a `Code`.
  if (base.durable === undefined && !('Code' in input))
    throw invalid('DurableConfig cannot be added to an existing function. Create a new function to use durable executions.');
  const executionTimeoutMs =
    given.ExecutionTimeout === undefined ? base.durable?.executionTimeoutMs : given.ExecutionTimeout * 1000;
  if (executionTimeoutMs === undefined) throw invalid('ExecutionTimeout is required in DurableConfig.');
  return compact<DurableSettings>({
    executionTimeoutMs,
    retentionDays: given.RetentionPeriodInDays ?? base.durable?.retentionDays ?? defaultRetentionDays,
    kmsKeyArn: emptied(given.KMSKeyArn, base.durable?.kmsKeyArn),
  });
}

/** @source spec 10.1-01 */
const defaultRetentionDays = 14;

const emptied = (given: string | undefined, before: string | undefined): string | undefined =>
  given === undefined ? before : given === '' ? undefined : given;
