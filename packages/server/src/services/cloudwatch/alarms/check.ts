import { invalid, invalidValue } from '../faults.ts';
import { checkStatistic } from '../metrics/query.ts';
import { isComparable } from './judge.ts';

/** Members of PutMetricAlarm that depend on each other. */
export interface RuleInput {
  readonly MetricName?: string | undefined;
  readonly Metrics?: readonly unknown[] | undefined;
  readonly Statistic?: string | undefined;
  readonly ExtendedStatistic?: string | undefined;
  readonly ComparisonOperator?: string | undefined;
  readonly Period?: number | undefined;
  readonly EvaluationPeriods?: number | undefined;
  readonly DatapointsToAlarm?: number | undefined;
  readonly ThresholdMetricId?: string | undefined;
  readonly Threshold?: number | undefined;
  readonly TreatMissingData?: string | undefined;
  readonly EvaluateLowSampleCountPercentile?: string | undefined;
}

const treatments = ['breaching', 'notBreaching', 'ignore', 'missing'];
const shortPeriods = [10, 20, 30];
/** Seconds that all periods of one evaluation may come to: a day, or a week for periods of an hour and more. */
const longestS = 86_400;
const longestOfHoursS = 7 * longestS;

/** @throws ValidationError, InvalidParameterValue */
export function checkRule(input: RuleInput): void {
  const missing = (['ComparisonOperator', 'EvaluationPeriods'] as const).filter((name) => input[name] === undefined);
  if (missing.length > 0) throw invalid(notNull(missing));
  if (!isComparable(input.ComparisonOperator) || input.ThresholdMetricId !== undefined)
    throw invalid('Alarms of anomaly detection are not supported.');
  if (input.TreatMissingData !== undefined && !treatments.includes(input.TreatMissingData)) {
    throw invalidValue(
      `The value ${input.TreatMissingData} is not supported for TreatMissingData parameter. Supported values are [${treatments.join(', ')}].`,
    );
  }
  const percentile = input.EvaluateLowSampleCountPercentile;
  if (percentile !== undefined && percentile !== 'evaluate' && percentile !== 'ignore') {
    throw invalid(
      `Option ${percentile} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.`,
    );
  }
  if (input.Metrics !== undefined && input.MetricName !== undefined)
    throw invalid('The parameters MetricName and Metrics are mutually exclusive.');
  if (input.Metrics === undefined && input.MetricName === undefined)
    throw invalid('Either the parameter MetricName or Metrics must be specified.');
  if (input.Threshold === undefined) throw invalid('The parameter Threshold must be specified.');
  if (input.MetricName !== undefined) checkMetric(input);
  if ((input.DatapointsToAlarm ?? 0) > (input.EvaluationPeriods ?? 0))
    throw invalid('DatapointsToAlarm must be less than or equal to EvaluationPeriods.');
}

function checkMetric({ Period: period, Statistic, ExtendedStatistic: extended, EvaluationPeriods: times = 1 }: RuleInput): void {
  if (period === undefined) throw invalid('The parameter Period must be specified.');
  if (Statistic === undefined && extended === undefined)
    throw invalid('Either Statistic or ExtendedStatistic must be specified.');
  if (Statistic !== undefined && extended !== undefined)
    throw invalid('The parameters Statistic and ExtendedStatistic are mutually exclusive.');
  checkStatistic(Statistic ?? extended ?? '', 'ExtendedStatistic');
  if (!shortPeriods.includes(period) && period % 60 !== 0) throw invalid('Period must be 10, 20, 30 or a multiple of 60');
  if (period * times > (period >= 3_600 ? longestOfHoursS : longestS))
    throw invalid('Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).');
}

const notNull = (names: readonly string[]): string => {
  const all = names.map((name) => {
    const at = name.charAt(0).toLowerCase() + name.slice(1);
    return `Value null at '${at}' failed to satisfy constraint: Member must not be null`;
  });
  return `${all.length} validation error${all.length === 1 ? '' : 's'} detected: ${all.join('; ')}`;
};
