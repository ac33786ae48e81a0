import type { Clock, Logger, Random } from '../../base/index.ts';
import { ServiceFault } from '@mayfly/wire';
import type { Database } from '../../storage/index.ts';
import type { SummarySink } from '../kit/metric.ts';
import { Records } from '../kit/records.ts';
import { repeating } from '../kit/repeating.ts';
import { queueArn, redrivePolicyOf, type QueueRecord } from './attributes.ts';
import { deduplicationMs } from './deduplication.ts';
import type { Draft } from './draft.ts';
import { queueDoesNotExist } from './faults.ts';
import { QueueHouse, type Take } from './house.ts';
import { Meter } from './meter.ts';
import { md5Hex, md5OfAttributes, sequenceNumber, type Content, type Message } from './message.ts';
import type { SentMessage } from './port.ts';
import type { DeadLetters } from './queue.ts';
import { readHandle } from './receipt.ts';
import { MessageStore, type StoredDeduplication } from './store.ts';
import type { MoveTaskRecord } from './move-tasks.ts';

export type SqsRecords = Records<{ queue: QueueRecord; moveTask: MoveTaskRecord }>;

export interface SqsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Takes what happens at queues. */
  readonly metrics?: SummarySink;
  readonly bounds?: Partial<SqsBounds>;
}

/** Ours: what an index in memory may come to. */
export interface SqsBounds {
  /** Messages of all queues. */
  readonly messages: number;
  /** Bytes of message contents kept in memory besides storage. */
  readonly cachedBytes: number;
  /** Messages of one queue in flight. @source Amazon SQS Developer Guide, "Message quotas", read 2026-11 */
  readonly inFlight: number;
}

const defaultBounds: SqsBounds = { messages: 2_000_000, cachedBytes: 67_108_864, inFlight: 120_000 };
const sweepMs = 60_000;

/** Every queue of every account: what the API, the port and the tasks have in common. */
export class Sqs implements AsyncDisposable {
  readonly records: SqsRecords;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  readonly #store: MessageStore;
  readonly #bounds: SqsBounds;
  readonly #houses = new Map<string, QueueHouse>();
  readonly #sweeper: AsyncDisposable;
  #lastSeq = 0;
  #count = 0;
  #cachedBytes = 0;

  private constructor(options: SqsOptions, store: MessageStore, records: SqsRecords) {
    this.records = records;
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.meter = new Meter({ metrics: options.metrics, clock: options.clock });
    this.#store = store;
    this.#bounds = { ...defaultBounds, ...options.bounds };
    this.#sweeper = repeating(options.clock, sweepMs, () => this.#sweep());
  }

  static async open(options: SqsOptions): Promise<Sqs> {
    const records: SqsRecords = await Records.open(options.database, 'sqs');
    const { store, messages, deduplication } = await MessageStore.open(options.database, options.clock);
    const sqs = new Sqs(options, store, records);
    const byId = new Map<string, QueueHouse>();
    for (const { value } of records.all('queue')) byId.set(value.id, sqs.#build(value));
    for (const { queueId, message } of messages) {
      sqs.#lastSeq = Math.max(sqs.#lastSeq, message.seq);
      // A queue deleted in the instant of a crash may have left rows; the sweep of its id takes them.
      const house = byId.get(queueId);
      if (house === undefined) continue;
      sqs.#count += 1;
      house.add(message);
    }
    for (const entry of deduplication) {
      sqs.#lastSeq = Math.max(sqs.#lastSeq, entry.seq);
      byId.get(entry.queueId)?.deduplication.restore(entry);
    }
    const orphans = new Set(messages.map(({ queueId }) => queueId).filter((id) => !byId.has(id)));
    for (const id of orphans) await store.forget(id);
    return sqs;
  }

  /** @throws QueueDoesNotExist */
  house(arn: string): QueueHouse {
    const house = this.#houses.get(arn);
    if (house === undefined) throw queueDoesNotExist();
    return house;
  }
  find(arn: string): QueueHouse | undefined {
    return this.#houses.get(arn);
  }
  houses(): Iterable<QueueHouse> {
    return this.#houses.values();
  }

  /** Opens a queue whose record has been written. */
  built(record: QueueRecord): void {
    this.#build(record);
  }

  /** Closes a queue whose record is gone, and forgets its messages. */
  async demolish(arn: string): Promise<void> {
    const house = this.#houses.get(arn);
    if (house === undefined) return;
    this.#houses.delete(arn);
    house.close();
    for (const message of house.queue.messages.values()) this.#uncount(message);
    await this.#store.forget(house.record.id);
  }

  /** Resolves when the message, or the one it is a duplicate of, is on stable storage. @throws OverLimit */
  async send(house: QueueHouse, draft: Draft, senderId: string): Promise<SentMessage> {
    const nowMs = Math.floor(this.clock.now());
    const key = draft.deduplicationKey;
    const earlier = key === undefined ? undefined : house.deduplication.find(key, draft.deduplicationId ?? key, nowMs);
    if (earlier !== undefined) {
      await earlier.stored;
      return sent(house, draft, earlier.messageId, earlier.seq);
    }
    if (this.#count >= this.#bounds.messages)
      throw new ServiceFault('OverLimit', 'This server holds as many messages as it may.');
    const message: Message = {
      seq: (this.#lastSeq += 1),
      messageId: this.random.uuid(),
      sentAtMs: nowMs,
      senderId,
      bytes: draft.bytes,
      ...(draft.traceHeader === undefined ? {} : { traceHeader: draft.traceHeader }),
      ...(draft.groupId === undefined ? {} : { groupId: draft.groupId }),
      ...(draft.deduplicationId === undefined ? {} : { deduplicationId: draft.deduplicationId }),
      state: draft.delayMs > 0 ? 'delayed' : 'ready',
      visibleAtMs: this.clock.monotonic() + draft.delayMs,
      receiveCount: 0,
    };
    const content: Content = { body: draft.body, attributes: draft.attributes };
    const duplicates: StoredDeduplication | undefined =
      key === undefined
        ? undefined
        : { queueId: house.record.id, key, messageId: message.messageId, seq: message.seq, expiresAtMs: nowMs + deduplicationMs };
    this.#count += 1;
    const stored = this.#store.insert(house.record.id, message, content, duplicates);
    if (duplicates !== undefined) house.deduplication.remember(duplicates.key, { ...duplicates, stored });
    try {
      await stored;
    } catch (error) {
      this.#count -= 1;
      throw error;
    }
    if (house.closed) this.#count -= 1;
    else {
      this.#cache(message, content);
      house.add(message);
    }
    this.meter.sent(house.record, draft.bytes);
    return sent(house, draft, message.messageId, message.seq);
  }

  /** @throws OverLimit when too many messages are in flight */
  async receive(house: QueueHouse, options: Take): Promise<readonly { readonly message: Message; readonly content: Content }[]> {
    if (!house.record.fifo && house.queue.inFlight >= this.#bounds.inFlight) {
      throw new ServiceFault('OverLimit', `Too many messages in flight in ${house.record.name}: ${house.queue.inFlight}.`);
    }
    const messages = await house.take(options);
    this.meter.received(house.record, messages.length);
    if (messages.length === 0) return [];
    const nowMs = Math.floor(this.clock.now());
    for (const message of messages) message.firstReceivedAtMs ??= nowMs;
    // Not awaited: a crash in between shows the message once more, which at-least-once allows.
    this.#inBackground(this.#store.received(messages), 'What was received could not be noted.');
    const missing = messages.filter(({ content }) => content === undefined).map(({ seq }) => seq);
    const read = missing.length === 0 ? undefined : await this.#read(missing);
    return messages.flatMap((message) => {
      const content = message.content ?? read?.get(message.seq);
      return content === undefined ? [] : [{ message, content }];
    });
  }

  /** Removes messages because somebody asked for it. Resolves when they are gone from storage. */
  async delete(house: QueueHouse, messages: readonly Message[]): Promise<void> {
    this.meter.deleted(house.record, messages.length);
    await this.remove(house, messages);
  }

  /** Resolves when the messages are gone from storage. */
  async remove(house: QueueHouse, messages: readonly Message[]): Promise<void> {
    const here = messages.filter((message) => house.queue.remove(message));
    for (const message of here) this.#uncount(message);
    // The last message of a group in flight opens the group to those who wait.
    if (house.record.fifo) house.wake();
    if (here.length > 0) await this.#store.remove(here.map(({ seq }) => seq));
  }

  /** @returns false when the message is not in flight */
  hide(house: QueueHouse, message: Message, visibilityMs: number): boolean {
    const nowMs = this.clock.monotonic();
    house.queue.advance(nowMs);
    if (!house.queue.hideUntil(message, nowMs + visibilityMs, nowMs)) return false;
    this.#inBackground(this.#store.received([message]), 'A visibility could not be noted.');
    house.wake();
    return true;
  }

  /** The message a handle is for; undefined when it is gone. @throws ReceiptHandleIsInvalid */
  messageOf(house: QueueHouse, handle: string): { readonly message: Message | undefined; readonly current: boolean } {
    const { queueId, seq, receiveCount } = readHandle(handle);
    const message = queueId === house.record.id ? house.queue.messages.get(seq) : undefined;
    return { message, current: message?.receiveCount === receiveCount };
  }

  async purge(house: QueueHouse): Promise<void> {
    for (const message of [...house.queue.messages.values()]) {
      house.queue.remove(message);
      this.#uncount(message);
    }
    await this.#store.purge(house.record.id, { upToSeq: this.#lastSeq });
  }

  /** Moves a message that is in no queue's memory any more. Resolves when it is there on storage. */
  move(
    message: Message,
    target: QueueHouse,
    options: { readonly sourceArn: string | undefined; readonly receiveCount: number },
  ): Promise<void> {
    const { sourceArn: _origin, ...rest } = message;
    const moved: Message = {
      ...rest,
      ...(options.sourceArn === undefined ? {} : { sourceArn: options.sourceArn }),
      seq: (this.#lastSeq += 1),
      state: 'ready',
      visibleAtMs: this.clock.monotonic(),
      receiveCount: options.receiveCount,
    };
    target.add(moved);
    return this.#store.move(message.seq, target.record.id, moved);
  }

  /** Ends every wait; what is sent and deleted is still written. */
  close(): void {
    for (const house of this.#houses.values()) house.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#sweeper[Symbol.asyncDispose]();
    this.meter[Symbol.dispose]();
    await this.#store.settled();
    await this.records.settled();
  }

  #build(record: QueueRecord): QueueHouse {
    const house: QueueHouse = new QueueHouse(record, { clock: this.clock, deadLetters: () => this.#deadLettersOf(house) });
    this.#houses.set(queueArn(record), house);
    return house;
  }

  /** Where the queue's messages go after too many receives; a target that was deleted keeps them where they are. */
  #deadLettersOf(house: QueueHouse): DeadLetters | undefined {
    const policy = redrivePolicyOf(house.record.attributes);
    const target = policy && this.#houses.get(policy.deadLetterTargetArn);
    if (policy === undefined || target === undefined || target === house) return undefined;
    const sourceArn = queueArn(house.record);
    return {
      maxReceiveCount: policy.maxReceiveCount,
      move: (message) =>
        this.#inBackground(
          this.move(message, target, { sourceArn, receiveCount: message.receiveCount }),
          'A message could not be moved to its dead-letter queue.',
        ),
    };
  }

  async #read(seqs: readonly number[]): Promise<ReadonlyMap<number, Content>> {
    const found = await this.#store.contents(seqs);
    if (found.size === seqs.length) return found;
    // One that was just moved has its new row only when the write is through.
    await this.#store.settled();
    return this.#store.contents(seqs);
  }

  #cache(message: Message, content: Content): void {
    if (this.#cachedBytes + message.bytes > this.#bounds.cachedBytes) return;
    message.content = content;
    this.#cachedBytes += message.bytes;
  }

  #uncount(message: Message): void {
    this.#count -= 1;
    if (message.content !== undefined) this.#cachedBytes -= message.bytes;
  }

  /** Takes away what is older than its queue keeps messages, and tells how full the queues are. */
  async #sweep(): Promise<void> {
    this.meter.level(this.#houses.values());
    const nowMs = this.clock.now();
    for (const house of this.#houses.values()) {
      const oldestMs = nowMs - house.number('MessageRetentionPeriod') * 1000;
      const expired: Message[] = [];
      for (const message of house.queue.messages.values()) {
        if (message.sentAtMs >= oldestMs) break;
        expired.push(message);
      }
      house.deduplication.sweep(nowMs);
      if (expired.length > 0)
        await this.remove(house, expired).catch((error: unknown) =>
          this.log.error('Old messages could not be removed.', { error }),
        );
    }
    await this.#store
      .sweepDeduplication()
      .catch((error: unknown) => this.log.error('Old deduplication ids could not be removed.', { error }));
  }

  #inBackground(work: Promise<void>, failed: string): void {
    work.catch((error: unknown) => this.log.error(failed, { error }));
  }
}

function sent(house: QueueHouse, draft: Draft, messageId: string, seq: number): SentMessage {
  const md5OfMessageAttributes = md5OfAttributes(draft.attributes);
  return {
    messageId,
    md5OfBody: md5Hex(draft.body),
    ...(md5OfMessageAttributes === undefined ? {} : { md5OfAttributes: md5OfMessageAttributes }),
    ...(house.record.fifo ? { sequenceNumber: sequenceNumber(seq) } : {}),
  };
}
