import { suite, test, type TestContext } from 'node:test';
import { VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import { Timetable } from './timetable.ts';

suite('the timetable of executions', { timeout: 60_000 }, () => {
  const open = (clock: VirtualClock): { readonly table: Timetable; readonly looked: string[] } => {
    const looked: string[] = [];
    const startMs = clock.now();
    const table = new Timetable({ clock, look: (id) => looked.push(`${id} ${clock.now() - startMs}`) });
    return { table, looked };
  };

  test('looks at each when it is due, as it was set last', async (t: TestContext) => {
    const clock = new VirtualClock();
    const { table, looked } = open(clock);
    const at = (ms: number): number => clock.now() + ms;
    table.set('a', at(300));
    table.set('b', at(100));
    table.set('c', at(200));
    table.set('a', at(150));
    table.set('c', undefined);
    await clock.advance(1000);
    t.assert.deepStrictEqual(looked, ['b 100', 'a 150']);
    table[Symbol.dispose]();
  });

  test('follows a wall clock that is set, within a minute', async (t: TestContext) => {
    const clock = new VirtualClock();
    const { table, looked } = open(clock);
    table.set('a', clock.now() + 86_400_000);
    await clock.advance(1000);
    clock.jump(86_400_000);
    await clock.advance(60_000);
    t.assert.strictEqual(looked.length, 1);
    table[Symbol.dispose]();
  });

  test('what no longer holds is not kept until its moment', (t: TestContext) => {
    const clock = new VirtualClock();
    const { table } = open(clock);
    const yearMs = 366 * 86_400_000;
    for (let round = 0; round < 20_000; round += 1) {
      table.set('a', clock.now() + yearMs);
      table.set('a', clock.now() + 1000 + round);
    }
    for (let number = 0; number < 20_000; number += 1) {
      table.set(`b${number}`, clock.now() + yearMs);
      table.set(`b${number}`, undefined);
    }
    t.assert.ok(table.size <= 1100, String(table.size));
    table[Symbol.dispose]();
  });
});
