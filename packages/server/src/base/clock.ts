/** A timer that can be given back; disposing twice does nothing. */
export interface Timer extends Disposable {
  /** Lets the process end although the timer is pending. */
  unref(): void;
}

/** Time is handed in, so that tests run the whole server on a virtual one. Rooms never ask the globals. */
export interface Clock {
  /** Milliseconds since the epoch; may jump. For timestamps only. */
  now(): number;
  /** Milliseconds from an arbitrary start, fractional; never jumps. For durations and deadlines. */
  monotonic(): number;
  /** Calls back once after `delayMs` of monotonic time. */
  after(delayMs: number, callback: () => void): Timer;
  /** Waits. Rejects with the signal's reason when aborted. */
  sleep(delayMs: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** setTimeout fires at once when asked for more than a signed 32-bit count of milliseconds. */
const longestTimeoutMs = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(Math.max(leftMs, 0), longestTimeoutMs);
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs);
    };
    arm(delayMs);
    return {
      unref: () => handle.unref(),
      [Symbol.dispose]: () => clearTimeout(handle),
    };
  },
  sleep(delayMs, options) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const timer = this.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise;
  },
};
