import { isMap, type Fields } from './values.ts';

/** The template with `F.Version`, `F.Alias` and layers called by the logical ids that they have come to have. */
export function renamed(template: Fields, names: ReadonlyMap<string, string>): Fields {
  return names.size === 0 ? template : (walked(template, names) as Fields);
}

function walked(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((each) => walked(each, names));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (key === 'Ref' && typeof each === 'string') return [key, names.get(each) ?? each];
      if (key === 'Fn::GetAtt') return [key, attribute(each, names)];
      if (key === 'Fn::Sub') return [key, substitution(each, names)];
      return [key, walked(each, names)];
    }),
  );
}

/** `[F.Alias, Arn]`, or `[F, Alias]`, which comes of `!GetAtt F.Alias`. */
function attribute(value: unknown, names: ReadonlyMap<string, string>): unknown {
  const path = typeof value === 'string' ? value.split('.') : value;
  if (!Array.isArray(path) || !path.every((part) => typeof part === 'string')) return walked(value, names);
  const whole = path.join('.');
  const from = longest(whole, names);
  if (from === undefined) return value;
  const rest = whole.slice(from.length + 1);
  return [names.get(from), ...(rest === '' ? [] : [rest])];
}

function substitution(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return [substitution(value[0], names), ...value.slice(1).map((each) => walked(each, names))];
  if (typeof value !== 'string') return value;
  return value.replace(/\$\{([^!}][^}]*)\}/g, (whole, path: string) => {
    const from = longest(path, names);
    return from === undefined ? whole : `\${${names.get(from)}${path.slice(from.length)}}`;
  });
}

/** The longest name that the path begins with, of whole words. */
function longest(path: string, names: ReadonlyMap<string, string>): string | undefined {
  const words = path.split('.');
  for (let count = Math.min(words.length, 2); count > 0; count--) {
    const name = words.slice(0, count).join('.');
    if (names.has(name)) return name;
  }
  return undefined;
}
