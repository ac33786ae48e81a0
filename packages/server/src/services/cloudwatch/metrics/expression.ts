import { invalid } from '../faults.ts';
import type { Values } from './query.ts';

/** What an expression can be: a number, a time series, or several. */
type Term = number | Values | readonly Values[];
/** What an expression may ask for. */
export interface Scope {
  /** By id. */
  readonly series: ReadonlyMap<string, Values>;
  readonly periodS: (id: string) => number;
  /** Beginnings of all periods that were asked for, oldest first. */
  readonly moments: readonly number[];
}

const deepest = 50;

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/**
 * Metric math, the part that dashboards and alarms of functions use: arithmetic, comparisons, `AND OR`, and the functions
 * of `#call`. What compares is 1 where it holds and 0 where it does not.
 *
 * @throws ValidationError
 * @source CloudWatch User Guide, "Using math expressions with CloudWatch metrics", read 2026-11
 */
export function calculate(text: string, scope: Scope): Values {
  const parser = new Parser(text, scope);
  const term = parser.parse();
  if (typeof term === 'number' || Array.isArray(term))
    throw invalid(`Error in expression '${text}': the result must be a time series.`);
  return term as Values;
}

class Parser {
  readonly #text: string;
  readonly #scope: Scope;
  #at = 0;

  constructor(text: string, scope: Scope) {
    this.#text = text;
    this.#scope = scope;
  }

  parse(): Term {
    const term = this.#either(0);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#fail(`'${this.#text[this.#at]}' is not expected`);
    return term;
  }

  #either(depth: number): Term {
    let left = this.#both(depth);
    while (this.#take(/\|\||OR\b/y) !== undefined) left = combine(left, this.#both(depth), (a, b) => Number(a !== 0 || b !== 0));
    return left;
  }

  #both(depth: number): Term {
    let left = this.#comparison(depth);
    while (this.#take(/&&|AND\b/y) !== undefined)
      left = combine(left, this.#comparison(depth), (a, b) => Number(a !== 0 && b !== 0));
    return left;
  }

  #comparison(depth: number): Term {
    const left = this.#sum(depth);
    const holds = comparisons[this.#take(/[<>]=?|==|!=/y) ?? ''];
    return holds === undefined ? left : combine(left, this.#sum(depth), (a, b) => Number(holds(a, b)));
  }

  #sum(depth: number): Term {
    if (depth > deepest) throw this.#fail('it is nested too deeply');
    let left = this.#product(depth);
    for (;;) {
      const operator = this.#take(/[+-]/y);
      if (operator === undefined) return left;
      left = combine(left, this.#product(depth), operator === '+' ? (a, b) => a + b : (a, b) => a - b);
    }
  }

  #product(depth: number): Term {
    let left = this.#power(depth);
    for (;;) {
      const operator = this.#take(/[*/]/y);
      if (operator === undefined) return left;
      left = combine(left, this.#power(depth), operator === '*' ? (a, b) => a * b : (a, b) => a / b);
    }
  }

  #power(depth: number): Term {
    const base = this.#single(depth);
    return this.#take(/\^/y) === undefined ? base : combine(base, this.#power(depth + 1), (a, b) => a ** b);
  }

  #single(depth: number): Term {
    if (depth > deepest) throw this.#fail('it is nested too deeply');
    if (this.#take(/-/y) !== undefined) return combine(0, this.#single(depth + 1), (a, b) => a - b);
    if (this.#take(/\(/y) !== undefined) {
      const inner = this.#either(depth + 1);
      this.#expect(/\)/y, ')');
      return inner;
    }
    if (this.#take(/\[/y) !== undefined) return this.#list(/\]/y, ']', depth).map((term) => this.#series(term));
    const number = this.#take(/\d+\.?\d*(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return Number(number);
    const name = this.#take(/[A-Za-z]\w*/y);
    if (name === undefined) throw this.#fail('a metric, a number or a function is expected');
    if (this.#take(/\(/y) !== undefined) return this.#call(name, depth);
    const known = this.#scope.series.get(name);
    if (known === undefined) throw this.#fail(`there is no metric with the id ${name}`);
    return known;
  }

  #call(name: string, depth: number): Term {
    if (name === 'PERIOD') {
      const id = this.#take(/[a-z]\w*/y) ?? '';
      this.#expect(/\)/y, ')');
      return this.#scope.periodS(id);
    }
    if (name === 'METRICS') {
      const part = this.#take(/"[^"]*"|'[^']*'/y)?.slice(1, -1) ?? '';
      this.#expect(/\)/y, ')');
      return [...this.#scope.series].filter(([id]) => id.includes(part)).map(([, values]) => values);
    }
    const parameters = this.#list(/\)/y, ')', depth);
    const [first, second, third] = parameters;
    if (first === undefined) throw this.#fail(`${name} needs a parameter`);
    switch (name) {
      case 'SUM':
        return this.#over(first, (values) => values.reduce((sum, value) => sum + value, 0));
      case 'AVG':
        return this.#over(first, (values) => values.reduce((sum, value) => sum + value, 0) / values.length);
      case 'MIN':
        return this.#over(first, (values) => Math.min(...values));
      case 'MAX':
        return this.#over(first, (values) => Math.max(...values));
      case 'STDDEV':
        return this.#over(first, deviation);
      case 'DATAPOINT_COUNT':
        return this.#over(first, (values) => values.length);
      case 'ABS':
        return each(first, Math.abs);
      case 'CEIL':
        return each(first, Math.ceil);
      case 'FLOOR':
        return each(first, Math.floor);
      case 'LOG':
        return each(first, Math.log);
      case 'LOG10':
        return each(first, Math.log10);
      case 'DIFF':
        return differences(this.#series(first), (change) => change);
      case 'RATE':
        return differences(this.#series(first), (change, seconds) => change / seconds);
      case 'RUNNING_SUM':
        return running(this.#series(first));
      case 'FILL':
        return filled(this.#series(first), second, this.#scope.moments);
      case 'TIME_SERIES':
        return typeof first === 'number' ? new Map(this.#scope.moments.map((moment) => [moment, first])) : first;
      case 'IF':
        return chosen(first, second ?? 0, third);
      default:
        throw this.#fail(`the function ${name} is not supported`);
    }
  }

  /** One number for a series, or one series for several. */
  #over(term: Term, reduce: (values: readonly number[]) => number): Term {
    if (typeof term === 'number') return term;
    if (!Array.isArray(term)) return reduce([...(term as Values).values()]);
    const at = new Map<number, number[]>();
    for (const values of term as readonly Values[])
      for (const [moment, value] of values) at.set(moment, [...(at.get(moment) ?? []), value]);
    return new Map([...at].toSorted(([a], [b]) => a - b).map(([moment, values]) => [moment, reduce(values)]));
  }

  #series(term: Term): Values {
    if (typeof term === 'number' || Array.isArray(term)) throw this.#fail('a time series is expected');
    return term as Values;
  }

  #list(end: RegExp, name: string, depth: number): Term[] {
    const terms: Term[] = [];
    while (this.#take(end) === undefined) {
      // FILL's second parameter may be a word.
      const word = this.#take(/(?:REPEAT|LINEAR)\b/y);
      terms.push(word === undefined ? this.#either(depth + 1) : Number.NaN);
      if (this.#take(/,/y) !== undefined) continue;
      this.#expect(end, name);
      break;
    }
    return terms;
  }

  #take(pattern: RegExp): string | undefined {
    this.#skip();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
  #expect(pattern: RegExp, name: string): void {
    if (this.#take(pattern) === undefined) throw this.#fail(`'${name}' is expected`);
  }
  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }
  #fail(what: string): Error {
    return invalid(`Error in expression '${this.#text}': ${what}.`);
  }
}

function combine(a: Term, b: Term, operate: (a: number, b: number) => number): Term {
  if (typeof a === 'number' && typeof b === 'number') return operate(a, b);
  if (typeof a === 'number') return each(b, (value) => operate(a, value));
  if (typeof b === 'number') return each(a, (value) => operate(value, b));
  if (Array.isArray(a)) return (a as readonly Values[]).map((one) => combine(one, b, operate) as Values);
  if (Array.isArray(b)) return (b as readonly Values[]).map((one) => combine(a, one, operate) as Values);
  const other = b as Values;
  const result = new Map<number, number>();
  for (const [moment, value] of a as Values) {
    const match = other.get(moment);
    const combined = match === undefined ? Number.NaN : operate(value, match);
    if (Number.isFinite(combined)) result.set(moment, combined);
  }
  return result;
}

function each(term: Term, change: (value: number) => number): Term {
  if (typeof term === 'number') return change(term);
  if (Array.isArray(term)) return (term as readonly Values[]).map((one) => each(one, change) as Values);
  const changed = [...(term as Values)].map(([moment, value]): [number, number] => [moment, change(value)]);
  return new Map(changed.filter(([, value]) => Number.isFinite(value)));
}

function differences(values: Values, of: (change: number, seconds: number) => number): Values {
  const result = new Map<number, number>();
  let last: [number, number] | undefined;
  for (const [moment, value] of [...values].toSorted(([a], [b]) => a - b)) {
    if (last !== undefined) result.set(moment, of(value - last[1], (moment - last[0]) / 1_000));
    last = [moment, value];
  }
  return result;
}

/** Where the condition holds, the first of two; elsewhere the second, or nothing. */
function chosen(condition: Term, yes: Term, no: Term | undefined): Term {
  if (typeof condition === 'number') return condition !== 0 ? yes : (no ?? Number.NaN);
  const at = (term: Term | undefined, moment: number): number | undefined =>
    term instanceof Map ? (term as Values).get(moment) : typeof term === 'number' ? term : undefined;
  const result = new Map<number, number>();
  for (const [moment, value] of condition as Values) {
    const found = at(value !== 0 ? yes : no, moment);
    if (found !== undefined && Number.isFinite(found)) result.set(moment, found);
  }
  return result;
}

/** Of the whole population, as CloudWatch has it. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function running(values: Values): Values {
  let sum = 0;
  return new Map([...values].toSorted(([a], [b]) => a - b).map(([moment, value]) => [moment, (sum += value)]));
}

/** Periods without a value get a number, or the last value before (REPEAT). */
function filled(values: Values, filling: Term | undefined, moments: readonly number[]): Values {
  const result = new Map<number, number>();
  let last: number | undefined;
  for (const moment of moments) {
    const own = values.get(moment);
    const value = own ?? (typeof filling === 'number' && !Number.isNaN(filling) ? filling : last);
    if (value !== undefined) result.set(moment, value);
    last = own ?? last;
  }
  return result;
}
