import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openHall } from '../../../../test/kit/hall.ts';
import { returned } from '../../../../test/kit/scripted-environments.ts';
import { settle } from '../../../../test/kit/virtual-clock.ts';

/** Handlers that end when the test says so. */
const gate = () => {
  const waiting: (() => void)[] = [];
  return {
    handler: () => new Promise<ReturnType<typeof returned>>((resolve) => waiting.push(() => resolve(returned('1')))),
    open: (count = waiting.length) => {
      for (const let_ of waiting.splice(0, count)) let_();
    },
    waiting,
  };
};

suite('the house', () => {
  test('a thousand callers at a limit of ten: never more than ten at once, and exactly the surplus is refused', async (t) => {
    const doors = gate();
    await using hall = await openHall({ handler: doors.handler, limits: { accountConcurrency: 10 }, keepAlive: { boots: 4 } });
    hall.catalog.put('f');
    const calls = Array.from({ length: 1000 }, () => hall.invoke.invoker.invoke(hall.request('f')));
    const results = Promise.allSettled(calls);
    await settle(40);
    t.assert.equal(doors.waiting.length, 10);
    doors.open();
    const refused = (await results).filter(({ status }) => status === 'rejected').length;
    t.assert.equal(refused, 990);
    t.assert.equal(hall.environments.mostRunning, 10);
  });

  test('as many callers as the limit allows, each calling again as soon as it is answered: nobody is ever refused', async () => {
    await using hall = await openHall({
      handler: async () => {
        await settle(1);
        return returned('1');
      },
      // Answered, but not yet asking for the next event: the moment in which a quick caller is back.
      lingering: () => settle(3),
      limits: { accountConcurrency: 10 },
    });
    hall.catalog.put('f');
    const caller = async (): Promise<void> => {
      for (let index = 0; index < 50; index += 1) await hall.invoke.invoker.invoke(hall.request('f'));
    };
    await Promise.all(Array.from({ length: 10 }, caller));
    assert.equal(hall.environments.mostRunning, 10);
    assert.equal(hall.facts.filter(({ kind }) => kind === 'throttle').length, 0);
  });

  test('an environment that lingers after its answer keeps its place: a caller waits for it only so long', async () => {
    await using hall = await openHall({ lingering: () => new Promise(() => {}), limits: { accountConcurrency: 1 } });
    hall.catalog.put('f');
    await hall.invoke.invoker.invoke(hall.request('f'));
    await settle();
    const refused = assert.rejects(hall.invoke.invoker.invoke(hall.request('f')), { name: 'TooManyRequestsException' });
    await hall.clock.advance(250);
    await refused;
  });

  test('a slow function called again and again by one caller needs one environment', async () => {
    await using hall = await openHall({
      handler: () => hall.clock.sleep(1000).then(() => returned('1')),
      lingering: () => settle(3),
    });
    hall.catalog.put('f');
    for (let index = 0; index < 5; index += 1) {
      const answer = hall.invoke.invoker.invoke(hall.request('f'));
      await hall.clock.advance(1000);
      await answer;
    }
    assert.equal(hall.environments.made.length, 1);
  });

  test('no more boots at once than allowed, and every caller is served', async (t) => {
    const doors = gate();
    await using hall = await openHall({
      handler: doors.handler,
      keepAlive: { boots: 3 },
      boot: () => settle(2).then(() => 'idle'),
    });
    hall.catalog.put('f');
    const calls = Array.from({ length: 20 }, () => hall.invoke.invoker.invoke(hall.request('f')));
    await settle(200);
    t.assert.equal(hall.environments.mostBooting, 3);
    t.assert.equal(doors.waiting.length, 20);
    doors.open();
    await Promise.all(calls);
  });

  test('a request goes to whichever is ready first: a freed environment takes it from a boot', async (t) => {
    const doors = gate();
    const slow = Promise.withResolvers<'idle'>();
    await using hall = await openHall({
      handler: doors.handler,
      boot: (_version, count) => (count === 0 ? Promise.resolve('idle') : slow.promise),
    });
    hall.catalog.put('f');
    const first = hall.invoke.invoker.invoke(hall.request('f'));
    await settle();
    const second = hall.invoke.invoker.invoke(hall.request('f'));
    await settle();
    t.assert.equal(hall.environments.made.length, 2);
    doors.open(1);
    await first;
    await settle();
    doors.open(1);
    await second;
    await settle();
    t.assert.equal(hall.environments.made[0]?.invocations, 2);
    slow.resolve('idle');
    await settle();
    t.assert.equal(hall.invoke.counts().idle, 2);
  });

  test('the newest idle environment is used first', async (t) => {
    const doors = gate();
    await using hall = await openHall({ handler: doors.handler });
    hall.catalog.put('f');
    const both = [hall.invoke.invoker.invoke(hall.request('f')), hall.invoke.invoker.invoke(hall.request('f'))];
    await settle();
    doors.open(1);
    await settle();
    doors.open(1);
    await Promise.all(both);
    await settle();
    const third = hall.invoke.invoker.invoke(hall.request('f'));
    doors.open();
    await settle();
    doors.open();
    await third;
    t.assert.deepEqual(
      hall.environments.made.map(({ invocations }) => invocations),
      [1, 2],
    );
  });

  test('a changed function never meets an environment of its old incarnation', async (t) => {
    const doors = gate();
    await using hall = await openHall({ handler: doors.handler });
    const old = hall.catalog.put('f');
    const running = hall.invoke.invoker.invoke(hall.request('f'));
    await settle();
    hall.catalog.put('f');
    const next = hall.invoke.invoker.invoke(hall.request('f'));
    await settle();
    t.assert.notEqual(hall.environments.made[1]?.version.incarnation, old.incarnation);
    doors.open();
    await Promise.all([running, next]);
    await settle();
    t.assert.deepEqual(
      hall.environments.alive.map(({ version }) => version.incarnation),
      ['incarnation-2'],
    );
  });

  test('idle environments are frozen after a while, once, and go when nobody comes', async (t) => {
    await using hall = await openHall({ keepAlive: { idleMs: 60_000, freezeAfterMs: 300 } });
    hall.catalog.put('f');
    await hall.invoke.invoker.invoke(hall.request('f'));
    await hall.clock.advance(299);
    t.assert.equal(hall.environments.made[0]?.frozen, 0);
    await hall.clock.advance(1);
    t.assert.equal(hall.environments.made[0]?.frozen, 1);
    await hall.clock.advance(59_699);
    t.assert.equal(hall.environments.alive.length, 1);
    await hall.clock.advance(1);
    t.assert.equal(hall.environments.made[0]?.frozen, 1);
    t.assert.equal(hall.environments.alive.length, 0);
    t.assert.equal(hall.environments.made[0]?.stopReason, 'SPINDOWN');
  });

  test('idle environments over the memory budget go, the longest idle first', async (t) => {
    await using hall = await openHall({ keepAlive: { idleMemoryMiB: 300 } });
    for (const name of ['a', 'b', 'c']) {
      hall.catalog.put(name);
      await hall.invoke.invoker.invoke(hall.request(name));
      await hall.clock.advance(10);
    }
    t.assert.deepEqual(
      hall.environments.alive.map(({ version }) => version.functionName),
      ['b', 'c'],
    );
  });

  test('a full house ends an idle environment of somebody else to make room', async (t) => {
    await using hall = await openHall({ keepAlive: { environments: 1 } });
    hall.catalog.put('a');
    hall.catalog.put('b');
    await hall.invoke.invoker.invoke(hall.request('a'));
    await settle();
    await hall.invoke.invoker.invoke(hall.request('b'));
    t.assert.deepEqual(
      hall.environments.alive.map(({ version }) => version.functionName),
      ['b'],
    );
  });

  test('an environment that dies idle is not handed out', async (t) => {
    await using hall = await openHall();
    hall.catalog.put('f');
    await hall.invoke.invoker.invoke(hall.request('f'));
    await settle();
    hall.environments.made[0]?.die();
    await hall.invoke.invoker.invoke(hall.request('f'));
    t.assert.equal(hall.environments.made.length, 2);
    t.assert.equal(hall.environments.made[1]?.invocations, 1);
  });

  test('an environment that dies with its invocation gives its place back', async (t) => {
    await using hall = await openHall({
      handler: () => ({ outcome: returned('1'), die: true }),
      limits: { accountConcurrency: 1 },
    });
    hall.catalog.put('f');
    for (let index = 0; index < 3; index += 1) {
      await hall.invoke.invoker.invoke(hall.request('f'));
      await settle();
    }
    t.assert.equal(hall.environments.alive.length, 0);
    t.assert.deepEqual(hall.invoke.counts(), { idle: 0, busy: 0, booting: 0, waiting: 0, queuedEvents: 0 });
  });

  test('environments that cannot be started are our failure, told once and not for ever', async (t) => {
    await using hall = await openHall({ boot: () => Promise.resolve('gone') });
    hall.catalog.put('f');
    await t.assert.rejects(hall.invoke.invoker.invoke(hall.request('f')), { name: 'ServiceException', status: 500 });
    t.assert.equal(hall.environments.made.length, 2);
    t.assert.deepEqual(hall.invoke.concurrency(), []);
  });

  test('one function that floods does not keep another from booting', async () => {
    const doors = gate();
    await using hall = await openHall({
      handler: doors.handler,
      keepAlive: { boots: 1 },
      boot: () => settle(2).then(() => 'idle'),
    });
    hall.catalog.put('flood');
    hall.catalog.put('quiet');
    const flood = Array.from({ length: 50 }, () => hall.invoke.invoker.invoke(hall.request('flood')));
    const quiet = hall.invoke.invoker.invoke(hall.request('quiet'));
    for (let turn = 0; turn < 200 && !hall.environments.made.some(({ version }) => version.functionName === 'quiet'); turn += 1)
      await settle(1);
    const before = hall.environments.made.findIndex(({ version }) => version.functionName === 'quiet');
    assert.ok(before >= 0 && before <= 2, `after ${before} boots of the flood`);
    for (let turn = 0; turn < 400; turn += 1) {
      doors.open();
      await settle(1);
    }
    await Promise.all([...flood, quiet]);
  });

  test('environments grow old and are replaced', async (t) => {
    await using hall = await openHall({ keepAlive: { lifetimeMs: 1000, idleMs: 10_000 } });
    hall.catalog.put('f');
    for (let second = 0; second < 5; second += 1) {
      await hall.invoke.invoker.invoke(hall.request('f'));
      await hall.clock.advance(500);
    }
    assert.ok(hall.environments.made.length >= 2);
    t.assert.equal(hall.environments.alive.length <= 1, true);
  });
});
