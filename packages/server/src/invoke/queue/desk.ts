import type { AccountId, Clock, FunctionArn, Random } from '../../base/index.ts';
import type { Catalog } from '../../control/index.ts';
import type { Database } from '../../storage/index.ts';
import type { Invoker } from '../port.ts';
import type { EventQueue } from './event-queue.ts';
import { redrive, type DeadLetters, type Redriven } from './redrive.ts';

/** The events of one function that were accepted and have not ended. */
export interface QueueRow {
  readonly functionArn: string;
  readonly events: number;
  readonly bytes: number;
  readonly oldestAgeMs: number;
  readonly inFlight: number;
  /** Part of `events`: failed at least once, to be tried again. */
  readonly failed: number;
  /** Part of `events`: ended, on their way to a destination. */
  readonly delivering: number;
}

export interface QueuedView {
  readonly requestId: string;
  readonly invokedArn: string;
  readonly ageMs: number;
  /** Until it is due; 0 = now. */
  readonly dueInMs: number;
  readonly attempts: number;
  readonly ended: boolean;
  readonly bytes: number;
  /** The beginning of the event. */
  readonly payload: string;
}

const mostFunctions = 1000;
const mostPeeked = 100;
const peekedBytes = 1024;
const mostRedriven = 10_000;

interface QueueDeskOptions {
  readonly database: Database;
  readonly queue: EventQueue;
  readonly catalog: Catalog;
  readonly enqueue: Invoker['enqueue'];
  readonly deadLetters: DeadLetters | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** What an operator may see of the event queue, and do to it. Reads storage: never on the road of an invocation. */
export class QueueDesk {
  readonly #options: QueueDeskOptions;

  constructor(options: QueueDeskOptions) {
    this.#options = options;
  }

  /** Functions of an account with events, the longest backlog first. */
  async list(account: AccountId): Promise<QueueRow[]> {
    const { database, clock, queue } = this.#options;
    const rows = await database.all(
      `SELECT function_arn, COUNT(*) AS events, SUM(payload_bytes) AS bytes, MIN(accepted_at) AS oldest,
              SUM(CASE WHEN attempts > 0 AND ending IS NULL THEN 1 ELSE 0 END) AS failed,
              SUM(CASE WHEN ending IS NULL THEN 0 ELSE 1 END) AS delivering
         FROM invoke_event WHERE account = ? GROUP BY function_arn ORDER BY events DESC LIMIT ${mostFunctions}`,
      [account],
    );
    return rows.map((row) => ({
      functionArn: String(row['function_arn']),
      events: Number(row['events']),
      bytes: Number(row['bytes']),
      oldestAgeMs: Math.max(0, Math.floor(clock.now()) - Number(row['oldest'])),
      inFlight: queue.inFlightOf(row['function_arn'] as FunctionArn),
      failed: Number(row['failed']),
      delivering: Number(row['delivering']),
    }));
  }

  /** The oldest events of a function. */
  async peek(functionArn: FunctionArn, most: number): Promise<QueuedView[]> {
    const { database, clock } = this.#options;
    const nowMs = Math.floor(clock.now());
    const rows = await database.all(
      `SELECT request_id, invoked_arn, payload_bytes, accepted_at, ready_at, attempts, ending, substr(payload, 1, ${peekedBytes}) AS payload
         FROM invoke_event WHERE function_arn = ? ORDER BY seq LIMIT ${Math.min(most, mostPeeked)}`,
      [functionArn],
    );
    return rows.map((row) => ({
      requestId: String(row['request_id']),
      invokedArn: String(row['invoked_arn']),
      ageMs: Math.max(0, nowMs - Number(row['accepted_at'])),
      dueInMs: Math.max(0, Number(row['ready_at']) - nowMs),
      attempts: Number(row['attempts']),
      ended: row['ending'] !== null,
      bytes: Number(row['payload_bytes']),
      payload: Buffer.from((row['payload'] as Uint8Array | null) ?? []).toString('utf8'),
    }));
  }

  /** Drops what waits; what runs, and what is on its way to a destination, goes on. */
  async purge(functionArn: FunctionArn): Promise<{ readonly purged: number }> {
    return { purged: await this.#options.queue.purge(functionArn) };
  }

  /** @throws ServiceFault ResourceNotFoundException */
  async redrive(functionArn: FunctionArn, most: number): Promise<{ readonly queues: readonly Redriven[] }> {
    const { catalog, enqueue, deadLetters, random } = this.#options;
    if (deadLetters === undefined) return { queues: [] };
    return { queues: await redrive(functionArn, { catalog, enqueue, deadLetters, random, most: Math.min(most, mostRedriven) }) };
  }
}
