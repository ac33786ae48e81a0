import type { Condition, Operand } from './expressions/ast.ts';
import { print } from './expressions/parse-condition.ts';
import { invalid, invalidParameter } from './faults.ts';
import { afterPrefix, keyBytes, partitionBytes } from './key-bytes.ts';
import type { KeyAttribute, Keys } from './table.ts';
import { compareValues, typeOf, type Value } from './value.ts';

/** One partition, and a stretch of its sort keys. */
export interface KeyRange {
  readonly hash: Uint8Array;
  readonly low?: { readonly bytes: Uint8Array; readonly inclusive: boolean };
  readonly high?: { readonly bytes: Uint8Array; readonly inclusive: boolean };
}

interface Single {
  readonly name: string;
  readonly operator: '=' | '<' | '<=' | '>' | '>=' | 'BETWEEN' | 'begins_with';
  readonly values: readonly Value[];
}

/** @throws ValidationException unless the condition names one partition, and at most one stretch of sort keys */
export function keyRange(condition: Condition, keys: Keys): KeyRange {
  const singles = flatten(condition);
  const names = singles.map(({ name }) => name);
  if (new Set(names).size < names.length) throw fault('KeyConditionExpressions must only contain one condition per key');
  if (singles.length > 2) throw invalid('Conditions can be of length 1 or 2 only');
  const onHash = singles.find(({ name }) => name === keys.hash.name);
  if (onHash === undefined) throw invalid(`Query condition missed key schema element: ${keys.hash.name}`);
  if (onHash.operator !== '=') throw invalid('Query key condition not supported');
  const onRange = singles.find((each) => each !== onHash);
  if (onRange !== undefined && onRange.name !== keys.range?.name) {
    if (keys.range === undefined) throw invalid('Query key condition not supported');
    throw invalid(`Query condition missed key schema element: ${keys.range.name}`);
  }
  check(onHash, keys.hash);
  const hash = partitionBytes(onHash.values[0] as Value);
  if (onRange === undefined || keys.range === undefined) return { hash };
  check(onRange, keys.range);
  return { hash, ...bounds(onRange) };
}

function check({ values, operator }: Single, attribute: KeyAttribute): void {
  for (const value of values) {
    if (typeOf(value) !== attribute.type) throw invalidParameter('Condition parameter type does not match schema type');
    const empty = 'S' in value ? value.S === '' : 'B' in value && value.B.length === 0;
    if (empty && operator !== 'begins_with') {
      throw invalid(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${'S' in value ? 'string' : 'binary'} value. Key: ${attribute.name}`,
      );
    }
  }
}

function bounds({ operator, values }: Single): Omit<KeyRange, 'hash'> {
  const [bytes = new Uint8Array(0), upper = new Uint8Array(0)] = values.map(keyBytes);
  switch (operator) {
    case '=':
      return { low: { bytes, inclusive: true }, high: { bytes, inclusive: true } };
    case '<':
      return { high: { bytes, inclusive: false } };
    case '<=':
      return { high: { bytes, inclusive: true } };
    case '>':
      return { low: { bytes, inclusive: false } };
    case '>=':
      return { low: { bytes, inclusive: true } };
    case 'BETWEEN':
      return { low: { bytes, inclusive: true }, high: { bytes: upper, inclusive: true } };
    case 'begins_with': {
      const end = afterPrefix(bytes);
      return { low: { bytes, inclusive: true }, ...(end === undefined ? {} : { high: { bytes: end, inclusive: false } }) };
    }
  }
}

const fault = (message: string) => invalid(`Invalid KeyConditionExpression: ${message}`);
const badOperator = (operator: string) => fault(`Invalid operator used in KeyConditionExpression: ${operator}`);

const names = {
  or: 'OR',
  not: 'NOT',
  in: 'IN',
  exists: 'attribute_exists',
  notExists: 'attribute_not_exists',
  type: 'attribute_type',
  contains: 'contains',
};
const turned = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' } as const;

function flatten(condition: Condition): readonly Single[] {
  switch (condition.kind) {
    case 'and':
      return [...flatten(condition.left), ...flatten(condition.right)];
    case 'compare': {
      const { comparator, left, right } = condition;
      if (comparator === '<>') throw badOperator('<>');
      if (left.kind === 'value') return [{ name: nameOf(right), operator: turned[comparator], values: [left.value] }];
      return [{ name: nameOf(left), operator: comparator, values: [valueOf(right)] }];
    }
    case 'between': {
      const [low, high] = [valueOf(condition.low), valueOf(condition.high)];
      if ((compareValues(low, high) ?? 0) > 0) {
        throw fault(
          `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: ${print(low)}, upper bound operand: AttributeValue: ${print(high)}`,
        );
      }
      return [{ name: nameOf(condition.of), operator: 'BETWEEN', values: [low, high] }];
    }
    case 'beginsWith':
      return [{ name: nameOf(condition.of), operator: 'begins_with', values: [valueOf(condition.part)] }];
    case 'or':
    case 'not':
    case 'in':
    case 'exists':
    case 'notExists':
    case 'type':
    case 'contains':
      throw badOperator(names[condition.kind]);
  }
}

function nameOf(operand: Operand): string {
  if (operand.kind === 'size') throw fault('KeyConditionExpressions cannot contain nested operations');
  if (operand.kind === 'value') throw fault('No key attribute specified');
  if (operand.path.length > 1) throw fault('KeyConditionExpressions cannot have conditions on nested attributes');
  return String(operand.path[0]);
}

function valueOf(operand: Operand): Value {
  if (operand.kind === 'value') return operand.value;
  if (operand.kind === 'size') throw fault('KeyConditionExpressions cannot contain nested operations');
  throw fault('Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition');
}
