import { suite, test, type TestContext } from 'node:test';
import { VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import { Deadline } from './deadline.ts';

suite('the deadline of an environment', () => {
  test('comes at its time, and not when the invocation before would have had it', async (t: TestContext) => {
    const clock = new VirtualClock();
    using deadline = new Deadline(clock);
    const told: string[] = [];
    const [first, second] = [{}, {}];
    deadline.set(first, 1000, () => told.push('first'));
    await clock.advance(600);
    deadline.clear(first);
    deadline.set(second, 1000, () => told.push('second'));
    await clock.advance(999);
    t.assert.deepStrictEqual(told, []);
    await clock.advance(1);
    t.assert.deepStrictEqual(told, ['second']);
  });

  test('a shorter one is not kept waiting by a longer one before it', async (t: TestContext) => {
    const clock = new VirtualClock();
    using deadline = new Deadline(clock);
    const told: string[] = [];
    const [long, short] = [{}, {}];
    deadline.set(long, 900_000, () => told.push('long'));
    deadline.clear(long);
    deadline.set(short, 100, () => told.push('short'));
    await clock.advance(100);
    t.assert.deepStrictEqual(told, ['short']);
  });

  test('one that is cleared, or whose environment has gone, never comes', async (t: TestContext) => {
    const clock = new VirtualClock();
    const deadline = new Deadline(clock);
    const told: string[] = [];
    const owner = {};
    deadline.set(owner, 100, () => told.push('cleared'));
    deadline.clear(owner);
    await clock.advance(1000);
    deadline.set(owner, 100, () => told.push('gone'));
    deadline[Symbol.dispose]();
    await clock.advance(1000);
    t.assert.deepStrictEqual(told, []);
  });
});
