import type { Summary } from './stats.ts';

/** One measured thing beside its baseline of the same run. */
export interface Result {
  readonly name: string;
  readonly unit: 'ms' | 'per second' | 'µs' | 'MiB' | 'MB per second' | 'starts' | 'hours';
  /** Ratio of the medians, system to baseline; below one is faster for times. */
  readonly ratio?: number;
  /** Smallest and largest ratio over the repeats. */
  readonly ratios?: readonly number[];
  readonly system: Summary;
  readonly baseline?: Summary;
  readonly baselineName?: string;
  /** What the system's figure is made of, in its unit. */
  readonly parts?: Readonly<Record<string, number>>;
  readonly notes?: string;
}

export interface ScenarioOptions {
  /** Fewer repeats, shorter runs. */
  readonly quick: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  run(options: ScenarioOptions): Promise<readonly Result[]>;
}
