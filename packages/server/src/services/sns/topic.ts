import { defaultRequestPolicy, defaultRetryPolicy, shownTopicPolicy } from './delivery-policy.ts';
import { invalidParameter } from './faults.ts';

export interface TopicRecord {
  readonly arn: string;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly fifo: boolean;
  /** What was set, in the API's own text. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Subscriptions that were ended. */
  readonly deleted: number;
}

export const topicArn = (topic: { readonly region: string; readonly account: string; readonly name: string }): string =>
  `arn:aws:sns:${topic.region}:${topic.account}:${topic.name}`;

const json = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};
const boolean = (text: string): boolean => /^(true|false)$/i.test(text);

/** Attributes that can be set, and what they take. @source Amazon SNS API Reference, SetTopicAttributes, read 2026-11 */
const known: Readonly<Record<string, (text: string) => boolean>> = {
  DisplayName: (text) => text.length <= 100,
  Policy: json,
  DeliveryPolicy: (text) => text === '' || json(text),
  KmsMasterKeyId: () => true,
  TracingConfig: (text) => text === 'PassThrough' || text === 'Active',
  SignatureVersion: (text) => text === '1' || text === '2',
  FifoTopic: boolean,
  ContentBasedDeduplication: boolean,
  FifoThroughputScope: (text) => text === 'Topic' || text === 'MessageGroup',
};
const feedback =
  /^(HTTP|SQS|Lambda|Firehose|Application)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$/;

/** @throws InvalidParameter for names and values that are none */
export function checkAttribute(name: string | undefined, value: string): void {
  const isKnown = name !== undefined && (Object.hasOwn(known, name) || feedback.test(name));
  if (!isKnown) throw invalidParameter('AttributeName');
  if (Object.hasOwn(known, name) && known[name]?.(value) !== true)
    throw invalidParameter(`Attributes Reason: ${name}: Invalid value`);
}

/** @throws InvalidParameter */
export function checkTopicName(name: string, fifo: boolean): void {
  if (!(fifo ? /^[A-Za-z0-9_-]{1,251}\.fifo$/ : /^[A-Za-z0-9_-]{1,256}$/).test(name)) throw invalidParameter('Topic Name');
}

const defaultActions = [
  'SNS:GetTopicAttributes',
  'SNS:SetTopicAttributes',
  'SNS:AddPermission',
  'SNS:RemovePermission',
  'SNS:DeleteTopic',
  'SNS:Subscribe',
  'SNS:ListSubscriptionsByTopic',
  'SNS:Publish',
];

export const defaultPolicy = (topic: TopicRecord): object => ({
  Version: '2008-10-17',
  Id: '__default_policy_ID',
  Statement: [
    {
      Sid: '__default_statement_ID',
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: defaultActions,
      Resource: topic.arn,
      Condition: { StringEquals: { 'AWS:SourceOwner': topic.account } },
    },
  ],
});

/** Every attribute of a topic as GetTopicAttributes shows them. */
export function describeTopic(
  topic: TopicRecord,
  counts: { readonly confirmed: number; readonly pending: number },
): Record<string, string> {
  const { attributes } = topic;
  const http =
    attributes['DeliveryPolicy'] === undefined
      ? {}
      : ((JSON.parse(attributes['DeliveryPolicy']) as { http?: object }).http ?? {});
  const { DeliveryPolicy: _delivery, ...shown } = attributes;
  return {
    ...(topic.fifo ? { FifoTopic: 'true', ContentBasedDeduplication: 'false' } : {}),
    DisplayName: '',
    Policy: JSON.stringify(defaultPolicy(topic)),
    ...shown,
    ...(attributes['DeliveryPolicy'] === undefined ? {} : { DeliveryPolicy: shownTopicPolicy(attributes['DeliveryPolicy']) }),
    EffectiveDeliveryPolicy: JSON.stringify({
      http: {
        defaultHealthyRetryPolicy: defaultRetryPolicy,
        disableSubscriptionOverrides: false,
        defaultRequestPolicy,
        ...http,
      },
    }),
    Owner: topic.account,
    SubscriptionsConfirmed: String(counts.confirmed),
    SubscriptionsDeleted: String(topic.deleted),
    SubscriptionsPending: String(counts.pending),
    TopicArn: topic.arn,
  };
}
