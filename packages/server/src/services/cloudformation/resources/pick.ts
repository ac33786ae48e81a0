import type { Properties } from './type.ts';

/** Some properties of many, by their names apart by blanks. */
export function pick(properties: Properties, names: string): Properties {
  return Object.fromEntries(
    names
      .split(/\s+/)
      .filter((name) => properties[name] !== undefined)
      .map((name) => [name, properties[name]]),
  );
}

/** As AWS's JSON APIs spell members: `TargetArn` as `targetArn`, all the way down. */
export function lowerFirst(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerFirst);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name.charAt(0).toLowerCase() + name.slice(1), lowerFirst(item)]),
  );
}

export const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

export const documentText = (document: unknown): string => (typeof document === 'string' ? document : JSON.stringify(document));

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
