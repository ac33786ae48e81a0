import { suite, test, type TestContext } from 'node:test';
import { ServiceFault } from '@mayfly/wire';
import { PlainDatabase } from '../../../../test/kit/plain-database.ts';
import { ScriptedQueue, ScriptedStream } from '../../../../test/kit/scripted-sources.ts';
import { settle, VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import { awsLimits, noRecorder, silentLogger, systemRandom, type AccountId, type Region } from '../base/index.ts';
import type { Outcome } from '../invoke/index.ts';
import type { Database } from '../storage/index.ts';
import { openEvents, type Events, type Mapping } from './index.ts';

type Event = {
  readonly Records: readonly { readonly body?: string; readonly key?: string; readonly eventID?: string }[];
} & Record<string, unknown>;
type Handler = (event: Event, call: number) => unknown;

const mapping = (source: string, options: Partial<Mapping> = {}): Mapping => ({
  uuid: 'u1',
  account: '000000000000' as AccountId,
  region: 'us-east-1' as Region,
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  eventSourceArn: `arn:aws:${source}:us-east-1:000000000000:source`,
  enabled: true,
  batchSize: 10,
  batchWindowMs: 0,
  filters: [],
  reportBatchItemFailures: false,
  parallelizationFactor: 1,
  maximumRetryAttempts: -1,
  maximumRecordAgeMs: -1,
  bisectOnFunctionError: false,
  tumblingWindowMs: 0,
  ...options,
});

const failed: Outcome = { kind: 'threw', errorType: 'Error', body: Buffer.from('{}') };

/** Pollers on a virtual clock between a scripted source and a scripted function. */
class Rig implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly queue = new ScriptedQueue(this.clock);
  readonly stream = new ScriptedStream(this.clock);
  readonly calls: Event[] = [];
  readonly failures: { readonly arn: string; readonly record: Record<string, unknown>; readonly payload: string }[] = [];
  readonly results: string[] = [];
  /** How long each call takes. */
  callMs = 0;
  running = 0;
  mostRunning = 0;
  readonly database: Database;
  #events: Events | undefined;
  /** Hears what state the mapping shows. */
  onState: (state: string) => void = () => {};
  change: (uuid: string, mapping: Mapping | undefined) => void = () => {};

  constructor(database: Database = new PlainDatabase()) {
    this.database = database;
  }

  /** A handler returns its answer, or throws: an Error is the function's, a ServiceFault the platform's. */
  async start(one: Mapping, handler: Handler): Promise<void> {
    this.#events = await openEvents({
      book: {
        all: () => [one],
        onChange: (listener) => {
          this.change = listener;
          return { [Symbol.dispose]: () => {} };
        },
        report: (_uuid, { lastProcessingResult, state }) => {
          if (lastProcessingResult !== undefined) this.results.push(lastProcessingResult);
          if (state !== undefined) this.onState(state);
        },
      },
      invoker: {
        invoke: async (request) => {
          const event = JSON.parse(Buffer.from(request.payload).toString('utf8')) as Event;
          this.calls.push(event);
          this.mostRunning = Math.max(this.mostRunning, (this.running += 1));
          await (this.callMs > 0 ? this.clock.sleep(this.callMs) : settle(2));
          this.running -= 1;
          try {
            const answer = handler(event, this.calls.length);
            return {
              outcome: { kind: 'returned', body: Buffer.from(JSON.stringify(answer ?? null)) },
              executedVersion: '$LATEST',
            };
          } catch (error) {
            if (error instanceof ServiceFault) throw error;
            return { outcome: failed, executedVersion: '$LATEST' };
          }
        },
        enqueue: () => Promise.reject(new Error('not asked for')),
      },
      compileFilters: (patterns) => (record) => patterns.some((pattern) => JSON.stringify(record).includes(pattern)),
      deliverFailure: (arn, record, { payload }) =>
        Promise.resolve(void this.failures.push({ arn, record: record as Record<string, unknown>, payload })),
      queues: { sqs: this.queue },
      streams: { kinesis: this.stream, dynamodb: this.stream },
      readSecret: () => Promise.reject(new Error('no secrets here')),
      brokerAddresses: () => undefined,
      database: this.database,
      recorder: noRecorder,
      clock: this.clock,
      random: systemRandom,
      log: silentLogger,
      limits: awsLimits,
    });
    await settle(20);
  }

  get bodies(): readonly (readonly string[])[] {
    return this.calls.map(({ Records }) => Records.map(({ body, key }) => body ?? key ?? ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ending = this.#events?.[Symbol.asyncDispose]();
    await this.clock.advance(60_000);
    await ending;
  }
}

const throttled = (): never => {
  throw new ServiceFault('TooManyRequestsException', 'Rate Exceeded.', { status: 429 });
};
const broken = (): never => {
  throw new Error('broken');
};

suite('a mapping from a queue', { timeout: 30_000 }, () => {
  test('hands over what is there, and deletes it when the call succeeded', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs'), () => null);
    rig.queue.send('a', 'b', 'c');
    await rig.clock.advance(10);
    t.assert.deepEqual(rig.bodies.flat(), ['a', 'b', 'c']);
    t.assert.equal(rig.queue.held.size, 0);
    t.assert.deepEqual(rig.results, ['OK']);
  });

  test('waits for a full batch no longer than the window', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs', { batchWindowMs: 5000, batchSize: 3 }), () => null);
    rig.queue.send('a');
    await rig.clock.advance(4900);
    t.assert.equal(rig.calls.length, 0);
    await rig.clock.advance(200);
    t.assert.deepEqual(rig.bodies, [['a']]);
    rig.queue.send('b', 'c', 'd');
    await rig.clock.advance(10);
    t.assert.deepEqual(rig.bodies.at(-1), ['b', 'c', 'd']);
  });

  test('a failed batch stays and comes back after its visibility', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs'), (_event, call) => (call === 1 ? broken() : null));
    rig.queue.send('a');
    await rig.clock.advance(29_000);
    t.assert.equal(rig.calls.length, 1);
    await rig.clock.advance(2000);
    t.assert.deepEqual([rig.calls.length, rig.queue.held.size], [2, 0]);
  });

  test('a partial answer keeps only what failed; an unknown id keeps everything', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs', { reportBatchItemFailures: true }), (_event, call) => ({
      batchItemFailures: [{ itemIdentifier: call === 1 ? 'm2' : call === 2 ? 'who' : '' }],
    }));
    rig.queue.send('a', 'b');
    await rig.clock.advance(10);
    t.assert.deepEqual([...rig.queue.held.keys()], ['m2']);
    await rig.clock.advance(31_000);
    t.assert.deepEqual([...rig.queue.held.keys()], ['m2']);
  });

  test('a throttled batch is tried again within its visibility, without a second receive', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs'), (_event, call) => (call < 4 ? throttled() : null));
    rig.queue.send('a');
    await rig.clock.advance(5000);
    t.assert.deepEqual([rig.calls.length, rig.queue.held.size], [4, 0]);
  });

  test('what a filter drops is deleted and never seen', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs', { filters: ['keep'] }), () => null);
    rig.queue.send('keep 1', 'drop', 'keep 2');
    await rig.clock.advance(10);
    t.assert.deepEqual([rig.bodies.flat(), rig.queue.held.size], [['keep 1', 'keep 2'], 0]);
  });

  test('a batch beyond six megabytes is cut', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs'), () => null);
    rig.queue.send('x'.repeat(4_000_000), 'y'.repeat(4_000_000));
    await rig.clock.advance(100);
    t.assert.deepEqual(
      rig.bodies.map((each) => each.length),
      [1, 1],
    );
  });

  test('never calls more often at once than its maximum concurrency', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs', { maximumConcurrency: 2, batchSize: 1 }), () => null);
    rig.queue.send(...Array.from({ length: 40 }, (_, index) => String(index)));
    for (let turn = 0; turn < 40 && rig.queue.held.size > 0; turn += 1) await rig.clock.advance(10);
    t.assert.deepEqual([rig.calls.length, rig.queue.held.size, rig.mostRunning], [40, 0, 2]);
  });

  test('a backlog is met with five calls at once, and five more each second', async (t: TestContext) => {
    await using rig = new Rig();
    rig.callMs = 60_000;
    await rig.start(mapping('sqs', { batchSize: 1 }), () => null);
    rig.queue.send(...Array.from({ length: 100 }, (_, index) => String(index)));
    await rig.clock.advance(100);
    t.assert.equal(rig.running, 5);
    await rig.clock.advance(1000);
    t.assert.equal(rig.running, 10);
    await rig.clock.advance(3000);
    t.assert.equal(rig.running, 25);
  });

  test('a function that fails is called ever less, and as before once it succeeds', async (t: TestContext) => {
    await using rig = new Rig();
    rig.callMs = 1000;
    let isBroken = true;
    await rig.start(mapping('sqs', { batchSize: 1 }), () => (isBroken ? broken() : null));
    rig.queue.send(...Array.from({ length: 500 }, (_, index) => String(index)));
    await rig.clock.advance(20_000);
    rig.mostRunning = 0;
    await rig.clock.advance(5000);
    t.assert.equal(rig.mostRunning, 1);
    isBroken = false;
    await rig.clock.advance(8000);
    t.assert.ok(rig.mostRunning > 5, `${rig.mostRunning} at once`);
  });

  test('provisioned pollers are there from the start, ten calls each, and grow to their maximum under a backlog', async (t: TestContext) => {
    await using rig = new Rig();
    rig.callMs = 60_000;
    await rig.start(mapping('sqs', { batchSize: 1, provisionedPollers: { minimum: 3, maximum: 5 } }), () => null);
    rig.queue.send(...Array.from({ length: 100 }, (_, index) => String(index)));
    await rig.clock.advance(10);
    t.assert.equal(rig.running, 30);
    await rig.clock.advance(600);
    t.assert.equal(rig.running, 40);
    await rig.clock.advance(5000);
    t.assert.equal(rig.running, 50);
  });

  test('provisioned pollers go back to their minimum when the backlog is gone, and never below', async (t: TestContext) => {
    await using rig = new Rig();
    rig.callMs = 1000;
    let isBroken = false;
    await rig.start(mapping('sqs', { batchSize: 1, provisionedPollers: { minimum: 2, maximum: 4 } }), () =>
      isBroken ? broken() : null,
    );
    rig.queue.send(...Array.from({ length: 400 }, (_, index) => String(index)));
    await rig.clock.advance(30_000);
    t.assert.deepEqual([rig.queue.held.size, rig.mostRunning], [0, 40]);
    isBroken = true;
    for (let round = 0; round < 3; round += 1) {
      rig.mostRunning = 0;
      rig.queue.send(...Array.from({ length: 60 }, (_, index) => String(index)));
      await rig.clock.advance(50);
      t.assert.equal(rig.mostRunning, 20);
      await rig.clock.advance(10_000);
    }
  });

  test('what is done with is deleted while the next batch runs', async (t: TestContext) => {
    await using rig = new Rig();
    const deleted = Promise.withResolvers<void>();
    const deletions = t.mock.method(rig.queue, 'delete', () => deleted.promise);
    await rig.start(mapping('sqs', { batchSize: 1, maximumConcurrency: 1 }), () => null);
    rig.queue.send('a', 'b', 'c');
    await rig.clock.advance(1000);
    // The third waits: no worker is more than one deletion ahead.
    const [bodies, begun] = [rig.bodies.flat(), deletions.mock.callCount()];
    deleted.resolve();
    t.assert.deepEqual([bodies, begun], [['a', 'b'], 2]);
    await rig.clock.advance(1000);
    t.assert.deepEqual(rig.bodies.flat(), ['a', 'b', 'c']);
  });

  test('a disabled mapping takes nothing', async (t: TestContext) => {
    await using rig = new Rig();
    await rig.start(mapping('sqs'), () => null);
    rig.change('u1', mapping('sqs', { enabled: false }));
    await rig.clock.advance(10);
    rig.queue.send('a');
    await rig.clock.advance(60_000);
    t.assert.deepEqual([rig.calls.length, rig.queue.held.size], [0, 1]);
  });
});

suite('a mapping from a stream', { timeout: 30_000 }, () => {
  test('reads from the horizon, in order, in batches', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'a', 'b', 'c');
    await rig.start(mapping('kinesis', { batchSize: 2 }), () => null);
    await rig.clock.advance(100);
    t.assert.deepEqual(rig.bodies, [['a', 'b'], ['c']]);
  });

  test('LATEST begins where the stream ends when the mapping says that it is enabled', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'before');
    rig.onState = (state) => rig.stream.put('s1', `when ${state}`);
    await rig.start(mapping('kinesis', { startingPosition: 'LATEST' }), () => null);
    await rig.clock.advance(2000);
    t.assert.deepEqual(rig.bodies.flat(), ['when Enabled']);
  });

  test('LATEST sees only what comes after it, and a restart goes on where it was', async (t: TestContext) => {
    const database = new PlainDatabase();
    const latest = mapping('kinesis', { startingPosition: 'LATEST' });
    const first = new Rig(database);
    first.stream.shard('s1');
    first.stream.put('s1', 'before');
    await first.start(latest, () => null);
    await first.clock.advance(2000);
    first.stream.put('s1', 'after');
    await first.clock.advance(100);
    t.assert.deepEqual(first.bodies, [['after']]);
    await first[Symbol.asyncDispose]();
    await using second = new Rig(database);
    second.stream.shard('s1');
    second.stream.put('s1', 'before', 'after', 'new');
    await second.start(latest, () => null);
    await second.clock.advance(100);
    t.assert.deepEqual(second.bodies, [['new']]);
    await database[Symbol.asyncDispose]();
  });

  test('a failing batch blocks its shard until it succeeds', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'a', 'b');
    await rig.start(mapping('kinesis', { batchSize: 1 }), (_event, call) => (call < 4 ? broken() : null));
    await rig.clock.advance(60_000);
    t.assert.deepEqual(rig.bodies.flat(), ['a', 'a', 'a', 'a', 'b']);
  });

  test('after the last retry the batch is told to its destination, and the shard goes on', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'bad', 'good');
    const options = { batchSize: 1, maximumRetryAttempts: 2, onFailureArn: 'arn:aws:sqs:us-east-1:000000000000:dlq' };
    await rig.start(mapping('kinesis', options), ({ Records }) => (Records[0]?.key === 'bad' ? broken() : null));
    await rig.clock.advance(60_000);
    t.assert.deepEqual(rig.bodies.flat(), ['bad', 'bad', 'bad', 'good']);
    const [failure] = rig.failures;
    t.assert.equal(failure?.arn, options.onFailureArn);
    t.assert.deepEqual(
      (failure?.record['requestContext'] as { condition: string; approximateInvokeCount: number }).condition,
      'RetryAttemptsExhausted',
    );
    t.assert.deepEqual((failure?.record['requestContext'] as { approximateInvokeCount: number }).approximateInvokeCount, 3);
    t.assert.equal((failure?.record['KinesisBatchInfo'] as { batchSize: number }).batchSize, 1);
    t.assert.match(failure?.payload ?? '', /"bad"/);
  });

  test('bisection isolates the poisoned record', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'a', 'b', 'bad', 'd');
    const poisoned = ({ Records }: Event): unknown => (Records.some(({ key }) => key === 'bad') ? broken() : null);
    await rig.start(
      mapping('kinesis', { bisectOnFunctionError: true, maximumRetryAttempts: 0, onFailureArn: 'arn:aws:sqs:r:a:q' }),
      poisoned,
    );
    await rig.clock.advance(60_000);
    // No retry is left after the first failure, so nothing is split: AWS counts likewise.
    t.assert.deepEqual(rig.bodies, [['a', 'b', 'bad', 'd']]);
    await using again = new Rig();
    again.stream.shard('s1');
    again.stream.put('s1', 'a', 'b', 'bad', 'd');
    await again.start(
      mapping('kinesis', { bisectOnFunctionError: true, maximumRetryAttempts: 1, onFailureArn: 'arn:aws:sqs:r:a:q' }),
      poisoned,
    );
    await again.clock.advance(60_000);
    t.assert.deepEqual(again.bodies, [['a', 'b', 'bad', 'd'], ['a', 'b'], ['bad', 'd'], ['bad'], ['bad'], ['d']]);
    t.assert.equal(again.failures.length, 1);
  });

  test('a partial answer goes on from the lowest failure', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'a', 'b', 'c');
    await rig.start(mapping('kinesis', { reportBatchItemFailures: true }), ({ Records }, call) =>
      call === 1
        ? { batchItemFailures: [{ itemIdentifier: Records[2]?.eventID }, { itemIdentifier: Records[1]?.eventID }] }
        : null,
    );
    await rig.clock.advance(10_000);
    t.assert.deepEqual(rig.bodies, [
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  test('what a partial answer leaves over has all its tries before it', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'a', 'b', 'c');
    const told = { reportBatchItemFailures: true, maximumRetryAttempts: 1, onFailureArn: 'arn:aws:sqs:r:a:q' };
    await rig.start(mapping('kinesis', told), ({ Records }) => ({
      batchItemFailures: [{ itemIdentifier: Records.at(-1)?.eventID }],
    }));
    await rig.clock.advance(10_000);
    t.assert.deepEqual(rig.bodies, [['a', 'b', 'c'], ['c'], ['c']]);
    t.assert.deepEqual(
      rig.failures.map(({ record }) => (record['requestContext'] as { approximateInvokeCount: number }).approximateInvokeCount),
      [2],
    );
  });

  test('records that are too old go to the destination unseen', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'old');
    await rig.clock.advance(120_000);
    rig.stream.put('s1', 'young');
    await rig.start(mapping('dynamodb', { maximumRecordAgeMs: 60_000, onFailureArn: 'arn:aws:sqs:r:a:q' }), () => null);
    await rig.clock.advance(100);
    t.assert.deepEqual(rig.bodies, [['young']]);
    const { requestId, functionArn: _arn, ...told } = rig.failures[0]?.record['requestContext'] as Record<string, unknown>;
    t.assert.deepEqual(told, { condition: 'RecordAgeExceeded', approximateInvokeCount: 1 });
    t.assert.match(String(requestId), /^[0-9a-f-]{36}$/);
    t.assert.ok('DDBStreamBatchInfo' in (rig.failures[0]?.record ?? {}));
  });

  test('parallel lanes keep the order of each key', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', ...Array.from({ length: 30 }, (_, index) => `k${index % 5}`));
    const seen = new Map<string, string[]>();
    await rig.start(mapping('kinesis', { parallelizationFactor: 4, batchSize: 3 }), ({ Records }) => {
      for (const { key = '', eventID = '' } of Records) seen.set(key, [...(seen.get(key) ?? []), eventID]);
    });
    await rig.clock.advance(1000);
    t.assert.equal([...seen.values()].flat().length, 30);
    for (const ids of seen.values()) t.assert.deepEqual(ids, [...ids].sort());
  });

  test('children wait for their parents', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('parent');
    rig.stream.shard('child', ['parent']);
    rig.stream.put('child', 'second');
    rig.stream.put('parent', 'first');
    await rig.start(mapping('kinesis'), () => null);
    await rig.clock.advance(10_000);
    t.assert.deepEqual(rig.bodies, [['first']]);
    rig.stream.close('parent');
    await rig.clock.advance(10_000);
    t.assert.deepEqual(rig.bodies, [['first'], ['second']]);
  });

  test('a tumbling window carries its state to a final call', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    await rig.start(mapping('kinesis', { tumblingWindowMs: 30_000 }), ({ Records, state }) => ({
      state: { sum: ((state as { sum?: number }).sum ?? 0) + Records.length },
    }));
    rig.stream.put('s1', 'a', 'b');
    await rig.clock.advance(2000);
    rig.stream.put('s1', 'c');
    await rig.clock.advance(40_000);
    t.assert.deepEqual(rig.bodies, [['a', 'b'], ['c'], []]);
    const final = rig.calls.at(-1);
    t.assert.deepEqual(
      [final?.['state'], final?.['isFinalInvokeForWindow'], final?.['isWindowTerminatedEarly']],
      [{ sum: 3 }, true, false],
    );
  });

  test('a throttle is no try', async (t: TestContext) => {
    await using rig = new Rig();
    rig.stream.shard('s1');
    rig.stream.put('s1', 'a');
    await rig.start(mapping('kinesis', { maximumRetryAttempts: 0 }), (_event, call) => (call < 5 ? throttled() : null));
    await rig.clock.advance(60_000);
    t.assert.equal(rig.calls.length, 5);
    t.assert.equal(rig.results.at(-1), 'OK');
  });
});
