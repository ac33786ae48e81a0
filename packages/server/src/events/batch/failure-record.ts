import type { Mapping, ShardRecord } from '../port.ts';

export type Condition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'MaximumPayloadSizeExceeded';

/** How the last try ended. */
export interface LastTry {
  readonly requestId: string;
  readonly executedVersion?: string;
  readonly functionError?: string;
}

/** What an on-failure destination gets of a batch that was given up. @source spec 6.10 */
export function failureRecord(options: {
  readonly mapping: Mapping;
  readonly shardId: string;
  readonly records: readonly ShardRecord[];
  readonly condition: Condition;
  readonly tries: number;
  readonly last: LastTry | undefined;
  /** Of the request that there would have been: what is too old before it is seen has one. */
  readonly unseenRequestId: string;
  readonly nowMs: number;
}): object {
  const { mapping, records, last } = options;
  const [first] = records;
  const final = records.at(-1);
  const info = {
    shardId: options.shardId,
    startSequenceNumber: first?.sequenceNumber,
    endSequenceNumber: final?.sequenceNumber,
    approximateArrivalOfFirstRecord: iso(first?.arrivedAtMs),
    approximateArrivalOfLastRecord: iso(final?.arrivedAtMs),
    batchSize: records.length,
    streamArn: mapping.eventSourceArn,
  };
  return {
    requestContext: {
      requestId: last?.requestId ?? options.unseenRequestId,
      functionArn: mapping.functionArn,
      condition: options.condition,
      // @source recorded, maximum_record_age_exceeded: one, of records that no invocation has seen
      approximateInvokeCount: Math.max(1, options.tries),
    },
    ...(last === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: last.executedVersion,
            functionError: last.functionError,
          },
        }),
    version: '1.0',
    timestamp: iso(options.nowMs),
    [mapping.eventSourceArn.includes(':dynamodb:') ? 'DDBStreamBatchInfo' : 'KinesisBatchInfo']: info,
  };
}

const iso = (atMs: number | undefined): string | undefined => (atMs === undefined ? undefined : new Date(atMs).toISOString());
