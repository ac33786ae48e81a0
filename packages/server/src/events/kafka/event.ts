import type { Mapping } from '../port.ts';

/** A message as the client library gives it. */
export interface KafkaMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since the epoch. */
  readonly timestamp: bigint;
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly headers: ReadonlyMap<Buffer, Buffer>;
}

/** `<topic>-<partition>`: the name of a list of records, and of a partition in a partial answer. */
export const partitionOf = ({ topic, partition }: KafkaMessage): string => `${topic}-${partition}`;

/** @source spec 6.6-11 */
export const recordOf = (message: KafkaMessage): object => ({
  topic: message.topic,
  partition: message.partition,
  offset: Number(message.offset),
  timestamp: Number(message.timestamp),
  timestampType: 'CREATE_TIME',
  ...(message.key === undefined || message.key === null ? {} : { key: message.key.toString('base64') }),
  ...(message.value === undefined || message.value === null ? {} : { value: message.value.toString('base64') }),
  headers: [...message.headers].map(([name, value]) => ({
    [name.toString('utf8')]: [...value].map((byte) => (byte > 127 ? byte - 256 : byte)),
  })),
});

/** One event of several messages, in lists by partition. */
export function eventOf(mapping: Mapping, addresses: readonly string[], messages: readonly KafkaMessage[]): object {
  const records: Record<string, object[]> = {};
  for (const message of messages) (records[partitionOf(message)] ??= []).push(recordOf(message));
  const isMsk = mapping.broker?.kind === 'msk';
  return {
    eventSource: isMsk ? 'aws:kafka' : 'SelfManagedKafka',
    ...(isMsk ? { eventSourceArn: mapping.eventSourceArn } : {}),
    bootstrapServers: addresses.join(','),
    records,
  };
}

/** What filters look at: key and value decoded, as JSON where they are. @source spec 6.9-11 */
export function filterViewOf(message: KafkaMessage): object {
  const decoded = (bytes: Buffer | undefined): unknown => {
    if (bytes === undefined || bytes === null) return undefined;
    const text = bytes.toString('utf8');
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  };
  return { ...recordOf(message), key: decoded(message.key), value: decoded(message.value) };
}
