import { suite, test, type TestContext } from 'node:test';
import type { ProvisionedProgress } from '../control/index.ts';
import { openHall, type Hall } from '../../../../test/kit/hall.ts';
import { account, region } from '../../../../test/kit/scripted-catalog.ts';
import { returned } from '../../../../test/kit/scripted-environments.ts';
import { settle } from '../../../../test/kit/virtual-clock.ts';

/** Asks for `count` environments and writes down what is told. */
function provision(hall: Hall, count: number, functionName = 'f'): ProvisionedProgress[] {
  const told: ProvisionedProgress[] = [];
  hall.provisioned.apply({ account, region, functionName, version: '$LATEST', count }, (progress) => told.push(progress));
  return told;
}
const steps = (told: readonly ProvisionedProgress[]): string[] =>
  told.map(({ status, allocated, available, statusReason }) =>
    [status, allocated, available, ...(statusReason === undefined ? [] : [statusReason])].join(' '),
  );
const kinds = (hall: Hall): string[] => hall.environments.alive.map(({ initializationType }) => initializationType);
const counted = (hall: Hall, metric: string): number[] =>
  hall.facts.flatMap((fact) => (fact.kind === 'count' && fact.metric === metric ? [fact.value] : []));

suite('provisioned concurrency', { timeout: 60_000 }, () => {
  test('environments are initialised ahead, used first, and a call beyond them spills over', async (t: TestContext) => {
    const gates: (() => void)[] = [];
    await using hall = await openHall({ handler: () => new Promise((resolve) => gates.push(() => resolve(returned('1')))) });
    hall.catalog.put('f', { provisionedConcurrency: 2 });
    const told = provision(hall, 2);
    await settle();
    t.assert.deepStrictEqual(steps(told), ['IN_PROGRESS 0 0', 'READY 2 2']);
    const calls = [1, 2, 3].map(() => hall.invoke.invoker.invoke(hall.request('f')));
    await settle();
    t.assert.deepStrictEqual(kinds(hall), ['provisioned-concurrency', 'provisioned-concurrency', 'on-demand']);
    t.assert.deepStrictEqual(counted(hall, 'ProvisionedConcurrencyInvocations'), [1, 1]);
    t.assert.deepStrictEqual(counted(hall, 'ProvisionedConcurrencySpilloverInvocations'), [1]);
    t.assert.deepStrictEqual(counted(hall, 'ProvisionedConcurrencyUtilization'), [0.5, 1, 1]);
    for (const open of gates) open();
    await Promise.all(calls);
  });

  test('none is used before all are there', async (t: TestContext) => {
    const booted: ((result: 'idle') => void)[] = [];
    await using hall = await openHall({
      boot: (_version, count) => (count === 2 ? Promise.resolve('idle') : new Promise((resolve) => booted.push(resolve))),
    });
    hall.catalog.put('f', { provisionedConcurrency: 2 });
    const told = provision(hall, 2);
    await settle();
    booted[0]?.('idle');
    await settle();
    await hall.invoke.invoker.invoke(hall.request('f'));
    t.assert.strictEqual(kinds(hall).at(-1), 'on-demand');
    booted[1]?.('idle');
    await settle();
    t.assert.deepStrictEqual(steps(told), ['IN_PROGRESS 0 0', 'READY 2 2']);
    await hall.invoke.invoker.invoke(hall.request('f'));
    t.assert.strictEqual(hall.environments.made.filter(({ invocations }) => invocations > 0).length, 2);
  });

  test('they are frozen but never evicted, replaced when they die, and renewed before they are too old', async (t: TestContext) => {
    await using hall = await openHall({ keepAlive: { idleMs: 1000, idleMemoryMiB: 1, lifetimeMs: 60_000 } });
    hall.catalog.put('f', { provisionedConcurrency: 2 });
    const told = provision(hall, 2);
    await hall.clock.advance(30_000);
    t.assert.strictEqual(hall.environments.alive.length, 2);
    t.assert.deepStrictEqual(
      hall.environments.alive.map(({ frozen }) => frozen),
      [1, 1],
    );
    hall.environments.alive[0]?.die();
    await settle();
    t.assert.strictEqual(hall.environments.alive.length, 2);
    t.assert.deepStrictEqual(steps(told), ['IN_PROGRESS 0 0', 'READY 2 2', 'IN_PROGRESS 1 1', 'READY 2 2']);
    await hall.clock.advance(31_000);
    t.assert.strictEqual(hall.environments.made.length, 4);
    t.assert.strictEqual(hall.environments.alive.length, 2);
    t.assert.strictEqual(steps(told).length, 4);
  });

  test('an initialisation that fails twice fails the allocation, and asking again tries again', async (t: TestContext) => {
    let result: 'failed' | 'idle' = 'failed';
    await using hall = await openHall({ boot: () => Promise.resolve(result) });
    hall.catalog.put('f', { provisionedConcurrency: 3 });
    const told = provision(hall, 3);
    await hall.clock.advance(600_000);
    t.assert.deepStrictEqual(steps(told), ['IN_PROGRESS 0 0', 'FAILED 0 0 FUNCTION_ERROR_INIT_FAILURE']);
    t.assert.strictEqual(hall.environments.alive.length, 0);
    result = 'idle';
    const again = provision(hall, 3);
    await settle();
    t.assert.deepStrictEqual(steps(again).at(-1), 'READY 3 3');
  });

  test('more are added without taking those away that serve, also when the new ones fail', async (t: TestContext) => {
    let result: 'failed' | 'idle' = 'idle';
    await using hall = await openHall({ boot: () => Promise.resolve(result) });
    hall.catalog.put('f', { provisionedConcurrency: 1 });
    provision(hall, 1);
    await settle();
    result = 'failed';
    const told = provision(hall, 3);
    await hall.clock.advance(10_000);
    t.assert.deepStrictEqual(steps(told), ['IN_PROGRESS 1 1', 'FAILED 1 1 FUNCTION_ERROR_INIT_FAILURE']);
    await hall.invoke.invoker.invoke(hall.request('f'));
    t.assert.deepStrictEqual(counted(hall, 'ProvisionedConcurrencyInvocations'), [1]);
    result = 'idle';
    const again = provision(hall, 3);
    await settle();
    t.assert.strictEqual(steps(again).at(-1), 'READY 3 3');
  });

  test('fewer are let go, a busy one only when it is done; none leaves nothing', async (t: TestContext) => {
    const gates: (() => void)[] = [];
    await using hall = await openHall({ handler: () => new Promise((resolve) => gates.push(() => resolve(returned('1')))) });
    hall.catalog.put('f', { provisionedConcurrency: 2 });
    provision(hall, 2);
    await settle();
    const call = hall.invoke.invoker.invoke(hall.request('f'));
    await settle();
    provision(hall, 0);
    await settle();
    t.assert.strictEqual(hall.environments.alive.length, 1);
    gates[0]?.();
    t.assert.strictEqual((await call).outcome.kind, 'returned');
    await settle();
    t.assert.strictEqual(hall.environments.alive.length, 0);
  });

  test('provisioned places come out of the reservation: when they are all of it, nothing else runs', async (t: TestContext) => {
    const gates: (() => void)[] = [];
    await using hall = await openHall({ handler: () => new Promise((resolve) => gates.push(() => resolve(returned('1')))) });
    hall.catalog.put('f', { provisionedConcurrency: 2, reservedConcurrency: 3 });
    provision(hall, 2);
    await settle();
    const calls = [1, 2, 3].map(() => hall.invoke.invoker.invoke(hall.request('f')));
    await settle();
    await t.assert.rejects(hall.invoke.invoker.invoke(hall.request('f')), { code: 'TooManyRequestsException' });
    t.assert.strictEqual(hall.environments.running, 3);
    for (const open of gates) open();
    await Promise.all(calls);
  });

  test('provisioned places come out of the account, and do not fill it twice', async (t: TestContext) => {
    const gates: (() => void)[] = [];
    await using hall = await openHall({
      limits: { accountConcurrency: 4 },
      handler: () => new Promise((resolve) => gates.push(() => resolve(returned('1')))),
    });
    hall.catalog.put('f', { provisionedConcurrency: 2 });
    hall.catalog.put('g');
    provision(hall, 2);
    await settle();
    const others = [1, 2].map(() => hall.invoke.invoker.invoke(hall.request('g')));
    await settle();
    await t.assert.rejects(hall.invoke.invoker.invoke(hall.request('g')), { code: 'TooManyRequestsException' });
    const own = [1, 2].map(() => hall.invoke.invoker.invoke(hall.request('f')));
    await settle();
    await t.assert.rejects(hall.invoke.invoker.invoke(hall.request('f')), { code: 'TooManyRequestsException' });
    for (const open of gates) open();
    await Promise.all([...others, ...own]);
  });
});
