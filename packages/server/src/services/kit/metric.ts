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

/** Takes measurements. Must not throw and must not wait. */
export interface MetricSink {
  put(datum: MetricDatum): void;
}
