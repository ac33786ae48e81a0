import { BlockList, isIP } from 'node:net';
import type { Condition } from './document.ts';
import { arnFits, fits, variableOf } from './pattern.ts';
import type { RequestContext } from './request.ts';

/** Whether one value of the request meets one value of the policy. */
type Compare = (actual: string, wanted: string, context: RequestContext) => boolean;

const string =
  (test: (actual: string, wanted: string) => boolean): Compare =>
  (actual, wanted, context) => {
    const resolved = resolve(wanted, context);
    return resolved !== undefined && test(actual, resolved);
  };

const numeric =
  (test: (actual: number, wanted: number) => boolean): Compare =>
  (actual, wanted) =>
    actual.trim() !== '' && wanted.trim() !== '' && test(Number(actual), Number(wanted));

/** ISO 8601, or seconds since the epoch. */
const momentOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));
const date =
  (test: (actual: number, wanted: number) => boolean): Compare =>
  (actual, wanted) =>
    test(momentOf(actual), momentOf(wanted));

const orders: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThan: (a, b) => a > b,
  GreaterThanEquals: (a, b) => a >= b,
};

const comparisons: Readonly<Record<string, Compare>> = {
  StringEquals: string((actual, wanted) => actual === wanted),
  StringEqualsIgnoreCase: string((actual, wanted) => actual.toLowerCase() === wanted.toLowerCase()),
  StringLike: (actual, wanted, context) => fits(wanted, actual, context, { variables: true }),
  ArnEquals: (actual, wanted, context) => arnFits(wanted, actual, context, { variables: true }),
  ArnLike: (actual, wanted, context) => arnFits(wanted, actual, context, { variables: true }),
  Bool: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  BinaryEquals: (actual, wanted) => actual === wanted,
  IpAddress: inRange,
  ...Object.fromEntries(Object.entries(orders).map(([name, test]) => [`Numeric${name}`, numeric(test)])),
  ...Object.fromEntries(Object.entries(orders).map(([name, test]) => [`Date${name}`, date(test)])),
};

/** Every condition must be met. */
export function conditionsMet(conditions: readonly Condition[], context: RequestContext): boolean {
  return conditions.every((condition) => met(condition, context));
}

function met(condition: Condition, context: RequestContext): boolean {
  const actual = context.get(condition.key);
  if (condition.operator === 'Null')
    return condition.values.some((value) => (value.toLowerCase() === 'true') === (actual === undefined));
  const negated = isNegated(condition.operator);
  const compare = comparisons[positive(condition.operator)];
  if (compare === undefined) return false;
  if (actual === undefined || actual.length === 0) {
    if (condition.qualifier === 'ForAllValues' || condition.ifExists) return true;
    // "Not this" is true of what is not there, unless some value of it is asked for.
    return condition.qualifier === 'ForAnyValue' ? false : negated;
  }
  const meets = (value: string): boolean => condition.values.some((wanted) => compare(value, wanted, context)) !== negated;
  return condition.qualifier === 'ForAllValues' || (negated && condition.qualifier === undefined)
    ? actual.every(meets)
    : actual.some(meets);
}

const isNegated = (operator: string): boolean => /^NotIpAddress$|Not(Equals|Like)/.test(operator);
const positive = (operator: string): string =>
  operator === 'NotIpAddress' ? 'IpAddress' : operator.replace(/Not(?=Equals|Like)/, '');

/** Puts variables in; undefined when one has no value. */
function resolve(text: string, context: RequestContext): string | undefined {
  let missing = false;
  const resolved = text.replaceAll(/\$\{([^}]*)\}/g, (_whole, name: string) => {
    const value = variableOf(name, context);
    missing ||= value === undefined;
    return value ?? '';
  });
  return missing ? undefined : resolved;
}

function inRange(actual: string, wanted: string): boolean {
  const [network = '', length] = wanted.split('/');
  const [family, own] = [isIP(network), isIP(actual)];
  const bits = length === undefined ? (family === 4 ? 32 : 128) : Number(length);
  if (family === 0 || own === 0 || family !== own || !Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128))
    return false;
  const list = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(network, bits, kind);
  return list.check(actual, kind);
}
