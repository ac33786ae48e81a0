import type { Clock, Logger } from '../../../base/index.ts';
import { byCodeUnits, repeating, scopeOf, without } from '../../kit/index.ts';
import { MetricData, type DataQuery } from '../metrics/data.ts';
import { checkStatistic, datapoints } from '../metrics/query.ts';
import type { MetricStore } from '../metrics/store.ts';
import { dimensionsOf } from '../metrics/dimensions.ts';
import { statistic } from '../metrics/summary.ts';
import { readRule } from './composite.ts';
import { alarmEvent, alarmMessage } from './events.ts';
import { judge, reasonDataOf, type Sample, type Verdict } from './judge.ts';
import {
  alarmArn,
  alarmNameOf,
  reasonDataIn,
  withHistory,
  type AlarmRecord,
  type AlarmRecords,
  type AlarmState,
  type CompositeAlarmRecord,
  type MetricAlarmRecord,
  type MetricRule,
  type StateRecord,
} from './records.ts';
import { holding, type Held } from './suppression.ts';

interface Place {
  readonly account: string;
  readonly region: string;
}

/** Something an alarm sets off. */
export interface AlarmAction extends Place {
  readonly targetArn: string;
  /** For functions and buses. */
  readonly event: object;
  /** For topics: subject and text. */
  readonly subject: string;
  readonly message: string;
}

export interface WatchOptions {
  readonly records: AlarmRecords;
  readonly store: MetricStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly act: ((action: AlarmAction) => Promise<void>) | undefined;
}

const everyMs = 10_000;
/** Actions under way; what comes on top is dropped and told in the log. */
const mostActions = 100;

/** Looks at the alarms every ten seconds, and does what they ask when they change. */
export class Watch implements AsyncDisposable {
  readonly #options: WatchOptions;
  readonly #timer: AsyncDisposable;
  readonly #nextAtMs = new Map<string, number>();
  readonly #actions = new Set<Promise<void>>();
  /** Composite alarms that are being told of a change. */
  readonly #telling = new Set<string>();

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timer = repeating(options.clock, everyMs, () => this.run({ all: false }));
  }

  /** Looks at all alarms, or at those whose period has passed. */
  async run({ all }: { readonly all: boolean }): Promise<void> {
    const { records, store, clock, log } = this.#options;
    try {
      await store.flush();
      const nowMs = clock.now();
      // Metric alarms first: composite ones ask what became of them.
      const alarms = [...records.all('alarm')].toSorted((a, b) => byCodeUnits(b.value.kind, a.value.kind));
      for (const { scope, value: alarm } of alarms) {
        const key = `${scope} ${alarm.name}`;
        if (!all && (this.#nextAtMs.get(key) ?? 0) > nowMs) continue;
        this.#nextAtMs.set(key, nextAtMs(alarm, nowMs));
        await this.evaluate(placeOf(scope), alarm);
      }
      if (this.#nextAtMs.size > 2 * alarms.length + 100) this.#nextAtMs.clear();
    } catch (error) {
      log.error('The alarms could not be looked at.', { error });
    }
  }

  /** @param child  the alarm for whose change a composite one is looked at */
  async evaluate(place: Place, alarm: AlarmRecord, child?: AlarmRecord): Promise<void> {
    const verdict =
      alarm.kind === 'metric' ? await this.#judgeMetric(place, alarm) : this.#judgeComposite(place, alarm.rule, child);
    if (verdict === undefined || verdict.state === alarm.state.value) return this.#release(place, alarm);
    await this.change(place, alarm.name, verdict, { onlyToAnother: true });
  }

  /** Puts an alarm into a state and sets off its actions. @returns false when there is no such alarm */
  async change(
    place: Place,
    name: string,
    to: Verdict,
    // Between looking and changing, somebody else may have changed it.
    options: { readonly onlyToAnother?: boolean } = {},
  ): Promise<boolean> {
    const nowMs = Math.floor(this.#options.clock.now());
    const changed = await this.#options.records.change((draft) => {
      const before = draft.get('alarm', scopeOf(place), name);
      if (before === undefined) return undefined;
      const moved = before.state.value !== to.state;
      if (!moved && options.onlyToAnother === true) return { before, after: before, moved };
      const changedAlarm = withHistory(
        {
          ...before,
          state: {
            value: to.state,
            reason: to.reason,
            ...(to.reasonData === undefined ? {} : { reasonData: to.reasonData }),
            updatedAt: nowMs,
            transitionedAt: moved ? nowMs : before.state.transitionedAt,
          },
        },
        {
          atMs: nowMs,
          type: 'StateUpdate',
          summary: `Alarm updated from ${before.state.value} to ${to.state}`,
          data: JSON.stringify({
            version: '1.0',
            oldState: storied(before.state.value, before.state),
            newState: storied(to.state, to),
          }),
        },
      );
      const after = moved ? this.#held(place, unheld(changedAlarm), before.state) : changedAlarm;
      draft.put('alarm', scopeOf(place), name, after);
      return { before, after, moved };
    });
    if (changed?.moved === true) {
      if (!isHeld(changed.after)) this.#act(place, changed.after, changed.before);
      await this.#tellComposites(place, changed.after);
    }
    return changed !== undefined;
  }

  /** Looks at what is held again. */
  async #release(place: Place, alarm: AlarmRecord): Promise<void> {
    if (!isHeld(alarm)) return;
    const from = alarm.held.from;
    const after = await this.#options.records.change((draft) => {
      const now = draft.get('alarm', scopeOf(place), alarm.name);
      if (now === undefined || !isHeld(now) || now.state.transitionedAt !== alarm.state.transitionedAt) return undefined;
      const next = this.#held(place, now, now.held.from);
      if (isHeld(next) && next.held === now.held) return undefined;
      draft.put('alarm', scopeOf(place), alarm.name, next);
      return next;
    });
    if (after !== undefined && !isHeld(after)) this.#act(place, after, { ...after, state: from });
  }

  /** The alarm with its actions held, or not, as its suppressor has it. */
  #held(place: Place, alarm: AlarmRecord, from: StateRecord): AlarmRecord {
    if (alarm.kind !== 'composite' || alarm.suppressor === undefined) return alarm;
    const suppressing = this.#options.records.get('alarm', scopeOf(place), suppressorOf(alarm) ?? '');
    const held = holding(alarm.suppressor, {
      held: alarm.held,
      from,
      isSuppressing: suppressing?.state.value === 'ALARM',
      nowMs: this.#options.clock.now(),
    });
    return held === undefined ? unheld(alarm) : { ...alarm, held };
  }

  /** Composite alarms follow at once; a circle of them comes to rest, or is looked at again in its turn. */
  async #tellComposites(place: Place, child: AlarmRecord): Promise<void> {
    for (const alarm of this.#options.records.list('alarm', scopeOf(place))) {
      if (alarm.kind !== 'composite') continue;
      const follows = readRule(alarm.rule).alarms.includes(child.name) || suppressorOf(alarm) === child.name;
      if (!follows) continue;
      const key = `${scopeOf(place)} ${alarm.name}`;
      if (this.#telling.has(key)) continue;
      this.#telling.add(key);
      try {
        await this.evaluate(place, alarm, child);
      } finally {
        this.#telling.delete(key);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#timer[Symbol.asyncDispose]();
    await Promise.all(this.#actions);
  }

  async #judgeMetric(place: Place, { rule }: MetricAlarmRecord): Promise<Verdict | undefined> {
    const periodMs = periodOf(rule) * 1_000;
    const toMs = Math.floor(this.#options.clock.now() / periodMs) * periodMs;
    const fromMs = toMs - rule.EvaluationPeriods * periodMs;
    const found = await this.#samples(place, rule, fromMs, toMs);
    const samples = Array.from({ length: rule.EvaluationPeriods }, (_, index): Sample => {
      const atMs = fromMs + index * periodMs;
      return found.get(atMs) ?? { atMs };
    });
    const verdict = judge(rule, samples);
    return verdict === undefined ? undefined : { ...verdict, reasonData: reasonDataOf(rule, samples, this.#options.clock.now()) };
  }

  async #samples(place: Place, rule: MetricRule, fromMs: number, toMs: number): Promise<ReadonlyMap<number, Sample>> {
    const { store } = this.#options;
    if (rule.Metrics !== undefined) {
      const results = await new MetricData({
        store,
        call: place,
        fromMs,
        toMs,
        queries: rule.Metrics as unknown as readonly DataQuery[],
      }).results();
      return new Map([...(results[0]?.values ?? [])].map(([atMs, value]) => [atMs, { atMs, value }]));
    }
    const metric = {
      ...place,
      namespace: rule.Namespace ?? '',
      name: rule.MetricName ?? '',
      dimensions: dimensionsOf(rule.Dimensions),
    };
    const stat = rule.Statistic ?? rule.ExtendedStatistic ?? 'Average';
    checkStatistic(stat);
    const found = await datapoints(store, metric, { fromMs, toMs, periodS: periodOf(rule) }, rule.Unit);
    const samples = new Map<number, Sample>();
    for (const { atMs, summary } of found) {
      const value = statistic(summary, stat);
      if (value !== undefined && !samples.has(atMs)) samples.set(atMs, { atMs, value, count: summary.count });
    }
    return samples;
  }

  #judgeComposite(place: Place, text: string, child: AlarmRecord | undefined): Verdict {
    const { records } = this.#options;
    const named = (name: string): AlarmRecord | undefined => records.get('alarm', scopeOf(place), name);
    const rule = readRule(text);
    const state = rule.holds((name) => named(name)?.state.value) ? 'ALARM' : 'OK';
    // Without one that has just changed, it is for the one that changed last.
    const trigger =
      child ??
      rule.alarms
        .flatMap((name) => named(name) ?? [])
        .toSorted(byTransition)
        .at(-1);
    if (trigger === undefined) return { state, reason: `${text} evaluates to ${state === 'ALARM'}` };
    const { value, transitionedAt } = trigger.state;
    const arn = alarmArn(place, trigger.name);
    return {
      state,
      reason: `${arn} transitioned to ${value} at ${inWords(transitionedAt)}`,
      reasonData: JSON.stringify({
        triggeringAlarms: [{ arn, state: { value, timestamp: new Date(transitionedAt).toISOString().replace('Z', '+0000') } }],
      }),
    };
  }

  #act(place: Place, alarm: AlarmRecord, before: AlarmRecord): void {
    const { act, log } = this.#options;
    if (!alarm.actionsEnabled) return;
    const lists = { OK: alarm.okActions, ALARM: alarm.alarmActions, INSUFFICIENT_DATA: alarm.insufficientDataActions };
    for (const targetArn of lists[alarm.state.value]) {
      if (act === undefined || this.#actions.size >= mostActions) {
        log.warn('An action of an alarm was not taken.', { alarm: alarm.name, targetArn });
        continue;
      }
      const action: AlarmAction = {
        ...place,
        targetArn,
        event: alarmEvent(place, alarm, before),
        subject: `${alarm.state.value}: "${alarm.name}" in ${place.region}`,
        message: alarmMessage(place, alarm, before),
      };
      const work = act(action)
        .catch((error: unknown) => log.warn('An action of an alarm failed.', { alarm: alarm.name, targetArn, error }))
        .finally(() => this.#actions.delete(work));
      this.#actions.add(work);
    }
  }
}

/** A state as the history of an alarm has it. */
function storied(
  stateValue: AlarmState,
  { reason, reasonData }: { readonly reason: string; readonly reasonData?: string },
): object {
  const stateReasonData = reasonDataIn(reasonData);
  return { stateValue, stateReason: reason, ...(stateReasonData === undefined ? {} : { stateReasonData }) };
}

const isHeld = (alarm: AlarmRecord): alarm is CompositeAlarmRecord & { readonly held: Held } =>
  alarm.kind === 'composite' && alarm.held !== undefined;

const unheld = (alarm: AlarmRecord): AlarmRecord => (alarm.kind === 'composite' ? without(alarm, 'held') : alarm);

const suppressorOf = (alarm: CompositeAlarmRecord): string | undefined =>
  alarm.suppressor === undefined ? undefined : alarmNameOf(alarm.suppressor.alarm);

const byTransition = (a: AlarmRecord, b: AlarmRecord): number => a.state.transitionedAt - b.state.transitionedAt;

/** `Wednesday 25 November, 2026 08:30:15 UTC` */
function inWords(atMs: number): string {
  const date = new Date(atMs);
  const word = (options: Intl.DateTimeFormatOptions): string => date.toLocaleString('en-US', { ...options, timeZone: 'UTC' });
  const day = `${word({ weekday: 'long' })} ${word({ day: '2-digit' })} ${word({ month: 'long' })}, ${word({ year: 'numeric' })}`;
  return `${day} ${date.toISOString().slice(11, 19)} UTC`;
}

export const periodOf = (rule: MetricRule): number => {
  if (rule.Period !== undefined) return rule.Period;
  const periods = (rule.Metrics ?? []).map((query) =>
    Number((query['MetricStat'] as { Period?: number } | undefined)?.Period ?? query['Period'] ?? 0),
  );
  return Math.max(...periods.filter((each) => each > 0), 0) || 60;
};

/** Periods of less than a minute are looked at every ten seconds, the others when a minute is over. */
function nextAtMs(alarm: AlarmRecord, nowMs: number): number {
  const stepMs = alarm.kind === 'metric' && periodOf(alarm.rule) >= 60 ? 60_000 : everyMs;
  return Math.floor(nowMs / stepMs) * stepMs + stepMs;
}

function placeOf(scope: string): Place {
  const [account = '', region = ''] = scope.split('/');
  return { account, region };
}
