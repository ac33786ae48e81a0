import type { Condition, Operand, Update } from './expressions/ast.ts';
import { invalid, invalidParameter } from './faults.ts';
import { readValue, typeOf, type Value } from './value.ts';

/** The parameters from before expressions, turned into what expressions become. @source API Reference, "Legacy conditional parameters" */

interface OldCondition {
  readonly ComparisonOperator?: string;
  readonly AttributeValueList?: readonly unknown[];
  readonly Value?: unknown;
  readonly Exists?: boolean;
}

const counts: Readonly<Record<string, number | undefined>> = { BETWEEN: 2, NULL: 0, NOT_NULL: 0, IN: undefined };
const comparators = { EQ: '=', NE: '<>', LT: '<', LE: '<=', GT: '>', GE: '>=' } as const;

/** `Expected`, `QueryFilter`, `ScanFilter`, `KeyConditions`; none at all holds always. */
export function conditionOf(conditions: object, operator: string | undefined): Condition | undefined {
  const parts = Object.entries(conditions).map(([name, each]) => one(name, each as OldCondition));
  const [first, ...rest] = parts;
  if (first === undefined) return undefined;
  return rest.reduce<Condition>((left, right) => ({ kind: operator === 'OR' ? 'or' : 'and', left, right }), first);
}

function one(name: string, old: OldCondition): Condition {
  const path = [name];
  const of: Operand = { kind: 'path', path };
  if (old.ComparisonOperator === undefined) {
    if (old.Exists === false) {
      if (old.Value !== undefined) throw invalidParameter(`Value cannot be used when Exists is false for Attribute: ${name}`);
      return { kind: 'notExists', path };
    }
    if (old.Value === undefined)
      throw invalidParameter(`Value must be provided when Exists is ${old.Exists ?? 'null'} for Attribute: ${name}`);
    return { kind: 'compare', comparator: '=', left: of, right: { kind: 'value', value: readValue(old.Value) } };
  }
  const operator = old.ComparisonOperator;
  const values = (old.AttributeValueList ?? (old.Value === undefined ? [] : [old.Value])).map((each) => readValue(each));
  const operands = values.map((value): Operand => ({ kind: 'value', value }));
  const wanted = operator in counts ? counts[operator] : 1;
  if (wanted !== undefined ? values.length !== wanted : values.length === 0) {
    throw invalidParameter(`Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  }
  const [first, second] = operands as [Operand, Operand];
  switch (operator) {
    case 'NULL':
      return { kind: 'notExists', path };
    case 'NOT_NULL':
      return { kind: 'exists', path };
    case 'BETWEEN':
      return { kind: 'between', of, low: first, high: second };
    case 'IN':
      return { kind: 'in', of, list: operands };
    case 'BEGINS_WITH':
      return { kind: 'beginsWith', of, part: first };
    case 'CONTAINS':
      return { kind: 'contains', of, part: first };
    case 'NOT_CONTAINS':
      return {
        kind: 'and',
        left: { kind: 'exists', path },
        right: { kind: 'not', of: { kind: 'contains', of, part: first } },
      };
    default: {
      const comparator = comparators[operator as keyof typeof comparators];
      if (comparator === undefined) throw invalid(`Unsupported operator ${operator}`);
      return { kind: 'compare', comparator, left: of, right: first };
    }
  }
}

/** `AttributeUpdates`. */
export function updateOf(updates: object): Update {
  const set: { path: string[]; to: { kind: 'value'; value: Value } }[] = [];
  const remove: string[][] = [];
  const add: { path: string[]; value: Value }[] = [];
  const del: { path: string[]; value: Value }[] = [];
  for (const [name, each] of Object.entries(updates as Record<string, { Action?: string; Value?: unknown }>)) {
    const path = [name];
    const action = each.Action ?? 'PUT';
    if (each.Value === undefined) {
      if (action !== 'DELETE') throw invalidParameter('Only DELETE action is allowed when no attribute value is specified');
      remove.push(path);
      continue;
    }
    const value = readValue(each.Value);
    if (action === 'PUT') set.push({ path, to: { kind: 'value', value } });
    else if (action === 'ADD') {
      if (!['N', 'SS', 'NS', 'BS', 'L'].includes(typeOf(value)))
        throw invalidParameter(`ADD action is not supported for the type ${typeOf(value)}`);
      add.push({ path, value });
    } else {
      if (!['SS', 'NS', 'BS'].includes(typeOf(value)))
        throw invalidParameter(`DELETE action with value is not supported for the type ${typeOf(value)}`);
      del.push({ path, value });
    }
  }
  return { set, remove, add, delete: del };
}
