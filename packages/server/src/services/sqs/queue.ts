import { Heap } from '../kit/heap.ts';
import type { Message } from './message.ts';
import { FifoOrder, StandardOrder, type Order } from './order.ts';

/** What a redrive policy says of this queue's messages. */
export interface DeadLetters {
  readonly maxReceiveCount: number;
  /** Takes a message that was received too often and is no longer here. */
  readonly move: (message: Message) => void;
}

/**
 * The messages of one queue in memory: what is visible, what is delayed, what is in flight. Knows nothing
 * of storage or of waiting; every call says what time it is.
 */
export class Queue {
  /** By `seq`, oldest first. */
  readonly messages = new Map<number, Message>();
  readonly #order: Order;
  /** What becomes visible later. An entry whose message has another `visibleAtMs` by then is passed over. */
  readonly #due = new Heap<Message>();
  #delayed = 0;
  #inFlight = 0;

  constructor(options: { readonly fifo: boolean }) {
    this.#order = options.fifo ? new FifoOrder() : new StandardOrder();
  }

  get delayed(): number {
    return this.#delayed;
  }
  get inFlight(): number {
    return this.#inFlight;
  }
  get visible(): number {
    return this.messages.size - this.#delayed - this.#inFlight;
  }
  /** When something becomes visible at the earliest. */
  get dueAtMs(): number | undefined {
    let first = this.#due.first;
    while (first !== undefined && !isDue(first, this.#due.firstKey)) {
      this.#due.pop();
      first = this.#due.first;
    }
    return this.#due.firstKey;
  }

  /** Takes in a message whose `state` is set: `ready`, or `delayed` or `inFlight` until `visibleAtMs`. */
  add(message: Message): void {
    this.messages.set(message.seq, message);
    this.#order.add(message);
    if (message.state === 'ready') this.#order.offer(message);
    else {
      if (message.state === 'delayed') this.#delayed += 1;
      else {
        this.#inFlight += 1;
        this.#order.taken(message);
      }
      this.#due.push(message.visibleAtMs, message);
    }
  }

  /** Makes visible what has become due. */
  advance(nowMs: number): void {
    while ((this.dueAtMs ?? Infinity) <= nowMs) {
      const message = this.#due.pop();
      if (message !== undefined) this.#show(message);
    }
  }

  /** Takes up to `max` visible messages in flight; those received too often go to the dead letters instead. */
  take(max: number, nowMs: number, visibilityMs: number, deadLetters: DeadLetters | undefined): Message[] {
    this.advance(nowMs);
    this.#order.begin();
    const taken: Message[] = [];
    while (taken.length < max) {
      const message = this.#order.next();
      if (message === undefined) break;
      if (deadLetters !== undefined && message.receiveCount >= deadLetters.maxReceiveCount) {
        this.remove(message);
        deadLetters.move(message);
        continue;
      }
      message.state = 'inFlight';
      message.receiveCount += 1;
      message.visibleAtMs = nowMs + visibilityMs;
      this.#inFlight += 1;
      this.#order.taken(message);
      this.#due.push(message.visibleAtMs, message);
      taken.push(message);
    }
    // A visibility of nothing shows at once, but not to this same receive.
    if (visibilityMs === 0) for (const message of taken) this.#show(message);
    return taken;
  }

  /** Changes how long a message stays in flight. @returns false when it is not in flight */
  hideUntil(message: Message, visibleAtMs: number, nowMs: number): boolean {
    if (message.state !== 'inFlight') return false;
    message.visibleAtMs = visibleAtMs;
    if (visibleAtMs <= nowMs) this.#show(message);
    else this.#due.push(visibleAtMs, message);
    return true;
  }

  /** @returns false when it was gone already */
  remove(message: Message): boolean {
    const { state } = message;
    if (state === 'gone' || !this.messages.delete(message.seq)) return false;
    message.state = 'gone';
    if (state === 'delayed') this.#delayed -= 1;
    if (state === 'inFlight') {
      this.#inFlight -= 1;
      this.#order.release(message);
    }
    return true;
  }

  #show(message: Message): void {
    const { state } = message;
    if (state !== 'delayed' && state !== 'inFlight') return;
    message.state = 'ready';
    if (state === 'delayed') this.#delayed -= 1;
    else {
      this.#inFlight -= 1;
      this.#order.release(message);
    }
    this.#order.offer(message);
  }
}

const isDue = (message: Message, key: number | undefined): boolean =>
  (message.state === 'delayed' || message.state === 'inFlight') && message.visibleAtMs === key;
