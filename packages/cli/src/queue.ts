import { askServer } from './admin.ts';
import type { TargetFlags } from './target.ts';

export interface QueueFlags extends TargetFlags {
  readonly max?: string;
}

interface Row {
  readonly functionArn: string;
  readonly events: number;
  readonly bytes: number;
  readonly oldestAgeMs: number;
  readonly inFlight: number;
  readonly failed: number;
  readonly delivering: number;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** `mayfly queue ls`: accepted events that have not ended, by function. */
export async function listQueue(flags: QueueFlags): Promise<void> {
  const { functions } = await ask<{ functions: Row[] }>(flags, 'GET', '');
  if (flags.json === true) return print(JSON.stringify(functions));
  if (functions.length === 0) return print('No events wait.');
  const rows = [
    ['FUNCTION', 'EVENTS', 'RUNNING', 'FAILED ONCE', 'DELIVERING', 'OLDEST', 'BYTES'],
    ...functions.map((one) =>
      [
        one.functionArn.split(':').slice(3).join(':'),
        one.events,
        one.inFlight,
        one.failed,
        one.delivering,
        seconds(one.oldestAgeMs),
        one.bytes,
      ].map(String),
    ),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** `mayfly queue peek NAME`: its oldest events. */
export async function peekQueue(name: string, flags: QueueFlags): Promise<void> {
  const { events } = await ask<{
    events: { requestId: string; ageMs: number; dueInMs: number; attempts: number; ended: boolean; payload: string }[];
  }>(flags, 'GET', `/${name}${maxOf(flags)}`);
  if (flags.json === true) return print(JSON.stringify(events));
  if (events.length === 0) return print(`No events of ${name} wait.`);
  for (const { requestId, ageMs, dueInMs, attempts, ended, payload } of events) {
    const state = ended ? 'delivering' : dueInMs > 0 ? `due in ${seconds(dueInMs)}` : 'due';
    // A payload is whatever somebody sent: it must not move the cursor.
    print(`${requestId}  ${seconds(ageMs)} old  ${attempts} failed  ${state}  ${JSON.stringify(payload)}`);
  }
}

/** `mayfly queue redrive NAME`: failed events come back from the dead-letter queue. */
export async function redriveQueue(name: string, flags: QueueFlags): Promise<void> {
  const { queues } = await ask<{ queues: { queueArn: string; redriven: number; left: number }[] }>(
    flags,
    'POST',
    `/${name}/redrive${maxOf(flags)}`,
  );
  if (flags.json === true) return print(JSON.stringify(queues));
  if (queues.length === 0) return print(`${name} has no dead-letter queue, and no failure destination that is a queue.`);
  for (const { queueArn, redriven, left } of queues) print(`${queueArn}: ${redriven} redriven, ${left} left`);
}

/** `mayfly queue purge NAME`: what waits is dropped. */
export async function purgeQueue(name: string, flags: QueueFlags): Promise<void> {
  const { purged } = await ask<{ purged: number }>(flags, 'POST', `/${name}/purge`);
  print(flags.json === true ? JSON.stringify({ purged }) : `${purged} events of ${name} are dropped.`);
}

const maxOf = ({ max }: QueueFlags): string => (max === undefined ? '' : `?max=${encodeURIComponent(max)}`);

const ask = <Answer>(flags: QueueFlags, method: 'GET' | 'POST', rest: string): Promise<Answer> =>
  askServer<Answer>(flags, method, `/_mayfly/queue${rest}`);
