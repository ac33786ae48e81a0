import { suite, test, type TestContext } from 'node:test';
import { PlainDatabase } from '../../../../test/kit/plain-database.ts';
import { threw } from '../../../../test/kit/scripted-environments.ts';
import { settle, VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import {
  callback,
  chained,
  openRoom,
  pending,
  step,
  succeeded,
  wait,
  type Room,
  type Told,
} from '../../../../test/kit/durable-room.ts';

const dayMs = 86_400_000;

/** The callback that an execution waits for. */
async function callbackOf(room: Room, arn: string): Promise<string> {
  const { Events: events = [] } = await room.ask('GetDurableExecutionHistory', { DurableExecutionArn: arn });
  return events.find(({ CallbackStartedDetails: details }) => details !== undefined)?.CallbackStartedDetails?.CallbackId ?? '';
}

suite('durable executions', { timeout: 60_000 }, () => {
  test('an execution waits for three days, and is invoked when they are over', async (t: TestContext) => {
    await using room = await openRoom(
      async ({ status, checkpoint }) => {
        if (status('w') === 'SUCCEEDED') return succeeded();
        await checkpoint(wait('w', 3 * 86_400));
        return pending;
      },
      { durable: { executionTimeoutMs: 6 * dayMs } },
    );
    const arn = await room.begin();
    await room.clock.advance(3 * dayMs - 1000);
    t.assert.strictEqual(room.invocations, 1);
    await room.clock.advance(1000);
    const { Status: status, StartTimestamp: start, EndTimestamp: end } = await room.described(arn);
    t.assert.deepStrictEqual([status, Number(end) - Number(start)], ['SUCCEEDED', 3 * dayMs]);
    t.assert.strictEqual(room.invocations, 2);
  });

  test('an execution ends when its time is over, whatever it waits for', async (t: TestContext) => {
    await using room = await openRoom(async ({ checkpoint }) => {
      await checkpoint(wait('w', 3600));
      return pending;
    });
    const arn = await room.begin();
    await room.clock.advance(600_000);
    t.assert.strictEqual((await room.described(arn)).Status, 'TIMED_OUT');
    await room.clock.advance(3_600_000);
    t.assert.strictEqual(room.invocations, 1);
    t.assert.strictEqual(await room.history(arn), 'ExecutionStarted WaitStarted InvocationCompleted ExecutionTimedOut');
  });

  test('each checkpoint token opens one checkpoint, and none when its invocation is over', async (t: TestContext) => {
    const tokens: string[] = [];
    const answers: unknown[] = [];
    await using room = await openRoom(async ({ told, status }) => {
      if (status('w') === 'SUCCEEDED') return succeeded();
      const ask = (CheckpointToken: string, ClientToken: string, ...Updates: Parameters<typeof step>[0][] | object[]) =>
        room.ask('CheckpointDurableExecution', {
          DurableExecutionArn: told.DurableExecutionArn,
          CheckpointToken,
          ClientToken,
          Updates: Updates as never,
        });
      const first = await ask(told.CheckpointToken, 'a', step('s', 'START'));
      answers.push(first, await ask(told.CheckpointToken, 'a', step('s', 'START')));
      await t.assert.rejects(ask(told.CheckpointToken, 'b', step('s', 'SUCCEED')), {
        name: 'InvalidParameterValueException',
        message: 'Invalid Checkpoint Token',
      });
      const second = await ask(first.CheckpointToken ?? '', 'c', step('s', 'SUCCEED'), wait('w', 1));
      tokens.push(second.CheckpointToken ?? '');
      return pending;
    });
    const arn = await room.begin();
    await settle();
    t.assert.deepStrictEqual(answers[0], answers[1]);
    const late = { DurableExecutionArn: arn, CheckpointToken: tokens[0] ?? '' };
    await t.assert.rejects(room.ask('CheckpointDurableExecution', late), { message: 'Invalid Checkpoint Token' });
    await t.assert.rejects(room.ask('GetDurableExecutionState', late), { message: 'Invalid Checkpoint Token' });
    await room.clock.advance(1000);
    t.assert.strictEqual((await room.described(arn)).Status, 'SUCCEEDED');
    t.assert.strictEqual(
      await room.history(arn),
      'ExecutionStarted StepStarted StepSucceeded WaitStarted InvocationCompleted WaitSucceeded InvocationCompleted ExecutionSucceeded',
    );
  });

  test('what happens while a function makes up its mind to wait wakes it at once', async (t: TestContext) => {
    await using room = await openRoom(async ({ told, status, checkpoint }) => {
      if (status('c') === 'SUCCEEDED') return succeeded(JSON.stringify(told.UpdatedOperationIds));
      const { NewExecutionState: state } = await checkpoint(callback('c'));
      const CallbackId = state?.Operations?.[0]?.CallbackDetails?.CallbackId ?? '';
      await room.ask('SendDurableExecutionCallbackSuccess', { CallbackId });
      return pending;
    });
    const arn = await room.begin();
    await settle(30);
    t.assert.strictEqual((await room.described(arn)).Result, '["c"]');
    t.assert.strictEqual(room.invocations, 2);
  });

  test('a running function sees at its next checkpoint what has changed, and is not invoked for it again', async (t: TestContext) => {
    await using room = await openRoom(async ({ checkpoint }) => {
      await checkpoint(step('s', 'RETRY', { StepOptions: { NextAttemptDelaySeconds: 5 } }));
      await room.clock.sleep(5000);
      const { NewExecutionState: state } = await checkpoint();
      return succeeded(JSON.stringify(state?.Operations?.map(({ Id, Status }) => [Id, Status])));
    });
    const arn = await room.begin();
    await room.clock.advance(6000);
    t.assert.strictEqual((await room.described(arn)).Result, '[["s","READY"]]');
    t.assert.strictEqual(room.invocations, 1);
  });

  test('an invocation that fails is repeated after a pause; five in a row fail the execution', async (t: TestContext) => {
    await using room = await openRoom(async ({ count, status, checkpoint }) => {
      if (count < 4 || status('w') === 'SUCCEEDED') return threw('Error', `failure ${count}`);
      await checkpoint(wait('w', 1));
      return pending;
    });
    const arn = await room.begin();
    await room.clock.advance(4 * 5000);
    t.assert.strictEqual(room.invocations, 5);
    await room.clock.advance(1000 + 3 * 5000);
    t.assert.strictEqual((await room.described(arn)).Status, 'RUNNING', 'one that worked begins the count anew');
    await room.clock.advance(5000);
    const { Status: status, Error: error } = await room.described(arn);
    t.assert.deepStrictEqual([status, error], ['FAILED', { ErrorMessage: 'failure 9', ErrorType: 'Error' }]);
  });

  test('a throttled execution waits until there is room, and that is no failure', async (t: TestContext) => {
    await using room = await openRoom(() => succeeded());
    room.catalog.reserve('flow', 0);
    const arn = await room.begin();
    await room.clock.advance(60_000);
    t.assert.strictEqual(room.invocations, 0);
    room.catalog.reserve('flow', 5);
    await room.clock.advance(64_000);
    t.assert.strictEqual(await room.history(arn), 'ExecutionStarted InvocationCompleted ExecutionSucceeded');
    room.catalog.reserve('flow', 0);
    await t.assert.rejects(room.run(), { name: 'TooManyRequestsException' }, 'who waits is refused');
  });

  test('a function that suspends itself and nothing would ever wake fails in the end', async (t: TestContext) => {
    await using room = await openRoom(() => pending);
    const arn = await room.begin();
    await room.clock.advance(60_000);
    const { Status: status, Error: error } = await room.described(arn);
    t.assert.deepStrictEqual([status, room.invocations], ['FAILED', 3]);
    t.assert.strictEqual(error?.ErrorMessage, 'Cannot return PENDING status with no pending operations.');
  });

  test('an answer that is none of an SDK fails the execution', async (t: TestContext) => {
    const answers: readonly (readonly [object, string])[] = [
      [{ hello: 1 }, 'Response status is required'],
      [{ Status: 'DONE' }, 'Unexpected invocation status: "DONE"'],
      [{ Status: 'FAILED', Result: '1' }, 'Cannot provide a Result for FAILED status.'],
      [{ Status: 'SUCCEEDED', Error: {} }, 'Cannot provide an Error for SUCCEEDED status.'],
    ];
    await using room = await openRoom(({ count }) => answers[count]?.[0] ?? {});
    for (const [, text] of answers) {
      const arn = await room.run();
      t.assert.strictEqual((await room.described(arn)).Error?.ErrorMessage, text);
    }
  });

  test('an execution stopped while it is invoked ends at once, and its function hears of it at the next checkpoint', async (t: TestContext) => {
    let refusal: unknown;
    await using room = await openRoom(async ({ told, checkpoint }) => {
      await room.ask('StopDurableExecution', { DurableExecutionArn: told.DurableExecutionArn });
      await checkpoint(step('s', 'START')).catch((error: unknown) => (refusal = error));
      return succeeded();
    });
    const arn = await room.run();
    await settle();
    t.assert.strictEqual((refusal as Error).message, 'Invalid Checkpoint Token');
    t.assert.strictEqual((await room.described(arn)).Status, 'STOPPED');
    t.assert.strictEqual(await room.history(arn), 'ExecutionStarted ExecutionStopped InvocationCompleted');
  });

  test('callbacks end by result, by failure, by silence, and only once', async (t: TestContext) => {
    await using room = await openRoom(async ({ told, status, checkpoint }) => {
      const at = status('c');
      if (at !== undefined && at !== 'STARTED')
        return succeeded(JSON.stringify(told.InitialExecutionState.Operations.find(({ Id }) => Id === 'c')));
      if (at === undefined) await checkpoint(callback('c', { TimeoutSeconds: 60, HeartbeatTimeoutSeconds: 10 }));
      return pending;
    });
    const endOf = async (arn: string) =>
      JSON.parse((await room.described(arn)).Result ?? '{}') as { CallbackDetails: { Error?: object }; Status: string };

    const silent = await room.begin();
    await room.clock.advance(10_000);
    t.assert.deepStrictEqual((await endOf(silent)).CallbackDetails.Error, {
      ErrorMessage: 'Callback timed out on heartbeat',
      ErrorType: 'Callback.Heartbeat',
    });

    const slow = await room.begin();
    await settle();
    const CallbackId = await callbackOf(room, slow);
    for (let beat = 0; beat < 7; beat += 1) {
      await room.clock.advance(8000);
      await room.ask('SendDurableExecutionCallbackHeartbeat', { CallbackId });
    }
    await room.clock.advance(4000);
    t.assert.deepStrictEqual((await endOf(slow)).CallbackDetails.Error, {
      ErrorMessage: 'Callback timed out',
      ErrorType: 'Callback.Timeout',
    });
    for (const late of [
      'SendDurableExecutionCallbackSuccess',
      'SendDurableExecutionCallbackFailure',
      'SendDurableExecutionCallbackHeartbeat',
    ] as const)
      await t.assert.rejects(room.ask(late, { CallbackId }), { name: 'CallbackTimeoutException' });
    await t.assert.rejects(
      room.ask('SendDurableExecutionCallbackSuccess', { CallbackId: Buffer.from('none').toString('base64') }),
      {
        name: 'ResourceNotFoundException',
      },
    );
  });

  test('a name begins one execution, however many ask for it at once, and again when it is forgotten', async (t: TestContext) => {
    await using room = await openRoom(() => succeeded());
    const arns = await Promise.all(Array.from({ length: 8 }, () => room.run({ n: 1 }, { name: 'order' })));
    t.assert.strictEqual(new Set(arns).size, 1);
    t.assert.strictEqual(room.invocations, 1);
    await t.assert.rejects(room.begin({ n: 2 }, { name: 'order' }), { name: 'DurableExecutionAlreadyStartedException' });
    await room.clock.advance(14 * dayMs + 3_600_000);
    await t.assert.rejects(room.described(arns[0] ?? ''), { name: 'ResourceNotFoundException' });
    t.assert.notStrictEqual(await room.begin({ n: 2 }, { name: 'order' }), arns[0]);
  });

  test('executions of an account do not exist for another one', async (t: TestContext) => {
    await using room = await openRoom(async ({ status, checkpoint }) => {
      if (status('c') === undefined) await checkpoint(callback('c'));
      return pending;
    });
    const arn = await room.begin();
    await settle();
    const stranger = '111122223333';
    const CallbackId = await callbackOf(room, arn);
    const notFound = { name: 'ResourceNotFoundException' };
    for (const given of [arn, arn.replace('000000000000', stranger)]) {
      await t.assert.rejects(room.ask('GetDurableExecution', { DurableExecutionArn: given }, stranger), notFound);
      await t.assert.rejects(room.ask('StopDurableExecution', { DurableExecutionArn: given }, stranger), notFound);
    }
    await t.assert.rejects(room.ask('GetDurableExecution', { DurableExecutionArn: arn.replace(':flow:', ':other:') }), notFound);
    await t.assert.rejects(room.ask('SendDurableExecutionCallbackSuccess', { CallbackId }, stranger), notFound);
    t.assert.strictEqual((await room.described(arn)).Status, 'RUNNING');
  });

  test('a chained function of any kind ends its operation', async (t: TestContext) => {
    await using room = await openRoom(async ({ told, functionName, status, checkpoint }) => {
      if (functionName === 'ordinary') return { plain: true };
      const [root] = told.InitialExecutionState.Operations;
      if (root?.ExecutionDetails?.InputPayload === '"child"') {
        if (status('w') === 'SUCCEEDED') return succeeded('"from the child"');
        await checkpoint(wait('w', 100));
        return pending;
      }
      if (status('a') === 'SUCCEEDED' && status('b') === 'SUCCEEDED')
        return succeeded(
          JSON.stringify(
            told.InitialExecutionState.Operations.slice(1).map(({ ChainedInvokeDetails: details }) => details?.Result),
          ),
        );
      if (status('a') === undefined)
        await checkpoint(chained('a', 'ordinary'), chained('b', 'flow:$LATEST', '"child"'), chained('c', 'nobody'));
      return pending;
    });
    const arn = await room.begin('parent' as never);
    await room.clock.advance(101_000);
    t.assert.deepStrictEqual(JSON.parse((await room.described(arn)).Result ?? ''), ['{"plain":true}', '"from the child"', null]);
    const { Events: events = [] } = await room.ask('GetDurableExecutionHistory', { DurableExecutionArn: arn, MaxItems: 1000 });
    const started = events.flatMap(({ Id: id, ChainedInvokeStartedDetails: details }) =>
      details === undefined ? [] : [{ id, ...details }],
    );
    const child = started.find(({ id }) => id === 'b')?.DurableExecutionArn ?? '';
    t.assert.strictEqual((await room.described(child)).InputPayload, '"child"');
    t.assert.deepStrictEqual(started.map(({ id, ExecutedVersion: version }) => [id, version]).sort(), [
      ['a', '$LATEST'],
      ['b', '$LATEST'],
      ['c', undefined],
    ]);
    t.assert.match(await room.history(arn), /ChainedInvokeFailed/);
    const { DurableExecutions: all = [] } = await room.ask('ListDurableExecutionsByFunction', { FunctionName: 'flow' });
    t.assert.strictEqual(all.length, 2);
  });

  test('a failed asynchronous execution sends its event to the dead letters, until they have it', async (t: TestContext) => {
    const letters: string[] = [];
    let tries = 0;
    await using room = await openRoom(() => ({ Status: 'FAILED', Error: { ErrorMessage: 'no' } }), {
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
      ports: {
        async deadLetter({ requestPayload }, target) {
          tries += 1;
          if (tries < 3) throw new Error('not now');
          letters.push(`${Buffer.from(requestPayload).toString()} ${target}`);
        },
      },
    });
    await room.begin({ order: 7 });
    await room.run({ waited: 'for' });
    await room.clock.advance(10_000);
    t.assert.deepStrictEqual(letters, ['{"order":7} arn:aws:sqs:us-east-1:000000000000:dead']);
  });

  test('starts and ends are counted, and told', async (t: TestContext) => {
    await using room = await openRoom(async ({ count, checkpoint }) => {
      await checkpoint(step('s', 'START'), step('s', 'SUCCEED', { Payload: '"1234"' }));
      return count === 0 ? succeeded() : { Status: 'FAILED' };
    });
    await room.run();
    await room.run();
    const sum = (metric: string): number =>
      room.facts.reduce((all, fact) => all + (fact.kind === 'count' && fact.metric === metric ? fact.value : 0), 0);
    t.assert.deepStrictEqual(
      ['Started', 'Succeeded', 'Failed', 'Operations', 'StorageWrittenBytes'].map((what) => sum(`DurableExecution${what}`)),
      [2, 1, 1, 2, 12],
    );
    t.assert.deepStrictEqual(
      room.changes.map(({ status, endedAtMs }) => [status, endedAtMs !== undefined]),
      [
        ['RUNNING', false],
        ['SUCCEEDED', true],
        ['RUNNING', false],
        ['FAILED', true],
      ],
    );
  });

  test('what functions write lies sealed on the disk', async (t: TestContext) => {
    const database = new PlainDatabase();
    await using room = await openRoom(
      async ({ checkpoint }) => {
        await checkpoint(step('s', 'SUCCEED', { Payload: '"top secret"' }));
        return succeeded('"top secret"');
      },
      { database },
    );
    await room.run({ event: 'top secret' });
    for (const table of ['durable_execution', 'durable_operation', 'durable_event'])
      for (const row of await database.all(`SELECT * FROM ${table}`))
        for (const value of Object.values(row))
          t.assert.doesNotMatch(
            value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
            /top secret/,
          );
  });

  test('storage that fails for a while holds an execution up, and no longer', async (t: TestContext) => {
    const database = new PlainDatabase();
    await using room = await openRoom(
      async ({ count, status, checkpoint }) => {
        if (status('s') === undefined) await checkpoint(step('s', 'SUCCEED', { Payload: '1' }), wait('w', 1));
        if (status('w') === 'SUCCEEDED') return succeeded(String(count));
        if (count === 0) database.failure = new Error('The disk is full.');
        return pending;
      },
      { database },
    );
    const arn = await room.begin();
    await settle();
    database.failure = undefined;
    await room.clock.advance(5000);
    t.assert.strictEqual((await room.described(arn)).Status, 'SUCCEEDED');
    t.assert.match(await room.history(arn), /^ExecutionStarted StepSucceeded WaitStarted .*ExecutionSucceeded$/);
  });

  test('a chain of executions that call each other for ever is broken', async (t: TestContext) => {
    await using room = await openRoom(async ({ told, status, checkpoint }) => {
      const [, next] = told.InitialExecutionState.Operations;
      if (status('next') === undefined) await checkpoint(chained('next', 'flow:$LATEST'));
      return next?.Status === 'FAILED' ? { Status: 'FAILED', Error: { ErrorMessage: 'broken' } } : pending;
    });
    const arn = await room.begin();
    await settle(400);
    t.assert.strictEqual((await room.described(arn)).Status, 'FAILED');
    const { DurableExecutions: all = [] } = await room.ask('ListDurableExecutionsByFunction', { FunctionName: 'flow' });
    t.assert.strictEqual(all.length, 17);
  });
});

suite('durable executions after a restart', { timeout: 60_000 }, () => {
  test('whatever was due meanwhile is due now, and whatever ran is invoked again', async (t: TestContext) => {
    const database = new PlainDatabase();
    const clock = new VirtualClock();
    const first = await openRoom(
      async ({ told, checkpoint }) => {
        switch (inputOf(told)) {
          case 'hangs':
            await checkpoint(step('done', 'SUCCEED', { Payload: '1' }));
            return new Promise(() => {});
          case 'child':
            await checkpoint(wait('w', 500));
            return pending;
          case 'parent':
            await checkpoint(chained('b', 'flow:$LATEST', '"child"'));
            return pending;
          case 'waits':
            await checkpoint(wait('w', 60));
            return pending;
          default:
            await checkpoint(callback('c'));
            return pending;
        }
      },
      { database, clock },
    );
    const arns: Record<string, string> = {};
    for (const what of ['hangs', 'parent', 'waits', 'called']) arns[what] = await first.begin(what as never);
    await clock.advance(1000);
    // As a kill leaves it: nothing more is begun or written.
    first.durable.close();
    clock.jump(120_000);

    const awaited: Readonly<Record<string, string>> = { hangs: 'done', child: 'w', parent: 'b', waits: 'w', called: 'c' };
    await using second = await openRoom(
      ({ told, status }) => (status(awaited[inputOf(told)] ?? '') === 'SUCCEEDED' ? succeeded(`"${inputOf(told)}"`) : pending),
      { database, clock, catalog: first.catalog },
    );
    const resultOf = async (what: string): Promise<string | undefined> => (await second.described(arns[what] ?? '')).Result;
    await clock.advance(0);
    t.assert.strictEqual(await resultOf('hangs'), '"hangs"');
    t.assert.strictEqual(await resultOf('waits'), '"waits"');
    await second.ask('SendDurableExecutionCallbackSuccess', { CallbackId: await callbackOf(second, arns['called'] ?? '') });
    await settle(30);
    t.assert.strictEqual(await resultOf('called'), '"called"');
    t.assert.strictEqual(await resultOf('parent'), undefined);
    await clock.advance(400_000);
    t.assert.strictEqual(await resultOf('parent'), '"parent"');
  });
});

const inputOf = ({ InitialExecutionState: state }: Told): string =>
  JSON.parse(state.Operations[0]?.ExecutionDetails?.InputPayload ?? '""') as string;
