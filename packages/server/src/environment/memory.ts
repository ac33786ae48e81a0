import type { Clock } from '../base/index.ts';
import type { Sandbox } from '../sandbox/index.ts';

/** A figure this young is used again: a warm invocation must not cost a read of the kernel's files. */
const freshMs = 250;

/** The peak of an environment's memory, read as seldom as a report can bear. @source spec 5.1-11 */
export class Memory {
  readonly #sandbox: Sandbox;
  readonly #clock: Clock;
  #peakMiB = 0;
  #readAtMs = -Infinity;

  constructor(sandbox: Sandbox, clock: Clock) {
    this.#sandbox = sandbox;
    this.#clock = clock;
  }

  /** @param exact  reads it in any case. @returns whole MiB, at once where nothing had to be read */
  peakMiB(exact: boolean): number | Promise<number> {
    const nowMs = this.#clock.monotonic();
    if (!exact && nowMs - this.#readAtMs < freshMs) return this.#peakMiB;
    this.#readAtMs = nowMs;
    return this.#sandbox.stats().then(
      ({ maxMemoryMiB }) => {
        this.#peakMiB = Math.max(this.#peakMiB, Math.ceil(maxMemoryMiB));
        return this.#peakMiB;
      },
      () => this.#peakMiB,
    );
  }
}
