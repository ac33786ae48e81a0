import { asMap, readDocument as readText, type Fields } from '../../apigatewayv2/openapi/document.ts';
import { badRequest } from '../faults.ts';

export {
  asMap as fieldsOf,
  isMap as isFields,
  resolved,
  text as textOf,
  type Fields,
} from '../../apigatewayv2/openapi/document.ts';

/** Models are walked all the way down. */
const mostDepth = 200;

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
export const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] => Object.entries(asMap(value));

/** JSON or YAML. @throws BadRequestException */
export function readDocument(body: Uint8Array): Fields {
  const value = readText(Buffer.from(body).toString('utf8'));
  if (isDeep(value, 0)) throw badRequest('Invalid OpenAPI input.');
  return value;
}

const isDeep = (value: unknown, depth: number): boolean =>
  depth > mostDepth ||
  (typeof value === 'object' && value !== null && Object.values(value).some((each) => isDeep(each, depth + 1)));
