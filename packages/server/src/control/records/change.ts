import type { Desk } from './desk.ts';
import { kindNames, kinds, type Kind, type Kinds } from './kinds.ts';

export interface Edit {
  readonly kind: Kind;
  readonly name: string;
  readonly part: string;
  /** What was there; absent = nothing. */
  readonly before?: Kinds[Kind];
  /** Absent = the record goes. */
  readonly document?: Kinds[Kind];
}

/** What one operation writes, all together or not at all. */
export class Change {
  readonly edits: Edit[] = [];
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  put<K extends Kind>(kind: K, name: string, part: string, document: Kinds[K]): void {
    const before = this.#desk.get(kind, name, part);
    this.edits.push({ kind, name, part, document, ...(before === undefined ? {} : { before }) });
  }

  delete(kind: Kind, name: string, part = ''): void {
    const before = this.#desk.get(kind, name, part);
    if (before !== undefined) this.edits.push({ kind, name, part, before });
  }

  /** A version or alias and everything that was set for it. */
  deleteQualifier(functionName: string, qualifier: string, options: { readonly keep?: readonly string[] } = {}): void {
    for (const kind of kindNames)
      if (kinds[kind].ofFunction && !(options.keep ?? []).includes(kind)) this.delete(kind, functionName, qualifier);
  }

  /** A function and everything that is a part of it. */
  deleteFunction(functionName: string): void {
    for (const kind of kindNames)
      if (kinds[kind].ofFunction)
        for (const part of this.#desk.parts(kind, functionName).keys()) this.delete(kind, functionName, part);
  }
}
