import { suite, test, type TestContext } from 'node:test';
import { calculate } from './expression.ts';
import type { Values } from './query.ts';

const values = (...all: readonly (number | undefined)[]): Values =>
  new Map(all.flatMap((value, index) => (value === undefined ? [] : [[index * 60_000, value] as const])));
const series = new Map([
  ['m1', values(1, 5, undefined, 9)],
  ['m2', values(2, 4, 6, 8)],
]);
const scope = { series, periodS: () => 60, moments: [0, 60_000, 120_000, 180_000] };

suite('metric math', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [expression: string, expected: readonly (number | undefined)[]])[] = [
    ['m1 + m2 * 2', [5, 13, undefined, 25]],
    ['(m1 + m2) / 2', [1.5, 4.5, undefined, 8.5]],
    ['m2 ^ 2 - -1', [5, 17, 37, 65]],
    ['m1 > 4', [0, 1, undefined, 1]],
    ['m1 >= m2 AND m2 < 8', [0, 1, undefined, 0]],
    ['m1 == 1 || m2 == 8', [1, 0, undefined, 1]],
    ['IF(m1 > 4, m1, 0)', [0, 5, undefined, 9]],
    ['IF(m2 > 4, m1)', [undefined, undefined, undefined, 9]],
    ['FILL(m1, 0)', [1, 5, 0, 9]],
    ['FILL(m1, REPEAT)', [1, 5, 5, 9]],
    ['TIME_SERIES(7)', [7, 7, 7, 7]],
    ['RUNNING_SUM(m2)', [2, 6, 12, 20]],
    ['DIFF(m2)', [undefined, 2, 2, 2]],
    ['CEIL(RATE(m2) * PERIOD(m2))', [undefined, 2, 2, 2]],
    ['SUM([m1, m2])', [3, 9, 6, 17]],
    ['m2 - AVG(m2)', [-3, -1, 1, 3]],
    ['m2 * 0 + DATAPOINT_COUNT(m1)', [3, 3, 3, 3]],
    ['STDDEV([m1, m2])', [0.5, 0.5, 0, 0.5]],
    ['MAX(METRICS("m")) + MIN([m1])', [3, 10, undefined, 18]],
    ['LOG10(m2 / m2 * 100)', [2, 2, 2, 2]],
  ];
  for (const [expression, expected] of cases)
    test(expression, (t: TestContext) => t.assert.deepEqual(calculate(expression, scope), values(...expected)));

  for (const wrong of [
    'm1 >',
    'm1 + ',
    '(m1',
    'm3',
    'NONE(m1)',
    '5',
    '[m1, m2]',
    'IF()',
    `${'('.repeat(100)}m1${')'.repeat(100)}`,
  ])
    test(`${wrong.slice(0, 20)} is refused`, (t: TestContext) => {
      t.assert.throws(() => calculate(wrong, scope), { name: 'ValidationError' });
    });
});
