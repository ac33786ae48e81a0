import type { Fact, Subject } from '../base/index.ts';
import { Histogram } from './histogram.ts';
import { family, gaugeText, sample, type Gauge, type Labels } from './prometheus.ts';

/** Functions with series of their own; what comes after shares one, so that a thousand names a second cannot fill the memory. */
const functionsBound = 10_000;

class FunctionSeries {
  readonly labels: Labels;
  invocations = 0;
  errors = 0;
  coldStarts = 0;
  billedMs = 0;
  readonly throttles = new Map<string, number>();
  readonly counts = new Map<string, number>();
  readonly duration = new Histogram();
  readonly init = new Histogram();

  constructor(labels: Labels) {
    this.labels = labels;
  }
}

/** Counters and histograms by function since the start, in the words of Prometheus. */
export class Metrics {
  readonly #functions = new Map<string, FunctionSeries>();
  readonly #others = new FunctionSeries({ account: '', region: '', function: '' });
  readonly #gauges = new Map<string, Gauge>();

  add(fact: Fact): void {
    switch (fact.kind) {
      case 'invocation': {
        const series = this.#series(fact);
        series.invocations += 1;
        series.billedMs += fact.billedMs;
        if (fact.status !== 'success') series.errors += 1;
        series.duration.observe(fact.durationMs / 1000);
        if (fact.initMs === undefined) return;
        series.coldStarts += 1;
        series.init.observe(fact.initMs / 1000);
        return;
      }
      case 'throttle':
        return increase(this.#series(fact).throttles, fact.reason, 1);
      case 'count':
        return increase(this.#series(fact).counts, fact.metric, fact.value);
      case 'concurrency':
        // Read from whoever counts it, by a gauge.
        return;
    }
  }

  gauge(gauge: Gauge): Disposable {
    this.#gauges.set(gauge.name, gauge);
    return { [Symbol.dispose]: () => void this.#gauges.delete(gauge.name) };
  }

  /** Text exposition format 0.0.4. */
  text(): string {
    const all = [...this.#functions.values()];
    if (this.#others.invocations > 0) all.push(this.#others);
    const counter = (name: string, help: string, value: (series: FunctionSeries) => number): string =>
      family(name, 'counter', help) + all.map((series) => sample(name, series.labels, value(series))).join('');
    const split = (name: string, help: string, label: string, values: (series: FunctionSeries) => Map<string, number>): string =>
      family(name, 'counter', help) +
      all
        .flatMap((series) => [...values(series)].map(([key, value]) => sample(name, { ...series.labels, [label]: key }, value)))
        .join('');
    const histogram = (name: string, help: string, of: (series: FunctionSeries) => Histogram): string =>
      family(name, 'histogram', help) + all.map((series) => of(series).text(name, series.labels)).join('');
    return (
      counter('mayfly_invocations_total', 'Invocations that ran, failed ones included.', (series) => series.invocations) +
      counter('mayfly_errors_total', 'Invocations that ended in a function error.', (series) => series.errors) +
      counter('mayfly_cold_starts_total', 'Invocations that waited for an initialisation.', (series) => series.coldStarts) +
      counter('mayfly_billed_milliseconds_total', 'Billed duration.', (series) => series.billedMs) +
      split('mayfly_throttles_total', 'Invocations refused, by reason.', 'reason', (series) => series.throttles) +
      split('mayfly_events_total', 'Further counts, by the name of the AWS/Lambda metric.', 'metric', (series) => series.counts) +
      histogram('mayfly_duration_seconds', 'Duration of invocations, without initialisation.', (series) => series.duration) +
      histogram('mayfly_init_duration_seconds', 'Duration of initialisations.', (series) => series.init) +
      [...this.#gauges.values()].map(gaugeText).join('')
    );
  }

  #series(subject: Subject): FunctionSeries {
    const key = `${subject.account}/${subject.region}/${subject.functionName}`;
    let series = this.#functions.get(key);
    if (series !== undefined) return series;
    if (this.#functions.size >= functionsBound) return this.#others;
    series = new FunctionSeries({ account: subject.account, region: subject.region, function: subject.functionName });
    this.#functions.set(key, series);
    return series;
  }
}

const increase = (counts: Map<string, number>, key: string, by: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + by);
};
