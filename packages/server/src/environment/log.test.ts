import { suite, test, type TestContext } from 'node:test';
import { account, region } from '../../../../test/kit/scripted-catalog.ts';
import { VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import { type LogEvent } from '../base/index.ts';
import { EnvironmentLog } from './log.ts';

const open = (logFormat: 'Text' | 'JSON' = 'Text') => {
  const clock = new VirtualClock();
  const events: LogEvent[] = [];
  const log = new EnvironmentLog({
    sink: { append: (_stream, event) => void events.push(event) },
    stream: { account, region, logGroup: 'g', logStream: 's' },
    platformLines: (event) => [JSON.stringify(event.record)],
    style: { logFormat },
    clock,
  });
  return { clock, events, log };
};

suite("an environment's log", () => {
  test('drops what is too much, and says how much it was', async (t: TestContext) => {
    const { clock, events, log } = open();
    const line = 'x'.repeat(65_536);
    for (let count = 0; count < 300; count += 1) log.line('function', line);
    t.assert.equal(events.length, 255);
    log.settle();
    log.settle();
    t.assert.deepEqual(JSON.parse(events.at(-1)?.message ?? ''), {
      reason: 'The environment writes more than its log takes',
      droppedRecords: 45,
      droppedBytes: 45 * 65_536,
    });
    t.assert.equal(events.length, 256);
    await clock.advance(1000);
    log.line('function', line);
    t.assert.equal(events.at(-1)?.message, line);
  });

  test('a letter costs more than its byte, and output far beyond the limit is not even looked at', async (t: TestContext) => {
    const { clock, events, log } = open();
    for (let count = 0; count < 200_000; count += 1) log.line('function', 'x');
    t.assert.ok(events.length < 131_072);
    t.assert.equal(log.takes(65_536), false);
    await clock.advance(500);
    t.assert.equal(log.takes(65_536), false, 'half a second is not enough to listen again');
    await clock.advance(1_000);
    t.assert.equal(log.takes(65_536), true);
  });

  test('believes the time a function tells only within what a log group takes', (t: TestContext) => {
    const { clock, events, log } = open();
    const nowMs = clock.now();
    for (const toldMs of [nowMs - 1000, 1e300, -1e300, nowMs + 86_400_000, Number.MAX_SAFE_INTEGER])
      log.line('function', 'x', toldMs);
    t.assert.deepEqual(
      events.map(({ atMs }) => atMs),
      [nowMs - 1000, nowMs, nowMs, nowMs, nowMs],
    );
  });

  test('has lines of plain text for its readers, not in JSON', (t: TestContext) => {
    for (const [format, count] of [
      ['Text', 1],
      ['JSON', 0],
    ] as const) {
      const { events, log } = open(format);
      log.platformText('Task timed out');
      t.assert.equal(events.length, count);
    }
  });
});
