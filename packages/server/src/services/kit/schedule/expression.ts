import { dayOfMonthTest, dayOfWeekTest, daysIn, type DayTest } from './days.ts';
import { bounds, parseField, type Field } from './fields.ts';
import { fromLocal, toLocal, zoneOf, type Zone } from './zone.ts';

export interface Cron {
  readonly kind: 'cron';
  readonly minutes: Field;
  readonly hours: Field;
  readonly day: DayTest;
  readonly months: Field;
  readonly years: Field;
}

export type Expression =
  | Cron
  | { readonly kind: 'rate'; readonly periodMs: number }
  /** The local clock's reading, written as if it were UTC. */
  | { readonly kind: 'at'; readonly localMs: number };

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** `rate(5 minutes)`, `cron(0 10 * * ? *)`, `at(2026-11-24T10:00:00)`. @returns undefined for what is none. @source spec 7.2 */
export function parseExpression(text: string): Expression | undefined {
  const [, kind, body] = /^(rate|cron|at)\((.*)\)$/.exec(text) ?? [];
  switch (kind) {
    case 'rate':
      return parseRate(body ?? '');
    case 'cron':
      return parseCron(body ?? '');
    case 'at':
      return parseAt(body ?? '');
    default:
      return undefined;
  }
}

/** Singular exactly when the number is one. @source spec 7.2-01 */
function parseRate(body: string): Expression | undefined {
  const [, count = '', unit = '', plural] = /^([1-9]\d{0,8}) (minute|hour|day)(s?)$/.exec(body) ?? [];
  const period = Number(count) * (unitMs[unit] ?? NaN);
  return Number.isSafeInteger(period) && (count === '1') === (plural === '') ? { kind: 'rate', periodMs: period } : undefined;
}

function parseAt(body: string): Expression | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body)) return undefined;
  const localMs = Date.parse(`${body}Z`);
  // Date.parse takes the 31st of February for a day in March.
  return new Date(localMs || 0).toISOString().startsWith(body) ? { kind: 'at', localMs } : undefined;
}

/** Six fields; a `?` in exactly one of the two that name days. @source spec 7.2-02 */
function parseCron(body: string): Cron | undefined {
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = '', ...more] = body.split(/\s+/);
  if (more.length > 0 || (dayOfMonth === '?') === (dayOfWeek === '?')) return undefined;
  const minutes = parseField(minute, bounds.minute);
  const hours = parseField(hour, bounds.hour);
  const months = parseField(month, bounds.month);
  const years = parseField(year, bounds.year);
  const day = dayOfMonth === '?' ? dayOfWeekTest(dayOfWeek.toUpperCase()) : dayOfMonthTest(dayOfMonth.toUpperCase());
  if (minutes === undefined || hours === undefined || months === undefined || years === undefined || day === undefined)
    return undefined;
  return { kind: 'cron', minutes, hours, day, months, years };
}

/**
 * The first occurrence after a moment; undefined when there is none.
 *
 * A local time that spring skips is skipped; one that autumn repeats occurs once. @source EventBridge Scheduler
 * User Guide, "Daylight savings time", read 2026-11
 *
 * @param anchorMs  a rate's first occurrence
 */
export function nextAfter(
  expression: Expression,
  afterMs: number,
  options: { readonly anchorMs: number; readonly zone?: Zone },
): number | undefined {
  const zone = options.zone ?? utc;
  switch (expression.kind) {
    case 'rate': {
      const { periodMs } = expression;
      if (afterMs < options.anchorMs) return options.anchorMs;
      return options.anchorMs + (Math.floor((afterMs - options.anchorMs) / periodMs) + 1) * periodMs;
    }
    case 'at': {
      const atMs = fromLocal(zone, expression.localMs) ?? fromLocal(zone, expression.localMs + 3_600_000);
      return atMs !== undefined && atMs > afterMs ? atMs : undefined;
    }
    case 'cron':
      return nextCron(expression, afterMs, zone);
  }
}

export const utc = zoneOf('UTC') as Zone;

function nextCron(cron: Cron, afterMs: number, zone: Zone): number | undefined {
  const start = new Date(toLocal(zone, afterMs));
  const from = { year: start.getUTCFullYear(), month: start.getUTCMonth() + 1, day: start.getUTCDate() };
  const hours = [...cron.hours].sort((a, b) => a - b);
  const minutes = [...cron.minutes].sort((a, b) => a - b);
  for (let year = from.year; year <= bounds.year.high; year += 1) {
    if (!cron.years.has(year)) continue;
    for (let month = year === from.year ? from.month : 1; month <= 12; month += 1) {
      if (!cron.months.has(month)) continue;
      const first = year === from.year && month === from.month ? from.day : 1;
      for (let day = first; day <= daysIn(year, month); day += 1) {
        if (!cron.day(year, month, day)) continue;
        const found = firstOf(hours, minutes, Date.UTC(year, month - 1, day), afterMs, zone);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function firstOf(
  hours: readonly number[],
  minutes: readonly number[],
  dayMs: number,
  afterMs: number,
  zone: Zone,
): number | undefined {
  // No clock is set by more than a few hours: most candidates need no look at the tables of the zone.
  const earliestMs = toLocal(zone, afterMs) - 3 * 3_600_000;
  for (const hour of hours) {
    for (const minute of minutes) {
      const localMs = dayMs + (hour * 60 + minute) * 60_000;
      if (localMs < earliestMs) continue;
      const atMs = fromLocal(zone, localMs);
      if (atMs !== undefined && atMs > afterMs) return atMs;
    }
  }
  return undefined;
}
