import type { Operation } from './operation.ts';
import { pathOf, queryOf, type RequestHead } from './request.ts';

interface Route {
  readonly operation: Operation;
  readonly method: string;
  /** `undefined` stands for a label. */
  readonly segments: readonly (string | undefined)[];
  /** Where they are constant, first and last segment are looked at before anything is cut or decoded. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly labels: readonly string[];
  /** Constant query parameters of the template, for example `find=LayerVersion`. */
  readonly query: readonly (readonly [string, string])[];
}

export interface Match {
  readonly operation: Operation;
  /** Decoded once. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Finds REST operations by method, path and constant query.
 *
 * Labels may be ARNs whose slashes some clients leave unencoded, so a label takes what is left over
 * between the constant segments around it. @source spec 0.1-04, 0.1-05
 */
export class Router {
  readonly #routes: readonly Route[];
  /** A request is asked about twice, for its operation and then for its labels; mostly right after each other. */
  #lastHead: RequestHead | undefined;
  #lastMatch: Match | undefined;

  constructor(operations: Iterable<Operation>) {
    this.#routes = [...operations]
      .map(compile)
      // A route with a constant query is the more particular one. @source spec 1.8-04
      .sort((a, b) => b.query.length - a.query.length || b.segments.length - a.segments.length);
  }

  match(head: RequestHead): Match | undefined {
    if (this.#lastHead !== head) {
      this.#lastMatch = this.#match(head);
      this.#lastHead = head;
    }
    return this.#lastMatch;
  }

  #match(head: RequestHead): Match | undefined {
    const parts = pathOf(head.target).split('/').slice(1);
    if (parts.at(-1) === '') parts.pop();
    let query: URLSearchParams | undefined;
    const first = parts[0];
    const last = parts.at(-1);
    for (const route of this.#routes) {
      if (route.method !== head.method || route.segments.length > parts.length) continue;
      if (route.first !== undefined && route.first !== first) continue;
      if (route.last !== undefined && route.last !== last) continue;
      const labels = bind(route, parts);
      if (labels === undefined) continue;
      if (route.query.length > 0) {
        query ??= queryOf(head.target);
        if (!route.query.every(([name, value]) => query?.get(name) === value)) continue;
      }
      return { operation: route.operation, labels };
    }
    return undefined;
  }

  /** Whether some operation lives at this path under another method. */
  knowsPath(head: RequestHead): boolean {
    const parts = pathOf(head.target).split('/').slice(1);
    if (parts.at(-1) === '') parts.pop();
    return this.#routes.some((route) => route.segments.length <= parts.length && bind(route, parts) !== undefined);
  }
}

function compile(operation: Operation): Route {
  const path = pathOf(operation.uri);
  const labels: string[] = [];
  const segments = path
    .split('/')
    .slice(1)
    .map((segment) => {
      const label = /^\{([^}+]+)\+?\}$/.exec(segment)?.[1];
      if (label !== undefined) labels.push(label);
      return label === undefined ? segment : undefined;
    });
  if (segments.at(-1) === '') segments.pop();
  return {
    operation,
    method: operation.method,
    segments,
    first: segments[0],
    last: segments.at(-1),
    labels,
    query: [...queryOf(operation.uri)],
  };
}

/** Lays the parts of a path on a route; surplus parts belong to the last label that can take them. */
function bind(route: Route, parts: readonly string[]): Record<string, string> | undefined {
  const surplus = parts.length - route.segments.length;
  if (surplus > 0 && route.labels.length === 0) return undefined;
  const widest = surplus === 0 ? -1 : route.segments.indexOf(undefined);
  const labels: Record<string, string> = {};
  let at = 0;
  let label = 0;
  for (const [index, segment] of route.segments.entries()) {
    const take = index === widest ? surplus + 1 : 1;
    const text = parts.slice(at, at + take).join('/');
    at += take;
    if (segment === undefined) {
      if (text === '') return undefined;
      labels[route.labels[label] ?? ''] = decode(text);
      label += 1;
    } else if (segment !== text) return undefined;
  }
  return labels;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
