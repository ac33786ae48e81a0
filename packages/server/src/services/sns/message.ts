import { ServiceFault } from '@mayfly/wire';
import { invalidAttributeValue, invalidParameter } from './faults.ts';

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array;
}

/** What a publisher gives. */
export interface PublishRequest {
  readonly message: string | undefined;
  readonly subject?: string | undefined;
  /** `json`: `message` holds a text per protocol. */
  readonly structure?: string | undefined;
  readonly attributes?:
    | Readonly<
        Record<
          string,
          {
            readonly DataType: string | undefined;
            readonly StringValue?: string | undefined;
            readonly BinaryValue?: Uint8Array | undefined;
          }
        >
      >
    | undefined;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
  /** Of the publisher's call. */
  readonly traceHeader?: string;
}

/** The same, after the checks. */
export interface Draft {
  readonly message: string;
  /** By protocol, where the publisher gave several. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly subject?: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

/** @source spec 2.9-11 */
export const mostBytes = 262_144;

/** @throws InvalidParameter, ParameterValueInvalid in the recorded words */
export function draftOf(request: PublishRequest, topic: { readonly fifo: boolean; readonly contentBased: boolean }): Draft {
  const { message, subject, structure, groupId, deduplicationId } = request;
  if (message === undefined || message === '') throw invalidParameter('Empty message');
  // oxlint-disable-next-line no-control-regex -- a subject is one line of printable ASCII
  if (subject !== undefined && (subject.length > 100 || !/^[\u0020-\u007E]+$/.test(subject))) throw invalidParameter('Subject');
  const attributes = checkAttributes(request.attributes ?? {});
  if (Buffer.byteLength(message) + bytesOf(attributes) > mostBytes) throw invalidParameter('Message too long');
  if (structure !== undefined && structure !== 'json') throw invalidParameter('MessageStructure Reason: must be json');
  if (topic.fifo && groupId === undefined) throw invalidParameter('The MessageGroupId parameter is required for FIFO topics');
  if (topic.fifo && deduplicationId === undefined && !topic.contentBased) {
    throw invalidParameter(
      'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  if (!topic.fifo && deduplicationId !== undefined) {
    throw invalidParameter(
      'MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    );
  }
  const texts = structure === 'json' ? textsOf(message) : undefined;
  return {
    message: texts?.['default'] ?? message,
    ...(texts === undefined ? {} : { texts }),
    ...(subject === undefined ? {} : { subject }),
    attributes,
    ...(groupId === undefined ? {} : { groupId }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
  };
}

function textsOf(message: string): Record<string, string> {
  let document: unknown;
  try {
    document = JSON.parse(message);
  } catch {
    throw invalidParameter('Message Structure - JSON message body failed to parse');
  }
  const texts: Record<string, string> = {};
  for (const [protocol, text] of Object.entries(document ?? {})) if (typeof text === 'string') texts[protocol] = text;
  if (!Object.hasOwn(texts, 'default')) throw invalidParameter('Message Structure - No default entry in JSON message body');
  return texts;
}

/**
 * @param within  where in a request the attributes are, for the text of the refusal
 * @throws ParameterValueInvalid, ValidationError
 */
export function checkAttributes(given: NonNullable<PublishRequest['attributes']>, within = ''): Record<string, MessageAttribute> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [checkedName(name), attributeOf(name, value, within)]));
}

function checkedName(name: string): string {
  if (Buffer.byteLength(name) > 256) throw invalidAttributeValue('Length of message attribute name must be less than 256 bytes.');
  if (name.startsWith('.')) throw invalidAttributeValue("Invalid message attribute name starting with character '.' was found.");
  if (name.endsWith('.')) throw invalidAttributeValue("Invalid message attribute name ending with character '.' was found.");
  if (name.includes('..')) throw invalidAttributeValue("Message attribute name can not have successive '.' character.");
  const strange = /[^A-Za-z0-9_.-]/u.exec(name)?.[0];
  if (strange !== undefined) {
    throw invalidAttributeValue(
      `Invalid non-alphanumeric character '#x${strange.codePointAt(0)?.toString(16).toUpperCase()}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.`,
    );
  }
  return name;
}

function attributeOf(name: string, value: NonNullable<PublishRequest['attributes']>[string], within: string): MessageAttribute {
  const { DataType, StringValue, BinaryValue } = value;
  const type = /^(String|Number|Binary)(\.|$)/.exec(DataType ?? '')?.[1];
  if (DataType === undefined) {
    const path = `${within}messageAttributes.${name}.member.dataType`;
    throw new ServiceFault(
      'ValidationError',
      `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
      { status: 400 },
    );
  }
  if (DataType === '')
    throw invalidAttributeValue(`The message attribute '${name}' must contain non-empty message attribute type.`);
  if (type === undefined) {
    throw invalidAttributeValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const field = type === 'Binary' ? 'Binary' : 'String';
  const [wanted, other] = type === 'Binary' ? [BinaryValue, StringValue] : [StringValue, BinaryValue];
  if (wanted === undefined && other !== undefined)
    throw invalidAttributeValue(`The message attribute '${name}' with type '${DataType}' must use field '${field}'.`);
  if (wanted === undefined || wanted.length === 0) {
    throw invalidAttributeValue(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${DataType}'.`,
    );
  }
  return typeof wanted === 'string' ? { DataType, StringValue: wanted } : { DataType, BinaryValue: wanted };
}

const bytesOf = (attributes: Readonly<Record<string, MessageAttribute>>): number => {
  let bytes = 0;
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    bytes +=
      Buffer.byteLength(name) + Buffer.byteLength(DataType) + (BinaryValue?.length ?? Buffer.byteLength(StringValue ?? ''));
  }
  return bytes;
};

/** Attributes as a filter policy sees them: texts, numbers, and the items of `String.Array`. */
export function filterable(attributes: Readonly<Record<string, MessageAttribute>>): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const [name, { DataType, StringValue }] of Object.entries(attributes)) {
    if (StringValue === undefined) continue;
    if (DataType === 'String.Array') seen[name] = arrayOf(StringValue);
    else seen[name] = DataType.startsWith('Number') ? Number(StringValue) : StringValue;
  }
  return seen;
}

function arrayOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : text;
  } catch {
    return text;
  }
}
