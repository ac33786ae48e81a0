import type { Timer } from '../../base/index.ts';
import type { BucketRecord } from './bucket.ts';
import { dueOf, isAbandoned, lifecycleOf, untilMidnightMs, type Due } from './expiry.ts';
import type { LifecycleRule } from './lifecycle.ts';
import { isLocked } from './lock.ts';
import { keyBytes, type StoredObject } from './objects.ts';
import type { S3 } from './s3.ts';
import { UploadTable } from './uploads.ts';

const pageSize = 1000;
/** Removals under way at once: they share a sync. */
const together = 64;

/**
 * Does what the rules of buckets say: once a day at midnight UTC, and at a start for the midnights that were missed. What is
 * due is read off the objects, so nothing is remembered, and what is cut short is done the next time.
 */
export class Sweep implements AsyncDisposable {
  readonly #s3: S3;
  readonly #uploads: UploadTable;
  #timer: Timer | undefined;
  #running: Promise<void>;
  #ended = false;

  constructor(s3: S3) {
    this.#s3 = s3;
    this.#uploads = new UploadTable(s3.table);
    this.#running = this.#run();
    this.#arm();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  #arm(): void {
    if (this.#ended) return;
    const { clock } = this.#s3;
    this.#timer = clock.after(untilMidnightMs(clock.now()), () => {
      // A sweep that takes longer than a day is not joined by a second one.
      this.#running = this.#running.then(() => this.#run());
      this.#arm();
    });
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    for (const { value: bucket } of [...this.#s3.records.all('bucket')]) {
      const rules = lifecycleOf(bucket);
      if (rules.length === 0) continue;
      try {
        await this.#expire(bucket, rules);
        await this.#abort(bucket, rules);
      } catch (error) {
        this.#s3.log.error('The lifecycle rules of a bucket could not be applied.', { bucket: bucket.name, error });
      }
    }
  }

  async #expire(bucket: BucketRecord, rules: readonly LifecycleRule[]): Promise<void> {
    const nowMs = this.#s3.clock.now();
    let due: Due[] = [];
    for await (const versions of this.#keys(bucket)) {
      if (this.#ended) return;
      due.push(...dueOf(rules, versions, nowMs));
      if (due.length < together) continue;
      await this.#removeAll(bucket, rules, due);
      due = [];
    }
    await this.#removeAll(bucket, rules, due);
  }

  async #removeAll({ name }: BucketRecord, rules: readonly LifecycleRule[], due: readonly Due[]): Promise<void> {
    // As it is by now: who has changed the rules meanwhile is not done what the old ones said.
    const bucket = this.#s3.records.get('bucket', '', name);
    if (bucket === undefined || lifecycleOf(bucket) !== rules) return;
    const endings = await Promise.allSettled(due.map((each) => this.#remove(bucket, each)));
    for (const ending of endings) {
      if (ending.status === 'fulfilled') continue;
      this.#s3.log.error('An object could not be removed as its lifecycle says.', { bucket: name, error: ending.reason });
    }
  }

  async #remove(bucket: BucketRecord, { kind, object }: Due): Promise<void> {
    const { clock, random } = this.#s3;
    const isForGood = kind === 'version' || bucket.versioning === undefined;
    if (isForGood && isLocked(object, clock.now())) return;
    const who = { requestId: random.uuid(), account: bucket.account, caller: { kind: 'anonymous' } } as const;
    const lifecycle = { onlySeq: object.seq, cause: 'LifecycleExpiration' } as const;
    await this.#s3.remove(bucket, object.key, isForGood ? object.versionId : undefined, who, lifecycle);
  }

  /** The versions of each key, the newest first. */
  async *#keys(bucket: BucketRecord): AsyncGenerator<readonly StoredObject[]> {
    let versions: StoredObject[] = [];
    let after: StoredObject | undefined;
    for (;;) {
      const range =
        after === undefined
          ? { from: keyBytes(''), inclusive: true }
          : { from: keyBytes(after.key), inclusive: false, belowSeq: after.seq };
      const page = await this.#s3.table.versions(bucket.name, range, pageSize);
      for (const version of page) {
        if (versions.length > 0 && versions[0]?.key !== version.key) {
          yield versions;
          versions = [];
        }
        versions.push(version);
      }
      after = page.at(-1);
      if (page.length < pageSize) break;
    }
    if (versions.length > 0) yield versions;
  }

  async #abort(bucket: BucketRecord, rules: readonly LifecycleRule[]): Promise<void> {
    const { table, blobs, clock } = this.#s3;
    for (const upload of await this.#uploads.list(bucket.name)) {
      if (this.#ended) return;
      if (!isAbandoned(rules, upload, clock.now())) continue;
      const parts = await table.change((tx) => this.#uploads.end(tx, upload.uploadId));
      blobs.discard(parts.flatMap(({ segments }) => segments));
    }
  }
}
