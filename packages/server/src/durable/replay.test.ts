import { suite, test, type TestContext } from 'node:test';
import { openRoom, pending, step, succeeded, wait } from '../../../../test/kit/durable-room.ts';
import { settle } from '../../../../test/kit/virtual-clock.ts';
import type { Update } from './index.ts';

const context = (Id: string, Action: Update['Action'], more: Partial<Update> = {}): Update => ({
  Id,
  Type: 'CONTEXT',
  Action,
  ...more,
});

suite('what a replay is told', { timeout: 60_000 }, () => {
  test('the children of a context that is over are left out, unless it asked for them', async (t: TestContext) => {
    await using room = await openRoom(async ({ told, status, checkpoint }) => {
      if (status('w') === 'SUCCEEDED')
        return succeeded(
          told.InitialExecutionState.Operations.map(({ Id }) => Id)
            .slice(1)
            .join(' '),
        );
      await checkpoint(
        context('closed', 'START'),
        context('inner', 'START', { ParentId: 'closed' }),
        step('deep', 'SUCCEED', { ParentId: 'inner' }),
        context('inner', 'SUCCEED', { ParentId: 'closed', ContextOptions: { ReplayChildren: true } }),
      );
      await checkpoint(
        context('closed', 'SUCCEED', { Payload: '1' }),
        context('asks', 'START'),
        step('shown', 'SUCCEED', { ParentId: 'asks' }),
        context('asks', 'SUCCEED', { ContextOptions: { ReplayChildren: true } }),
        context('open', 'START'),
        step('running', 'SUCCEED', { ParentId: 'open' }),
        wait('w', 1),
      );
      return pending;
    });
    const arn = await room.begin();
    await room.clock.advance(1000);
    t.assert.strictEqual((await room.described(arn)).Result, 'closed asks shown open running w');
  });

  test('what does not fit into an event is read page by page', async (t: TestContext) => {
    const steps = 40;
    await using room = await openRoom(async ({ told, checkpoint }) => {
      const { Operations: first, NextMarker: next } = told.InitialExecutionState;
      if (first.length === 1) {
        for (let number = 0; number < steps; number += 1)
          await checkpoint(step(`s${number}`, 'SUCCEED', { Payload: 'x'.repeat(250_000) }));
        await checkpoint(wait('w', 1));
        return pending;
      }
      const all = first.map(({ Id }) => Id);
      t.assert.notStrictEqual(next, '');
      for (let marker: string | undefined = next; marker !== undefined;) {
        const page: Awaited<ReturnType<typeof room.ask<'GetDurableExecutionState'>>> = await room.ask(
          'GetDurableExecutionState',
          {
            DurableExecutionArn: told.DurableExecutionArn,
            CheckpointToken: told.CheckpointToken,
            Marker: marker,
            MaxItems: 7,
          },
        );
        t.assert.ok((page.Operations?.length ?? 0) <= 7);
        all.push(...(page.Operations ?? []).map(({ Id = '' }) => Id));
        marker = page.NextMarker;
      }
      return succeeded(JSON.stringify(all.slice(1)));
    });
    const arn = await room.begin();
    // Each checkpoint is a write.
    await settle(5 * steps);
    await room.clock.advance(1000);
    const { Result: result = '[]', Error: error } = await room.described(arn);
    t.assert.deepStrictEqual(
      JSON.parse(result),
      [...Array.from({ length: steps }, (_, number) => `s${number}`), 'w'],
      error?.ErrorMessage,
    );
  });

  test('a step keeps what its last attempt left, and counts its attempts', async (t: TestContext) => {
    await using room = await openRoom(async ({ told, count, checkpoint }) => {
      const known = told.InitialExecutionState.Operations.find(({ Id }) => Id === 's');
      if (count === 2) return succeeded(JSON.stringify([known?.Status, known?.StepDetails]));
      await checkpoint(
        step('s', 'START'),
        step('s', 'RETRY', { Payload: `"state ${count}"`, StepOptions: { NextAttemptDelaySeconds: 2 } }),
      );
      return pending;
    });
    const arn = await room.begin();
    await room.clock.advance(4000);
    t.assert.deepStrictEqual(JSON.parse((await room.described(arn)).Result ?? ''), [
      'READY',
      { Attempt: 2, Result: '"state 1"' },
    ]);
    t.assert.strictEqual(
      await room.history(arn),
      'ExecutionStarted StepStarted StepSucceeded InvocationCompleted StepStarted StepSucceeded InvocationCompleted InvocationCompleted ExecutionSucceeded',
    );
  });

  test('executions are listed page by page, from either end, by name, by status and by time', async (t: TestContext) => {
    await using room = await openRoom(({ count }) => (count % 2 === 0 ? succeeded() : { Status: 'FAILED' }));
    const arns: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      arns.push(await room.run({}, { name: `n${number}` }));
      await room.clock.advance(1000);
    }
    const list = async (more: object): Promise<(string | undefined)[]> => {
      const seen: (string | undefined)[] = [];
      for (let Marker: string | undefined = ''; Marker !== undefined;) {
        const page: Awaited<ReturnType<typeof room.ask<'ListDurableExecutionsByFunction'>>> = await room.ask(
          'ListDurableExecutionsByFunction',
          { FunctionName: 'flow', MaxItems: 2, Marker, ...more },
        );
        seen.push(...(page.DurableExecutions ?? []).map(({ DurableExecutionArn: arn }) => arn));
        Marker = page.NextMarker;
      }
      return seen;
    };
    const startedAt = (await room.described(arns[2] ?? '')).StartTimestamp;
    t.assert.deepStrictEqual(await list({}), arns.toReversed());
    t.assert.deepStrictEqual(await list({ ReverseOrder: true }), arns);
    t.assert.deepStrictEqual(await list({ Statuses: ['FAILED', 'STOPPED'], ReverseOrder: true }), [arns[1], arns[3]]);
    t.assert.deepStrictEqual(await list({ DurableExecutionName: 'n4' }), [arns[4]]);
    t.assert.deepStrictEqual(await list({ StartedAfter: startedAt, ReverseOrder: true }), [arns[3], arns[4]]);
    t.assert.deepStrictEqual(await list({ StartedBefore: startedAt, ReverseOrder: true }), [arns[0], arns[1]]);
    await t.assert.rejects(list({ Marker: 'made up' }), { name: 'InvalidParameterValueException' });
  });
});
