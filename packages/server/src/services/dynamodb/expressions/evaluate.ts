import { compareValues, equalValues, hex, member, setMembers, typeOf, valueSize, type Item, type Value } from '../value.ts';
import type { Comparator, Condition, Operand, Path } from './ast.ts';

/** Follows a path into an item; `undefined` where it leads nowhere. */
export function resolve(item: Item, path: Path): Value | undefined {
  let value = member(item, String(path[0]));
  for (let index = 1; index < path.length && value !== undefined; index += 1) {
    const step = path[index];
    if (typeof step === 'number') value = 'L' in value ? value.L[step] : undefined;
    else value = 'M' in value && step !== undefined ? member(value.M, step) : undefined;
  }
  return value;
}

/** Whether an item meets a condition; no item is an empty one. */
export function holds(condition: Condition, item: Item): boolean {
  switch (condition.kind) {
    case 'and':
      return holds(condition.left, item) && holds(condition.right, item);
    case 'or':
      return holds(condition.left, item) || holds(condition.right, item);
    case 'not':
      return !holds(condition.of, item);
    case 'compare':
      return compare(condition.comparator, operand(condition.left, item), operand(condition.right, item));
    case 'between': {
      const of = operand(condition.of, item);
      return compare('>=', of, operand(condition.low, item)) && compare('<=', of, operand(condition.high, item));
    }
    case 'in': {
      const of = operand(condition.of, item);
      return condition.list.some((each) => compare('=', of, operand(each, item)));
    }
    case 'exists':
      return resolve(item, condition.path) !== undefined;
    case 'notExists':
      return resolve(item, condition.path) === undefined;
    case 'type': {
      const [value, type] = [resolve(item, condition.path), operand(condition.type, item)];
      return value !== undefined && type !== undefined && 'S' in type && typeOf(value) === type.S;
    }
    case 'beginsWith':
      return beginsWith(operand(condition.of, item), operand(condition.part, item));
    case 'contains':
      return contains(operand(condition.of, item), operand(condition.part, item));
  }
}

function operand(from: Operand, item: Item): Value | undefined {
  if (from.kind === 'value') return from.value;
  const value = resolve(item, from.path);
  return from.kind === 'path' ? value : sizeOf(value);
}

/** Characters of a string, bytes of binary, elements of the rest. */
function sizeOf(value: Value | undefined): Value | undefined {
  if (value === undefined) return undefined;
  if ('L' in value) return { N: String(value.L.length) };
  if ('M' in value) return { N: String(Object.keys(value.M).length) };
  const set = setMembers(value);
  if (set !== undefined) return { N: String(set.size) };
  if ('S' in value || 'B' in value) return { N: String(valueSize(value)) };
  return undefined;
}

export function compare(comparator: Comparator, left: Value | undefined, right: Value | undefined): boolean {
  if (left === undefined || right === undefined) return comparator === '<>' && left !== right;
  if (comparator === '=') return equalValues(left, right);
  if (comparator === '<>') return !equalValues(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  switch (comparator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

export function beginsWith(value: Value | undefined, prefix: Value | undefined): boolean {
  if (value === undefined || prefix === undefined) return false;
  if ('S' in value && 'S' in prefix) return value.S.startsWith(prefix.S);
  if ('B' in value && 'B' in prefix) return hex(value.B).startsWith(hex(prefix.B));
  return false;
}

export function contains(value: Value | undefined, part: Value | undefined): boolean {
  if (value === undefined || part === undefined) return false;
  if ('S' in value && 'S' in part) return value.S.includes(part.S);
  if ('B' in value && 'B' in part) return Buffer.from(value.B).includes(Buffer.from(part.B));
  if ('L' in value) return value.L.some((each) => equalValues(each, part));
  if ('SS' in value && 'S' in part) return value.SS.includes(part.S);
  if ('NS' in value && 'N' in part) return value.NS.includes(part.N);
  if ('BS' in value && 'B' in part) return value.BS.some((each) => Buffer.compare(each, part.B) === 0);
  return false;
}
