import type { Execution, ExecutionStatus } from './execution.ts';
import { ended } from './history.ts';
import type { ErrorObject, Operation } from './operation.ts';

export interface ExecutionOutcome {
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
}

/** The last word; nothing changes an execution after it. */
export function endExecution(
  execution: Execution,
  status: Exclude<ExecutionStatus, 'RUNNING'>,
  { result, error }: ExecutionOutcome,
  nowMs: number,
): void {
  const outcome = { ...(result === undefined ? {} : { result }), ...(error === undefined ? {} : { error }) };
  const [root] = execution.operations.values();
  if (root !== undefined) {
    const over: Operation = { ...root, status, endedAtMs: nowMs };
    execution.put(over);
    execution.record(ended({ ...over, ...outcome }, nowMs));
  }
  const hasDied = execution.head.deadLetterTargetArn !== undefined && (status === 'FAILED' || status === 'TIMED_OUT');
  execution.change({ status, endedAtMs: nowMs, ...outcome, ...(hasDied ? { owesDeadLetter: true } : {}) });
}

/** The text is that of AWS's test server. */
export const executionTimedOut = (timeoutMs: number): ErrorObject => ({
  ErrorMessage: `Execution timed out after ${timeoutMs / 1000} seconds.`,
});
