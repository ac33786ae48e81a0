import { isSame } from '../pick.ts';
import type { Properties } from '../type.ts';

export interface Patch {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: string;
}

export const escaped = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1');

const texts = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Operations that make of members what they are now. @param paths  by the property's name */
export function scalars(paths: Readonly<Record<string, string>>, now: Properties, before: Properties): readonly Patch[] {
  return Object.entries(paths).flatMap(([name, path]): readonly Patch[] => {
    const value: unknown = now[name];
    if (isSame(value, before[name])) return [];
    return [value === undefined ? { op: 'replace', path, value: '' } : { op: 'replace', path, value: texts(value) }];
  });
}

/** The same for the entries of a map. */
export function entries(path: string, now: Properties = {}, before: Properties = {}): readonly Patch[] {
  const set = Object.entries(now)
    .filter(([name, value]) => !isSame(value, before[name]))
    .map(([name, value]): Patch => ({ op: 'replace', path: `${path}/${escaped(name)}`, value: texts(value) }));
  const left = Object.keys(before).filter((name) => now[name] === undefined);
  return [...set, ...left.map((name): Patch => ({ op: 'remove', path: `${path}/${escaped(name)}` }))];
}

/** The same for a list whose items are named in the path. */
export function items(path: string, now: readonly string[] = [], before: readonly string[] = []): readonly Patch[] {
  return [
    ...before.filter((each) => !now.includes(each)).map((each): Patch => ({ op: 'remove', path: `${path}/${escaped(each)}` })),
    ...now.filter((each) => !before.includes(each)).map((each): Patch => ({ op: 'add', path: `${path}/${escaped(each)}` })),
  ];
}
