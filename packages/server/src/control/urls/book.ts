import { compact } from '../compact.ts';
import type { Scope } from '../names.ts';
import type { Shelf } from '../records/shelf.ts';
import type { UrlRecord } from './record.ts';

/** Where a function URL leads. */
export interface UrlTarget extends Scope, Pick<UrlRecord, 'id' | 'authType' | 'cors'> {
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly functionName: string;
  /** An alias; absent = the function itself. */
  readonly qualifier?: string;
}

/** Finds URLs by their id; for whoever serves them. Reads no storage. */
export class UrlBook implements Disposable {
  readonly #targets = new Map<string, UrlTarget>();
  readonly #watch: Disposable;

  constructor(shelf: Shelf) {
    for (const scope of shelf.scopes())
      for (const [functionName, qualifier, record] of shelf.desk(scope).all('url'))
        this.#put(scope, functionName, qualifier, record);
    this.#watch = shelf.onChange((scope, { edits }) => {
      for (const { kind, name, part, before, document } of edits) {
        if (kind !== 'url') continue;
        if (before !== undefined) this.#targets.delete((before as UrlRecord).id);
        if (document !== undefined) this.#put(scope, name, part, document as UrlRecord);
      }
    });
  }

  find(id: string): UrlTarget | undefined {
    return this.#targets.get(id);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #put(scope: Scope, functionName: string, qualifier: string, { id, authType, cors, invokeMode = 'BUFFERED' }: UrlRecord): void {
    this.#targets.set(
      id,
      compact<UrlTarget>({
        ...scope,
        id,
        authType,
        cors,
        invokeMode,
        functionName,
        qualifier: qualifier === '' ? undefined : qualifier,
      }),
    );
  }
}
