import { endExecution, executionTimedOut } from './ending.ts';
import type { Execution } from './execution.ts';
import { ended } from './history.ts';
import { isPending, type ErrorObject, type Operation } from './operation.ts';

/**
 * When time alone changes something next, in epoch milliseconds.
 *
 * @param isInvoked  an invocation is under way: then it is not due
 */
export function nextDueMs(execution: Execution, isInvoked: boolean): number | undefined {
  if (!execution.isRunning) return undefined;
  const { phase, retryAtMs } = execution.state;
  let dueMs = execution.deadlineMs;
  if (phase === 'ready' && !isInvoked) dueMs = Math.min(dueMs, retryAtMs ?? execution.head.startedAtMs);
  for (const operation of execution.operations.values())
    if (isPending(operation)) dueMs = Math.min(dueMs, operation.dueAtMs ?? dueMs, operation.heartbeat?.dueAtMs ?? dueMs);
  return dueMs;
}

/** Whatever time has brought about up to now. */
export function applyDue(execution: Execution, nowMs: number): void {
  if (!execution.isRunning) return;
  if (execution.deadlineMs <= nowMs)
    return endExecution(execution, 'TIMED_OUT', { error: executionTimedOut(execution.head.timeoutMs) }, nowMs);
  for (const operation of execution.operations.values()) {
    const isDue = operation.dueAtMs !== undefined && operation.dueAtMs <= nowMs;
    const isSilent = operation.heartbeat !== undefined && operation.heartbeat.dueAtMs <= nowMs;
    if (!isPending(operation) || (!isDue && !isSilent)) continue;
    switch (operation.type) {
      case 'WAIT':
        over(execution, { ...operation, status: 'SUCCEEDED' }, nowMs);
        break;
      case 'STEP': {
        const { dueAtMs: _due, ...rest } = operation;
        execution.move({ ...rest, status: 'READY' });
        break;
      }
      case 'CALLBACK':
        over(execution, { ...operation, status: 'TIMED_OUT', error: isDue ? callbackTimedOut : callbackSilent }, nowMs);
        break;
      default:
    }
  }
}

/** An operation that somebody else than the function has ended. */
export function over(execution: Execution, operation: Operation, nowMs: number): void {
  const ending = { ...operation, endedAtMs: nowMs };
  execution.move(ending);
  execution.record(ended(ending, nowMs));
}

/** As SDKs tell the two apart. */
const callbackTimedOut: ErrorObject = { ErrorMessage: 'Callback timed out', ErrorType: 'Callback.Timeout' };
const callbackSilent: ErrorObject = { ErrorMessage: 'Callback timed out on heartbeat', ErrorType: 'Callback.Heartbeat' };
