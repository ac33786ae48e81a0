import { invalidParameter } from './faults.ts';
import type { SubscriptionRecord } from './subscription.ts';
import type { TopicRecord } from './topic.ts';

/** How often HTTP endpoints are tried, and how far apart. */
export interface RetryPolicy {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numMaxDelayRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly backoffFunction: string;
}

/** @source Amazon SNS Developer Guide, "Message delivery retries", read 2026-11 */
export const defaultRetryPolicy: RetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: 'linear',
};

/** How messages are brought to an HTTP endpoint. */
export interface DeliveryPolicy {
  readonly healthyRetryPolicy: RetryPolicy | null;
  readonly sicklyRetryPolicy: object | null;
  readonly throttlePolicy: object | null;
  readonly requestPolicy: { readonly headerContentType?: string } | null;
  readonly guaranteed: boolean;
}

/** A topic's wishes for all its HTTP endpoints. */
interface TopicPolicy {
  readonly defaultHealthyRetryPolicy?: Partial<RetryPolicy>;
  readonly defaultThrottlePolicy?: object;
  readonly disableSubscriptionOverrides?: boolean;
  readonly defaultRequestPolicy?: { readonly headerContentType?: string };
}

export const defaultRequestPolicy = { headerContentType: 'text/plain; charset=UTF-8' };

/** What a message may be called. @source Amazon SNS Developer Guide, "Creating an HTTP/S delivery policy", read 2026-11 */
const contentTypes =
  /^(text\/(css|csv|html|plain|xml)|application\/(atom\+xml|json|octet-stream|soap\+xml|x-www-form-urlencoded|xhtml\+xml|xml))(; ?charset=[\w-]+)?$/i;

const parsed = (text: string | undefined): Record<string, unknown> => {
  try {
    return (JSON.parse(text === undefined || text === '' ? '{}' : text) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
};

const topicPolicy = (topic: TopicRecord | undefined): TopicPolicy =>
  (parsed(topic?.attributes['DeliveryPolicy'])['http'] as TopicPolicy | undefined) ?? {};

/** A subscription's own policy with every member, as it is shown; undefined when there is none. */
export function ownPolicy(subscription: SubscriptionRecord): DeliveryPolicy | undefined {
  const text = subscription.attributes['DeliveryPolicy'];
  if (text === undefined || text === '') return undefined;
  const given = parsed(text) as Partial<DeliveryPolicy>;
  return {
    healthyRetryPolicy: given.healthyRetryPolicy ? { ...defaultRetryPolicy, ...given.healthyRetryPolicy } : null,
    sicklyRetryPolicy: given.sicklyRetryPolicy ?? null,
    throttlePolicy: given.throttlePolicy ?? null,
    requestPolicy: given.requestPolicy ?? null,
    guaranteed: given.guaranteed === true,
  };
}

/** The subscription's own wishes, else the topic's, else AWS's. */
export function effectivePolicy(subscription: SubscriptionRecord, topic: TopicRecord | undefined): DeliveryPolicy {
  const wider = topicPolicy(topic);
  const own = wider.disableSubscriptionOverrides === true ? undefined : ownPolicy(subscription);
  return {
    healthyRetryPolicy: own?.healthyRetryPolicy ?? { ...defaultRetryPolicy, ...wider.defaultHealthyRetryPolicy },
    sicklyRetryPolicy: own?.sicklyRetryPolicy ?? null,
    throttlePolicy: own?.throttlePolicy ?? wider.defaultThrottlePolicy ?? null,
    requestPolicy: own?.requestPolicy ?? wider.defaultRequestPolicy ?? defaultRequestPolicy,
    guaranteed: own?.guaranteed ?? false,
  };
}

/** What a message is called on its way to an HTTP endpoint. */
export function contentTypeOf(subscription: SubscriptionRecord, topic: TopicRecord | undefined): string {
  return effectivePolicy(subscription, topic).requestPolicy?.headerContentType ?? defaultRequestPolicy.headerContentType;
}

/**
 * @param where  how the refusal names the policy
 * @throws InvalidParameter for what is no JSON, and for content types that endpoints are not sent
 */
export function checkDeliveryPolicy(text: string, where: string): void {
  if (text === '') return;
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw invalidParameter(`${where}: failed to parse JSON.`);
  }
  if (typeof policy !== 'object' || policy === null) throw invalidParameter(`${where}: failed to parse JSON.`);
  const { requestPolicy, http } = policy as { requestPolicy?: DeliveryPolicy['requestPolicy']; http?: TopicPolicy };
  const type = requestPolicy?.headerContentType ?? http?.defaultRequestPolicy?.headerContentType;
  if (type !== undefined && !contentTypes.test(type))
    throw invalidParameter(`${where}: headerContentType: Invalid value [${type}]`);
}

/** A topic's policy as GetTopicAttributes shows it: what is not said is said. */
export const shownTopicPolicy = (text: string): string => {
  const { http, ...more } = parsed(text);
  return JSON.stringify({ http: { disableSubscriptionOverrides: false, ...(http as object | undefined) }, ...more });
};
