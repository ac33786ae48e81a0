import { invalid } from '../faults.ts';
import type { Values } from './query.ts';

/** What an expression can be: a number, a time series, or several. */
type Term = number | Values | readonly Values[];
/** What an expression may ask for. */
export interface Scope {
  /** By id. */
  readonly series: ReadonlyMap<string, Values>;
  readonly periodS: (id: string) => number;
}

const deepest = 50;

/**
 * Metric math, the part that dashboards and alarms of functions use: `+ - * / ^`, comparisons are left out,
 * `SUM AVG MIN MAX ABS CEIL FLOOR FILL RATE DIFF PERIOD METRICS IF`.
 *
 * @throws ValidationError
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
    const term = this.#sum(0);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#fail(`'${this.#text[this.#at]}' is not expected`);
    return term;
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
      const inner = this.#sum(depth + 1);
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
      case 'ABS':
        return each(first, Math.abs);
      case 'CEIL':
        return each(first, Math.ceil);
      case 'FLOOR':
        return each(first, Math.floor);
      case 'DIFF':
        return differences(this.#series(first), (change) => change);
      case 'RATE':
        return differences(this.#series(first), (change, seconds) => change / seconds);
      case 'FILL':
        return filled(this.#series(first), second, [...this.#scope.series.values()]);
      case 'IF':
        return combine(first, second ?? 0, (condition, value) =>
          condition !== 0 ? value : typeof third === 'number' ? third : Number.NaN,
        );
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
      terms.push(word === undefined ? this.#sum(depth + 1) : Number.NaN);
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

/** Moments that another series has and this one lacks get a number, or the last value before (REPEAT). */
function filled(values: Values, filling: Term | undefined, others: readonly Values[]): Values {
  const moments = new Set([...values.keys(), ...others.flatMap((other) => [...other.keys()])]);
  const result = new Map<number, number>();
  let last: number | undefined;
  for (const moment of [...moments].toSorted((a, b) => a - b)) {
    const own = values.get(moment);
    const value = own ?? (typeof filling === 'number' && !Number.isNaN(filling) ? filling : last);
    if (value !== undefined) result.set(moment, value);
    last = own ?? last;
  }
  return result;
}
