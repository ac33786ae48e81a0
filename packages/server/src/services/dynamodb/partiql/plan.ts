import type { Condition } from '../expressions/ast.ts';
import { invalid } from '../faults.ts';
import { checkItem, checkKey, keyAttributes, type ItemKey, type Keys, type Table } from '../table.ts';
import { itemSize, typeOf, type Item, type Value } from '../value.ts';
import { largestItem, updated, type Write } from '../write.ts';
import { ServiceFault } from '@mayfly/wire';
import type { Statement } from './statement.ts';

/** Equalities that stand on their own, by attribute, and the rest of the condition. */
export interface Split {
  readonly equal: ReadonlyMap<string, Value>;
  readonly rest: Condition | undefined;
}

export function split(condition: Condition | undefined, names: readonly string[]): Split {
  const equal = new Map<string, Value>();
  const rest: Condition[] = [];
  const walk = (part: Condition): void => {
    if (part.kind === 'and') {
      walk(part.left);
      walk(part.right);
      return;
    }
    if (part.kind === 'compare' && part.comparator === '=') {
      const [path, value] = part.left.kind === 'path' ? [part.left, part.right] : [part.right, part.left];
      const name = path.kind === 'path' && path.path.length === 1 ? String(path.path[0]) : '';
      if (value.kind === 'value' && names.includes(name) && !equal.has(name)) {
        equal.set(name, value.value);
        return;
      }
    }
    rest.push(part);
  };
  if (condition !== undefined) walk(condition);
  return { equal, rest: rest.length === 0 ? undefined : rest.reduce((left, right) => ({ kind: 'and', left, right })) };
}

/** The key a condition names; undefined unless it names all of it. */
export function keyIn(keys: Keys, { equal }: Split): Item | undefined {
  const attributes = keyAttributes(keys);
  const found = attributes.every(({ name, type }) => {
    const value = equal.get(name);
    return value !== undefined && typeOf(value) === type;
  });
  return found ? Object.fromEntries(attributes.map(({ name }) => [name, equal.get(name) as Value])) : undefined;
}

const noKey = () => invalid('Where clause does not contain a mandatory equality on all key attributes');

/** @throws ValidationException */
export function writeOf(table: Table, statement: Exclude<Statement, { readonly kind: 'select' }>, showsItem: boolean): Write {
  if (statement.kind === 'insert') {
    const { item } = statement;
    const key = checkItem(table, item);
    if (itemSize(item) > largestItem) throw invalid('Item size has exceeded the maximum allowed size');
    const next = (old: Item | undefined): Item => {
      if (old !== undefined) throw new ServiceFault('DuplicateItemException', 'Duplicate primary key exists in table');
      return item;
    };
    return { kind: 'put', table, key, showsItem, next };
  }
  const parts = split(
    statement.condition,
    keyAttributes(table.keys).map(({ name }) => name),
  );
  const keyItem = keyIn(table.keys, parts);
  if (keyItem === undefined) throw noKey();
  const key: ItemKey = checkKey(table, keyItem);
  const exists: Condition = { kind: 'exists', path: [table.keys.hash.name] };
  const whole: Condition = parts.rest === undefined ? exists : { kind: 'and', left: exists, right: parts.rest };
  switch (statement.kind) {
    case 'update':
      return { kind: 'update', table, key, showsItem, condition: whole, next: updated(table, keyItem, statement.update) };
    case 'delete':
      return {
        kind: 'delete',
        table,
        key,
        showsItem,
        ...(parts.rest === undefined ? {} : { condition: parts.rest }),
        next: () => undefined,
      };
    case 'exists':
      return { kind: 'check', table, key, showsItem, condition: whole, next: (old) => old };
  }
}
