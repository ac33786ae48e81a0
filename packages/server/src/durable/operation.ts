import type { LambdaOperations } from '@mayfly/wire';
import { callbackIdOf } from './names.ts';

type Items<List> = Exclude<List, undefined> extends readonly (infer Item)[] ? Item : never;
export type Shown = Items<LambdaOperations['GetDurableExecutionState']['output']['Operations']>;
export type Update = Items<LambdaOperations['CheckpointDurableExecution']['input']['Updates']>;
export type ErrorObject = NonNullable<Update['Error']>;
export type OperationType = NonNullable<Shown['Type']>;
export type OperationStatus = NonNullable<Shown['Status']>;

/** One operation of an execution; replaced whole at each change. Times are the clock's epoch milliseconds. @source spec 10.3 */
export interface Operation {
  /** Order of appearance. */
  readonly seq: number;
  readonly id: string;
  readonly parentId?: string;
  readonly name?: string;
  readonly type: OperationType;
  readonly subType?: string;
  readonly status: OperationStatus;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  /** Of the execution, or of a chained invoke. */
  readonly input?: string;
  readonly result?: string;
  readonly error?: ErrorObject;
  /** When time alone moves it on: the end of a wait, the next attempt of a step, the time-out of a callback. */
  readonly dueAtMs?: number;
  readonly heartbeat?: { readonly everyMs: number; readonly dueAtMs: number };
  /** Of a wait. */
  readonly waitSeconds?: number;
  /** Attempts of a step that have ended. */
  readonly attempt?: number;
  readonly replayChildren?: boolean;
  readonly chained?: ChainedInvoke;
}

export interface ChainedInvoke {
  readonly functionName: string;
  readonly tenantId?: string;
  /** The history has its start. */
  readonly isTold?: true;
}

/** What a chained invoke runs, known when it has begun. */
export interface ChainedStart {
  readonly executedVersion?: string;
  /** Of a function that has executions. */
  readonly durableExecutionArn?: string;
}

const endings: ReadonlySet<OperationStatus> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'STOPPED']);

export const isOver = ({ status }: Operation): boolean => endings.has(status);

/** Whether something outside of the function will move it on. */
export const isPending = ({ type, status }: Operation): boolean =>
  status === 'PENDING' || (status === 'STARTED' && (type === 'WAIT' || type === 'CALLBACK' || type === 'CHAINED_INVOKE'));

/** As the API shows it. */
export function shown(operation: Operation, executionArn: string): Shown {
  const { id, parentId, name, type, subType, status, startedAtMs, endedAtMs } = operation;
  return {
    Id: id,
    ...(parentId === undefined ? {} : { ParentId: parentId }),
    ...(name === undefined ? {} : { Name: name }),
    Type: type,
    ...(subType === undefined ? {} : { SubType: subType }),
    StartTimestamp: new Date(startedAtMs),
    ...(endedAtMs === undefined ? {} : { EndTimestamp: new Date(endedAtMs) }),
    Status: status,
    ...details(operation, executionArn),
  };
}

function details(operation: Operation, executionArn: string): Partial<Shown> {
  const { id, type, status, input, result, error, dueAtMs, replayChildren } = operation;
  const outcome = { ...(result === undefined ? {} : { Result: result }), ...(error === undefined ? {} : { Error: error }) };
  const due = dueAtMs === undefined ? undefined : new Date(dueAtMs);
  switch (type) {
    case 'EXECUTION':
      return { ExecutionDetails: { InputPayload: input } };
    case 'CONTEXT':
      return { ContextDetails: { ...(replayChildren === undefined ? {} : { ReplayChildren: replayChildren }), ...outcome } };
    case 'STEP':
      return {
        StepDetails: {
          Attempt: operation.attempt ?? 0,
          ...(status === 'PENDING' ? { NextAttemptTimestamp: due } : {}),
          ...outcome,
        },
      };
    case 'WAIT':
      return { WaitDetails: { ScheduledEndTimestamp: due } };
    case 'CALLBACK':
      return { CallbackDetails: { CallbackId: callbackIdOf(executionArn, id), ...outcome } };
    case 'CHAINED_INVOKE':
      return { ChainedInvokeDetails: outcome };
  }
}

/**
 * What a replay needs: operations below a context that is over are not told, for its result stands for them, unless it asked for them.
 *
 * @param operations  in their order: a parent before its children
 */
export function replayed(operations: Iterable<Operation>): Operation[] {
  const told: Operation[] = [];
  const hidden = new Set<string>();
  const parents = new Map<string, Operation>();
  for (const operation of operations) {
    parents.set(operation.id, operation);
    const parent = operation.parentId === undefined ? undefined : parents.get(operation.parentId);
    if (parent !== undefined && (hidden.has(parent.id) || (isOver(parent) && parent.replayChildren !== true)))
      hidden.add(operation.id);
    else told.push(operation);
  }
  return told;
}
