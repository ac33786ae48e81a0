import type { AccountId, Region } from '../base/index.ts';

/**
 * What a poller must know of its event source mapping; a new one is made at each change.
 *
 * @source spec 6.3
 */
export interface Mapping {
  readonly uuid: string;
  readonly account: AccountId;
  readonly region: Region;
  /** As the mapping names it, qualified or not. */
  readonly functionArn: string;
  readonly eventSourceArn: string;
  /** False while it is disabled or about to go. */
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly batchWindowMs: number;
  /** Patterns of FilterCriteria; none = everything passes. */
  readonly filters: readonly string[];
  readonly reportBatchItemFailures: boolean;
  /** Queues only. */
  readonly maximumConcurrency?: number;
  /** ProvisionedPollerConfig: queues and Kafka. */
  readonly provisionedPollers?: { readonly minimum?: number; readonly maximum?: number };
  /** Streams only, from here on. */
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  readonly startingAtMs?: number;
  readonly parallelizationFactor: number;
  /** -1 = until the records expire. */
  readonly maximumRetryAttempts: number;
  /** -1 = no limit. */
  readonly maximumRecordAgeMs: number;
  readonly bisectOnFunctionError: boolean;
  /** 0 = none. */
  readonly tumblingWindowMs: number;
  readonly onFailureArn?: string;
  /** Brokers only. */
  readonly broker?: Broker;
}

/** Where a broker is, and how it lets us in. @source spec 6.1-05 to 6.1-07, 6.6-06 */
export interface Broker {
  readonly kind: 'kafka' | 'msk' | 'mq';
  /** `host:port` each; absent for ARNs, which `brokerAddresses` knows. */
  readonly addresses?: readonly string[];
  readonly topics: readonly string[];
  readonly queues: readonly string[];
  readonly consumerGroupId?: string;
  /** SourceAccessConfigurations as they were given: kind and secret ARN or name. */
  readonly access: readonly { readonly type: string; readonly uri: string }[];
}

/** Text of a secret; the Secrets Manager of this server gives it. */
export type ReadSecret = (secretArn: string, scope: { readonly account: AccountId; readonly region: Region }) => Promise<string>;

/** Addresses of a broker that is named by an ARN of AWS; the operator says where it really is. */
export type BrokerAddresses = (arn: string) => readonly string[] | undefined;

/** The mappings as `control` keeps them; `main` plugs it in. */
export interface MappingBook {
  all(): Iterable<Mapping>;
  /** Called after each change is on storage; `undefined` = deleted. */
  onChange(listener: (uuid: string, mapping: Mapping | undefined) => void): Disposable;
  /** What the mapping shows of its work; does not come back as a change. Must not throw and must not wait. @source spec 6.2-07 */
  report(uuid: string, progress: { readonly state?: 'Enabled' | 'Disabled'; readonly lastProcessingResult?: string }): void;
  /** Execution role of the mapping's function as it is now, told to functions of Kinesis. @source spec 6.5-12 */
  roleOf?(uuid: string): string | undefined;
}

/** A queue to take messages from; SQS gives it. */
export interface QueueSource {
  describe(queueArn: string): { readonly fifo: boolean; readonly visibilityMs: number } | undefined;
  receive(
    queueArn: string,
    options: { readonly max: number; readonly waitMs: number; readonly visibilityMs?: number; readonly signal?: AbortSignal },
  ): Promise<readonly QueueMessage[]>;
  delete(queueArn: string, receiptHandles: readonly string[]): Promise<void>;
  changeVisibility(queueArn: string, receiptHandles: readonly string[], visibilityMs: number): Promise<void>;
}

export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<
    Record<string, { readonly dataType: string; readonly stringValue?: string; readonly binaryValue?: Uint8Array }>
  >;
  readonly md5OfAttributes?: string;
}

/** A stream of shards to read in order; Kinesis and DynamoDB Streams give it. */
export interface ShardSource {
  shards(streamArn: string): Promise<readonly ShardInfo[]>;
  read(streamArn: string, shardId: string, after: ShardPosition, limit: number): Promise<ShardBatch>;
  onRecords(streamArn: string, wake: () => void): Disposable;
}
export interface ShardInfo {
  readonly shardId: string;
  readonly parentShardIds: readonly string[];
}
export type ShardPosition =
  | { readonly at: 'trimHorizon' }
  | { readonly at: 'latest' }
  | { readonly at: 'timestamp'; readonly atMs: number }
  /** Exclusive. */
  | { readonly at: 'after'; readonly sequenceNumber: string };
export interface ShardBatch {
  readonly records: readonly ShardRecord[];
  readonly next: { readonly at: 'after'; readonly sequenceNumber: string };
  /** Closed, and read to its end. */
  readonly ended: boolean;
}
export interface ShardRecord {
  readonly sequenceNumber: string;
  readonly partitionKey?: string;
  readonly arrivedAtMs: number;
  /** One element of `Records`, JSON-ready. */
  readonly event: object;
}

/** Compiles the patterns of FilterCriteria, OR-ed; the matcher is shared with EventBridge and SNS. @source spec 6.9 */
export type CompileFilters = (patterns: readonly string[]) => (record: object) => boolean;

/** Hands the record of a given-up batch to an on-failure destination. `payload` is the whole event, for S3. */
export type DeliverFailure = (
  destinationArn: string,
  record: object,
  context: { readonly mapping: Mapping; readonly shardId: string; readonly payload: string },
) => Promise<void>;
