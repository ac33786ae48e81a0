import { Pieces } from '../../base/index.ts';

/** One frame of `runtimes/CHANNEL.md`, as it came. */
export interface Frame {
  /** One ASCII letter. */
  readonly type: string;
  readonly header: Readonly<Record<string, unknown>>;
  /** A view of what was received; empty when `oversize`. */
  readonly body: Buffer;
  /** The body was longer than allowed and has been thrown away. */
  readonly oversize: boolean;
}

export class FrameError extends Error {}

const fixedBytes = 9;
/** Of a frame's header; an X-Ray cause alone may have 1 MB. @source spec 3.2-18 */
const maxHeaderBytes = 1_310_720;
/** A body of at most this many bytes is copied behind its header and leaves in one piece. */
const copyBytes = 16_384;
const nothing = Buffer.alloc(0);

/** The pieces of one frame, to be written in order. */
export function encodeFrame(type: string, header?: object, body?: Uint8Array): readonly Uint8Array[] {
  const text = header === undefined ? '' : JSON.stringify(header);
  const headerBytes = Buffer.byteLength(text);
  const bodyBytes = body?.byteLength ?? 0;
  const together = bodyBytes <= copyBytes;
  const start = Buffer.allocUnsafe(fixedBytes + headerBytes + (together ? bodyBytes : 0));
  start.writeUInt32BE(fixedBytes - 4 + headerBytes + bodyBytes, 0);
  start.writeUInt8(type.charCodeAt(0), 4);
  start.writeUInt32BE(headerBytes, 5);
  start.write(text, fixedBytes);
  if (body === undefined || bodyBytes === 0) return [start];
  if (!together) return [start, body];
  start.set(body, fixedBytes + headerBytes);
  return [start];
}

/** Takes any cut of the stream and gives whole frames; holds one frame at most. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #maxBodyBytes: number;
  readonly #held = new Pieces();
  /** Until this much is there, looking at it is of no use. */
  #wantedBytes = fixedBytes;
  #skipBytes = 0;

  constructor(options: { readonly maxBodyBytes: number; readonly onFrame: (frame: Frame) => void }) {
    this.#onFrame = options.onFrame;
    this.#maxBodyBytes = options.maxBodyBytes;
  }

  /** @throws FrameError when this is not the protocol; the stream is of no use then */
  push(chunk: Buffer): void {
    let data = chunk;
    if (this.#skipBytes > 0) {
      const skipped = Math.min(this.#skipBytes, data.length);
      this.#skipBytes -= skipped;
      data = data.subarray(skipped);
    }
    if (data.length === 0) return;
    if (this.#held.bytes > 0) {
      this.#held.add(data);
      if (this.#held.bytes < this.#wantedBytes) return;
      data = this.#held.take();
    }
    this.#wantedBytes = fixedBytes;
    let at = 0;
    while (at < data.length) {
      const taken = this.#take(data, at);
      if (taken === 0) {
        this.#held.add(at === 0 ? data : data.subarray(at));
        return;
      }
      at += taken;
    }
    this.#skipBytes = at - data.length;
  }

  /** @returns how many bytes the frame at `at` has; 0 when it is not complete yet */
  #take(data: Buffer, at: number): number {
    const available = data.length - at;
    if (available < fixedBytes) return this.#want(fixedBytes);
    const frameBytes = 4 + data.readUInt32BE(at);
    const headerBytes = data.readUInt32BE(at + 5);
    const bodyBytes = frameBytes - fixedBytes - headerBytes;
    if (bodyBytes < 0 || headerBytes > maxHeaderBytes) throw new FrameError('not a frame');
    const oversize = bodyBytes > this.#maxBodyBytes;
    const needed = oversize ? fixedBytes + headerBytes : frameBytes;
    if (available < needed) return this.#want(needed);
    const bodyAt = at + fixedBytes + headerBytes;
    this.#onFrame({
      type: String.fromCharCode(data.readUInt8(at + 4)),
      header: headerBytes === 0 ? {} : parseHeader(data.toString('utf8', at + fixedBytes, bodyAt)),
      body: oversize || bodyBytes === 0 ? nothing : data.subarray(bodyAt, at + frameBytes),
      oversize,
    });
    return frameBytes;
  }

  #want(bytes: number): 0 {
    this.#wantedBytes = bytes;
    return 0;
  }
}

function parseHeader(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new FrameError('the header of a frame is not a JSON object');
}
