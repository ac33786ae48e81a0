import { ServiceFault } from '@mayfly/wire';
import type { FunctionArn, Random, RequestId } from '../../base/index.ts';
import type { Catalog } from '../../control/index.ts';
import type { Invoker } from '../port.ts';

/** Queues in which events may have ended; `main` plugs in those that are open. Named by ARN. */
export interface DeadLetters {
  receive(
    queueArn: string,
    options: { readonly max: number; readonly waitMs: number; readonly visibilityMs?: number },
  ): Promise<readonly { readonly receiptHandle: string; readonly body: string }[]>;
  delete(queueArn: string, receiptHandles: readonly string[]): Promise<void>;
  changeVisibility(queueArn: string, receiptHandles: readonly string[], visibilityMs: number): Promise<void>;
}

export interface Redriven {
  readonly queueArn: string;
  /** Accepted again as events of the function, and gone from the queue. */
  readonly redriven: number;
  /** Not this function's, or not accepted: they stay where they are. */
  readonly left: number;
}

/** While they are looked at, nobody else gets them. */
const visibilityMs = 60_000;
const atOnce = 10;

/**
 * Brings the failed events of a function back from its dead-letter queue and its failure destination.
 * First accepted, then deleted: a crash in between repeats an event and loses none.
 *
 * @param most  messages looked at in each queue
 */
export async function redrive(
  functionArn: FunctionArn,
  options: {
    readonly catalog: Catalog;
    readonly deadLetters: DeadLetters;
    readonly enqueue: Invoker['enqueue'];
    readonly random: Random;
    readonly most: number;
  },
): Promise<Redriven[]> {
  const [, , , region = '', account = ''] = functionArn.split(':');
  const scope = { account, region } as Pick<Parameters<Invoker['enqueue']>[0], 'account' | 'region'>;
  const { version, eventInvoke } = options.catalog.resolve(scope.account, scope.region, functionArn);
  const queues = new Set([version.deadLetterTargetArn, eventInvoke?.onFailure].filter((arn) => arn?.split(':')[2] === 'sqs'));
  const all: Redriven[] = [];
  for (const queueArn of queues) if (queueArn !== undefined) all.push(await fromQueue(queueArn, functionArn, scope, options));
  return all;
}

async function fromQueue(
  queueArn: string,
  functionArn: FunctionArn,
  scope: Pick<Parameters<Invoker['enqueue']>[0], 'account' | 'region'>,
  { deadLetters, enqueue, random, most }: Parameters<typeof redrive>[1],
): Promise<Redriven> {
  let redriven = 0;
  const left: string[] = [];
  while (redriven + left.length < most) {
    const max = Math.min(atOnce, most - redriven - left.length);
    const messages = await deadLetters.receive(queueArn, { max, waitMs: 0, visibilityMs });
    if (messages.length === 0) break;
    for (const { receiptHandle, body } of messages) {
      const event = eventOf(body, functionArn);
      if (event === undefined || !(await accepted(enqueue({ ...scope, ...event, requestId: random.uuid() as RequestId })))) {
        left.push(receiptHandle);
        continue;
      }
      await deadLetters.delete(queueArn, [receiptHandle]);
      redriven += 1;
    }
  }
  for (let at = 0; at < left.length; at += atOnce) await deadLetters.changeVisibility(queueArn, left.slice(at, at + atOnce), 0);
  return { queueArn, redriven, left: left.length };
}

/** @throws what is no refusal of this one event */
async function accepted(enqueued: Promise<void>): Promise<boolean> {
  try {
    await enqueued;
    return true;
  } catch (error) {
    if (error instanceof ServiceFault && (error.status ?? 400) < 429) return false;
    throw error;
  }
}

/**
 * The event behind a message: a dead letter is the event itself; a destination's record holds it, and says whose it was.
 * Numbers keep all of their digits. @source spec 2.9-07, 2.9-09
 */
function eventOf(
  body: string,
  functionArn: FunctionArn,
): { readonly functionName: string; readonly payload: Uint8Array } | undefined {
  let document: unknown;
  try {
    document = JSON.parse(body, (_key, value: unknown, context?: { readonly source?: string }) =>
      typeof value === 'number' && context?.source !== undefined ? rawJson(context.source) : value,
    );
  } catch {
    return undefined;
  }
  const record = document as {
    version?: unknown;
    requestContext?: { functionArn?: unknown; condition?: unknown };
    requestPayload?: unknown;
  } | null;
  const owner = record?.requestContext?.functionArn;
  if (typeof owner !== 'string' || record?.requestContext?.condition === undefined || !('requestPayload' in record))
    return { functionName: functionArn, payload: Buffer.from(body) };
  if (owner !== functionArn && !owner.startsWith(`${functionArn}:`)) return undefined;
  return { functionName: owner.replace(/:\$LATEST$/, ''), payload: Buffer.from(JSON.stringify(record.requestPayload)) };
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };
