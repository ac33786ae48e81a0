import { partitionOf, type KafkaMessage } from './event.ts';

/**
 * Messages that a partial answer says are still to be done: in each partition named, everything from the
 * failed offset on. An identifier that is not of this batch fails all of it. @source spec 6.6-09
 */
export function failedFrom<Message extends KafkaMessage>(batch: readonly Message[], response: Uint8Array): readonly Message[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(response).toString('utf8'));
  } catch {
    return batch;
  }
  const failures =
    typeof value === 'object' && value !== null ? (value as { batchItemFailures?: unknown }).batchItemFailures : undefined;
  if (failures === undefined || failures === null) return [];
  if (!Array.isArray(failures)) return batch;
  const from = new Map<string, bigint>();
  for (const failure of failures as { itemIdentifier?: { partition?: unknown; offset?: unknown } }[]) {
    const { partition, offset } = failure?.itemIdentifier ?? {};
    const isOurs = batch.some((message) => partitionOf(message) === partition && Number(message.offset) === offset);
    if (typeof partition !== 'string' || !isOurs) return batch;
    const at = BigInt(offset as number);
    const lowest = from.get(partition);
    if (lowest === undefined || at < lowest) from.set(partition, at);
  }
  return batch.filter((message) => message.offset >= (from.get(partitionOf(message)) ?? message.offset + 1n));
}
