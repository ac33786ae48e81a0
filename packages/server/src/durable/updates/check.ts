import type { ServiceFault } from '@mayfly/wire';
import type { Execution } from '../execution.ts';
import { invalid } from '../faults.ts';
import { chainedBytes, errorBytes, mostOperations, mostWrittenBytes, payloadBytes, resultBytes } from '../limits.ts';
import type { Operation, OperationStatus, OperationType, Update } from '../operation.ts';

type Action = NonNullable<Update['Action']>;

/** @source spec 10.3-01 to 10.3-06 */
const actions: Readonly<Record<OperationType, ReadonlySet<Action>>> = {
  EXECUTION: new Set(['SUCCEED', 'FAIL']),
  CONTEXT: new Set(['START', 'SUCCEED', 'FAIL']),
  STEP: new Set(['START', 'SUCCEED', 'FAIL', 'RETRY']),
  WAIT: new Set(['START', 'CANCEL']),
  CALLBACK: new Set(['START']),
  CHAINED_INVOKE: new Set(['START']),
};

/**
 * Whether all of a checkpoint can be applied; nothing of it is when one part cannot.
 *
 * The texts are those of AWS's own test servers. @source spec 10.3, 10.4-09
 *
 * @throws ServiceFault InvalidParameterValueException
 */
export function checkUpdates(execution: Execution, updates: readonly Update[]): void {
  const executions = updates.filter(({ Type: type }) => type === 'EXECUTION').length;
  if (executions > 1) throw invalid('Cannot checkpoint multiple EXECUTION updates.');
  if (executions === 1 && updates.at(-1)?.Type !== 'EXECUTION') throw invalid('EXECUTION checkpoint must be the last update.');
  const draft = new Draft(execution);
  for (const update of updates) draft.take(update);
  if (draft.count > mostOperations) throw invalid(`A durable execution cannot have more than ${mostOperations} operations.`);
  if (execution.state.writtenBytes + writtenBytes(updates) > mostWrittenBytes)
    throw invalid(`A durable execution cannot write more than ${mostWrittenBytes} bytes.`);
}

export const writtenBytes = (updates: readonly Update[]): number =>
  updates.reduce(
    (sum, { Payload: text, Error: error }) => sum + sizeOf(text) + (error === undefined ? 0 : sizeOf(JSON.stringify(error))),
    0,
  );

const sizeOf = (text: string | undefined): number => (text === undefined ? 0 : Buffer.byteLength(text));

/** The execution as it will be when the updates seen so far are applied: only as much of it as decides about the next. */
class Draft {
  readonly #execution: Execution;
  readonly #seen = new Map<string, { readonly type: OperationType; readonly last: Action }>();
  count: number;

  constructor(execution: Execution) {
    this.#execution = execution;
    this.count = execution.operations.size;
  }

  take(update: Update): void {
    const { Id: id = '', Type: type = 'STEP', Action: action = 'START' } = update;
    const known = this.#execution.operations.get(id);
    this.#checkRepeated(update);
    this.#checkParent(update);
    if (known !== undefined && type !== 'EXECUTION') checkSame(known, update);
    checkSizes(this.#execution, update);
    if (!actions[type].has(action)) throw invalid('Invalid action for the given operation type.');
    checkStep(update, this.#statusOf(id));
    if (known === undefined && !this.#seen.has(id) && type !== 'EXECUTION') this.count += 1;
    this.#seen.set(id, { type, last: action });
  }

  /** As it stands before this update. */
  #statusOf(id: string): OperationStatus | undefined {
    return this.#seen.has(id) ? 'STARTED' : this.#execution.operations.get(id)?.status;
  }

  /** Twice in one checkpoint only to start and then to end, where the function does both. */
  #checkRepeated({ Id: id = '', Action: action }: Update): void {
    const seen = this.#seen.get(id);
    if (seen === undefined) return;
    const fine = (seen.type === 'STEP' || seen.type === 'CONTEXT') && seen.last === 'START' && action !== 'START';
    if (!fine) throw invalid('Cannot checkpoint multiple operations with the same ID.');
  }

  #checkParent({ ParentId: parentId }: Update): void {
    if (parentId === undefined) return;
    const seen = this.#seen.get(parentId);
    const type = seen === undefined ? this.#execution.operations.get(parentId)?.type : seen.type;
    if (type !== 'CONTEXT') throw invalid('Invalid parent operation id.');
  }
}

function checkSame(known: Operation, { Type: type, SubType: subType, Name: name, ParentId: parentId }: Update): void {
  if (type !== known.type) throw invalid('Inconsistent operation type.');
  if (subType !== undefined && subType !== known.subType) throw invalid('Inconsistent operation subtype.');
  if (name !== undefined && name !== known.name) throw invalid('Inconsistent operation name.');
  if (parentId !== undefined && parentId !== known.parentId) throw invalid('Inconsistent parent operation id.');
}

/** @source spec 10.3-08 */
function checkSizes({ head }: Execution, { Type: type, Payload: text, Error: error }: Update): void {
  if (error !== undefined && sizeOf(JSON.stringify(error)) > errorBytes)
    throw invalid(`Error object size must be less than ${errorBytes} bytes.`);
  const bytes = sizeOf(text);
  switch (type) {
    case 'EXECUTION': {
      const limit = resultLimit(head);
      if (bytes > limit) throw tooLargeResult(limit);
      return;
    }
    case 'CHAINED_INVOKE':
      if (bytes > chainedBytes)
        throw invalid(`CHAINED_INVOKE input payload size must be less than or equal to ${chainedBytes} bytes.`);
      return;
    default:
      if (bytes > payloadBytes) throw invalid(`${type} output payload size must be less than or equal to ${payloadBytes} bytes.`);
  }
}

export const resultLimit = ({ isAsync, isChained }: Execution['head']): number =>
  isChained ? chainedBytes : isAsync ? resultBytes.async : resultBytes.sync;

export const tooLargeResult = (limit: number): ServiceFault =>
  invalid(`Execution output payload size must be less than or equal to ${limit} bytes.`);

const mayRetryFrom: ReadonlySet<OperationStatus | undefined> = new Set(['STARTED', 'READY', undefined]);

/** Whether the action follows on the status; a step may end without having told that it started. */
function checkStep(update: Update, status: OperationStatus | undefined): void {
  const { Type: type, Action: action, Payload: text, Error: error } = update;
  if (action === 'FAIL' && text !== undefined) throw invalid('Cannot provide a Payload for FAIL action.');
  if (action === 'SUCCEED' && error !== undefined) throw invalid('Cannot provide an Error for SUCCEED action.');
  switch (type) {
    case 'STEP':
      if (action === 'START') {
        if (status !== undefined && status !== 'READY') throw invalid('Invalid current STEP state to start.');
      } else if (!mayRetryFrom.has(status)) {
        throw invalid(action === 'RETRY' ? 'Invalid current STEP state to re-attempt.' : 'Invalid current STEP state to close.');
      }
      if (action === 'RETRY' && update.StepOptions?.NextAttemptDelaySeconds === undefined)
        throw invalid('Invalid StepOptions for the given action.');
      if (action === 'RETRY' && text !== undefined && error !== undefined)
        throw invalid('Cannot provide both error and payload to RETRY a STEP.');
      return;
    case 'CONTEXT':
      if (action === 'START' && status !== undefined) throw invalid('Cannot start a CONTEXT that already exists.');
      if (action !== 'START' && status !== undefined && status !== 'STARTED')
        throw invalid('Invalid current CONTEXT state to close.');
      return;
    case 'WAIT':
      if (action === 'CANCEL' && status !== 'STARTED')
        throw invalid('Cannot cancel a WAIT that does not exist or has already completed.');
      if (action === 'START' && status !== undefined) throw invalid('Cannot start a WAIT that already exists.');
      if (action === 'START' && update.WaitOptions?.WaitSeconds === undefined)
        throw invalid('Invalid WaitOptions for the given action.');
      return;
    case 'CALLBACK':
      if (status !== undefined) throw invalid('Cannot start a CALLBACK that already exists.');
      return;
    case 'CHAINED_INVOKE':
      if (status !== undefined) throw invalid('Cannot start a CHAINED_INVOKE that already exists.');
      if (update.ChainedInvokeOptions === undefined) throw invalid('Invalid ChainedInvokeOptions for the given action.');
      return;
    case 'EXECUTION':
    case undefined:
      return;
  }
}
