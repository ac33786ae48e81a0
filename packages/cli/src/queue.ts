import { createHash, createHmac } from 'node:crypto';
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { exitCodes, explain, Stop } from './exit.ts';
import { targetOf, type Target, type TargetFlags } from './target.ts';

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

async function ask<Answer>(flags: QueueFlags, method: 'GET' | 'POST', rest: string): Promise<Answer> {
  const target = targetOf(flags);
  const url = new URL(`/_mayfly/queue${rest}`, target.endpoint);
  const { status, text } = await send(url, method, signed(url, method, target)).catch((error: unknown) => {
    throw explain(error, target.endpoint);
  });
  if (status !== 200) throw new Stop(exitCodes.refused, messageOf(text) ?? `${target.endpoint} answered ${status}.`);
  return JSON.parse(text) as Answer;
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}

/** SigV4 of a request without a body. @source AWS General Reference, "Create a signed AWS API request", read 2026-11 */
function signed(url: URL, method: string, { accessKeyId, secretAccessKey, region }: Target): Readonly<Record<string, string>> {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [time.slice(0, 8), region, 'lambda', 'aws4_request'];
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const token = process.env['AWS_SESSION_TOKEN'];
  const headers: Record<string, string> = {
    host: url.host,
    'x-amz-date': time,
    ...(token === undefined ? {} : { 'x-amz-security-token': token }),
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, url.pathname, url.searchParams.toString(), lines.join(''), names, sha256('')].join('\n');
  const key = scope.reduce<string | Buffer>((last, step) => hmac(last, step), `AWS4${secretAccessKey}`);
  const signature = createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n'))
    .digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** Not `fetch`, which refuses some ports. */
const send = (
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | undefined; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const open = url.protocol === 'https:' ? requestSecure : requestPlain;
    open(url, { method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('end', () => resolve({ status: answer.statusCode, text })).once('error', reject);
    })
      .once('error', reject)
      .end();
  });
