import type { LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { qualifiedArn, type Scope } from '../names.ts';
import type { MappingRecord } from './record.ts';

export type MappingOutput = LambdaOperations['GetEventSourceMapping']['output'];

const mappingArn = (scope: Scope, uuid: string): string =>
  `arn:aws:lambda:${scope.region}:${scope.account}:event-source-mapping:${uuid}`;

/** @source spec 1.12-01 */
export function show(
  scope: Scope,
  record: MappingRecord,
  lastProcessingResult: string | undefined,
  state: string = record.state,
): MappingOutput {
  const { settings, kind } = record;
  return compact<MappingOutput>({
    UUID: record.uuid,
    EventSourceMappingArn: mappingArn(scope, record.uuid),
    EventSourceArn: record.eventSourceArn,
    FunctionArn: qualifiedArn(scope, record.functionName, record.qualifier),
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.batchWindowS,
    FilterCriteria: settings.patterns && { Filters: settings.patterns.map((Pattern) => ({ Pattern })) },
    FunctionResponseTypes: settings.responseTypes as MappingOutput['FunctionResponseTypes'],
    ScalingConfig: settings.maximumConcurrency === undefined ? undefined : { MaximumConcurrency: settings.maximumConcurrency },
    StartingPosition: settings.startingPosition,
    StartingPositionTimestamp: settings.startingAtMs === undefined ? undefined : new Date(settings.startingAtMs),
    ParallelizationFactor: settings.parallelizationFactor,
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: settings.maximumRecordAgeS,
    BisectBatchOnFunctionError: settings.bisect,
    TumblingWindowInSeconds: settings.tumblingWindowS,
    DestinationConfig:
      settings.onFailureArn === undefined
        ? undefined
        : { OnFailure: settings.onFailureArn === '' ? {} : { Destination: settings.onFailureArn } },
    KMSKeyArn: settings.kmsKeyArn,
    ...settings.broker,
    State: state,
    StateTransitionReason: kind === 'sqs' ? 'USER_INITIATED' : 'User action',
    LastProcessingResult: kind === 'sqs' ? undefined : (lastProcessingResult ?? 'No records processed'),
    LastModified: new Date(record.modifiedAt),
  });
}
