import { parse } from 'yaml';
import { badRequest } from '../faults.ts';

/** What a description of an API holds, before anybody has looked. */
export type Fields = Readonly<Record<string, unknown>>;

const mostDepth = 200;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
export const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] => Object.entries(fieldsOf(value));

/** JSON or YAML. @throws BadRequestException */
export function readDocument(body: Uint8Array): Fields {
  const text = Buffer.from(body).toString('utf8');
  let value: unknown;
  try {
    // A few lines of YAML can stand for a billion values: its reader counts aliases.
    value = text.trimStart().startsWith('{')
      ? JSON.parse(text)
      : parse(text, { version: '1.2', schema: 'core', prettyErrors: false });
  } catch {
    throw badRequest('Invalid OpenAPI input.');
  }
  if (!isFields(value) || isDeep(value, 0)) throw badRequest('Invalid OpenAPI input.');
  return value;
}

const isDeep = (value: unknown, depth: number): boolean =>
  depth > mostDepth ||
  (typeof value === 'object' && value !== null && Object.values(value).some((each) => isDeep(each, depth + 1)));

/** What a `$ref` within the document points at; anything else is itself. */
export function resolved(document: Fields, value: unknown): unknown {
  let found = value;
  // One may point at another, and in circles.
  for (let hops = 0; hops < 16; hops += 1) {
    const reference = isFields(found) ? found['$ref'] : undefined;
    if (typeof reference !== 'string' || !reference.startsWith('#/')) return found;
    found = reference
      .slice(2)
      .split('/')
      .map((each) => each.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((inside, name) => (isFields(inside) && Object.hasOwn(inside, name) ? inside[name] : undefined), document);
  }
  throw badRequest('Invalid OpenAPI input.');
}
