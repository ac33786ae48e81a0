import type { Clock, Timer } from '../base/index.ts';

/**
 * The time-out of one invocation after the other. Most end long before theirs, so the timer of an earlier
 * one is left running and asked again when it fires; none is made and thrown away for each.
 */
export class Deadline implements Disposable {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #firesAtMs = 0;
  #owner: object | undefined;
  #dueAtMs = 0;
  #act: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param owner  whose time this is; another's takes its place */
  set(owner: object, leftMs: number, act: () => void): void {
    this.#owner = owner;
    this.#act = act;
    this.#dueAtMs = this.#clock.monotonic() + leftMs;
    if (this.#timer === undefined || this.#firesAtMs > this.#dueAtMs) this.#arm(leftMs);
  }

  clear(owner: object): void {
    if (this.#owner === owner) this.#owner = undefined;
  }

  [Symbol.dispose](): void {
    this.#owner = undefined;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #arm(leftMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#firesAtMs = this.#clock.monotonic() + leftMs;
    this.#timer = this.#clock.after(leftMs, () => this.#fired());
    this.#timer.unref();
  }

  #fired(): void {
    this.#timer = undefined;
    if (this.#owner === undefined) return;
    const leftMs = this.#dueAtMs - this.#clock.monotonic();
    if (leftMs > 0) return this.#arm(leftMs);
    this.#owner = undefined;
    this.#act();
  }
}
