import type { SnsOperations } from '@mayfly/wire';
import { requestTags, text, type OperationRules, type ServiceRules } from '../demand.ts';

/** A subscription is a matter of its topic. */
const topicOf = (subscriptionArn: string | undefined): string => (subscriptionArn ?? '').split(':').slice(0, 6).join(':') || '*';

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon SNS", read 2026-11 */
const sns: OperationRules<SnsOperations> = {
  Publish: (input) => ({ action: 'sns:Publish', resource: input.TopicArn ?? input.TargetArn ?? '*' }),
  PublishBatch: (input) => ({ action: 'sns:Publish', resource: input.TopicArn ?? '*' }),
  CreateTopic: (input, place) => ({
    action: 'sns:CreateTopic',
    resource: `arn:aws:sns:${place.region}:${place.account}:${input.Name}`,
    context: requestTags(input.Tags),
  }),
  Subscribe: (input) => ({
    action: 'sns:Subscribe',
    resource: input.TopicArn ?? '*',
    context: { 'sns:Protocol': input.Protocol, 'sns:Endpoint': input.Endpoint },
  }),
  Unsubscribe: (input) => ({ action: 'sns:Unsubscribe', resource: topicOf(input.SubscriptionArn) }),
  GetSubscriptionAttributes: (input) => ({ action: 'sns:GetSubscriptionAttributes', resource: topicOf(input.SubscriptionArn) }),
  SetSubscriptionAttributes: (input) => ({ action: 'sns:SetSubscriptionAttributes', resource: topicOf(input.SubscriptionArn) }),
};

export const snsRules: ServiceRules = {
  prefix: 'sns',
  operations: sns,
  // Whoever has the token has had the message.
  free: new Set(['ConfirmSubscription']),
  resource: (input) =>
    text(input['TopicArn']) ?? text(input['ResourceArn']) ?? text(input['PlatformApplicationArn']) ?? text(input['EndpointArn']),
};
