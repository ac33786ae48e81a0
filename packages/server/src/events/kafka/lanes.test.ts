import { suite, test, type TestContext } from 'node:test';
import { settle, VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { Lanes, type LanesOptions } from './lanes.ts';

/** Messages are `partition:text`; each batch takes as long as a test says. */
class Rig implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly delivered: string[] = [];
  readonly running = new Set<string>();
  callMs = 1000;
  failures = 0;
  readonly lanes: Lanes<string>;

  constructor(options: Partial<LanesOptions<string>> = {}) {
    this.lanes = new Lanes<string>({
      clock: this.clock,
      batchSize: 1,
      batchWindowMs: 0,
      pollers: { minimum: 1, maximum: 1, callsEach: 5 },
      laneOf: (message) => message.slice(0, message.indexOf(':')),
      deliver: async (batch) => {
        const name = batch.join(' ');
        this.running.add(name);
        await this.clock.sleep(this.callMs);
        this.running.delete(name);
        this.delivered.push(name);
      },
      onFailure: () => void (this.failures += 1),
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.lanes[Symbol.asyncDispose]();
    await this.clock.advance(600_000);
    await ended;
  }
}

suite('lanes of a topic', { timeout: 30_000 }, () => {
  test('partitions go side by side, each in its order', async (t: TestContext) => {
    await using rig = new Rig();
    for (const message of ['a:1', 'a:2', 'b:1', 'c:1']) void rig.lanes.add(message);
    await rig.clock.advance(10);
    t.assert.deepEqual([...rig.running], ['a:1', 'b:1', 'c:1']);
    await rig.clock.advance(2000);
    t.assert.deepEqual(rig.delivered, ['a:1', 'b:1', 'c:1', 'a:2']);
  });

  test('a batch is full, or as full as it gets within the window', async (t: TestContext) => {
    await using rig = new Rig({ batchSize: 3, batchWindowMs: 500 });
    for (const message of ['a:1', 'a:2', 'a:3', 'a:4', 'b:1']) void rig.lanes.add(message);
    await rig.clock.advance(10);
    t.assert.deepEqual([...rig.running], ['a:1 a:2 a:3']);
    await rig.clock.advance(500);
    t.assert.deepEqual([...rig.running], ['a:1 a:2 a:3', 'b:1']);
    await rig.clock.advance(3000);
    t.assert.deepEqual(rig.delivered, ['a:1 a:2 a:3', 'b:1', 'a:4']);
  });

  test('the reader waits for a lane that holds a batch, and no longer', async (t: TestContext) => {
    await using rig = new Rig();
    let read = 0;
    void (async () => {
      for (let index = 0; index < 5; index += 1) {
        await rig.lanes.add(`a:${index}`);
        read += 1;
      }
    })();
    await rig.clock.advance(10);
    t.assert.equal(read, 1);
    await rig.clock.advance(1000);
    t.assert.equal(read, 2);
    await rig.clock.advance(10_000);
    t.assert.deepEqual([read, rig.delivered.length], [5, 5]);
  });

  test('one poller calls five times at once; the minimum is there always, the maximum a minute into a backlog', async (t: TestContext) => {
    await using rig = new Rig({ pollers: { minimum: 2, maximum: 3, callsEach: 5 } });
    rig.callMs = 600_000;
    for (let partition = 0; partition < 40; partition += 1) void rig.lanes.add(`${partition}:x`);
    await rig.clock.advance(59_000);
    t.assert.equal(rig.running.size, 10);
    await rig.clock.advance(2000);
    t.assert.equal(rig.running.size, 15);
    await rig.clock.advance(120_000);
    t.assert.equal(rig.running.size, 15);
  });

  test('without a backlog the pollers go back to their minimum', async (t: TestContext) => {
    await using rig = new Rig({ pollers: { minimum: 1, maximum: 3, callsEach: 5 } });
    rig.callMs = 70_000;
    const fill = (): void => {
      for (let partition = 0; partition < 15; partition += 1) void rig.lanes.add(`${partition}:x`);
    };
    fill();
    await rig.clock.advance(61_000);
    t.assert.equal(rig.running.size, 15);
    await rig.clock.advance(180_000);
    t.assert.equal(rig.running.size, 0);
    fill();
    await rig.clock.advance(100);
    t.assert.equal(rig.running.size, 5);
  });

  test('what cannot be dealt with ends the lanes, and is told at their end', async (t: TestContext) => {
    let calls = 0;
    await using rig = new Rig({
      deliver: () => {
        calls += 1;
        return Promise.reject(new Error('the offset was not taken'));
      },
    });
    for (const message of ['a:1', 'a:2', 'b:1']) void rig.lanes.add(message);
    await settle(5);
    await rig.lanes.add('c:1');
    await rig.clock.advance(1000);
    t.assert.equal(rig.failures, 1);
    t.assert.ok(calls <= 2, `${calls} calls`);
    await t.assert.rejects(rig.lanes.end(), { message: 'the offset was not taken' });
  });

  test('the end waits for what is under way, and leaves the rest', async (t: TestContext) => {
    const rig = new Rig();
    for (const message of ['a:1', 'a:2']) void rig.lanes.add(message);
    await rig.clock.advance(10);
    const ended = rig.lanes.end();
    await rig.clock.advance(5000);
    await ended;
    t.assert.deepEqual(rig.delivered, ['a:1']);
  });
});
