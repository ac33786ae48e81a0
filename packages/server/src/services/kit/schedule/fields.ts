/** One field of a cron expression: a set of numbers, or what only days know. */
export type Field = ReadonlySet<number>;

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** @source Amazon EventBridge User Guide, "Cron expressions reference", read 2026-11; days of the week are 1-7 = SUN-SAT */
export const bounds = {
  minute: { low: 0, high: 59 },
  hour: { low: 0, high: 23 },
  dayOfMonth: { low: 1, high: 31 },
  month: { low: 1, high: 12, names: months },
  dayOfWeek: { low: 1, high: 7, names: days },
  year: { low: 1970, high: 2199 },
} as const satisfies Readonly<Record<string, Bounds>>;

/** Lists of numbers, ranges and steps: `1,3`, `MON-FRI`, `0/15`, `2-10/3`, `*`. @returns undefined for what is none */
export function parseField(text: string, within: Bounds): Field | undefined {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const range = parsePart(part, within);
    if (range === undefined) return undefined;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return values;
}

function parsePart(
  part: string,
  within: Bounds,
): { readonly from: number; readonly to: number; readonly step: number } | undefined {
  const [, start = '', end, stepText] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,4}))?$/.exec(part) ?? [];
  const step = stepText === undefined ? 1 : Number(stepText);
  if (start === '' || step < 1) return undefined;
  if (start === '*') return end === undefined ? { from: within.low, to: within.high, step } : undefined;
  const from = parseNumber(start, within);
  const to = end === undefined ? (stepText === undefined ? from : within.high) : parseNumber(end, within);
  return from === undefined || to === undefined || from > to ? undefined : { from, to, step };
}

export function parseNumber(text: string, { low, high, names }: Bounds): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + low : /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  return value >= low && value <= high ? value : undefined;
}
