import { invalid } from '../faults.ts';

/** @throws InvalidParameterValueException. @source spec 6.9-13 */
export function checkPattern(pattern: string | undefined): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(pattern ?? '');
  } catch {
    throw wrong();
  }
  if (!isObject(parsed)) throw wrong();
  checkNode(parsed, 0);
  return pattern ?? '';
}

const wrong = (): Error => invalid('Invalid filter pattern definition.');

/** Deeper than any event. */
const deepest = 100;

/** Objects lead to objects or to lists of what a field may be. @source spec 6.9-01 to 6.9-09 */
function checkNode(node: Record<string, unknown>, depth: number): void {
  if (depth > deepest) throw wrong();
  for (const [name, value] of Object.entries(node)) {
    if (name === '$or') checkAlternatives(value, depth);
    else if (Array.isArray(value)) checkLeaf(value);
    else if (isObject(value) && Object.keys(value).length > 0) checkNode(value, depth + 1);
    else throw wrong();
  }
}

function checkAlternatives(value: unknown, depth: number): void {
  if (!Array.isArray(value) || value.length < 2) throw wrong();
  for (const alternative of value) {
    if (!isObject(alternative)) throw wrong();
    checkNode(alternative, depth + 1);
  }
}

const operators = new Set(['prefix', 'suffix', 'anything-but', 'numeric', 'exists', 'equals-ignore-case', 'cidr', 'wildcard']);

function checkLeaf(allowed: readonly unknown[]): void {
  if (allowed.length === 0) throw wrong();
  for (const one of allowed) {
    if (one === null || ['string', 'number', 'boolean'].includes(typeof one)) continue;
    if (!isObject(one)) throw wrong();
    const [operator, ...rest] = Object.keys(one);
    if (rest.length > 0 || operator === undefined || !operators.has(operator)) throw wrong();
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
