import type { Clock } from '../base/index.ts';
import { errorTypeOf, failureBody, responseTooLarge, type Failure } from './failures.ts';
import type { PaceLimits } from './pace.ts';
import type { Invocation, Outcome, StreamEnd } from './port.ts';
import { ResponseStream } from './response-stream.ts';

/** A runtime that waits for an event, over whichever transport. */
export interface NextWaiter {
  /** @returns false when nobody is there any more; the event then goes to another */
  deliver(invocation: Invocation): boolean;
}

/** Why a call of the runtime is refused; each transport tells it in its own way. @source spec 3.2-02 */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 413;
  readonly errorType: string;
  readonly errorMessage: string;
}

/** What the session tells those it works for. */
export interface SessionEvents {
  /** The first `next`: the runtime is initialised. */
  initialised(): void;
  initFailed(errorType: string, body: Uint8Array): void;
  /** The caller can be answered. `producedBytes` grows on while a response streams. */
  answered(requestId: string, outcome: Outcome): void;
  /** The response is complete and the runtime has asked for the next event. */
  done(requestId: string): void;
}

export interface SessionLimits {
  /** @source spec 2.3-03 */
  readonly responseBytes: number;
  /** @source spec 2.3-04 */
  readonly streamedBytes: number;
  readonly pace: PaceLimits;
  /** Calls of `next` that may wait at once. */
  readonly waiting: number;
}

/** Where one invocation stands. `answered` is left by the `next` that follows. */
type Step =
  /** `receiving`: its answer is being read; nobody else may begin one. */
  { readonly kind: 'running' | 'receiving' | 'answered' } | { readonly kind: 'streaming'; readonly stream: ResponseStream };

const running: Step = { kind: 'running' };
const receiving: Step = { kind: 'receiving' };
const answered: Step = { kind: 'answered' };
const invalidRequestId: Refusal = { status: 400, errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' };
const refused = (errorMessage: string): Refusal => ({ status: 403, errorType: 'InvalidStateTransition', errorMessage });

/**
 * The Runtime API's state machine: one runtime from its start to its end, whatever transport it speaks.
 * A waiting `next` is capacity; several may wait, and an event goes to the one that waited longest.
 *
 * @source spec 3.2
 */
export class Session {
  readonly #events: SessionEvents;
  readonly #limits: SessionLimits;
  readonly #clock: Clock;
  #state: 'initialising' | 'serving' | 'dead' = 'initialising';
  readonly #waiting: NextWaiter[] = [];
  readonly #steps = new Map<string, Step>();
  /** Answered invocations whose `next` is still to come, oldest first. */
  readonly #answered: string[] = [];
  /** An event that found nobody: its runtime's connection broke, and it will call again. */
  #parked: Invocation | undefined;

  constructor(events: SessionEvents, limits: SessionLimits, clock: Clock) {
    this.#events = events;
    this.#limits = limits;
    this.#clock = clock;
  }

  get state(): 'initialising' | 'serving' | 'dead' {
    return this.#state;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  next(waiter: NextWaiter): Refusal | undefined {
    if (this.#state === 'dead') return refused('The runtime has ended');
    if (this.#waiting.length >= this.#limits.waiting) return refused('Too many calls of next wait already');
    this.#waiting.push(waiter);
    if (this.#state === 'initialising') {
      this.#state = 'serving';
      this.#events.initialised();
      return undefined;
    }
    const parked = this.#parked;
    this.#parked = undefined;
    if (parked !== undefined) {
      this.dispatch(parked);
      return undefined;
    }
    const requestId = this.#answered.shift();
    if (requestId === undefined) return undefined;
    this.#steps.delete(requestId);
    this.#events.done(requestId);
    return undefined;
  }

  /** Its connection has closed. */
  withdraw(waiter: NextWaiter): void {
    const at = this.#waiting.indexOf(waiter);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Hands the event to the runtime that has waited longest, or to the next that asks. */
  dispatch(invocation: Invocation): void {
    if (this.#state !== 'serving') return;
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift()) {
      this.#steps.set(invocation.requestId, running);
      if (waiter.deliver(invocation)) return;
      this.#steps.delete(invocation.requestId);
    }
    this.#parked = invocation;
  }

  initError(errorType: unknown, body: Uint8Array): Refusal | undefined {
    if (this.#state !== 'initialising') return refused('Transition from Running to InitError is not allowed');
    this.#state = 'dead';
    this.#events.initFailed(errorTypeOf(errorType), body);
    return undefined;
  }

  /** The answer of this invocation begins; called before its body is read, so that one body at most is held. */
  receive(requestId: string): Refusal | undefined {
    const refusal = this.#mayAnswer(requestId, 'running');
    if (refusal === undefined) this.#steps.set(requestId, receiving);
    return refusal;
  }

  answer(requestId: string, body: Uint8Array, contentType?: string): Refusal | undefined {
    const refusal = this.#mayAnswer(requestId);
    if (refusal !== undefined) return refusal;
    if (body.byteLength > this.#limits.responseBytes) return this.answerTooLarge(requestId);
    this.#end(requestId, contentType === undefined ? { kind: 'returned', body } : { kind: 'returned', body, contentType });
    return undefined;
  }

  /** The body was not even read: it is too long. */
  answerTooLarge(requestId: string): Refusal | undefined {
    const refusal = this.#mayAnswer(requestId);
    if (refusal !== undefined) return refusal;
    const limit = this.#limits.responseBytes;
    this.#end(requestId, { kind: 'failed', status: 'error', ...responseTooLarge(limit) });
    return {
      status: 413,
      errorType: 'RequestEntityTooLarge',
      errorMessage: `Exceeded maximum allowed payload size (${limit} bytes).`,
    };
  }

  /** The connection broke before the body was complete. */
  answerTruncated(requestId: string): Refusal | undefined {
    const refusal = this.#mayAnswer(requestId);
    if (refusal !== undefined) return refusal;
    this.#steps.set(requestId, running);
    return { status: 400, errorType: 'TruncatedHTTPRequest', errorMessage: 'HTTP request truncated' };
  }

  error(requestId: string, errorType: unknown, body: Uint8Array): Refusal | undefined {
    const refusal = this.#mayAnswer(requestId);
    if (refusal !== undefined) return refusal;
    this.#end(requestId, { kind: 'threw', errorType: errorTypeOf(errorType), body });
    return undefined;
  }

  /** The runtime asked for a mode that does not exist. @source spec 3.3-07 */
  invalidMode(requestId: string, mode: string): Refusal {
    const refusal = this.#mayAnswer(requestId);
    if (refusal !== undefined) return refusal;
    const errorType = 'Runtime.InvalidResponseModeHeader';
    const failure: Failure = { errorType, status: 'error', reason: 'Invalid response mode header' };
    this.#end(requestId, { kind: 'failed', status: 'error', errorType, body: failureBody(failure, requestId) });
    return {
      status: 400,
      errorType: 'InvalidFunctionResponseMode',
      errorMessage: `Invalid function response mode: ${mode.slice(0, 64)}`,
    };
  }

  /** Begins a streamed response. Its writer calls `streamed` for each piece and `streamEnded` once. @source spec 3.3 */
  stream(requestId: string, contentType: string): ResponseStream | Refusal {
    const refusal = this.#mayAnswer(requestId);
    if (refusal !== undefined) return refusal;
    const stream = new ResponseStream(this.#limits.pace, this.#clock);
    this.#steps.set(requestId, { kind: 'streaming', stream });
    this.#events.answered(requestId, { kind: 'streamed', body: stream.body, contentType, end: stream.end });
    return stream;
  }

  /** @returns false when the writer is to wait for the stream's `onRoom` */
  streamed(stream: ResponseStream, piece: Uint8Array): boolean {
    if (stream.bytes + piece.byteLength <= this.#limits.streamedBytes) return stream.write(piece);
    stream.finish({ kind: 'failed', ...responseTooLarge(this.#limits.streamedBytes) });
    return true;
  }

  streamEnded(requestId: string, end: StreamEnd): void {
    const step = this.#steps.get(requestId);
    if (step?.kind !== 'streaming') return;
    step.stream.finish(end);
    this.#steps.set(requestId, answered);
    this.#answered.push(requestId);
  }

  streamOf(requestId: string): ResponseStream | undefined {
    const step = this.#steps.get(requestId);
    return step?.kind === 'streaming' ? step.stream : undefined;
  }

  /** Nothing it says counts any more. Called before its processes are killed: a `next` in flight must not bring it back. */
  end(failure: Failure): void {
    this.#state = 'dead';
    this.#waiting.length = 0;
    this.#parked = undefined;
    for (const [requestId, step] of this.#steps) {
      if (step.kind !== 'streaming') continue;
      step.stream.finish({ kind: 'failed', errorType: failure.errorType, body: failureBody(failure, requestId) });
    }
    this.#steps.clear();
  }

  #mayAnswer(requestId: string, only?: 'running'): Refusal | undefined {
    if (this.#state === 'dead') return refused('The runtime has ended');
    const step = this.#steps.get(requestId);
    if (step === undefined) return invalidRequestId;
    if (step.kind === 'running' || (step.kind === 'receiving' && only === undefined)) return undefined;
    return refused('Transition from Responding to Responding is not allowed');
  }

  #end(requestId: string, outcome: Outcome): void {
    this.#steps.set(requestId, answered);
    this.#answered.push(requestId);
    this.#events.answered(requestId, outcome);
  }
}
