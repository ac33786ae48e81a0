import { suite, test, type TestContext } from 'node:test';
import type { EndedEvent, EventInvokeConfig } from '../../packages/server/src/invoke/index.ts';
import type { Outcome } from '../../packages/server/src/environment/index.ts';
import { openHall } from '../kit/hall.ts';
import { returned, threw, type ScriptedAnswer } from '../kit/scripted-environments.ts';

type Step = 'ok' | 'error' | 'timeout' | 'lost';

const timedOut: Outcome = { kind: 'failed', errorType: 'Sandbox.Timedout', status: 'timeout', body: Buffer.from('{}') };
const lost: Outcome = { kind: 'failed', errorType: 'Sandbox.Failure', status: 'failure', body: Buffer.from('{}') };
const answers: Readonly<Record<Step, ScriptedAnswer>> = {
  ok: { outcome: returned('1') },
  error: { outcome: threw() },
  timeout: { outcome: timedOut, die: true },
  lost: { outcome: lost, die: true },
};

interface Case {
  readonly what: string;
  /** How each attempt ends; the last one is repeated. */
  readonly steps: readonly Step[];
  readonly config?: Partial<EventInvokeConfig>;
  readonly reserved?: number;
  /** A synchronous call holds the only place until this second. */
  readonly occupiedUntilS?: number;
  readonly deletedAtS?: number;
  /** Seconds after acceptance. */
  readonly attemptsAtS: readonly number[];
  /** `<second> <kind> <condition> <approximateInvokeCount> <executedVersion>` */
  readonly records: readonly string[];
  readonly source: string;
}

const hour = 3600;
const cases: readonly Case[] = [
  { what: 'success at once', steps: ['ok'], attemptsAtS: [0], records: ['0 destination Success 1 $LATEST'], source: '2.9-09' },
  {
    what: 'one error',
    steps: ['error', 'ok'],
    attemptsAtS: [0, 60],
    records: ['60 destination Success 2 $LATEST'],
    source: '2.9-02',
  },
  {
    what: 'two errors',
    steps: ['error', 'error', 'ok'],
    attemptsAtS: [0, 60, 180],
    records: ['180 destination Success 3 $LATEST'],
    source: '2.9-02',
  },
  {
    what: 'errors for ever: both the dead letters and the destination are told',
    steps: ['error'],
    attemptsAtS: [0, 60, 180],
    records: ['180 deadLetter RetriesExhausted 3 $LATEST', '180 destination RetriesExhausted 3 $LATEST'],
    source: '2.9-08',
  },
  {
    what: 'a time-out is an error of the function',
    steps: ['timeout', 'ok'],
    attemptsAtS: [0, 60],
    records: ['60 destination Success 2 $LATEST'],
    source: '2.9-02',
  },
  {
    what: 'no retries wanted',
    steps: ['error'],
    config: { maximumRetryAttempts: 0 },
    attemptsAtS: [0],
    records: ['0 deadLetter RetriesExhausted 1 $LATEST', '0 destination RetriesExhausted 1 $LATEST'],
    source: '1.11-01',
  },
  {
    what: 'one retry wanted',
    steps: ['error'],
    config: { maximumRetryAttempts: 1 },
    attemptsAtS: [0, 60],
    records: ['60 deadLetter RetriesExhausted 2 $LATEST', '60 destination RetriesExhausted 2 $LATEST'],
    source: '1.11-01',
  },
  {
    what: 'too old before the second retry would be due: the first retry was the last word',
    steps: ['error'],
    config: { maximumEventAgeMs: 90_000 },
    attemptsAtS: [0, 60],
    records: ['60 deadLetter EventAgeExceeded 2 $LATEST', '60 destination EventAgeExceeded 2 $LATEST'],
    source: '2.9-10',
  },
  {
    what: 'throttled: one second, doubled each time, and no attempt is used up',
    steps: ['ok'],
    reserved: 1,
    occupiedUntilS: 20,
    attemptsAtS: [31],
    records: ['31 destination Success 1 $LATEST'],
    source: '2.9-03',
  },
  {
    what: 'throttled until it is too old: it never ran',
    steps: ['ok'],
    reserved: 1,
    occupiedUntilS: hour,
    config: { maximumEventAgeMs: 60_000 },
    attemptsAtS: [],
    records: ['60 deadLetter EventAgeExceeded 0 -', '60 destination EventAgeExceeded 0 -'],
    source: '2.9-10',
  },
  {
    what: 'a reservation of nothing: ended at once',
    steps: ['ok'],
    reserved: 0,
    attemptsAtS: [],
    records: ['0 deadLetter ZeroReservedConcurrency 0 -', '0 destination ZeroReservedConcurrency 0 -'],
    source: '2.7-03',
  },
  {
    what: 'sandboxes that are lost are our failure: one second, doubled up to five minutes, no attempt used up',
    steps: [...Array.from({ length: 11 }, () => 'lost' as const), 'error', 'ok'],
    attemptsAtS: [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111, 1171],
    records: ['1171 destination Success 2 $LATEST'],
    source: '2.9-03',
  },
  {
    what: 'a function that is deleted takes its events with it',
    steps: ['error'],
    deletedAtS: 30,
    attemptsAtS: [0],
    records: [],
    source: '1.2-22',
  },
];

suite('the retry table, to the second', { timeout: 60_000 }, () => {
  for (const each of cases) {
    test(`${each.what} (spec ${each.source})`, async (t: TestContext) => {
      const attempts: number[] = [];
      const records: string[] = [];
      const at = (): number => Math.round(hall.clock.monotonic() / 1000);
      const deliver = async (ended: EndedEvent, { kind }: { readonly kind: string }): Promise<void> => {
        records.push(`${at()} ${kind} ${ended.condition} ${ended.approximateInvokeCount} ${ended.executedVersion ?? '-'}`);
      };
      await using hall = await openHall({
        handler: async ({ payload }) => {
          if (Buffer.from(payload).toString() === '"occupy"') {
            await hall.clock.sleep((each.occupiedUntilS ?? 0) * 1000);
            return returned('1');
          }
          const step = each.steps[Math.min(attempts.push(at()), each.steps.length) - 1] ?? 'ok';
          return answers[step];
        },
        events: {
          eventInvokeConfig: () => ({
            maximumRetryAttempts: 2,
            maximumEventAgeMs: 6 * hour * 1000,
            onSuccess: 'arn:ok',
            onFailure: 'arn:failed',
            ...each.config,
          }),
          deliver,
        },
      });
      hall.catalog.put('f', {
        version: { deadLetterTargetArn: 'arn:dead' },
        ...(each.reserved === undefined ? {} : { reservedConcurrency: each.reserved }),
      });
      const occupied = each.occupiedUntilS === undefined ? undefined : hall.invoke.invoker.invoke(hall.request('f', '"occupy"'));
      await hall.invoke.invoker.enqueue(hall.request('f'));
      if (each.deletedAtS !== undefined) {
        await hall.clock.advance(each.deletedAtS * 1000);
        hall.catalog.delete('f');
      }
      await hall.clock.advance(7 * hour * 1000);
      await occupied;
      t.assert.deepStrictEqual(attempts, each.attemptsAtS);
      t.assert.deepStrictEqual(records, each.records);
      t.assert.strictEqual(hall.invoke.counts().queuedEvents, 0);
    });
  }
});
