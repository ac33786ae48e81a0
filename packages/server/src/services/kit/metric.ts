/** One measurement on its way into the metric store, from a log line or from the platform. */
export interface MetricDatum {
  readonly account: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly value: number;
  /** How often the value was seen; 1 unless given. */
  readonly count?: number;
  /** As CloudWatch spells it: `Count`, `Milliseconds` … */
  readonly unit?: string;
}

/** Many measurements of one metric, added up where they were made. */
export interface MetricSummary extends Omit<MetricDatum, 'value' | 'count'> {
  readonly summary: {
    readonly count: number;
    readonly sum: number;
    readonly min: number;
    readonly max: number;
    /** Values and how often each was seen, for percentiles. */
    readonly spread?: ReadonlyMap<number, number>;
  };
}

/** Takes measurements. Must not throw and must not wait. */
export interface MetricSink {
  put(datum: MetricDatum): void;
}

/** Takes many at once, too. */
export interface SummarySink extends MetricSink {
  putSummary(summary: MetricSummary): void;
}
