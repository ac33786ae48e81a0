import { patternOf } from '../patterns.ts';
import { TemplateFault } from './fault.ts';
import { isEqual, isList, textOf, type Charge, type Value } from './values.ts';

type Method<Of> = (of: Of, parameters: readonly Value[]) => Value;

const text = (parameters: readonly Value[], at: number): string => textOf(parameters[at]);
const number = (parameters: readonly Value[], at: number): number => Number(parameters[at] ?? Number.NaN);

function pattern(parameters: readonly Value[]): NonNullable<ReturnType<typeof patternOf>> {
  const found = patternOf(text(parameters, 0));
  if (found === undefined) throw new TemplateFault(`${JSON.stringify(text(parameters, 0))} is no regular expression.`);
  return found;
}

/** Of lists that a template makes. */
const mostItems = 100_000;
/** Letters that replacing may make of a text, at most. */
const mostReplaced = 50_000_000;

/** Replacing may multiply: nothing is begun that could become too long. */
function replaceable(value: string, parameters: readonly Value[]): string {
  if ((value.length + 1) * (text(parameters, 1).length + 1) > mostReplaced)
    throw new TemplateFault('A replacement makes too much text.');
  return value;
}

/** A replacement may name a group that the pattern does not have. */
function replaced(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateFault) throw error;
    throw new TemplateFault(`A replacement is none for its pattern: ${(error as Error).message}`);
  }
}

function grown(list: readonly Value[], by: number): void {
  if (list.length + by > mostItems) throw new TemplateFault(`A list may have ${mostItems} items.`);
}

/** Regular expressions take longer over a letter than all else. */
const slow = new Set(['matches', 'replaceAll', 'replaceFirst', 'split']);

function priceOf(of: Value, name: string, parameters: readonly Value[]): number {
  if (typeof of === 'string') {
    const letters = of.length + parameters.reduce<number>((sum, each) => sum + (typeof each === 'string' ? each.length : 0), 0);
    return slow.has(name) ? letters : letters / 16;
  }
  return isList(of) ? of.length / 8 : of instanceof Map ? of.size / 8 : 0;
}

const ofAll: Readonly<Record<string, Method<Value>>> = {
  equals: (value, parameters) => isEqual(value, parameters[0]),
  toString: (value: Value) => textOf(value),
};

const ofTexts: Readonly<Record<string, Method<string>>> = {
  charAt: (value, parameters) => value.charAt(number(parameters, 0)),
  concat: (value, parameters) => value + text(parameters, 0),
  contains: (value, parameters) => value.includes(text(parameters, 0)),
  endsWith: (value, parameters) => value.endsWith(text(parameters, 0)),
  equalsIgnoreCase: (value, parameters) => value.toLowerCase() === text(parameters, 0).toLowerCase(),
  indexOf: (value, parameters) => value.indexOf(text(parameters, 0), parameters.length > 1 ? number(parameters, 1) : 0),
  isEmpty: (value) => value === '',
  lastIndexOf: (value, parameters) => value.lastIndexOf(text(parameters, 0)),
  length: (value) => value.length,
  matches: (value, parameters) => pattern(parameters).matches(value),
  replace: (value, parameters) => replaceable(value, parameters).replaceAll(text(parameters, 0), () => text(parameters, 1)),
  replaceAll: (value, parameters) =>
    replaced(() => pattern(parameters).matcher(replaceable(value, parameters)).replaceAll(text(parameters, 1), true)),
  replaceFirst: (value, parameters) =>
    replaced(() => pattern(parameters).matcher(replaceable(value, parameters)).replaceFirst(text(parameters, 1), true)),
  split: (value, parameters) => pattern(parameters).split(value, parameters.length > 1 ? number(parameters, 1) : 0),
  startsWith: (value, parameters) => value.startsWith(text(parameters, 0)),
  substring: (value, parameters) =>
    value.substring(number(parameters, 0), parameters.length > 1 ? number(parameters, 1) : undefined),
  toLowerCase: (value) => value.toLowerCase(),
  toUpperCase: (value) => value.toUpperCase(),
  trim: (value) => value.trim(),
};

const ofNumbers: Readonly<Record<string, Method<number>>> = {
  doubleValue: (value) => value,
  intValue: (value) => Math.trunc(value),
  longValue: (value) => Math.trunc(value),
};

const ofLists: Readonly<Record<string, Method<Value[]>>> = {
  add(list, parameters) {
    grown(list, 1);
    list.push(parameters[0] ?? null);
    return true;
  },
  addAll(list, [more = []]) {
    if (!isList(more)) return false;
    grown(list, more.length);
    for (const each of [...more]) list.push(each);
    return true;
  },
  contains: (list, parameters) => list.some((each) => isEqual(each, parameters[0])),
  get: (list, parameters) => list[number(parameters, 0)] ?? null,
  indexOf: (list, parameters) => list.findIndex((each) => isEqual(each, parameters[0])),
  isEmpty: (list) => list.length === 0,
  remove: (list, parameters) => list.splice(number(parameters, 0), 1)[0] ?? null,
  set(list, parameters) {
    const at = number(parameters, 0);
    const before = list[at];
    if (before === undefined) throw new TemplateFault(`A list of ${list.length} has nothing at ${at}.`);
    list[at] = parameters[1] ?? null;
    return before;
  },
  size: (list) => list.length,
};

const ofMaps: Readonly<Record<string, Method<Map<string, Value>>>> = {
  containsKey: (map, parameters) => map.has(text(parameters, 0)),
  containsValue: (map, parameters) => [...map.values()].some((each) => isEqual(each, parameters[0])),
  entrySet: (map) =>
    [...map].map(
      ([key, value]) =>
        new Map<string, Value>([
          ['key', key],
          ['value', value],
        ]),
    ),
  get: (map, parameters) => map.get(text(parameters, 0)) ?? null,
  // Of an entry.
  getKey: (map) => map.get('key') ?? null,
  getOrDefault: (map, parameters) => map.get(text(parameters, 0)) ?? parameters[1] ?? null,
  getValue: (map) => map.get('value') ?? null,
  isEmpty: (map) => map.size === 0,
  keySet: (map) => [...map.keys()],
  put(map, parameters) {
    const before = map.get(text(parameters, 0)) ?? null;
    map.set(text(parameters, 0), parameters[1] ?? null);
    return before;
  },
  putAll(map, [more]) {
    if (more instanceof Map) for (const [name, each] of [...more]) map.set(name, each);
    return null;
  },
  remove(map, parameters) {
    const before = map.get(text(parameters, 0)) ?? null;
    map.delete(text(parameters, 0));
    return before;
  },
  size: (map) => map.size,
  values: (map) => [...map.values()],
};

/** Calls one of the methods that values have. @returns undefined when there is no such method */
export function callMethod(of: Value, name: string, parameters: readonly Value[], charge: Charge): Value | undefined {
  charge(priceOf(of, name, parameters));
  const found = <Of extends Value>(methods: Readonly<Record<string, Method<Of>>>, value: Of): Value | undefined => {
    if (Object.hasOwn(methods, name)) return methods[name]?.(value, parameters);
    return Object.hasOwn(ofAll, name) ? ofAll[name]?.(value, parameters) : undefined;
  };
  if (typeof of === 'string') return found(ofTexts, of);
  if (typeof of === 'number') return found(ofNumbers, of);
  if (isList(of)) return found<Value[]>(ofLists, of as Value[]);
  return of instanceof Map ? found(ofMaps, of) : found({}, of);
}
