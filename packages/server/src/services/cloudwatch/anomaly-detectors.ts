import { hash } from 'node:crypto';
import type { Call } from '@mayfly/wire';
import { pageOf, scopeOf, type Records } from '../kit/index.ts';
import { badToken, combination, limitExceeded, missingParameter, notFound, type CloudWatchHandlers } from './faults.ts';
import { dimensionsOf, type Dimension } from './metrics/dimensions.ts';
import { checkStatistic } from './metrics/query.ts';

/** What is looked at: one metric, or mathematics. Names are AWS's, since it goes out as it came in. */
interface Subject {
  readonly single?: {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
    readonly Stat: string;
  };
  readonly math?: object;
}

export interface DetectorRecord extends Subject {
  /** Of its subject. */
  readonly id: string;
  readonly configuration: object;
  readonly characteristics?: object;
}

/** Members that put and delete have in common. */
interface SubjectInput {
  readonly Namespace?: string | undefined;
  readonly MetricName?: string | undefined;
  readonly Dimensions?: readonly Dimension[] | undefined;
  readonly Stat?: string | undefined;
  readonly SingleMetricAnomalyDetector?:
    | Omit<SubjectInput, 'SingleMetricAnomalyDetector' | 'MetricMathAnomalyDetector'>
    | undefined;
  readonly MetricMathAnomalyDetector?: object | undefined;
}

const mostDetectors = 500;
/** Nothing here learns: a detector is kept, and its training never begins. */
const StateValue = 'PENDING_TRAINING' as const;

export function anomalyDetectorHandlers({ records }: { readonly records: Records<{ readonly detector: DetectorRecord }> }) {
  return {
    async PutAnomalyDetector(input, call) {
      const subject = subjectOf(input);
      const id = idOf(subject);
      await records.change((draft) => {
        const isNew = draft.get('detector', scopeOf(call), id) === undefined;
        if (isNew && draft.count('detector', scopeOf(call)) >= mostDetectors)
          throw limitExceeded(`The maximum limit of ${mostDetectors} anomaly detectors has been reached.`);
        draft.put('detector', scopeOf(call), id, {
          ...subject,
          id,
          configuration: { ExcludedTimeRanges: [], ...(JSON.parse(JSON.stringify(input.Configuration ?? {})) as object) },
          ...(input.MetricCharacteristics === undefined ? {} : { characteristics: { ...input.MetricCharacteristics } }),
        });
      });
      return {};
    },

    async DescribeAnomalyDetectors(input, call) {
      const types: readonly string[] = input.AnomalyDetectorTypes ?? ['SINGLE_METRIC'];
      const wanted = Object.entries(dimensionsOf(input.Dimensions));
      const found = records
        .list('detector', scopeOf(call))
        .filter(({ math }) => types.includes(math === undefined ? 'SINGLE_METRIC' : 'METRIC_MATH'))
        .filter(({ single }) => input.Namespace === undefined || single?.Namespace === input.Namespace)
        .filter(({ single }) => input.MetricName === undefined || single?.MetricName === input.MetricName)
        .filter(({ single }) => {
          const dimensions = dimensionsOf(single?.Dimensions);
          return wanted.every(([name, value]) => dimensions[name] === value);
        });
      const page = pageOf(found, {
        limit: input.MaxResults ?? 100,
        token: input.NextToken,
        nameOf: ({ id }) => id,
        invalid: badToken,
      });
      return {
        AnomalyDetectors: page.items.map((detector) => shown(call, detector)),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    async DeleteAnomalyDetector(input, call) {
      const id = idOf(subjectOf(input));
      const existed = await records.change((draft) => draft.delete('detector', scopeOf(call), id));
      if (!existed) throw notFound('The anomaly detector does not exist.');
      return {};
    },
  } satisfies CloudWatchHandlers;
}

/** @throws InvalidParameterCombination, MissingParameter */
function subjectOf(input: SubjectInput): Subject {
  const { SingleMetricAnomalyDetector: single, MetricMathAnomalyDetector: math } = input;
  const ways = Object.entries({
    SingleMetricAnomalyDetector: single,
    MetricMathAnomalyDetector: math,
    MetricName: input.MetricName,
  });
  const [first, second] = ways.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (second !== undefined)
    throw combination(`The parameters ${first} and ${second} are mutually exclusive and you have specified both.`);
  if (math !== undefined) return { math: JSON.parse(JSON.stringify(math)) as object };
  const { Namespace, MetricName, Stat, Dimensions } = single ?? input;
  const missing = Object.entries({ Namespace, MetricName, Stat }).find(([, value]) => value === undefined);
  if (missing !== undefined) throw missingParameter(`The parameter ${missing[0]} must be specified.`);
  checkStatistic(Stat ?? '');
  return {
    single: {
      Namespace: Namespace ?? '',
      MetricName: MetricName ?? '',
      Dimensions: (Dimensions ?? []).map(({ Name, Value }) => ({ Name: Name ?? '', Value: Value ?? '' })),
      Stat: Stat ?? '',
    },
  };
}

/** The order of dimensions tells no two metrics apart. */
function idOf({ single, math }: Subject): string {
  const key = single === undefined ? math : [single.Namespace, single.MetricName, single.Stat, dimensionKey(single.Dimensions)];
  return hash('sha256', JSON.stringify(key), 'hex');
}

const dimensionKey = (dimensions: readonly Dimension[]): readonly string[] =>
  dimensions.map(({ Name, Value }) => JSON.stringify([Name, Value])).toSorted();

const shown = (call: Call, { single, math, configuration, characteristics }: DetectorRecord) => ({
  ...(single === undefined
    ? {}
    : { ...copied(single), SingleMetricAnomalyDetector: { AccountId: call.account, ...copied(single) } }),
  ...(math === undefined ? {} : { MetricMathAnomalyDetector: math }),
  Configuration: datesOf(configuration),
  ...(characteristics === undefined ? {} : { MetricCharacteristics: characteristics }),
  StateValue,
});

const copied = (single: NonNullable<Subject['single']>) => ({ ...single, Dimensions: [...single.Dimensions] });

/** A record keeps moments as text. */
function datesOf(configuration: object): object {
  const { ExcludedTimeRanges: ranges = [] } = configuration as {
    ExcludedTimeRanges?: readonly { StartTime: string; EndTime: string }[];
  };
  return {
    ...configuration,
    ExcludedTimeRanges: ranges.map(({ StartTime, EndTime }) => ({ StartTime: new Date(StartTime), EndTime: new Date(EndTime) })),
  };
}
