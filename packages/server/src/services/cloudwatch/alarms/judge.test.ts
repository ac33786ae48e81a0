import { suite, test, type TestContext } from 'node:test';
import { judge } from './judge.ts';
import type { MetricRule } from './records.ts';

const rule: MetricRule = {
  EvaluationPeriods: 3,
  DatapointsToAlarm: 2,
  Threshold: 10,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
};
const none = undefined;

suite('judging an alarm', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [
    values: readonly (number | undefined)[],
    missing: string | undefined,
    expected: string | undefined,
  ])[] = [
    [[10, 11, 1], none, 'ALARM'],
    [[10, 1, 1], none, 'OK'],
    [[none, 10, 10], none, 'ALARM'],
    [[none, none, 10], none, 'OK'],
    [[none, none, none], none, 'INSUFFICIENT_DATA'],
    [[none, none, none], 'notBreaching', 'OK'],
    [[none, none, none], 'breaching', 'ALARM'],
    [[none, 10, 1], 'breaching', 'ALARM'],
    [[none, none, none], 'ignore', undefined],
  ];
  for (const [values, missing, expected] of cases)
    test(`${JSON.stringify(values)} with missing data ${missing ?? 'missing'} is ${expected ?? 'as before'}`, (t: TestContext) => {
      const samples = values.map((value, index) => (value === undefined ? { atMs: index } : { atMs: index, value }));
      t.assert.strictEqual(
        judge({ ...rule, ...(missing === undefined ? {} : { TreatMissingData: missing }) }, samples)?.state,
        expected,
      );
    });
});
