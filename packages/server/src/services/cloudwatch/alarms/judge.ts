import type { AlarmState, MetricRule } from './records.ts';

/** One period an alarm looks at; oldest first. */
export interface Sample {
  readonly atMs: number;
  readonly value?: number;
}

export interface Verdict {
  readonly state: AlarmState;
  readonly reason: string;
}

const words: Readonly<Record<string, readonly [test: (value: number, threshold: number) => boolean, text: string]>> = {
  GreaterThanOrEqualToThreshold: [(value, threshold) => value >= threshold, 'greater than or equal to'],
  GreaterThanThreshold: [(value, threshold) => value > threshold, 'greater than'],
  LessThanThreshold: [(value, threshold) => value < threshold, 'less than'],
  LessThanOrEqualToThreshold: [(value, threshold) => value <= threshold, 'less than or equal to'],
};

export const isComparable = (operator: string | undefined): boolean => operator !== undefined && Object.hasOwn(words, operator);

/**
 * What the last periods say. Undefined = the alarm stays as it is. Pure.
 *
 * @param samples  one for each evaluation period
 * @source CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", read 2026-11
 */
export function judge(rule: MetricRule, samples: readonly Sample[]): Verdict | undefined {
  const [test, text] = words[rule.ComparisonOperator] ?? [() => false, 'beyond'];
  const threshold = rule.Threshold ?? 0;
  const needed = rule.DatapointsToAlarm ?? rule.EvaluationPeriods;
  const missing = rule.TreatMissingData ?? 'missing';
  const present = samples.filter((sample): sample is Sample & { value: number } => sample.value !== undefined);
  const absent = samples.length - present.length;

  if (present.length === 0 && missing === 'ignore') return undefined;
  if (present.length === 0 && missing === 'missing') {
    return {
      state: 'INSUFFICIENT_DATA',
      reason: `Insufficient Data: ${samples.length} datapoint${samples.length === 1 ? ' was' : 's were'} unknown.`,
    };
  }
  const breaching = present.filter(({ value }) => test(value, threshold));
  const counted = breaching.length + (missing === 'breaching' ? absent : 0);
  const state = counted >= needed ? 'ALARM' : 'OK';
  const shown = state === 'ALARM' ? breaching : present.filter((sample) => !breaching.includes(sample));
  const unknown = absent > 0 && shown.length === 0;
  const listed = unknown
    ? `${absent} missing datapoint${absent === 1 ? ' was' : 's were'} treated as [${missing === 'breaching' ? 'Breaching' : 'NonBreaching'}]`
    : `${shown.length} out of the last ${samples.length} datapoints [${shown
        .toReversed()
        .map(({ value, atMs }) => `${value} (${stamp(atMs)})`)
        .join(
          ', ',
        )}] ${shown.length === 1 ? 'was' : 'were'} ${state === 'ALARM' ? '' : 'not '}${text} the threshold (${decimal(threshold)})`;
  const change = state === 'ALARM' ? 'OK -> ALARM' : 'ALARM -> OK';
  return {
    state,
    reason: `Threshold Crossed: ${listed} (minimum ${needed} datapoint${needed === 1 ? '' : 's'} for ${change} transition).`,
  };
}

/** `24/11/26 13:05:00` */
function stamp(atMs: number): string {
  const [year = '', month = '', day = '', time = ''] = new Date(atMs).toISOString().split(/[-T.]/);
  return `${day}/${month}/${year.slice(2)} ${time}`;
}

const decimal = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
