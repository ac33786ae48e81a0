import { compare, readExpression, type Expression } from './expression.ts';
import { numberOf, Row, textOf, type Value } from './row.ts';
import type { Tokens } from './tokens.ts';

/** Takes the rows of one group, and answers with one value. */
interface Accumulator {
  take(row: Row): void;
  value(): Value;
}

/** A column of a statistic. */
export interface Statistic {
  readonly name: string;
  readonly start: () => Accumulator;
}

/** How numbers become one. */
const ofNumbers: Readonly<Record<string, (numbers: readonly number[], more: number) => number | undefined>> = {
  sum: (numbers) => numbers.reduce((sum, each) => sum + each, 0),
  avg: (numbers) => (numbers.length === 0 ? undefined : numbers.reduce((sum, each) => sum + each, 0) / numbers.length),
  stddev(numbers) {
    if (numbers.length === 0) return undefined;
    const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
    return Math.sqrt(numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0) / numbers.length);
  },
  pct(numbers, percent) {
    const sorted = numbers.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1))];
  },
  median: (numbers) => ofNumbers['pct']?.(numbers, 50),
};

/** Which of the values a group is told by. */
const ofValues: Readonly<Record<string, (old: Exclude<Value, undefined>, next: Exclude<Value, undefined>) => boolean>> = {
  min: (old, next) => compare(next, old) < 0,
  max: (old, next) => compare(next, old) > 0,
  sortsfirst: (old, next) => textOf(next) < textOf(old),
  sortslast: (old, next) => textOf(next) > textOf(old),
};
const byTime: Readonly<Record<string, (order: number) => boolean>> = {
  earliest: (order) => order < 0,
  latest: (order) => order >= 0,
};

/** `count(*)`, `avg(x) as y` … @throws QueryError */
export function readStatistic(tokens: Tokens, query: string): Statistic {
  const { from } = tokens.next;
  const kind = tokens.name().toLowerCase();
  tokens.expect('(');
  const isAll = tokens.has('*') !== undefined || tokens.sees(')');
  const of = isAll ? undefined : readExpression(tokens);
  const more = tokens.has(',') === undefined ? 0 : Number(tokens.take().value);
  const { to } = tokens.expect(')');
  const name = tokens.has('as') === undefined ? query.slice(from, to) : tokens.name();
  const start = accumulatorOf(kind, of, more);
  return start === undefined ? tokens.fail('a statistic') : { name, start };
}

function accumulatorOf(kind: string, of: Expression | undefined, more: number): (() => Accumulator) | undefined {
  if (kind === 'count') return () => counting(of);
  if (of === undefined) return undefined;
  if (kind === 'count_distinct') return () => distinct(of);
  const [numbers, values, time] = [ofNumbers[kind], ofValues[kind], byTime[kind]];
  if (numbers !== undefined) return () => collecting(of, (all) => numbers(all, more));
  if (values !== undefined) return () => keeping((row, old) => old === undefined || values(old, of(row) ?? old), of);
  if (time === undefined) return undefined;
  return () => {
    let at: number | undefined;
    return keeping((row) => {
      const rowAt = numberOf(row.get('@timestamp')) ?? 0;
      if (at !== undefined && !time(rowAt - at)) return false;
      at = rowAt;
      return true;
    }, of);
  };
}

function counting(of: Expression | undefined): Accumulator {
  let count = 0;
  return {
    take: (row) => void (count += of === undefined || of(row) !== undefined ? 1 : 0),
    value: () => count,
  };
}

function distinct(of: Expression): Accumulator {
  const seen = new Set<string>();
  return {
    take(row) {
      const value = of(row);
      if (value !== undefined) seen.add(textOf(value));
    },
    value: () => seen.size,
  };
}

function collecting(of: Expression, end: (numbers: readonly number[]) => number | undefined): Accumulator {
  const numbers: number[] = [];
  return {
    take(row) {
      const value = numberOf(of(row));
      if (value !== undefined) numbers.push(value);
    },
    value: () => end(numbers),
  };
}

function keeping(isBetter: (row: Row, old: Value) => boolean, of: Expression): Accumulator {
  let kept: Value;
  return {
    take(row) {
      const value = of(row);
      if (value !== undefined && isBetter(row, kept)) kept = value;
    },
    value: () => kept,
  };
}
