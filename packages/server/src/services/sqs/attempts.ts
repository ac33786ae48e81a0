import type { Message } from './message.ts';

/** @source Amazon SQS API Reference, ReceiveMessage, "ReceiveRequestAttemptId", read 2026-11 */
const lifeMs = 300_000;

interface Attempt {
  readonly messages: readonly { readonly message: Message; readonly receiveCount: number }[];
  readonly untilMs: number;
}

/** Receives of a FIFO queue that a caller may make again under the same name, because he did not hear the answer. */
export class Attempts {
  /** Oldest first: all live equally long. */
  readonly #known = new Map<string, Attempt>();

  remember(id: string, messages: readonly Message[], nowMs: number): void {
    this.#sweep(nowMs);
    this.#known.delete(id);
    if (messages.length > 0) {
      this.#known.set(id, {
        messages: messages.map((message) => ({ message, receiveCount: message.receiveCount })),
        untilMs: nowMs + lifeMs,
      });
    }
  }

  /** The messages of the earlier receive, while all of them are in flight as they were then. */
  again(id: string, nowMs: number): readonly Message[] | undefined {
    this.#sweep(nowMs);
    const attempt = this.#known.get(id);
    const untouched = attempt?.messages.every(
      ({ message, receiveCount }) => message.state === 'inFlight' && message.receiveCount === receiveCount,
    );
    return untouched === true ? attempt?.messages.map(({ message }) => message) : undefined;
  }

  #sweep(nowMs: number): void {
    for (const [id, { untilMs }] of this.#known) {
      if (untilMs > nowMs) return;
      this.#known.delete(id);
    }
  }
}
