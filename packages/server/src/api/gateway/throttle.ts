import type { Clock } from '../../base/index.ts';
import type { HttpRoute } from '../../services/index.ts';

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Lets as many requests through a route as its stage says: a burst at once, and then so many in a second.
 *
 * @source API Gateway Developer Guide, "Throttle requests to your HTTP APIs for better throughput", read 2026-11
 */
export class Throttle {
  readonly #clock: Pick<Clock, 'now'>;
  /** A route that is made anew, because something of its API has changed, begins with a whole burst. */
  readonly #buckets = new WeakMap<HttpRoute, Bucket>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  admits(route: HttpRoute): boolean {
    const { throttle } = route;
    if (throttle === undefined) return true;
    const nowMs = this.#clock.now();
    let bucket = this.#buckets.get(route);
    if (bucket === undefined) this.#buckets.set(route, (bucket = { tokens: throttle.burst, atMs: nowMs }));
    const earned = (Math.max(0, nowMs - bucket.atMs) / 1000) * throttle.ratePerS;
    bucket.tokens = Math.min(throttle.burst, bucket.tokens + earned);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
