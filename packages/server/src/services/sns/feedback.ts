import { createHash } from 'node:crypto';
import type { Random } from '../../base/index.ts';
import type { Attempt } from './delivery.ts';
import type { Notification } from './envelope.ts';
import type { SubscriptionRecord } from './subscription.ts';
import type { TopicRecord } from './topic.ts';

/** The attributes of a topic that ask for reports begin with one of these. */
const prefixes: Readonly<Record<string, string>> = {
  http: 'HTTP',
  https: 'HTTP',
  sqs: 'SQS',
  lambda: 'Lambda',
  firehose: 'Firehose',
  application: 'Application',
};

/**
 * How a delivery went, as a topic may have it written into its log group; undefined when it did not ask for it.
 *
 * @source Amazon SNS Developer Guide, "Amazon SNS message delivery status", read 2026-11
 */
export function feedbackOf(report: {
  readonly topic: TopicRecord;
  readonly subscription: SubscriptionRecord;
  readonly notification: Notification;
  readonly outcome: Attempt;
  readonly attempts: number;
  readonly atMs: number;
  readonly random: Random;
}): { readonly logGroupName: string; readonly message: string } | undefined {
  const { topic, subscription, notification, outcome, attempts, atMs, random } = report;
  const { attributes } = topic;
  const prefix = prefixes[subscription.protocol] ?? '';
  const done = outcome.kind === 'done';
  if ((attributes[`${prefix}${done ? 'Success' : 'Failure'}FeedbackRoleArn`] ?? '') === '') return undefined;
  const sampledPercent = Number(attributes[`${prefix}SuccessFeedbackSampleRate`] ?? '100');
  if (done && random.float() * 100 >= sampledPercent) return undefined;
  return {
    logGroupName: `sns/${topic.region}/${topic.account}/${topic.name}${done ? '' : '/Failure'}`,
    message: JSON.stringify({
      notification: {
        messageMD5Sum: createHash('md5').update(notification.message).digest('hex'),
        messageId: notification.messageId,
        topicArn: topic.arn,
        timestamp: notification.timestamp.replace('T', ' ').replace('Z', ''),
      },
      delivery: {
        deliveryId: random.uuid(),
        destination: subscription.endpoint,
        providerResponse: outcome.providerResponse ?? (outcome.kind === 'done' ? '{}' : outcome.why),
        dwellTimeMs: Math.max(0, Math.round(atMs - Date.parse(notification.timestamp))),
        ...(prefix === 'HTTP' ? { attempts } : {}),
        statusCode: outcome.statusCode ?? 0,
      },
      status: done ? 'SUCCESS' : 'FAILURE',
    }),
  };
}
