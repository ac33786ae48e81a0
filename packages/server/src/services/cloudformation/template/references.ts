import { functionOf, isMap, type TemplateResource } from './template.ts';

/** Something that a value names: a parameter or resource, an attribute, a condition. */
export interface Reference {
  readonly kind: 'ref' | 'attribute' | 'condition';
  readonly name: string;
  readonly attribute?: string;
}

export const subVariables = /\$\{(!?)([^}]*)\}/g;

/** Everything that a value refers to. What stands in branches that no condition takes counts, as it does for CloudFormation. */
export function* referencesIn(value: unknown): Iterable<Reference> {
  if (Array.isArray(value)) {
    for (const item of value) yield* referencesIn(item);
    return;
  }
  if (!isMap(value)) return;
  const call = functionOf(value);
  if (call === undefined) {
    for (const item of Object.values(value)) yield* referencesIn(item);
    return;
  }
  const { name, argument } = call;
  if (name === 'Ref' && typeof argument === 'string') yield { kind: 'ref', name: argument };
  else if (name === 'Condition' && typeof argument === 'string') yield { kind: 'condition', name: argument };
  else if (name === 'Fn::GetAtt') {
    const [resource, attribute] = attributePath(argument);
    if (resource !== undefined) yield { kind: 'attribute', name: resource, ...(attribute === undefined ? {} : { attribute }) };
    if (Array.isArray(argument)) yield* referencesIn(argument.slice(1));
  } else if (name === 'Fn::If' && Array.isArray(argument)) {
    if (typeof argument[0] === 'string') yield { kind: 'condition', name: argument[0] };
    yield* referencesIn(argument.slice(1));
  } else if (name === 'Fn::Sub') yield* subReferences(argument);
  else yield* referencesIn(argument);
}

function* subReferences(argument: unknown): Iterable<Reference> {
  const [text, variables] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
  yield* referencesIn(variables);
  if (typeof text !== 'string') return;
  for (const [, literal, inside = ''] of text.matchAll(subVariables)) {
    const name = inside.trim();
    if (literal === '!' || (isMap(variables) && Object.hasOwn(variables, name))) continue;
    const dot = name.indexOf('.');
    yield dot < 0 ? { kind: 'ref', name } : { kind: 'attribute', name: name.slice(0, dot), attribute: name.slice(dot + 1) };
  }
}

/** `[resource, attribute]` or `resource.attribute`. */
export function attributePath(argument: unknown): readonly [string | undefined, string | undefined] {
  if (typeof argument === 'string') {
    const dot = argument.indexOf('.');
    return dot < 0 ? [argument, undefined] : [argument.slice(0, dot), argument.slice(dot + 1)];
  }
  if (!Array.isArray(argument)) return [undefined, undefined];
  const [resource, ...rest] = argument as unknown[];
  const attribute = rest.every((part) => typeof part === 'string') ? rest.join('.') : undefined;
  return [typeof resource === 'string' ? resource : undefined, attribute];
}

export const dependsOn = ({ DependsOn: names }: TemplateResource): readonly string[] =>
  names === undefined ? [] : typeof names === 'string' ? [names] : names;
