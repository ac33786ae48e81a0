/** A path of the form `$.detail.items[0]['a b'].*`; the rest of JSONPath is not EventBridge's. */
export type JsonPath = readonly (string | number | typeof every)[];
const every = Symbol('every');

const step = /^(?:\.([\w$@-]+)|\.\*|\[(\d+)\]|\[\*\]|\['([^']*)'\]|\["([^"]*)"\])/;

/** @returns undefined for what is no path */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined;
  const path: (string | number | typeof every)[] = [];
  let rest = text.slice(1);
  while (rest !== '') {
    const match = step.exec(rest);
    if (match === null || path.length > 64) return undefined;
    const [whole, name, index, single, double] = match;
    if (name !== undefined) path.push(name);
    else if (index !== undefined) path.push(Number(index));
    else path.push(single ?? double ?? every);
    rest = rest.slice(whole.length);
  }
  return path;
}

/** What lies at the end of a path; several values become a list, none is `undefined`. */
export function select(document: unknown, path: JsonPath): unknown {
  let values: unknown[] = [document];
  for (const each of path) {
    values = values.flatMap((value) => {
      if (typeof value !== 'object' || value === null) return [];
      if (each === every) return Object.values(value);
      if (typeof each === 'number' && !Array.isArray(value)) return [];
      return Object.hasOwn(value, each) ? [(value as Record<string | number, unknown>)[each]] : [];
    });
  }
  return path.includes(every) && values.length > 0 ? values : values[0];
}
