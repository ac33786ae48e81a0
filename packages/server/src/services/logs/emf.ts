import type { MetricDatum } from '../kit/index.ts';

/** A line that is no longer than this and names what it measures. */
const longest = 1_048_576;
const mostDirectives = 100;
const mostMetrics = 100;
const mostDimensions = 30;
const mostValues = 100;

type Measured = Pick<MetricDatum, 'namespace' | 'name' | 'dimensions' | 'atMs' | 'value' | 'unit'>;

const none: readonly Measured[] = [];

/**
 * The measurements of a line in Embedded Metric Format; none for any other line, or for one that breaks
 * the format.
 *
 * @source CloudWatch User Guide, "Specification: Embedded metric format", read 2026-11
 */
export function measurementsOf(message: string, atMs: number): readonly Measured[] {
  if (message.length > longest || !message.includes('"CloudWatchMetrics"')) return none;
  const document = parse(message);
  const meta = recordOf(document?.['_aws']);
  const directives = meta?.['CloudWatchMetrics'];
  if (document === undefined || !Array.isArray(directives)) return [];
  const stamp = meta?.['Timestamp'];
  const momentMs = typeof stamp === 'number' && Number.isFinite(stamp) ? Math.floor(stamp) : atMs;
  return directives.slice(0, mostDirectives).flatMap((directive) => ofDirective(recordOf(directive), document, momentMs));
}

function ofDirective(
  directive: Record<string, unknown> | undefined,
  document: Record<string, unknown>,
  atMs: number,
): Measured[] {
  const namespace = directive?.['Namespace'];
  const metrics = directive?.['Metrics'];
  if (typeof namespace !== 'string' || namespace === '' || !Array.isArray(metrics)) return [];
  const sets = dimensionSets(directive?.['Dimensions'], document);
  const found: Measured[] = [];
  for (const metric of metrics.slice(0, mostMetrics)) {
    const definition = recordOf(metric);
    const name = definition?.['Name'];
    if (typeof name !== 'string' || !Object.hasOwn(document, name)) continue;
    const unit = definition?.['Unit'];
    const values = [document[name]].flat().slice(0, mostValues);
    for (const value of values) {
      if (typeof value !== 'number' || !Number.isFinite(value)) continue;
      for (const dimensions of sets) {
        found.push({ namespace, name, dimensions, atMs, value, ...(typeof unit === 'string' ? { unit } : {}) });
      }
    }
  }
  return found;
}

/** Each set is a metric of its own; a set with a member the document lacks is none. */
function dimensionSets(sets: unknown, document: Record<string, unknown>): Record<string, string>[] {
  if (!Array.isArray(sets) || sets.length === 0) return [{}];
  const found: Record<string, string>[] = [];
  for (const set of sets) {
    if (!Array.isArray(set) || set.length > mostDimensions) continue;
    const pairs = set.map((name): [string, unknown] => [
      String(name),
      Object.hasOwn(document, String(name)) ? document[String(name)] : undefined,
    ]);
    if (pairs.every(([, value]) => typeof value === 'string' || typeof value === 'number')) {
      found.push(Object.fromEntries(pairs.map(([name, value]) => [name, String(value)])));
    }
  }
  return found;
}

const recordOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

function parse(message: string): Record<string, unknown> | undefined {
  try {
    return recordOf(JSON.parse(message));
  } catch {
    return undefined;
  }
}
