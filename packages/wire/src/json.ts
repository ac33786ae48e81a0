import { ServiceFault } from './fault.ts';
import { members, type Shape } from './operation.ts';
import { dateOf } from './text.ts';

/** SDK schema number of timestamps that are written as text. */
const dateTime = 5;

/** No AWS document needs more; deeper ones are an attack on the parser's stack. */
const deepest = 64;

const malformed = (message: string): ServiceFault => new ServiceFault('SerializationException', message, { status: 400 });

/** Parses a JSON body. An empty one is `{}`. @throws SerializationException */
export function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch (cause) {
    throw new ServiceFault(
      'SerializationException',
      'Could not parse request body into json: ' + String((cause as Error).message),
      {
        status: 400,
        cause,
      },
    );
  }
}

/** JSON value → what a handler sees: blobs as bytes, timestamps as dates, unknown members dropped. */
export function fromJson(shape: Shape, value: unknown, depth = 0, told: WrongKind = byToken): unknown {
  if (value === null || value === undefined) return undefined;
  if (depth > deepest) throw malformed(`The document is nested more than ${deepest} levels deep.`);
  if (shape.isStructSchema()) {
    const source = record(value);
    const result: Record<string, unknown> = {};
    for (const [name, member] of members(shape)) {
      const key = member.getMergedTraits().jsonName ?? name;
      if (!Object.hasOwn(source, key)) continue;
      const decoded = fromJson(member, source[key], depth + 1, told);
      if (decoded !== undefined) result[name] = decoded;
    }
    return result;
  }
  if (shape.isListSchema()) {
    if (!Array.isArray(value)) throw malformed('Expected list or null');
    const item = shape.getValueSchema();
    return value.map((each) => fromJson(item, each, depth + 1, told));
  }
  if (shape.isMapSchema()) {
    const item = shape.getValueSchema();
    const result: Record<string, unknown> = {};
    for (const [key, each] of Object.entries(record(value))) {
      if (key !== '__proto__') result[key] = fromJson(item, each, depth + 1, told);
    }
    return result;
  }
  return scalarFromJson(shape, value, told);
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || Array.isArray(value)) throw malformed('Unexpected field type');
  return value as Record<string, unknown>;
}

/** How a service says that a value is of another kind than it should be. */
export type WrongKind = (value: unknown, wanted: string) => string;

const byToken: WrongKind = (value, wanted) => `${tokenName(value)} can not be converted to a ${wanted}`;

export const byClass: WrongKind = (value, wanted) => {
  const names = { number: 'com.amazon.coral.value.json.numbers.TruncatingBigNumber', boolean: 'java.lang.Boolean' };
  return `class ${names[typeof value as keyof typeof names] ?? 'java.lang.String'} can not be converted to an ${wanted}`;
};

const tokenName = (value: unknown): string => {
  if (typeof value === 'number') return 'NUMBER_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return 'STRING_VALUE';
};

function scalarFromJson(shape: Shape, value: unknown, told: WrongKind): unknown {
  if (shape.isDocumentSchema()) return value;
  if (typeof value === 'object') throw malformed('Start of structure or map found where not expected.');
  if (shape.isBlobSchema()) {
    if (typeof value !== 'string') throw malformed(told(value, 'Blob'));
    return fromBase64(value);
  }
  if (shape.isTimestampSchema()) {
    const date = typeof value === 'number' ? dateOf(value) : new Date(String(value));
    if (Number.isNaN(date.getTime())) throw malformed(told(value, 'Timestamp'));
    return date;
  }
  if (shape.isBooleanSchema()) {
    if (typeof value !== 'boolean') throw malformed(told(value, 'Boolean'));
    return value;
  }
  if (shape.isNumericSchema() || shape.isBigIntegerSchema() || shape.isBigDecimalSchema()) {
    if (typeof value !== 'number') throw malformed(told(value, 'Number'));
    return value;
  }
  if (typeof value !== 'string') throw malformed(told(value, 'String'));
  return value;
}

/** Base64 is checked: Node's decoder skips over what it does not know. */
function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const expected = Math.floor(((text.length - padding) * 3) / 4);
  if (bytes.length !== expected) throw malformed('Unable to decode base64: Illegal base64 character');
  return bytes;
}

/** What a handler returned → JSON value. Members the schema does not know are left out. */
export function toJson(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (shape.isStructSchema()) {
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const [name, member] of members(shape)) {
      const encoded = toJson(member, source[name]);
      if (encoded !== undefined) result[member.getMergedTraits().jsonName ?? name] = encoded;
    }
    return result;
  }
  if (shape.isListSchema()) {
    const item = shape.getValueSchema();
    return (value as unknown[]).map((each) => toJson(item, each) ?? null);
  }
  if (shape.isMapSchema()) {
    const item = shape.getValueSchema();
    const result: Record<string, unknown> = {};
    for (const [key, each] of Object.entries(value)) {
      const encoded = toJson(item, each);
      if (encoded !== undefined) result[key] = encoded;
    }
    return result;
  }
  if (shape.isBlobSchema()) return Buffer.from(value as Uint8Array).toString('base64');
  if (shape.isTimestampSchema()) {
    return shape.getSchema() === dateTime ? (value as Date).toISOString() : (value as Date).getTime() / 1000;
  }
  return value;
}
