import { alarmArn, type AlarmRecord, type MetricRule } from './records.ts';

interface Place {
  readonly account: string;
  readonly region: string;
}

const iso = (atMs: number): string => new Date(atMs).toISOString().replace('Z', '+0000');

/** What a function is given when it is the action of an alarm. @source spec 7.3-15 */
export function alarmEvent(place: Place, alarm: AlarmRecord, previous: AlarmRecord): object {
  const state = ({ state }: AlarmRecord): object => ({
    value: state.value,
    reason: state.reason,
    ...(state.reasonData === undefined ? {} : { reasonData: state.reasonData }),
    timestamp: iso(state.updatedAt),
  });
  return {
    source: 'aws.cloudwatch',
    alarmArn: alarmArn(place, alarm.name),
    accountId: place.account,
    time: iso(alarm.state.updatedAt),
    region: place.region,
    alarmData: {
      alarmName: alarm.name,
      state: state(alarm),
      previousState: state(previous),
      configuration: {
        ...(alarm.description === undefined ? {} : { description: alarm.description }),
        ...(alarm.kind === 'metric' ? { metrics: metricsOf(alarm.rule) } : { alarmRule: alarm.rule }),
      },
    },
  };
}

function metricsOf(rule: MetricRule): unknown {
  if (rule.Metrics !== undefined) return rule.Metrics;
  return [
    {
      id: 'm1',
      metricStat: {
        metric: {
          namespace: rule.Namespace,
          name: rule.MetricName,
          dimensions: Object.fromEntries((rule.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
        },
        period: rule.Period,
        stat: rule.Statistic ?? rule.ExtendedStatistic,
        ...(rule.Unit === undefined ? {} : { unit: rule.Unit }),
      },
      returnData: true,
    },
  ];
}

/** What a topic is told, as text. */
export function alarmMessage(place: Place, alarm: AlarmRecord, previous: AlarmRecord): string {
  const rule = alarm.kind === 'metric' ? alarm.rule : undefined;
  return JSON.stringify({
    AlarmName: alarm.name,
    AlarmDescription: alarm.description ?? null,
    AWSAccountId: place.account,
    AlarmConfigurationUpdatedTimestamp: iso(alarm.configuredAt),
    NewStateValue: alarm.state.value,
    NewStateReason: alarm.state.reason,
    StateChangeTime: iso(alarm.state.updatedAt),
    Region: place.region,
    AlarmArn: alarmArn(place, alarm.name),
    OldStateValue: previous.state.value,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    ...(rule === undefined
      ? { AlarmRule: alarm.rule }
      : {
          Trigger: {
            MetricName: rule.MetricName,
            Namespace: rule.Namespace,
            StatisticType: rule.Statistic === undefined ? 'ExtendedStatistic' : 'Statistic',
            Statistic: rule.Statistic?.toUpperCase() ?? rule.ExtendedStatistic,
            Unit: rule.Unit ?? null,
            Dimensions: (rule.Dimensions ?? []).map(({ Name, Value }) => ({ value: Value, name: Name })),
            Period: rule.Period,
            EvaluationPeriods: rule.EvaluationPeriods,
            ...(rule.DatapointsToAlarm === undefined ? {} : { DatapointsToAlarm: rule.DatapointsToAlarm }),
            ComparisonOperator: rule.ComparisonOperator,
            Threshold: rule.Threshold,
            TreatMissingData: rule.TreatMissingData ?? 'missing',
            EvaluateLowSampleCountPercentile: rule.EvaluateLowSampleCountPercentile ?? '',
          },
        }),
  });
}
