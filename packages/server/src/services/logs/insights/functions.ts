import { isIP } from 'node:net';
import { numberOf, textOf, type Value } from './row.ts';

type Apply = (inputs: readonly Value[]) => Value;

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `5` and `m` in milliseconds; undefined for what is no period. */
export function periodMs(count: number, unit: string): number | undefined {
  const ms = units[/^(ms|msec|milliseconds?)$/.test(unit) ? 'ms' : unit.charAt(0)];
  return ms === undefined || count <= 0 ? undefined : count * ms;
}

const ofNumbers =
  (apply: (...numbers: number[]) => number): Apply =>
  (inputs) => {
    const numbers = inputs.map(numberOf);
    if (!numbers.every((each) => each !== undefined)) return undefined;
    const result = apply(...numbers);
    return Number.isFinite(result) ? result : undefined;
  };
const ofText =
  (apply: (text: string, ...more: Value[]) => Value): Apply =>
  ([first, ...more]) =>
    first === undefined ? undefined : apply(textOf(first), ...more);
const rounded = (round: (value: number) => number): Apply =>
  ofNumbers((atMs = NaN, periodMs = NaN) => round(atMs / periodMs) * periodMs);
const asMoment =
  (apply: Apply): Apply =>
  (inputs) => {
    const atMs = numberOf(apply(inputs));
    return atMs === undefined ? undefined : new Date(atMs);
  };

/** @source CloudWatch Logs User Guide, "Supported operations and functions in queries", read 2026-11 */
export const functions: Readonly<Record<string, Apply>> = {
  abs: ofNumbers(Math.abs),
  ceil: ofNumbers(Math.ceil),
  floor: ofNumbers(Math.floor),
  greatest: ofNumbers(Math.max),
  least: ofNumbers(Math.min),
  log: ofNumbers(Math.log),
  sqrt: ofNumbers(Math.sqrt),
  datefloor: asMoment(rounded(Math.floor)),
  dateceil: asMoment(rounded(Math.ceil)),
  frommillis: asMoment(([value]) => value),
  tomillis: ([value]) => numberOf(value),
  now: () => Math.floor(Date.now() / 1000),
  ispresent: ([value]) => value !== undefined,
  isempty: ([value]) => value === undefined || value === '',
  isblank: ([value]) => value === undefined || textOf(value).trim() === '',
  coalesce: (values) => values.find((value) => value !== undefined),
  concat: (values) => values.map(textOf).join(''),
  strlen: ofText((text) => text.length),
  toupper: ofText((text) => text.toUpperCase()),
  tolower: ofText((text) => text.toLowerCase()),
  trim: ofText((text, of) => trimmed(text, of, true, true)),
  ltrim: ofText((text, of) => trimmed(text, of, true, false)),
  rtrim: ofText((text, of) => trimmed(text, of, false, true)),
  substr: ofText((text, from, count) => {
    const start = numberOf(from) ?? 0;
    return text.slice(start, count === undefined ? undefined : start + (numberOf(count) ?? 0));
  }),
  replace: ofText((text, from, to) => text.replaceAll(textOf(from), () => textOf(to))),
  strcontains: ofText((text, part) => text.includes(textOf(part))),
  isvalidip: ofText((text) => isIP(text) !== 0),
  isvalidipv4: ofText((text) => isIP(text) === 4),
  isvalidipv6: ofText((text) => isIP(text) === 6),
};

/** White space, or the characters named. */
function trimmed(text: string, of: Value, left: boolean, right: boolean): string {
  const goes = (character: string | undefined): boolean =>
    character !== undefined && (of === undefined ? character.trim() === '' : textOf(of).includes(character));
  let [from, to] = [0, text.length];
  if (left) while (from < to && goes(text[from])) from += 1;
  if (right) while (to > from && goes(text[to - 1])) to -= 1;
  return text.slice(from, to);
}
