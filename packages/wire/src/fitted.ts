import { members, type Shape } from './operation.ts';
import { fromText } from './text.ts';

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !(value instanceof Uint8Array);

/**
 * A value as a template writes it, as the schema wants it: templates have "30" for a number, 30 for a text, `true` for
 * either, one item for a list of one, and a policy's document where its text is asked for. What does not fit is left as
 * it is, for the model to find wrong; members that the schema does not know are left out.
 *
 * @throws SerializationException for a text that is no number, flag or moment
 */
export function fitted(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (shape.isStructSchema()) {
    if (!isMap(value)) return value;
    const known = members(shape).filter(([name]) => value[name] !== undefined && value[name] !== null);
    return Object.fromEntries(known.map(([name, member]) => [name, fitted(member, value[name])]));
  }
  if (shape.isListSchema()) {
    const items = Array.isArray(value) ? value : [value];
    return items.map((item) => fitted(shape.getValueSchema(), item));
  }
  if (shape.isMapSchema()) {
    if (!isMap(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fitted(shape.getValueSchema(), item)]));
  }
  if (shape.isStringSchema()) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (typeof value === 'string') return fromText(shape, value);
  if (shape.isTimestampSchema() && typeof value === 'number') return fromText(shape, String(value));
  return value;
}
