import { toAutomaton, type Automaton } from '../../kit/index.ts';
import type { Scanner } from './scanner.ts';

/** What a selector or a column is compared with. */
export type Operand =
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  /** Wildcards only in what is not numeric; `pieces` are the texts between the stars. */
  | { readonly kind: 'text'; readonly pieces: readonly string[] }
  | { readonly kind: 'regex'; readonly automaton: Automaton };

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

const operators: readonly Operator[] = ['!=', '<=', '>=', '=', '<', '>'];

export function scanOperator(scanner: Scanner): Operator | undefined {
  return operators.find((operator) => scanner.take(operator));
}

/** @param stops  characters that end a bare word besides spaces */
export function scanOperand(scanner: Scanner, stops: RegExp): Operand {
  scanner.skipSpace();
  if (scanner.peek() === '%') return { kind: 'regex', automaton: toAutomaton(scanner.quoted('%')) };
  if (scanner.peek() === '"' || scanner.peek() === "'")
    return { kind: 'text', pieces: scanner.quoted(scanner.peek()).split('*') };
  const word = scanner.match(stops);
  if (word === undefined || word === '') throw scanner.fail('A value is expected');
  return isNumeric(word) ? { kind: 'number', value: Number(word), text: word } : { kind: 'text', pieces: word.split('*') };
}

const isNumeric = (text: string): boolean => /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text);

/** Whether a value of a line meets a condition. What is not there meets none. */
export function meets(actual: string | number | boolean | null | undefined, operator: Operator, operand: Operand): boolean {
  if (actual === undefined) return false;
  if (operator === '=') return equals(actual, operand);
  if (operator === '!=') return !equals(actual, operand);
  const left =
    typeof actual === 'number' ? actual : typeof actual === 'string' && isNumeric(actual) ? Number(actual) : Number.NaN;
  const right = operand.kind === 'number' ? operand.value : Number.NaN;
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

function equals(actual: string | number | boolean | null, operand: Operand): boolean {
  const text = String(actual);
  switch (operand.kind) {
    case 'number':
      return text === operand.text || (isNumeric(text) && Number(text) === operand.value);
    case 'regex':
      return operand.automaton.test(text);
    case 'text':
      return matchesPieces(text, operand.pieces);
  }
}

/** Stars stand for anything. Each piece is looked for once, from left to right. */
export function matchesPieces(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return text === first;
  const last = pieces.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
