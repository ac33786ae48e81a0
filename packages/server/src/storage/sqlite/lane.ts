import { StorageError } from '../errors.ts';

/** Work that runs one at a time, in the order it came. */
export class Lane {
  readonly #limit: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: { readonly limit: number }) {
    this.#limit = options.limit;
  }

  /** @throws StorageError `STORAGE_BUSY` when too many wait */
  enter<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#limit) {
      return Promise.reject(
        new StorageError('STORAGE_BUSY', `${this.#limit} transactions are waiting for the disk. Try again later.`),
      );
    }
    this.#waiting += 1;
    const result = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when what has entered so far has ended. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
