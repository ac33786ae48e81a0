import type { Call } from '@mayfly/wire';
import type { Clock } from '../../../base/index.ts';
import { pageOf, readToken, scopeOf, writeToken, isJson } from '../../kit/index.ts';
import { badToken, invalid, invalidFormat, limitExceeded, noAlarm, type CloudWatchHandlers } from '../faults.ts';
import { dimensionsOf } from '../metrics/dimensions.ts';
import { tagsOf, type Tagged } from '../tags.ts';
import { checkRule } from './check.ts';
import { readRule } from './composite.ts';
import {
  alarmArn,
  alarmNameOf,
  withHistory,
  type AlarmRecord,
  type AlarmRecords,
  type AlarmState,
  type CompositeAlarmRecord,
  type MetricAlarmRecord,
  type MetricRule,
} from './records.ts';
import type { Suppressor } from './suppression.ts';
import type { Watch } from './watch.ts';

const mostAlarms = 5_000;
const ruleMembers = [
  ...[
    'MetricName',
    'Namespace',
    'Statistic',
    'ExtendedStatistic',
    'Dimensions',
    'Period',
    'Unit',
    'Metrics',
    'EvaluationPeriods',
  ],
  ...['DatapointsToAlarm', 'Threshold', 'ComparisonOperator', 'TreatMissingData', 'EvaluateLowSampleCountPercentile'],
] as const;

interface AlarmInput {
  readonly AlarmName?: string | undefined;
  readonly AlarmDescription?: string | undefined;
  readonly ActionsEnabled?: boolean | undefined;
  readonly OKActions?: readonly string[] | undefined;
  readonly AlarmActions?: readonly string[] | undefined;
  readonly InsufficientDataActions?: readonly string[] | undefined;
  readonly Tags?: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[] | undefined;
}

export function alarmHandlers({
  records,
  watch,
  clock,
}: {
  readonly records: AlarmRecords;
  readonly watch: Watch;
  readonly clock: Clock;
}) {
  const nowMs = (): number => Math.floor(clock.now());

  const put = async (
    call: Call,
    input: AlarmInput,
    kind: { kind: 'metric'; rule: MetricRule } | { kind: 'composite'; rule: string; suppressor?: Suppressor },
  ): Promise<AlarmRecord> =>
    records.change((draft) => {
      const name = input.AlarmName ?? '';
      const known = draft.get('alarm', scopeOf(call), name);
      if (known === undefined && draft.count('alarm', scopeOf(call)) >= mostAlarms)
        throw limitExceeded(`The maximum limit of ${mostAlarms} alarms has been reached.`);
      const now = nowMs();
      const alarm: AlarmRecord = {
        name,
        ...(input.AlarmDescription === undefined ? {} : { description: input.AlarmDescription }),
        actionsEnabled: input.ActionsEnabled ?? true,
        okActions: [...(input.OKActions ?? [])],
        alarmActions: [...(input.AlarmActions ?? [])],
        insufficientDataActions: [...(input.InsufficientDataActions ?? [])],
        // Tags are given when an alarm is made, and not touched by a later put.
        tags: known?.tags ?? tagsOf(input.Tags),
        configuredAt: now,
        state: known?.state ?? {
          value: 'INSUFFICIENT_DATA',
          reason: 'Unchecked: Initial alarm creation',
          updatedAt: now,
          transitionedAt: now,
        },
        history: known?.history ?? [],
        ...kind,
      };
      const item = {
        atMs: now,
        type: 'ConfigurationUpdate',
        summary: `Alarm "${name}" ${known === undefined ? 'created' : 'updated'}`,
        data: '{}',
      } as const;
      const kept = withHistory(alarm, item);
      draft.put('alarm', scopeOf(call), name, kept);
      return kept;
    });

  const editAll = async (
    call: Call,
    names: readonly string[] | undefined,
    edit: (alarm: AlarmRecord) => AlarmRecord,
  ): Promise<void> => {
    await records.change((draft) => {
      for (const name of names ?? []) {
        const alarm = draft.get('alarm', scopeOf(call), alarmNameOf(name));
        if (alarm !== undefined) draft.put('alarm', scopeOf(call), alarm.name, edit(alarm));
      }
    });
  };

  return {
    async PutMetricAlarm(input, call) {
      checkRule(input);
      const given = Object.entries(input).filter(
        ([name, value]) => (ruleMembers as readonly string[]).includes(name) && value !== undefined,
      );
      await put(call, input, { kind: 'metric', rule: Object.fromEntries(given) as unknown as MetricRule });
      return {};
    },
    async PutCompositeAlarm(input, call) {
      const { alarms } = readRule(input.AlarmRule ?? '');
      const missing = alarms.filter((name) => records.get('alarm', scopeOf(call), name) === undefined);
      if (missing.length > 0)
        throw invalid(`Could not save the composite alarm as alarms [${missing.join(', ')}] in the alarm rule do not exist`);
      const suppressor = suppressorOf(input);
      if (suppressor !== undefined && records.get('alarm', scopeOf(call), alarmNameOf(suppressor.alarm)) === undefined)
        throw invalid(`ActionsSuppressor ${suppressor.alarm} does not exist`);
      const kind = {
        kind: 'composite',
        rule: input.AlarmRule ?? '',
        ...(suppressor === undefined ? {} : { suppressor }),
      } as const;
      await watch.evaluate(call, await put(call, input, kind));
      return {};
    },

    async DescribeAlarms(input, call) {
      // Who asks for no type asks for metric alarms, whatever the names.
      const types: readonly string[] = input.AlarmTypes ?? ['MetricAlarm'];
      const names = input.AlarmNames?.map(alarmNameOf) ?? [];
      const found = records
        .list('alarm', scopeOf(call))
        .filter(({ name }) => names.length === 0 || names.includes(name))
        .filter((alarm) => types.includes(typeOf(alarm)))
        .filter((alarm) => input.AlarmNamePrefix === undefined || alarm.name.startsWith(input.AlarmNamePrefix))
        .filter((alarm) => input.StateValue === undefined || alarm.state.value === input.StateValue)
        .filter(
          (alarm) => input.ActionPrefix === undefined || actionsOf(alarm).some((arn) => arn.startsWith(input.ActionPrefix ?? '')),
        );
      const page = pageOf(found, {
        limit: input.MaxRecords ?? 50,
        token: input.NextToken,
        nameOf: ({ name }) => name,
        invalid: badToken,
      });
      return {
        CompositeAlarms: page.items.filter((alarm) => alarm.kind === 'composite').map((alarm) => describeComposite(call, alarm)),
        MetricAlarms: page.items.filter((alarm) => alarm.kind === 'metric').map((alarm) => describeMetric(call, alarm)),
        LogAlarms: [],
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    async DescribeAlarmsForMetric(input, call) {
      const dimensions = JSON.stringify(dimensionsOf(input.Dimensions));
      const found = records
        .list('alarm', scopeOf(call))
        .filter((alarm) => alarm.kind === 'metric')
        .filter(({ rule }) => rule.Namespace === input.Namespace && rule.MetricName === input.MetricName)
        .filter(({ rule }) => input.Dimensions === undefined || JSON.stringify(dimensionsOf(rule.Dimensions)) === dimensions)
        .filter(({ rule }) => input.Statistic === undefined || rule.Statistic === input.Statistic)
        .filter(({ rule }) => input.ExtendedStatistic === undefined || rule.ExtendedStatistic === input.ExtendedStatistic)
        .filter(({ rule }) => input.Unit === undefined || rule.Unit === input.Unit)
        .filter(({ rule }) => input.Period === undefined || rule.Period === input.Period);
      return { MetricAlarms: found.map((alarm) => describeMetric(call, alarm)) };
    },

    async DescribeAlarmHistory(input, call) {
      const [from, until] = [input.StartDate?.getTime() ?? 0, input.EndDate?.getTime() ?? Infinity];
      const order = input.ScanBy === 'TimestampAscending' ? 1 : -1;
      const items = records
        .list('alarm', scopeOf(call))
        .filter((alarm) => input.AlarmName === undefined || alarm.name === input.AlarmName)
        .filter((alarm) => input.AlarmTypes === undefined || input.AlarmTypes.includes(typeOf(alarm)))
        .flatMap((alarm) => alarm.history.map((item) => ({ alarm, item })))
        .filter(({ item }) => input.HistoryItemType === undefined || item.type === input.HistoryItemType)
        .filter(({ item }) => item.atMs >= from && item.atMs <= until)
        .toSorted((a, b) => order * (a.item.atMs - b.item.atMs));
      const skip = input.NextToken === undefined ? 0 : Number(readToken(input.NextToken, badToken));
      const end = skip + (input.MaxRecords ?? 100);
      return {
        AlarmHistoryItems: items.slice(skip, end).map(({ alarm, item }) => ({
          AlarmName: alarm.name,
          AlarmType: typeOf(alarm),
          Timestamp: new Date(item.atMs),
          HistoryItemType: item.type,
          HistorySummary: item.summary,
          HistoryData: item.data,
        })),
        ...(items.length > end ? { NextToken: writeToken(String(end)) } : {}),
      };
    },

    async DeleteAlarms(input, call) {
      await records.change((draft) => {
        const names = (input.AlarmNames ?? []).map(alarmNameOf);
        // One that is not there keeps the others from being deleted.
        for (const name of names) if (draft.get('alarm', scopeOf(call), name) === undefined) throw noAlarm();
        for (const name of names) draft.delete('alarm', scopeOf(call), name);
      });
      return {};
    },

    async SetAlarmState(input, call) {
      if (input.StateReasonData !== undefined && !isJson(input.StateReasonData))
        throw invalidFormat('StateReasonData is not properly formatted JSON.');
      const to = {
        state: input.StateValue as AlarmState,
        reason: input.StateReason ?? '',
        ...(input.StateReasonData === undefined ? {} : { reasonData: input.StateReasonData }),
      };
      if (!(await watch.change(call, input.AlarmName ?? '', to))) throw noAlarm();
      return {};
    },
    async EnableAlarmActions(input, call) {
      await editAll(call, input.AlarmNames, (alarm) => ({ ...alarm, actionsEnabled: true }));
      return {};
    },
    async DisableAlarmActions(input, call) {
      await editAll(call, input.AlarmNames, (alarm) => ({ ...alarm, actionsEnabled: false }));
      return {};
    },
  } satisfies CloudWatchHandlers;
}

export const taggedAlarms = (records: AlarmRecords): Tagged => ({
  prefix: 'alarm:',
  tags: (call, name) => records.get('alarm', scopeOf(call), name)?.tags,
  retag: (call, name, edit) =>
    records.change((draft) => {
      const alarm = draft.get('alarm', scopeOf(call), name);
      if (alarm !== undefined) draft.put('alarm', scopeOf(call), name, { ...alarm, tags: edit(alarm.tags) });
      return alarm !== undefined;
    }),
});

const typeOf = ({ kind }: AlarmRecord): 'MetricAlarm' | 'CompositeAlarm' =>
  kind === 'metric' ? 'MetricAlarm' : 'CompositeAlarm';

const actionsOf = (alarm: AlarmRecord): readonly string[] => [
  ...alarm.okActions,
  ...alarm.alarmActions,
  ...alarm.insufficientDataActions,
];

const describe = (place: { account: string; region: string }, alarm: AlarmRecord) => ({
  AlarmName: alarm.name,
  AlarmArn: alarmArn(place, alarm.name),
  ...(alarm.description === undefined ? {} : { AlarmDescription: alarm.description }),
  AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
  ActionsEnabled: alarm.actionsEnabled,
  OKActions: [...alarm.okActions],
  AlarmActions: [...alarm.alarmActions],
  InsufficientDataActions: [...alarm.insufficientDataActions],
  StateValue: alarm.state.value,
  StateReason: alarm.state.reason,
  ...(alarm.state.reasonData === undefined ? {} : { StateReasonData: alarm.state.reasonData }),
  StateUpdatedTimestamp: new Date(alarm.state.updatedAt),
  StateTransitionedTimestamp: new Date(alarm.state.transitionedAt),
});

const describeMetric = (place: { account: string; region: string }, alarm: MetricAlarmRecord) => ({
  ...describe(place, alarm),
  ...(alarm.rule.Metrics === undefined ? { Dimensions: [] } : {}),
  ...(alarm.rule as object),
});

/** @throws ValidationError */
function suppressorOf(input: {
  readonly ActionsSuppressor?: string | undefined;
  readonly ActionsSuppressorWaitPeriod?: number | undefined;
  readonly ActionsSuppressorExtensionPeriod?: number | undefined;
}): Suppressor | undefined {
  const { ActionsSuppressor: alarm, ActionsSuppressorWaitPeriod: waitS, ActionsSuppressorExtensionPeriod: extensionS } = input;
  if (alarm === undefined) {
    if (waitS === undefined && extensionS === undefined) return undefined;
    throw invalid('ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod require ActionsSuppressor.');
  }
  if (waitS === undefined || extensionS === undefined)
    throw invalid('ActionsSuppressor requires ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod.');
  return { alarm, waitS, extensionS };
}

const describeComposite = (place: { account: string; region: string }, alarm: CompositeAlarmRecord) => ({
  ...describe(place, alarm),
  AlarmRule: alarm.rule,
  ...(alarm.suppressor === undefined
    ? {}
    : {
        ActionsSuppressor: alarm.suppressor.alarm,
        ActionsSuppressorWaitPeriod: alarm.suppressor.waitS,
        ActionsSuppressorExtensionPeriod: alarm.suppressor.extensionS,
      }),
  ...(alarm.held === undefined ? {} : { ActionsSuppressedBy: alarm.held.by, ActionsSuppressedReason: alarm.held.reason }),
});
