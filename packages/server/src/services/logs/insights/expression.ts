import { toAutomaton } from '../../kit/automaton.ts';
import { functions, periodMs } from './functions.ts';
import { numberOf, textOf, type Row, type Value } from './row.ts';
import type { Tokens } from './tokens.ts';

export type Expression = (row: Row) => Value;

/** `or` of `and`s of comparisons of sums of products. @throws QueryError */
export function readExpression(tokens: Tokens): Expression {
  let left = readAnd(tokens);
  while (tokens.has('or') !== undefined) left = either(left, readAnd(tokens));
  return left;
}

const either =
  (left: Expression, right: Expression): Expression =>
  (row) =>
    isTrue(left(row)) || isTrue(right(row));

function readAnd(tokens: Tokens): Expression {
  let left = readNot(tokens);
  while (tokens.has('and') !== undefined) {
    const [a, b] = [left, readNot(tokens)];
    left = (row) => isTrue(a(row)) && isTrue(b(row));
  }
  return left;
}

function readNot(tokens: Tokens): Expression {
  if (tokens.has('not') === undefined) return readComparison(tokens);
  const inner = readNot(tokens);
  return (row) => !isTrue(inner(row));
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function readComparison(tokens: Tokens): Expression {
  const left = readSum(tokens);
  const sign = tokens.has(...Object.keys(comparisons));
  if (sign !== undefined) {
    const right = readSum(tokens);
    const holds = comparisons[sign.value] as (order: number) => boolean;
    return (row) => {
      const [a, b] = [left(row), right(row)];
      if (a === undefined || b === undefined) return sign.value === '!=' && a !== b;
      return holds(compare(a, b));
    };
  }
  const negated = tokens.has('not') !== undefined;
  const judge =
    (test: (row: Row) => boolean): Expression =>
    (row) =>
      test(row) !== negated;
  if (tokens.has('in') !== undefined) {
    const items = readList(tokens);
    return judge((row) => {
      const value = left(row);
      return value !== undefined && items.some((item) => compare(value, item(row) ?? '') === 0);
    });
  }
  if (tokens.has('like', '=~') !== undefined) {
    const test = readPattern(tokens);
    return judge((row) => {
      const value = left(row);
      return value !== undefined && test(textOf(value), row);
    });
  }
  return negated ? tokens.fail("'in' or 'like'") : left;
}

function readPattern(tokens: Tokens): (text: string, row: Row) => boolean {
  if (tokens.next.kind === 'regex') {
    const automaton = toAutomaton(caseless(tokens.take().value));
    return (text) => automaton.test(text);
  }
  const wanted = readSum(tokens);
  return (text, row) => text.includes(textOf(wanted(row)));
}

/** `(?i)`, which the automaton does not have: letters of either case. */
const caseless = (source: string): string =>
  source.startsWith('(?i)')
    ? source
        .slice(4)
        .replaceAll(/\\.|[A-Za-z]/g, (each) => (each.length > 1 ? each : `[${each.toLowerCase()}${each.toUpperCase()}]`))
    : source;

function readList(tokens: Tokens): Expression[] {
  tokens.expect('[');
  const items: Expression[] = [];
  while (!tokens.sees(']')) {
    items.push(readSum(tokens));
    if (tokens.has(',') === undefined) break;
  }
  tokens.expect(']');
  return items;
}

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
};

const chain =
  (signs: readonly string[], inner: (tokens: Tokens) => Expression) =>
  (tokens: Tokens): Expression => {
    let left = inner(tokens);
    for (let sign = tokens.has(...signs); sign !== undefined; sign = tokens.has(...signs)) {
      const [a, b] = [left, inner(tokens)];
      const operate = operations[sign.value] as (a: number, b: number) => number;
      left = (row) => {
        const [x, y] = [numberOf(a(row)), numberOf(b(row))];
        return x === undefined || y === undefined ? undefined : finite(operate(x, y));
      };
    }
    return left;
  };
const readPower = chain(['^'], readUnary);
const readProduct = chain(['*', '/', '%'], readPower);
const readSum = chain(['+', '-'], readProduct);

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

function readUnary(tokens: Tokens): Expression {
  if (tokens.has('-') === undefined) return readAtom(tokens);
  const inner = readUnary(tokens);
  return (row) => {
    const value = numberOf(inner(row));
    return value === undefined ? undefined : -value;
  };
}

function readAtom(tokens: Tokens): Expression {
  if (tokens.has('(') !== undefined) {
    const inner = readExpression(tokens);
    tokens.expect(')');
    return inner;
  }
  const { kind, value } = tokens.next;
  if (kind === 'number') {
    tokens.take();
    const number = Number(value);
    return () => number;
  }
  if (kind === 'text') {
    tokens.take();
    return () => value;
  }
  const name = tokens.name();
  if (tokens.has('(') !== undefined) return readCall(tokens, name.toLowerCase());
  return (row) => row.get(name);
}

function readCall(tokens: Tokens, name: string): Expression {
  if (name === 'bin') {
    const period = readPeriod(tokens);
    tokens.expect(')');
    return (row) => floored(row.get('@timestamp'), period);
  }
  const known = functions[name];
  if (known === undefined) return tokens.fail('a function');
  const inputs: Expression[] = [];
  while (!tokens.sees(')')) {
    if ((name === 'datefloor' || name === 'dateceil') && inputs.length === 1) {
      const period = readPeriod(tokens);
      inputs.push(() => period);
    } else inputs.push(readExpression(tokens));
    if (tokens.has(',') === undefined) break;
  }
  tokens.expect(')');
  return (row) => known(inputs.map((input) => input(row)));
}

/** `5m`, `30s`, `1d` … in milliseconds. @throws QueryError */
function readPeriod(tokens: Tokens): number {
  const { kind, value } = tokens.take();
  const unit = tokens.next.kind === 'name' ? tokens.take().value : '';
  const ms = kind === 'number' ? periodMs(Number(value), unit) : undefined;
  return ms ?? tokens.fail('a period');
}

const floored = (value: Value, periodMs: number): Value => {
  const atMs = numberOf(value);
  return atMs === undefined ? undefined : new Date(Math.floor(atMs / periodMs) * periodMs);
};

export const isTrue = (value: Value): boolean => value === true || (typeof value === 'number' && value !== 0);

/** As numbers where both are, else as texts. */
export function compare(a: Exclude<Value, undefined>, b: Exclude<Value, undefined>): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  const [s, t] = [textOf(a), textOf(b)];
  return s < t ? -1 : s > t ? 1 : 0;
}
