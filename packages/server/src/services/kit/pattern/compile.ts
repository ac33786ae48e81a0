import { conditionOf, type Condition, type Leaf } from './conditions.ts';
import { PatternError } from './error.ts';

/** A compiled pattern of EventBridge rules, SNS filter policies or event source mappings. */
export interface Pattern {
  matches(event: unknown): boolean;
}

type Test = (event: unknown) => boolean;

/** No real pattern comes near; deeper or larger ones are meant to hurt. */
const deepest = 64;
const mostConditions = 10_000;

/** @throws PatternError, also for text that is not JSON */
export function parsePattern(text: string, options?: { readonly allowEmpty?: boolean }): Pattern {
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch (error) {
    throw new PatternError(`failed to parse JSON. ${(error as Error).message}`);
  }
  return compilePattern(source, options);
}

/**
 * Compiles a pattern once, for many events. Fields of an object must all match, the items of an array are
 * alternatives, and a field of the event that is an array matches when one of its items does; the fields of
 * a nested pattern are then looked for in the same item.
 *
 * @throws PatternError
 * @source spec 6.9; Amazon EventBridge User Guide, "Comparison operators", read 2026-11
 */
export function compilePattern(source: unknown, options: { readonly allowEmpty?: boolean } = {}): Pattern {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) throw new PatternError('Filter is not an object');
  if (Object.keys(source).length === 0 && options.allowEmpty !== true) throw new PatternError('Empty objects are not allowed');
  return { matches: objectTest(source, { left: mostConditions }, 0) };
}

interface Budget {
  left: number;
}

function objectTest(source: object, budget: Budget, depth: number): Test {
  if (depth > deepest) throw new PatternError(`The pattern is nested more than ${deepest} levels deep`);
  const tests: Test[] = [];
  for (const [name, each] of Object.entries(source) as [string, unknown][]) {
    if (name === '$or' && isOr(each)) tests.push(orTest(each, budget, depth));
    else tests.push(fieldTest(name, each, budget, depth));
  }
  return (event) => tests.every((test) => test(event));
}

/** `$or` is the operator only over two or more objects; otherwise it is a field of that name. */
const isOr = (value: unknown): value is object[] =>
  Array.isArray(value) && value.length > 1 && value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each));

function orTest(alternatives: readonly object[], budget: Budget, depth: number): Test {
  const tests = alternatives.map((each) => {
    if (Object.keys(each).length === 0) throw new PatternError('Empty objects are not allowed');
    return objectTest(each, budget, depth + 1);
  });
  return (event) => tests.some((test) => test(event));
}

function fieldTest(name: string, source: unknown, budget: Budget, depth: number): Test {
  if (typeof source !== 'object' || source === null) throw new PatternError(`"${name}" must be an object or an array`);
  if (Array.isArray(source)) {
    if (source.length === 0) throw new PatternError('Empty arrays are not allowed');
    if ((budget.left -= source.length) < 0) throw new PatternError('The pattern has too many conditions');
    const conditions = (source as unknown[]).map(conditionOf);
    return (event) => anyHolds(conditions, fieldOf(event, name));
  }
  if (Object.keys(source).length === 0) throw new PatternError('Empty objects are not allowed');
  const test = objectTest(source, budget, depth + 1);
  return (event) => {
    const field = fieldOf(event, name);
    if (!Array.isArray(field)) return test(field);
    return field.length === 0 ? test(undefined) : flat(field).some((item) => test(item));
  };
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
