import { createHash } from 'node:crypto';
import { ServiceFault } from '@mayfly/wire';
import { attributeOf, numberOf, type QueueRecord } from './attributes.ts';
import { invalidParameter, invalidValue, missingParameter } from './faults.ts';
import type { AttributeValue, Attributes } from './message.ts';

/** A message as a caller gives it, after the checks. */
export interface Draft {
  readonly body: string;
  readonly attributes: Attributes;
  readonly bytes: number;
  readonly delayMs: number;
  readonly traceHeader?: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** What makes a second message the same as this one; FIFO queues only. */
  readonly deduplicationKey?: string;
}

export interface DraftInput {
  readonly MessageBody: string | undefined;
  readonly MessageAttributes?: Readonly<Record<string, LooseAttribute>> | undefined;
  readonly MessageSystemAttributes?: Readonly<Record<string, LooseAttribute>> | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
}

interface LooseAttribute {
  readonly DataType: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

const mostAttributes = 10;
const longestTrace = 1024;
// oxlint-disable-next-line no-control-regex -- what XML 1.0 cannot carry, SQS does not take
const unsendable = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/u;
const idPattern = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;

/**
 * Checks a message against the queue it is for.
 *
 * @param passedTrace  the sender's own trace header: it travels with the message unless the message names one, so that
 *   a loop through a queue is seen. @source spec 2.10-01
 * @param inBatch  SQS has other words for some refusals then, as recorded from it
 * @throws InvalidParameterValue, MissingParameter, InvalidMessageContents
 */
export function draftOf(input: DraftInput, record: QueueRecord, passedTrace?: string, inBatch = false): Draft {
  const body = input.MessageBody;
  if (body === undefined || body === '') throw missingParameter('MessageBody');
  checkText(body);
  const attributes = attributesOf(input.MessageAttributes ?? {});
  const bytes = Buffer.byteLength(body) + bytesOf(attributes);
  const most = numberOf(record, 'MaximumMessageSize');
  if (bytes > most) {
    const verb = inBatch ? 'cannot be validated' : 'are invalid';
    throw invalidParameter(`One or more parameters ${verb}. Reason: Message must be shorter than ${most} bytes.`);
  }
  const passed = passedTrace !== undefined && passedTrace.length <= longestTrace ? passedTrace : undefined;
  const trace = input.MessageSystemAttributes?.['AWSTraceHeader']?.StringValue ?? passed;
  return {
    body,
    attributes,
    bytes,
    delayMs: delayOf(input.DelaySeconds, record) * 1000,
    ...(trace === undefined ? {} : { traceHeader: trace }),
    ...identityOf(input, body, record, inBatch),
  };
}

function delayOf(given: number | undefined, record: QueueRecord): number {
  if (given === undefined || (record.fifo && given === 0)) return numberOf(record, 'DelaySeconds');
  if (record.fifo) {
    throw invalidValue(given, 'DelaySeconds', 'The request include parameter that is not valid for this queue type.');
  }
  if (!Number.isInteger(given) || given < 0 || given > 900) {
    throw invalidValue(given, 'DelaySeconds', 'DelaySeconds must be >= 0 and <= 900.');
  }
  return given;
}

type Identity = Pick<Draft, 'groupId' | 'deduplicationId' | 'deduplicationKey'>;

function identityOf(input: DraftInput, body: string, record: QueueRecord, inBatch: boolean): Identity {
  const { MessageGroupId: groupId, MessageDeduplicationId: given } = input;
  if (groupId !== undefined && !idPattern.test(groupId)) {
    throw invalidValue(
      groupId,
      'MessageGroupId',
      'MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.',
    );
  }
  if (!record.fifo) {
    if (given !== undefined) {
      throw invalidValue(given, 'MessageDeduplicationId', 'The request include parameter that is not valid for this queue type.');
    }
    return groupId === undefined ? {} : { groupId };
  }
  if (groupId === undefined) {
    if (inBatch) throw invalidParameter('The request must contain the parameter MessageGroupId.');
    throw missingParameter('MessageGroupId');
  }
  if (given !== undefined && !idPattern.test(given)) {
    throw invalidValue(
      given,
      'MessageDeduplicationId',
      'MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.',
    );
  }
  if (given === undefined && attributeOf(record, 'ContentBasedDeduplication') !== 'true') {
    throw invalidParameter(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  const deduplicationId = given ?? createHash('sha256').update(body).digest('hex');
  const perGroup = attributeOf(record, 'DeduplicationScope') === 'messageGroup';
  return { groupId, deduplicationId, deduplicationKey: perGroup ? `${deduplicationId} ${groupId}` : deduplicationId };
}

function attributesOf(given: Readonly<Record<string, LooseAttribute>>): Attributes {
  const entries = Object.entries(given);
  if (entries.length > mostAttributes) {
    throw invalidParameter(`Number of message attributes [${entries.length}] exceeds the allowed maximum [${mostAttributes}].`);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, attributeValue(name, value)]));
}

function attributeValue(name: string, { DataType, StringValue, BinaryValue }: LooseAttribute): AttributeValue {
  const named = `The message attribute '${name}'`;
  if (!/^(?!aws\.|amazon\.|\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i.test(name)) {
    throw invalidParameter(
      `Message (user) attribute name '${name.slice(0, 300)}' is invalid: letters, digits, _, - and . only, up to 256.`,
    );
  }
  const type = /^(String|Number|Binary)(\..+)?$/.exec(DataType ?? '')?.[1];
  if (DataType === undefined || DataType === '')
    throw invalidParameter(`${named} must contain a non-empty message attribute type.`);
  if (type === undefined || DataType.length > 256) {
    throw invalidParameter(
      `${named} has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  if (type === 'Binary') {
    if (BinaryValue === undefined || BinaryValue.length === 0) {
      throw invalidParameter(
        `${named} must contain a non-empty message attribute value for message attribute type '${DataType}'.`,
      );
    }
    return { DataType, BinaryValue };
  }
  if (StringValue === undefined || StringValue === '') {
    throw invalidParameter(`${named} must contain a non-empty message attribute value for message attribute type '${DataType}'.`);
  }
  checkText(StringValue);
  if (type === 'Number' && !Number.isFinite(Number(StringValue))) {
    throw invalidParameter(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
  return { DataType, StringValue };
}

function checkText(text: string): void {
  if (unsendable.test(text)) {
    throw new ServiceFault(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.',
      { status: 400 },
    );
  }
}

const bytesOf = (attributes: Attributes): number => {
  let bytes = 0;
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    bytes +=
      Buffer.byteLength(name) + Buffer.byteLength(DataType) + (BinaryValue?.length ?? Buffer.byteLength(StringValue ?? ''));
  }
  return bytes;
};
