import { ServiceFault } from '@mayfly/wire';
import { parsePattern, PatternError, type Pattern } from '../kit/pattern/index.ts';
import { invalidParameter } from './faults.ts';
import type { TopicRecord } from './topic.ts';

export interface SubscriptionRecord {
  /** Last segment of the ARN. */
  readonly id: string;
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly owner: string;
  readonly principal: string;
  readonly pending: boolean;
  /** What a confirmation must bring. */
  readonly token: string;
  /** Confirmed by a signed call that asked for it: only its owner may end it. */
  readonly guarded: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

const arnPattern = /^arn:aws[a-z-]*:[a-z]+:[a-z0-9-]+:\d{12}:.+$/;

/** Protocols whose subscriptions are accepted and whose messages go nowhere from here. */
export const undelivered: ReadonlySet<string> = new Set(['email', 'email-json', 'sms', 'application', 'firehose']);

/** @throws InvalidParameter for endpoints that do not fit their protocol */
export function checkEndpoint(protocol: string, endpoint: string, topic: TopicRecord): void {
  if (topic.fifo && protocol !== 'sqs') throw invalidParameter(`Invalid protocol type: ${protocol}`);
  switch (protocol) {
    case 'sqs':
      if (!arnPattern.test(endpoint) || !endpoint.includes(':sqs:')) throw invalidParameter('SQS endpoint ARN');
      if (!topic.fifo && endpoint.endsWith('.fifo')) {
        throw invalidParameter('Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics');
      }
      return;
    case 'lambda':
      if (!arnPattern.test(endpoint) || !endpoint.includes(':lambda:')) throw invalidParameter('Lambda endpoint ARN');
      return;
    case 'http':
    case 'https':
      if (!endpoint.startsWith(`${protocol}://`) || !URL.canParse(endpoint)) throw invalidParameter('Endpoint must match the specified protocol');
      return;
    case 'email':
    case 'email-json':
      if (!endpoint.includes('@')) throw invalidParameter('Email address');
      return;
    case 'sms':
      if (!/^\+[0-9]{4,15}$/.test(endpoint)) throw new ServiceFault('InvalidParameter', `Invalid SMS endpoint: ${endpoint}`, { status: 400 });
      return;
    case 'application':
    case 'firehose':
      return;
    default:
      throw invalidParameter(`Does not support this protocol string: ${protocol}`);
  }
}

/** @throws InvalidParameter for attributes that are none or hold what they cannot */
export function checkSubscriptionAttributes(attributes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(attributes)) checkOne(name, value);
  compileFilter(attributes);
}

function checkOne(name: string, value: string): void {
  switch (name) {
    case 'RawMessageDelivery':
      if (!/^(true|false|)$/i.test(value)) throw invalidParameter(`Attributes Reason: RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
      return;
    case 'FilterPolicyScope':
      if (value !== 'MessageAttributes' && value !== 'MessageBody' && value !== '') {
        throw invalidParameter(`Attributes Reason: FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`);
      }
      return;
    case 'RedrivePolicy':
      if (value !== '' && deadLetterTarget(value) === undefined) throw invalidParameter('Attributes Reason: RedrivePolicy: failed to parse JSON.');
      return;
    case 'FilterPolicy':
    case 'DeliveryPolicy':
    case 'SubscriptionRoleArn':
    case 'ReplayPolicy':
      return;
    default:
      throw invalidParameter('AttributeName');
  }
}

export function deadLetterTarget(policy: string): string | undefined {
  try {
    const { deadLetterTargetArn } = JSON.parse(policy) as { deadLetterTargetArn?: unknown };
    return typeof deadLetterTargetArn === 'string' ? deadLetterTargetArn : undefined;
  } catch {
    return undefined;
  }
}

export interface Filter {
  readonly pattern: Pattern;
  readonly onBody: boolean;
}

/** @throws InvalidParameter in AWS's words */
export function compileFilter(attributes: Readonly<Record<string, string>>): Filter | undefined {
  const { FilterPolicy: text, FilterPolicyScope: scope } = attributes;
  if (text === undefined || text === '' || text === '{}') return undefined;
  const onBody = scope === 'MessageBody';
  try {
    const pattern = parsePattern(text);
    if (!onBody && isNested(JSON.parse(text) as object)) {
      throw new PatternError('Filter policy scope MessageAttributes does not support nested filter policy');
    }
    return { pattern, onBody };
  } catch (error) {
    if (error instanceof PatternError) throw invalidParameter(`Attributes Reason: FilterPolicy: ${error.message}`);
    throw error;
  }
}

const isNested = (policy: object): boolean => Object.values(policy).some((value) => !Array.isArray(value));

/** A subscription's attributes as GetSubscriptionAttributes shows them. */
export function describeSubscription(record: SubscriptionRecord): Record<string, string> {
  const { FilterPolicyScope, ...attributes } = record.attributes;
  return {
    ConfirmationWasAuthenticated: String(record.guarded || !record.pending),
    Endpoint: record.endpoint,
    Owner: record.owner,
    PendingConfirmation: String(record.pending),
    Protocol: record.protocol,
    RawMessageDelivery: 'false',
    SubscriptionArn: record.arn,
    SubscriptionPrincipal: record.principal,
    TopicArn: record.topicArn,
    ...attributes,
    ...(attributes['FilterPolicy'] === undefined ? {} : { FilterPolicyScope: FilterPolicyScope ?? 'MessageAttributes' }),
  };
}
