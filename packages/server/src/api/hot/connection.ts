import type { Socket } from 'node:net';
import { readStrictHead, type RequestHead, type StrictHead, type WireResponse } from '@mayfly/wire';
import type { Clock, Logger, Random, Timer } from '../../base/index.ts';
import type { AwsDoor, Exchange, WholeRequest } from '../aws.ts';
import { replyBytes } from './reply.ts';

/** What all connections share. */
export interface HotOptions {
  readonly aws: AwsDoor;
  /** Whether this way may serve a request with this head; function URLs have a door of their own. */
  admits(head: RequestHead): boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Text of the `Date` header. */
  date(): string;
  /** The server is stopping: every answer is the last of its connection. */
  draining(): boolean;
  /** How many bodies are waited for. */
  readonly coming: { count: number };
  /** An exchange begins; called back when it is over. */
  begin(): () => void;
  /** Gives the connection to the general server, these bytes first. */
  handOver(socket: Socket, bytes: Buffer): void;
}

export const keepAliveMs = 65_000;
/** A body that is not there by then is left to the general server, which bounds what it waits for. */
const bodyMs = 2_000;
/** Longer bodies go the general way: there is nothing to gain on them. */
const mostBodyBytes = 65_536;
/** Bodies that are waited for at once, over all connections. */
const mostComing = 1_000;

const nothing = Buffer.alloc(0);

/** A request whose body is still coming. */
interface Begun {
  readonly read: StrictHead;
  readonly whole: WholeRequest;
}

/**
 * A keep-alive connection whose client asks Lambda's API for whole answers: one request read strictly, one
 * write back, then the next. The first request that is anything else takes the connection to the
 * general server, for good.
 */
export class HotConnection {
  readonly #socket: Socket;
  readonly #options: HotOptions;
  readonly #forget: (connection: HotConnection) => void;
  /** Bytes that came while an answer was under way. */
  #held: Buffer = nothing;
  /** Of a request whose body is still coming. */
  #pieces: Buffer[] = [];
  #missingBytes = 0;
  #bodyTimer: Timer | undefined;
  #reading: Begun | undefined;
  #busy = false;
  #gone = false;
  /** An answer is on its way that the client does not read. */
  #unread = false;
  #hangUp: AbortController | undefined;

  constructor(socket: Socket, options: HotOptions, forget: (connection: HotConnection) => void) {
    this.#socket = socket;
    this.#options = options;
    this.#forget = forget;
    socket.setTimeout(keepAliveMs);
    socket
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClose)
      .on('timeout', this.#onTimeout);
  }

  /** A request is here or on its way. */
  get busy(): boolean {
    return this.#busy || this.#missingBytes > 0;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Bytes of the client, in order. */
  take(chunk: Buffer): void {
    if (this.#missingBytes > 0) return this.#more(chunk);
    if (this.#busy) {
      // The next request may wait where it is, in the kernel.
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      this.#socket.pause();
      return;
    }
    this.#begin(chunk);
  }

  #begin(bytes: Buffer): void {
    const read = readStrictHead(bytes);
    if (read === undefined || read.bodyBytes > mostBodyBytes || !this.#options.admits(read.head)) return this.#leave(bytes);
    const whole = this.#options.aws.whole(read.head);
    if (!(whole instanceof Promise)) return this.#admitted(bytes, read, whole);
    // Only the first request of all waits for Lambda's API to be loaded.
    this.#socket.pause();
    this.#busy = true;
    whole.then(
      (found) => {
        this.#busy = false;
        if (this.#gone) return;
        this.#admitted(bytes, read, found);
        this.#socket.resume();
      },
      () => this.#leave(bytes),
    );
  }

  #admitted(bytes: Buffer, read: StrictHead, whole: WholeRequest | undefined): void {
    if (whole === undefined || read.bodyBytes > whole.limitBytes) return this.#leave(bytes);
    const end = read.bodyAt + read.bodyBytes;
    // Who sends more before the answer is there has two requests under way, or does not know where one ends.
    if (bytes.length > end) return this.#leave(bytes);
    if (bytes.length < end) {
      const { clock, coming } = this.#options;
      if (coming.count >= mostComing) return this.#leave(bytes);
      coming.count += 1;
      this.#reading = { read, whole };
      this.#missingBytes = end - bytes.length;
      this.#pieces.push(bytes);
      this.#bodyTimer = clock.after(bodyMs, () => this.#leave(this.#stopReading()));
      return;
    }
    void this.#serve(read.head, whole, bytes.subarray(read.bodyAt));
  }

  #more(chunk: Buffer): void {
    this.#missingBytes -= chunk.length;
    this.#pieces.push(chunk);
    if (this.#missingBytes > 0) return;
    const tooMany = this.#missingBytes < 0;
    const { read, whole } = this.#reading as Begun;
    const bytes = this.#stopReading();
    if (tooMany) this.#leave(bytes);
    else void this.#serve(read.head, whole, bytes.subarray(read.bodyAt));
  }

  /** @returns what came of the request */
  #stopReading(): Buffer {
    this.#bodyTimer?.[Symbol.dispose]();
    this.#bodyTimer = undefined;
    if (this.#reading !== undefined) this.#options.coming.count -= 1;
    this.#reading = undefined;
    this.#missingBytes = 0;
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return bytes;
  }

  async #serve(head: RequestHead, whole: WholeRequest, body: Uint8Array): Promise<void> {
    const { aws, random, log } = this.#options;
    this.#busy = true;
    const over = this.#options.begin();
    const exchange: Exchange = {
      requestId: random.uuid(),
      hangUp: () => this.#hangUpSignal(),
      sourceIp: this.#socket.remoteAddress,
    };
    try {
      const reply = await aws.answer(whole, head, body, exchange);
      this.#hangUp = undefined;
      if (!this.#gone) this.#reply(reply);
    } catch (error) {
      log.error('A request could not be answered.', { requestId: exchange.requestId, error });
      this.#socket.destroy();
    } finally {
      over();
    }
  }

  #reply(reply: WireResponse): void {
    if (!(reply.body instanceof Uint8Array)) throw new TypeError('An answer that was to be whole is a stream.');
    const close = this.#options.draining();
    const pieces = replyBytes(
      { ...reply, body: reply.body },
      { date: this.#options.date(), close, keepAliveS: keepAliveMs / 1000 },
    );
    const [first, second] = pieces as [Uint8Array, Uint8Array?];
    let room: boolean;
    if (second === undefined) room = this.#socket.write(first);
    else {
      this.#socket.cork();
      this.#socket.write(first);
      room = this.#socket.write(second);
      this.#socket.uncork();
    }
    this.#busy = false;
    if (close) return void this.#socket.end();
    if (room) this.#next();
    else {
      // Who does not read is not listened to either.
      this.#busy = this.#unread = true;
      this.#socket.pause();
      this.#socket.once('drain', () => {
        this.#unread = false;
        this.#busy = false;
        this.#next();
      });
    }
  }

  #next(): void {
    const held = this.#held;
    if (held.length > 0) {
      this.#held = nothing;
      this.#begin(held);
    }
    if (!this.#busy && !this.#gone && this.#socket.isPaused()) this.#socket.resume();
  }

  #leave(bytes: Buffer): void {
    this.#detach();
    this.#options.handOver(this.#socket, bytes);
  }

  #detach(): void {
    this.#gone = true;
    this.#socket
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose)
      .off('timeout', this.#onTimeout);
    this.#forget(this);
  }

  #hangUpSignal(): AbortSignal {
    this.#hangUp ??= new AbortController();
    if (this.#gone) this.#hangUp.abort(new Error('The client hung up.'));
    return this.#hangUp.signal;
  }

  readonly #onData = (chunk: Buffer): void => this.take(chunk);
  /** A client that only ends its side looks like one that has gone, and is taken for it, as everywhere on this port. */
  readonly #onEnd = (): void => void this.#socket.end();
  readonly #onError = (): void => {};
  readonly #onTimeout = (): void => {
    if (this.#unread || (!this.#busy && this.#missingBytes === 0)) this.#socket.destroy();
  };
  readonly #onClose = (): void => {
    this.#stopReading();
    this.#detach();
    this.#hangUp?.abort(new Error('The client hung up.'));
  };
}
