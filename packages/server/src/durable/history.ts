import type { HistoryEvent } from './execution.ts';
import { callbackIdOf } from './names.ts';
import type { ChainedStart, ErrorObject, Operation } from './operation.ts';

type Untold = Omit<HistoryEvent, 'EventId'>;
type EventType = NonNullable<HistoryEvent['EventType']>;

const payload = (text: string | undefined) => ({ ...(text === undefined ? {} : { Payload: text }), Truncated: false });
const fault = (error: ErrorObject | undefined) => ({ ...(error === undefined ? {} : { Payload: error }), Truncated: false });

/** Words of the API for the types of operations: `StepStarted`, `ChainedInvokeFailed` … @source spec 10.4-06 */
const words = {
  EXECUTION: 'Execution',
  CONTEXT: 'Context',
  STEP: 'Step',
  WAIT: 'Wait',
  CALLBACK: 'Callback',
  CHAINED_INVOKE: 'ChainedInvoke',
} as const;

const event = (operation: Operation, atMs: number, what: string, details: object): Untold => {
  const word = `${words[operation.type]}${what}`;
  return {
    EventType: word as EventType,
    ...(operation.subType === undefined ? {} : { SubType: operation.subType }),
    Id: operation.id,
    ...(operation.name === undefined ? {} : { Name: operation.name }),
    EventTimestamp: new Date(atMs),
    ...(operation.parentId === undefined ? {} : { ParentId: operation.parentId }),
    [`${word}Details`]: details,
  };
};

export function started(operation: Operation, atMs: number, more: Beginning): Untold {
  const details = (): object => {
    switch (operation.type) {
      case 'EXECUTION':
        return { Input: payload(operation.input), ExecutionTimeout: more.executionTimeoutS };
      case 'WAIT':
        return { Duration: operation.waitSeconds, ScheduledEndTimestamp: new Date(operation.dueAtMs ?? atMs) };
      case 'CALLBACK':
        return {
          CallbackId: callbackIdOf(more.executionArn, operation.id),
          ...(more.callback?.heartbeatS === undefined ? {} : { HeartbeatTimeout: more.callback.heartbeatS }),
          ...(more.callback?.timeoutS === undefined ? {} : { Timeout: more.callback.timeoutS }),
        };
      case 'CHAINED_INVOKE':
        return {
          FunctionName: operation.chained?.functionName ?? '',
          ...(operation.chained?.tenantId === undefined ? {} : { TenantId: operation.chained.tenantId }),
          Input: payload(operation.input),
          ...(more.chained?.executedVersion === undefined ? {} : { ExecutedVersion: more.chained.executedVersion }),
          ...(more.chained?.durableExecutionArn === undefined ? {} : { DurableExecutionArn: more.chained.durableExecutionArn }),
        };
      case 'CONTEXT':
      case 'STEP':
        return {};
    }
  };
  return event(operation, atMs, 'Started', details());
}

/** What an event of a start tells besides the operation. */
interface Beginning {
  readonly executionArn: string;
  readonly executionTimeoutS?: number;
  readonly callback?: { readonly timeoutS?: number; readonly heartbeatS?: number };
  readonly chained?: ChainedStart;
}

const endingWords = {
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  TIMED_OUT: 'TimedOut',
  STOPPED: 'Stopped',
} as const;

/** @param operation  as it is now that it is over */
export function ended(operation: Operation, atMs: number): Untold {
  const status = operation.status as keyof typeof endingWords;
  const outcome = (): object => {
    if (operation.type === 'WAIT') return status === 'SUCCEEDED' ? { Duration: operation.waitSeconds } : {};
    if (status === 'SUCCEEDED') return { Result: payload(operation.result) };
    return { Error: fault(operation.error) };
  };
  const attempt = operation.type === 'STEP' ? { RetryDetails: { CurrentAttempt: operation.attempt ?? 1 } } : {};
  return event(operation, atMs, endingWords[status], { ...outcome(), ...attempt });
}

/** An attempt of a step that another one follows: failed, or, where a condition is waited for, without an error. */
export function attempted(operation: Operation, atMs: number, nextAttemptDelayS: number): Untold {
  const retry = { RetryDetails: { CurrentAttempt: operation.attempt ?? 1, NextAttemptDelaySeconds: nextAttemptDelayS } };
  return operation.error === undefined
    ? event(operation, atMs, 'Succeeded', { Result: payload(operation.result), ...retry })
    : event(operation, atMs, 'Failed', { Error: fault(operation.error), ...retry });
}

export const invoked = (of: {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly error?: ErrorObject;
}): Untold => ({
  EventType: 'InvocationCompleted',
  EventTimestamp: new Date(of.endedAtMs),
  InvocationCompletedDetails: {
    StartTimestamp: new Date(of.startedAtMs),
    EndTimestamp: new Date(of.endedAtMs),
    RequestId: of.requestId,
    ...(of.error === undefined ? {} : { Error: fault(of.error) }),
  },
});

/** The event without what the function and its callers wrote into it. @source spec 10.4-05, 10.4-06 */
export function withoutData(told: HistoryEvent): HistoryEvent {
  const bare = (details: unknown): unknown =>
    typeof details !== 'object' || details === null || details instanceof Date
      ? details
      : Object.fromEntries(
          Object.entries(details).map(([key, value]) => [
            key,
            dataful.has(key) && value !== undefined ? { Truncated: true } : value,
          ]),
        );
  return Object.fromEntries(Object.entries(told).map(([key, value]) => [key, bare(value)]));
}
const dataful: ReadonlySet<string> = new Set(['Input', 'Result', 'Error']);
