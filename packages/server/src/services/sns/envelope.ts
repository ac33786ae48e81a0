import type { MessageAttribute } from './message.ts';
import type { Signer } from './signing.ts';

/** A message as it travels, before a subscription gives it its shape. */
export interface Notification {
  readonly type: 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  readonly messageId: string;
  readonly topicArn: string;
  readonly message: string;
  readonly subject?: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly signatureVersion: '1' | '2';
  /** Of confirmations. */
  readonly token?: string;
  /** FIFO topics. */
  readonly sequenceNumber?: string;
  /** Where subscribers reach us: `http://127.0.0.1:4566`. */
  readonly origin: string;
}

const subscribeUrl = (notification: Notification): string =>
  `${notification.origin}/?Action=ConfirmSubscription&TopicArn=${notification.topicArn}&Token=${notification.token ?? ''}`;
const unsubscribeUrl = (notification: Notification, subscriptionArn: string): string =>
  `${notification.origin}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`;

/** Where the certificate is served. */
export const certificatePath = '/_mayfly/sns/';

/** Members in byte order, name and value on a line each. @source Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages", read 2026-11 */
function signed(notification: Notification): string {
  const isNotification = notification.type === 'Notification';
  const members: readonly (readonly [string, string | undefined])[] = [
    ['Message', notification.message],
    ['MessageId', notification.messageId],
    ['Subject', isNotification ? notification.subject : undefined],
    ['SubscribeURL', isNotification ? undefined : subscribeUrl(notification)],
    ['Timestamp', notification.timestamp],
    ['Token', isNotification ? undefined : notification.token],
    ['TopicArn', notification.topicArn],
    ['Type', notification.type],
  ];
  return members.map(([name, value]) => (value === undefined ? '' : `${name}\n${value}\n`)).join('');
}

const attributesOf = (attributes: Readonly<Record<string, MessageAttribute>>): Record<string, { Type: string; Value: string }> =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { Type: DataType, Value: StringValue ?? Buffer.from(BinaryValue ?? []).toString('base64') },
    ]),
  );

/** Messages of FIFO topics carry none; recorded in 2023 and 2025. */
const signatureOf = (notification: Notification, signer: Signer): object => ({
  SignatureVersion: notification.signatureVersion,
  Signature: signer.sign(signed(notification), notification.signatureVersion),
  SigningCertURL: `${notification.origin}${certificatePath}${signer.fileName}`,
});

/** The document that queues and HTTP endpoints get, its spaces as AWS writes them. */
export function envelope(notification: Notification, subscriptionArn: string, signer: Signer): string {
  const { type, attributes } = notification;
  const document = {
    Type: type,
    MessageId: notification.messageId,
    ...(notification.sequenceNumber === undefined ? {} : { SequenceNumber: notification.sequenceNumber }),
    ...(notification.token === undefined ? {} : { Token: notification.token }),
    TopicArn: notification.topicArn,
    ...(notification.subject === undefined ? {} : { Subject: notification.subject }),
    Message: notification.message,
    ...(notification.token === undefined ? {} : { SubscribeURL: subscribeUrl(notification) }),
    Timestamp: notification.timestamp,
    ...(notification.sequenceNumber === undefined ? signatureOf(notification, signer) : {}),
    ...(type === 'Notification' ? { UnsubscribeURL: unsubscribeUrl(notification, subscriptionArn) } : {}),
    ...(Object.keys(attributes).length === 0 ? {} : { MessageAttributes: attributesOf(attributes) }),
  };
  const lines = Object.entries(document).map(([name, value]) =>
    name === 'MessageAttributes'
      ? `  "MessageAttributes" : ${spaced(value as object)}`
      : `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`,
  );
  return `{\n${lines.join(',\n')}\n}`;
}

const spaced = (attributes: object): string =>
  `{\n${Object.entries(attributes)
    .map(
      ([name, { Type, Value }]: [string, { Type: string; Value: string }]) =>
        `    ${JSON.stringify(name)} : {"Type":${JSON.stringify(Type)},"Value":${JSON.stringify(Value)}}`,
    )
    .join(',\n')}\n  }`;

/** The event a function gets. @source spec 7.3-11 */
export function lambdaEvent(notification: Notification, subscriptionArn: string, signer: Signer): string {
  return JSON.stringify({
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: 'Notification',
          MessageId: notification.messageId,
          TopicArn: notification.topicArn,
          Subject: notification.subject ?? null,
          Message: notification.message,
          Timestamp: notification.timestamp,
          // Whatever the topic has; recorded in 2024 of a topic with version 2.
          SignatureVersion: '1',
          Signature: signer.sign(signed(notification), '1'),
          SigningCertUrl: `${notification.origin}${certificatePath}${signer.fileName}`,
          UnsubscribeUrl: unsubscribeUrl(notification, subscriptionArn),
          MessageAttributes: attributesOf(notification.attributes),
        },
      },
    ],
  });
}
