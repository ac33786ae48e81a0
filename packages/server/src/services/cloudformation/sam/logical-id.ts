import { createHash } from 'node:crypto';
import { isMap } from './values.ts';

/** A logical id that changes when what it was made from changes: the prefix, and ten digits of a hash. */
export const hashedId = (prefix: string, from: unknown): string => prefix + hashOf(from).slice(0, 10);

/** @param from  a text, or anything that is JSON, whose fields may come in any order */
export const hashOf = (from: unknown): string =>
  createHash('sha1')
    .update(typeof from === 'string' ? from : canonical(from))
    .digest('hex');

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isMap(value)) return ascii(JSON.stringify(value ?? null));
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${ascii(JSON.stringify(name))}:${canonical(value[name])}`).join(',')}}`;
}

/** JSON that writes what is not ASCII as escapes. */
export const ascii = (text: string): string =>
  text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
