import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../base/index.ts';
import { encodeFrame, FrameError, FrameReader, type Frame } from './frames.ts';

/**
 * Frames of a second. A bootstrap at its fastest sends a third of it; one that only wants to keep the server busy could
 * write a million, and each costs the server more than the bootstrap.
 */
const framesPerSecond = 30_000;

/** One end of the framed channel: our side of a bootstrap's connection. */
export class Link implements Disposable {
  /** Set by whoever the bootstrap works for at the moment. */
  onFrame: (frame: Frame) => void = () => {};
  /** Called once, when the bootstrap has gone or does not speak the protocol. */
  onClosed: () => void = () => {};
  readonly #socket: Socket;
  readonly #clock: Clock;
  #frames = 0;
  #secondEndsMs = 0;
  /** Until the second is over. */
  #rest: Timer | undefined;
  /** Somebody asked for it. */
  #paused = false;
  #closed = false;

  constructor(socket: Socket, options: { readonly maxBodyBytes: number; readonly clock: Clock }) {
    this.#socket = socket;
    this.#clock = options.clock;
    const reader = new FrameReader({
      maxBodyBytes: options.maxBodyBytes,
      onFrame: (frame) => {
        // Parts come in the pieces that were received, few of them.
        if (frame.continued !== true) this.#frames += 1;
        if (!this.#closed) this.onFrame(frame);
      },
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
        if (this.#frames >= framesPerSecond) this.#keepPace();
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        socket.destroy();
      }
    });
    // A reset is as good as an end; `close` follows either.
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#close());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @returns false when nobody is there */
  send(type: string, header?: object, body?: Uint8Array): boolean {
    if (this.#closed || !this.#socket.writable) return false;
    const pieces = encodeFrame(type, header, body);
    if (pieces.length === 1) {
      this.#socket.write(pieces[0] as Uint8Array);
      return true;
    }
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
    return true;
  }

  /** Stops and goes on reading, for a response that streams faster than its caller takes it. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }
  resume(): void {
    this.#paused = false;
    if (this.#rest === undefined) this.#socket.resume();
  }

  [Symbol.dispose](): void {
    this.onFrame = () => {};
    this.onClosed = () => {};
    this.#socket.destroy();
  }

  #keepPace(): void {
    this.#frames = 0;
    const nowMs = this.#clock.monotonic();
    const earlyMs = this.#secondEndsMs - nowMs;
    this.#secondEndsMs = Math.max(nowMs, this.#secondEndsMs) + 1_000;
    if (earlyMs <= 0 || this.#closed) return;
    this.#socket.pause();
    this.#rest = this.#clock.after(earlyMs, () => {
      this.#rest = undefined;
      if (!this.#paused) this.#socket.resume();
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rest?.[Symbol.dispose]();
    this.onClosed();
  }
}
