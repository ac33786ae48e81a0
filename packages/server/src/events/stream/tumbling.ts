/** @source spec 6.5-08 */
const mostStateBytes = 1_048_576;

/** A window that is open over a shard. */
export interface Tumble {
  readonly startMs: number;
  readonly state: object;
}

/** Which window a record belongs to. */
export const windowStart = (arrivedAtMs: number, lengthMs: number): number => Math.floor(arrivedAtMs / lengthMs) * lengthMs;

/** What a batch of a window adds to its event. */
export const windowEvent = (
  tumble: Tumble,
  options: {
    readonly lengthMs: number;
    readonly shardId: string;
    readonly streamArn: string;
    readonly isFinal: boolean;
    readonly terminatedEarly: boolean;
  },
): object => ({
  window: { start: iso(tumble.startMs), end: iso(tumble.startMs + options.lengthMs) },
  state: tumble.state,
  shardId: options.shardId,
  eventSourceARN: options.streamArn,
  isFinalInvokeForWindow: options.isFinal,
  isWindowTerminatedEarly: options.terminatedEarly,
});

/** The state a function returned; 'tooLarge' ends the window early. */
export function stateOf(response: Uint8Array): object | 'tooLarge' {
  try {
    const value: unknown = JSON.parse(Buffer.from(response).toString('utf8'));
    const state = typeof value === 'object' && value !== null ? (value as { state?: unknown }).state : undefined;
    if (typeof state !== 'object' || state === null) return {};
    return Buffer.byteLength(JSON.stringify(state)) > mostStateBytes ? 'tooLarge' : state;
  } catch {
    return {};
  }
}

const iso = (atMs: number): string => new Date(atMs).toISOString().replace('.000Z', 'Z');
