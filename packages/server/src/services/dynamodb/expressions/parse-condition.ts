import { typeOf, type Value, type ValueType } from '../value.ts';
import { printPath, type Comparator, type Condition, type Operand } from './ast.ts';
import type { Placeholders } from './placeholders.ts';
import { Reader, type ExpressionName } from './reader.ts';

/**
 * condition := and (OR and)* · and := not (AND not)* · not := NOT not | ( condition ) | predicate
 *
 * @throws ValidationException in DynamoDB's words
 */
export function parseCondition(name: ExpressionName, text: string, placeholders: Placeholders): Condition {
  const reader = new Reader(name, text, placeholders);
  const condition = parseOr(reader, 0);
  reader.done();
  return condition;
}

/** Deeper nesting would be an attack on our stack. */
const deepest = 150;

function parseOr(reader: Reader, depth: number): Condition {
  if (depth > deepest) throw reader.fault('The expression has too many levels of nesting');
  let left = parseAnd(reader, depth);
  while (reader.skip('OR')) {
    reader.operator();
    left = { kind: 'or', left, right: parseAnd(reader, depth) };
  }
  return left;
}

function parseAnd(reader: Reader, depth: number): Condition {
  let left = parseNot(reader, depth);
  while (reader.skip('AND')) {
    reader.operator();
    left = { kind: 'and', left, right: parseNot(reader, depth) };
  }
  return left;
}

function parseNot(reader: Reader, depth: number): Condition {
  if (depth > deepest) throw reader.fault('The expression has too many levels of nesting');
  if (reader.is('NOT') && !isName(reader)) {
    reader.take();
    reader.operator();
    return { kind: 'not', of: parseNot(reader, depth + 1) };
  }
  if (reader.skip('(')) {
    const inner = parseOr(reader, depth + 1);
    reader.expect(')');
    return inner;
  }
  return parsePredicate(reader);
}

/** `NOT` followed by an operator would be an attribute, which the reader then refuses as reserved. */
const isName = (reader: Reader): boolean => ['=', '<>', '<', '<=', '>', '>=', '.', '['].includes(reader.peek(1).text);

const comparators: readonly string[] = ['=', '<>', '<', '<=', '>', '>='];

function parsePredicate(reader: Reader): Condition {
  if (reader.next.kind === 'word' && reader.peek(1).text === '(') {
    const name = reader.next.text;
    if (name !== 'size') return parseFunction(reader);
  }
  const left = parseOperand(reader);
  if (comparators.includes(reader.next.text) && reader.next.kind === 'symbol') {
    const comparator = reader.take().text as Comparator;
    reader.operator();
    const right = parseOperand(reader);
    checkOrdered(reader, comparator, [left, right]);
    checkDistinct(reader, comparator, left, [right]);
    return { kind: 'compare', comparator, left, right };
  }
  if (reader.skip('BETWEEN')) {
    reader.operator();
    const low = parseOperand(reader);
    reader.expect('AND');
    const high = parseOperand(reader);
    checkOrdered(reader, 'BETWEEN', [left, low, high]);
    checkDistinct(reader, 'BETWEEN', left, [low, high]);
    return { kind: 'between', of: left, low, high };
  }
  if (reader.skip('IN')) {
    reader.operator();
    reader.expect('(');
    const list = [parseOperand(reader)];
    while (reader.skip(',')) list.push(parseOperand(reader));
    reader.expect(')');
    if (list.length > 100) {
      throw reader.fault(
        `Invalid number of operands for operator or function; operator or function: IN, number of operands: ${list.length + 1}`,
      );
    }
    checkDistinct(reader, 'IN', left, list);
    return { kind: 'in', of: left, list };
  }
  throw reader.syntax();
}

function parseOperand(reader: Reader): Operand {
  if (reader.next.kind === 'value') return { kind: 'value', value: reader.value() };
  if (reader.next.kind === 'word' && reader.peek(1).text === '(') {
    const name = reader.take().text;
    reader.take();
    if (name !== 'size') {
      if (Object.hasOwn(functions, name)) {
        throw reader.fault(`The function is not allowed to be used this way in an expression; function: ${name}`);
      }
      throw reader.fault(`Invalid function name; function: ${name}`);
    }
    const args = parseArguments(reader);
    checkCount(reader, name, args, 1);
    const [of] = args;
    if (of?.kind === 'value') {
      const type = typeOf(of.value);
      if (!['S', 'B', 'SS', 'NS', 'BS', 'L', 'M'].includes(type)) throw badType(reader, 'size', type);
    }
    if (of?.kind !== 'path') throw needsPath(reader, name);
    return { kind: 'size', path: of.path };
  }
  return { kind: 'path', path: reader.path() };
}

function parseArguments(reader: Reader): Operand[] {
  const args = [parseOperand(reader)];
  while (reader.skip(',')) args.push(parseOperand(reader));
  reader.expect(')');
  return args;
}

const functions: Readonly<Record<string, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
};

function parseFunction(reader: Reader): Condition {
  const name = reader.take().text;
  reader.take();
  if (!Object.hasOwn(functions, name)) {
    if (name === 'if_not_exists' || name === 'list_append') {
      throw reader.fault(`The function is not allowed in a ${kindOf(reader)} expression; function: ${name}`);
    }
    throw reader.fault(`Invalid function name; function: ${name}`);
  }
  const args = parseArguments(reader);
  checkCount(reader, name, args, functions[name] ?? 0);
  reader.operator();
  const [of, part] = args;
  if (of === undefined) throw reader.syntax();
  if (name === 'attribute_exists' || name === 'attribute_not_exists') {
    if (of.kind !== 'path') throw needsPath(reader, name);
    return { kind: name === 'attribute_exists' ? 'exists' : 'notExists', path: of.path };
  }
  if (part === undefined) throw reader.syntax();
  if (name === 'attribute_type') {
    if (of.kind !== 'path') throw needsPath(reader, name);
    if (part.kind !== 'value' || !('S' in part.value)) {
      throw badType(reader, name, part.kind === 'value' ? typeOf(part.value) : 'S');
    }
    if (!typeNames.includes(part.value.S)) {
      throw reader.fault(`Invalid attribute type name found; type: ${part.value.S}, valid types: {${typeNames.join(',')}}`);
    }
    return { kind: 'type', path: of.path, type: part };
  }
  if (name === 'begins_with') {
    for (const operand of [of, part]) {
      if (operand.kind === 'value' && !['S', 'B'].includes(typeOf(operand.value)))
        throw badType(reader, name, typeOf(operand.value));
    }
    checkDistinct(reader, name, of, [part]);
    return { kind: 'beginsWith', of, part };
  }
  checkDistinct(reader, name, of, [part]);
  return { kind: 'contains', of, part };
}

const typeNames = ['B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'N', 'NS', 'S', 'M'];

const kindOf = (reader: Reader): string =>
  reader.name === 'FilterExpression' ? 'filter' : reader.name === 'KeyConditionExpression' ? 'key condition' : 'condition';

function checkCount(reader: Reader, name: string, args: readonly Operand[], count: number): void {
  if (args.length === count) return;
  throw reader.fault(
    `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
  );
}

const needsPath = (reader: Reader, name: string) =>
  reader.fault(`Operator or function requires a document path; operator or function: ${name}`);

const badType = (reader: Reader, name: string, type: ValueType) =>
  reader.fault(`Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`);

function checkOrdered(reader: Reader, operator: string, operands: readonly Operand[]): void {
  if (operator === '=' || operator === '<>') return;
  for (const operand of operands) {
    if (operand.kind === 'value' && !['S', 'N', 'B'].includes(typeOf(operand.value)))
      throw badType(reader, operator, typeOf(operand.value));
  }
  if (operator !== 'BETWEEN') return;
  const [, low, high] = operands;
  if (low?.kind === 'value' && high?.kind === 'value' && typeOf(low.value) !== typeOf(high.value)) {
    throw reader.fault(
      `The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: ${print(low.value)}, upper bound operand: AttributeValue: ${print(high.value)}`,
    );
  }
}

export function print(value: Value): string {
  const [type, content] = Object.entries(value)[0] as [string, unknown];
  return `{${type}:${content instanceof Uint8Array ? Buffer.from(content).toString('base64') : String(content)}}`;
}

function checkDistinct(reader: Reader, operator: string, first: Operand, rest: readonly Operand[]): void {
  if (first.kind !== 'path') return;
  const path = printPath(first.path);
  if (!rest.some((each) => each.kind === 'path' && printPath(each.path) === path)) return;
  throw reader.fault(
    `The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}, first operand: ${path}`,
  );
}
