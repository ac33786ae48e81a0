/** @source spec 8.2-02 */
export const mostOperations = 3000;
/** Payloads of all checkpoints of an execution. @source spec 8.2-03 */
export const mostWrittenBytes = 100 * 1_048_576;
/** @source spec 10.3-08 */
export const errorBytes = 32_768;
/** @source spec 10.3-08 */
export const payloadBytes = 262_144;
/** What goes into a chained invoke and what comes out. @source spec 10.3-08 */
export const chainedBytes = 1_048_576;
/** Result of an execution somebody waits for, and of one nobody does. @source spec 10.3-08 */
export const resultBytes = { sync: 6_291_456, async: 1_048_576 } as const;

/** Synchronous callers wait no longer than this. @source spec 10.1-03 */
export const longestSyncMs = 900_000;

/** Operations in the event of an invocation, or in one answer; the rest is read page by page. Ours: an event has to fit into a call. */
export const pageBytes = 4 * 1_048_576;
/** @source spec 0.3-02 */
export const pageItems = { byDefault: 100, atMost: 1000 } as const;

/** An invocation that fails is repeated, and so often in a row the execution fails with it; the pause between. Ours. */
export const invocationFailures = { atMost: 5, pauseMs: 5000 } as const;
/** The same where the function suspends itself and nothing would ever wake it: an SDK can come to that by a race. Ours. */
export const idlePendings = 3;

/** Throttled, or a function that is not ready: the pause before another try. Ours, as for queued events. */
export const pauseMs = (times: number): number => Math.min(1000 * 2 ** Math.min(times, 9), 300_000);

/** Looked at again after this long at most, because a wall clock may jump. Ours. */
export const lookMs = 60_000;
