import { invalid } from '../faults.ts';
import type { SourceKind } from '../ports.ts';
import type { BrokerSettings } from './record.ts';

/** What a source can do and how it begins. @source spec 6.1, 6.3 */
export interface SourceTraits {
  readonly batchSize: number;
  readonly isOrdered: boolean;
  readonly needsPosition: boolean;
  /** Seconds; absent = half a second. */
  readonly batchWindowS?: number;
  /** Settings that others must not have. */
  readonly has: ReadonlySet<string>;
}

const retries = [
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'DestinationConfig',
  'FunctionResponseTypes',
];
const stream: SourceTraits = {
  batchSize: 100,
  batchWindowS: 0,
  isOrdered: true,
  needsPosition: true,
  has: new Set([...retries, 'FilterCriteria', 'ParallelizationFactor', 'TumblingWindowInSeconds', 'MetricsConfig', 'KMSKeyArn']),
};
const kafka: SourceTraits = {
  batchSize: 100,
  isOrdered: false,
  needsPosition: true,
  has: new Set([
    ...retries,
    'FilterCriteria',
    'ProvisionedPollerConfig',
    'MetricsConfig',
    'LoggingConfig',
    'KMSKeyArn',
    'SourceAccessConfigurations',
    'Topics',
  ]),
};

export const traits: Readonly<Record<SourceKind, SourceTraits>> = {
  sqs: {
    batchSize: 10,
    batchWindowS: 0,
    isOrdered: false,
    needsPosition: false,
    has: new Set([
      'FilterCriteria',
      'FunctionResponseTypes',
      'ScalingConfig',
      'ProvisionedPollerConfig',
      'MetricsConfig',
      'KMSKeyArn',
    ]),
  },
  kinesis: stream,
  dynamodb: stream,
  msk: { ...kafka, has: new Set([...kafka.has, 'AmazonManagedKafkaEventSourceConfig']) },
  kafka: { ...kafka, has: new Set([...kafka.has, 'SelfManagedKafkaEventSourceConfig', 'SelfManagedEventSource']) },
  mq: {
    batchSize: 100,
    isOrdered: false,
    needsPosition: false,
    has: new Set(['FilterCriteria', 'KMSKeyArn', 'SourceAccessConfigurations', 'Queues']),
  },
  documentdb: {
    batchSize: 100,
    isOrdered: false,
    needsPosition: true,
    has: new Set(['SourceAccessConfigurations', 'DocumentDBEventSourceConfig']),
  },
};

const services: readonly (readonly [RegExp, SourceKind])[] = [
  [/^arn:[^:]+:sqs:[^:]+:\d{12}:[^:]+$/, 'sqs'],
  [/^arn:[^:]+:kinesis:[^:]+:\d{12}:stream\/[^/]+(\/consumer\/.+)?$/, 'kinesis'],
  [/^arn:[^:]+:dynamodb:[^:]+:\d{12}:table\/[^/]+\/stream\/.+$/, 'dynamodb'],
  [/^arn:[^:]+:kafka:[^:]+:\d{12}:cluster\/.+$/, 'msk'],
  [/^arn:[^:]+:mq:[^:]+:\d{12}:broker:.+$/, 'mq'],
  [/^arn:[^:]+:rds:[^:]+:\d{12}:cluster:.+$/, 'documentdb'],
];

/** @throws InvalidParameterValueException. @source spec 1.12-08 */
export function sourceKind(arn: string | undefined, broker: BrokerSettings): SourceKind {
  if (arn === undefined && broker.SelfManagedEventSource !== undefined) return 'kafka';
  const found = services.find(([form]) => form.test(arn ?? ''));
  if (found === undefined) throw invalid('Unrecognized event source.');
  return found[1];
}
