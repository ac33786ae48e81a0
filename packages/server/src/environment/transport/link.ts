import type { Socket } from 'node:net';
import { encodeFrame, FrameError, FrameReader, type Frame } from './frames.ts';

/** One end of the framed channel: our side of a bootstrap's connection. */
export class Link implements Disposable {
  /** Set by whoever the bootstrap works for at the moment. */
  onFrame: (frame: Frame) => void = () => {};
  /** Called once, when the bootstrap has gone or does not speak the protocol. */
  onClosed: () => void = () => {};
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket, options: { readonly maxBodyBytes: number }) {
    this.#socket = socket;
    const reader = new FrameReader({ maxBodyBytes: options.maxBodyBytes, onFrame: (frame) => this.#closed || this.onFrame(frame) });
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
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
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }

  [Symbol.dispose](): void {
    this.onFrame = () => {};
    this.onClosed = () => {};
    this.#socket.destroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClosed();
  }
}
