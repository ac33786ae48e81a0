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
  /** The next part of the body of the frame before it. */
  readonly continued?: true;
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

/** Of a streamed response. To wait for the whole of its body is to copy it once more, and to be later with it. */
const inParts = 'D'.charCodeAt(0);

/** Takes any cut of the stream and gives whole frames, those of type `D` as they come; holds one frame at most. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #maxBodyBytes: number;
  /** The frame whose body goes on, and how many bytes of it are to come. */
  #open: Frame | undefined;
  #openBytes = 0;
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
    if (this.#openBytes > 0) data = this.#goOn(data);
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
    const type = data.readUInt8(at + 4);
    const oversize = bodyBytes > this.#maxBodyBytes;
    const headBytes = fixedBytes + headerBytes;
    const needed = oversize ? headBytes : type === inParts ? headBytes + Math.min(1, bodyBytes) : frameBytes;
    if (available < needed) return this.#want(needed);
    const bodyAt = at + fixedBytes + headerBytes;
    const frame: Frame = {
      type: String.fromCharCode(type),
      header: headerBytes === 0 ? {} : parseHeader(data.toString('utf8', at + fixedBytes, bodyAt)),
      body: oversize || bodyBytes === 0 ? nothing : data.subarray(bodyAt, at + frameBytes),
      oversize,
    };
    this.#onFrame(frame);
    if (oversize || available >= frameBytes) return frameBytes;
    this.#open = frame;
    this.#openBytes = frameBytes - available;
    return available;
  }

  /** @returns what comes after the open frame */
  #goOn(data: Buffer): Buffer {
    const body = data.subarray(0, this.#openBytes);
    this.#openBytes -= body.length;
    this.#onFrame({ ...(this.#open as Frame), body, continued: true });
    return data.subarray(body.length);
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
