import { parse } from 'yaml';
import { badRequest } from '../faults.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** @source API Gateway Developer Guide, "Quotas for configuring and running an HTTP API", read 2026-11 */
const mostBytes = 6_291_456;
/** YAML takes its reader some microseconds for each byte, and everybody else waits. */
const mostYamlBytes = 1_048_576;

/** A document in JSON or YAML. @throws BadRequestException */
export function readDocument(text: string): Fields {
  const isJson = text.trimStart().startsWith('{');
  const most = isJson ? mostBytes : mostYamlBytes;
  if (Buffer.byteLength(text) > most) throw badRequest(`The OpenAPI document is larger than ${most} bytes.`);
  let value: unknown;
  try {
    value = isJson ? JSON.parse(text) : parse(text, { prettyErrors: false, logLevel: 'error' });
  } catch {
    throw badRequest('Invalid OpenAPI input.');
  }
  if (!isMap(value)) throw badRequest('Invalid OpenAPI input.');
  return value;
}

export const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
export const asMap = (value: unknown): Fields => (isMap(value) ? value : {});
export const own = (fields: Fields, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined);

/** Numbers and truths are texts where a text is wanted: templates write either. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;

export function number(value: unknown): number | undefined {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

export const flag = (value: unknown): boolean | undefined =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined;

/** `2.0`, which YAML takes for the number 2. */
export const version = (value: unknown): string | undefined =>
  typeof value === 'number' && Number.isInteger(value) ? value.toFixed(1) : text(value);

export const texts = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.flatMap((each) => text(each) ?? []) : undefined;

/** Values of a map that are texts. */
export const textMap = (value: unknown): Readonly<Record<string, string>> | undefined => {
  if (!isMap(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      const read = text(each);
      return read === undefined ? [] : [[name, read] as const];
    }),
  );
};

/** References to references end somewhere. */
const mostHops = 16;

/** What `$ref: '#/components/…'` stands for; what is no reference stands for itself. @throws BadRequestException */
export function resolved(document: Fields, value: unknown): unknown {
  let at = value;
  for (let hop = 0; hop < mostHops; hop += 1) {
    const reference = isMap(at) ? own(at, '$ref') : undefined;
    if (typeof reference !== 'string') return at;
    if (!reference.startsWith('#/')) throw badRequest(`Only references within the document are followed: ${reference}`);
    at = reference
      .slice(2)
      .split('/')
      .map((part) => unescaped(part, reference))
      .reduce<unknown>((here, part) => own(asMap(here), part), document);
    if (at === undefined) throw badRequest(`Unable to resolve reference: ${reference}`);
  }
  throw badRequest('References of the document lead in a circle.');
}

/** A step of a JSON pointer, as it stands in an address. */
function unescaped(part: string, reference: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    throw badRequest(`Unable to resolve reference: ${reference}`);
  }
}

/** Roles in whose name integrations and authorizers of a document would act. */
export function rolesIn(body: string): readonly string[] {
  const roles = new Set<string>();
  // Aliases of YAML make one thing stand in many places, even within itself.
  const seen = new Set<object>();
  const pending: unknown[] = [readDocument(body)];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    for (const [name, value] of Object.entries(next)) {
      if (typeof value === 'object' && value !== null) pending.push(value);
      else if (/credentials$/i.test(name) && typeof value === 'string' && value.startsWith('arn:')) roles.add(value);
    }
  }
  return [...roles];
}
