import type { Clock, Logger, Timer } from '../../base/index.ts';
import type { Database, Migrations, Sql } from '../../storage/index.ts';
import { GroupCommit } from './group-commit.ts';
import { Heap } from './heap.ts';

const migrations: Migrations = {
  room: 'services/outbox',
  steps: [
    `CREATE TABLE service_outbox (
       service TEXT NOT NULL,
       seq BIGINT NOT NULL,
       lane TEXT,
       target TEXT NOT NULL,
       body TEXT NOT NULL,
       attempts BIGINT NOT NULL,
       due_at BIGINT NOT NULL,
       PRIMARY KEY (service, seq)
     )`,
  ],
};

/** Something that a service has promised to bring somewhere. */
export interface Parcel {
  /** Parcels of one lane are delivered one after the other, in order; those without a lane whenever there is room. */
  readonly lane?: string;
  /** Where to, in the service's own words. */
  readonly target: string;
  readonly body: string;
}

/** How an attempt ended. What cannot be delivered at all is the service's to put elsewhere; then it is `done`. */
export type Ending = { readonly kind: 'done' } | { readonly kind: 'retry'; readonly inMs: number };

/** @param attempt  1 for the first */
export type Deliver = (parcel: Parcel, attempt: number, signal: AbortSignal) => Promise<Ending>;

interface Pending extends Omit<Parcel, 'body'> {
  readonly seq: number;
  /** Undefined where it is on storage alone. */
  body: string | undefined;
  attempts: number;
}

export interface OutboxOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly service: string;
  readonly deliver: Deliver;
  /** Deliveries at once. */
  readonly atOnce?: number;
  /** Characters of bodies that are kept in memory while they wait; others are read back when their turn comes. */
  readonly heldCharacters?: number;
}

const heldCharacters = 16 * 1024 * 1024;

/** A parcel whose attempt failed for a reason of ours. */
const unexpectedRetryMs = 30_000;

/**
 * Parcels on storage until they are delivered, at least once. A crash in between delivers again what was
 * under way; a parcel that waits for its next attempt waits on.
 */
export class Outbox implements AsyncDisposable {
  readonly #options: OutboxOptions;
  readonly #writer: GroupCommit;
  readonly #atOnce: number;
  readonly #stop = new AbortController();
  readonly #lanes = new Map<string, Pending[]>();
  #ready: Pending[] = [];
  readonly #later = new Heap<Pending>();
  #timer: { readonly timer: Timer; readonly atMs: number } | undefined;
  readonly #running = new Set<Promise<void>>();
  #lastSeq = 0;
  #size = 0;
  #held = 0;

  private constructor(options: OutboxOptions) {
    this.#options = options;
    this.#atOnce = options.atOnce ?? 64;
    this.#writer = new GroupCommit(options.database);
  }

  /** Reads what an earlier server left. Nothing is delivered before `start`. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    await options.database.migrate(migrations);
    const outbox = new Outbox(options);
    const rows = await options.database.all(
      'SELECT seq, lane, target, attempts, due_at FROM service_outbox WHERE service = ? ORDER BY seq',
      [options.service],
    );
    for (const row of rows) {
      const pending: Pending = {
        seq: Number(row['seq']),
        ...(row['lane'] === null ? {} : { lane: row['lane'] as string }),
        target: row['target'] as string,
        body: undefined,
        attempts: Number(row['attempts']),
      };
      outbox.#lastSeq = pending.seq;
      outbox.#accept(pending, Number(row['due_at']) - options.clock.now());
    }
    return outbox;
  }

  /** Parcels not delivered yet. */
  get size(): number {
    return this.#size;
  }

  start(): void {
    this.#pump();
    this.#arm();
  }

  /** Resolves when the parcels are on storage. */
  async add(parcels: readonly Parcel[]): Promise<void> {
    if (parcels.length === 0) return;
    const staged = this.stage(parcels);
    await this.#writer.write((tx) => staged.write(tx));
    staged.release();
  }

  /** For a service that writes parcels together with what they tell of: `write` in its transaction, `release` after it. */
  stage(parcels: readonly Parcel[]): { write(tx: Sql): Promise<void>; release(): void } {
    const pending = parcels.map((parcel): Pending => ({ ...parcel, seq: (this.#lastSeq += 1), attempts: 0 }));
    const nowMs = Math.floor(this.#options.clock.now());
    return {
      write: async (tx) => {
        for (const [index, { lane, target, body }] of parcels.entries()) {
          await tx.run(
            'INSERT INTO service_outbox (service, seq, lane, target, body, attempts, due_at) VALUES (?, ?, ?, ?, ?, 0, ?)',
            [this.#options.service, pending[index]?.seq ?? 0, lane ?? null, target, body, nowMs],
          );
        }
      },
      release: () => {
        for (const each of pending) this.#accept(each, 0);
        this.#pump();
      },
    };
  }

  /** Starts nothing more; what is under way is told, waited for, and delivered again another time if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#timer?.timer[Symbol.dispose]();
    this.#timer = undefined;
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#writer.settled();
  }

  #accept(pending: Pending, waitMs: number): void {
    this.#size += 1;
    const characters = pending.body?.length ?? 0;
    if (this.#held + characters > (this.#options.heldCharacters ?? heldCharacters)) pending.body = undefined;
    else this.#held += characters;
    if (pending.lane !== undefined) {
      const lane = this.#lanes.get(pending.lane);
      if (lane === undefined) this.#lanes.set(pending.lane, [pending]);
      else {
        lane.push(pending);
        return;
      }
    }
    this.#queue(pending, waitMs);
  }

  #queue(pending: Pending, waitMs: number): void {
    if (waitMs <= 0) this.#ready.push(pending);
    else this.#later.push(this.#options.clock.monotonic() + waitMs, pending);
  }

  #pump(): void {
    let next = 0;
    while (!this.#stop.signal.aborted && this.#running.size < this.#atOnce && next < this.#ready.length) {
      const run: Promise<void> = this.#attempt(this.#ready[next] as Pending).finally(() => {
        this.#running.delete(run);
        this.#pump();
        this.#arm();
      });
      this.#running.add(run);
      next += 1;
    }
    if (next > 0) this.#ready = this.#ready.slice(next);
  }

  async #attempt(pending: Pending): Promise<void> {
    pending.attempts += 1;
    const { log, deliver, service } = this.#options;
    let ending: Ending;
    try {
      const body = pending.body ?? (await this.#read(pending));
      const { lane, target } = pending;
      ending =
        body === undefined
          ? { kind: 'done' }
          : await deliver({ target, body, ...(lane === undefined ? {} : { lane }) }, pending.attempts, this.#stop.signal);
    } catch (error) {
      if (!this.#stop.signal.aborted)
        log.error('A delivery failed for a reason of ours; it is tried again.', { service, target: pending.target, error });
      ending = { kind: 'retry', inMs: unexpectedRetryMs };
    }
    if (this.#stop.signal.aborted && ending.kind === 'retry') return;
    if (ending.kind === 'done') this.#done(pending);
    else {
      this.#note(pending, ending.inMs);
      this.#queue(pending, ending.inMs);
    }
  }

  async #read({ seq }: Pending): Promise<string | undefined> {
    const { database, service } = this.#options;
    const [row] = await database.all('SELECT body FROM service_outbox WHERE service = ? AND seq = ?', [service, seq]);
    return row?.['body'] as string | undefined;
  }

  #done(pending: Pending): void {
    this.#size -= 1;
    this.#held -= pending.body?.length ?? 0;
    const lane = pending.lane === undefined ? undefined : this.#lanes.get(pending.lane);
    lane?.shift();
    if (lane?.[0] !== undefined) this.#ready.push(lane[0]);
    else if (pending.lane !== undefined) this.#lanes.delete(pending.lane);
    this.#behind(
      this.#writer.write((tx) =>
        tx.run('DELETE FROM service_outbox WHERE service = ? AND seq = ?', [this.#options.service, pending.seq]),
      ),
    );
  }

  #note(pending: Pending, waitMs: number): void {
    const dueAt = Math.floor(this.#options.clock.now() + waitMs);
    this.#behind(
      this.#writer.write((tx) =>
        tx.run('UPDATE service_outbox SET attempts = ?, due_at = ? WHERE service = ? AND seq = ?', [
          pending.attempts,
          dueAt,
          this.#options.service,
          pending.seq,
        ]),
      ),
    );
  }

  #behind(write: Promise<unknown>): void {
    write.catch((error: unknown) =>
      this.#options.log.error('A delivery could not be noted.', { service: this.#options.service, error }),
    );
  }

  #arm(): void {
    const atMs = this.#stop.signal.aborted ? undefined : this.#later.firstKey;
    if (atMs === this.#timer?.atMs) return;
    this.#timer?.timer[Symbol.dispose]();
    this.#timer = undefined;
    if (atMs === undefined) return;
    const { clock } = this.#options;
    const timer = clock.after(Math.max(0, atMs - clock.monotonic()), () => {
      this.#timer = undefined;
      while ((this.#later.firstKey ?? Infinity) <= clock.monotonic() + 1) {
        const pending = this.#later.pop();
        if (pending !== undefined) this.#ready.push(pending);
      }
      this.#pump();
      this.#arm();
    });
    this.#timer = { timer, atMs };
  }
}
