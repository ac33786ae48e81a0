import { ServiceFault } from '@mayfly/wire';
import { parsePattern, PatternError, sourceOf, type Pattern } from '../kit/pattern/index.ts';
import { isJson } from '../kit/json-text.ts';
import { checkDeliveryPolicy, effectivePolicy, ownPolicy } from './delivery-policy.ts';
import { invalidParameter } from './faults.ts';
import { isEndpointArn } from './platform.ts';
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
  /** Confirmed by a signed call; those that need no confirmation count as such, and those of older records. */
  readonly authenticated?: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A subscription that its endpoint may bring back for a while. */
export interface EndedRecord extends SubscriptionRecord {
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
}

/** How long a token is good for. @source Amazon SNS API Reference, ConfirmSubscription, read 2026-11 */
export const tokenLifeMs = 2 * 86_400_000;

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
      if (!endpoint.startsWith(`${protocol}://`) || !URL.canParse(endpoint))
        throw invalidParameter('Endpoint must match the specified protocol');
      return;
    case 'email':
    case 'email-json':
      if (!endpoint.includes('@')) throw invalidParameter('Email address');
      return;
    case 'sms':
      if (!/^\+[0-9]{4,15}$/.test(endpoint))
        throw new ServiceFault('InvalidParameter', `Invalid SMS endpoint: ${endpoint}`, { status: 400 });
      return;
    case 'application':
      if (!isEndpointArn(endpoint)) throw invalidParameter('Application endpoint arn invalid');
      return;
    case 'firehose':
      return;
    default:
      throw invalidParameter(`Does not support this protocol string: ${protocol}`);
  }
}

/**
 * @param reason  how the refusal of one among several begins
 * @throws InvalidParameter for attributes that are none or hold what they cannot
 */
export function checkSubscriptionAttributes(attributes: Readonly<Record<string, string>>, reason = 'Attributes Reason: '): void {
  for (const [name, value] of Object.entries(attributes)) checkOne(name, value, reason);
  compileFilter(attributes, reason);
}

function checkOne(name: string, value: string, reason: string): void {
  switch (name) {
    case 'RawMessageDelivery':
      if (!/^(true|false|)$/i.test(value))
        throw invalidParameter(`${reason}RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
      return;
    case 'FilterPolicyScope':
      if (value !== 'MessageAttributes' && value !== 'MessageBody' && value !== '') {
        throw invalidParameter(
          `${reason}FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`,
        );
      }
      return;
    case 'RedrivePolicy':
      checkRedrivePolicy(value, `${reason}RedrivePolicy`);
      return;
    case 'DeliveryPolicy':
      checkDeliveryPolicy(value, `${reason}DeliveryPolicy`);
      return;
    case 'FilterPolicy':
    case 'SubscriptionRoleArn':
    case 'ReplayPolicy':
      return;
    default:
      throw invalidParameter('AttributeName');
  }
}

function checkRedrivePolicy(value: string, reason: string): void {
  if (value === '') return;
  if (!isJson(value)) throw invalidParameter(`${reason}: failed to parse JSON.`);
  const target = deadLetterTarget(value);
  if (target !== undefined && target.split(':').length < 6)
    throw invalidParameter(`${reason}: deadLetterTargetArn is an invalid arn`);
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
export function compileFilter(attributes: Readonly<Record<string, string>>, reason = 'Attributes Reason: '): Filter | undefined {
  const { FilterPolicy: text, FilterPolicyScope: scope } = attributes;
  if (text === undefined || text === '' || text === '{}') return undefined;
  const onBody = scope === 'MessageBody';
  try {
    const pattern = parsePattern(text);
    checkSize(JSON.parse(text) as object);
    if (!onBody && isNested(JSON.parse(text) as object)) {
      throw new PatternError('Filter policy scope MessageAttributes does not support nested filter policy');
    }
    return { pattern, onBody };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const words = `${error.notJson ? 'failed to parse JSON. ' : ''}${error.message}${sourceOf(error, text, error.notJson)}`;
    throw invalidParameter(`${reason}FilterPolicy: ${words}`);
  }
}

const mostKeys = 5;
const mostCombinations = 150;

/** @source Amazon SNS Developer Guide, "Filter policy constraints", read 2026-11 */
function checkSize(policy: object): void {
  if (keysOf(policy) > mostKeys) throw new PatternError(`Filter policy can not have more than ${mostKeys} keys`);
  if (combinationsOf(policy, 1) > mostCombinations) throw new PatternError('Filter policy is too complex');
}

const isPlain = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
const isOr = (name: string, value: unknown): value is object[] =>
  name === '$or' && Array.isArray(value) && value.length > 1 && value.every(isPlain);

/** Fields that are looked at; those of alternatives count once each. */
function keysOf(policy: object): number {
  const names = new Set<string>();
  const visit = (part: object, path: string): void => {
    for (const [name, value] of Object.entries(part) as [string, unknown][]) {
      if (isOr(name, value)) for (const each of value) visit(each, path);
      else if (isPlain(value)) visit(value, `${path}.${name}`);
      else names.add(`${path}.${name}`);
    }
  };
  visit(policy, '');
  return names.size;
}

/** The values of each key times how deep it is, times those of the others; alternatives are added. */
function combinationsOf(policy: object, depth: number): number {
  let product = 1;
  for (const [name, value] of Object.entries(policy) as [string, unknown][]) {
    if (isOr(name, value)) product *= value.reduce((sum, each) => sum + combinationsOf(each, depth), 0);
    else if (isPlain(value)) product *= combinationsOf(value, depth + 1);
    else if (Array.isArray(value)) product *= value.length * depth;
  }
  return product;
}

const isNested = (policy: object): boolean => Object.values(policy).some((value) => !Array.isArray(value));

/** A subscription's attributes as GetSubscriptionAttributes shows them. */
export function describeSubscription(record: SubscriptionRecord, topic: TopicRecord | undefined): Record<string, string> {
  const { FilterPolicyScope, ...attributes } = record.attributes;
  const own = ownPolicy(record);
  return {
    ConfirmationWasAuthenticated: String(record.guarded || (!record.pending && record.authenticated !== false)),
    Endpoint: record.endpoint,
    Owner: record.owner,
    PendingConfirmation: String(record.pending),
    Protocol: record.protocol,
    RawMessageDelivery: 'false',
    SubscriptionArn: record.arn,
    SubscriptionPrincipal: record.principal,
    TopicArn: record.topicArn,
    ...attributes,
    ...(own === undefined ? {} : { DeliveryPolicy: JSON.stringify(own) }),
    ...(record.protocol.startsWith('http') ? { EffectiveDeliveryPolicy: JSON.stringify(effectivePolicy(record, topic)) } : {}),
    ...(attributes['FilterPolicy'] === undefined ? {} : { FilterPolicyScope: FilterPolicyScope ?? 'MessageAttributes' }),
  };
}
