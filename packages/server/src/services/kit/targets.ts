import { ServiceFault } from '@mayfly/wire';
import type { SnsPort } from '../sns/index.ts';
import type { SqsPort } from '../sqs/index.ts';
import type { Sender } from './sender.ts';

/** Where rules and schedules can bring something. What `main` does not plug in is refused when it is named as a target. */
export interface TargetPorts {
  readonly lambda?: {
    /** Resolves when the event is accepted. @throws ServiceFault; a 4xx that is no throttle is final */
    invokeAsync(functionArn: string, payload: string, from: Sender): Promise<unknown>;
  };
  readonly sqs?: Pick<SqsPort, 'send' | 'describe'>;
  readonly sns?: Pick<SnsPort, 'publish'>;
  readonly logs?: {
    put(logGroupArn: string, logStream: string, event: { readonly atMs: number; readonly message: string }): Promise<void>;
  };
  readonly kinesis?: { put(streamArn: string, partitionKey: string, data: Uint8Array, from: Sender): Promise<void> };
  readonly stepFunctions?: { start(stateMachineArn: string, input: string): Promise<void> };
}

/** Something on its way to an ARN. */
export interface Shipment {
  readonly arn: string;
  readonly payload: string;
  /** Names the shipment for good: partition key, log stream, deduplication. */
  readonly id: string;
  readonly atMs: number;
  readonly from: Sender;
  /** Queues. */
  readonly messageGroupId?: string;
  /** Streams; the id when absent. */
  readonly partitionKey?: string;
}

/** Why something did not arrive. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** Another try would end the same way. */
  readonly final: boolean;
}

const bringers: Readonly<
  Record<
    string,
    { readonly port: keyof TargetPorts; readonly bring: (ports: TargetPorts, shipment: Shipment) => Promise<unknown> | undefined }
  >
> = {
  lambda: { port: 'lambda', bring: ({ lambda }, { arn, payload, from }) => lambda?.invokeAsync(arn, payload, from) },
  sqs: {
    port: 'sqs',
    bring: ({ sqs }, { arn, payload, messageGroupId, id, from }) =>
      sqs?.send(arn, payload, {
        from,
        ...(messageGroupId === undefined ? {} : { groupId: messageGroupId }),
        ...(sqs.describe(arn)?.fifo === true && sqs.describe(arn)?.contentBasedDeduplication !== true
          ? { deduplicationId: id }
          : {}),
      }),
  },
  sns: { port: 'sns', bring: ({ sns }, { arn, payload, from }) => sns?.publish(arn, { message: payload }, from) },
  logs: {
    port: 'logs',
    bring: ({ logs }, { arn, payload, id, atMs }) => logs?.put(arn.replace(/:\*$/, ''), id, logEvent(payload, atMs)),
  },
  kinesis: {
    port: 'kinesis',
    bring: ({ kinesis }, { arn, payload, partitionKey, id, from }) =>
      kinesis?.put(arn, partitionKey ?? id, Buffer.from(payload), from),
  },
  states: { port: 'stepFunctions', bring: ({ stepFunctions }, { arn, payload }) => stepFunctions?.start(arn, payload) },
};

const serviceOf = (arn: string): string => arn.split(':')[2] ?? '';

export const canReach = (ports: TargetPorts, arn: string): boolean => {
  const bringer = Object.hasOwn(bringers, serviceOf(arn)) ? bringers[serviceOf(arn)] : undefined;
  return bringer !== undefined && ports[bringer.port] !== undefined;
};

/** @returns why it did not arrive; undefined when it did */
export async function bring(ports: TargetPorts, shipment: Shipment): Promise<Refusal | undefined> {
  const bringer = Object.hasOwn(bringers, serviceOf(shipment.arn)) ? bringers[serviceOf(shipment.arn)] : undefined;
  const brought = bringer?.bring(ports, shipment);
  if (brought === undefined)
    return { code: 'NO_RESOURCE', message: `Nothing here can be reached at ${shipment.arn}.`, final: true };
  try {
    await brought;
    return undefined;
  } catch (error) {
    if (error instanceof ServiceFault) return { code: error.code, message: error.message, final: isFinal(error) };
    throw error;
  }
}

const isFinal = ({ status, code }: ServiceFault): boolean =>
  (status ?? 400) < 500 && status !== 429 && !/Throttl|TooManyRequests|LimitExceeded/.test(code);

/** A transformed event may be a log event by itself. @source EventBridge User Guide, "CloudWatch Logs as a target" */
function logEvent(payload: string, atMs: number): { readonly atMs: number; readonly message: string } {
  try {
    const { timestamp, message, ...more } = JSON.parse(payload) as Record<string, unknown>;
    if (typeof timestamp === 'number' && typeof message === 'string' && Object.keys(more).length === 0)
      return { atMs: timestamp, message };
  } catch {
    // Any text is a message.
  }
  return { atMs, message: payload };
}

export interface RetryPolicy {
  readonly maximumRetryAttempts: number;
  readonly maximumAgeMs: number;
}

/** @source EventBridge User Guide, "Retry policy": 24 hours and 185 times; the Scheduler's are the same, spec 7.2-03 */
export const defaultRetryPolicy: RetryPolicy = { maximumRetryAttempts: 185, maximumAgeMs: 86_400_000 };

const firstBackoffMs = 1_000;
const longestBackoffMs = 600_000;

/** @param attempt  those that failed so far; chance spreads over the upper half */
export const backoffMs = (attempt: number, chance: number): number =>
  Math.min(firstBackoffMs * 2 ** Math.min(attempt - 1, 20), longestBackoffMs) * (0.5 + chance / 2);

type MessageAttributes = Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;

/** A message with attributes, to a dead-letter queue. @returns why it did not arrive */
export function bringToQueue(
  { sqs }: TargetPorts,
  queueArn: string,
  body: string,
  attributes: MessageAttributes,
  from: Sender,
): Promise<Refusal | undefined> {
  return bring(
    {
      ...(sqs === undefined
        ? {}
        : {
            sqs: {
              describe: (arn) => sqs.describe(arn),
              send: (arn, text, options) => sqs.send(arn, text, { ...options, attributes }),
            },
          }),
    },
    {
      arn: queueArn,
      payload: body,
      id: 'dead-letter',
      atMs: 0,
      from,
    },
  );
}
