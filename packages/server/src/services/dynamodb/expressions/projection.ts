import { invalid } from '../faults.ts';
import { member, setMember, type Item, type Value } from '../value.ts';
import { printPath, type Path } from './ast.ts';
import type { Placeholders } from './placeholders.ts';
import { Reader } from './reader.ts';

/** Which parts of an item are wanted. Elements of lists keep their order, not their places. */
export type Projection = readonly Path[];

export function parseProjection(text: string, placeholders: Placeholders): Projection {
  const reader = new Reader('ProjectionExpression', text, placeholders);
  const paths = [reader.path()];
  while (reader.skip(',')) paths.push(reader.path());
  reader.done();
  checkOverlap(reader.name, paths);
  return paths;
}

/** @throws ValidationException when one path leads through another, or both a list and a map would have to be there */
export function checkOverlap(name: string, paths: readonly Path[]): void {
  for (const [index, one] of paths.entries()) {
    for (const two of paths.slice(index + 1)) {
      const shared = sharedLength(one, two);
      const names = `path one: ${printPath(one)}, path two: ${printPath(two)}`;
      if (shared === Math.min(one.length, two.length)) {
        throw invalid(
          `Invalid ${name}: Two document paths overlap with each other; must remove or rewrite one of these paths; ${names}`,
        );
      }
      if (typeof one[shared] !== typeof two[shared]) {
        throw invalid(
          `Invalid ${name}: Two document paths conflict with each other; must remove or rewrite one of these paths; ${names}`,
        );
      }
    }
  }
}

function sharedLength(one: Path, two: Path): number {
  let length = 0;
  while (length < one.length && length < two.length && one[length] === two[length]) length += 1;
  return length;
}

interface Node {
  whole: boolean;
  readonly below: Map<string | number, Node>;
}

export function project(item: Item, projection: Projection): Item {
  const root: Node = { whole: false, below: new Map() };
  for (const path of projection) {
    let node = root;
    for (const step of path) {
      let next = node.below.get(step);
      if (next === undefined) node.below.set(step, (next = { whole: false, below: new Map() }));
      node = next;
    }
    node.whole = true;
  }
  return pickMap(item, root);
}

function pickMap(item: Item, node: Node): Item {
  const picked: Record<string, Value> = {};
  for (const [step, below] of node.below) {
    const value = typeof step === 'string' ? member(item, step) : undefined;
    const part = value === undefined ? undefined : pick(value, below);
    if (part !== undefined && typeof step === 'string') setMember(picked, step, part);
  }
  return picked;
}

function pick(value: Value, node: Node): Value | undefined {
  if (node.whole) return value;
  if ('M' in value) {
    const inner = pickMap(value.M, node);
    return Object.keys(inner).length === 0 ? undefined : { M: inner };
  }
  if (!('L' in value)) return undefined;
  const steps = [...node.below].filter(([step]) => typeof step === 'number').sort(([a], [b]) => Number(a) - Number(b));
  const list = steps.flatMap(([step, below]) => {
    const element = value.L[Number(step)];
    const part = element === undefined ? undefined : pick(element, below);
    return part === undefined ? [] : [part];
  });
  return list.length === 0 ? undefined : { L: list };
}
