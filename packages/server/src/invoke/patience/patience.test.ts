import { suite, test, type TestContext } from 'node:test';
import { dayOf } from '../../../../../test/kit/day.ts';
import { openHall, type Hall } from '../../../../../test/kit/hall.ts';
import { play, type DayUnderPatience } from '../../../../../test/kit/keep-alive.ts';
import { settle } from '../../../../../test/kit/virtual-clock.ts';
import { bins, IdleTimes, startOf } from './idle-times.ts';
import { fixedPatience, learningPatience } from './patience.ts';
import { bestStay } from './stay.ts';

const minute = 60_000;
const hour = 60 * minute;
const prices = { coldStartMs: 35 * minute, startAheadMs: 3 * minute };

const timesOf = (...rests: readonly number[]): IdleTimes => {
  const times = new IdleTimes();
  for (const rest of rests) times.add(rest);
  return times;
};

suite('patience with functions that nobody calls', { timeout: 60_000 }, () => {
  test('bins cover all times without a gap, and shares add up', (t: TestContext) => {
    for (let at = 1; at < bins; at += 1) t.assert.ok(startOf(at) > startOf(at - 1));
    t.assert.ok(startOf(bins - 1) > 30 * hour);
    const times = timesOf(...Array.from({ length: 5000 }, (_, index) => 1.003 ** index));
    let sum = 0;
    for (let at = 0; at < bins; at += 1) sum += times.share(at);
    t.assert.ok(Math.abs(sum - 1) < 0.02, String(sum));
    t.assert.ok(times.total < 256);
  });

  test('what was seen once in a while is not forgotten while much else is seen', (t: TestContext) => {
    const times = new IdleTimes();
    for (let round = 0; round < 2000; round += 1) times.add(round % 50 === 0 ? hour : 2000);
    let rare = 0;
    for (let at = 0; at < bins; at += 1) if (startOf(at) > 10 * minute) rare += times.share(at);
    t.assert.ok(rare > 0.01 && rare < 0.04, String(rare));
  });

  test('a function called every hour is away in between and back before its time', (t: TestContext) => {
    const { keepMs, ahead } = bestStay(timesOf(...Array.from({ length: 6 }, () => hour)), prices);
    t.assert.equal(keepMs, 0);
    t.assert.ok(ahead !== undefined && ahead.fromMs < hour && ahead.fromMs > 50 * minute, JSON.stringify(ahead));
    t.assert.ok(ahead.untilMs > hour && ahead.untilMs < 75 * minute, JSON.stringify(ahead));
  });

  test('one that is called all the time stays, one that is called at any time of the day does not', (t: TestContext) => {
    const often = bestStay(timesOf(...Array.from({ length: 100 }, (_, index) => (1 + (index % 20)) * minute)), prices);
    t.assert.ok(often.keepMs > 20 * minute && often.ahead === undefined, JSON.stringify(often));
    const seldom = bestStay(timesOf(...Array.from({ length: 40 }, (_, index) => (1 + index) * 37 * minute)), prices);
    t.assert.deepEqual(seldom, { keepMs: 0 });
  });

  test('flocks of calls with long breaks keep an environment for a flock, not for a break', (t: TestContext) => {
    const rests = Array.from({ length: 60 }, (_, index) => (index % 12 === 0 ? (2 + index) * hour : 5000 + 500 * index));
    const { keepMs } = bestStay(timesOf(...rests), prices);
    t.assert.ok(keepMs >= 35_000 && keepMs < 15 * minute, String(keepMs));
  });

  test('little known is the fixed time; nobody leaves within a minute', (t: TestContext) => {
    const patience = learningPatience({ idleMs: 10 * minute });
    const habit = patience.habit('f');
    for (let call = 0; call < 3; call += 1) {
      t.assert.deepEqual(habit.stay(), { keepMs: 10 * minute });
      habit.called(call * 1000);
      habit.rested(call * 1000);
    }
    habit.called(3000);
    const { keepMs } = habit.stay();
    t.assert.equal(keepMs, minute);
    t.assert.deepEqual(patience.habit('other').stay(), { keepMs: 10 * minute });
    t.assert.equal(patience.habit('f'), habit);
  });

  test('a day of a thousand functions: half the cold starts of ten minutes for everybody, for no more idle time', (t: TestContext) => {
    const idleMs = 10 * minute;
    const sum = (days: readonly DayUnderPatience[]): DayUnderPatience =>
      days.reduce((one, other) => ({
        calls: one.calls + other.calls,
        cold: one.cold + other.cold,
        startsAhead: one.startsAhead + other.startsAhead,
        idleHours: one.idleHours + other.idleHours,
      }));
    const days = [1, 2, 3].map((seed) => dayOf(seed));
    const fixed = sum(days.map((day) => play(day, fixedPatience({ idleMs }))));
    const learned = sum(days.map((day) => play(day, learningPatience({ idleMs }))));
    t.assert.equal(fixed.calls, learned.calls);
    t.assert.ok(learned.cold <= 0.5 * fixed.cold, JSON.stringify({ fixed, learned }));
    t.assert.ok(learned.idleHours <= 1.01 * fixed.idleHours, JSON.stringify({ fixed, learned }));
  });
});

suite('a house that knows the habits of its guests', { timeout: 60_000 }, () => {
  const call = async (hall: Hall): Promise<number> => {
    const before = hall.environments.made.length;
    await hall.invoke.invoker.invoke(hall.request('f'));
    await settle();
    return hall.environments.made.length - before;
  };
  /** Calls every hour; how many environments were made by each call, and how many were there in between. */
  const hours = async (hall: Hall, count: number): Promise<{ readonly cold: number; readonly between: number }[]> => {
    const told: { cold: number; between: number }[] = [];
    for (let at = 0; at < count; at += 1) {
      const cold = await call(hall);
      await hall.clock.advance(30 * minute);
      told.push({ cold, between: hall.environments.alive.length });
      await hall.clock.advance(30 * minute);
      await settle();
    }
    return told;
  };

  test('what is called every hour is soon found warm, and not there in between', async (t: TestContext) => {
    await using hall = await openHall();
    hall.catalog.put('f');
    const told = await hours(hall, 8);
    t.assert.deepEqual(
      told.map(({ cold }) => cold),
      [1, 1, 1, 1, 0, 0, 0, 0],
    );
    t.assert.ok(told.every(({ between }) => between === 0));
    t.assert.deepEqual([...new Set(hall.environments.made.map(({ initializationType }) => initializationType))], ['on-demand']);
  });

  test('whoever does not come after all is not waited for long, and not started again', async (t: TestContext) => {
    await using hall = await openHall();
    hall.catalog.put('f');
    await hours(hall, 5);
    t.assert.equal(hall.environments.alive.length, 1);
    await hall.clock.advance(30 * minute);
    t.assert.equal(hall.environments.alive.length, 0);
    const made = hall.environments.made.length;
    await hall.clock.advance(10 * hour);
    t.assert.equal(hall.environments.made.length, made);
  });

  test('a fixed time is kept for everybody', async (t: TestContext) => {
    await using hall = await openHall({ keepAlive: { learns: false, idleMs: 20 * minute } });
    hall.catalog.put('f');
    t.assert.deepEqual(
      (await hours(hall, 6)).map(({ cold }) => cold),
      [1, 1, 1, 1, 1, 1],
    );
    await call(hall);
    await hall.clock.advance(19 * minute);
    t.assert.equal(hall.environments.alive.length, 1);
    await hall.clock.advance(2 * minute);
    t.assert.equal(hall.environments.alive.length, 0);
  });

  test('nothing is started ahead where memory is short, nor what has been deleted', async (t: TestContext) => {
    await using hall = await openHall({ keepAlive: { idleMemoryMiB: 200 } });
    hall.catalog.put('f');
    hall.catalog.put('g', { version: { memoryMiB: 128 } });
    await hours(hall, 5);
    t.assert.equal(hall.environments.alive.length, 1);
    await call(hall);
    await hall.clock.advance(50 * minute);
    await hall.invoke.invoker.invoke(hall.request('g'));
    await hall.clock.advance(8 * minute);
    t.assert.deepEqual(
      hall.environments.alive.map(({ version }) => version.functionName),
      ['g'],
    );
    await hall.clock.advance(20 * minute);
    await call(hall);
    await hall.clock.advance(30 * minute);
    hall.catalog.delete('f');
    await hall.clock.advance(30 * minute);
    t.assert.equal(hall.environments.alive.length, 0);
  });

  test('an update keeps the habit: the new code is there in time', async (t: TestContext) => {
    await using hall = await openHall();
    hall.catalog.put('f');
    await hours(hall, 5);
    hall.catalog.put('f', { version: { incarnation: 'new' } });
    t.assert.equal(await call(hall), 1);
    await hall.clock.advance(59 * minute);
    await settle();
    t.assert.deepEqual(
      hall.environments.alive.map(({ version }) => version.incarnation),
      ['new'],
    );
  });
});
