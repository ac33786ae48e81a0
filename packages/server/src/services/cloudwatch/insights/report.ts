import type { Contribution } from './definition.ts';

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodMs: number;
}

interface Contributor {
  readonly keys: readonly string[];
  /** Period → value. */
  readonly values: Map<number, number>;
}

/** Contributors that are told apart; the events of others only count. */
const mostContributors = 100_000;

/** Adds contributions up, by contributor and period. */
export class Report {
  readonly #window: Window;
  readonly #contributors = new Map<string, Contributor>();
  /** All values of a period, whoever they are from. */
  readonly #all = new Map<number, { count: number; sum: number; min: number; max: number }>();

  constructor(window: Window) {
    this.#window = window;
  }

  add(atMs: number, { keys, value }: Contribution): void {
    const at = this.#periodOf(atMs);
    const all = this.#all.get(at);
    if (all === undefined) this.#all.set(at, { count: 1, sum: value, min: value, max: value });
    else {
      all.count += 1;
      all.sum += value;
      all.min = Math.min(all.min, value);
      all.max = Math.max(all.max, value);
    }
    const key = JSON.stringify(keys);
    let contributor = this.#contributors.get(key);
    if (contributor === undefined) {
      if (this.#contributors.size >= mostContributors) return;
      this.#contributors.set(key, (contributor = { keys, values: new Map() }));
    }
    contributor.values.set(at, (contributor.values.get(at) ?? 0) + value);
  }

  get uniqueCount(): number {
    return this.#contributors.size;
  }

  get sum(): number {
    return [...this.#all.values()].reduce((sum, each) => sum + each.sum, 0);
  }

  /** Those with most first: in all, or in one period. */
  contributors(limit: number, orderBy: 'Sum' | 'Maximum') {
    const weight = ({ values }: Contributor): number =>
      orderBy === 'Sum' ? total(values) : values.values().reduce((most, each) => Math.max(most, each), -Infinity);
    return [...this.#contributors.values()]
      .map((contributor) => ({ contributor, weight: weight(contributor) }))
      .toSorted((a, b) => b.weight - a.weight)
      .slice(0, limit)
      .map(({ contributor: { keys, values } }) => ({
        Keys: [...keys],
        ApproximateAggregateValue: total(values),
        Datapoints: [...values]
          .toSorted(([a], [b]) => a - b)
          .map(([atMs, value]) => ({ Timestamp: new Date(atMs), ApproximateValue: value })),
      }));
  }

  /** One datapoint a period, whether something was there or not. */
  datapoints(metrics: readonly string[]) {
    const { fromMs, toMs, periodMs } = this.#window;
    const points = [];
    for (let at = this.#periodOf(fromMs); at < toMs; at += periodMs) {
      const inPeriod = [...this.#contributors.values()].flatMap(({ values }) => values.get(at) ?? []);
      const all = this.#all.get(at);
      const figures: Readonly<Record<string, number | undefined>> = {
        UniqueContributors: inPeriod.length,
        MaxContributorValue: inPeriod.length === 0 ? undefined : inPeriod.reduce((most, each) => Math.max(most, each)),
        SampleCount: all?.count,
        Average: all === undefined ? undefined : all.sum / all.count,
        Sum: all?.sum,
        Minimum: all?.min,
        Maximum: all?.max,
      };
      points.push({ Timestamp: new Date(at), ...Object.fromEntries(metrics.map((name) => [name, figures[name]])) });
    }
    return points;
  }

  #periodOf(atMs: number): number {
    return Math.floor(atMs / this.#window.periodMs) * this.#window.periodMs;
  }
}

const total = (values: ReadonlyMap<number, number>): number => values.values().reduce((sum, each) => sum + each, 0);
