import { suite, test, type TestContext } from 'node:test';
import { openScriptedGuesthouse } from '../kit/environments.ts';
import { openHall } from '../kit/hall.ts';
import { returned, threw } from '../kit/scripted-environments.ts';
import { settle, VirtualClock } from '../kit/virtual-clock.ts';

const day = 86_400_000;

for (const [direction, jumpMs] of [
  ['forwards', day],
  ['back', -day],
] as const) {
  suite(`a wall clock that is set a day ${direction}`, { timeout: 60_000 }, () => {
    test('times out no invocation early and none late', async (t: TestContext) => {
      const clock = new VirtualClock();
      await using house = openScriptedGuesthouse('frames', { handler: () => new Promise(() => {}) }, { clock });
      const environment = house.environment({ timeoutMs: 3000 });
      await clock.advance(100);
      await environment.initialised;
      const running = house.begin(environment);
      let ended = false;
      void running.outcome.then(() => (ended = true));
      await clock.advance(1000);
      clock.jump(jumpMs);
      await clock.advance(1990);
      t.assert.strictEqual(ended, false, 'ten milliseconds before its time');
      await clock.advance(20);
      t.assert.strictEqual(ended, true, 'ten milliseconds after it');
      const outcome = await running.outcome;
      t.assert.strictEqual(outcome.kind === 'failed' && outcome.status, 'timeout');
    });

    test('moves no retry, makes no event older, and lets no environment go', async (t: TestContext) => {
      const at: number[] = [];
      await using hall = await openHall({
        handler: () => {
          at.push(hall.clock.monotonic() / 1000);
          return at.length < 3 ? threw() : returned('1');
        },
        events: { eventInvokeConfig: () => ({ maximumRetryAttempts: 2, maximumEventAgeMs: 200_000 }) },
      });
      hall.catalog.put('f');
      await hall.invoke.invoker.enqueue(hall.request('f'));
      await hall.clock.advance(30_000);
      hall.clock.jump(jumpMs);
      await hall.clock.advance(60_000);
      hall.clock.jump(jumpMs);
      await hall.clock.advance(200_000);
      t.assert.deepStrictEqual(at, [0, 60, 180]);
      t.assert.strictEqual(hall.environments.made.length, 1);
    });
  });
}

suite('a wall clock that was set while no server ran', { timeout: 60_000 }, () => {
  test('back: an event keeps its attempts, and waits for no day', async (t: TestContext) => {
    const clock = new VirtualClock();
    const before = await openHall({ clock, handler: () => threw() });
    before.catalog.put('f');
    await before.invoke.invoker.enqueue(before.request('f'));
    await settle();
    await before.invoke[Symbol.asyncDispose]();
    clock.jump(-day);
    const at: number[] = [];
    const sinceMs = clock.monotonic();
    await using hall = await openHall({
      clock,
      catalog: before.catalog,
      database: before.database,
      handler: () => {
        at.push(Math.round((clock.monotonic() - sinceMs) / 1000));
        return returned('1');
      },
    });
    await clock.advance(day / 4);
    t.assert.strictEqual(at.length, 1);
    t.assert.ok((at[0] ?? Infinity) <= 120, `after ${at[0]} s`);
    t.assert.strictEqual(hall.invoke.counts().queuedEvents, 0);
  });
});
