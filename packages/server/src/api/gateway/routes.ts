/** What a path was matched with. */
export interface Match<Route> {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Compiled<Route> {
  readonly route: Route;
  readonly method: string;
  readonly segments: readonly Segment[];
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'greedy'; readonly name: string };

const ranks = { literal: 0, variable: 1, greedy: 2 } as const;

/**
 * Finds the most specific route: letter for letter before a variable before one that takes all that follows, from the left;
 * of two with the same path the one that names the method.
 *
 * @source API Gateway Developer Guide, "Create routes for HTTP APIs", routing requests, read 2026-11
 */
export class RouteTable<Route> {
  readonly #routes: readonly Compiled<Route>[];

  constructor(routes: Iterable<{ readonly method: string; readonly path: string; readonly route: Route }>) {
    this.#routes = [...routes]
      .map(({ method, path, route }) => ({ route, method, segments: segmentsOf(path) }))
      .toSorted(bySpecificity);
  }

  /** @param path  as it came, still encoded */
  find(method: string, path: string): Match<Route> | undefined {
    const parts = path.slice(1).split('/');
    for (const { route, method: own, segments } of this.#routes) {
      if (own !== 'ANY' && own !== method) continue;
      const parameters = parametersOf(segments, parts);
      if (parameters !== undefined) return { route, parameters };
    }
    return undefined;
  }
}

const segmentsOf = (path: string): readonly Segment[] =>
  path
    .slice(1)
    .split('/')
    .map((text): Segment => {
      const [, name, greedy] = /^\{(.+?)(\+?)\}$/.exec(text) ?? [];
      if (name === undefined) return { kind: 'literal', text };
      return { kind: greedy === '+' ? 'greedy' : 'variable', name };
    });

function bySpecificity(a: Compiled<unknown>, b: Compiled<unknown>): number {
  for (const [at, segment] of a.segments.entries()) {
    const other = b.segments[at];
    if (other === undefined) return 1;
    if (segment.kind !== other.kind) return ranks[segment.kind] - ranks[other.kind];
  }
  if (a.segments.length !== b.segments.length) return a.segments.length - b.segments.length;
  return Number(a.method === 'ANY') - Number(b.method === 'ANY');
}

function parametersOf(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [at, segment] of segments.entries()) {
    const part = parts[at];
    if (part === undefined) return undefined;
    switch (segment.kind) {
      case 'literal':
        if (part !== segment.text && decoded(part) !== segment.text) return undefined;
        break;
      case 'variable':
        if (part === '') return undefined;
        parameters[segment.name] = decoded(part);
        break;
      case 'greedy': {
        const rest = parts.slice(at).join('/');
        if (rest === '') return undefined;
        parameters[segment.name] = decoded(rest);
        return { ...parameters };
      }
    }
  }
  return parts.length === segments.length ? { ...parameters } : undefined;
}

/** Left as it is where it is no encoding. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
