import { invalid } from '../faults.ts';
import { add, negate, parseNumber, printNumber } from '../number.ts';
import { hex, member, setMember, type Item, type Value } from '../value.ts';
import type { Path, SetTerm, Update } from './ast.ts';
import { resolve } from './evaluate.ts';

const wrongType = () => invalid('An operand in the update expression has an incorrect data type');
const missing = () => invalid('The provided expression refers to an attribute that does not exist in the item');
const badPath = () => invalid('The document path provided in the update expression is invalid for update');

/** A value being changed; `undefined` marks a removed element of a list until all changes are made. */
type Draft = { M: Record<string, Draft> } | { L: (Draft | undefined)[]; appended?: [number, Draft][] } | Value;

/**
 * The item after an update. Every right side sees the item as it was; a list closes its gaps at the end.
 *
 * @throws ValidationException when types or paths do not fit this item
 */
export function applyUpdate(item: Item, update: Update): Item {
  const root = draftOf({ M: item });
  const sets = update.set.map(({ path, to }) => [path, evaluate(item, to)] as const);
  const adds = update.add.map(({ path, value }) => [path, added(resolve(item, path), value)] as const);
  const deletes = update.delete.map(({ path, value }) => [path, subtracted(resolve(item, path), value)] as const);
  for (const path of update.remove) put(root, path, undefined);
  for (const [path, value] of [...sets, ...adds]) put(root, path, draftOf(value));
  for (const [path, value] of deletes) {
    if (value !== 'unchanged') put(root, path, value);
  }
  return (settled(root) as { M: Item }).M;
}

function draftOf(value: Value): Draft {
  if ('M' in value) {
    const copy: Record<string, Draft> = {};
    for (const [name, each] of Object.entries(value.M)) setMember(copy, name, draftOf(each));
    return { M: copy };
  }
  return 'L' in value ? { L: value.L.map(draftOf) } : value;
}

function settled(draft: Draft): Value {
  if ('M' in draft) {
    const item: Record<string, Value> = {};
    for (const [name, each] of Object.entries(draft.M)) setMember(item, name, settled(each));
    return { M: item };
  }
  if (!('L' in draft)) return draft;
  const kept = draft.L.filter((each) => each !== undefined).map(settled);
  const appended = 'appended' in draft ? (draft.appended ?? []) : [];
  // What was set beyond the end is appended, in the order of the indexes.
  return { L: [...kept, ...appended.toSorted(([a], [b]) => a - b).map(([, each]) => settled(each))] };
}

function put(root: Draft, path: Path, value: Draft | undefined): void {
  let parent: Draft | undefined = root;
  for (const step of path.slice(0, -1)) parent = parent === undefined ? undefined : child(parent, step);
  const last = path.at(-1);
  if (parent === undefined) {
    throw badPath();
  }
  if (typeof last === 'number') {
    if (!('L' in parent)) throw badPath();
    const list = parent as { L: (Draft | undefined)[]; appended?: [number, Draft][] };
    if (last < list.L.length) list.L[last] = value;
    else if (value !== undefined) (list.appended ??= []).push([last, value]);
  } else if (last !== undefined) {
    if (!('M' in parent)) throw badPath();
    const map = parent.M as Record<string, Draft>;
    if (value === undefined) delete map[last];
    else setMember(map, last, value);
  }
}

function child(parent: Draft, step: string | number): Draft | undefined {
  if (typeof step === 'number') return 'L' in parent ? parent.L[step] : undefined;
  return 'M' in parent ? member(parent.M as Item, step) : undefined;
}

function evaluate(item: Item, term: SetTerm): Value {
  switch (term.kind) {
    case 'value':
      return term.value;
    case 'path': {
      const value = resolve(item, term.path);
      if (value === undefined) throw missing();
      return value;
    }
    case 'ifNotExists':
      return resolve(item, term.path) ?? evaluate(item, term.otherwise);
    case 'append': {
      const [left, right] = [evaluate(item, term.left), evaluate(item, term.right)];
      if (!('L' in left) || !('L' in right)) throw wrongType();
      return { L: [...left.L, ...right.L] };
    }
    case 'sum':
    case 'difference': {
      const [left, right] = [evaluate(item, term.left), evaluate(item, term.right)];
      if (!('N' in left) || !('N' in right)) throw wrongType();
      const other = parseNumber(right.N);
      return { N: printNumber(add(parseNumber(left.N), term.kind === 'sum' ? other : negate(other))) };
    }
  }
}

export function added(old: Value | undefined, value: Value): Value {
  if (old === undefined) return value;
  if ('N' in value && 'N' in old) return { N: printNumber(add(parseNumber(old.N), parseNumber(value.N))) };
  if ('SS' in value && 'SS' in old) return { SS: [...new Set([...old.SS, ...value.SS])] };
  if ('NS' in value && 'NS' in old) return { NS: [...new Set([...old.NS, ...value.NS])] };
  if ('L' in value && 'L' in old) return { L: [...old.L, ...value.L] };
  if ('BS' in value && 'BS' in old) {
    const known = new Set(old.BS.map(hex));
    return { BS: [...old.BS, ...value.BS.filter((each) => !known.has(hex(each)))] };
  }
  throw wrongType();
}

/** @returns `undefined` when nothing is left: sets cannot be empty */
export function subtracted(old: Value | undefined, value: Value): Value | 'unchanged' | undefined {
  if (old === undefined) return 'unchanged';
  if ('SS' in value && 'SS' in old) {
    const left = old.SS.filter((each) => !value.SS.includes(each));
    return left.length === 0 ? undefined : { SS: left };
  }
  if ('NS' in value && 'NS' in old) {
    const left = old.NS.filter((each) => !value.NS.includes(each));
    return left.length === 0 ? undefined : { NS: left };
  }
  if ('BS' in value && 'BS' in old) {
    const gone = new Set(value.BS.map(hex));
    const left = old.BS.filter((each) => !gone.has(hex(each)));
    return left.length === 0 ? undefined : { BS: left };
  }
  throw wrongType();
}
