import type { Call } from '@mayfly/wire';
import { combination, invalidValue } from '../faults.ts';
import { dimensionsOf, type Dimension } from './dimensions.ts';
import type { Measurement } from './store.ts';
import { merge, single, type Summary } from './summary.ts';

interface Datum {
  readonly MetricName: string | undefined;
  readonly Dimensions?: readonly Dimension[] | undefined;
  readonly Timestamp?: Date | undefined;
  readonly Value?: number | undefined;
  readonly StatisticValues?:
    | {
        readonly SampleCount: number | undefined;
        readonly Sum: number | undefined;
        readonly Minimum: number | undefined;
        readonly Maximum: number | undefined;
      }
    | undefined;
  readonly Values?: readonly number[] | undefined;
  readonly Counts?: readonly number[] | undefined;
  readonly Unit?: string | undefined;
  readonly StorageResolution?: number | undefined;
}

const pastMs = 14 * 86_400_000;
const futureMs = 2 * 3_600_000;
const mostData = 1_000;
const mostValues = 150;
const mostDimensions = 30;

/** Reads what PutMetricData brings. @throws InvalidParameterValue, InvalidParameterCombination */
export function readMeasurements(
  input: {
    readonly Namespace: string | undefined;
    readonly MetricData?: readonly Datum[] | undefined;
    readonly EntityMetricData?: readonly { readonly MetricData?: readonly Datum[] | undefined }[] | undefined;
  },
  call: Pick<Call, 'account' | 'region'>,
  nowMs: number,
): Measurement[] {
  const namespace = input.Namespace ?? '';
  if (namespace.startsWith('AWS/')) throw invalidValue(`The value AWS/ for parameter Namespace is invalid.`);
  const data = [...(input.MetricData ?? []), ...(input.EntityMetricData ?? []).flatMap(({ MetricData }) => MetricData ?? [])];
  if (data.length > mostData) throw invalidValue(`The collection MetricData must not have a size greater than ${mostData}.`);
  return data.map((datum, index) => {
    const at = `MetricData.member.${index + 1}`;
    const atMs = datum.Timestamp?.getTime() ?? nowMs;
    if (atMs < nowMs - pastMs)
      throw invalidValue(`The parameter ${at}.Timestamp must specify a time no more than two weeks in the past.`);
    if (atMs > nowMs + futureMs)
      throw invalidValue(`The parameter ${at}.Timestamp must specify a time no more than two hours in the future.`);
    if ((datum.Dimensions?.length ?? 0) > mostDimensions)
      throw invalidValue(`The collection ${at}.Dimensions must not have a size greater than ${mostDimensions}.`);
    return {
      account: call.account,
      region: call.region,
      namespace,
      name: datum.MetricName ?? '',
      dimensions: dimensionsOf(datum.Dimensions),
      atMs,
      unit: datum.Unit ?? 'None',
      resolutionS: datum.StorageResolution === 1 ? 1 : 60,
      summary: summaryOf(datum, at),
    };
  });
}

function summaryOf({ Value: value, StatisticValues: known, Values: values, Counts: counts }: Datum, at: string): Summary {
  const given = Object.entries({ Value: value, Values: values, StatisticValues: known }).filter(([, each]) => each !== undefined);
  if (given.length > 1) {
    const [first, second] = given.map(([name]) => `${at}.${name}`);
    throw combination(`The parameters ${first} and ${second} are mutually exclusive and you have specified both.`);
  }
  if (value !== undefined) return single(finite(value, `${at}.Value`), 1);
  if (values !== undefined) {
    if (values.length > mostValues)
      throw invalidValue(`The collection ${at}.Values must not have a size greater than ${mostValues}.`);
    if (counts !== undefined && counts.length !== values.length)
      throw invalidValue(`The parameters ${at}.Values and ${at}.Counts must be of the same size.`);
    const parts = values.map((each, index) =>
      single(finite(each, `${at}.Values.member.${index + 1}`), finite(counts?.[index] ?? 1, `${at}.Counts.member.${index + 1}`)),
    );
    const [first, ...rest] = parts;
    if (first !== undefined) return rest.reduce(merge, first);
  }
  if (known !== undefined) {
    return {
      count: finite(known.SampleCount, `${at}.StatisticValues.SampleCount`),
      sum: finite(known.Sum, `${at}.StatisticValues.Sum`),
      min: finite(known.Minimum, `${at}.StatisticValues.Minimum`),
      max: finite(known.Maximum, `${at}.StatisticValues.Maximum`),
    };
  }
  throw combination(`At least one of the parameters must be specified: ${at}.Value, ${at}.StatisticValues, ${at}.Values.`);
}

function finite(value: number | undefined, at: string): number {
  if (value === undefined || !Number.isFinite(value)) throw invalidValue(`The value ${value} for parameter ${at} is invalid.`);
  return value;
}
