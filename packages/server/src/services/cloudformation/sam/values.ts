import { functionOf, isMap, type Fields } from '../template/template.ts';

export { isMap, type Fields };

/** For what should be a map, but where nothing hangs on it. */
export const asMap = (value: unknown): Fields => (isMap(value) ? value : {});

/** Whether CloudFormation will put something else here: `{ Ref: … }`, `{ 'Fn::If': … }` and their kind. */
export const isIntrinsic = (value: unknown): value is Fields => functionOf(value) !== undefined;

export const ref = (logicalId: string): Fields => ({ Ref: logicalId });
export const getAtt = (logicalId: string, attribute = 'Arn'): Fields => ({ 'Fn::GetAtt': [logicalId, attribute] });
export const sub = (text: string, variables?: Fields): Fields => ({
  'Fn::Sub': variables === undefined ? text : [text, variables],
});
export const iff = (condition: string, yes: unknown, no: unknown): Fields => ({ 'Fn::If': [condition, yes, no] });
export const noValue = ref('AWS::NoValue');

export const isNoValue = (value: unknown): boolean => isMap(value) && value['Ref'] === 'AWS::NoValue';

/** A field that these fields have themselves: names come from templates, and every object has a `constructor`. */
export const own = <Value>(fields: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

/** The same fields without those that nobody gave. */
export const given = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));

/** Some fields of many. */
export const pick = (fields: Fields, names: readonly string[]): Fields =>
  given(Object.fromEntries(names.map((name) => [name, fields[name]])));

/** CloudFormation lists what SAM writes as a map. */
export const tagList = (tags: Fields): readonly Fields[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** A value where a text should be; what is none is told as SAM does. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return 'None';
  // Not `String`: a template may say what an object's `toString` is.
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Lists as SAM prints them in its messages. */
export const printed = (words: readonly string[]): string => `[${words.map((word) => `'${word}'`).join(', ')}]`;
