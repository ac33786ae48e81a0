import { suite, test, type TestContext } from 'node:test';
import { VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import { silentLogger } from '../base/index.ts';
import { keepReading } from './keep-reading.ts';
import type { Mapping, MappingBook } from './port.ts';

suite('reading a broker', { timeout: 10_000 }, () => {
  test('waits longer each time it is away, also when it only ends the reading, and is new after a long read', async (t: TestContext) => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const reported: (string | undefined)[] = [];
    const book = {
      all: () => [],
      onChange: () => ({ [Symbol.dispose]: () => {} }),
      report: (_uuid, { lastProcessingResult }) => void reported.push(lastProcessingResult),
    } satisfies MappingBook;
    const began: number[] = [];
    const done = keepReading('It', { uuid: 'u' } as Mapping, { book, clock, log: silentLogger }, stop.signal, async () => {
      began.push(clock.monotonic());
      if (began.length <= 2) throw new Error('away');
      if (began.length === 4) await clock.sleep(60_000);
      if (began.length === 5) stop.abort();
    });
    await clock.advance(120_000);
    await done;
    t.assert.deepStrictEqual(
      began.slice(1).map((at, i) => Math.round(at - (began[i] ?? 0))),
      [800, 1600, 3200, 60_800],
    );
    t.assert.deepStrictEqual(reported, ['PROBLEM: away', 'PROBLEM: away']);
  });
});
