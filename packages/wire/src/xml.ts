import { members, type Shape } from './operation.ts';
import { toText } from './text.ts';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;' };
/** XML 1.0 has no way to write these, escaped or not. */
// oxlint-disable-next-line no-control-regex -- the control characters are the point
const unwritable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;
export const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"\r]/g, (character) => escapes[character] ?? '').replaceAll(unwritable, '\uFFFD');

const element = (name: string, content: string, attributes = ''): string => `<${name}${attributes}>${content}</${name}>`;

/** The name a shape has in XML, where it has one of its own. */
export const xmlName = (shape: Shape): string | undefined => shape.getMergedTraits().xmlName;

/** The content of a structure's element, member by member. */
export function structureToXml(shape: Shape, value: object): string {
  let xml = '';
  for (const [name, member] of members(shape)) {
    const each = (value as Record<string, unknown>)[name];
    if (each === undefined || each === null || isAttribute(member)) continue;
    xml += toXml(xmlName(member) ?? name, member, each);
  }
  return xml;
}

const isAttribute = (member: Shape): boolean => member.getMergedTraits().xmlAttribute !== undefined;

/** ` xmlns:xsi="…" xsi:type="…"` of the structure's start tag. */
function attributesOf(shape: Shape, value: object): string {
  let xml = '';
  const namespace = shape.getMergedTraits().xmlNamespace as readonly string[] | undefined;
  if (namespace?.length === 2) xml += ` xmlns:${namespace[0]}="${namespace[1]}"`;
  for (const [name, member] of members(shape)) {
    const each = (value as Record<string, unknown>)[name];
    if (each !== undefined && isAttribute(member)) xml += ` ${xmlName(member) ?? name}="${escapeXml(toText(member, each))}"`;
  }
  return xml;
}

/** One value as an element (or, for flattened lists and maps, as several). */
export function toXml(name: string, shape: Shape, value: unknown): string {
  if (shape.isStructSchema()) return element(name, structureToXml(shape, value as object), attributesOf(shape, value as object));
  const flattened = shape.getMergedTraits().xmlFlattened !== undefined;
  if (shape.isListSchema()) {
    const item = shape.getValueSchema();
    const itemName = flattened ? name : (xmlName(item) ?? 'member');
    const items = (value as unknown[]).map((each) => toXml(itemName, item, each)).join('');
    return flattened ? items : element(name, items);
  }
  if (shape.isMapSchema()) {
    const item = shape.getValueSchema();
    const keyName = xmlName(shape.getKeySchema()) ?? 'key';
    const valueName = xmlName(item) ?? 'value';
    const entries = Object.entries(value as object).map(([key, each]) =>
      element(flattened ? name : 'entry', element(keyName, escapeXml(key)) + toXml(valueName, item, each)),
    );
    return flattened ? entries.join('') : element(name, entries.join(''));
  }
  return element(name, escapeXml(toText(shape, value)));
}
