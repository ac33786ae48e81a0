import { typeOf, type Value, type ValueType } from '../value.ts';
import type { Path, SetTerm, Update } from './ast.ts';
import { checkOverlap } from './projection.ts';
import type { Placeholders } from './placeholders.ts';
import { Reader } from './reader.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Sections SET, REMOVE, ADD and DELETE, each at most once. @throws ValidationException in DynamoDB's words */
export function parseUpdate(text: string, placeholders: Placeholders): Update {
  const reader = new Reader('UpdateExpression', text, placeholders);
  const update: Mutable<Update> = { set: [], remove: [], add: [], delete: [] };
  const seen = new Set<string>();
  do {
    const { kind, text: word } = reader.next;
    const section = word.toUpperCase();
    if (kind !== 'word' || !['SET', 'REMOVE', 'ADD', 'DELETE'].includes(section)) throw reader.syntax();
    if (seen.has(section)) throw reader.fault(`The "${section}" section can only be used once in an update expression;`);
    seen.add(section);
    reader.take();
    do {
      if (section === 'SET') update.set.push(parseSet(reader));
      else if (section === 'REMOVE') update.remove.push(reader.path());
      else if (section === 'ADD') update.add.push(parseOperandOf(reader, 'ADD', ['N', 'SS', 'NS', 'BS']));
      else update.delete.push(parseOperandOf(reader, 'DELETE', ['SS', 'NS', 'BS']));
    } while (reader.skip(','));
  } while (!reader.ended);
  checkOverlap(reader.name, [...update.set, ...update.add, ...update.delete].map(({ path }) => path).concat(update.remove));
  return update;
}

function parseSet(reader: Reader): { readonly path: Path; readonly to: SetTerm } {
  const path = reader.path();
  reader.expect('=');
  let to = parseTerm(reader);
  if (reader.is('+') || reader.is('-')) {
    const operator = reader.take().text;
    reader.operator();
    const right = parseTerm(reader);
    for (const side of [to, right]) {
      if (side.kind === 'value' && !('N' in side.value)) throw badType(reader, operator, typeOf(side.value));
    }
    to = { kind: operator === '+' ? 'sum' : 'difference', left: to, right };
  }
  return { path, to };
}

function parseTerm(reader: Reader): SetTerm {
  if (reader.next.kind === 'value') return { kind: 'value', value: reader.value() };
  if (reader.skip('(')) {
    const inner = parseTerm(reader);
    reader.expect(')');
    return inner;
  }
  if (reader.next.kind !== 'word' || reader.peek(1).text !== '(') return { kind: 'path', path: reader.path() };
  const name = reader.take().text;
  reader.take();
  const args = [parseTerm(reader)];
  while (reader.skip(',')) args.push(parseTerm(reader));
  reader.expect(')');
  if (name !== 'if_not_exists' && name !== 'list_append') {
    throw reader.fault(
      conditionFunctions.includes(name)
        ? `The function is not allowed in an update expression; function: ${name}`
        : `Invalid function name; function: ${name}`,
    );
  }
  reader.operator();
  const [left, right] = args;
  if (args.length !== 2 || left === undefined || right === undefined) {
    throw reader.fault(
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
    );
  }
  if (name === 'if_not_exists') {
    if (left.kind !== 'path') throw reader.fault(`Operator or function requires a document path; operator or function: ${name}`);
    return { kind: 'ifNotExists', path: left.path, otherwise: right };
  }
  for (const side of [left, right]) {
    if (side.kind === 'value' && !('L' in side.value)) throw badType(reader, name, typeOf(side.value));
  }
  return { kind: 'append', left, right };
}

const conditionFunctions = ['attribute_exists', 'attribute_not_exists', 'attribute_type', 'begins_with', 'contains', 'size'];

const badType = (reader: Reader, name: string, type: ValueType) =>
  reader.fault(`Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`);

const longNames: Readonly<Record<ValueType, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  SS: 'STRING_SET',
  NS: 'NUMBER_SET',
  BS: 'BINARY_SET',
  M: 'MAP',
  L: 'LIST',
  NULL: 'NULL',
  BOOL: 'BOOLEAN',
};

function parseOperandOf(
  reader: Reader,
  section: string,
  allowed: readonly ValueType[],
): { readonly path: Path; readonly value: Value } {
  const path = reader.path();
  if (reader.next.kind !== 'value') throw reader.syntax();
  const value = reader.value();
  if (!allowed.includes(typeOf(value))) {
    throw reader.fault(
      `Incorrect operand type for operator or function; operator: ${section}, operand type: ${longNames[typeOf(value)]}, typeset: ALLOWED_FOR_${section}_OPERAND`,
    );
  }
  return { path, value };
}
