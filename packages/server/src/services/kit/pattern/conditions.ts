import { BlockList, isIP } from 'node:net';
import { at, PatternError } from './error.ts';
import { wildcard } from './wildcard.ts';

/** A value of the event that is neither an object nor an array. */
export type Leaf = string | number | boolean | null;

/** One item of a pattern's array. */
export type Condition =
  | { readonly kind: 'value'; readonly matches: (leaf: Leaf) => boolean }
  /** Asks for the field itself rather than for what is in it. */
  | { readonly kind: 'exists'; readonly wanted: boolean };

const value = (matches: (leaf: Leaf) => boolean): Condition => ({ kind: 'value', matches });
const ofText = (matches: (text: string) => boolean) => (leaf: Leaf) => typeof leaf === 'string' && matches(leaf);

/** @throws PatternError */
export function conditionOf(item: unknown): Condition {
  if (item === null || typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
    return value((leaf) => leaf === item);
  }
  if (typeof item !== 'object' || Array.isArray(item))
    throw new PatternError('Match value must be String, number, true, false, or null');
  const [name, argument] = onlyEntry(item);
  return at(name, () => operatorOf(name, argument));
}

function operatorOf(name: string, argument: unknown): Condition {
  if (name === 'exists') {
    if (typeof argument !== 'boolean') throw new PatternError('exists match pattern must be either true or false.');
    return { kind: 'exists', wanted: argument };
  }
  if (name === 'anything-but') return value(anythingBut(argument));
  if (name === 'numeric') return value(numeric(argument));
  if (name === 'cidr') return value(cidr(argument));
  const test = textTest(name, argument);
  if (test === undefined) throw new PatternError(`Unrecognized match type ${name}`);
  return value(ofText(test));
}

function onlyEntry(item: object): readonly [string, unknown] {
  const entries = Object.entries(item);
  const [first] = entries;
  if (first === undefined) throw new PatternError('Empty objects are not allowed');
  const [second] = entries.slice(1);
  if (second !== undefined) {
    return at(second[0], () => {
      throw new PatternError('Only one key allowed in match expression');
    });
  }
  return first as [string, unknown];
}

/** Tests of texts by name; undefined when there is none of this name. */
function textTest(name: string, argument: unknown): ((text: string) => boolean) | undefined {
  const text = (): string => {
    if (typeof argument !== 'string') throw new PatternError(`${name} match pattern must be a string`);
    return argument;
  };
  switch (name) {
    case 'prefix':
    case 'suffix': {
      const fits =
        name === 'prefix'
          ? (whole: string, part: string) => whole.startsWith(part)
          : (whole: string, part: string) => whole.endsWith(part);
      if (typeof argument === 'object' && argument !== null && !Array.isArray(argument)) {
        const [inner, part] = onlyEntry(argument);
        if (inner !== 'equals-ignore-case') throw new PatternError(`Unsupported ${name} pattern: ${inner}`);
        if (typeof part !== 'string') throw new PatternError(`equals-ignore-case match pattern must be a string`);
        return (each) => fits(each.toLowerCase(), part.toLowerCase());
      }
      const part = text();
      return (each) => fits(each, part);
    }
    case 'equals-ignore-case': {
      const folded = text().toLowerCase();
      return (each) => each.toLowerCase() === folded;
    }
    case 'wildcard':
      return wildcard(text());
    default:
      return undefined;
  }
}

/** Anything but values, or but what a test of texts takes. A field that is not there is not anything. */
function anythingBut(argument: unknown): (leaf: Leaf) => boolean {
  if (typeof argument === 'object' && argument !== null && !Array.isArray(argument)) {
    const [name, given] = onlyEntry(argument);
    return at(name, () => anythingButTexts(name, given));
  }
  if (!Array.isArray(argument)) {
    if (typeof argument !== 'string' && typeof argument !== 'number') {
      throw new PatternError('Value of anything-but must be an array or single string/number value.');
    }
    return (leaf) => leaf !== argument;
  }
  const list = argument as unknown[];
  if (list.length === 0) throw new PatternError('Empty arrays are not allowed', { seen: 'whole' });
  for (const [index, each] of list.entries()) {
    if (typeof each === 'string' || typeof each === 'number') continue;
    at(index, () => {
      throw new PatternError('Inside anything-but list, start|null|boolean is not supported.', { twice: true });
    });
  }
  if (list.some((each) => typeof each !== typeof list[0])) {
    throw new PatternError('Inside anything-but list, either all values are number or string, mixed type is not supported', {
      seen: 'whole',
    });
  }
  const values = new Set(list);
  return (leaf) => !values.has(leaf);
}

/** Anything but what one of some tests takes. */
function anythingButTexts(name: string, given: unknown): (leaf: Leaf) => boolean {
  const isList = Array.isArray(given);
  const parts = isList ? (given as unknown[]) : [given];
  if (parts.length === 0) throw new PatternError('Empty arrays are not allowed', { seen: 'whole' });
  const affix = name === 'prefix' || name === 'suffix';
  const test = (part: unknown): ((text: string) => boolean) => {
    if (affix && part === '') throw new PatternError('Null prefix/suffix not allowed', { seen: 'whole', twice: isList });
    if (typeof part !== 'string' && (affix || name === 'wildcard' || name === 'equals-ignore-case'))
      throw new PatternError(wrongPart(name, isList), { twice: isList });
    const found = textTest(name, part);
    if (found === undefined) throw new PatternError(`Unsupported anything-but pattern: ${name}`);
    return found;
  };
  const tests = isList ? parts.map((part, index) => at(index, () => test(part))) : parts.map(test);
  return (leaf) => typeof leaf !== 'string' || !tests.some((each) => each(leaf));
}

function wrongPart(name: string, isList: boolean): string {
  if (name === 'wildcard') return 'wildcard match pattern must be a string';
  if (name !== 'equals-ignore-case') return 'prefix/suffix match pattern must be a string';
  return isList
    ? 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.'
    : 'equals-ignore-case match pattern must be a string';
}

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (each, bound) => each === bound,
  '<': (each, bound) => each < bound,
  '<=': (each, bound) => each <= bound,
  '>': (each, bound) => each > bound,
  '>=': (each, bound) => each >= bound,
};

/** `["=", 5]`, one bound, or a lower bound with an upper one. It is read item by item, and stops at the first that is wrong. */
function numeric(argument: unknown): (leaf: Leaf) => boolean {
  if (!Array.isArray(argument)) throw new PatternError('Value of numeric must be an array.');
  const items = argument as readonly unknown[];
  const fail = (index: number, message: string): never =>
    index < items.length
      ? at(index, () => {
          throw new PatternError(message);
        })
      : raise(new PatternError(message, { seen: 'whole' }));
  const boundAt = (index: number, operator: string): number => {
    const bound = items[index];
    return typeof bound === 'number' ? bound : fail(index, `Value of ${operator === '=' ? 'equals' : operator} must be numeric`);
  };
  const [first, , second] = items;
  if (typeof first !== 'string') return fail(0, `Invalid member in numeric match: ${items.length === 0 ? ']' : String(first)}`);
  const compare = Object.hasOwn(comparisons, first) ? comparisons[first] : undefined;
  if (compare === undefined) return fail(0, `Unrecognized numeric range operator: ${first}`);
  const bound = boundAt(1, first);
  if (items.length === 2) return (leaf) => typeof leaf === 'number' && compare(leaf, bound);
  if (!first.startsWith('>')) return fail(2, 'Too many elements in numeric expression');
  if (typeof second !== 'string') return fail(2, `Bad value in numeric range: ${String(second)}`);
  const compareTop = second.startsWith('<') ? comparisons[second] : undefined;
  if (compareTop === undefined) return fail(2, `Bad numeric range operator: ${second}`);
  const top = boundAt(3, second);
  if (bound >= top) return fail(3, 'Bottom must be less than top');
  if (items.length > 4) return fail(4, 'Too many terms in numeric range expression');
  return (leaf) => typeof leaf === 'number' && compare(leaf, bound) && compareTop(leaf, top);
}

function raise(error: Error): never {
  throw error;
}

function cidr(argument: unknown): (leaf: Leaf) => boolean {
  if (typeof argument !== 'string') throw new PatternError('prefix match pattern must be a string');
  const [address = '', bits, ...more] = argument.split('/');
  if (bits === undefined || more.length > 0) throw new PatternError("Malformed CIDR, one '/' required", { nowhere: true });
  if (!/^\d{1,3}$/.test(bits)) throw new PatternError('Malformed CIDR, mask bits must be an integer', { nowhere: true });
  const family = isIP(address);
  if (family === 0) throw new PatternError('Nonstandard IP address: ' + address.slice(0, 100), { nowhere: true });
  const most = family === 4 ? 32 : 128;
  if (Number(bits) > most)
    throw new PatternError('IP Address mask bits must not be greater than ' + String(most), { nowhere: true });
  const net = new BlockList();
  net.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return ofText((text) => isIP(text) === family && net.check(text, family === 4 ? 'ipv4' : 'ipv6'));
}
