import { createHash } from 'node:crypto';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Outbox, type Parcel } from '../kit/outbox.ts';
import { Records } from '../kit/records.ts';
import { Delivery, loadText } from './delivery.ts';
import type { Notification } from './envelope.ts';
import { throttled, topicNotFound } from './faults.ts';
import { draftOf, filterable, type Draft, type PublishRequest } from './message.ts';
import { applicationOf, type EndpointRecord, type PlatformApplicationRecord } from './platform.ts';
import type { SnsPorts } from './port.ts';
import { openSigner, type Signer, type SigningRecord } from './signing.ts';
import { compileFilter, undelivered, type EndedRecord, type Filter, type SubscriptionRecord } from './subscription.ts';
import type { TopicRecord } from './topic.ts';

/** Topics by `account/region` and name, subscriptions by topic ARN and id. */
export type SnsRecords = Records<{
  topic: TopicRecord;
  subscription: SubscriptionRecord;
  /** Those that were ended of late, with the token that brings them back. */
  ended: EndedRecord;
  signing: SigningRecord;
  /** By `account/region` and `platform/name`. */
  application: PlatformApplicationRecord;
  /** By the application's ARN and id. */
  endpoint: EndpointRecord;
  /** By `account/region`: one document of attributes. */
  sms: Readonly<Record<string, string>>;
}>;

export interface SnsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ports: SnsPorts;
}

/** Remembered of all topics: some three thousand a second for five minutes. */
const mostRecent = 1_000_000;
const deduplicationMs = 300_000;

export interface Published {
  readonly messageId: string;
  readonly sequenceNumber?: string;
}

/** What the API, the port and the deliveries have in common. */
export class Sns implements AsyncDisposable {
  readonly records: SnsRecords;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ports: SnsPorts;
  readonly #outbox: Outbox;
  #signer: Promise<Signer> | undefined;
  /** By the text of the policy and its scope; policies are few and messages many. */
  readonly #filters = new WeakMap<SubscriptionRecord, { readonly filter: Filter | undefined }>();
  /** What FIFO topics were sent in the last five minutes, oldest first. Queues keep their own, which outlives us. */
  readonly #recent = new Map<string, { readonly published: Published; readonly untilMs: number }>();
  #sequence: number;

  private constructor(options: SnsOptions, records: SnsRecords, outbox: Outbox) {
    this.records = records;
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.ports = options.ports;
    this.#outbox = outbox;
    this.#sequence = Math.floor(options.clock.now()) * 1000;
  }

  static async open(options: SnsOptions): Promise<Sns> {
    const records: SnsRecords = await Records.open(options.database, 'sns');
    let sns: Sns | undefined;
    const delivery = new Delivery({
      ...options,
      signer: () => sns?.signer() ?? openSigner(records, options.clock),
      subscription: (arn) => subscriptionOf(records, arn),
      ended: (arn) => subscriptionOf(records, arn, 'ended'),
      topic: (arn) => topicOf(records, arn),
    });
    const outbox = await Outbox.open({
      ...options,
      service: 'sns',
      deliver: (parcel, attempt, signal) => delivery.deliver(parcel, attempt, signal),
    });
    sns = new Sns(options, records, outbox);
    outbox.start();
    return sns;
  }

  signer(): Promise<Signer> {
    this.#signer ??= openSigner(this.records, this.clock);
    return this.#signer;
  }

  /** @throws NotFound */
  topic(arn: string): TopicRecord {
    const topic = topicOf(this.records, arn);
    if (topic === undefined) throw topicNotFound();
    return topic;
  }
  topicOf(arn: string): TopicRecord | undefined {
    return topicOf(this.records, arn);
  }
  subscription(arn: string): SubscriptionRecord | undefined {
    return subscriptionOf(this.records, arn);
  }
  application(arn: string): PlatformApplicationRecord | undefined {
    const [, , , region, account, resource = ''] = arn.split(':');
    return this.records.get('application', `${account}/${region}`, resource.replace(/^app\//, ''));
  }
  /** Of a push service. */
  endpoint(arn: string): EndpointRecord | undefined {
    return this.records.get('endpoint', applicationOf(arn), arn.slice(arn.lastIndexOf('/') + 1));
  }

  /** Resolves when the message is on storage for each subscription that takes it. @throws NotFound, InvalidParameter … */
  async publish(topicArn: string, request: PublishRequest, origin?: string): Promise<Published> {
    const topic = this.topic(topicArn);
    const draft = draftOf(request, {
      fifo: topic.fifo,
      contentBased: topic.attributes['ContentBasedDeduplication']?.toLowerCase() === 'true',
    });
    const deduplicationId = topic.fifo
      ? (draft.deduplicationId ?? createHash('sha256').update(draft.message).digest('hex'))
      : undefined;
    const key = deduplicationId === undefined ? undefined : `${topicArn} ${deduplicationId}`;
    const earlier = key === undefined ? undefined : this.#recentOf(key);
    if (earlier !== undefined) return earlier;
    const published: Published = {
      messageId: this.random.uuid(),
      ...(topic.fifo ? { sequenceNumber: String(10_000_000_000_000_000_000n + BigInt((this.#sequence += 1))) } : {}),
    };
    if (key !== undefined && this.#recent.size >= mostRecent) throw throttled();
    if (key !== undefined) this.#recent.set(key, { published, untilMs: this.clock.monotonic() + deduplicationMs });
    try {
      await this.#outbox.add(
        this.#parcels(topic, draft, deduplicationId, published, origin ?? this.ports.origin(), request.traceHeader),
      );
    } catch (error) {
      if (key !== undefined) this.#recent.delete(key);
      throw error;
    }
    return published;
  }

  /** Sends an endpoint the token that confirms its subscription. */
  askToConfirm(subscription: SubscriptionRecord, origin: string): Promise<void> {
    const message = `You have chosen to subscribe to the topic ${subscription.topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`;
    return this.#sendToken('SubscriptionConfirmation', message, subscription, origin);
  }

  /** Tells an endpoint that its subscription is over, with the token that brings it back. */
  tellOfEnd(subscription: SubscriptionRecord, origin: string): Promise<void> {
    const message = `You have chosen to deactivate subscription ${subscription.arn}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`;
    return this.#sendToken('UnsubscribeConfirmation', message, subscription, origin);
  }

  async #sendToken(type: Notification['type'], message: string, subscription: SubscriptionRecord, origin: string): Promise<void> {
    const notification: Notification = {
      type,
      messageId: this.random.uuid(),
      topicArn: subscription.topicArn,
      message,
      timestamp: this.#timestamp(),
      attributes: {},
      signatureVersion: signatureVersionOf(this.topic(subscription.topicArn)),
      token: subscription.token,
      origin,
    };
    await this.#outbox.add([{ target: subscription.arn, body: loadText({ notification }) }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#outbox[Symbol.asyncDispose]();
    await this.records.settled();
  }

  #parcels(
    topic: TopicRecord,
    draft: Draft,
    deduplicationId: string | undefined,
    published: Published,
    origin: string,
    traceHeader?: string,
  ): Parcel[] {
    const timestamp = this.#timestamp();
    const parcels: Parcel[] = [];
    for (const subscription of this.records.list('subscription', topic.arn)) {
      if (subscription.pending || undelivered.has(subscription.protocol)) continue;
      const message = draft.texts?.[subscription.protocol] ?? draft.message;
      if (!this.#takes(subscription, message, draft)) continue;
      const notification: Notification = {
        type: 'Notification',
        messageId: published.messageId,
        topicArn: topic.arn,
        message,
        ...(draft.subject === undefined ? {} : { subject: draft.subject }),
        timestamp,
        attributes: draft.attributes,
        signatureVersion: signatureVersionOf(topic),
        ...(published.sequenceNumber === undefined ? {} : { sequenceNumber: published.sequenceNumber }),
        origin,
      };
      parcels.push({
        ...(topic.fifo ? { lane: `${subscription.arn} ${draft.groupId ?? ''}` } : {}),
        target: subscription.arn,
        body: loadText({
          notification,
          ...(draft.groupId === undefined ? {} : { groupId: draft.groupId }),
          ...(deduplicationId === undefined ? {} : { deduplicationId }),
          ...(traceHeader === undefined ? {} : { traceHeader }),
        }),
      });
    }
    return parcels;
  }

  #takes(subscription: SubscriptionRecord, message: string, draft: Draft): boolean {
    let compiled = this.#filters.get(subscription);
    if (compiled === undefined) this.#filters.set(subscription, (compiled = { filter: compileFilter(subscription.attributes) }));
    const { filter } = compiled;
    if (filter === undefined) return true;
    if (!filter.onBody) return filter.pattern.matches(filterable(draft.attributes));
    try {
      return filter.pattern.matches(JSON.parse(message));
    } catch {
      return false;
    }
  }

  #recentOf(key: string): Published | undefined {
    const nowMs = this.clock.monotonic();
    for (const [each, { untilMs }] of this.#recent) {
      if (untilMs > nowMs) break;
      this.#recent.delete(each);
    }
    return this.#recent.get(key)?.published;
  }

  #timestamp(): string {
    return new Date(this.clock.now()).toISOString();
  }
}

const signatureVersionOf = (topic: TopicRecord): '1' | '2' => (topic.attributes['SignatureVersion'] === '2' ? '2' : '1');

function topicOf(records: SnsRecords, arn: string): TopicRecord | undefined {
  const [, , service, region, account, name, ...more] = arn.split(':');
  return service === 'sns' && name !== undefined && more.length === 0
    ? records.get('topic', `${account}/${region}`, name)
    : undefined;
}

function subscriptionOf(
  records: SnsRecords,
  arn: string,
  kind: 'subscription' | 'ended' = 'subscription',
): SubscriptionRecord | undefined {
  const at = arn.lastIndexOf(':');
  return records.get(kind, arn.slice(0, at), arn.slice(at + 1));
}
