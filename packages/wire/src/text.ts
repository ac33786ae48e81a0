import { ServiceFault } from './fault.ts';
import type { Shape } from './operation.ts';

/** SDK schema number of `date-time`, `http-date` and `epoch-seconds` timestamps. */
const formats = { dateTime: 5, httpDate: 6, epochSeconds: 7 } as const;

/** Text of a header, query parameter, label or XML element → value. @throws SerializationException */
export function fromText(shape: Shape, text: string): unknown {
  if (shape.isStringSchema()) return text;
  if (shape.isBooleanSchema()) {
    if (text === 'true' || text === 'false') return text === 'true';
    throw unconvertible(text, 'Boolean');
  }
  if (shape.isNumericSchema() || shape.isBigIntegerSchema() || shape.isBigDecimalSchema()) {
    const number = Number(text);
    if (text.trim() === '' || !Number.isFinite(number)) throw unconvertible(text, 'Number');
    return number;
  }
  if (shape.isTimestampSchema()) {
    const date = /^-?\d+(\.\d+)?$/.test(text) ? dateOf(Number(text)) : new Date(text);
    if (Number.isNaN(date.getTime())) throw unconvertible(text, 'Timestamp');
    return date;
  }
  if (shape.isBlobSchema()) return Buffer.from(text, 'base64');
  return text;
}

/** Seconds with a fraction → a moment. Rounded: 1.001 times 1000 may be a little less than 1001, which Date would cut off. */
export const dateOf = (seconds: number): Date => new Date(Math.round(seconds * 1_000));

const unconvertible = (text: string, type: string): ServiceFault =>
  new ServiceFault('SerializationException', `${text.slice(0, 100)} can not be converted to a ${type}`, { status: 400 });

/** Value → text. Timestamps as the schema says, else in the place's usual format. */
export function toText(shape: Shape, value: unknown, timestamps: keyof typeof formats = 'dateTime'): string {
  if (shape.isTimestampSchema()) {
    const date = value as Date;
    const format = shape.getSchema();
    if (format === formats.epochSeconds) return String(date.getTime() / 1000);
    if (format === formats.httpDate) return date.toUTCString();
    if (format === formats.dateTime || timestamps === 'dateTime') return date.toISOString().replace('.000Z', 'Z');
    return timestamps === 'httpDate' ? date.toUTCString() : String(date.getTime() / 1000);
  }
  if (shape.isBlobSchema()) return Buffer.from(value as Uint8Array).toString('base64');
  return String(value);
}
