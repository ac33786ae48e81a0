import { ServiceFault } from '@mayfly/wire';
import { badArgument } from './faults.ts';

export interface Iterator {
  readonly streamArn: string;
  /** A stream of the same name made later is another one. */
  readonly streamNo: number;
  readonly shard: number;
  /** Number of the record before. */
  readonly after: number;
  readonly issuedAtMs: number;
}

/** @source API Reference, GetShardIterator: five minutes */
const lifeMs = 300_000;

export const sealIterator = ({ streamArn, streamNo, shard, after, issuedAtMs }: Iterator): string =>
  `AAAAAAAAAA${Buffer.from(JSON.stringify([streamArn, streamNo, shard, after, issuedAtMs])).toString('base64')}`;

/** Clients may send anything. @throws InvalidArgumentException, ExpiredIteratorException */
export function openIterator(text: string, nowMs: number): Iterator {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text.slice(10), 'base64').toString());
  } catch {
    parts = undefined;
  }
  const [streamArn, ...numbers] = Array.isArray(parts) ? (parts as unknown[]) : [];
  const [streamNo, shard, after, issuedAtMs] = numbers as [number, number, number, number];
  if (
    typeof streamArn !== 'string' ||
    numbers.length !== 4 ||
    ![streamNo, shard, after].every(Number.isSafeInteger) ||
    !Number.isFinite(issuedAtMs)
  ) {
    throw badArgument('Invalid ShardIterator.');
  }
  if (nowMs - issuedAtMs > lifeMs) {
    throw new ServiceFault(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created at time ${javaDate(issuedAtMs)} while right now it is ${javaDate(nowMs)} which is further in the future than the tolerated delay of ${lifeMs} milliseconds.`,
    );
  }
  return { streamArn, streamNo, shard, after, issuedAtMs };
}

/** As the service prints it: `Tue Nov 24 21:00:00 UTC 2026`. */
function javaDate(atMs: number): string {
  const [, day, date, month, year, time] = /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(atMs).toUTCString()) ?? [];
  return `${day} ${month} ${date} ${time} UTC ${year}`;
}
