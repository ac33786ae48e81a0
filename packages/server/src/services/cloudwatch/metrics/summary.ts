/** What is kept of many measurements: enough for every statistic, percentiles within a few per cent. */
export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Values and how often each was seen; absent where only the other figures are known. */
  readonly spread?: ReadonlyMap<number, number>;
}

/** Different values kept exactly; beyond, values are rounded to two digits. */
const exactValues = 150;

export const single = (value: number, count: number): Summary => ({
  count,
  sum: value * count,
  min: value,
  max: value,
  spread: new Map([[value, count]]),
});

export function merge(a: Summary, b: Summary): Summary {
  const spread = a.spread === undefined || b.spread === undefined ? undefined : mergeSpread(a.spread, b.spread);
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    ...(spread === undefined ? {} : { spread }),
  };
}

function mergeSpread(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const all = new Map(a);
  for (const [value, count] of b) all.set(value, (all.get(value) ?? 0) + count);
  if (all.size <= exactValues) return all;
  const rounded = new Map<number, number>();
  for (const [value, count] of all) {
    const near = Number(value.toPrecision(2));
    rounded.set(near, (rounded.get(near) ?? 0) + count);
  }
  return rounded;
}

/** Whether `statistic` would know what this names. */
export const isStatistic = (name: string): boolean =>
  /^(SampleCount|Average|Sum|Minimum|Maximum|p\d{1,2}(\.\d{1,10})?|p100|tm\d{1,2}(\.\d{1,10})?|IQM)$/.test(name);

/** A figure of a summary; undefined for one that this summary cannot give. */
export function statistic(summary: Summary, name: string): number | undefined {
  switch (name) {
    case 'SampleCount':
      return summary.count;
    case 'Sum':
      return summary.sum;
    case 'Average':
      return summary.sum / summary.count;
    case 'Minimum':
      return summary.min;
    case 'Maximum':
      return summary.max;
    case 'IQM':
      return trimmedMean(summary, 0.25, 0.75);
    default: {
      const share = Number(name.replace(/^[a-z]+/, '')) / 100;
      return name.startsWith('tm') ? trimmedMean(summary, 0, share) : percentile(summary, share);
    }
  }
}

function percentile({ spread, count, min, max }: Summary, share: number): number | undefined {
  if (spread === undefined) return min === max ? min : undefined;
  const rank = Math.max(1, Math.ceil(share * count));
  let seen = 0;
  for (const [value, times] of inOrder(spread)) {
    seen += times;
    // Rounded values may lie beyond what was ever seen.
    if (seen >= rank) return Math.min(max, Math.max(min, value));
  }
  return max;
}

/** Mean of what lies between two shares of the measurements. */
function trimmedMean({ spread, count }: Summary, from: number, to: number): number | undefined {
  if (spread === undefined) return undefined;
  const [low, high] = [from * count, to * count];
  let seen = 0;
  let sum = 0;
  let taken = 0;
  for (const [value, times] of inOrder(spread)) {
    const inside = Math.max(0, Math.min(seen + times, high) - Math.max(seen, low));
    sum += value * inside;
    taken += inside;
    seen += times;
  }
  return taken === 0 ? undefined : sum / taken;
}

const inOrder = (spread: ReadonlyMap<number, number>): [number, number][] => [...spread].toSorted(([a], [b]) => a - b);

export const writeSpread = ({ spread }: Summary): string | null => (spread === undefined ? null : JSON.stringify([...spread]));
export const readSpread = (text: unknown): { spread?: ReadonlyMap<number, number> } =>
  typeof text === 'string' ? { spread: new Map(JSON.parse(text) as [number, number][]) } : {};
