import { ServiceFault } from './fault.ts';
import { members, type Shape } from './operation.ts';
import { fromText } from './text.ts';
import { xmlName } from './xml.ts';

/** A form is a tree: `Tags.member.1.Key=a` is `{ Tags: { member: { 1: { Key: 'a' } } } }`. */
interface Node {
  text?: string;
  readonly children: Map<string, Node>;
}

const mostParameters = 10_000;
const deepest = 64;

/** Reads a form-encoded body or query string. @throws MalformedQueryString when it is absurdly large */
export function parseForm(form: URLSearchParams): Node {
  const root: Node = { children: new Map() };
  let count = 0;
  for (const [name, value] of form) {
    if ((count += 1) > mostParameters) throw new ServiceFault('MalformedQueryString', 'Too many parameters.');
    const parts = name.split('.');
    if (parts.length > deepest) throw new ServiceFault('MalformedQueryString', 'A parameter is nested too deeply.');
    let node = root;
    for (const part of parts) {
      let next = node.children.get(part);
      if (next === undefined) node.children.set(part, (next = { children: new Map() }));
      node = next;
    }
    node.text = value;
  }
  return root;
}

/** Form tree → what a handler sees, by the query protocol's rules for lists and maps. */
export function fromForm(shape: Shape, node: Node): unknown {
  if (shape.isStructSchema()) {
    const result: Record<string, unknown> = {};
    for (const [name, member] of members(shape)) {
      const traits = member.getMergedTraits();
      const child = node.children.get(traits.xmlName ?? name);
      if (child !== undefined) result[name] = fromForm(member, child);
    }
    return result;
  }
  if (shape.isListSchema()) {
    const item = shape.getValueSchema();
    return numbered(shape, node, item.getMergedTraits().xmlName ?? 'member').map((each) => fromForm(item, each));
  }
  if (shape.isMapSchema()) {
    const item = shape.getValueSchema();
    const keyName = xmlName(shape.getKeySchema()) ?? 'key';
    const valueName = xmlName(item) ?? 'value';
    const result: Record<string, unknown> = {};
    for (const entry of numbered(shape, node, 'entry')) {
      const key = entry.children.get(keyName);
      const value = entry.children.get(valueName);
      if (key?.text !== undefined && value !== undefined && key.text !== '__proto__') {
        result[key.text] = fromForm(item, value);
      }
    }
    return result;
  }
  return fromText(shape, node.text ?? '');
}

/** Items `1`, `2`, … in their order, below the list's wrapper unless it is flattened. */
function numbered(shape: Shape, node: Node, wrapper: string): Node[] {
  const flattened = shape.getMergedTraits().xmlFlattened !== undefined;
  const holder = flattened ? node : (node.children.get(wrapper) ?? node);
  return [...holder.children]
    .filter(([key]) => /^\d+$/.test(key))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => child);
}
