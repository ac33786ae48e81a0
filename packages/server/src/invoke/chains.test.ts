import { suite, test, type TestContext } from 'node:test';
import { openHall } from '../../../../test/kit/hall.ts';
import { returned } from '../../../../test/kit/scripted-environments.ts';
import { nextTurn } from './lineage.ts';

suite('recursion', { timeout: 60_000 }, () => {
  test('a function that calls itself is stopped after sixteen turns', async (t: TestContext) => {
    let trace = '';
    await using hall = await openHall({ handler: ({ traceId }) => ((trace = traceId), returned('1')) });
    hall.catalog.put('f');
    const call = async () => hall.invoke.invoker.invoke({ ...hall.request('f'), ...(trace === '' ? {} : { traceId: trace }) });
    for (let turn = 1; turn <= 16; turn += 1) await call();
    await t.assert.rejects(call(), { code: 'RecursiveInvocationException', status: 400 });
    t.assert.strictEqual(
      hall.facts.filter((fact) => fact.kind === 'count' && fact.metric === 'RecursiveInvocationsDropped').length,
      1,
    );
  });

  test('two that call each other are stopped too; a chain of twenty different ones is not', async (t: TestContext) => {
    let trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    await using hall = await openHall({ handler: ({ traceId }) => ((trace = traceId), returned('1')) });
    for (let number = 0; number < 20; number += 1) hall.catalog.put(`f${number}`);
    const call = async (name: string) => hall.invoke.invoker.invoke({ ...hall.request(name), traceId: trace });
    for (let number = 0; number < 20; number += 1) await call(`f${number}`);
    t.assert.ok(trace.length < 512, `the header has ${trace.length} characters`);
    for (let turn = 2; turn <= 16; turn += 1) {
      await call('f18');
      await call('f19');
    }
    await t.assert.rejects(call('f18'), { code: 'RecursiveInvocationException' });
  });

  test('who allows loops has them', async () => {
    let trace = '';
    await using hall = await openHall({ handler: ({ traceId }) => ((trace = traceId), returned('1')) });
    hall.catalog.put('f', { recursiveLoop: 'Allow' });
    for (let turn = 1; turn <= 40; turn += 1)
      await hall.invoke.invoker.invoke({ ...hall.request('f'), ...(trace === '' ? {} : { traceId: trace }) });
  });

  test('an asynchronous turn too many is accepted, and handed to the dead letters without a run', async (t: TestContext) => {
    const delivered: string[] = [];
    await using hall = await openHall({
      events: {
        deliver: async ({ condition, approximateInvokeCount }, { arn }) =>
          void delivered.push(`${condition} ${approximateInvokeCount} ${arn}`),
      },
    });
    const version = hall.catalog.put('f', { version: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead' } });
    let trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    for (let turn = 1; turn <= 16; turn += 1) trace = nextTurn(trace, version).traceId;
    await hall.invoke.invoker.enqueue({ ...hall.request('f'), traceId: trace });
    await hall.clock.advance(1000);
    t.assert.deepStrictEqual(delivered, ['RetriesExhausted 0 arn:aws:sqs:us-east-1:000000000000:dead']);
    t.assert.strictEqual(hall.environments.made.length, 0);
  });
});

suite('tenants', { timeout: 60_000 }, () => {
  test('each has environments of its own, in both ways of calling', async (t: TestContext) => {
    const seen = new Map<string, Set<string | undefined>>();
    await using hall = await openHall({
      handler: ({ tenantId }, { id }) => {
        seen.set(id, (seen.get(id) ?? new Set()).add(tenantId));
        return returned('1');
      },
    });
    hall.catalog.put('f', { version: { tenantIsolation: 'PER_TENANT' } });
    for (const tenantId of ['blue', 'green', 'blue', 'green'])
      await hall.invoke.invoker.invoke({ ...hall.request('f'), tenantId });
    t.assert.deepStrictEqual(
      [...seen.values()].map((tenants) => [...tenants]),
      [['blue'], ['green']],
    );
    await hall.invoke.invoker.enqueue({ ...hall.request('f'), tenantId: 'red' });
    await hall.clock.advance(1000);
    t.assert.deepStrictEqual(
      [...seen.values()].map((tenants) => [...tenants]),
      [['blue'], ['green'], ['red']],
    );
  });

  test('one is needed where they are told apart, and refused where they are not', async (t: TestContext) => {
    await using hall = await openHall();
    hall.catalog.put('f', { version: { tenantIsolation: 'PER_TENANT' } });
    hall.catalog.put('g');
    const refusal = { code: 'InvalidParameterValueException', status: 400 };
    await t.assert.rejects(hall.invoke.invoker.invoke(hall.request('f')), refusal);
    await t.assert.rejects(hall.invoke.invoker.enqueue(hall.request('f')), refusal);
    await t.assert.rejects(hall.invoke.invoker.invoke({ ...hall.request('g'), tenantId: 'blue' }), refusal);
  });
});
