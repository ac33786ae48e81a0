import type { AccountId, FunctionArn, Region, RequestId } from '../../base/index.ts';
import type { Resolution } from '../../control/index.ts';

/** An accepted event as the queue remembers it. Times are the clock's monotonic milliseconds: wall clocks jump. */
export interface QueuedEvent {
  /** Order of acceptance. */
  readonly seq: number;
  readonly account: AccountId;
  readonly region: Region;
  /** Unqualified; events of one function share a lane. */
  readonly functionArn: FunctionArn;
  /** As called, so that an alias is resolved anew at each attempt. */
  readonly invokedArn: string;
  /** The same for every attempt. @source spec 2.9-05 */
  readonly requestId: RequestId;
  readonly traceId: string;
  readonly clientContext?: string;
  readonly tenantId?: string;
  readonly payloadBytes: number;
  /** Kept while there is room, read from storage otherwise. */
  payload?: Uint8Array;
  readonly acceptedAtMs: number;
  /** Attempts that ended in a function error; throttles and crashes do not count. @source spec 2.9-03 */
  attempts: number;
  /** System errors in a row; not stored, a restart begins again at one second. */
  failures: number;
  /** An operator dropped it: its row is gone, and it never runs. */
  purged?: true;
  /** Spoken last word that only needs delivering. */
  ending?: Ending;
}

/** @source spec 1.11-01 */
export interface EventInvokeConfig {
  /** 0 to 2. */
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMs: number;
  readonly onSuccess?: string;
  readonly onFailure?: string;
}
export const defaultEventInvokeConfig: EventInvokeConfig = {
  maximumRetryAttempts: 2,
  maximumEventAgeMs: 21_600_000,
};

/** How an event's life ended. @source spec 2.9-10 */
export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

/** Where an ended event goes: its raw payload to a dead-letter target, the record to a destination. @source spec 2.9-07, 2.9-09 */
export interface DeliveryTarget {
  readonly kind: 'deadLetter' | 'destination';
  readonly arn: string;
}

/** The part of an ending that is stored beside the event. */
export interface Ending {
  readonly condition: Condition;
  readonly targets: readonly DeliveryTarget[];
  readonly approximateInvokeCount: number;
  /** Clock's epoch milliseconds. */
  readonly endedAtMs: number;
  /** `$LATEST` or a number; absent when it never ran. */
  readonly executedVersion?: string;
  readonly functionError?: 'Unhandled';
}

/** What `deliver` is given. The execution role of the version pays for the delivery. */
export interface EndedEvent extends Ending {
  readonly account: AccountId;
  readonly region: Region;
  readonly requestId: RequestId;
  readonly functionArn: FunctionArn;
  /** With its qualifier when one was named. */
  readonly invokedArn: string;
  /** `X-Amzn-Trace-Id` of the invocation; it goes along to where the event ends. */
  readonly traceId: string;
  readonly requestPayload: Uint8Array;
  /** Absent when it never ran. */
  readonly responsePayload?: Uint8Array;
}

/** What the queue asks of the house around it; `main` plugs it in. */
export interface EventPorts {
  /** Settings of the function version or alias; AWS's defaults when absent. */
  eventInvokeConfig?(resolution: Resolution): EventInvokeConfig;
  /** Hands an ended event to one target. A rejection is tried again for a while, then counted. */
  deliver?(ended: EndedEvent, target: DeliveryTarget): Promise<void>;
}
