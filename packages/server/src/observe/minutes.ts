import type { AccountId, Fact, Region, Subject } from '../base/index.ts';

/** One metric of one function in one minute, as CloudWatch keeps it. @source spec 5.5, 5.5-23 */
export interface MinuteStatistic {
  /** Start of the minute, epoch milliseconds. */
  readonly minuteMs: number;
  readonly functionName: string;
  readonly metric: string;
  readonly sum: number;
  readonly sampleCount: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface MinuteQuery {
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName?: string;
  readonly metric?: string;
  /** Epoch milliseconds; the end is exclusive. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

type Statistic = { -readonly [Name in keyof MinuteStatistic]: MinuteStatistic[Name] };

const minuteMs = 60_000;
/** Three hours, as CloudWatch keeps its finest data. */
const minutesKept = 180;
/** Functions told apart in one minute; what comes beyond is not kept. */
const functionsBound = 10_000;

/** The statistics of one function in one minute. */
class FunctionMinute {
  readonly statistics = new Map<string, Statistic>();
  readonly #minuteMs: number;
  readonly #functionName: string;

  constructor(startMs: number, functionName: string) {
    this.#minuteMs = startMs;
    this.#functionName = functionName;
  }

  put(metric: string, value: number): void {
    const known = this.statistics.get(metric);
    if (known === undefined) {
      this.statistics.set(metric, {
        minuteMs: this.#minuteMs,
        functionName: this.#functionName,
        metric,
        sum: value,
        sampleCount: 1,
        minimum: value,
        maximum: value,
      });
      return;
    }
    known.sum += value;
    known.sampleCount += 1;
    known.minimum = Math.min(known.minimum, value);
    known.maximum = Math.max(known.maximum, value);
  }
}

/** The last hours by minute, in memory. */
export class Minutes {
  readonly #minutes = new Map<number, Map<string, FunctionMinute>>();

  add(fact: Fact): void {
    switch (fact.kind) {
      case 'invocation': {
        // Counted at its beginning. @source spec 5.5-23
        const minute = this.#minute(fact, fact.startedAtMs);
        if (minute === undefined) return;
        minute.put('Invocations', 1);
        minute.put('Errors', fact.status === 'success' ? 0 : 1);
        minute.put('Duration', fact.durationMs);
        if (fact.postRuntimeExtensionsMs !== undefined) {
          minute.put('PostRuntimeExtensionsDuration', fact.postRuntimeExtensionsMs);
        }
        return;
      }
      case 'throttle':
        return this.#minute(fact, fact.atMs)?.put('Throttles', 1);
      case 'count':
        return this.#minute(fact, fact.atMs)?.put(fact.metric, fact.value);
      case 'concurrency':
        if (fact.functionName === undefined) return;
        this.#minute({ ...fact, functionName: fact.functionName }, fact.atMs)?.put('ConcurrentExecutions', fact.inUse);
    }
  }

  read(query: MinuteQuery): MinuteStatistic[] {
    const scope = `${query.account}/${query.region}/`;
    const found: MinuteStatistic[] = [];
    for (const [startMs, functions] of this.#minutes) {
      if (startMs < (query.fromMs ?? -Infinity) || startMs >= (query.toMs ?? Infinity)) continue;
      for (const [key, { statistics }] of functions) {
        if (!key.startsWith(scope)) continue;
        if (query.functionName !== undefined && key !== scope + query.functionName) continue;
        for (const statistic of statistics.values()) {
          if (query.metric === undefined || statistic.metric === query.metric) found.push({ ...statistic });
        }
      }
    }
    return found.sort((one, other) => one.minuteMs - other.minuteMs);
  }

  #minute(subject: Omit<Subject, 'version'>, atMs: number): FunctionMinute | undefined {
    const startMs = Math.floor(atMs / minuteMs) * minuteMs;
    let functions = this.#minutes.get(startMs);
    if (functions === undefined) {
      this.#minutes.set(startMs, (functions = new Map()));
      if (this.#minutes.size > minutesKept) this.#minutes.delete(Math.min(...this.#minutes.keys()));
    }
    const key = `${subject.account}/${subject.region}/${subject.functionName}`;
    let minute = functions.get(key);
    if (minute === undefined && functions.size < functionsBound) {
      functions.set(key, (minute = new FunctionMinute(startMs, subject.functionName)));
    }
    return minute;
  }
}
