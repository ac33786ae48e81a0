import { ServiceFault } from '@mayfly/wire';
import { buffered, type Outcome } from '../invoke/index.ts';
import { endExecution } from './ending.ts';
import { errorIn, readAnswer } from './event.ts';
import type { Execution } from './execution.ts';
import { willPass } from './faults.ts';
import { idlePendings, invocationFailures, pauseMs } from './limits.ts';
import { isPending, type ErrorObject } from './operation.ts';
import { resultLimit, tooLargeResult } from './updates/check.ts';

/** How an invocation of an execution ended. */
export type Ending =
  | { readonly kind: 'returned'; readonly body: Uint8Array }
  | { readonly kind: 'failed'; readonly error: ErrorObject }
  /** Nothing ran. */
  | { readonly kind: 'refused'; readonly error: unknown };

/** The whole of an outcome. Never rejects. */
export async function endingOf(outcome: Outcome, limitBytes: number): Promise<Ending> {
  const { body, functionError, errorType } = await buffered(outcome, limitBytes);
  if (functionError === undefined) return { kind: 'returned', body };
  if (errorType === 'Sandbox.Failure') return { kind: 'refused', error: new Error('The sandbox failed.') };
  return { kind: 'failed', error: errorIn(body) };
}

/** What an ending means for the execution. */
export function decide(execution: Execution, ending: Ending, nowMs: number): void {
  switch (ending.kind) {
    case 'returned':
      return answered(execution, ending.body, nowMs);
    case 'failed': {
      const failures = execution.state.failures + 1;
      if (failures >= invocationFailures.atMost) return fail(execution, ending.error, nowMs);
      return execution.change({ failures, retryAtMs: nowMs + invocationFailures.pauseMs });
    }
    case 'refused': {
      const { error } = ending;
      if (error instanceof ServiceFault && !willPass(error))
        return fail(execution, { ErrorType: error.code, ErrorMessage: error.message }, nowMs);
      // Throttled, not ready, or ours: it says nothing about the function, and passes.
      const refusals = execution.state.refusals + 1;
      return execution.change({ refusals, retryAtMs: nowMs + pauseMs(refusals - 1) });
    }
  }
}

function answered(execution: Execution, body: Uint8Array, nowMs: number): void {
  const answer = readAnswer(body);
  switch (answer.kind) {
    case 'succeeded': {
      const limit = resultLimit(execution.head);
      if (Buffer.byteLength(answer.result ?? '') > limit)
        return fail(execution, { ErrorMessage: tooLargeResult(limit).message }, nowMs);
      return endExecution(execution, 'SUCCEEDED', { result: answer.result }, nowMs);
    }
    case 'failed':
    case 'senseless':
      return fail(execution, answer.error, nowMs);
    case 'pending':
      return suspend(execution, nowMs);
  }
}

/** The function waits; at once no longer, when something happened while it made up its mind. */
function suspend(execution: Execution, nowMs: number): void {
  const { unseen } = execution.state;
  if (unseen.length > 0 || [...execution.operations.values()].some(isPending))
    return execution.change({
      phase: unseen.length > 0 ? 'ready' : 'suspended',
      failures: 0,
      refusals: 0,
      idlePendings: 0,
      retryAtMs: undefined,
    });
  const times = execution.state.idlePendings + 1;
  if (times >= idlePendings) return fail(execution, nothingPending, nowMs);
  execution.change({ idlePendings: times, retryAtMs: nowMs + invocationFailures.pauseMs });
}

/** The text is that of AWS's test server. */
const nothingPending: ErrorObject = {
  ErrorType: 'InvalidParameterValueException',
  ErrorMessage: 'Cannot return PENDING status with no pending operations.',
};

const fail = (execution: Execution, error: ErrorObject | undefined, nowMs: number): void =>
  endExecution(execution, 'FAILED', { error }, nowMs);
