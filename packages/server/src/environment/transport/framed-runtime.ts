import type { Logger } from '../../base/index.ts';
import { errorTypeOf } from '../failures.ts';
import type { Invocation } from '../port.ts';
import type { NextWaiter, Refusal, Session } from '../session.ts';
import type { Frame } from './frames.ts';
import type { Link } from './link.ts';

/** A whole log event in a bootstrap's own words, UTF-8. */
export type LogFrame = (body: Buffer, atMs: number | undefined) => void;

/**
 * Our own bootstraps' side of the session: frames become calls of the same state machine that the HTTP
 * Runtime API drives. A refusal has no frame; a bootstrap of ours does not provoke one, and a function that
 * writes to the channel itself only misses the answer.
 */
export class FramedRuntime implements NextWaiter {
  readonly #link: Link;
  readonly #session: Session;
  readonly #onLog: LogFrame;
  readonly #log: Logger;

  constructor(options: { readonly link: Link; readonly session: Session; readonly onLog: LogFrame; readonly log: Logger }) {
    this.#link = options.link;
    this.#session = options.session;
    this.#onLog = options.onLog;
    this.#log = options.log;
    this.#link.onFrame = (frame) => this.#receive(frame);
  }

  deliver(invocation: Invocation): boolean {
    const { payload, requestId, deadlineMs, invokedArn, traceId, clientContext, cognitoIdentity, tenantId } = invocation;
    // Absent members vanish in JSON.
    const header = { requestId, deadlineMs, invokedArn, traceId, clientContext, cognitoIdentity, tenantId };
    return this.#link.send('E', header, payload);
  }

  #receive(frame: Frame): void {
    const refusal = this.#take(frame);
    if (refusal !== undefined) this.#log.debug('A frame was refused.', { type: frame.type, errorType: refusal.errorType });
  }

  #take({ type, header, body, oversize }: Frame): Refusal | undefined {
    const session = this.#session;
    const requestId = text(header['requestId']) ?? '';
    switch (type) {
      case 'R':
      case 'N':
        return session.next(this);
      case 'A':
        return oversize ? session.answerTooLarge(requestId) : session.answer(requestId, body, text(header['contentType']));
      case 'X':
        return session.error(requestId, header['errorType'], body);
      case 'F':
        return session.initError(header['errorType'], body);
      case 'S':
        return this.#streamStart(requestId, text(header['contentType']));
      case 'D':
        return this.#streamData(requestId, body, oversize);
      case 'Z':
        return this.#streamEnd(requestId, header);
      case 'L': {
        const atMs = header['atMs'];
        this.#onLog(body, typeof atMs === 'number' && Number.isFinite(atMs) ? atMs : undefined);
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #streamStart(requestId: string, contentType: string | undefined): Refusal | undefined {
    const stream = this.#session.stream(requestId, contentType ?? 'application/octet-stream');
    if ('status' in stream) return stream;
    stream.onRoom = () => this.#link.resume();
    return undefined;
  }

  #streamData(requestId: string, body: Buffer, oversize: boolean): undefined {
    const stream = this.#session.streamOf(requestId);
    if (stream === undefined || oversize) return;
    if (!this.#session.streamed(stream, body)) this.#link.pause();
  }

  #streamEnd(requestId: string, header: Frame['header']): undefined {
    const { errorType, errorBody } = header;
    if (errorType === undefined) {
      this.#session.streamEnded(requestId, { kind: 'complete' });
      return undefined;
    }
    const body = Buffer.from(text(errorBody) ?? JSON.stringify({ errorType: errorTypeOf(errorType), errorMessage: '' }));
    this.#session.streamEnded(requestId, { kind: 'failed', errorType: errorTypeOf(errorType), body });
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
