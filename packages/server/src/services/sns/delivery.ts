import { ServiceFault } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import { publicHttp } from '../kit/http.ts';
import type { Ending, Parcel } from '../kit/outbox.ts';
import type { Sender } from '../kit/sender.ts';
import { contentTypeOf, defaultRequestPolicy, defaultRetryPolicy, effectivePolicy, type RetryPolicy } from './delivery-policy.ts';
import { feedbackOf } from './feedback.ts';
import { envelope, lambdaEvent, type Notification } from './envelope.ts';
import type { MessageAttribute } from './message.ts';
import type { SnsPorts } from './port.ts';
import type { Signer } from './signing.ts';
import { deadLetterTarget, type SubscriptionRecord } from './subscription.ts';
import type { TopicRecord } from './topic.ts';

/** The body of a parcel. */
export interface Load {
  readonly notification: Notification;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** Of the publisher's call. */
  readonly traceHeader?: string;
}

interface DeliveryOptions {
  readonly ports: SnsPorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signer: () => Promise<Signer>;
  subscription(arn: string): SubscriptionRecord | undefined;
  /** One that was ended of late, which its endpoint is told of. */
  ended(arn: string): SubscriptionRecord | undefined;
  topic(arn: string): TopicRecord | undefined;
}

const httpTimeoutMs = 15_000;
const agent = 'Amazon Simple Notification Service Agent';
/** Queues and functions are ours, so a failure is short or final; the retries slow down to twenty minutes. */
const longestRetryMs = 1_200_000;
const managedAttempts = 60;

/** How a try ended, and what the other side said. */
export type Attempt = { readonly statusCode?: number; readonly providerResponse?: string } & (
  | { readonly kind: 'done' }
  | { readonly kind: 'final'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string }
);

/** Brings one message to one subscription. */
export class Delivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  async deliver(parcel: Parcel, attempt: number, signal: AbortSignal): Promise<Ending> {
    const load = JSON.parse(parcel.body, revive) as Load;
    const isFarewell = load.notification.type === 'UnsubscribeConfirmation';
    const subscription = isFarewell ? this.#options.ended(parcel.target) : this.#options.subscription(parcel.target);
    if (subscription === undefined) return { kind: 'done' };
    const outcome = await this.#attempt(subscription, load, signal);
    if (outcome.kind === 'done') {
      await this.#report(subscription, load.notification, outcome, attempt);
      return { kind: 'done' };
    }
    const delayMs = outcome.kind === 'final' ? undefined : this.#delay(subscription, attempt);
    if (delayMs !== undefined) return { kind: 'retry', inMs: delayMs };
    this.#options.log.warn('A message could not be delivered to a subscription.', {
      subscription: subscription.arn,
      reason: outcome.why,
    });
    await this.#bury(subscription, load);
    await this.#report(subscription, load.notification, outcome, attempt);
    return { kind: 'done' };
  }

  /** Into the topic's log group, where its attributes ask for it. A report that cannot be written delays nothing. */
  async #report(subscription: SubscriptionRecord, notification: Notification, outcome: Attempt, attempts: number): Promise<void> {
    const { ports, clock, random, log } = this.#options;
    const topic = this.#options.topic(notification.topicArn);
    if (topic === undefined || ports.logs === undefined) return;
    const atMs = clock.now();
    const feedback = feedbackOf({ topic, subscription, notification, outcome, attempts, atMs, random });
    if (feedback === undefined) return;
    try {
      await ports.logs.write(topic, feedback.logGroupName, { atMs, message: feedback.message });
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      log.warn('How a message was delivered could not be written down.', { topic: topic.arn, reason: error.message });
    }
  }

  async #attempt(subscription: SubscriptionRecord, load: Load, signal: AbortSignal): Promise<Attempt> {
    const { ports } = this.#options;
    const signer = await this.#options.signer();
    const { notification } = load;
    const trace = load.traceHeader === undefined ? {} : { traceHeader: load.traceHeader };
    const raw = subscription.attributes['RawMessageDelivery']?.toLowerCase() === 'true';
    try {
      switch (subscription.protocol) {
        case 'sqs': {
          const fifo = ports.sqs.describe(subscription.endpoint)?.fifo === true;
          await ports.sqs.send(
            subscription.endpoint,
            raw ? notification.message : envelope(notification, subscription.arn, signer),
            {
              from: senderOf(notification.topicArn),
              ...trace,
              ...(raw ? { attributes: notification.attributes } : {}),
              // A standard queue gets the group of a standard topic alone, as recorded.
              ...(load.groupId === undefined || (!fifo && notification.sequenceNumber !== undefined)
                ? {}
                : { groupId: load.groupId }),
              ...(fifo && load.deduplicationId !== undefined ? { deduplicationId: load.deduplicationId } : {}),
            },
          );
          return { kind: 'done', statusCode: 200 };
        }
        case 'lambda': {
          const event = lambdaEvent(notification, subscription.arn, signer);
          const lambdaRequestId = await ports.lambda.invokeAsync(subscription.endpoint, event, {
            ...senderOf(notification.topicArn),
            ...trace,
          });
          return { kind: 'done', statusCode: 202, providerResponse: JSON.stringify({ lambdaRequestId }) };
        }
        case 'http':
        case 'https':
          return await this.#post(subscription, notification, raw, signer, signal);
        default:
          return { kind: 'final', why: `Messages are not delivered by ${subscription.protocol} here.` };
      }
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      const isFinal = (error.status ?? 400) < 500 && !/Throttl|TooManyRequests|OverLimit/.test(error.code);
      return { kind: isFinal ? 'final' : 'failed', why: error.message, statusCode: error.status ?? 400 };
    }
  }

  async #post(
    subscription: SubscriptionRecord,
    notification: Notification,
    raw: boolean,
    signer: Signer,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const isNotification = notification.type === 'Notification';
    const isRaw = raw && isNotification;
    const late = new AbortController();
    using _deadline = this.#options.clock.after(httpTimeoutMs, () => late.abort(new Error('No answer within 15 seconds.')));
    try {
      const { status } = await (this.#options.ports.http ?? publicHttp).post(subscription.endpoint, {
        headers: {
          'Accept-Encoding': 'gzip,deflate',
          'Content-Type': isNotification
            ? contentTypeOf(subscription, this.#options.topic(subscription.topicArn))
            : defaultRequestPolicy.headerContentType,
          'User-Agent': agent,
          'x-amz-sns-message-type': notification.type,
          'x-amz-sns-message-id': notification.messageId,
          'x-amz-sns-topic-arn': notification.topicArn,
          ...(notification.type !== 'SubscriptionConfirmation' ? { 'x-amz-sns-subscription-arn': subscription.arn } : {}),
          ...(isRaw ? { 'x-amz-sns-rawdelivery': 'true' } : {}),
        },
        body: isRaw ? notification.message : envelope(notification, subscription.arn, signer),
        signal: AbortSignal.any([signal, late.signal]),
      });
      if (status >= 200 && status < 300) return { kind: 'done', statusCode: status };
      return {
        kind: status >= 400 && status < 500 && status !== 429 ? 'final' : 'failed',
        why: `The endpoint answered ${status}.`,
        statusCode: status,
      };
    } catch (error) {
      if (signal.aborted) throw error;
      return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Milliseconds until the next attempt; undefined when there is none. */
  #delay(subscription: SubscriptionRecord, attempt: number): number | undefined {
    if (!subscription.protocol.startsWith('http')) {
      return attempt >= managedAttempts ? undefined : Math.min(1000 * 2 ** Math.min(attempt - 1, 20), longestRetryMs);
    }
    const policy = retryPolicyOf(subscription, this.#options.topic(subscription.topicArn));
    return attempt > policy.numRetries ? undefined : httpDelayMs(policy, attempt);
  }

  async #bury(subscription: SubscriptionRecord, load: Load): Promise<void> {
    const target = deadLetterTarget(subscription.attributes['RedrivePolicy'] ?? '');
    if (target === undefined || load.notification.type !== 'Notification') return;
    const raw = subscription.attributes['RawMessageDelivery']?.toLowerCase() === 'true';
    const body = raw ? load.notification.message : envelope(load.notification, subscription.arn, await this.#options.signer());
    try {
      await this.#options.ports.sqs.send(target, body, {
        from: senderOf(load.notification.topicArn),
        ...(raw ? { attributes: load.notification.attributes } : {}),
        ...(load.groupId === undefined ? {} : { groupId: load.groupId }),
        ...(load.deduplicationId === undefined ? {} : { deduplicationId: load.deduplicationId }),
      });
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      this.#options.log.warn('A message could not be put into the dead-letter queue of its subscription.', {
        subscription: subscription.arn,
        reason: error.message,
      });
    }
  }
}

const senderOf = (topicArn: string): Sender => ({
  service: 'sns.amazonaws.com',
  sourceArn: topicArn,
  sourceAccount: topicArn.split(':')[4] ?? '',
});

/** JSON has no bytes: they travel as Buffer's own form. */
const revive = (_key: string, value: unknown): unknown =>
  typeof value === 'object' &&
  value !== null &&
  (value as { type?: unknown }).type === 'Buffer' &&
  Array.isArray((value as { data?: unknown }).data)
    ? Buffer.from((value as { data: number[] }).data)
    : value;

export const loadText = (load: Load): string => {
  const attributes = Object.fromEntries(
    Object.entries(load.notification.attributes).map(([name, value]): [string, MessageAttribute] => [
      name,
      value.BinaryValue === undefined ? value : { ...value, BinaryValue: Buffer.from(value.BinaryValue) },
    ]),
  );
  return JSON.stringify({ ...load, notification: { ...load.notification, attributes } });
};

/** How often and how far apart, within what is sensible. */
function retryPolicyOf(subscription: SubscriptionRecord, topic: TopicRecord | undefined): RetryPolicy {
  const given: Partial<RetryPolicy> = effectivePolicy(subscription, topic).healthyRetryPolicy ?? {};
  const within = (name: keyof RetryPolicy, most: number): number => {
    const value = Number(given[name] ?? defaultRetryPolicy[name]);
    return value >= 0 ? Math.min(value, most) : Number(defaultRetryPolicy[name]);
  };
  return {
    minDelayTarget: within('minDelayTarget', longestHttpDelayS),
    maxDelayTarget: within('maxDelayTarget', longestHttpDelayS),
    numRetries: within('numRetries', mostHttpRetries),
    numMaxDelayRetries: within('numMaxDelayRetries', mostHttpRetries),
    numNoDelayRetries: within('numNoDelayRetries', mostHttpRetries),
    numMinDelayRetries: within('numMinDelayRetries', mostHttpRetries),
    backoffFunction: String(given['backoffFunction'] ?? defaultRetryPolicy.backoffFunction),
  };
}

const longestHttpDelayS = 3600;
const mostHttpRetries = 100;

/**
 * The four phases: at once, at the least delay, growing, at the most delay.
 *
 * @source Amazon SNS Developer Guide, "Message delivery retries", read 2026-11
 */
export function httpDelayMs(policy: RetryPolicy, attempt: number): number {
  const least = Number(policy.minDelayTarget) * 1000;
  const most = Math.max(least, Number(policy.maxDelayTarget) * 1000);
  let retry = attempt - 1;
  if (retry < policy.numNoDelayRetries) return 0;
  retry -= policy.numNoDelayRetries;
  if (retry < policy.numMinDelayRetries) return least;
  retry -= policy.numMinDelayRetries;
  const growing = policy.numRetries - policy.numNoDelayRetries - policy.numMinDelayRetries - policy.numMaxDelayRetries;
  if (retry >= growing) return most;
  const share = growing <= 1 ? 0 : retry / (growing - 1);
  const curve =
    policy.backoffFunction === 'linear'
      ? share
      : policy.backoffFunction === 'arithmetic'
        ? share ** 1.5
        : policy.backoffFunction === 'geometric'
          ? share ** 2
          : share ** 3;
  return Math.round(least + (most - least) * curve);
}
