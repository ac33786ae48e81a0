import type { Clock } from '../base/index.ts';

export interface PaceLimits {
  /** Leaves as fast as it comes. @source spec 2.3-04 */
  readonly burstBytes: number;
  /** What follows the burst. @source spec 2.3-04 */
  readonly bytesPerSecond: number;
}

/** After the burst, this many pieces leave in a second: a caller is to see a flow, not one lump and then nothing. */
const piecesPerSecond = 16;

/** How fast a streamed response leaves: a bucket of tokens, full at first. Within the burst no clock is asked. */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #clock: Clock;
  #leftBytes: number;
  #filledAtMs: number;

  constructor(limits: PaceLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#leftBytes = limits.burstBytes;
    this.#filledAtMs = clock.monotonic();
  }

  /** @returns how many of so many bytes may leave now; 0 when none may for `waitMs` */
  take(bytes: number): number {
    if (this.#leftBytes < bytes) this.#refill();
    if (this.#leftBytes < this.#least(bytes)) return 0;
    const taken = Math.min(bytes, Math.floor(this.#leftBytes));
    this.#leftBytes -= taken;
    return taken;
  }

  /** Until `take` gives some of so many bytes. */
  waitMs(bytes: number): number {
    return Math.ceil(((this.#least(bytes) - this.#leftBytes) / this.#limits.bytesPerSecond) * 1000);
  }

  #least(bytes: number): number {
    const { burstBytes, bytesPerSecond } = this.#limits;
    return Math.min(bytes, burstBytes, Math.ceil(bytesPerSecond / piecesPerSecond));
  }

  #refill(): void {
    const nowMs = this.#clock.monotonic();
    const { burstBytes, bytesPerSecond } = this.#limits;
    this.#leftBytes = Math.min(burstBytes, this.#leftBytes + ((nowMs - this.#filledAtMs) * bytesPerSecond) / 1000);
    this.#filledAtMs = nowMs;
  }
}
