import type { FunctionArn } from '../../base/index.ts';
import type { QueuedEvent } from './event.ts';

const rampMs = 1000;

/** The events of one function that may run now, oldest first. One function's backlog never stands before another's. */
export class Lane {
  readonly functionArn: FunctionArn;
  /** Invocations of this lane that hold a place. */
  inFlight = 0;
  /** Refusals in a row. */
  throttles = 0;
  /** Clock's monotonic milliseconds until which nothing is tried. */
  pausedUntilMs = 0;
  /** A timer will look at it again because it is full. */
  looksAgain = false;
  /** How many may run at once. It doubles for every second that the lane stays full. */
  #allowance: number;
  #fullSinceMs: number | undefined;
  #events: QueuedEvent[] = [];
  #head = 0;

  constructor(functionArn: FunctionArn, startWith: number) {
    this.functionArn = functionArn;
    this.#allowance = startWith;
  }

  /**
   * Whether one more may run. A backlog of quick events is worked off by a few environments; only one
   * that stands although they are busy earns more of them, for every one costs a boot.
   *
   * @returns 0 when it may, otherwise the milliseconds until more are allowed
   */
  fullForMs(nowMs: number): number {
    if (this.inFlight < this.#allowance) return 0;
    this.#fullSinceMs ??= nowMs;
    const leftMs = this.#fullSinceMs + rampMs - nowMs;
    if (leftMs > 0) return leftMs;
    this.#allowance *= 2;
    this.#fullSinceMs = undefined;
    return 0;
  }

  get size(): number {
    return this.#events.length - this.#head;
  }
  get first(): QueuedEvent | undefined {
    return this.#events[this.#head];
  }

  push(event: QueuedEvent): void {
    this.#events.push(event);
  }

  /** Takes all that wait. */
  clear(): QueuedEvent[] {
    const waiting = this.#events.slice(this.#head);
    this.#events = [];
    this.#head = 0;
    return waiting;
  }

  /** Back to the front: it was taken and could not start. */
  unshift(event: QueuedEvent): void {
    if (this.#head > 0) this.#events[--this.#head] = event;
    else this.#events.unshift(event);
  }

  shift(): QueuedEvent | undefined {
    const event = this.#events[this.#head];
    if (event === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 256 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return event;
  }
}
