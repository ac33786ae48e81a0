import type { Records } from '../../kit/index.ts';
import type { Held, Suppressor } from './suppression.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface StateRecord {
  readonly value: AlarmState;
  readonly reason: string;
  readonly reasonData?: string;
  readonly updatedAt: number;
  /** When the value last changed. */
  readonly transitionedAt: number;
}

export interface HistoryItem {
  readonly atMs: number;
  readonly type: 'ConfigurationUpdate' | 'StateUpdate' | 'Action';
  readonly summary: string;
  readonly data: string;
}

interface CommonAlarm {
  readonly name: string;
  readonly description?: string;
  readonly actionsEnabled: boolean;
  readonly okActions: readonly string[];
  readonly alarmActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly configuredAt: number;
  readonly state: StateRecord;
  readonly history: readonly HistoryItem[];
}

export interface MetricAlarmRecord extends CommonAlarm {
  readonly kind: 'metric';
  /** As it was put: what a metric alarm is about, without what is above. */
  readonly rule: MetricRule;
}

export interface CompositeAlarmRecord extends CommonAlarm {
  readonly kind: 'composite';
  readonly rule: string;
  readonly suppressor?: Suppressor;
  /** Set while actions for the present state are held. */
  readonly held?: Held;
}

export type AlarmRecord = MetricAlarmRecord | CompositeAlarmRecord;

/** Members of PutMetricAlarm that say when it goes off. Names are AWS's, since they go out as they came in. */
export interface MetricRule {
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
  readonly Period?: number;
  readonly Unit?: string;
  readonly Metrics?: readonly Readonly<Record<string, unknown>>[];
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold?: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData?: string;
  readonly EvaluateLowSampleCountPercentile?: string;
}

export type AlarmKinds = { readonly alarm: AlarmRecord };
export type AlarmRecords = Records<AlarmKinds>;

export const alarmArn = (place: { readonly account: string; readonly region: string }, name: string): string =>
  `arn:aws:cloudwatch:${place.region}:${place.account}:alarm:${name}`;
export const alarmNameOf = (nameOrArn: string): string =>
  /^arn:[\w-]+:cloudwatch:[\w-]*:\d*:alarm:(.+)$/s.exec(nameOrArn)?.[1] ?? nameOrArn;

const historyKept = 50;
export const withHistory = (alarm: AlarmRecord, item: HistoryItem): AlarmRecord => ({
  ...alarm,
  history: [...alarm.history, item].slice(-historyKept),
});

/** What the data of a reason hold, where they are an object; a caller of SetAlarmState may have written anything. */
export function reasonDataIn(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
