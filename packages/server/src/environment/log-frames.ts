import { Pieces } from '../base/index.ts';
import { Lines, maxLineBytes } from './lines.ts';

/** One event in a runtime's own words, line breaks inside and all. */
export type OnRecord = (text: string, atMs: number | undefined, level: string | undefined) => void;

const headerBytes = 16;
const first = 0xa5;
const levels = [undefined, 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/**
 * The framed log that AWS's runtime clients write: type, length, microseconds since the epoch, text. Holds one event at most.
 * What is no frame is read as lines, and what follows it as frames again.
 *
 * @source spec 3.9-01, 3.9-02
 */
export class LogFrames {
  readonly #onRecord: OnRecord;
  readonly #takes: (bytes: number) => boolean;
  readonly #stray: Lines;
  readonly #held = new Pieces();
  /** Until this much is there, looking at it is of no use. */
  #wantedBytes = 1;
  #skipBytes = 0;

  /** @param takes  whether an event of so many bytes is to be read; otherwise it is passed over */
  constructor(onRecord: OnRecord, takes: (bytes: number) => boolean) {
    this.#onRecord = onRecord;
    this.#takes = takes;
    this.#stray = new Lines((line) => onRecord(line, undefined, undefined));
  }

  push(chunk: Buffer): void {
    const skipped = Math.min(this.#skipBytes, chunk.length);
    this.#skipBytes -= skipped;
    let data = chunk.subarray(skipped);
    if (this.#held.bytes > 0) {
      this.#held.add(data);
      if (this.#held.bytes < this.#wantedBytes) return;
      data = this.#held.take();
    }
    let at = 0;
    while (at < data.length) {
      const used = this.#take(data, at);
      if (used === 0) return this.#held.add(data.subarray(at));
      at += used;
    }
    this.#skipBytes += at - data.length;
  }

  flush(): void {
    this.#stray.flush();
  }

  /** @returns how many bytes what begins at `at` has, perhaps more than are there; 0 when too little is there to tell */
  #take(data: Buffer, at: number): number {
    if (!mayBegin(data, at)) return this.#takeStray(data, at);
    const available = data.length - at;
    if (available < headerBytes) return this.#want(headerBytes);
    const bytes = data.readUInt32BE(at + 4);
    if (!this.#takes(bytes)) return headerBytes + bytes;
    const end = headerBytes + Math.min(bytes, maxLineBytes);
    if (available < end) return this.#want(end);
    const atMs = Math.floor(Number(data.readBigUInt64BE(at + 8)) / 1000);
    const text = data.toString('utf8', at + headerBytes, at + end);
    this.#stray.flush();
    this.#onRecord(text.endsWith('\n') ? text.slice(0, -1) : text, atMs, levels[data.readUInt8(at + 3) >> 2]);
    return headerBytes + bytes;
  }

  /** Up to where the next frame might begin. */
  #takeStray(data: Buffer, at: number): number {
    let end = data.indexOf(first, at + 1);
    while (end >= 0 && !mayBegin(data, end)) end = data.indexOf(first, end + 1);
    if (end < 0) end = data.length;
    if (this.#takes(end - at)) this.#stray.push(data.subarray(at, end));
    return end - at;
  }

  #want(bytes: number): 0 {
    this.#wantedBytes = bytes;
    return 0;
  }
}

/** Whether what is there of the first four bytes is a frame's. The last of them is text or JSON, and a level. */
function mayBegin(data: Buffer, at: number): boolean {
  const [a, b = 0x5a, c = 0, type = 2] = data.subarray(at, at + 4);
  return a === first && b === 0x5a && c === 0 && (type & 2) !== 0 && type >> 2 < levels.length;
}
