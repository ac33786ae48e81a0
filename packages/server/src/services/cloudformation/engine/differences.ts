import { isDeepStrictEqual } from 'node:util';
import type { ResourceType } from '../resources/type.ts';
import type { Fields } from '../template/template.ts';

/** Names of properties that are not what they were. */
export function changedProperties(before: Fields, after: Fields): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
}

export const replaces = (type: ResourceType, changed: readonly string[]): boolean =>
  type.update === undefined ? changed.length > 0 : changed.some((name) => type.properties[name] === 'replaces');
