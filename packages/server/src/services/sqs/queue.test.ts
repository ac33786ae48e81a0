import { suite, test, type TestContext } from 'node:test';
import { array, assert as holds, integer, oneof, property, record, constant } from 'fast-check';
import type { Message } from './message.ts';
import { Queue } from './queue.ts';

const visibilityMs = 10;

const message = (seq: number, groupId: string, delayed: boolean, nowMs: number): Message => ({
  seq,
  messageId: String(seq),
  sentAtMs: 0,
  senderId: 's',
  bytes: 1,
  groupId,
  state: delayed ? 'delayed' : 'ready',
  visibleAtMs: nowMs + (delayed ? 5 : 0),
  receiveCount: 0,
});

const step = oneof(
  record({ kind: constant('add' as const), group: integer({ min: 0, max: 3 }), delayed: constant(false) }),
  record({ kind: constant('take' as const), max: integer({ min: 1, max: 4 }) }),
  record({ kind: constant('remove' as const), which: integer({ min: 0, max: 20 }) }),
  record({ kind: constant('show' as const), which: integer({ min: 0, max: 20 }) }),
  record({ kind: constant('wait' as const), ms: integer({ min: 1, max: 12 }) }),
);

suite('a queue in memory', { timeout: 60_000 }, () => {
  test('whatever happens, a FIFO group comes out in order, from one receiver at a time, and nothing is lost', (t: TestContext) => {
    holds(
      property(array(step, { maxLength: 60 }), (steps) => {
        const queue = new Queue({ fifo: true });
        const left = new Map<string, Message[]>();
        let nowMs = 0;
        let seq = 0;
        const all = (): Message[] => [...left.values()].flat();
        const gone = (each: Message): void =>
          void left.set(
            each.groupId ?? '',
            (left.get(each.groupId ?? '') ?? []).filter((other) => other !== each),
          );
        const take = (max: number): Message[] => {
          queue.advance(nowMs);
          const held = new Set([...left].filter(([, messages]) => messages[0]?.state === 'inFlight').map(([group]) => group));
          const taken = queue.take(max, nowMs, visibilityMs, undefined);
          for (const { groupId = '' } of taken) {
            t.assert.ok(!held.has(groupId), 'a group whose head is in flight is closed');
            const ofGroup = taken.filter((each) => each.groupId === groupId);
            t.assert.deepStrictEqual(
              ofGroup.map((each) => each.seq),
              (left.get(groupId) ?? []).slice(0, ofGroup.length).map((each) => each.seq),
              'the first of the group, in order',
            );
          }
          const open = [...left].filter(
            ([group, messages]) => messages[0]?.state === 'ready' && !taken.some(({ groupId }) => groupId === group),
          );
          if (open.length > 0) t.assert.strictEqual(taken.length, max, 'what can be taken is taken');
          return taken;
        };
        for (const each of steps) {
          if (each.kind === 'add') {
            const added = message((seq += 1), `g${each.group}`, each.delayed, nowMs);
            left.set(added.groupId ?? '', [...(left.get(added.groupId ?? '') ?? []), added]);
            queue.add(added);
          } else if (each.kind === 'take') take(each.max);
          else if (each.kind === 'wait') nowMs += each.ms;
          else {
            const target = all()[each.which];
            if (target === undefined) continue;
            if (each.kind === 'show') queue.hideUntil(target, nowMs, nowMs);
            else if (queue.remove(target)) gone(target);
          }
          t.assert.strictEqual(queue.visible + queue.inFlight + queue.delayed, all().length);
        }
        nowMs += visibilityMs;
        for (let taken = take(3); taken.length > 0; taken = take(3)) {
          for (const each of taken) {
            queue.remove(each);
            gone(each);
          }
        }
        t.assert.deepStrictEqual(all(), []);
      }),
      { numRuns: 1000 },
    );
  });

  test('what was received too often is moved on, and its group goes on without it', (t: TestContext) => {
    const queue = new Queue({ fifo: true });
    for (const seq of [1, 2]) queue.add(message(seq, 'g', false, 0));
    const moved: number[] = [];
    const deadLetters = { maxReceiveCount: 1, move: ({ seq }: Message) => void moved.push(seq) };
    t.assert.deepStrictEqual(
      queue.take(1, 0, visibilityMs, deadLetters).map(({ seq }) => seq),
      [1],
    );
    t.assert.deepStrictEqual(
      queue.take(1, visibilityMs, visibilityMs, deadLetters).map(({ seq }) => seq),
      [2],
    );
    t.assert.deepStrictEqual(moved, [1]);
    t.assert.deepStrictEqual(queue.take(1, 2 * visibilityMs, visibilityMs, deadLetters), []);
    t.assert.deepStrictEqual(moved, [1, 2]);
    queue.add(message(3, 'g', false, 0));
    t.assert.deepStrictEqual(
      queue.take(1, 2 * visibilityMs, visibilityMs, deadLetters).map(({ seq }) => seq),
      [3],
      'the group opens again',
    );
  });

  test('a long queue is drained in time that grows with its length alone', (t: TestContext) => {
    for (const fifo of [false, true]) {
      const queue = new Queue({ fifo });
      for (let seq = 0; seq < 100_000; seq += 1) queue.add(message(seq, `g${seq % 1000}`, false, 0));
      const since = performance.now();
      let seen = 0;
      for (
        let taken = queue.take(10, 0, visibilityMs, undefined);
        taken.length > 0;
        taken = queue.take(10, 0, visibilityMs, undefined)
      ) {
        seen += taken.length;
        for (const each of taken) queue.remove(each);
      }
      t.assert.strictEqual(seen, 100_000);
      t.assert.ok(performance.now() - since < 5000);
    }
  });
});
