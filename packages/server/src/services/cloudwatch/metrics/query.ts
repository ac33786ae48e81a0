import { invalidValue } from '../faults.ts';
import type { MetricStore, Point } from './store.ts';
import { isStatistic, merge, statistic, type Summary } from './summary.ts';

export interface MetricName {
  readonly account: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly periodS: number;
}

export interface Datapoint {
  readonly atMs: number;
  readonly unit: string;
  readonly summary: Summary;
}

/** What was measured, one datapoint a period and unit, oldest first. Periods begin at whole multiples of themselves. */
export async function datapoints(
  store: MetricStore,
  metric: MetricName,
  window: Window,
  unit: string | undefined,
): Promise<Datapoint[]> {
  const series = store.get(metric);
  if (series === undefined) return [];
  const periodMs = window.periodS * 1_000;
  const points = await store.points(series.id, Math.floor(window.fromMs / periodMs) * periodMs, window.toMs);
  return inPeriods(
    points.filter((point) => unit === undefined || point.unit === unit),
    periodMs,
  );
}

function inPeriods(points: readonly Point[], periodMs: number): Datapoint[] {
  const periods = new Map<string, { atMs: number; unit: string; summary: Summary }>();
  for (const { unit, atMs, summary } of points) {
    const begin = Math.floor(atMs / periodMs) * periodMs;
    const key = `${begin} ${unit}`;
    const known = periods.get(key);
    if (known === undefined) periods.set(key, { atMs: begin, unit, summary });
    else known.summary = merge(known.summary, summary);
  }
  return [...periods.values()];
}

/** Moment → value. */
export type Values = ReadonlyMap<number, number>;

/** One statistic of a metric. When it was measured in several units, the first of them, and all their names. */
export async function series(
  store: MetricStore,
  metric: MetricName,
  window: Window,
  stat: string,
  unit: string | undefined,
): Promise<{ readonly values: Values; readonly units: readonly string[] }> {
  checkStatistic(stat);
  const found = await datapoints(store, metric, window, unit);
  const units = [...new Set(found.map((point) => point.unit))].toSorted();
  const values = new Map<number, number>();
  for (const point of found) {
    const value = point.unit === units[0] ? statistic(point.summary, stat) : undefined;
    if (value !== undefined) values.set(point.atMs, value);
  }
  return { values, units };
}

/** @throws InvalidParameterValue */
export function checkStatistic(stat: string, parameter = 'Stat'): void {
  if (!isStatistic(stat)) throw invalidValue(`The value ${stat} for parameter ${parameter} is not supported.`);
}
