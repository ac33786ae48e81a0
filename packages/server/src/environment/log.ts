import type {
  Clock,
  LogOrigin,
  LogSink,
  LogStreamName,
  PlatformEvent,
  PlatformLineStyle,
  PlatformLineWriter,
  PlatformRecord,
} from '../base/index.ts';
import { clipped } from './lines.ts';
import type { LogTail } from './port.ts';

/** A function may write this much at once, and this much a second for long; what is more is dropped and counted. */
const burstBytes = 16_777_216;
const bytesPerMs = 4_194;
/** What a line costs beside its text: without it, sixteen million lines of a letter would be no more than one of sixteen megabytes. */
const lineBytes = 128;
/** With less left, what comes is not even cut into lines: that would cost the server what the limit is to save. */
const leastBytes = burstBytes / 4;
const oldestMs = 14 * 86_400_000;
const newestMs = 2 * 3_600_000;

/** Hears everything that goes to the log, in the log's order. */
export interface LogListener {
  platform(event: PlatformEvent): void;
  line(origin: 'function' | 'extension', message: string, atMs: number): void;
}

/** The log of one environment: one order for the platform's lines and the function's. */
export class EnvironmentLog {
  readonly #sink: LogSink;
  readonly #stream: LogStreamName;
  readonly #platformLines: PlatformLineWriter;
  readonly #style: PlatformLineStyle;
  readonly #clock: Clock;
  /** Of the invocation that runs now. */
  tail: LogTail | undefined;
  listener: LogListener | undefined;
  #budgetBytes = burstBytes;
  #budgetAtMs: number;
  #droppedRecords = 0;
  #droppedBytes = 0;

  constructor(options: {
    readonly sink: LogSink;
    readonly stream: LogStreamName;
    readonly platformLines: PlatformLineWriter;
    readonly style: PlatformLineStyle;
    readonly clock: Clock;
  }) {
    this.#sink = options.sink;
    this.#stream = options.stream;
    this.#platformLines = options.platformLines;
    this.#style = options.style;
    this.#clock = options.clock;
    this.#budgetAtMs = options.clock.monotonic();
  }

  platform(record: PlatformRecord): void {
    // Member by member: to spread it is to look each of them up by name, three times a call.
    const event = { type: record.type, record: record.record, atMs: this.#clock.now() } as PlatformEvent;
    for (const line of this.#platformLines(event, this.#style)) this.#append('platform', line, event.atMs);
    this.listener?.platform(event);
  }

  /** Whether anybody would hear of this event: text has no line for some, and to make one costs what a call does. */
  heeds(type: PlatformRecord['type']): boolean {
    return this.listener !== undefined || this.#style.logFormat === 'JSON' || type !== 'platform.runtimeDone';
  }

  /** A line that only the text log has. */
  platformText(message: string): void {
    if (this.#style.logFormat === 'Text') this.#append('platform', message, this.#clock.now());
  }

  /** @param toldMs  when the function says it was written; believed within what CloudWatch Logs takes */
  line(origin: 'function' | 'extension', message: string, toldMs?: number): void {
    const text = clipped(message);
    if (text === '' || !this.#affordable(text)) return;
    const nowMs = this.#clock.now();
    const atMs = toldMs === undefined || toldMs < nowMs - oldestMs || toldMs > nowMs + newestMs ? nowMs : toldMs;
    this.#append(origin, text, atMs);
    this.listener?.line(origin, text, atMs);
  }

  /**
   * Whether so many bytes of output are to be looked at. Where a function has written far more than it may, they are dropped
   * unseen and count as one record.
   */
  takes(bytes: number): boolean {
    if (this.#budgetBytes < leastBytes) this.#refill();
    if (this.#budgetBytes >= leastBytes) return true;
    this.#droppedRecords += 1;
    this.#droppedBytes += bytes;
    return false;
  }

  /** Says what was dropped since the last time, if anything. */
  settle(): void {
    if (this.#droppedRecords === 0) return;
    const record = {
      reason: 'The environment writes more than its log takes',
      droppedRecords: this.#droppedRecords,
      droppedBytes: this.#droppedBytes,
    };
    this.#droppedRecords = 0;
    this.#droppedBytes = 0;
    this.platform({ type: 'platform.logsDropped', record });
  }

  #append(origin: LogOrigin, message: string, atMs: number): void {
    this.#sink.append(this.#stream, { atMs, origin, message });
    this.tail?.(message);
  }

  #affordable(text: string): boolean {
    const cost = text.length + lineBytes;
    if (this.#budgetBytes < cost) this.#refill();
    if (this.#budgetBytes >= cost) {
      this.#budgetBytes -= cost;
      return true;
    }
    this.#droppedRecords += 1;
    this.#droppedBytes += Buffer.byteLength(text);
    return false;
  }

  #refill(): void {
    const nowMs = this.#clock.monotonic();
    this.#budgetBytes = Math.min(burstBytes, this.#budgetBytes + (nowMs - this.#budgetAtMs) * bytesPerMs);
    this.#budgetAtMs = nowMs;
  }
}
