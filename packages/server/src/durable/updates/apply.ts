import { endExecution } from '../ending.ts';
import type { Execution } from '../execution.ts';
import { attempted, ended, started } from '../history.ts';
import type { Operation, Update } from '../operation.ts';
import { writtenBytes } from './check.ts';

/** Applies a checkpoint that `check.ts` has let pass. @returns ids of what it changed */
export function applyUpdates(execution: Execution, updates: readonly Update[], nowMs: number): ReadonlySet<string> {
  const touched = new Set<string>();
  execution.change({ writtenBytes: execution.state.writtenBytes + writtenBytes(updates) });
  for (const update of updates) {
    if (update.Type === 'EXECUTION') {
      // Whatever id it has, there is one execution. @source spec 10.2-04
      endExecution(
        execution,
        update.Action === 'FAIL' ? 'FAILED' : 'SUCCEEDED',
        { result: update.Payload, error: update.Error },
        nowMs,
      );
      continue;
    }
    apply(execution, update, nowMs);
    touched.add(update.Id ?? '');
  }
  return touched;
}

function apply(execution: Execution, update: Update, nowMs: number): void {
  const known = execution.operations.get(update.Id ?? '');
  const operation = known ?? introduced(execution, update, nowMs);
  switch (update.Action) {
    case 'START':
      return start(execution, operation, update, nowMs);
    case 'SUCCEED':
      return close(execution, withOutcome(operation, update), 'SUCCEEDED', nowMs);
    case 'FAIL':
      return close(execution, withOutcome(operation, update), 'FAILED', nowMs);
    case 'CANCEL':
      return close(execution, operation, 'CANCELLED', nowMs);
    case 'RETRY':
      return retry(execution, withOutcome(operation, update), update.StepOptions?.NextAttemptDelaySeconds ?? 1, nowMs);
    case undefined:
  }
}

const introduced = (execution: Execution, update: Update, nowMs: number): Operation => ({
  seq: execution.operations.size,
  id: update.Id ?? '',
  ...(update.ParentId === undefined ? {} : { parentId: update.ParentId }),
  ...(update.Name === undefined ? {} : { name: update.Name }),
  type: update.Type ?? 'STEP',
  ...(update.SubType === undefined ? {} : { subType: update.SubType }),
  status: 'STARTED',
  startedAtMs: nowMs,
});

function start(execution: Execution, operation: Operation, update: Update, nowMs: number): void {
  const { CallbackOptions: callback } = update;
  const begun: Operation = { ...operation, status: 'STARTED', ...startOf(operation.type, update, nowMs) };
  execution.put(begun);
  // What it runs is known when it has begun.
  if (begun.type === 'CHAINED_INVOKE') return;
  execution.record(
    started(begun, nowMs, {
      executionArn: execution.arn,
      callback: {
        ...(callback?.TimeoutSeconds ? { timeoutS: callback.TimeoutSeconds } : {}),
        ...(callback?.HeartbeatTimeoutSeconds ? { heartbeatS: callback.HeartbeatTimeoutSeconds } : {}),
      },
    }),
  );
}

/** What a type has from its start on. */
function startOf(type: Operation['type'], update: Update, nowMs: number): Partial<Operation> {
  switch (type) {
    case 'WAIT': {
      const waitSeconds = update.WaitOptions?.WaitSeconds ?? 0;
      return { waitSeconds, dueAtMs: nowMs + waitSeconds * 1000 };
    }
    case 'CALLBACK': {
      // 0 is none. @source spec 10.3-05
      const timeoutMs = (update.CallbackOptions?.TimeoutSeconds ?? 0) * 1000;
      const everyMs = (update.CallbackOptions?.HeartbeatTimeoutSeconds ?? 0) * 1000;
      return {
        ...(timeoutMs === 0 ? {} : { dueAtMs: nowMs + timeoutMs }),
        ...(everyMs === 0 ? {} : { heartbeat: { everyMs, dueAtMs: nowMs + everyMs } }),
      };
    }
    case 'CHAINED_INVOKE': {
      const { FunctionName: functionName = '', TenantId: tenantId } = update.ChainedInvokeOptions ?? {};
      return {
        chained: { functionName, ...(tenantId === undefined ? {} : { tenantId }) },
        ...(update.Payload === undefined ? {} : { input: update.Payload }),
      };
    }
    default:
      return {};
  }
}

/** The outcome of the last attempt alone. */
function withOutcome({ result: _result, error: _error, ...operation }: Operation, update: Update): Operation {
  const replayChildren = update.ContextOptions?.ReplayChildren;
  return {
    ...operation,
    ...(update.Payload === undefined ? {} : { result: update.Payload }),
    ...(update.Error === undefined ? {} : { error: update.Error }),
    ...(replayChildren === undefined ? {} : { replayChildren }),
  };
}

function close(execution: Execution, operation: Operation, status: 'SUCCEEDED' | 'FAILED' | 'CANCELLED', nowMs: number): void {
  const over: Operation = {
    ...operation,
    status,
    endedAtMs: nowMs,
    ...(operation.type === 'STEP' ? { attempt: (operation.attempt ?? 0) + 1 } : {}),
  };
  execution.put(over);
  execution.record(ended(over, nowMs));
}

function retry(execution: Execution, operation: Operation, delayS: number, nowMs: number): void {
  const waiting: Operation = {
    ...operation,
    status: 'PENDING',
    attempt: (operation.attempt ?? 0) + 1,
    dueAtMs: nowMs + delayS * 1000,
  };
  execution.put(waiting);
  execution.record(attempted(waiting, nowMs, delayS));
}
