import { suite, test, type TestContext } from 'node:test';
import { judge, reasonDataOf } from './judge.ts';
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

  test('a reason says what was seen, for people and for programs', (t: TestContext) => {
    const seen = [{ atMs: 0 }, { atMs: 60_000, value: 12, count: 3 }];
    const some = { ...rule, EvaluationPeriods: 2, DatapointsToAlarm: 1, Statistic: 'Sum', Period: 60 };
    t.assert.strictEqual(
      judge(some, seen)?.reason,
      'Threshold Crossed: 1 out of the last 2 datapoints [12.0 (01/01/70 00:01:00)] was greater than or equal to the threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition).',
    );
    t.assert.deepEqual(JSON.parse(reasonDataOf(some, seen, 120_000)), {
      version: '1.0',
      queryDate: '1970-01-01T00:02:00.000+0000',
      startDate: '1970-01-01T00:01:00.000+0000',
      statistic: 'Sum',
      period: 60,
      recentDatapoints: [12],
      threshold: 10,
      evaluatedDatapoints: [
        { timestamp: '1970-01-01T00:01:00.000+0000', sampleCount: 3, value: 12 },
        { timestamp: '1970-01-01T00:00:00.000+0000' },
      ],
    });
    t.assert.strictEqual(
      judge({ ...some, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' }, [{ atMs: 0 }])?.reason,
      'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
    );
  });
});
