import { TemplateFault } from './fault.ts';

/**
 * What templates work with. Never an object of JavaScript's own: nothing of it can be reached, whatever a template names.
 *
 * Lists are arrays, maps are `Map`s, and what has methods of its own (`$input`, `$util`) is a `Host`.
 */
export type Value = string | number | boolean | null | readonly Value[] | Map<string, Value> | Host;

export interface Host {
  readonly host: string;
  member?(name: string): Value | undefined;
  /** @returns undefined when there is no such method */
  method(name: string, parameters: readonly Value[], charge: Charge): Value | undefined;
}

/** Says what something costs, in steps. @throws TemplateFault when it is too much */
export type Charge = (steps: number) => void;

/** Of values in values; what is deeper may well hold itself. */
const deepest = 200;
/** Values that are written or compared at once. */
const mostWritten = 500_000;

export const isHost = (value: Value | undefined): value is Host =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

/** Lists that came as JSON are written as JSON; those that a template made, in Java's way. */
const fromJson = new WeakSet<object>();

export function valueOf(json: unknown, charge: Charge = () => {}, depth = 0): Value {
  charge(1);
  if (depth > deepest) throw new TemplateFault('A value is nested too deeply.');
  const inner = (each: unknown): Value => valueOf(each, charge, depth + 1);
  if (Array.isArray(json)) {
    const list = json.map(inner);
    fromJson.add(list);
    return list;
  }
  if (typeof json === 'object' && json !== null) return new Map(Object.entries(json).map(([name, each]) => [name, inner(each)]));
  return typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean' ? json : null;
}

interface Writing {
  left: number;
}

function count(writing: Writing, depth: number): void {
  writing.left -= 1;
  if (depth > deepest || writing.left < 0) throw new TemplateFault('A value is nested too deeply, or is too much to write.');
}

export function jsonOf(value: Value, writing: Writing = { left: mostWritten }, depth = 0): unknown {
  count(writing, depth);
  const inner = (each: Value): unknown => jsonOf(each, writing, depth + 1);
  if (isList(value)) return value.map(inner);
  if (value instanceof Map) {
    const made: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [name, each] of value) made[name] = inner(each);
    return made;
  }
  return isHost(value) ? value.host : value;
}

/** As it is written into a text: maps and lists as Java does. */
export function textOf(value: Value | undefined, writing: Writing = { left: mostWritten }, depth = 0): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  count(writing, depth);
  const inner = (each: Value): string => textOf(each, writing, depth + 1);
  if (isList(value))
    return fromJson.has(value) ? JSON.stringify(jsonOf(value, writing, depth + 1)) : `[${value.map(inner).join(', ')}]`;
  if (value instanceof Map)
    return `{${[...value].map(([name, each]) => `${name}=${each === null ? 'null' : inner(each)}`).join(', ')}}`;
  return isHost(value) ? value.host : String(value);
}

export const isTrue = (value: Value | undefined): boolean => value !== undefined && value !== null && value !== false;

/** What is not there equals nothing, and an empty text. */
export function isEqual(left: Value | undefined, right: Value | undefined): boolean {
  const [a, b] = [left ?? '', right ?? ''];
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  return a === b || (typeof a !== 'boolean' && typeof b !== 'boolean' && textOf(a) === textOf(b));
}
