import type { LambdaOperations } from '@mayfly/wire';
import type { SourceKind } from '../ports.ts';

/** @source spec 1.12-02 */
export type MappingState = 'Creating' | 'Enabled' | 'Disabled' | 'Updating';

export interface MappingRecord {
  readonly uuid: string;
  readonly kind: SourceKind;
  /** Absent for self-managed Kafka. */
  readonly eventSourceArn?: string;
  readonly functionName: string;
  /** A version or alias, when the mapping names one. */
  readonly qualifier?: string;
  /** As asked; `state` follows. */
  readonly enabled: boolean;
  readonly state: MappingState;
  readonly settings: MappingSettings;
  readonly tags: Readonly<Record<string, string>>;
  readonly modifiedAt: number;
}

/** Whoever polls has not yet said that it follows. */
export const isMoving = ({ state }: MappingRecord): boolean => state === 'Creating' || state === 'Updating';

/** Absent = the source does not have it. @source spec 6.3 */
export interface MappingSettings {
  readonly batchSize: number;
  /** Absent = the half second of Kafka, MQ and DocumentDB, which cannot be asked for. @source spec 6.2-02 */
  readonly batchWindowS?: number;
  readonly patterns?: readonly string[];
  readonly responseTypes?: readonly string[];
  readonly maximumConcurrency?: number;
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  readonly startingAtMs?: number;
  readonly parallelizationFactor?: number;
  readonly maximumRetryAttempts?: number;
  readonly maximumRecordAgeS?: number;
  readonly bisect?: boolean;
  readonly tumblingWindowS?: number;
  /** Empty = none is set, which is shown. */
  readonly onFailureArn?: string;
  readonly kmsKeyArn?: string;
  /** What only some brokers have, kept as it was given. */
  readonly broker: BrokerSettings;
}

type Input = LambdaOperations['CreateEventSourceMapping']['input'];

export type BrokerSettings = Pick<
  Input,
  | 'Topics'
  | 'Queues'
  | 'SourceAccessConfigurations'
  | 'SelfManagedEventSource'
  | 'AmazonManagedKafkaEventSourceConfig'
  | 'SelfManagedKafkaEventSourceConfig'
  | 'DocumentDBEventSourceConfig'
  | 'ProvisionedPollerConfig'
  | 'MetricsConfig'
  | 'LoggingConfig'
>;
