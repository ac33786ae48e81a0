import type { AlarmState, MetricRule } from './records.ts';

/** One period an alarm looks at; oldest first. */
export interface Sample {
  readonly atMs: number;
  readonly value?: number;
  /** How many measurements the value comes from; unknown for a calculated one. */
  readonly count?: number;
}

export interface Verdict {
  readonly state: AlarmState;
  readonly reason: string;
  /** The same for programs: JSON. */
  readonly reasonData?: string;
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
      reason: `Insufficient Data: ${datapoints(samples.length)} unknown.`,
    };
  }
  const breaching = present.filter(({ value }) => test(value, threshold));
  const counted = breaching.length + (missing === 'breaching' ? absent : 0);
  const state = counted >= needed ? 'ALARM' : 'OK';
  if (present.length === 0) return { state, reason: withoutData(samples.length, state) };
  const shown = state === 'ALARM' ? breaching : present.filter((sample) => !breaching.includes(sample));
  const listed =
    shown.length === 0
      ? `${datapoints(absent, 'missing ')} treated as [${missing === 'breaching' ? 'Breaching' : 'NonBreaching'}]`
      : `${shown.length} out of the last ${samples.length} datapoints [${shown
          .toReversed()
          .map(({ value, atMs }) => `${decimal(value)} (${stamp(atMs)})`)
          .join(
            ', ',
          )}] ${shown.length === 1 ? 'was' : 'were'} ${state === 'ALARM' ? '' : 'not '}${text} the threshold (${decimal(threshold)})`;
  const change = state === 'ALARM' ? 'OK -> ALARM' : 'ALARM -> OK';
  return {
    state,
    reason: `Threshold Crossed: ${listed} (minimum ${needed} datapoint${needed === 1 ? '' : 's'} for ${change} transition).`,
  };
}

const datapoints = (count: number, kind = ''): string => `${count} ${kind}datapoint${count === 1 ? ' was' : 's were'}`;

const withoutData = (periods: number, state: AlarmState): string =>
  `Threshold Crossed: no datapoints were received for ${periods} period${periods === 1 ? '' : 's'} and ${datapoints(periods, 'missing ')} treated as [${state === 'ALARM' ? 'Breaching' : 'NonBreaching'}].`;

/** What was looked at, newest first, as it travels beside the reason. @source recorded from AWS, 2025-09 */
export function reasonDataOf(rule: MetricRule, samples: readonly Sample[], nowMs: number): string {
  const newestFirst = samples.toReversed();
  const present = samples.filter(({ value }) => value !== undefined);
  const [first] = present;
  return JSON.stringify({
    version: '1.0',
    queryDate: iso(nowMs),
    ...(first === undefined ? {} : { startDate: iso(first.atMs) }),
    ...(rule.Unit === undefined ? {} : { unit: rule.Unit }),
    ...(rule.Statistic === undefined ? {} : { statistic: rule.Statistic }),
    ...(rule.ExtendedStatistic === undefined ? {} : { extendedStatistic: rule.ExtendedStatistic }),
    ...(rule.Period === undefined ? {} : { period: rule.Period }),
    recentDatapoints: present.map(({ value }) => value),
    threshold: rule.Threshold,
    evaluatedDatapoints: newestFirst.map(({ atMs, value, count }) => ({
      timestamp: iso(atMs),
      ...(count === undefined ? {} : { sampleCount: count }),
      ...(value === undefined ? {} : { value }),
    })),
  });
}

const iso = (atMs: number): string => new Date(atMs).toISOString().replace('Z', '+0000');

/** `24/11/26 13:05:00` */
function stamp(atMs: number): string {
  const [year = '', month = '', day = '', time = ''] = new Date(atMs).toISOString().split(/[-T.]/);
  return `${day}/${month}/${year.slice(2)} ${time}`;
}

const decimal = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
