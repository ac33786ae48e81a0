import type { LambdaOperations } from '@mayfly/wire';
import type { DurableSettings } from '../catalog.ts';
import { compact } from '../compact.ts';
import { invalid } from '../faults.ts';
import type { SourceKind } from '../ports.ts';
import { checkPattern } from './patterns.ts';
import type { BrokerSettings, MappingSettings } from './record.ts';
import { traits } from './sources.ts';

type CreateInput = LambdaOperations['CreateEventSourceMapping']['input'];
type UpdateInput = LambdaOperations['UpdateEventSourceMapping']['input'];

const guarded = [
  'FilterCriteria',
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'ParallelizationFactor',
  'TumblingWindowInSeconds',
  'FunctionResponseTypes',
  'DestinationConfig',
  'ScalingConfig',
  'ProvisionedPollerConfig',
  'LoggingConfig',
  'SourceAccessConfigurations',
  'Topics',
  'Queues',
  'SelfManagedEventSource',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
] as const;

/** @throws InvalidParameterValueException  a setting that this kind of source does not have. @source spec 6.3, 9.3-30 */
export function checkSettings(kind: SourceKind, input: CreateInput | UpdateInput): void {
  for (const name of guarded) {
    const value: unknown = (input as Record<string, unknown>)[name];
    if (value !== undefined && !isEmpty(value) && !traits[kind].has.has(name))
      throw invalid(`Unsupported ${name} parameter for given event source mapping type.`);
  }
  if (input.ScalingConfig?.MaximumConcurrency !== undefined && input.ProvisionedPollerConfig?.MinimumPollers !== undefined)
    throw invalid('ScalingConfig and ProvisionedPollerConfig cannot be used together.');
}

/** What clears a setting may be given anywhere. */
const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** @throws InvalidParameterValueException. @source spec 6.1, 9.3-30 */
export function newSettings(kind: SourceKind, arn: string | undefined, input: CreateInput): MappingSettings {
  const { batchSize, batchWindowS, needsPosition, isOrdered } = traits[kind];
  checkSettings(kind, input);
  checkPosition(kind, arn, input);
  if (['kafka', 'mq', 'documentdb'].includes(kind) && (input.SourceAccessConfigurations ?? []).length === 0)
    throw invalid("Required 'sourceAccessConfigurations' parameter is missing.");
  const base = compact<MappingSettings>({
    batchSize,
    batchWindowS,
    responseTypes: traits[kind].has.has('FunctionResponseTypes') ? [] : undefined,
    ...(isOrdered
      ? {
          parallelizationFactor: 1,
          tumblingWindowS: 0,
          bisect: false,
          maximumRetryAttempts: -1,
          maximumRecordAgeS: -1,
          onFailureArn: '',
        }
      : {}),
    ...(needsPosition
      ? { startingPosition: input.StartingPosition, startingAtMs: input.StartingPositionTimestamp?.getTime() }
      : {}),
    broker: compact<BrokerSettings>({
      Topics: input.Topics,
      Queues: input.Queues,
      SelfManagedEventSource: input.SelfManagedEventSource,
    }),
  });
  return changedSettings(kind, arn, base, input);
}

/** What is left out stays; an empty object or list clears. @source spec 1.12-03 */
export function changedSettings(
  kind: SourceKind,
  arn: string | undefined,
  base: MappingSettings,
  input: CreateInput | UpdateInput,
): MappingSettings {
  const { FilterCriteria: filters, ScalingConfig: scaling, DestinationConfig: destinations } = input;
  const patterns = filters === undefined ? base.patterns : (filters.Filters ?? []).map((filter) => checkPattern(filter.Pattern));
  const settings = compact<MappingSettings>({
    ...base,
    batchSize: input.BatchSize ?? base.batchSize,
    batchWindowS: input.MaximumBatchingWindowInSeconds ?? base.batchWindowS,
    patterns: patterns?.length === 0 ? undefined : patterns,
    responseTypes: input.FunctionResponseTypes ?? base.responseTypes,
    maximumConcurrency: scaling === undefined ? base.maximumConcurrency : scaling.MaximumConcurrency,
    parallelizationFactor: input.ParallelizationFactor ?? base.parallelizationFactor,
    maximumRetryAttempts: input.MaximumRetryAttempts ?? base.maximumRetryAttempts,
    maximumRecordAgeS: input.MaximumRecordAgeInSeconds ?? base.maximumRecordAgeS,
    bisect: input.BisectBatchOnFunctionError ?? base.bisect,
    tumblingWindowS: input.TumblingWindowInSeconds ?? base.tumblingWindowS,
    onFailureArn: destinations === undefined ? base.onFailureArn : (destinations.OnFailure?.Destination ?? ''),
    kmsKeyArn: input.KMSKeyArn === undefined ? base.kmsKeyArn : input.KMSKeyArn || undefined,
    broker: brokerSettings(base.broker, input),
  });
  checkBatch(kind, arn, settings);
  return settings;
}

function brokerSettings(base: BrokerSettings, input: CreateInput | UpdateInput): BrokerSettings {
  const next: Record<string, unknown> = { ...base };
  for (const name of [
    'SourceAccessConfigurations',
    'AmazonManagedKafkaEventSourceConfig',
    'SelfManagedKafkaEventSourceConfig',
    'DocumentDBEventSourceConfig',
    'ProvisionedPollerConfig',
    'MetricsConfig',
    'LoggingConfig',
  ] as const) {
    const value = input[name];
    if (value === undefined) continue;
    if (isEmpty(value)) delete next[name];
    else next[name] = value;
  }
  return next;
}

/** Readers of Kafka are a group, called like the mapping where no name is given. @source spec 6.6-01 */
export function grouped(kind: SourceKind, settings: MappingSettings, uuid: string): MappingSettings {
  if (kind !== 'kafka' && kind !== 'msk') return settings;
  const member = kind === 'kafka' ? 'SelfManagedKafkaEventSourceConfig' : 'AmazonManagedKafkaEventSourceConfig';
  return { ...settings, broker: { ...settings.broker, [member]: { ConsumerGroupId: uuid, ...settings.broker[member] } } };
}

function checkPosition(kind: SourceKind, arn: string | undefined, input: CreateInput): void {
  if (!traits[kind].needsPosition) {
    if (input.StartingPosition !== undefined) throw invalid(`StartingPosition is not valid for event sources of ARN ${arn}.`);
    return;
  }
  if (input.StartingPosition === undefined)
    throw invalid(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
  if (kind === 'dynamodb' && input.StartingPosition === 'AT_TIMESTAMP')
    throw invalid(`Unsupported starting position for arn type: ${arn}`);
  if ((input.StartingPosition === 'AT_TIMESTAMP') !== (input.StartingPositionTimestamp !== undefined))
    throw invalid('StartingPositionTimestamp is required with the starting position AT_TIMESTAMP, and only with it.');
}

/** @source spec 6.1-01, 6.1-02 */
function checkBatch(kind: SourceKind, arn: string | undefined, { batchSize, batchWindowS = 0 }: MappingSettings): void {
  if (kind !== 'sqs') return;
  if (arn?.endsWith('.fifo')) {
    if (batchSize > 10) throw invalid('Maximum batch size of 10 is allowed for FIFO queues.');
    if (batchWindowS > 0) throw invalid('Batching window is not supported for FIFO queues.');
  } else if (batchSize > 10 && batchWindowS === 0)
    throw invalid('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10');
}

/** Of each batch the poller waits for the end. @source spec 10.1-07; the text is ours */
export function checkDurable(durable: DurableSettings | undefined): void {
  if (durable !== undefined && durable.executionTimeoutMs > 900_000)
    throw invalid('The ExecutionTimeout of a durable function with an event source mapping cannot be greater than 15 minutes.');
}
