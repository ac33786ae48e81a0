import { setMember, type Item, type Value } from './value.ts';

/** An item as JSON text, bytes in base64: what a row holds, and what a function gets in a stream's event. */
export const encodeItem = (item: Item): string => JSON.stringify(jsonItem(item));

export function jsonItem(item: Item): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(item)) setMember(result, name, jsonValue(value));
  return result;
}

export function jsonValue(value: Value): unknown {
  if ('B' in value) return { B: base64(value.B) };
  if ('BS' in value) return { BS: value.BS.map(base64) };
  if ('M' in value) return { M: jsonItem(value.M) };
  if ('L' in value) return { L: value.L.map(jsonValue) };
  return value;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

export const decodeItem = (text: string): Item => valueItem(JSON.parse(text) as Record<string, unknown>);

export function valueItem(json: Readonly<Record<string, unknown>>): Item {
  const item: Record<string, Value> = {};
  for (const [name, value] of Object.entries(json)) setMember(item, name, fromJsonValue(value as Value));
  return item;
}

function fromJsonValue(value: Value): Value {
  if ('B' in value) return { B: Buffer.from(value.B as unknown as string, 'base64') };
  if ('BS' in value) return { BS: value.BS.map((each) => Buffer.from(each as unknown as string, 'base64')) };
  if ('M' in value) return { M: valueItem(value.M) };
  if ('L' in value) return { L: value.L.map(fromJsonValue) };
  return value;
}
