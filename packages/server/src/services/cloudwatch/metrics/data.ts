import type { Call } from '@mayfly/wire';
import { invalid } from '../faults.ts';
import { dimensionsOf, type Dimension } from './dimensions.ts';
import { calculate } from './expression.ts';
import { series, type MetricName, type Values } from './query.ts';
import type { MetricStore } from './store.ts';

export interface DataQuery {
  readonly Id: string | undefined;
  readonly MetricStat?:
    | {
        readonly Metric:
          | {
              readonly Namespace?: string | undefined;
              readonly MetricName?: string | undefined;
              readonly Dimensions?: readonly Dimension[] | undefined;
            }
          | undefined;
        readonly Period: number | undefined;
        readonly Stat: string | undefined;
        readonly Unit?: string | undefined;
      }
    | undefined;
  readonly Expression?: string | undefined;
  readonly Label?: string | undefined;
  readonly ReturnData?: boolean | undefined;
  readonly Period?: number | undefined;
}

/** As many as an answer may have values. */
const mostMoments = 100_800;

interface DataResult {
  readonly id: string;
  readonly label: string;
  readonly values: Values;
  readonly units: readonly string[];
}

export interface DataRequest {
  readonly store: MetricStore;
  readonly call: Pick<Call, 'account' | 'region'>;
  readonly fromMs: number;
  readonly toMs: number;
  readonly queries: readonly DataQuery[];
}

/** The queries of one request: metrics first, then what is calculated from them. */
export class MetricData {
  readonly #options: DataRequest;

  constructor(options: DataRequest) {
    this.#options = options;
  }

  async results(): Promise<DataResult[]> {
    const { queries } = this.#options;
    const found = new Map<string, { values: Values; units: readonly string[] }>();
    for (const { Id: id = '' } of queries) {
      if (!/^[a-z]\w*$/.test(id))
        throw invalid(
          `The value ${id} for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`,
        );
    }
    for (const query of queries) if (query.MetricStat !== undefined) found.set(query.Id ?? '', await this.#measured(query));
    // An expression may name one that is written behind it.
    let open = queries.filter(({ Expression }) => Expression !== undefined);
    while (open.length > 0) {
      const ready = open.filter(
        (query) => !open.some((other) => other !== query && new RegExp(`\\b${other.Id}\\b`).test(query.Expression ?? '')),
      );
      if (ready.length === 0) throw invalid('The expressions of the request refer to each other in a circle.');
      const scope = {
        series: new Map([...found].map(([id, { values }]) => [id, values])),
        periodS: (id: string) => this.#periodOf(id),
        moments: this.#moments(),
      };
      for (const query of ready) found.set(query.Id ?? '', { values: calculate(query.Expression ?? '', scope), units: [] });
      open = open.filter((query) => !ready.includes(query));
    }
    const labels = labelsOf(queries);
    return queries
      .filter(({ ReturnData }) => ReturnData !== false)
      .map((query) => ({
        id: query.Id ?? '',
        label: labels.get(query) ?? '',
        values: new Map(),
        units: [],
        ...found.get(query.Id ?? ''),
      }));
  }

  #measured({ MetricStat: stat }: DataQuery): Promise<{ values: Values; units: readonly string[] }> {
    const { store, call, fromMs, toMs } = this.#options;
    const metric: MetricName = {
      account: call.account,
      region: call.region,
      namespace: stat?.Metric?.Namespace ?? '',
      name: stat?.Metric?.MetricName ?? '',
      dimensions: dimensionsOf(stat?.Metric?.Dimensions),
    };
    return series(store, metric, { fromMs, toMs, periodS: stat?.Period ?? 60 }, stat?.Stat ?? 'Average', stat?.Unit);
  }

  /** In steps of the shortest period. */
  #moments(): number[] {
    const { queries, fromMs, toMs } = this.#options;
    const periods = queries.flatMap(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? []);
    const stepMs = Math.min(...(periods.length === 0 ? [60] : periods)) * 1_000;
    const first = Math.floor(fromMs / stepMs) * stepMs;
    return Array.from(
      { length: Math.min(mostMoments, Math.ceil((toMs - first) / stepMs)) },
      (_, index) => first + index * stepMs,
    );
  }

  #periodOf(id: string): number {
    const query = this.#options.queries.find(({ Id }) => Id === id);
    return query?.MetricStat?.Period ?? query?.Period ?? 60;
  }
}

/** A label that is not given is the metric's name, and whatever else tells it from the others. */
function labelsOf(queries: readonly DataQuery[]): ReadonlyMap<DataQuery, string> {
  const stats = queries.filter((query) => query.Label === undefined && query.MetricStat !== undefined);
  const differ = (of: (query: DataQuery) => unknown): boolean => new Set(stats.map(of)).size > 1;
  const names = new Set(stats.map(({ MetricStat }) => MetricStat?.Metric?.MetricName)).size;
  const [byStat, byPeriod] = [differ(({ MetricStat }) => MetricStat?.Stat), differ(({ MetricStat }) => MetricStat?.Period)];
  return new Map(
    queries.map((query) => {
      const { MetricStat: stat, Label, Id = '' } = query;
      if (Label !== undefined) return [query, Label];
      if (stat === undefined) return [query, Id];
      const parts = [
        stat.Metric?.MetricName,
        byStat && names < stats.length ? stat.Stat : undefined,
        byPeriod && names < stats.length ? stat.Period : undefined,
      ];
      return [query, parts.filter((part) => part !== undefined).join(' ')];
    }),
  );
}
