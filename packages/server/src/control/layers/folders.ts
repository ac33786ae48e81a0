import type { AccountId } from '../../base/index.ts';
import type { CodeStore } from '../code/port.ts';
import type { AttachedLayer } from '../functions/record.ts';

/**
 * Where the layers of a function lie merged. Keyed by the list itself: a configuration that did not
 * change its layers keeps the list, and with it the folder.
 */
export class LayerFolders {
  readonly #code: CodeStore;
  readonly #dirs = new WeakMap<readonly AttachedLayer[], string>();

  constructor(code: CodeStore) {
    this.#code = code;
  }

  /** Undefined while it was not prepared, and for a function without layers. */
  dir(layers: readonly AttachedLayer[]): string | undefined {
    return this.#dirs.get(layers);
  }

  async prepare(account: AccountId, layers: readonly AttachedLayer[]): Promise<void> {
    if (layers.length === 0 || this.#dirs.has(layers)) return;
    this.#dirs.set(
      layers,
      await this.#code.layers(
        account,
        layers.map((layer) => layer.codeSha256),
      ),
    );
  }
}
