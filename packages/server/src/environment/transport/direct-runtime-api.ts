import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { readStrictHead, type StrictHead } from '@mayfly/wire';
import type { Invocation } from '../port.ts';
import type { NextWaiter, Refusal, Session } from '../session.ts';
import { ChunkedBody } from './chunked-body.ts';
import { staleInvocation, type Attempts } from './attempts.ts';
import { eventHeaders } from './runtime-api.ts';

/** Longer answers go the general way: there is nothing to gain on them. */
const mostBodyBytes = 262_144;
const prefix = '/2018-06-01/runtime/invocation/';
const nothing = Buffer.alloc(0);

/** Whose calls they are. */
export interface Direct {
  readonly session: Session;
  readonly attempts: Attempts;
}

/**
 * One connection of a runtime that asks for events and answers them: strict reading, one write for each
 * call. The first call that is anything else (a stream, a trailer, another path) takes the connection to the
 * general server, which has the same session behind it.
 */
export class DirectRuntimeApi implements NextWaiter {
  readonly #socket: Socket;
  readonly #direct: () => Direct | undefined;
  readonly #handOver: (socket: Socket) => void;
  /** Asked for an event, and waits in it. */
  #waitsAt: Direct | undefined;
  #pieces: Buffer[] = [];
  #missingBytes = 0;
  #chunks: ChunkedBody | undefined;
  #read: StrictHead | undefined;
  #held: Buffer = nothing;

  constructor(socket: Socket, options: { direct(): Direct | undefined; handOver(socket: Socket): void }) {
    this.#socket = socket;
    this.#direct = () => options.direct();
    this.#handOver = (given) => options.handOver(given);
    socket.setNoDelay(true);
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
  }

  deliver(event: Invocation): boolean {
    const direct = this.#waitsAt;
    this.#waitsAt = undefined;
    if (this.#socket.destroyed || direct === undefined) return false;
    this.#write(200, eventHeaders(event, direct.attempts.begin(event.requestId)), event.payload);
    this.#next();
    return true;
  }

  #begin(bytes: Buffer): void {
    const read = readStrictHead(bytes, { chunks: true });
    if (read === undefined || read.bodyBytes > mostBodyBytes || !isDirect(read) || this.#direct() === undefined)
      return this.#leave(bytes);
    if (read.chunked) {
      this.#read = read;
      this.#pieces = [bytes];
      this.#chunks = new ChunkedBody(mostBodyBytes);
      return this.#moreChunks(this.#chunks, bytes.subarray(read.bodyAt));
    }
    const end = read.bodyAt + read.bodyBytes;
    if (bytes.length > end) return this.#leave(bytes);
    if (bytes.length === end) return this.#serve(read, bytes.subarray(read.bodyAt));
    this.#read = read;
    this.#pieces = [bytes];
    this.#missingBytes = end - bytes.length;
  }

  #more(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#missingBytes -= chunk.length;
    if (this.#missingBytes > 0) return;
    const bytes = Buffer.concat(this.#pieces);
    const tooMany = this.#missingBytes < 0;
    const read = this.#read as StrictHead;
    this.#pieces = [];
    this.#missingBytes = 0;
    if (tooMany) this.#leave(bytes);
    else this.#serve(read, bytes.subarray(read.bodyAt));
  }

  /** @param piece  is the end of what came */
  #moreChunks(chunks: ChunkedBody, piece: Buffer): void {
    const taken = chunks.take(piece);
    if (taken === 'more') return;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#chunks = undefined;
    if (taken === piece.length) this.#serve(this.#read as StrictHead, chunks.whole());
    else this.#leave(Buffer.concat(pieces));
  }

  #serve({ head }: StrictHead, body: Buffer): void {
    const direct = this.#direct();
    if (direct === undefined) return void this.#socket.destroy();
    const { session, attempts } = direct;
    const [requestId = '', verb] = head.target.slice(prefix.length).split('/');
    if (verb === undefined) {
      this.#waitsAt = direct;
      const refusal = session.next(this);
      if (refusal === undefined) return;
      this.#waitsAt = undefined;
      return this.#refuse(refusal);
    }
    if (!attempts.match(requestId, head.headers['lambda-runtime-invocation-id'])) return this.#refuse(staleInvocation);
    const refusal =
      session.receive(requestId) ??
      (verb === 'response'
        ? session.answer(requestId, body, head.headers['content-type'])
        : session.error(requestId, head.headers['lambda-runtime-function-error-type'], body));
    if (refusal === undefined) this.#write(202, json, accepted);
    else this.#refuse(refusal);
  }

  #refuse({ status, errorType, errorMessage }: Refusal): void {
    this.#write(status, json, Buffer.from(JSON.stringify({ errorMessage, errorType })));
  }

  #write(status: number, headers: Readonly<Record<string, string | number>>, body: Uint8Array): void {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
    for (const name in headers) if (name !== 'Content-Length') head += `${name}: ${headers[name]}\r\n`;
    head += `Content-Length: ${body.byteLength}\r\nConnection: keep-alive\r\n\r\n`;
    const bytes = Buffer.allocUnsafe(head.length + body.byteLength);
    bytes.write(head, 0, 'latin1');
    bytes.set(body, head.length);
    this.#socket.write(bytes);
  }

  #next(): void {
    const held = this.#held;
    if (held.length === 0) return;
    this.#held = nothing;
    this.#socket.resume();
    this.#begin(held);
  }

  #leave(bytes: Buffer): void {
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    this.#socket.pause();
    this.#socket.unshift(bytes);
    this.#handOver(this.#socket);
    this.#socket.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#missingBytes > 0) return this.#more(chunk);
    if (this.#chunks !== undefined) {
      this.#pieces.push(chunk);
      return this.#moreChunks(this.#chunks, chunk);
    }
    if (this.#waitsAt === undefined) return this.#begin(chunk);
    // Its next call may wait until it has the event it asked for.
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#socket.pause();
  };
  readonly #onEnd = (): void => void this.#socket.end();
  readonly #onClose = (): void => this.#waitsAt?.session.withdraw(this);
}

const json = { 'Content-Type': 'application/json' };
const accepted = Buffer.from('{"status":"OK"}\n');

/** The three calls that every invocation is made of, buffered. */
function isDirect({ head: { method, target, headers }, chunked }: StrictHead): boolean {
  if (!target.startsWith(prefix)) return false;
  if (target === `${prefix}next`) return method === 'GET' && headers['content-length'] === undefined && !chunked;
  return (
    method === 'POST' &&
    headers['lambda-runtime-function-response-mode'] === undefined &&
    /^[0-9a-f-]{36}\/(response|error)$/.test(target.slice(prefix.length))
  );
}
