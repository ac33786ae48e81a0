import type { Mount } from '../port.ts';

/**
 * Without mounts, a path inside is a path of the host: words and variables that name a place of the
 * sandbox are rewritten to where it really is.
 */
export class PathMap {
  readonly #places: readonly (readonly [inside: string, outside: string])[];

  constructor(places: readonly Mount[]) {
    // The longest first: /var/task/lib before /var/task.
    this.#places = places
      .map(({ source, target }) => [target.replace(/\/+$/, ''), source] as const)
      .toSorted(([a], [b]) => b.length - a.length);
  }

  /** One path, or anything else untouched. */
  path(word: string): string {
    for (const [inside, outside] of this.#places) {
      if (word === inside) return outside;
      if (word.startsWith(`${inside}/`)) return outside + word.slice(inside.length);
    }
    return word;
  }

  /** A value such as PATH, each part for itself. */
  list(value: string): string {
    return value
      .split(':')
      .map((part) => this.path(part))
      .join(':');
  }
}
