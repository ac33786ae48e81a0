import { bounds, parseField, parseNumber } from './fields.ts';

/** Whether a date is meant. @param day 1-31 */
export type DayTest = (year: number, month: number, day: number) => boolean;

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
/** 1-7 = SUN-SAT. */
const weekday = (year: number, month: number, day: number): number => new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;

/** Days by their number: lists and ranges, `L` (the last), `L-3`, `15W` (the weekday nearest to it), `LW`. @returns undefined for what is none */
export function dayOfMonthTest(text: string): DayTest | undefined {
  const fromLast = /^L(?:-(\d{1,2}))?$/.exec(text);
  if (fromLast !== null) {
    const back = Number(fromLast[1] ?? 0);
    return back > 30 ? undefined : (year, month, day) => day === daysIn(year, month) - back;
  }
  if (text === 'LW') return (year, month, day) => day === nearestWeekday(year, month, daysIn(year, month));
  const near = /^(\d{1,2})W$/.exec(text)?.[1];
  if (near !== undefined) {
    const wanted = parseNumber(near, bounds.dayOfMonth);
    return wanted === undefined
      ? undefined
      : (year, month, day) => wanted <= daysIn(year, month) && day === nearestWeekday(year, month, wanted);
  }
  const days = parseField(text, bounds.dayOfMonth);
  return days === undefined ? undefined : (_year, _month, day) => days.has(day);
}

/** Monday to Friday, never across the border of the month. */
function nearestWeekday(year: number, month: number, day: number): number {
  const at = weekday(year, month, day);
  if (at === 7) return day > 1 ? day - 1 : day + 2;
  if (at === 1) return day < daysIn(year, month) ? day + 1 : day - 2;
  return day;
}

/** Days by their name: lists and ranges, `L` (Saturday), `6L` (the last Friday), `3#2` (the second Tuesday). @returns undefined for what is none */
export function dayOfWeekTest(text: string): DayTest | undefined {
  if (text === 'L') return (year, month, day) => weekday(year, month, day) === 7;
  const [, lastName] = /^(\w+)L$/.exec(text) ?? [];
  if (lastName !== undefined) {
    const wanted = parseNumber(lastName, bounds.dayOfWeek);
    return wanted === undefined
      ? undefined
      : (year, month, day) => weekday(year, month, day) === wanted && day + 7 > daysIn(year, month);
  }
  const [, name, nth] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  if (name !== undefined) {
    const wanted = parseNumber(name, bounds.dayOfWeek);
    return wanted === undefined
      ? undefined
      : (year, month, day) => weekday(year, month, day) === wanted && Math.ceil(day / 7) === Number(nth);
  }
  const days = parseField(text, bounds.dayOfWeek);
  return days === undefined ? undefined : (year, month, day) => days.has(weekday(year, month, day));
}

export { daysIn };
