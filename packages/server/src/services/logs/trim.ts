import type { Clock, Logger } from '../../base/index.ts';
import { repeating } from '../kit/index.ts';
import type { GroupRecord, LogRecords } from './groups.ts';
import type { LogStore } from './store.ts';

const everyMs = 10 * 60_000;
const dayMs = 86_400_000;

/** Takes from the disk what retention, or the deletion of a group, has already taken from sight. */
export class Trim implements AsyncDisposable {
  readonly #options: { readonly records: LogRecords; readonly store: LogStore; readonly clock: Clock; readonly log: Logger };
  readonly #timer: AsyncDisposable;
  readonly #discards = new Set<Promise<void>>();

  constructor(options: { readonly records: LogRecords; readonly store: LogStore; readonly clock: Clock; readonly log: Logger }) {
    this.#options = options;
    this.#timer = repeating(options.clock, everyMs, () => this.run());
  }

  /** Deletes in the background; what a stop leaves is found at the next start. */
  discard(group: GroupRecord): void {
    const work = this.#tried(() => this.#options.store.deleteGroup(group.id)).finally(() => this.#discards.delete(work));
    this.#discards.add(work);
  }

  /** Rows of groups that no record knows: left by a stop in the middle of a deletion. */
  async sweep(): Promise<void> {
    const { records, store } = this.#options;
    const ids = await store.groupIds();
    const known = new Set([...records.all('group')].map(({ value }) => value.id));
    for (const id of ids) if (!known.has(id)) await this.#tried(() => store.deleteGroup(id));
  }

  async run(): Promise<void> {
    const { records, store, clock } = this.#options;
    for (const { value: group } of [...records.all('group')]) {
      const days = group.retentionDays;
      if (days !== undefined) await this.#tried(() => store.trim(group.id, clock.now() - days * dayMs));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#timer[Symbol.asyncDispose]();
    await Promise.all(this.#discards);
  }

  async #tried(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.log.error('Old log events could not be deleted.', { error });
    }
  }
}
