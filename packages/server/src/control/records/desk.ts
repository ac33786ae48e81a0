import { byKey } from '../pages.ts';
import { kindNames, type Kind, type Kinds } from './kinds.ts';

type Drawers = { readonly [K in Kind]: Map<string, Map<string, Kinds[K]>> };

/** The records of one account in one region, in memory. Documents are replaced, never changed. */
export class Desk {
  readonly #drawers = Object.fromEntries(kindNames.map((kind) => [kind, new Map()])) as unknown as Drawers;

  get<K extends Kind>(kind: K, name: string, part = ''): Kinds[K] | undefined {
    return this.#drawers[kind].get(name)?.get(part);
  }

  /** All parts of one name, in no order that means anything. */
  parts<K extends Kind>(kind: K, name: string): ReadonlyMap<string, Kinds[K]> {
    return this.#drawers[kind].get(name) ?? new Map<string, Kinds[K]>();
  }

  /** Sorted. */
  names(kind: Kind): string[] {
    return [...this.#drawers[kind].keys()].sort(byKey);
  }

  count(kind: Kind): number {
    return this.#drawers[kind].size;
  }

  *all<K extends Kind>(kind: K): IterableIterator<readonly [name: string, part: string, document: Kinds[K]]> {
    for (const [name, parts] of this.#drawers[kind]) for (const [part, document] of parts) yield [name, part, document];
  }

  /** For the shelf alone: memory follows the disk. */
  apply<K extends Kind>(kind: K, name: string, part: string, document: Kinds[K] | undefined): void {
    const drawer = this.#drawers[kind];
    let parts = drawer.get(name);
    if (document === undefined) {
      parts?.delete(part);
      if (parts?.size === 0) drawer.delete(name);
      return;
    }
    if (parts === undefined) drawer.set(name, (parts = new Map()));
    parts.set(part, document);
  }
}
