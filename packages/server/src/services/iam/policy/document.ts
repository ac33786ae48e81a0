/** A policy cannot be read; the message is what IAM would say. */
export class PolicyError extends Error {}

export interface Patterns {
  /** `NotAction`, `NotResource`, `NotPrincipal`. */
  readonly not: boolean;
  readonly values: readonly string[];
}

export interface Principals {
  readonly not: boolean;
  /** `*` alone. */
  readonly everyone: boolean;
  readonly aws: readonly string[];
  readonly services: readonly string[];
  readonly federated: readonly string[];
}

export interface Condition {
  /** Without qualifier and suffix: `StringEquals`. */
  readonly operator: string;
  readonly qualifier: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Patterns;
  /** Absent in trust policies. */
  readonly resources?: Patterns;
  /** Absent in identity policies. */
  readonly principals?: Principals;
  readonly conditions: readonly Condition[];
  /** As it stands in the document, for those who ask why. */
  readonly source: Readonly<Record<string, unknown>>;
}

export interface PolicyDocument {
  readonly version: string;
  readonly statements: readonly Statement[];
  /** As it was written, where it was read from a text. */
  readonly text?: string;
}

type Json = Readonly<Record<string, unknown>>;

const mostStatements = 1_000;

/** Reads a policy. @throws PolicyError */
export function parsePolicy(text: string): PolicyDocument {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new PolicyError('This policy contains invalid Json');
  }
  return { ...readPolicy(document), text };
}

/** @throws PolicyError */
export function readPolicy(document: unknown): PolicyDocument {
  if (!isObject(document)) throw new PolicyError('Syntax errors in policy.');
  const version = document['Version'] ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17') throw new PolicyError('Syntax errors in policy.');
  const given = document['Statement'];
  const statements = Array.isArray(given) ? given : [given];
  if (given === undefined || statements.length > mostStatements) throw new PolicyError('Syntax errors in policy.');
  return { version, statements: statements.map(readStatement) };
}

function readStatement(source: unknown): Statement {
  if (!isObject(source)) throw new PolicyError('Syntax errors in policy.');
  const effect = source['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new PolicyError('Syntax errors in policy.');
  const actions = patterns(source, 'Action');
  if (actions === undefined) throw new PolicyError('Policy statement must contain actions.');
  const resources = patterns(source, 'Resource');
  const principals = readPrincipals(source);
  const sid = source['Sid'];
  return {
    ...(typeof sid === 'string' ? { sid } : {}),
    effect,
    actions,
    ...(resources === undefined ? {} : { resources }),
    ...(principals === undefined ? {} : { principals }),
    conditions: readConditions(source['Condition']),
    source,
  };
}

function patterns(source: Json, name: string): Patterns | undefined {
  const not = `Not${name}`;
  if (source[name] !== undefined && source[not] !== undefined) throw new PolicyError('Syntax errors in policy.');
  const given = source[name] ?? source[not];
  return given === undefined ? undefined : { not: source[not] !== undefined, values: strings(given) };
}

function readPrincipals(source: Json): Principals | undefined {
  const given = source['Principal'] ?? source['NotPrincipal'];
  if (given === undefined) return undefined;
  const not = source['NotPrincipal'] !== undefined;
  if (given === '*') return { not, everyone: true, aws: [], services: [], federated: [] };
  if (!isObject(given)) throw new PolicyError('Invalid principal in policy.');
  const of = (name: string): readonly string[] => (given[name] === undefined ? [] : strings(given[name]));
  return { not, everyone: false, aws: of('AWS'), services: of('Service'), federated: of('Federated') };
}

const operators = new Set([
  ...['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'].map((name) => `String${name}`),
  ...['Numeric', 'Date'].flatMap((kind) =>
    ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map((name) => kind + name),
  ),
  ...['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike', 'Bool', 'BinaryEquals', 'IpAddress', 'NotIpAddress', 'Null'],
]);

function readConditions(given: unknown): Condition[] {
  if (given === undefined) return [];
  if (!isObject(given)) throw new PolicyError('Syntax errors in policy.');
  return Object.entries(given).flatMap(([name, keys]) => {
    const found = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/i.exec(name);
    const operator = [...operators].find((each) => each.toLowerCase() === found?.[2]?.toLowerCase());
    if (operator === undefined || !isObject(keys)) throw new PolicyError(`Invalid Condition type : ${name}.`);
    const qualifier = found?.[1] === undefined ? undefined : /all/i.test(found[1]) ? 'ForAllValues' : 'ForAnyValue';
    return Object.entries(keys).map(([key, values]): Condition => ({
      operator,
      qualifier,
      ifExists: found?.[3] !== undefined,
      key,
      values: scalars(values),
    }));
  });
}

function strings(given: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!list.every((each) => typeof each === 'string')) throw new PolicyError('Syntax errors in policy.');
  return list;
}

/** Numbers and booleans may stand without quotes. */
function scalars(given: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!list.every((each) => ['string', 'number', 'boolean'].includes(typeof each)))
    throw new PolicyError('Syntax errors in policy.');
  return list.map(String);
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
