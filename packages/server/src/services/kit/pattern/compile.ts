import { conditionOf, type Condition, type Leaf } from './conditions.ts';
import { at, PatternError } from './error.ts';
import { locate } from './locate.ts';
import { jsonError } from './json-error.ts';
import { reachOf } from './wildcard-reach.ts';

/** A compiled pattern of EventBridge rules, SNS filter policies or event source mappings. */
export interface Pattern {
  matches(event: unknown): boolean;
}

type Test = (event: unknown) => boolean;

/** No real pattern comes near; deeper or larger ones are meant to hurt. */
const deepest = 64;
const mostConditions = 10_000;

export interface PatternOptions {
  readonly allowEmpty?: boolean;
  /** How many prefixes of a field's wildcards one text may match at once; no limit when absent. */
  readonly wildcardReach?: number;
}

/** @throws PatternError, also for text that is not JSON */
export function parsePattern(text: string, options?: PatternOptions): Pattern {
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch (error) {
    throw jsonError(text, error as Error);
  }
  try {
    return compilePattern(source, options);
  } catch (error) {
    if (error instanceof PatternError && error.path !== undefined) error.place = locate(text, error.path, error.seen);
    throw error;
  }
}

/**
 * Compiles a pattern once, for many events. Fields of an object must all match, the items of an array are
 * alternatives, and a field of the event that is an array matches when one of its items does; the fields of
 * a nested pattern are then looked for in the same item.
 *
 * @throws PatternError
 * @source spec 6.9; Amazon EventBridge User Guide, "Comparison operators", read 2026-11
 */
export function compilePattern(source: unknown, options: PatternOptions = {}): Pattern {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) throw new PatternError('Filter is not an object');
  if (Object.keys(source).length === 0 && options.allowEmpty !== true) throw new PatternError('Empty objects are not allowed');
  return { matches: objectTest(source, { left: mostConditions, wildcardReach: options.wildcardReach ?? Infinity }, 0) };
}

interface Budget {
  left: number;
  readonly wildcardReach: number;
}

function objectTest(source: object, budget: Budget, depth: number): Test {
  if (depth > deepest) throw new PatternError(`The pattern is nested more than ${deepest} levels deep`);
  const tests: Test[] = [];
  for (const [name, each] of Object.entries(source) as [string, unknown][]) {
    tests.push(
      at(name, () => (name === '$or' && isOr(each) ? orTest(each, budget, depth) : fieldTest(name, each, budget, depth))),
    );
  }
  return (event) => tests.every((test) => test(event));
}

/** `$or` is the operator only over two or more objects; otherwise it is a field of that name. */
const isOr = (value: unknown): value is object[] =>
  Array.isArray(value) &&
  value.length > 1 &&
  value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each));

function orTest(alternatives: readonly object[], budget: Budget, depth: number): Test {
  const tests = alternatives.map((each, index) =>
    at(index, () => {
      if (Object.keys(each).length === 0) throw new PatternError('Empty objects are not allowed');
      return objectTest(each, budget, depth + 1);
    }),
  );
  return (event) => tests.some((test) => test(event));
}

function fieldTest(name: string, source: unknown, budget: Budget, depth: number): Test {
  if (typeof source !== 'object' || source === null) throw new PatternError(`"${name}" must be an object or an array`);
  const dot = name.indexOf('.');
  if (dot > 0 && dot < name.length - 1) {
    if (depth > deepest) throw new PatternError(`The pattern is nested more than ${deepest} levels deep`);
    return within(name.slice(0, dot), fieldTest(name.slice(dot + 1), source, budget, depth + 1));
  }
  if (Array.isArray(source)) {
    if (source.length === 0) throw new PatternError('Empty arrays are not allowed', { seen: 'whole' });
    if ((budget.left -= source.length) < 0) throw new PatternError('The pattern has too many conditions');
    const conditions = (source as unknown[]).map((each, index) => at(index, () => conditionOf(each)));
    if (budget.wildcardReach < Infinity) checkReach(source, budget.wildcardReach);
    return (event) => anyHolds(conditions, fieldOf(event, name));
  }
  if (Object.keys(source).length === 0) throw new PatternError('Empty objects are not allowed');
  return within(name, objectTest(source, budget, depth + 1));
}

function checkReach(items: readonly unknown[], most: number): void {
  const wildcards = items.flatMap((item) => {
    const { wildcard, 'anything-but': but } = (item ?? {}) as {
      wildcard?: string;
      'anything-but'?: { wildcard?: string | string[] };
    };
    return [wildcard, but?.wildcard].flat().filter((each) => each !== undefined);
  });
  if (wildcards.length === 0 || reachOf(wildcards) <= most) return;
  throw new PatternError(
    'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
    { nowhere: true },
  );
}

/** A test of what is in a field. */
const within = (name: string, test: Test): Test => {
  const prefix = `${name}.`;
  return (event) => {
    const field = joined(event, name, prefix);
    if (!Array.isArray(field)) return test(field);
    return field.length === 0 ? test(undefined) : flat(field).some((item) => test(item));
  };
};

/** A field's value; of events and patterns alike, `{"a.b": 1}` is `{"a": {"b": 1}}`. */
function joined(event: unknown, name: string, prefix: string): unknown {
  const direct = fieldOf(event, name);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return direct;
  let dotted: Record<string, unknown> | undefined;
  for (const key in event) {
    if (key.startsWith(prefix) && Object.hasOwn(event, key))
      (dotted ??= {})[key.slice(prefix.length)] = (event as Record<string, unknown>)[key];
  }
  if (dotted === undefined) return direct;
  return typeof direct === 'object' && direct !== null && !Array.isArray(direct) ? { ...direct, ...dotted } : dotted;
}

const fieldOf = (event: unknown, name: string): unknown =>
  typeof event === 'object' && event !== null && !Array.isArray(event) && Object.hasOwn(event, name)
    ? (event as Record<string, unknown>)[name]
    : undefined;

/** Arrays in arrays count as one. */
const flat = (items: readonly unknown[]): unknown[] => (items as unknown[][]).flat(deepest);

const isLeaf = (value: unknown): value is Leaf => value !== undefined && (typeof value !== 'object' || value === null);

function anyHolds(conditions: readonly Condition[], field: unknown): boolean {
  const leaves = (Array.isArray(field) ? flat(field) : [field]).filter(isLeaf);
  return conditions.some((condition) =>
    condition.kind === 'exists' ? leaves.length > 0 === condition.wanted : leaves.some((leaf) => condition.matches(leaf)),
  );
}
