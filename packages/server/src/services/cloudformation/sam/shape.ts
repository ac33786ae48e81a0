import { InvalidResource } from './faults.ts';
import { isMap, type Fields } from './values.ts';

const kinds = {
  text: (value: unknown) => typeof value === 'string',
  number: (value: unknown) => typeof value === 'number',
  flag: (value: unknown) => typeof value === 'boolean',
  list: (value: unknown) => Array.isArray(value),
  texts: (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === 'string' || isMap(each)),
  map: isMap,
};
type Kind = keyof typeof kinds;

interface Words {
  /** Handed on to CloudFormation, which knows better what they may be. */
  readonly any?: string;
  readonly text?: string;
  readonly map?: string;
  /** Of these kinds, or intrinsic. */
  readonly typed?: Readonly<Partial<Record<Kind | `${Kind} or ${Kind}`, string>>>;
  /** Of these kinds, and not intrinsic: SAM itself must know the value. */
  readonly known?: Readonly<Partial<Record<Kind | `${Kind} or ${Kind}`, string>>>;
  readonly required?: string;
}

type Check = (name: string, value: unknown) => string | undefined;

/** The properties that a type of resource or event has. */
export interface Shape {
  readonly checks: ReadonlyMap<string, Check>;
  readonly required: readonly string[];
}

const words = (text = ''): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

/** Names apart by blanks, under the kind of value that they want. */
export function shapeOf(...tables: readonly Words[]): Shape {
  const checks = new Map<string, Check>();
  const add = (names: string | undefined, check: Check): void => words(names).forEach((name) => checks.set(name, check));
  for (const { any, text, map, typed = {}, known = {} } of tables) {
    add(any, () => undefined);
    add(text, (name, value) => (kinds.text(value) || isMap(value) ? undefined : `Property '${name}' should be a string.`));
    add(map, (name, value) => (isMap(value) ? undefined : `Property '${name}' should be a map.`));
    for (const [table, isFree] of [
      [typed, true],
      [known, false],
    ] as const) {
      for (const [names, each] of Object.entries(table)) {
        const allowed = names.split(' or ') as Kind[];
        add(each, (name, value) =>
          allowed.some((kind) => kinds[kind](value)) || (isFree && isMap(value))
            ? undefined
            : `Type of property '${name}' is invalid.`,
        );
      }
    }
  }
  return { checks, required: tables.flatMap(({ required }) => words(required)) };
}

/**
 * Properties as their shape allows them; what is null was not given.
 *
 * @param type  how the message calls what has the properties
 * @throws InvalidResource
 */
export function readProperties(shape: Shape, logicalId: string, type: string, properties: unknown): Fields {
  if (properties !== undefined && properties !== null && !isMap(properties))
    throw new InvalidResource(logicalId, 'Properties of a resource must be an object.');
  const found = Object.entries(properties ?? {}).filter(([, value]) => value !== null);
  for (const [name, value] of found) {
    const check = shape.checks.get(name);
    if (check === undefined) throw new InvalidResource(logicalId, `property ${name} not defined for resource of type ${type}`);
    const wrong = check(name, value);
    if (wrong !== undefined) throw new InvalidResource(logicalId, wrong);
  }
  const read = Object.fromEntries(found);
  for (const name of shape.required)
    if (read[name] === undefined) throw new InvalidResource(logicalId, `Missing required property '${name}'.`);
  return read;
}
