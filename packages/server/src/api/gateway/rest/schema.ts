import { patternOf } from '../patterns.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Of schemas in schemas, also by references to themselves. */
const deepest = 64;
/** Schemas that one value may be held against: alternatives of alternatives would have no end. */
const mostChecks = 100_000;

/**
 * What is wrong with a value by a JSON Schema, draft 4, which is what API Gateway's models are written in.
 *
 * @param models  schemas by model name, for references like `https://apigateway.amazonaws.com/restapis/<id>/models/<name>`
 * @returns one line for each fault, none when it is as it should be
 */
export function schemaFaults(schema: unknown, value: unknown, models: Readonly<Record<string, string>>): readonly string[] {
  const faults: string[] = [];
  check(schema, value, { faults, at: '', root: schema, models, depth: 0, left: { checks: mostChecks } });
  return faults;
}

interface Place {
  readonly faults: string[];
  readonly at: string;
  /** What `#/definitions/…` refers to. */
  readonly root: unknown;
  readonly models: Readonly<Record<string, string>>;
  readonly depth: number;
  readonly left: { checks: number };
}

function check(schema: unknown, value: unknown, place: Place): void {
  if (!isSchema(schema)) return;
  place.left.checks -= 1;
  if (place.depth > deepest || place.left.checks < 0) return void place.faults.push('the schema is too deep, or too much');
  const { $ref: reference } = schema;
  if (typeof reference === 'string') {
    const found = referred(reference, place);
    if (found === undefined) return void place.faults.push(`the schema refers to ${reference}, which is not there`);
    return check(found.schema, value, { ...place, root: found.root, depth: place.depth + 1 });
  }
  const fault = (text: string): void => void place.faults.push(place.at === '' ? text : `${place.at}: ${text}`);
  const types = schema['type'] === undefined ? [] : [schema['type']].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) return fault(`must be ${types.map(String).join(' or ')}`);
  const allowed = schema['enum'];
  if (Array.isArray(allowed) && !allowed.some((each) => isSame(each, value))) fault('is none of the allowed values');
  if (typeof value === 'string') ofString(schema, value, fault);
  if (typeof value === 'number') ofNumber(schema, value, fault);
  if (Array.isArray(value)) ofArray(schema, value, place, fault);
  else if (typeof value === 'object' && value !== null) ofObject(schema, value as Schema, place, fault);
  combined(schema, value, place, fault);
}

type Fault = (text: string) => void;

function ofString(schema: Schema, value: string, fault: Fault): void {
  const { minLength, maxLength, pattern } = schema;
  const { length } = [...value];
  if (typeof minLength === 'number' && length < minLength) fault(`must have ${minLength} characters or more`);
  if (typeof maxLength === 'number' && length > maxLength) fault(`must have ${maxLength} characters or fewer`);
  if (typeof pattern === 'string' && patternOf(pattern)?.matcher(value).find() === false) fault(`must match ${pattern}`);
}

function ofNumber(schema: Schema, value: number, fault: Fault): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === 'number' && (exclusiveMinimum === true ? value <= minimum : value < minimum))
    fault(`must be at least ${minimum}`);
  if (typeof maximum === 'number' && (exclusiveMaximum === true ? value >= maximum : value > maximum))
    fault(`must be at most ${maximum}`);
  if (typeof multipleOf === 'number' && multipleOf > 0 && !Number.isInteger(value / multipleOf))
    fault(`must be a multiple of ${multipleOf}`);
}

function ofArray(schema: Schema, value: readonly unknown[], place: Place, fault: Fault): void {
  const { items, additionalItems, minItems, maxItems, uniqueItems } = schema;
  if (typeof minItems === 'number' && value.length < minItems) fault(`must have ${minItems} items or more`);
  if (typeof maxItems === 'number' && value.length > maxItems) fault(`must have ${maxItems} items or fewer`);
  if (uniqueItems === true && new Set(value.map((each) => JSON.stringify(each))).size < value.length)
    fault('must not have an item twice');
  const own = Array.isArray(items) ? (items as readonly unknown[]) : undefined;
  if (own !== undefined && additionalItems === false && value.length > own.length)
    fault(`must have ${own.length} items or fewer`);
  for (const [index, each] of value.entries()) {
    const schemaOf = own === undefined ? items : index < own.length ? own[index] : additionalItems;
    check(schemaOf, each, inside(place, String(index)));
  }
}

function ofObject(schema: Schema, value: Schema, place: Place, fault: Fault): void {
  const { required, minProperties, maxProperties, additionalProperties } = schema;
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const patterns = isSchema(schema['patternProperties']) ? Object.entries(schema['patternProperties']) : [];
  const names = Object.keys(value);
  if (Array.isArray(required))
    for (const name of required)
      if (!Object.hasOwn(value, String(name))) fault(`object has missing required properties (["${String(name)}"])`);
  if (typeof minProperties === 'number' && names.length < minProperties) fault(`must have ${minProperties} properties or more`);
  if (typeof maxProperties === 'number' && names.length > maxProperties) fault(`must have ${maxProperties} properties or fewer`);
  for (const name of names) {
    const within = inside(place, name);
    const known = Object.hasOwn(properties, name);
    if (known) check(properties[name], value[name], within);
    const fitting = patterns.filter(([pattern]) => patternOf(pattern)?.matcher(name).find() === true);
    for (const [, each] of fitting) check(each, value[name], within);
    if (known || fitting.length > 0) continue;
    if (additionalProperties === false) fault(`object instance has properties which are not allowed by the schema: ["${name}"]`);
    else check(additionalProperties, value[name], within);
  }
}

function combined(schema: Schema, value: unknown, place: Place, fault: Fault): void {
  const { allOf, anyOf, oneOf, not } = schema;
  const fits = (each: unknown): boolean => {
    const faults: string[] = [];
    check(each, value, { ...place, faults, depth: place.depth + 1 });
    return faults.length === 0;
  };
  if (Array.isArray(allOf)) for (const each of allOf) check(each, value, { ...place, depth: place.depth + 1 });
  if (Array.isArray(anyOf) && !anyOf.some(fits)) fault('fits none of the schemas');
  if (Array.isArray(oneOf) && oneOf.filter(fits).length !== 1) fault('fits none, or more than one, of the schemas');
  if (isSchema(not) && fits(not)) fault('fits a schema that it must not fit');
}

function referred(reference: string, { root, models }: Place): { readonly schema: unknown; readonly root: unknown } | undefined {
  const [, model] = /\/models\/([A-Za-z0-9]+)$/.exec(reference) ?? [];
  if (model !== undefined && Object.hasOwn(models, model)) {
    try {
      const schema: unknown = JSON.parse(models[model] ?? '');
      return { schema, root: schema };
    } catch {
      return undefined;
    }
  }
  if (!reference.startsWith('#')) return undefined;
  let here = root;
  for (const step of reference.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Schema)[name];
  }
  return { schema: here, root };
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);
const inside = (place: Place, step: string): Place => ({ ...place, at: `${place.at}/${step}`, depth: place.depth + 1 });

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isSchema(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
    return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame((a as Schema)[name], (b as Schema)[name]))
  );
}
