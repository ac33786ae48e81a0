import { Acceptance } from './acceptance.ts';
import { ServiceFault } from './fault.ts';

/** `model/<service>.json`: facts of the public model that the SDK's schemas leave out. */
export interface Model {
  readonly operations: Readonly<Record<string, string>>;
  readonly structures: Readonly<
    Record<string, { readonly required?: readonly string[]; readonly members: Readonly<Record<string, string>> }>
  >;
  readonly lists: Readonly<Record<string, { readonly of: string; readonly min?: number; readonly max?: number }>>;
  readonly maps: Readonly<
    Record<string, { readonly key: string; readonly value: string; readonly min?: number; readonly max?: number }>
  >;
  readonly simple: Readonly<Record<string, Simple>>;
}

interface Simple {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

/** Where a service words or orders its checks in its own way. */
export interface Quirks {
  /** Enum sets in the order the service prints them. @source spec 9.1-12 */
  readonly enums?: Readonly<Record<string, readonly string[]>>;
  /** `Structure.Member` whose enum set differs from that of its shape. */
  readonly memberEnums?: Readonly<Record<string, readonly string[]>>;
  /** Patterns the service has and prints where the public model has another. What either takes, passes. */
  readonly patterns?: Readonly<Record<string, string>>;
  /** `Structure.Member` that the handler checks instead, with another exception. @source spec 9.3-02 */
  readonly unchecked?: readonly string[];
  /** Members in the order in which the service prints them, where its public model has another, or lacks some. */
  readonly printed?: Readonly<Record<string, readonly string[]>>;
  /** Lists whose members' constraint ends with `Member must not be null`. */
  readonly notNullItems?: readonly string[];
  /** Lists whose members' constraint is printed bare. */
  readonly bareItems?: readonly string[];
  /** Only the presence of required members is checked, and a missing one has the service's own fault. */
  readonly missing?: (member: string) => ServiceFault;
  /** Code of a violation; `ValidationException` unless the service has another. */
  readonly code?: string;
  /** The same, for operations that have another than the rest of the service. */
  readonly codes?: Readonly<Record<string, string>>;
  /** What broke a constraint is not told again. */
  readonly silent?: boolean;
  /** The handlers check everything, in the service's own words. */
  readonly none?: boolean;
  /** The service reports members from the last of its model to the first. */
  readonly lastFirst?: boolean;
  /** What stands before a member of an operation's input where it is printed: `createRestApiInput.` */
  readonly within?: (operation: string, member: string) => string;
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

const isDecimal = (simple: Simple | undefined): boolean => simple?.type === 'double' || simple?.type === 'float';

/** Java prints a whole double as `2.0`. */
const printNumber = (value: number, simple: Simple | undefined): string =>
  isDecimal(simple) && Number.isInteger(value) ? value.toFixed(1) : String(value);

const unmet = (value: string, at: string, constraint: string): string =>
  `Value '${value}' at '${at}' failed to satisfy constraint: ${constraint}`;

const enumText = (allowed: readonly string[]): string => `Member must satisfy enum value set: [${allowed.join(', ')}]`;

/**
 * Checks inputs against the model and words each violation as the service does.
 *
 * @source spec 9.1
 */
export class Constraints {
  readonly #model: Model;
  readonly #quirks: Quirks;
  readonly #patterns = new Map<string, RegExp>();
  readonly #acceptance: Acceptance;

  constructor(model: Model, quirks: Quirks) {
    this.#model = model;
    this.#quirks = quirks;
    this.#acceptance = new Acceptance(model, quirks, (source) => this.#pattern(source));
  }

  /** @throws ValidationException naming every violation */
  check(operation: string, input: object): void {
    const shape = this.#model.operations[operation];
    if (shape === undefined || this.#quirks.none) return;
    if (this.#quirks.missing !== undefined) return this.#present(shape, input as Record<string, unknown>, this.#quirks.missing);
    if (this.#acceptance.accepts(shape, input as Record<string, unknown>)) return;
    const violations = this.violations(operation, input);
    if (violations.length === 0) return;
    const noun = violations.length === 1 ? 'error' : 'errors';
    throw new ServiceFault(
      this.#quirks.codes?.[operation] ?? this.#quirks.code ?? 'ValidationException',
      `${violations.length} validation ${noun} detected: ${violations.join('; ')}`,
      { status: 400 },
    );
  }

  /** Every violation of the model, in the service's order and words. */
  violations(operation: string, input: object): string[] {
    const violations: string[] = [];
    const shape = this.#model.operations[operation];
    if (shape !== undefined) this.#structure(shape, input as Record<string, unknown>, '', violations, operation);
    return violations;
  }

  /** Whether nothing is broken, found without words; `violations` is the judge of it. */
  accepts(operation: string, input: object): boolean {
    const shape = this.#model.operations[operation];
    return shape === undefined || this.#acceptance.accepts(shape, input as Record<string, unknown>);
  }

  #present(shape: string, input: Record<string, unknown>, missing: (member: string) => ServiceFault): void {
    for (const name of this.#model.structures[shape]?.required ?? []) {
      if (input[name] === undefined || input[name] === null) throw missing(name);
    }
  }

  /** @param operation  whose whole input this is */
  #structure(shape: string, value: Record<string, unknown>, path: string, violations: string[], operation?: string): void {
    const structure = this.#model.structures[shape];
    if (structure === undefined) return;
    const members = Object.entries(structure.members);
    for (const [name, memberShape] of this.#quirks.lastFirst ? members.reverse() : members) {
      if (this.#quirks.unchecked?.includes(`${shape}.${name}`)) continue;
      const before = operation === undefined ? path : (this.#quirks.within?.(operation, name) ?? path);
      const at = before + lowerFirst(name);
      const member = value[name];
      const allowed = this.#quirks.memberEnums?.[`${shape}.${name}`];
      if (allowed !== undefined && typeof member === 'string') {
        const known = allowed.includes(member) || this.#model.simple[memberShape]?.enum?.includes(member);
        if (!known) violations.push(unmet(member, at, enumText(allowed)));
      } else if (member !== undefined && member !== null) this.#value(memberShape, member, at, violations);
      else if (structure.required?.includes(name)) {
        violations.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`);
      }
    }
  }

  #value(shape: string, value: unknown, at: string, violations: string[]): void {
    // A gap in a list breaks nothing by itself.
    if (value === undefined || value === null) return;
    const { structures, lists, maps } = this.#model;
    const fail = (constraint: string): void => {
      const told = this.#quirks.silent === true ? 'Value' : `Value '${this.#print(shape, value)}'`;
      violations.push(`${told} at '${at}' failed to satisfy constraint: ${constraint}`);
    };
    if (structures[shape] !== undefined) {
      this.#structure(shape, value as Record<string, unknown>, `${at}.`, violations);
    } else if (lists[shape] !== undefined && Array.isArray(value)) {
      for (const broken of length(lists[shape], value.length)) fail(broken);
      this.#items(shape, lists[shape].of, value, at, violations, fail);
    } else if (maps[shape] !== undefined) {
      this.#map(maps[shape], value as Record<string, unknown>, at, violations, fail);
    } else {
      for (const broken of this.#broken(shape, value)) fail(broken);
    }
  }

  /** As the service prints a value: lists `[a, b]`, maps `{k=v}`, structures `Name(a=b, c=null)`. @source spec 9.1-09, 9.1-10 */
  #print(shape: string | undefined, value: unknown): string {
    const { structures, lists, maps, simple } = this.#model;
    const named = shape ?? '';
    if (Array.isArray(value)) return `[${value.map((each) => this.#print(lists[named]?.of, each)).join(', ')}]`;
    if (value instanceof Date) return value.toISOString();
    if (typeof value === 'object' && value !== null) {
      const members = structures[named]?.members;
      if (members !== undefined) {
        const given = value as Readonly<Record<string, unknown>>;
        const parts = (this.#quirks.printed?.[named] ?? Object.keys(members)).map(
          (key) => `${lowerFirst(key)}=${given[key] === undefined ? 'null' : this.#print(members[key], given[key])}`,
        );
        return `${named}(${parts.join(', ')})`;
      }
      const entries = Object.entries(value).map(([key, each]) => `${key}=${this.#print(maps[named]?.value, each)}`);
      return `{${entries.join(', ')}}`;
    }
    return typeof value === 'number' ? printNumber(value, simple[named]) : String(value);
  }

  #items(
    list: string,
    shape: string,
    values: readonly unknown[],
    at: string,
    violations: string[],
    fail: (constraint: string) => void,
  ): void {
    if (this.#model.simple[shape] === undefined) {
      values.forEach((each, index) => this.#value(shape, each, `${at}.${index + 1}.member`, violations));
      return;
    }
    if (!values.some((each) => this.#broken(shape, each).length > 0)) return;
    const constraints = this.#all(shape);
    if (this.#quirks.bareItems?.includes(list)) fail(constraints.join(', '));
    else {
      if (this.#quirks.notNullItems?.includes(list)) constraints.push('Member must not be null');
      fail(`Member must satisfy constraint: [${constraints.join(', ')}]`);
    }
  }

  #map(
    map: Model['maps'][string],
    value: Record<string, unknown>,
    at: string,
    violations: string[],
    fail: (constraint: string) => void,
  ): void {
    const entries = Object.entries(value);
    for (const broken of length(map, entries.length)) fail(broken);
    if (entries.some(([key]) => this.#broken(map.key, key).length > 0)) {
      fail(`Map keys must satisfy constraint: [${this.#all(map.key).join(', ')}]`);
    }
    if (this.#model.simple[map.value] === undefined) {
      for (const [key, each] of entries) this.#value(map.value, each, `${at}.${key}.member`, violations);
    } else if (entries.some(([, each]) => this.#broken(map.value, each).length > 0)) {
      fail(`Map value must satisfy constraint: [${[...this.#all(map.value), 'Member must not be null'].join(', ')}]`);
    }
  }

  /** The constraints of a simple shape that this value breaks. */
  #broken(shape: string, value: unknown): string[] {
    const simple = this.#model.simple[shape];
    if (simple === undefined) return [];
    if (typeof value === 'number') return range(simple, value);
    if (value instanceof Uint8Array) return length(simple, value.length);
    if (typeof value !== 'string') return [];
    const broken = length(simple, value.length);
    const patterns = [this.#quirks.patterns?.[shape], simple.pattern].filter((each) => each !== undefined);
    if (patterns.length > 0 && !patterns.some((each) => this.#pattern(each).test(value))) {
      broken.push(`Member must satisfy regular expression pattern: ${patterns[0]}`);
    }
    const allowed = this.#enum(shape, simple);
    if (allowed !== undefined && !allowed.includes(value) && !(simple.enum ?? []).includes(value)) {
      broken.push(enumText(allowed));
    }
    return broken;
  }

  /** Every constraint of a simple shape, as it is printed for lists and maps. */
  #all(shape: string): string[] {
    const simple = this.#model.simple[shape];
    if (simple === undefined) return [];
    const isNumber = simple.type !== 'string' && simple.type !== 'blob';
    const all: string[] = [];
    if (simple.max !== undefined) {
      all.push(
        isNumber
          ? `Member must have value less than or equal to ${printNumber(simple.max, simple)}`
          : `Member must have length less than or equal to ${simple.max}`,
      );
    }
    if (simple.min !== undefined) {
      all.push(
        isNumber
          ? `Member must have value greater than or equal to ${printNumber(simple.min, simple)}`
          : `Member must have length greater than or equal to ${simple.min}`,
      );
    }
    const pattern = this.#quirks.patterns?.[shape] ?? simple.pattern;
    if (pattern !== undefined) all.push(`Member must satisfy regular expression pattern: ${pattern}`);
    const allowed = this.#enum(shape, simple);
    if (allowed !== undefined) all.push(enumText(allowed));
    return all;
  }

  #enum(shape: string, simple: Simple): readonly string[] | undefined {
    return this.#quirks.enums?.[shape] ?? simple.enum;
  }

  /** The model's patterns are ours (never a caller's) and must match the whole value. */
  #pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source);
    if (pattern === undefined) {
      pattern = new RegExp(`^(?:${javaScriptPattern(source)})$`, 'su');
      this.#patterns.set(source, pattern);
    }
    return pattern;
  }
}

/** Patterns of the models that backtrack without end, and what takes the same texts in one pass. */
const linear: Readonly<Record<string, string>> = {
  [String.raw`^[a-z0-9A-Z]+[\.\-\w]*[a-z0-9A-Z]+$`]: String.raw`^[a-z0-9A-Z][\.\-\w]*[a-z0-9A-Z]$`,
  [String.raw`^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$`]: String.raw`^[a-z0-9*](?:[._\-/]?[a-z0-9*])*$`,
  [String.raw`^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$`]: String.raw`^\t*[\x20-\x7E][\t\x20-\x7E]*$`,
};

/** Java's classes and escapes that JavaScript's `u` mode refuses. */
export function javaScriptPattern(source: string): string {
  if (linear[source] !== undefined) return linear[source];
  if (source.startsWith('(?i)')) return `(?i:${javaScriptPattern(source.slice(4))})`;
  let result = '';
  let inClass = false;
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at] ?? '';
    if (character === '\\') {
      const next = source[(at += 1)] ?? '';
      const posix = /^\{(\w+)\}/.exec(source.slice(at + 1));
      if ((next === 'p' || next === 'P') && posix !== null) {
        result += `\\${next}{${posixNames[posix[1] ?? ''] ?? posix[1] ?? ''}}`;
        at += posix[0].length;
      } else if (/[\w^$\\.*+?()[\]{}|/]/.test(next) && next !== '_') result += `\\${next}`;
      else result += next === '-' && inClass ? '\\-' : next;
    } else if (inClass && character === '-' && isLiteralHyphen(source, at)) result += '\\-';
    else {
      if (character === '[' && inClass) result += '\\[';
      else result += character;
      if (character === '[') inClass = true;
      else if (character === ']') inClass = false;
    }
  }
  return result;
}

const posixNames: Readonly<Record<string, string>> = {
  Alpha: 'Alphabetic',
  Alnum: 'ASCII',
  Digit: 'Nd',
  Print: 'Any',
  ASCII: 'ASCII',
};

/** In `[a-z0-9-_]` the second hyphen stands for itself: it follows a finished range, or ends the class. */
function isLiteralHyphen(source: string, at: number): boolean {
  const before = source.slice(0, at);
  const afterRange = /[^\\[]-[^\\[\]]$/.test(before) || /\\[wdsWDS]$/.test(before);
  return afterRange || source[at + 1] === ']' || source[at - 1] === '[' || /^\\[wdsWDS]/.test(source.slice(at + 1));
}

function length(bounds: { readonly min?: number; readonly max?: number }, size: number): string[] {
  const broken: string[] = [];
  if (bounds.max !== undefined && size > bounds.max) {
    broken.push(`Member must have length less than or equal to ${bounds.max}`);
  }
  if (bounds.min !== undefined && size < bounds.min) {
    broken.push(`Member must have length greater than or equal to ${bounds.min}`);
  }
  return broken;
}

function range(simple: Simple, value: number): string[] {
  const broken: string[] = [];
  if (simple.max !== undefined && value > simple.max) {
    broken.push(`Member must have value less than or equal to ${printNumber(simple.max, simple)}`);
  }
  if (simple.min !== undefined && value < simple.min) {
    broken.push(`Member must have value greater than or equal to ${printNumber(simple.min, simple)}`);
  }
  return broken;
}
