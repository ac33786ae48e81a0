import { ServiceFault } from './fault.ts';
import { members, type Shape } from './operation.ts';
import { fromText } from './text.ts';
import { xmlName } from './xml.ts';

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  text: string;
}

const deepest = 64;
/** A multipart upload of 10 000 parts has some 70 000. */
const mostElements = 500_000;

const malformed = (): ServiceFault =>
  new ServiceFault('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema', {
    status: 400,
  });

/**
 * Reads a document into a tree. Elements, attributes, text and CDATA; a document type is refused, so
 * there are no entities but XML's own five.
 *
 * @throws MalformedXML
 */
export function parseXml(body: Uint8Array): Element {
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const top: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open: Element[] = [top];
  let count = 0;
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  const skipTo = (end: string, from: number): number => {
    const found = source.indexOf(end, from);
    if (found === -1) throw malformed();
    return found;
  };
  while (at < source.length) {
    const parent = open.at(-1) as Element;
    const tag = source.indexOf('<', at);
    if (tag === -1) {
      parent.text += unescapeXml(source.slice(at));
      break;
    }
    if (tag > at) parent.text += unescapeXml(source.slice(at, tag));
    if (source.startsWith('<!--', tag)) at = skipTo('-->', tag + 4) + 3;
    else if (source.startsWith('<?', tag)) at = skipTo('?>', tag) + 2;
    else if (source.startsWith('<![CDATA[', tag)) {
      const end = skipTo(']]>', tag);
      parent.text += source.slice(tag + 9, end);
      at = end + 3;
    } else if (source.startsWith('<!', tag)) throw malformed();
    else {
      const end = skipTo('>', tag);
      const inside = source.slice(tag + 1, end);
      at = end + 1;
      if (inside.startsWith('/')) {
        if (open.length < 2 || localName(inside.slice(1).trim()) !== parent.name) throw malformed();
        open.pop();
        continue;
      }
      const closed = inside.endsWith('/');
      const child = startTag(closed ? inside.slice(0, -1) : inside);
      if ((count += 1) > mostElements) throw malformed();
      parent.children.push(child);
      if (!closed && open.push(child) > deepest) throw malformed();
    }
  }
  const [root, second] = top.children;
  if (root === undefined || second !== undefined || open.length !== 1 || top.text.trim() !== '') throw malformed();
  return root;
}

function startTag(inside: string): Element {
  const [, name = '', rest = ''] = /^([^\s=<>"']+)([^]*)$/.exec(inside) ?? [];
  if (name === '') throw malformed();
  const attributes = new Map<string, string>();
  for (const [, key = '', double, single] of rest.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    attributes.set(key, unescapeXml(double ?? single ?? ''));
  }
  return { name: localName(name), attributes, children: [], text: '' };
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w{1,5});/gi, (_whole, name: string) => {
    if (!name.startsWith('#')) {
      const known = entities[name];
      if (known === undefined) throw malformed();
      return known;
    }
    const code = name[1] === 'x' || name[1] === 'X' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    if (code > 0x10ffff) throw malformed();
    return String.fromCodePoint(code);
  });
}

/** An element → what a handler sees. Unknown elements are dropped. */
export function fromXml(shape: Shape, element: Element): unknown {
  if (shape.isStructSchema()) {
    const result: Record<string, unknown> = {};
    for (const [name, member] of members(shape)) {
      const key = xmlName(member) ?? name;
      if (member.getMergedTraits().xmlAttribute !== undefined) {
        const text = element.attributes.get(key);
        if (text !== undefined) result[name] = fromText(member, text);
        continue;
      }
      const found = element.children.filter((child) => child.name === key);
      const [first] = found;
      if (first === undefined) continue;
      const flattened = member.getMergedTraits().xmlFlattened !== undefined;
      if (member.isListSchema()) result[name] = items(member, flattened ? found : first.children);
      else if (member.isMapSchema()) result[name] = entriesOf(member, flattened ? found : first.children);
      else result[name] = fromXml(member, first);
    }
    return result;
  }
  if (shape.isListSchema()) return items(shape, element.children);
  if (shape.isMapSchema()) return entriesOf(shape, element.children);
  return fromText(shape, shape.isStringSchema() ? element.text : element.text.trim());
}

const items = (shape: Shape, elements: readonly Element[]): unknown[] => {
  const item = shape.getValueSchema();
  return elements.map((each) => fromXml(item, each));
};

function entriesOf(shape: Shape, elements: readonly Element[]): Record<string, unknown> {
  const item = shape.getValueSchema();
  const keyName = xmlName(shape.getKeySchema()) ?? 'key';
  const valueName = xmlName(item) ?? 'value';
  const result: Record<string, unknown> = {};
  for (const { children } of elements) {
    const key = children.find(({ name }) => name === keyName)?.text;
    const value = children.find(({ name }) => name === valueName);
    if (key !== undefined && value !== undefined && key !== '__proto__') result[key] = fromXml(item, value);
  }
  return result;
}
