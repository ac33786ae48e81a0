import { ServiceFault } from '@mayfly/wire';
import { invalid } from '../faults.ts';

/** A place in a shard, as a client carries it. */
export interface Iterator {
  readonly arn: string;
  readonly shardId: string;
  /** Number of the record before. */
  readonly after: number;
  readonly issuedAtMs: number;
}

/** @source API Reference, GetShardIterator: fifteen minutes */
const lifeMs = 900_000;

export const sealIterator = ({ arn, shardId, after, issuedAtMs }: Iterator): string =>
  `${arn}|1|${Buffer.from(JSON.stringify([shardId, after, issuedAtMs])).toString('base64')}`;

/** Clients may send anything: what is not ours is refused. @throws ValidationException, ExpiredIteratorException */
export function openIterator(text: string, nowMs: number): Iterator {
  const [arn = '', , body = ''] = text.split('|');
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(body, 'base64').toString());
  } catch {
    parts = undefined;
  }
  const [shardId, after, issuedAtMs] = Array.isArray(parts) ? (parts as unknown[]) : [];
  if (typeof shardId !== 'string' || !Number.isSafeInteger(after) || typeof issuedAtMs !== 'number')
    throw invalid('Invalid ShardIterator');
  if (nowMs - issuedAtMs > lifeMs) {
    throw new ServiceFault(
      'ExpiredIteratorException',
      'The shard iterator has expired and can no longer be used to retrieve stream records.',
    );
  }
  return { arn, shardId, after: after as number, issuedAtMs };
}
