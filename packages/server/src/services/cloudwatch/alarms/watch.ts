import type { Clock, Logger } from '../../../base/index.ts';
import { byCodeUnits, repeating, scopeOf } from '../../kit/index.ts';
import { MetricData, type DataQuery } from '../metrics/data.ts';
import { series, type Values } from '../metrics/query.ts';
import type { MetricStore } from '../metrics/store.ts';
import { dimensionsOf } from '../metrics/dimensions.ts';
import { readRule } from './composite.ts';
import { alarmEvent, alarmMessage } from './events.ts';
import { judge, type Sample, type Verdict } from './judge.ts';
import {
  withHistory,
  type AlarmRecord,
  type AlarmRecords,
  type AlarmState,
  type MetricAlarmRecord,
  type MetricRule,
} from './records.ts';

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

  async evaluate(place: Place, alarm: AlarmRecord): Promise<void> {
    const verdict = alarm.kind === 'metric' ? await this.#judgeMetric(place, alarm) : this.#judgeComposite(place, alarm.rule);
    if (verdict === undefined || verdict.state === alarm.state.value) return;
    await this.change(place, alarm.name, verdict, { onlyToAnother: true });
  }

  /** Puts an alarm into a state and sets off its actions. @returns false when there is no such alarm */
  async change(
    place: Place,
    name: string,
    to: Verdict & { readonly reasonData?: string },
    // Between looking and changing, somebody else may have changed it.
    options: { readonly onlyToAnother?: boolean } = {},
  ): Promise<boolean> {
    const nowMs = Math.floor(this.#options.clock.now());
    const changed = await this.#options.records.change((draft) => {
      const before = draft.get('alarm', scopeOf(place), name);
      if (before === undefined) return undefined;
      const moved = before.state.value !== to.state;
      if (!moved && options.onlyToAnother === true) return { before, after: before, moved };
      const after = withHistory(
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
            oldState: { stateValue: before.state.value, stateReason: before.state.reason },
            newState: { stateValue: to.state, stateReason: to.reason },
          }),
        },
      );
      draft.put('alarm', scopeOf(place), name, after);
      return { before, after, moved };
    });
    if (changed?.moved === true) this.#act(place, changed.after, changed.before);
    return changed !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#timer[Symbol.asyncDispose]();
    await Promise.all(this.#actions);
  }

  async #judgeMetric(place: Place, { rule }: MetricAlarmRecord): Promise<Verdict | undefined> {
    const periodMs = periodOf(rule) * 1_000;
    const toMs = Math.floor(this.#options.clock.now() / periodMs) * periodMs;
    const fromMs = toMs - rule.EvaluationPeriods * periodMs;
    const values = await this.#values(place, rule, fromMs, toMs);
    const samples = Array.from({ length: rule.EvaluationPeriods }, (_, index): Sample => {
      const atMs = fromMs + index * periodMs;
      const value = values.get(atMs);
      return value === undefined ? { atMs } : { atMs, value };
    });
    return judge(rule, samples);
  }

  async #values(place: Place, rule: MetricRule, fromMs: number, toMs: number): Promise<Values> {
    const { store } = this.#options;
    if (rule.Metrics !== undefined) {
      const results = await new MetricData({
        store,
        call: place,
        fromMs,
        toMs,
        queries: rule.Metrics as unknown as readonly DataQuery[],
      }).results();
      return results[0]?.values ?? new Map();
    }
    const metric = {
      ...place,
      namespace: rule.Namespace ?? '',
      name: rule.MetricName ?? '',
      dimensions: dimensionsOf(rule.Dimensions),
    };
    const stat = rule.Statistic ?? rule.ExtendedStatistic ?? 'Average';
    return (await series(store, metric, { fromMs, toMs, periodS: periodOf(rule) }, stat, rule.Unit)).values;
  }

  #judgeComposite(place: Place, text: string): Verdict {
    const stateOf = (name: string): AlarmState | undefined =>
      this.#options.records.get('alarm', scopeOf(place), name)?.state.value;
    const rule = readRule(text);
    const state = rule.holds(stateOf) ? 'ALARM' : 'OK';
    const alarms = rule.alarms.map((name) => `${name} is ${stateOf(name) ?? 'not there'}`).join(', ');
    return { state, reason: `The rule is ${state === 'ALARM' ? '' : 'not '}met: ${alarms}.` };
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
