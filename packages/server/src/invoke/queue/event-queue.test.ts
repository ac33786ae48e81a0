import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openHall, type Hall } from '../../../../../test/kit/hall.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { returned, threw } from '../../../../../test/kit/scripted-environments.ts';
import { settle, VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import type { EventInvokeConfig } from './event.ts';

/** A hall that notes when each attempt began, in whole virtual seconds since the start. */
const noting = async (answer: (attempt: number) => ReturnType<typeof returned>, options: Parameters<typeof openHall>[0] = {}) => {
  const clock = options.clock ?? new VirtualClock();
  const attempts: { atMs: number; requestId: string; payload: string }[] = [];
  const hall = await openHall({
    clock,
    ...options,
    handler: ({ requestId, payload }) => {
      attempts.push({ atMs: clock.monotonic(), requestId, payload: Buffer.from(payload).toString() });
      return answer(attempts.length);
    },
  });
  return { hall, attempts, seconds: () => attempts.map(({ atMs }) => atMs / 1000) };
};
const rows = async (hall: Hall): Promise<number> =>
  Number((await hall.database.get('SELECT count(*) AS n FROM invoke_event'))?.['n']);
const config = (change: Partial<EventInvokeConfig>) => ({
  eventInvokeConfig: () => ({ maximumRetryAttempts: 2, maximumEventAgeMs: 21_600_000, ...change }),
});

suite('the event queue', () => {
  test('an event runs once, with its bytes untouched, and is gone', async () => {
    const { hall, attempts } = await noting(() => returned('1'));
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f', '{ "a" : 1e2 }'));
    await settle();
    assert.equal(attempts[0]?.payload, '{ "a" : 1e2 }');
    assert.equal(await rows(hall), 0);
    assert.equal(hall.invoke.counts().queuedEvents, 0);
  });

  test('a function error is tried again after 60 and then 120 seconds, with the same request id, and then no more', async () => {
    const { hall, attempts, seconds } = await noting(() => threw());
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await hall.clock.advance(59_999);
    assert.deepEqual(seconds(), [0]);
    await hall.clock.advance(3_600_000);
    assert.deepEqual(seconds(), [0, 60, 180]);
    assert.equal(new Set(attempts.map(({ requestId }) => requestId)).size, 1);
    assert.equal(await rows(hall), 0);
    assert.ok(hall.facts.some((fact) => fact.kind === 'count' && fact.metric === 'AsyncEventsDropped'));
  });

  test('a retry that succeeds is the last', async () => {
    const { hall, seconds } = await noting((attempt) => (attempt === 2 ? returned('1') : threw()));
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await hall.clock.advance(3_600_000);
    assert.deepEqual(seconds(), [0, 60]);
  });

  for (const [maximumRetryAttempts, expected] of [
    [0, [0]],
    [1, [0, 60]],
    [2, [0, 60, 180]],
  ] as const) {
    test(`with MaximumRetryAttempts ${maximumRetryAttempts} the attempts are at ${expected.join(', ')} s`, async () => {
      const { hall, seconds } = await noting(() => threw(), { events: config({ maximumRetryAttempts }) });
      await using _hall = hall;
      hall.catalog.put('f');
      await hall.invoke.invoker.enqueue(hall.request('f'));
      await hall.clock.advance(3_600_000);
      assert.deepEqual(seconds(), expected);
    });
  }

  test('a throttled event backs off from one second to five minutes and consumes no attempt', async () => {
    const { hall, seconds } = await noting(() => threw(), { limits: { accountConcurrency: 0 }, queue: { inFlight: 10 } });
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await hall.clock.advance(2_000_000);
    const tries = hall.facts.flatMap((fact) =>
      fact.kind === 'throttle' ? [fact.atMs - (hall.clock.now() - hall.clock.monotonic())] : [],
    );
    assert.deepEqual(
      tries.map((atMs) => atMs / 1000),
      [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111, 1411, 1711],
    );
    assert.deepEqual(seconds(), []);
    assert.equal(await rows(hall), 1);
  });

  test('an event that grows too old is told so at that moment, whatever it was waiting for', async () => {
    const ended: { condition: string; atMs: number }[] = [];
    const clock = new VirtualClock();
    const { hall } = await noting(() => threw(), {
      clock,
      limits: { accountConcurrency: 0 },
      queue: { inFlight: 10 },
      events: {
        ...config({ maximumEventAgeMs: 100_000, onFailure: 'arn:aws:sqs:us-east-1:000000000000:q' }),
        deliver: ({ condition }) => Promise.resolve(void ended.push({ condition, atMs: clock.monotonic() })),
      },
    });
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await hall.clock.advance(300_000);
    assert.deepEqual(ended, [{ condition: 'EventAgeExceeded', atMs: 100_000 }]);
  });

  test('a retry that would come too late is none: the destination hears of the last try', async () => {
    const ended: unknown[] = [];
    const clock = new VirtualClock();
    const { hall } = await noting(() => threw('Bad'), {
      clock,
      events: {
        ...config({ maximumEventAgeMs: 120_000, onFailure: 'arn:aws:sqs:us-east-1:000000000000:q' }),
        deliver: ({ condition, approximateInvokeCount, functionError, responsePayload }) => {
          const body = Buffer.from(responsePayload ?? []).toString('utf8');
          ended.push({ condition, approximateInvokeCount, functionError, failed: body.includes('Bad'), atMs: clock.monotonic() });
          return Promise.resolve();
        },
      },
    });
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await hall.clock.advance(300_000);
    assert.deepEqual(ended, [
      { condition: 'EventAgeExceeded', approximateInvokeCount: 2, functionError: 'Unhandled', failed: true, atMs: 60_000 },
    ]);
  });

  test('a failure goes to the dead-letter target and to the destination, and a failed hand-off is tried again', async () => {
    const sent: string[] = [];
    const { hall } = await noting(() => threw('Bad'), {
      events: {
        ...config({ maximumRetryAttempts: 0, onFailure: 'arn:failure', onSuccess: 'arn:success' }),
        deliver: (ended, target) => {
          sent.push(`${target.kind} ${target.arn} ${ended.condition} ${ended.approximateInvokeCount}`);
          return sent.length === 1 ? Promise.reject(new Error('not now')) : Promise.resolve();
        },
      },
    });
    await using _hall = hall;
    hall.catalog.put('f', { version: { deadLetterTargetArn: 'arn:dead' } });
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await hall.clock.advance(10_000);
    assert.deepEqual(sent, [
      'deadLetter arn:dead RetriesExhausted 1',
      'deadLetter arn:dead RetriesExhausted 1',
      'destination arn:failure RetriesExhausted 1',
    ]);
    assert.equal(await rows(hall), 0);
  });

  test('a success is told to its destination with the response', async () => {
    const sent: unknown[] = [];
    const { hall } = await noting(() => returned('{"ok":1}'), {
      events: {
        ...config({ onSuccess: 'arn:success' }),
        deliver: (ended, target) =>
          Promise.resolve(
            void sent.push([
              target.arn,
              ended.condition,
              Buffer.from(ended.responsePayload ?? []).toString(),
              ended.executedVersion,
            ]),
          ),
      },
    });
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await settle();
    assert.deepEqual(sent, [['arn:success', 'Success', '{"ok":1}', '$LATEST']]);
  });

  test('with reserved concurrency 0 an event is accepted and ends at once, without running', async () => {
    const conditions: string[] = [];
    const { hall, attempts } = await noting(() => returned('1'), {
      events: {
        ...config({ onFailure: 'arn:failure' }),
        deliver: ({ condition }) => Promise.resolve(void conditions.push(condition)),
      },
    });
    await using _hall = hall;
    hall.catalog.put('f', { reservedConcurrency: 0 });
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await settle();
    assert.equal(attempts.length, 0);
    assert.deepEqual(conditions, ['ZeroReservedConcurrency']);
  });

  test('a system error backs off by itself and consumes no attempt', async () => {
    const { hall, seconds } = await noting(() => returned('1'), {
      boot: (_version, count) => Promise.resolve(count < 4 ? 'gone' : 'idle'),
    });
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await hall.clock.advance(60_000);
    assert.deepEqual(seconds(), [3]);
  });

  test("one function's backlog does not stand before another's event", async () => {
    const order: string[] = [];
    await using hall = await openHall({
      queue: { inFlight: 2 },
      handler: async (_invocation, { version }) => {
        order.push(version.functionName);
        await settle(1);
        return returned('1');
      },
    });
    hall.catalog.put('flood');
    hall.catalog.put('quiet');
    await Promise.all(Array.from({ length: 300 }, () => hall.invoke.invoker.enqueue(hall.request('flood'))));
    const before = order.length;
    await hall.invoke.invoker.enqueue(hall.request('quiet'));
    await settle(40);
    assert.ok(order.includes('quiet'), `not among ${order.length}`);
    assert.ok(order.indexOf('quiet') - before < 60, `after ${order.indexOf('quiet') - before} more of the flood`);
    for (let turn = 0; turn < 200 && order.length < 301; turn += 1) await settle(10);
    assert.equal(order.length, 301);
  });

  test('a function with one place works its backlog off without a single throttle', async () => {
    const { hall, attempts } = await noting(() => returned('1'));
    await using _hall = hall;
    hall.catalog.put('f', { reservedConcurrency: 1 });
    await Promise.all(Array.from({ length: 50 }, () => hall.invoke.invoker.enqueue(hall.request('f'))));
    for (let turn = 0; turn < 100 && attempts.length < 50; turn += 1) await settle();
    assert.equal(attempts.length, 50);
    assert.equal(hall.environments.mostRunning, 1);
    assert.equal(hall.facts.filter(({ kind }) => kind === 'throttle').length, 0);
  });

  test('a backlog of slow events earns more environments by and by, a backlog of quick ones does not', async () => {
    const running = async (milliseconds: number): Promise<number[]> => {
      const clock = new VirtualClock();
      await using hall = await openHall({
        clock,
        queue: { laneStart: 4 },
        handler: () => clock.sleep(milliseconds).then(() => returned('1')),
      });
      hall.catalog.put('f');
      await Promise.all(Array.from({ length: 100 }, () => hall.invoke.invoker.enqueue(hall.request('f'))));
      const at: number[] = [];
      for (let second = 0; second < 4; second += 1) {
        await settle(20);
        at.push(hall.environments.mostRunning);
        await clock.advance(1000);
      }
      return at;
    };
    assert.deepEqual(await running(60_000), [4, 8, 16, 32]);
    assert.equal((await running(10))[3], 4);
  });

  test('events accepted together share a transaction', async () => {
    const database = new PlainDatabase();
    const { hall } = await noting(() => returned('1'), { database });
    await using _hall = hall;
    hall.catalog.put('f', { reservedConcurrency: 0 });
    const before = database.commits;
    await Promise.all(Array.from({ length: 200 }, () => hall.invoke.invoker.enqueue(hall.request('f'))));
    assert.equal(database.commits - before, 1);
  });

  test('an event that cannot be stored is not accepted', async () => {
    const database = new PlainDatabase();
    const { hall, attempts } = await noting(() => returned('1'), { database });
    await using _hall = hall;
    hall.catalog.put('f');
    database.failure = new Error('disk full');
    await assert.rejects(hall.invoke.invoker.enqueue(hall.request('f')), { name: 'ServiceException', status: 503 });
    database.failure = undefined;
    await settle();
    assert.equal(attempts.length, 0);
    assert.equal(hall.invoke.counts().queuedEvents, 0);
  });

  test('a full queue refuses with a 429', async () => {
    await using hall = await openHall({ queue: { events: 1 }, handler: () => new Promise(() => {}) });
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await assert.rejects(hall.invoke.invoker.enqueue(hall.request('f')), { name: 'TooManyRequestsException', status: 429 });
  });

  test('events that do not fit into memory are read from storage when their turn comes', async () => {
    const { hall, attempts } = await noting(() => returned('1'), { queue: { cachedBytes: 0 } });
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f', '{"large":1}'));
    await settle();
    assert.equal(attempts[0]?.payload, '{"large":1}');
  });

  test('a deleted function takes its events with it', async () => {
    const { hall, attempts } = await noting(() => threw());
    await using _hall = hall;
    hall.catalog.put('f');
    await hall.invoke.invoker.enqueue(hall.request('f'));
    await settle();
    hall.catalog.delete('f');
    await hall.clock.advance(60_000);
    assert.equal(attempts.length, 1);
    assert.equal(await rows(hall), 0);
  });

  test('syntax and size are checked before anything is accepted', async () => {
    await using hall = await openHall({ limits: { asyncRequestBytes: 4 } });
    hall.catalog.put('f');
    await assert.rejects(hall.invoke.invoker.enqueue(hall.request('f', '{"a":1}')), {
      status: 413,
      message: '7 byte payload is too large for the Event invocation type (limit 4 bytes)',
    });
    await assert.rejects(hall.invoke.invoker.enqueue(hall.request('f', 'no')), { name: 'InvalidRequestContentException' });
  });
});
