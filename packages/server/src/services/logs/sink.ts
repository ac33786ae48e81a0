import type { Clock, Logger, LogEvent, LogSink, LogStreamName, Timer } from '../../base/index.ts';
import { bounds } from './bounds.ts';
import type { LogLine } from './chunk.ts';
import type { GroupRecord, Groups } from './groups.ts';
import type { Batch, LogStore, Written } from './store.ts';

interface Item {
  readonly stream: LogStreamName;
  readonly line: LogLine;
}
interface Dropped {
  readonly stream: LogStreamName;
  readonly sinceMs: number;
  records: number;
  bytes: number;
}

export interface SinkOptions {
  readonly groups: Groups;
  readonly store: LogStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of what is on disk now. */
  written(stream: LogStreamName, group: GroupRecord, chunks: readonly Written[]): void;
  readonly holdBytes?: number;
}

/** How long a line waits for others to share its transaction: what a crash can take. Readers do not wait for it. */
const gatherMs = 500;
/** Lines of one transaction; enough to make one sync to disk cheap, few enough to keep it short. */
const linesAtOnce = 4_096;
const bytesAtOnce = 4 * 1_048_576;
/** After a failed write. */
const retryMs = 1_000;
/** What a line costs beside its text, about. */
const lineBytes = 200;
const defaultHoldBytes = 64 * 1_048_576;

/**
 * Takes the lines of functions without waiting, and writes them together. When the disk does not keep up
 * the oldest lines go, and a line in their stream tells how many went.
 */
export class Sink implements LogSink, AsyncDisposable {
  readonly #options: SinkOptions;
  readonly #holdBytes: number;
  #items: Item[] = [];
  /** First item that still counts; the array is cut when half of it is gone. */
  #head = 0;
  #bytes = 0;
  /** Lines taken, and lines written or dropped, since the start. */
  #taken = 0;
  #settled = 0;
  #waiters: { readonly until: number; readonly resolve: () => void }[] = [];
  readonly #dropped = new Map<string, Dropped>();
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#holdBytes = options.holdBytes ?? defaultHoldBytes;
  }

  append(stream: LogStreamName, event: LogEvent): void {
    const message = event.message.length > bounds.messageLength ? event.message.slice(0, bounds.messageLength) : event.message;
    // An event of nothing is not kept by CloudWatch Logs either.
    if (this.#closed || message === '') return;
    this.#items.push({ stream, line: { atMs: momentOf(event.atMs), message } });
    this.#bytes += sizeOf(message);
    this.#taken += 1;
    while (this.#bytes > this.#holdBytes && this.#head < this.#items.length) this.#dropOldest();
    this.#arm();
  }

  /** Resolves when what was appended before is on disk, or a write has failed. */
  flushed(): Promise<void> {
    if (this.#settled >= this.#taken) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ until: this.#taken, resolve });
    this.#write();
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#writing;
    this.#write();
    await this.#writing;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#writing !== undefined || this.#closed) return;
    this.#timer = this.#options.clock.after(gatherMs, () => this.#write());
  }

  #write(): void {
    this.#writing ??= this.#writeAll();
  }

  #release(all: boolean): void {
    const waiters = this.#waiters;
    this.#waiters = all ? [] : waiters.filter(({ until }) => until > this.#settled);
    for (const { until, resolve } of waiters) if (all || until <= this.#settled) resolve();
  }

  async #writeAll(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const until = this.#taken;
    let failed = false;
    while (!failed && this.#isDue(until)) {
      try {
        await this.#writeSome();
        this.#release(false);
      } catch (error) {
        this.#options.log.error('Lines of function logs could not be written and wait for another try.', { error });
        failed = true;
      }
      // Whoever waits for a socket comes first.
      if (!failed) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#writing = undefined;
    if (!failed) return void (this.#head < this.#items.length && this.#arm());
    this.#release(true);
    if (!this.#closed) this.#timer = this.#options.clock.after(retryMs, () => this.#write());
  }

  /** What came during the write waits for others like what came before it did, or a busy server would write without end. */
  #isDue(until: number): boolean {
    return (
      this.#settled < until ||
      this.#dropped.size > 0 ||
      this.#waiters.length > 0 ||
      this.#items.length - this.#head >= linesAtOnce
    );
  }

  /** Items leave the buffer only when they are on disk; what is dropped meanwhile is on disk all the same. */
  async #writeSome(): Promise<void> {
    const items = this.#next();
    this.#head += items.length;
    const dropped = [...this.#dropped.values()];
    this.#dropped.clear();
    if (this.#head > this.#items.length / 2) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    try {
      await this.#writeBatches([...dropped.map(markerOf), ...items]);
      for (const { line } of items) this.#bytes -= sizeOf(line.message);
      this.#settled += items.length;
    } catch (error) {
      this.#items.splice(0, this.#head, ...items);
      this.#head = 0;
      for (const each of dropped) this.#count(each.stream, each.sinceMs, each.records, each.bytes);
      throw error;
    }
  }

  #next(): Item[] {
    let end = this.#head;
    for (let bytes = 0; end < this.#items.length && end - this.#head < linesAtOnce && bytes < bytesAtOnce; end += 1) {
      bytes += sizeOf((this.#items[end] as Item).line.message);
    }
    return this.#items.slice(this.#head, end);
  }

  async #writeBatches(items: readonly Item[]): Promise<void> {
    const { groups, store, written } = this.#options;
    const streams = new Map<string, { stream: LogStreamName; lines: LogLine[] }>();
    // An environment names its stream by the same object every time.
    const byName = new Map<LogStreamName, LogLine[]>();
    for (const { stream, line } of items) {
      const known = byName.get(stream);
      if (known !== undefined) {
        known.push(line);
        continue;
      }
      const key = keyOf(stream);
      const other = streams.get(key);
      const lines = other?.lines ?? [];
      if (other === undefined) streams.set(key, { stream, lines });
      byName.set(stream, lines);
      lines.push(line);
    }
    const batches: (Batch & { readonly name: LogStreamName; readonly group: GroupRecord })[] = [];
    for (const { stream, lines } of streams.values()) {
      const group = await groups.ensure(stream, stream.logGroup);
      batches.push({ groupId: group.id, stream: stream.logStream, lines, name: stream, group });
    }
    const places = await store.write(batches);
    for (const [index, { name, group }] of batches.entries()) written(name, group, places[index] ?? []);
  }

  #dropOldest(): void {
    const item = this.#items[this.#head++] as Item;
    this.#bytes -= sizeOf(item.line.message);
    this.#settled += 1;
    this.#count(item.stream, item.line.atMs, 1, item.line.message.length);
    if (this.#head > 10_000 && this.#head > this.#items.length / 2) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #count(stream: LogStreamName, sinceMs: number, records: number, bytes: number): void {
    const key = keyOf(stream);
    const known = this.#dropped.get(key);
    if (known === undefined) this.#dropped.set(key, { stream, sinceMs, records, bytes });
    else {
      known.records += records;
      known.bytes += bytes;
    }
  }
}

/** A moment that can be kept, whatever a function's clock says: one that could not would hold up all that come behind it. */
const momentOf = (atMs: number): number => (Number.isNaN(atMs) ? 0 : Math.floor(Math.min(Math.max(atMs, 0), latestMs)));
/** The last moment of a `Date`. */
const latestMs = 8_640_000_000_000_000;

const sizeOf = (message: string): number => lineBytes + 2 * message.length;
const keyOf = ({ account, region, logGroup, logStream }: LogStreamName): string =>
  `${account}\0${region}\0${logGroup}\0${logStream}`;

const markerOf = ({ stream, sinceMs, records, bytes }: Dropped): Item => ({
  stream,
  line: { atMs: sinceMs, message: `LOGS_DROPPED\tReason: The disk did not keep up.\tRecords: ${records}\tBytes: ${bytes}` },
});
