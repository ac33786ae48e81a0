import { members, type Shape } from './operation.ts';
import { toText } from './text.ts';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;' };
export const escapeXml = (text: string): string => text.replaceAll(/[&<>"\r]/g, (character) => escapes[character] ?? '');

const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;

/** The content of a structure's element, member by member. */
export function structureToXml(shape: Shape, value: object): string {
  let xml = '';
  for (const [name, member] of members(shape)) {
    const each = (value as Record<string, unknown>)[name];
    if (each === undefined || each === null) continue;
    xml += toXml((member.getMergedTraits().xmlName as string | undefined) ?? name, member, each);
  }
  return xml;
}

/** One value as an element (or, for flattened lists and maps, as several). */
export function toXml(name: string, shape: Shape, value: unknown): string {
  if (shape.isStructSchema()) return element(name, structureToXml(shape, value as object));
  const flattened = shape.getMergedTraits().xmlFlattened !== undefined;
  if (shape.isListSchema()) {
    const item = shape.getValueSchema();
    const itemName = flattened ? name : ((item.getMergedTraits().xmlName as string | undefined) ?? 'member');
    const items = (value as unknown[]).map((each) => toXml(itemName, item, each)).join('');
    return flattened ? items : element(name, items);
  }
  if (shape.isMapSchema()) {
    const item = shape.getValueSchema();
    const entries = Object.entries(value as object).map(([key, each]) =>
      element(flattened ? name : 'entry', element('key', escapeXml(key)) + toXml('value', item, each)),
    );
    return flattened ? entries.join('') : element(name, entries.join(''));
  }
  return element(name, escapeXml(toText(shape, value)));
}
