import { templateError } from '../faults.ts';
import { bounds, isMap, type Fields } from './template.ts';

/**
 * `Fn::ForEach`, of `AWS::LanguageExtensions`: one entry becomes as many as its collection has items.
 *
 * @param listOf  the items of a collection that is not written out: a reference to a parameter
 */
export function expandLoops(template: Fields, listOf: (value: unknown) => readonly unknown[]): Fields {
  let made = 0;
  const expand = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(expand);
    if (!isMap(value)) return value;
    const result: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      if (!name.startsWith('Fn::ForEach::')) result[name] = expand(item);
      else Object.assign(result, loop(name, item));
    }
    return result;
  };
  const loop = (name: string, item: unknown): Record<string, unknown> => {
    const [identifier, collection, output] = Array.isArray(item) ? (item as unknown[]) : [];
    if (typeof identifier !== 'string' || !isMap(output)) throw templateError(`${name} is not valid`);
    const result: Record<string, unknown> = {};
    for (const each of Array.isArray(collection) ? collection : listOf(collection)) {
      if ((made += 1) > bounds.nodes / 100) throw templateError(`${name} makes more than this server takes.`);
      for (const [key, value] of Object.entries(filled(output, identifier, String(each)) as Fields)) {
        if (key.startsWith('Fn::ForEach::')) Object.assign(result, loop(key, value));
        else result[key] = expand(value);
      }
    }
    return result;
  };
  return expand(template) as Fields;
}

/** The same with an item in the place of its identifier; `&{…}` leaves only letters and digits of it. */
function filled(value: unknown, identifier: string, item: string): unknown {
  const text = (from: string): string =>
    from.replaceAll(`\${${identifier}}`, item).replaceAll(`&{${identifier}}`, item.replaceAll(/[^a-zA-Z0-9]/g, ''));
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((each) => filled(each, identifier, item));
  if (!isMap(value)) return value;
  if (value['Ref'] === identifier && Object.keys(value).length === 1) return item;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [text(key), filled(each, identifier, item)]));
}
