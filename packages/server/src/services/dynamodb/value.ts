import { invalid, invalidParameter } from './faults.ts';
import { canonicalNumber, compareNumbers, numberSize, parseNumber } from './number.ts';

/** One attribute's value, exactly one member set. */
export type Value =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: Uint8Array }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly Uint8Array[] }
  | { readonly M: Item }
  | { readonly L: readonly Value[] }
  | { readonly NULL: true }
  | { readonly BOOL: boolean };
export type ValueType = 'S' | 'N' | 'B' | 'SS' | 'NS' | 'BS' | 'M' | 'L' | 'NULL' | 'BOOL';
export type Item = Readonly<Record<string, Value>>;

const types: readonly ValueType[] = ['S', 'N', 'B', 'SS', 'NS', 'BS', 'M', 'L', 'NULL', 'BOOL'];
const deepest = 32;

export const typeOf = (value: Value): ValueType => Object.keys(value)[0] as ValueType;

/** Sets a member that may have any name, `__proto__` too. */
export function setMember<T>(target: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}

export const member = (item: Item, name: string): Value | undefined => (Object.hasOwn(item, name) ? item[name] : undefined);

/** Checks an item or key as it came, and brings its numbers to their one form. @throws ValidationException */
export function readItem(raw: object): Item {
  const item: Record<string, Value> = {};
  for (const [name, value] of Object.entries(raw)) setMember(item, name, readValue(value));
  return item;
}

export function readValue(raw: unknown, depth = 0): Value {
  const source = (raw ?? {}) as Record<string, unknown>;
  const set = types.filter((type) => source[type] !== undefined);
  const type = set[0];
  if (type === undefined) throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
  if (set.length > 1) {
    throw invalid('Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes');
  }
  if (depth > deepest) throw invalid('Nesting Levels have exceeded supported limits');
  switch (type) {
    case 'S':
      return { S: source[type] as string };
    case 'N':
      return { N: canonicalNumber(source[type] as string) };
    case 'B':
      return { B: source[type] as Uint8Array };
    case 'BOOL':
      return { BOOL: source[type] as boolean };
    case 'NULL':
      if (source[type] !== true) throw invalidParameter('Null attribute value types must have the value of true');
      return { NULL: true };
    case 'SS':
    case 'NS':
    case 'BS':
      return readSet(type, source[type] as never);
    case 'M': {
      const item: Record<string, Value> = {};
      for (const [name, value] of Object.entries(source[type] as object)) setMember(item, name, readValue(value, depth + 1));
      return { M: item };
    }
    case 'L':
      return { L: (source[type] as unknown[]).map((each) => readValue(each, depth + 1)) };
  }
}

function readSet(type: 'SS' | 'NS' | 'BS', raw: readonly string[] | readonly Uint8Array[]): Value {
  if (raw.length === 0) {
    throw invalidParameter(
      type === 'BS' ? 'Binary sets should not be empty' : `An ${type === 'SS' ? 'string' : 'number'} set  may not be empty`,
    );
  }
  if (type === 'BS') {
    const set = raw as readonly Uint8Array[];
    if (new Set(set.map(hex)).size < set.length) {
      throw invalidParameter(
        `Input collection [${set.map((each) => Buffer.from(each).toString('base64')).join(', ')}]of type BS contains duplicates.`,
      );
    }
    return { BS: set };
  }
  const strings = raw as readonly string[];
  const set = type === 'NS' ? strings.map(canonicalNumber) : strings;
  if (new Set(set).size < set.length) {
    throw type === 'NS'
      ? invalid('Input collection contains duplicates')
      : invalidParameter(`Input collection [${set.join(', ')}] contains duplicates.`);
  }
  return type === 'NS' ? { NS: set } : { SS: set };
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** Order of two values of one scalar type; `undefined` where there is none. */
export function compareValues(a: Value, b: Value): number | undefined {
  if ('S' in a && 'S' in b) return Buffer.compare(Buffer.from(a.S), Buffer.from(b.S));
  if ('N' in a && 'N' in b) return compareNumbers(parseNumber(a.N), parseNumber(b.N));
  if ('B' in a && 'B' in b) return Buffer.compare(a.B, b.B);
  return undefined;
}

export function equalValues(a: Value, b: Value): boolean {
  if ('S' in a) return 'S' in b && a.S === b.S;
  if ('N' in a) return 'N' in b && a.N === b.N;
  if ('B' in a) return 'B' in b && Buffer.compare(a.B, b.B) === 0;
  if ('BOOL' in a) return 'BOOL' in b && a.BOOL === b.BOOL;
  if ('NULL' in a) return 'NULL' in b;
  if ('L' in a) return 'L' in b && a.L.length === b.L.length && a.L.every((each, index) => equalValues(each, b.L[index] ?? each));
  if ('M' in a) return 'M' in b && equalItems(a.M, b.M);
  const ours = setMembers(a);
  const theirs = typeOf(a) === typeOf(b) ? setMembers(b) : undefined;
  return theirs !== undefined && ours?.size === theirs.size && [...ours].every((each) => theirs.has(each));
}

export function equalItems(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => {
      const [ours, theirs] = [member(a, name), member(b, name)];
      return ours !== undefined && theirs !== undefined && equalValues(ours, theirs);
    })
  );
}

/** A set's elements as text, bytes in hex; `undefined` for what is no set. */
export function setMembers(value: Value): ReadonlySet<string> | undefined {
  if ('SS' in value) return new Set(value.SS);
  if ('NS' in value) return new Set(value.NS);
  if ('BS' in value) return new Set(value.BS.map(hex));
  return undefined;
}

/** Bytes as DynamoDB counts them. @source Developer Guide, "DynamoDB item sizes and formats" */
export function itemSize(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + valueSize(value);
  return bytes;
}

export function valueSize(value: Value): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return numberSize(value.N);
  if ('B' in value) return value.B.length;
  if ('SS' in value) return value.SS.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
  if ('NS' in value) return value.NS.reduce((sum, each) => sum + numberSize(each), 0);
  if ('BS' in value) return value.BS.reduce((sum, each) => sum + each.length, 0);
  if ('M' in value) return 3 + Object.keys(value.M).length + itemSize(value.M);
  if ('L' in value) return 3 + value.L.length + value.L.reduce((sum, each) => sum + valueSize(each), 0);
  return 1;
}
