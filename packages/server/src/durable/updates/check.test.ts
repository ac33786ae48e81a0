import { suite, test, type TestContext } from 'node:test';
import { callback, chained, step, wait } from '../../../../../test/kit/durable-room.ts';
import type { AccountId, Region } from '../../base/index.ts';
import { Execution } from '../execution.ts';
import type { Update } from '../operation.ts';
import { applyUpdates } from './apply.ts';
import { checkUpdates } from './check.ts';

const empty = (more: { readonly isAsync?: boolean; readonly isChained?: boolean } = {}): Execution => {
  const execution = new Execution(
    {
      account: '000000000000' as AccountId,
      region: 'us-east-1' as Region,
      functionName: 'f',
      version: '1',
      name: 'n',
      id: 'i',
      qualifier: '1',
      startedAtMs: 0,
      timeoutMs: 60_000,
      retentionDays: 1,
      inputDigest: '',
      isAsync: false,
      isChained: false,
      traceId: '',
      ...more,
    },
    { status: 'RUNNING', phase: 'ready', failures: 0, refusals: 0, idlePendings: 0, unseen: [], lastEventId: 0, writtenBytes: 0 },
  );
  execution.put({ seq: 0, id: 'root', type: 'EXECUTION', status: 'STARTED', startedAtMs: 0 });
  return execution;
};
/** One that has seen these updates. */
const after = (...updates: Update[]): Execution => {
  const execution = empty();
  applyUpdates(execution, updates, 0);
  return execution;
};
const context = (Id: string, Action: Update['Action'], more: Partial<Update> = {}): Update => ({
  Id,
  Type: 'CONTEXT',
  Action,
  ...more,
});
const execution = (Action: Update['Action'], more: Partial<Update> = {}): Update => ({
  Id: 'x',
  Type: 'EXECUTION',
  Action,
  ...more,
});
const retry = (Id: string, more: Partial<Update> = {}): Update =>
  step(Id, 'RETRY', { StepOptions: { NextAttemptDelaySeconds: 1 }, ...more });

suite('updates of a checkpoint', { timeout: 60_000 }, () => {
  test('those that follow on what is there are taken', (t: TestContext) => {
    const fine: readonly (readonly [Execution, ...Update[]])[] = [
      [empty()],
      [empty(), step('s', 'START'), step('s', 'SUCCEED', { Payload: '1' })],
      [empty(), step('s', 'FAIL', { Error: { ErrorMessage: 'no' } })],
      [empty(), step('s', 'START'), retry('s', { Error: {} })],
      [after(step('s', 'START')), retry('s', { Payload: 'state' })],
      [empty(), context('c', 'START'), step('s', 'SUCCEED', { ParentId: 'c' }), wait('w', 1)],
      [after(context('c', 'START')), context('c', 'SUCCEED', { ContextOptions: { ReplayChildren: true } })],
      [after(wait('w', 1)), { Id: 'w', Type: 'WAIT', Action: 'CANCEL' }],
      [empty(), callback('b'), chained('i', 'f:1'), execution('SUCCEED', { Payload: '1' })],
    ];
    for (const [at, ...updates] of fine) t.assert.doesNotThrow(() => checkUpdates(at, updates), JSON.stringify(updates));
  });

  test('all others are refused, in the words of AWS', (t: TestContext) => {
    const long = 'x'.repeat(300_000);
    const refused: readonly (readonly [string, Execution, ...Update[]])[] = [
      ['Cannot checkpoint multiple EXECUTION updates.', empty(), execution('SUCCEED'), execution('FAIL')],
      ['EXECUTION checkpoint must be the last update.', empty(), execution('SUCCEED'), step('s', 'START')],
      ['Cannot checkpoint multiple operations with the same ID.', empty(), wait('w', 1), wait('w', 1)],
      [
        'Cannot checkpoint multiple operations with the same ID.',
        empty(),
        step('s', 'START'),
        step('s', 'SUCCEED'),
        step('s', 'SUCCEED'),
      ],
      ['Invalid parent operation id.', empty(), step('s', 'START', { ParentId: 'nobody' })],
      ['Invalid parent operation id.', after(step('p', 'START')), step('s', 'START', { ParentId: 'p' })],
      ['Invalid parent operation id.', empty(), step('s', 'START', { ParentId: 'c' }), context('c', 'START')],
      ['Inconsistent operation type.', after(step('s', 'START')), context('s', 'SUCCEED')],
      ['Inconsistent operation name.', after(step('s', 'START', { Name: 'a' })), step('s', 'SUCCEED', { Name: 'b' })],
      ['Inconsistent operation subtype.', after(step('s', 'START', { SubType: 'a' })), step('s', 'SUCCEED', { SubType: 'b' })],
      [
        'Inconsistent parent operation id.',
        after(context('c', 'START'), step('s', 'START')),
        step('s', 'SUCCEED', { ParentId: 'c' }),
      ],
      ['Invalid action for the given operation type.', empty(), { Id: 'w', Type: 'WAIT', Action: 'SUCCEED' }],
      ['Invalid action for the given operation type.', empty(), execution('START')],
      ['Invalid current STEP state to start.', after(step('s', 'START')), step('s', 'START')],
      ['Invalid current STEP state to close.', after(step('s', 'SUCCEED')), step('s', 'SUCCEED')],
      ['Invalid current STEP state to close.', after(retry('s')), step('s', 'SUCCEED')],
      ['Invalid current STEP state to re-attempt.', after(retry('s')), retry('s')],
      ['Invalid StepOptions for the given action.', empty(), step('s', 'RETRY')],
      ['Cannot provide both error and payload to RETRY a STEP.', empty(), retry('s', { Payload: '1', Error: {} })],
      ['Cannot provide a Payload for FAIL action.', empty(), step('s', 'FAIL', { Payload: '1' })],
      ['Cannot provide an Error for SUCCEED action.', empty(), execution('SUCCEED', { Error: {} })],
      ['Cannot start a CONTEXT that already exists.', after(context('c', 'START')), context('c', 'START')],
      ['Invalid current CONTEXT state to close.', after(context('c', 'FAIL')), context('c', 'SUCCEED')],
      ['Cannot start a WAIT that already exists.', after(wait('w', 1)), wait('w', 1)],
      [
        'Cannot cancel a WAIT that does not exist or has already completed.',
        empty(),
        { Id: 'w', Type: 'WAIT', Action: 'CANCEL' },
      ],
      ['Invalid WaitOptions for the given action.', empty(), { Id: 'w', Type: 'WAIT', Action: 'START' }],
      ['Cannot start a CALLBACK that already exists.', after(callback('b')), callback('b')],
      ['Cannot start a CHAINED_INVOKE that already exists.', after(chained('i', 'f')), chained('i', 'f')],
      ['Invalid ChainedInvokeOptions for the given action.', empty(), { Id: 'i', Type: 'CHAINED_INVOKE', Action: 'START' }],
      [
        'Error object size must be less than 32768 bytes.',
        empty(),
        step('s', 'FAIL', { Error: { ErrorData: 'x'.repeat(33_000) } }),
      ],
      ['STEP output payload size must be less than or equal to 262144 bytes.', empty(), step('s', 'SUCCEED', { Payload: long })],
      [
        'CHAINED_INVOKE input payload size must be less than or equal to 1048576 bytes.',
        empty(),
        chained('i', 'f', long.repeat(4)),
      ],
      [
        'Execution output payload size must be less than or equal to 1048576 bytes.',
        empty({ isAsync: true }),
        execution('SUCCEED', { Payload: long.repeat(4) }),
      ],
      [
        'A durable execution cannot have more than 3000 operations.',
        empty(),
        ...Array.from({ length: 3000 }, (_, index) => step(`s${index}`, 'SUCCEED')),
      ],
      [
        'A durable execution cannot write more than 104857600 bytes.',
        empty(),
        ...Array.from({ length: 450 }, (_, index) => step(`s${index}`, 'SUCCEED', { Payload: long.slice(0, 250_000) })),
      ],
    ];
    for (const [message, at, ...updates] of refused)
      t.assert.throws(() => checkUpdates(at, updates), { name: 'InvalidParameterValueException', message });
  });

  test('what is refused in part is refused whole', (t: TestContext) => {
    const at = empty();
    const before = at.operations.size;
    t.assert.throws(() => checkUpdates(at, [step('a', 'START'), step('b', 'RETRY')]));
    t.assert.strictEqual(at.operations.size, before);
  });
});
