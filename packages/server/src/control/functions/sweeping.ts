import type { AccountId, Clock, Logger, Timer } from '../../base/index.ts';
import type { CodeStore } from '../code/port.ts';
import type { Images } from '../ports.ts';
import type { Shelf } from '../records/shelf.ts';
import { archivesOf } from './record.ts';

/** Longer than an invocation may last: what runs on the old code is over by then. @source spec 8.1-02 */
const delayMs = 1_800_000;

interface SweepingOptions {
  readonly shelf: Shelf;
  readonly code: CodeStore;
  readonly images: Images | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Lets the code store remove what no version and no layer refers to: at the start, and some time after something was given up. */
export class Sweeping implements AsyncDisposable {
  readonly #options: SweepingOptions;
  readonly #watch: Disposable;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SweepingOptions) {
    this.#options = options;
    this.#watch = options.shelf.onChange((_scope, { edits }) => {
      if (edits.some(({ kind, before }) => before !== undefined && (kind === 'version' || kind === 'layerVersion'))) this.#arm();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  /** One wait for all that is given up in it. */
  #arm(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      const { code, images, shelf, log } = this.#options;
      this.#running = this.#running
        .then(() => code.sweep(archivesInUse(shelf)))
        .then(() => images?.sweep(() => imagesInUse(shelf)))
        .catch((error: unknown) => log.error('Unused code could not be removed.', { error }));
    });
    this.#timer.unref();
  }
}

export function archivesInUse(shelf: Shelf): Map<AccountId, Set<string>> {
  const inUse = new Map<AccountId, Set<string>>();
  for (const scope of shelf.scopes()) {
    const used = inUse.get(scope.account) ?? new Set();
    inUse.set(scope.account, used);
    const desk = shelf.desk(scope);
    for (const [, , { configuration, serving }] of desk.all('version'))
      for (const sha256 of [...archivesOf(configuration), ...(serving === undefined ? [] : archivesOf(serving.configuration))])
        used.add(sha256);
    for (const [, , layer] of desk.all('layerVersion')) used.add(layer.codeSha256);
  }
  return inUse;
}

/** Digests. */
export function imagesInUse(shelf: Shelf): ReadonlySet<string> {
  const inUse = new Set<string>();
  for (const scope of shelf.scopes())
    for (const [, , { configuration, serving }] of shelf.desk(scope).all('version'))
      for (const code of [configuration.code, serving?.configuration.code]) if (code?.kind === 'image') inUse.add(code.digest);
  return inUse;
}
