import type { Message } from './message.ts';

/** Which message comes next. A message is offered once each time it becomes visible. */
export interface Order {
  add(message: Message): void;
  /** A message has become visible. */
  offer(message: Message): void;
  /** A message is in flight from here on. */
  taken(message: Message): void;
  /** A message is no longer in flight, because it is visible again or gone. */
  release(message: Message): void;
  /** A new receive begins. */
  begin(): void;
  /** The next visible message; the caller takes it in flight or removes it before it asks again. */
  next(): Message | undefined;
}

/** First in, first out, with cheap removal: what is gone is passed over. */
class Line {
  #items: Message[] = [];
  #head = 0;

  push(message: Message): void {
    this.#items.push(message);
  }
  /** The first for which `keep` holds; those before it are dropped. */
  first(keep: (message: Message) => boolean): Message | undefined {
    let message = this.#items[this.#head];
    while (message !== undefined && !keep(message)) {
      this.#head += 1;
      message = this.#items[this.#head];
    }
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }
  *from(keep: (message: Message) => boolean): Iterable<Message> {
    this.first(keep);
    for (let at = this.#head; at < this.#items.length; at += 1) {
      const message = this.#items[at] as Message;
      if (keep(message)) yield message;
    }
  }
}

const isReady = (message: Message): boolean => message.state === 'ready';
const isHere = (message: Message): boolean => message.state !== 'gone';

/** Best effort: in the order in which messages became visible. */
export class StandardOrder implements Order {
  readonly #ready = new Line();

  add(): void {}
  offer(message: Message): void {
    this.#ready.push(message);
  }
  taken(): void {}
  release(): void {}
  begin(): void {}
  next(): Message | undefined {
    return this.#ready.first(isReady);
  }
}

interface Group {
  readonly line: Line;
  listed: boolean;
}

/**
 * Message groups: within one, strictly in order, so nothing that stands behind a message in flight; one whose message
 * at the head has become visible again is open as far as the next that is hidden (recorded from SQS in 2025-11). A
 * receive takes as many as it can of one group before it goes to the next.
 */
export class FifoOrder implements Order {
  readonly #groups = new Map<string, Group>();
  /** Groups that may have something; each stands here once. */
  #open: string[] = [];
  /** The group whose messages this same receive is taking. */
  #current: { readonly id: string; readonly messages: Iterator<Message> } | undefined;

  add(message: Message): void {
    this.#group(message).line.push(message);
  }

  offer(message: Message): void {
    this.#list(message.groupId ?? '');
  }

  release(message: Message): void {
    this.#list(message.groupId ?? '');
  }

  taken(): void {}

  begin(): void {
    const id = this.#current?.id;
    this.#current = undefined;
    if (id !== undefined) this.#list(id);
  }

  next(): Message | undefined {
    for (;;) {
      const more = this.#current?.messages.next();
      if (more?.done === false && more.value.state === 'ready') return more.value;
      if (this.#current !== undefined) this.#list(this.#current.id);
      this.#current = undefined;
      const id = this.#open.shift();
      if (id === undefined) return undefined;
      const group = this.#groups.get(id);
      if (group === undefined) continue;
      group.listed = false;
      const first = group.line.first(isHere);
      if (first === undefined) this.#groups.delete(id);
      if (first?.state !== 'ready') continue;
      this.#current = { id, messages: group.line.from(isHere)[Symbol.iterator]() };
    }
  }

  #group(message: Message): Group {
    const id = message.groupId ?? '';
    let group = this.#groups.get(id);
    if (group === undefined) this.#groups.set(id, (group = { line: new Line(), listed: false }));
    return group;
  }

  #list(id: string): void {
    const group = this.#groups.get(id);
    if (group === undefined || group.listed) return;
    const first = group.line.first(isHere);
    if (first === undefined) this.#groups.delete(id);
    if (first?.state !== 'ready') return;
    group.listed = true;
    this.#open.push(id);
  }
}
