import { createHash } from 'node:crypto';
import { alarmArn, reasonDataIn, type AlarmRecord, type MetricRule } from './records.ts';
import { regionName } from './region-names.ts';

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
        ...(alarm.kind === 'metric'
          ? { metrics: metricsOf(alarm.rule, alarmArn(place, alarm.name)) }
          : { alarmRule: alarm.rule }),
      },
    },
  };
}

function metricsOf(rule: MetricRule, arn: string): unknown {
  if (rule.Metrics !== undefined) return rule.Metrics;
  return [
    {
      id: idOf(arn),
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

/** The one metric of an alarm without queries has an id all the same: always the same for one alarm. */
const idOf = (arn: string): string =>
  createHash('sha256')
    .update(arn)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5');

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
    Region: regionName(place.region),
    AlarmArn: alarmArn(place, alarm.name),
    OldStateValue: previous.state.value,
    OKActions: alarm.okActions,
    AlarmActions: alarm.alarmActions,
    InsufficientDataActions: alarm.insufficientDataActions,
    ...(rule === undefined
      ? { AlarmRule: alarm.rule, ...triggersOf(alarm) }
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

/** The alarms that a composite one has changed for. */
function triggersOf({ state }: AlarmRecord): object {
  const triggers = reasonDataIn(state.reasonData)?.['triggeringAlarms'];
  if (!Array.isArray(triggers)) return {};
  const children = triggers.filter(isTrigger);
  return { TriggeringChildren: children.map(({ arn, state: child }) => ({ Arn: arn, State: capitalised(child) })) };
}

interface Trigger {
  readonly arn: string;
  readonly state: object;
}

function isTrigger(value: unknown): value is Trigger {
  const { state } = (value ?? {}) as { readonly state?: unknown };
  return typeof state === 'object' && state !== null;
}

const capitalised = (value: object): object =>
  Object.fromEntries(Object.entries(value).map(([name, each]) => [name.charAt(0).toUpperCase() + name.slice(1), each]));
