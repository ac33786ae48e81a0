import { parseJsonPath, select } from '../../kit/json-path.ts';
import { invalidValue } from '../faults.ts';

/** What one log event adds to a report. */
export interface Contribution {
  readonly keys: readonly string[];
  readonly value: number;
}

export interface Definition {
  readonly schema: string;
  /** Names of log groups; a star at the end stands for the rest. */
  readonly groups: readonly string[];
  readonly keys: readonly string[];
  readonly aggregateOn: 'Count' | 'Sum';
  /** Undefined for an event that a filter leaves out, or that lacks a key. */
  contributionOf(message: string): Contribution | undefined;
}

/** A field of an event. */
type Field = (name: string) => unknown;
type Filter = (field: Field) => boolean;

const mostKeys = 4;
const mostFilters = 4;
const schemas = ['CloudWatchLogRule/1'];

const wrong = (what: string): Error => invalidValue(`The rule definition is not valid: ${what}`);

/**
 * Reads the definition of a Contributor Insights rule.
 *
 * @throws InvalidParameterValue
 * @source CloudWatch User Guide, "Contributor Insights rule syntax in CloudWatch", read 2026-11
 */
export function readDefinition(text: string): Definition {
  const source = recordOf(parsed(text), 'it must be a JSON object');
  const { Name, Version } = recordOf(source['Schema'], 'Schema must be an object');
  const schema = `${String(Name)}/${String(Version)}`;
  if (!schemas.includes(schema)) throw wrong(`the schema ${schema} is not supported`);
  const contribution = recordOf(source['Contribution'], 'Contribution must be an object');
  const keys = textsOf(contribution['Keys'], 'Contribution.Keys');
  if (keys.length === 0 || keys.length > mostKeys) throw wrong(`Contribution.Keys must have 1 to ${mostKeys} items`);
  const aggregateOn = source['AggregateOn'] ?? 'Count';
  if (aggregateOn !== 'Count' && aggregateOn !== 'Sum') throw wrong('AggregateOn must be Count or Sum');
  const valueOf = contribution['ValueOf'];
  if (aggregateOn === 'Sum' && typeof valueOf !== 'string') throw wrong('Contribution.ValueOf is needed for a Sum');
  const filters = listOf(contribution['Filters'] ?? [], 'Contribution.Filters').map(filterOf);
  if (filters.length > mostFilters) throw wrong(`Contribution.Filters must have at most ${mostFilters} items`);
  const fields = fieldsOf(source);
  return {
    schema,
    groups: groupsOf(source),
    keys,
    aggregateOn,
    contributionOf(message) {
      const field = fields(message);
      if (field === undefined || !filters.every((fits) => fits(field))) return undefined;
      const found = keys.map(field);
      if (found.some((each) => each === undefined || each === null)) return undefined;
      const value = aggregateOn === 'Sum' ? Number(field(valueOf as string)) : 1;
      return Number.isFinite(value) ? { keys: found.map(printed), value } : undefined;
    },
  };
}

function groupsOf(source: Readonly<Record<string, unknown>>): readonly string[] {
  const names = textsOf(source['LogGroupNames'] ?? [], 'LogGroupNames');
  const arns = textsOf(source['LogGroupARNs'] ?? [], 'LogGroupARNs');
  const groups = [...names, ...arns.map((arn) => /:log-group:([^:]+)/.exec(arn)?.[1] ?? arn)];
  if (groups.length === 0) throw wrong('LogGroupNames must name at least one log group');
  return groups;
}

/** How a message is taken apart: JSON by paths, the common log format by places that may have names. */
function fieldsOf(source: Readonly<Record<string, unknown>>): (message: string) => Field | undefined {
  if (source['LogFormat'] === 'JSON') {
    return (message) => {
      try {
        const document: unknown = JSON.parse(message);
        return (name) => select(document, parseJsonPath(name) ?? []);
      } catch {
        return undefined;
      }
    };
  }
  if (source['LogFormat'] !== 'CLF') throw wrong('LogFormat must be JSON or CLF');
  const places = new Map<string, number>();
  for (const [place, name] of Object.entries(recordOf(source['Fields'] ?? {}, 'Fields must be an object')))
    places.set(String(name), Number(place));
  return (message) => {
    const columns = [...message.matchAll(/"([^"]*)"|\[([^\]]*)\]|(\S+)/g)].map(
      ([, quoted, bracketed, bare]) => quoted ?? bracketed ?? bare,
    );
    return (name) => columns[(places.get(name) ?? Number(name)) - 1];
  };
}

/** `{ "Match": "$.status", "GreaterThan": 499 }` */
function filterOf(source: unknown): Filter {
  const { Match, ...tests } = recordOf(source, 'each of Contribution.Filters must be an object');
  if (typeof Match !== 'string') throw wrong('Match of a filter must be a text');
  const [test, ...more] = Object.entries(tests);
  if (test === undefined || more.length > 0) throw wrong('a filter must have one comparison');
  const [name, operand] = test;
  const holds = comparison(name, operand);
  return (field) => holds(field(Match));
}

function comparison(name: string, operand: unknown): (value: unknown) => boolean {
  const texts = (): readonly string[] =>
    textsOf(Array.isArray(operand) ? (operand as unknown[]).map(printed) : [printed(operand)], name);
  switch (name) {
    case 'In': {
      const wanted = new Set(texts());
      return (value) => value !== undefined && wanted.has(printed(value));
    }
    case 'NotIn': {
      const unwanted = new Set(texts());
      return (value) => value === undefined || !unwanted.has(printed(value));
    }
    case 'StartsWith': {
      const starts = texts();
      return (value) => value !== undefined && starts.some((start) => printed(value).startsWith(start));
    }
    case 'EqualTo':
      return (value) => Number(value) === Number(operand);
    case 'NotEqualTo':
      return (value) => Number(value) !== Number(operand);
    case 'GreaterThan':
      return (value) => Number(value) > Number(operand);
    case 'LessThan':
      return (value) => Number(value) < Number(operand);
    case 'IsPresent':
      return (value) => (value !== undefined) === operand;
    default:
      throw wrong(`the comparison ${name} is not supported`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('it must be a JSON object');
  }
}

function recordOf(value: unknown, otherwise: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(otherwise);
  return value as Record<string, unknown>;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(`${name} must be a list`);
  return value;
}

function textsOf(value: unknown, name: string): readonly string[] {
  const list = listOf(value, name);
  if (!list.every((each) => typeof each === 'string')) throw wrong(`${name} must be a list of texts`);
  return list;
}

const printed = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
