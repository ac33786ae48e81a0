import type { Clock } from '../base/index.ts';
import { Pace, type PaceLimits } from './pace.ts';
import type { StreamEnd } from './port.ts';

/** Held here at most before the runtime is asked to wait. */
const highWaterBytes = 1_048_576;
/** What a piece costs beside its content: single bytes must not cost a hundred times what is allowed. */
const pieceBytes = 128;
/** A smaller piece is copied, or it would keep the whole of what was received with it. */
const copiedBytes = 4_096;

/**
 * A response on its way from the runtime to the caller, piece by piece. The slower side sets the pace, and after a burst
 * Lambda's own limit does.
 */
export class ResponseStream {
  readonly end: Promise<StreamEnd>;
  /** Called when there is room again after `write` said false. */
  onRoom: () => void = () => {};
  readonly #end: (end: StreamEnd) => void;
  readonly #pace: Pace;
  readonly #clock: Clock;
  #pieces: Uint8Array[] = [];
  #heldBytes = 0;
  #bytes = 0;
  #ended = false;
  /** The caller has gone: the rest is taken and thrown away, so that the handler ends as it would have. */
  #discarding = false;
  #full = false;
  #reader: (() => void) | undefined;

  constructor(pace: PaceLimits, clock: Clock) {
    this.#pace = new Pace(pace, clock);
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<StreamEnd>();
    this.end = promise;
    this.#end = resolve;
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** @returns false when the writer is to wait for `onRoom` */
  write(piece: Uint8Array): boolean {
    if (this.#ended || piece.byteLength === 0) return true;
    this.#bytes += piece.byteLength;
    if (this.#discarding) return true;
    this.#pieces.push(piece.byteLength < copiedBytes ? Buffer.from(piece) : piece);
    this.#heldBytes += piece.byteLength + pieceBytes;
    this.#wake();
    this.#full = this.#heldBytes >= highWaterBytes;
    return !this.#full;
  }

  /** Once; a second call changes nothing. */
  finish(end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end(end);
    this.#wake();
  }

  /**
   * May be read once. Ends without an error however the response ended: `end` tells. Its `return` gives up the rest, not
   * the handler.
   */
  readonly body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        for (;;) {
          const piece = this.#pieces[0];
          if (piece === undefined && this.#ended) return { done: true, value: undefined };
          const bytes = piece === undefined ? 0 : this.#pace.take(piece.byteLength);
          if (piece !== undefined && bytes > 0) return { done: false, value: this.#give(piece, bytes) };
          await this.#woken(piece === undefined ? undefined : this.#pace.waitMs(piece.byteLength));
        }
      },
      return: () => {
        this.#discarding = true;
        this.#pieces = [];
        this.#heldBytes = 0;
        this.#room();
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };

  /** The first piece, or so many bytes of it. */
  #give(piece: Uint8Array, bytes: number): Uint8Array {
    const whole = bytes === piece.byteLength;
    if (whole) this.#pieces.shift();
    else this.#pieces[0] = piece.subarray(bytes);
    this.#heldBytes -= whole ? bytes + pieceBytes : bytes;
    this.#room();
    return whole ? piece : piece.subarray(0, bytes);
  }

  /** Something has come, or the time is over. */
  async #woken(afterMs: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reader = resolve;
    using _timer = afterMs === undefined ? undefined : this.#clock.after(afterMs, resolve);
    await promise;
  }

  #wake(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.();
  }

  #room(): void {
    if (!this.#full || this.#heldBytes >= highWaterBytes / 2) return;
    this.#full = false;
    this.onRoom();
  }
}
