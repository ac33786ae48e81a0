import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PlainDatabase } from '../../../../test/kit/plain-database.ts';
import { account, region } from '../../../../test/kit/scripted-catalog.ts';
import { VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import { silentLogger, type EnvironmentId, type InvocationFact, type RequestId } from '../base/index.ts';
import { openObserve } from './index.ts';

const clock = new VirtualClock();
const invocation = (change: Partial<InvocationFact> = {}): InvocationFact => ({
  kind: 'invocation',
  account,
  region,
  functionName: 'f',
  version: '$LATEST',
  requestId: 'r' as RequestId,
  environmentId: 'e' as EnvironmentId,
  startedAtMs: clock.now(),
  durationMs: 12,
  billedMs: 12,
  memorySizeMiB: 128,
  maxMemoryUsedMiB: 40,
  status: 'success',
  ...change,
});
const opened = async (database = new PlainDatabase(), ourClock = new VirtualClock()) => {
  const observe = await openObserve({ database, clock: ourClock, log: silentLogger });
  return { database, observe, clock: ourClock };
};
const subject = { account, region, functionName: 'f', version: '$LATEST' };

suite('metrics', () => {
  test('invocations, errors, cold starts, throttles and counts appear by function', async () => {
    const { observe } = await opened();
    observe.record(invocation({ initMs: 100 }));
    observe.record(invocation({ status: 'error' }));
    observe.record({ kind: 'throttle', ...subject, atMs: 0, reason: 'ConcurrentInvocationLimitExceeded' });
    observe.record({ kind: 'count', ...subject, metric: 'AsyncEventsReceived', value: 2, unit: 'Count', atMs: 0 });
    const labels = 'account="000000000000",region="us-east-1",function="f"';
    const text = observe.prometheus();
    for (const line of [
      '# TYPE mayfly_invocations_total counter',
      `mayfly_invocations_total{${labels}} 2`,
      `mayfly_errors_total{${labels}} 1`,
      `mayfly_cold_starts_total{${labels}} 1`,
      `mayfly_throttles_total{${labels},reason="ConcurrentInvocationLimitExceeded"} 1`,
      `mayfly_events_total{${labels},metric="AsyncEventsReceived"} 2`,
      `mayfly_duration_seconds_bucket{${labels},le="0.01"} 0`,
      `mayfly_duration_seconds_bucket{${labels},le="0.025"} 2`,
      `mayfly_duration_seconds_bucket{${labels},le="+Inf"} 2`,
      `mayfly_duration_seconds_sum{${labels}} 0.024`,
      `mayfly_init_duration_seconds_count{${labels}} 1`,
    ]) {
      assert.ok(text.split('\n').includes(line), `missing: ${line}`);
    }
  });

  test('a gauge is asked when the metrics are read, until it is taken out', async (t) => {
    const { observe } = await opened();
    let depth = 1;
    const gauge = observe.gauge({ name: 'mayfly_event_queue_depth', help: 'Events waiting.', read: () => depth });
    depth = 7;
    t.assert.match(observe.prometheus(), /^mayfly_event_queue_depth 7$/m);
    gauge[Symbol.dispose]();
    t.assert.doesNotMatch(observe.prometheus(), /queue_depth/);
  });

  test('label values cannot break out of their quotes', async (t) => {
    const { observe } = await opened();
    observe.gauge({ name: 'g', help: 'h', read: () => [{ labels: { l: 'a"b\\c\nd' }, value: 1 }] });
    t.assert.match(observe.prometheus(), /^g\{l="a\\"b\\\\c\\nd"\} 1$/m);
  });

  test('minutes keep sum, count and extremes, and forget after three hours', async (t) => {
    const { observe } = await opened();
    observe.record(invocation({ startedAtMs: 60_000, durationMs: 5 }));
    observe.record(invocation({ startedAtMs: 119_999, durationMs: 15 }));
    observe.record(invocation({ startedAtMs: 120_000, durationMs: 7 }));
    const durations = observe.minutes({ account, region, metric: 'Duration' });
    t.assert.deepEqual(durations, [
      { minuteMs: 60_000, functionName: 'f', metric: 'Duration', sum: 20, sampleCount: 2, minimum: 5, maximum: 15 },
      { minuteMs: 120_000, functionName: 'f', metric: 'Duration', sum: 7, sampleCount: 1, minimum: 7, maximum: 7 },
    ]);
    for (let minute = 3; minute < 400; minute += 1) observe.record(invocation({ startedAtMs: minute * 60_000 }));
    t.assert.equal(observe.minutes({ account, region, metric: 'Duration' }).length, 180);
  });
});

suite('bills', () => {
  test('are written within a second, many in one transaction', async (t) => {
    const { database, observe, clock: ours } = await opened();
    for (let index = 0; index < 120; index += 1) observe.record(invocation({ requestId: `r${index}` as RequestId }));
    const before = database.commits;
    await ours.advance(1000);
    t.assert.equal(database.commits - before, 1);
    t.assert.equal((await database.get('SELECT sum(count) AS n FROM bill_page'))?.['n'], 120);
  });

  test('are written at once when ten thousand have come together', async (t) => {
    const { database, observe, clock: ours } = await opened();
    for (let index = 0; index < 10_000; index += 1) observe.record(invocation());
    await ours.advance(0);
    t.assert.equal((await database.get('SELECT sum(count) AS n FROM bill_page'))?.['n'], 10_000);
  });

  test('are there after closing and opening again, and can be asked for', async (t) => {
    const database = new PlainDatabase();
    const noon = clock.now();
    {
      const { observe } = await opened(database);
      observe.record(invocation({ requestId: 'one' as RequestId, startedAtMs: noon + 1000, initMs: 99.5, billedMs: 112 }));
      observe.record(invocation({ requestId: 'two' as RequestId, startedAtMs: noon + 2000, functionName: 'g' }));
      await observe[Symbol.asyncDispose]();
    }
    const { observe } = await opened(database);
    t.assert.deepEqual(
      (await observe.bills({ account })).map(({ requestId }) => requestId),
      ['two', 'one'],
    );
    t.assert.partialDeepStrictEqual(await observe.bills({ account, functionName: 'f' }), [
      { requestId: 'one', billedMs: 112, initMs: 99.5, memorySizeMiB: 128, status: 'success' },
    ]);
    t.assert.equal((await observe.bills({ account, fromMs: noon + 1500 })).length, 1);
  });

  test('come newest first, however they were written', async (t) => {
    const { observe, clock: ours } = await opened();
    const noon = ours.now();
    for (let second = 0; second < 60; second += 1) {
      for (const late of [0, 5_000]) {
        const startedAtMs = noon + second * 1000 - late;
        observe.record(invocation({ functionName: `f${second % 3}`, requestId: `${startedAtMs}` as RequestId, startedAtMs }));
      }
      await ours.advance(1000);
    }
    const all = await observe.bills({ account, limit: 10_000 });
    t.assert.equal(all.length, 120);
    t.assert.deepEqual(
      all.map((bill) => bill.startedAtMs),
      all.map((bill) => bill.startedAtMs).toSorted((a, b) => b - a),
    );
    t.assert.deepEqual(
      (await observe.bills({ account, limit: 7 })).map((bill) => bill.startedAtMs),
      all.slice(0, 7).map((bill) => bill.startedAtMs),
    );
    t.assert.deepEqual(
      (await observe.bills({ account, requestId: `${noon}` })).map((bill) => bill.startedAtMs),
      all.filter((bill) => bill.startedAtMs === noon).map(() => noon),
    );
  });

  test('are kept for ninety days', async (t) => {
    const { database, observe, clock: ours } = await opened();
    const day = 86_400_000;
    observe.record(invocation({ startedAtMs: ours.now() - 91 * day }));
    observe.record(invocation({ startedAtMs: ours.now() - 89 * day }));
    await ours.advance(1000);
    t.assert.equal((await database.get('SELECT sum(count) AS n FROM bill_page'))?.['n'], 1);
  });

  test('that could not be written are kept for the next try', async (t) => {
    const { database, observe, clock: ours } = await opened();
    database.failure = new Error('disk full');
    observe.record(invocation());
    await ours.advance(1000);
    database.failure = undefined;
    await ours.advance(1000);
    t.assert.equal((await database.get('SELECT sum(count) AS n FROM bill_page'))?.['n'], 1);
  });

  test('recording never throws, even when the fact is nonsense', async (t) => {
    const { observe } = await opened();
    t.assert.doesNotThrow(() => observe.record(undefined as never));
  });
});
