import type { Refusal } from '../session.ts';

/** Events whose delivery is remembered; as many may be under way at once. */
const attemptsKnown = 64;

/** @source spec 3.2-16 */
export const staleInvocation: Refusal = { status: 400, errorType: 'InvalidInvocationId', errorMessage: 'Invalid invocation ID' };

/**
 * Names each delivery of an event. A request id is the same for every attempt of an asynchronous event, so an answer
 * that comes too late could be taken for the next attempt's; a client that echoes this id is safe from that.
 */
export class Attempts {
  readonly #ids = new Map<string, string>();
  #count = 0;

  begin(requestId: string): string {
    const id = `${requestId}:${(this.#count += 1)}`;
    this.#ids.delete(requestId);
    this.#ids.set(requestId, id);
    // Longest ago first: a Map keeps insertion order.
    for (const oldest of this.#ids.keys()) {
      if (this.#ids.size <= attemptsKnown) break;
      this.#ids.delete(oldest);
    }
    return id;
  }

  /** Older clients echo nothing, which is accepted. */
  match(requestId: string, told: string | undefined): boolean {
    const id = this.#ids.get(requestId);
    return told === undefined || id === undefined || told === id;
  }
}
