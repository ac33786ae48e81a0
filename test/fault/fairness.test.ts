import { suite, test, type TestContext } from 'node:test';
import { openHall } from '../kit/hall.ts';
import { returned } from '../kit/scripted-environments.ts';
import { inParallel, percentile } from './load.ts';

const backlog = 20_000;
const others = 200;

suite('events of one function and of another', { timeout: 120_000 }, () => {
  test(`${backlog} that wait for a slow function (a quarter of an hour each) do not keep those of a quick one waiting`, async (t: TestContext) => {
    const delaysMs: number[] = [];
    const acceptedAtMs = new Map<string, number>();
    await using hall = await openHall({
      boot: async () => {
        await hall.clock.sleep(150);
        return 'idle';
      },
      handler: async ({ requestId, payload }) => {
        const since = acceptedAtMs.get(requestId);
        if (since !== undefined) delaysMs.push(hall.clock.monotonic() - since);
        await hall.clock.sleep(Buffer.from(payload).toString() === '"slow"' ? 900_000 : 20);
        return returned('1');
      },
      queue: { cachedBytes: 1_048_576 },
    });
    hall.catalog.put('slow');
    hall.catalog.put('quick');
    await inParallel(backlog, 500, () => hall.invoke.invoker.enqueue(hall.request('slow', '"slow"')));
    await hall.clock.advance(60_000);
    t.assert.ok(hall.invoke.counts().queuedEvents > backlog / 2, 'the backlog stands');
    const inFlight = hall.environments.running;
    t.assert.ok(inFlight >= 390, `${inFlight} slow ones run`);
    for (let sent = 0; sent < others; sent += 1) {
      const request = hall.request('quick');
      acceptedAtMs.set(request.requestId, hall.clock.monotonic());
      await hall.invoke.invoker.enqueue(request);
      await hall.clock.advance(50);
    }
    await hall.clock.advance(5000);
    const [p50, p99] = [percentile(delaysMs, 0.5), percentile(delaysMs, 0.99)];
    t.diagnostic(
      `start delay of ${delaysMs.length} quick events: p50 ${p50} ms, p99 ${p99} ms, ${hall.invoke.counts().queuedEvents} still wait`,
    );
    t.assert.strictEqual(delaysMs.length, others);
    t.assert.ok(p99 <= 1000, `p99 ${p99} ms`);
  });
});
