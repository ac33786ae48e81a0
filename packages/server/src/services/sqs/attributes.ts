import { invalidAttribute, invalidValue, unknownAttribute } from './faults.ts';

/** A queue as it is kept. */
export interface QueueRecord {
  /** One life of a queue: a name made again is another queue. */
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly fifo: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** What was set, valid and in the API's own text. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

const integer = (least: number, most: number) => (text: string) =>
  /^\d{1,7}$/.test(text) && Number(text) >= least && Number(text) <= most;
const oneOf =
  (...allowed: readonly string[]) =>
  (text: string) =>
    allowed.includes(text);
const boolean = oneOf('true', 'false');
const json = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};

interface Known {
  readonly valid: (text: string) => boolean;
  readonly fallback?: string;
  readonly fifoOnly?: boolean;
  /** An empty text takes it away. */
  readonly removable?: boolean;
}

/** @source Amazon SQS API Reference, SetQueueAttributes, read 2026-11; the sizes of 2026: one MiB a message */
const known: Readonly<Record<string, Known>> = {
  DelaySeconds: { valid: integer(0, 900), fallback: '0' },
  MaximumMessageSize: { valid: integer(1024, 1_048_576), fallback: '1048576' },
  MessageRetentionPeriod: { valid: integer(60, 1_209_600), fallback: '345600' },
  ReceiveMessageWaitTimeSeconds: { valid: integer(0, 20), fallback: '0' },
  VisibilityTimeout: { valid: integer(0, 43_200), fallback: '30' },
  Policy: { valid: json, removable: true },
  RedrivePolicy: { valid: json, removable: true },
  RedriveAllowPolicy: { valid: json, removable: true },
  KmsMasterKeyId: { valid: () => true, removable: true },
  KmsDataKeyReusePeriodSeconds: { valid: integer(60, 86_400) },
  SqsManagedSseEnabled: { valid: boolean, fallback: 'true' },
  FifoQueue: { valid: oneOf('true'), fifoOnly: true, fallback: 'true' },
  ContentBasedDeduplication: { valid: boolean, fifoOnly: true, fallback: 'false' },
  DeduplicationScope: { valid: oneOf('queue', 'messageGroup'), fifoOnly: true, fallback: 'queue' },
  FifoThroughputLimit: { valid: oneOf('perQueue', 'perMessageGroupId'), fifoOnly: true, fallback: 'perQueue' },
};

/** What an attribute is, set or not. */
export const attributeOf = (record: QueueRecord, name: string): string | undefined => {
  const { fallback, fifoOnly } = known[name] ?? {};
  if (fifoOnly === true && !record.fifo) return undefined;
  if (name === 'SqsManagedSseEnabled' && record.attributes['KmsMasterKeyId'] !== undefined) return 'false';
  return record.attributes[name] ?? fallback;
};

export const numberOf = (record: QueueRecord, name: string): number => Number(attributeOf(record, name) ?? 0);

/** Every attribute that can be set and has a value. */
export const settable = Object.keys(known);

/**
 * Checks attributes that a caller sets, and lays them over those there are.
 *
 * @throws InvalidAttributeName, InvalidAttributeValue
 */
export function withAttributes(
  current: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | undefined>>,
  queue: { readonly fifo: boolean; readonly isNew: boolean },
): Record<string, string> {
  const result: Record<string, string> = { ...current };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    const attribute = Object.hasOwn(known, name) ? known[name] : undefined;
    if (attribute === undefined) throw unknownAttribute(name);
    if (attribute.fifoOnly === true && !queue.fifo) throw unknownAttribute(name);
    if (name === 'FifoQueue' && !queue.isNew && value !== 'true')
      throw invalidAttribute(name, 'Modifying queue type is not supported.');
    if (value === '' && attribute.removable === true) {
      delete result[name];
      continue;
    }
    if (!attribute.valid(value)) throw invalidAttribute(name);
    result[name] = value;
    if (name === 'SqsManagedSseEnabled' && value === 'true') delete result['KmsMasterKeyId'];
    if (name === 'KmsMasterKeyId') delete result['SqsManagedSseEnabled'];
  }
  return result;
}

/** @throws InvalidParameterValue when the policy is not one */
export function redrivePolicyOf(attributes: Readonly<Record<string, string>>): RedrivePolicy | undefined {
  const text = attributes['RedrivePolicy'];
  if (text === undefined) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text) as Record<string, unknown>;
  const invalid = (reason: string): Error => invalidValue(text, 'RedrivePolicy', reason);
  if (typeof deadLetterTargetArn !== 'string')
    throw invalid('Redrive policy does not contain mandatory attribute: deadLetterTargetArn.');
  if (maxReceiveCount === undefined) throw invalid('Redrive policy does not contain mandatory attribute: maxReceiveCount.');
  const count = Number(maxReceiveCount);
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw invalid(
      'Invalid value for maxReceiveCount: ' + String(maxReceiveCount) + ', valid values are from 1 to 1000 both inclusive.',
    );
  }
  return { deadLetterTargetArn, maxReceiveCount: count };
}

/** @throws InvalidParameterValue for a name no queue can have */
export function checkName(name: string, fifo: boolean): void {
  if (fifo && !/^[A-Za-z0-9_-]{1,75}\.fifo$/.test(name)) {
    throw invalidValue(
      name,
      'QueueName',
      'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.',
    );
  }
  if (!fifo && !/^[A-Za-z0-9_-]{1,80}$/.test(name)) {
    throw invalidValue(name, 'QueueName', 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
  }
}

export const queueArn = (queue: { readonly region: string; readonly account: string; readonly name: string }): string =>
  `arn:aws:sqs:${queue.region}:${queue.account}:${queue.name}`;
