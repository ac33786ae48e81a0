import type { Call } from '@mayfly/wire';
import type { Clock } from '../../../base/index.ts';
import { pageOf, readToken, writeToken } from '../../kit/index.ts';
import { badToken, combination, invalid, invalidValue, type CloudWatchHandlers } from '../faults.ts';
import { MetricData } from './data.ts';
import { dimensionList, dimensionsOf } from './dimensions.ts';
import { checkStatistic, datapoints } from './query.ts';
import { readMeasurements } from './put.ts';
import type { MetricStore } from './store.ts';
import { statistic } from './summary.ts';

const mostStatistics = 1_440;
const mostValues = 100_800;
const mostQueries = 500;
const recentMs = 3 * 3_600_000;

export function metricHandlers({ store, clock }: { readonly store: MetricStore; readonly clock: Clock }) {
  return {
    async PutMetricData(input, call) {
      const measurements = readMeasurements(input, call, clock.now());
      for (const measurement of measurements) store.add(measurement);
      await store.flush();
      return {};
    },

    async ListMetrics(input, call) {
      await store.flush();
      const wanted = input.Dimensions ?? [];
      const found = store
        .find(call, { namespace: input.Namespace, name: input.MetricName })
        .filter(({ dimensions }) =>
          wanted.every(
            ({ Name = '', Value }) => Object.hasOwn(dimensions, Name) && (Value === undefined || dimensions[Name] === Value),
          ),
        )
        .filter(({ lastAt }) => input.RecentlyActive === undefined || lastAt >= clock.now() - recentMs)
        .toSorted((a, b) => a.id - b.id);
      const page = pageOf(found, {
        limit: 500,
        token: input.NextToken,
        nameOf: ({ id }) => String(id).padStart(16, '0'),
        invalid: badToken,
      });
      return {
        Metrics: page.items.map(({ namespace, name, dimensions }) => ({
          Namespace: namespace,
          MetricName: name,
          Dimensions: dimensionList(dimensions),
        })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    async GetMetricStatistics(input, call) {
      const [fromMs, toMs] = rangeOf(input);
      const periodS = input.Period ?? 60;
      const asked = Math.ceil((toMs - fromMs) / 1_000 / periodS);
      if (asked > mostStatistics) {
        throw combination(
          `You have requested up to ${asked} datapoints, which exceeds the limit of ${mostStatistics}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
        );
      }
      const statistics: readonly string[] = input.Statistics ?? [];
      const extended = input.ExtendedStatistics ?? [];
      if (statistics.length + extended.length === 0)
        throw combination('At least one of the parameters Statistics or ExtendedStatistics must be specified.');
      for (const each of extended) checkStatistic(each, 'ExtendedStatistics');
      await store.flush();
      const metric = {
        ...placeOf(call),
        namespace: input.Namespace ?? '',
        name: input.MetricName ?? '',
        dimensions: dimensionsOf(input.Dimensions),
      };
      const found = await datapoints(store, metric, { fromMs, toMs, periodS }, input.Unit);
      return {
        Label: metric.name,
        Datapoints: found.map(({ atMs, unit, summary }) => ({
          Timestamp: new Date(atMs),
          Unit: unit as 'None',
          ...Object.fromEntries(statistics.map((name) => [name, statistic(summary, name)])),
          ...(extended.length === 0
            ? {}
            : { ExtendedStatistics: Object.fromEntries(extended.map((name) => [name, statistic(summary, name) ?? 0])) }),
        })),
      };
    },

    async GetMetricData(input, call) {
      const [fromMs, toMs] = rangeOf(input);
      const queries = input.MetricDataQueries ?? [];
      if (queries.length > mostQueries)
        throw invalid(`The collection MetricDataQueries must not have a size greater than ${mostQueries}.`);
      await store.flush();
      const results = await new MetricData({ store, call, fromMs, toMs, queries }).results();
      const order = input.ScanBy === 'TimestampAscending' ? 1 : -1;
      const skip = input.NextToken === undefined ? 0 : Number(readToken(input.NextToken, badToken));
      const limit = input.MaxDatapoints ?? mostValues;
      let more = false;
      const MetricDataResults = results.map(({ id, label, values, units }) => {
        const all = [...values].toSorted(([a], [b]) => order * (a - b));
        const shown = all.slice(skip, skip + limit);
        more ||= all.length > skip + limit;
        return {
          Id: id,
          Label: label,
          Timestamps: shown.map(([atMs]) => new Date(atMs)),
          Values: shown.map(([, value]) => value),
          StatusCode: all.length > skip + limit ? ('PartialData' as const) : ('Complete' as const),
          ...(units.length > 1
            ? { Messages: [{ Code: 'MultipleUnits', Value: `Multiple units returned: '[${units.join(', ')}]'` }] }
            : {}),
        };
      });
      return { MetricDataResults, Messages: [], ...(more ? { NextToken: writeToken(String(skip + limit)) } : {}) };
    },
  } satisfies CloudWatchHandlers;
}

function rangeOf(input: { readonly StartTime?: Date | undefined; readonly EndTime?: Date | undefined }): [number, number] {
  const [fromMs, toMs] = [input.StartTime?.getTime() ?? 0, input.EndTime?.getTime() ?? 0];
  if (fromMs >= toMs) throw invalidValue('The parameter StartTime must be less than the parameter EndTime.');
  return [fromMs, toMs];
}

const placeOf = ({ account, region }: Pick<Call, 'account' | 'region'>): { account: string; region: string } => ({
  account,
  region,
});
