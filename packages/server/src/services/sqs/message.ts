import { createHash, hash } from 'node:crypto';

/** A user attribute; one of the two values is there. */
export interface AttributeValue {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array;
}
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** What the sender wrote. Kept in memory while there is room, on storage always. */
export interface Content {
  readonly body: string;
  readonly attributes: Attributes;
}

export type MessageState = 'delayed' | 'ready' | 'inFlight' | 'gone';

/** A message in a queue. `queue.ts` alone changes its state. */
export interface Message {
  /** Order of arrival over all queues. */
  readonly seq: number;
  readonly messageId: string;
  /** Milliseconds since the epoch. */
  readonly sentAtMs: number;
  readonly senderId: string;
  readonly bytes: number;
  readonly traceHeader?: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** ARN of the queue whose redrive policy moved it here. */
  sourceArn?: string;
  content?: Content;
  state: MessageState;
  /** When it becomes visible, the clock's monotonic milliseconds; meaningful while delayed or in flight. */
  visibleAtMs: number;
  receiveCount: number;
  /** Milliseconds since the epoch. */
  firstReceivedAtMs?: number;
}

export const md5Hex = (text: string): string => hash('md5', text, 'hex');

/** Names in order; for each its name, type and value, with lengths before them and the transport type between. */
export function md5OfAttributes(attributes: Readonly<Record<string, AttributeValue>>): string | undefined {
  const names = Object.keys(attributes).toSorted();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const sized = (bytes: Uint8Array): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const value = attributes[name];
    if (value === undefined) continue;
    sized(Buffer.from(name));
    sized(Buffer.from(value.DataType));
    hash.update(Buffer.of(value.DataType.startsWith('Binary') ? 2 : 1));
    sized(value.DataType.startsWith('Binary') ? (value.BinaryValue ?? new Uint8Array(0)) : Buffer.from(value.StringValue ?? ''));
  }
  return hash.digest('hex');
}

/** Twenty digits, growing. */
export const sequenceNumber = (seq: number): string => String(18_860_000_000_000_000_000n + BigInt(seq) * 256n);

export function attributesToText(attributes: Attributes): string | null {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return null;
  return JSON.stringify(
    Object.fromEntries(
      entries.map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        BinaryValue === undefined ? [DataType, StringValue] : [DataType, undefined, Buffer.from(BinaryValue).toString('base64')],
      ]),
    ),
  );
}

export function attributesFromText(text: string | null): Attributes {
  if (text === null) return {};
  const stored = JSON.parse(text) as Record<string, [string, string | null, string?]>;
  return Object.fromEntries(
    Object.entries(stored).map(([name, [DataType, StringValue, binary]]) => [
      name,
      binary === undefined
        ? { DataType, StringValue: StringValue ?? '' }
        : { DataType, BinaryValue: Buffer.from(binary, 'base64') },
    ]),
  );
}
