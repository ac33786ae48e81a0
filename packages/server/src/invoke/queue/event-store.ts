import type { AccountId, Clock, FunctionArn, Region, RequestId } from '../../base/index.ts';
import { GroupedWrites, type Database, type SqlRow } from '../../storage/index.ts';
import type { InvokeRequest } from '../port.ts';
import type { Ending, QueuedEvent } from './event.ts';
import { migrations } from './migrations.ts';

/** An event read back at start, with the moment it may run. */
export interface StoredEvent {
  readonly event: QueuedEvent;
  /** Clock's monotonic milliseconds. */
  readonly readyAtMs: number;
}

/** The rows behind the queue. Every write resolves when it is on stable storage; writes that come together share a transaction. */
export class EventStore {
  readonly #database: Database;
  readonly #writer: GroupedWrites;
  readonly #clock: Clock;
  #lastSeq: number;

  private constructor(database: Database, clock: Clock, lastSeq: number) {
    this.#database = database;
    this.#writer = new GroupedWrites(database);
    this.#clock = clock;
    this.#lastSeq = lastSeq;
  }

  /** Reads everything but the payloads. */
  static async open(database: Database, clock: Clock): Promise<{ store: EventStore; events: StoredEvent[] }> {
    await database.migrate(migrations);
    const rows = await database.all(
      `SELECT seq, account, region, function_arn, invoked_arn, request_id, trace_id, client_context, tenant_id,
              payload_bytes, accepted_at, ready_at, attempts, ending
         FROM invoke_event ORDER BY seq`,
    );
    const events = rows.map((row) => fromRow(row, clock));
    return { store: new EventStore(database, clock, events.at(-1)?.event.seq ?? 0), events };
  }

  async append(
    request: InvokeRequest,
    names: { functionArn: FunctionArn; invokedArn: string; traceId: string },
  ): Promise<QueuedEvent> {
    const event: QueuedEvent = {
      seq: ++this.#lastSeq,
      account: request.account,
      region: request.region,
      ...names,
      requestId: request.requestId,
      ...(request.clientContext === undefined ? {} : { clientContext: request.clientContext }),
      ...(request.tenantId === undefined ? {} : { tenantId: request.tenantId }),
      payload: request.payload,
      payloadBytes: request.payload.byteLength,
      acceptedAtMs: this.#clock.monotonic(),
      attempts: 0,
      failures: 0,
    };
    const nowMs = Math.floor(this.#clock.now());
    await this.#writer.write(
      `INSERT INTO invoke_event (seq, account, region, function_arn, invoked_arn, request_id, trace_id, client_context,
         tenant_id, payload, payload_bytes, accepted_at, ready_at, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
      [
        event.seq,
        event.account,
        event.region,
        event.functionArn,
        event.invokedArn,
        event.requestId,
        event.traceId,
        event.clientContext ?? null,
        event.tenantId ?? null,
        request.payload,
        event.payloadBytes,
        nowMs,
        nowMs,
      ],
    );
    return event;
  }

  /** Another attempt is due in `delayMs`. */
  retry(event: QueuedEvent, delayMs: number): Promise<void> {
    const readyAt = Math.floor(this.#clock.now() + delayMs);
    return this.#writer.write('UPDATE invoke_event SET attempts = ?, ready_at = ? WHERE seq = ?', [
      event.attempts,
      readyAt,
      event.seq,
    ]);
  }

  /** The last word, to be delivered: from here on the event never runs again. */
  end(event: QueuedEvent, ending: Ending, response: Uint8Array | undefined): Promise<void> {
    return this.#writer.write('UPDATE invoke_event SET ending = ?, response = ? WHERE seq = ?', [
      JSON.stringify(ending),
      response ?? null,
      event.seq,
    ]);
  }

  remove(event: QueuedEvent): Promise<void> {
    return this.#writer.write('DELETE FROM invoke_event WHERE seq = ?', [event.seq]);
  }

  async removeAll(events: readonly QueuedEvent[]): Promise<void> {
    for (let at = 0; at < events.length; at += groupSize) {
      const seqs = events.slice(at, at + groupSize).map(({ seq }) => seq);
      await this.#writer.write(`DELETE FROM invoke_event WHERE seq IN (${seqs.map(() => '?').join(', ')})`, seqs);
    }
  }

  async payload(event: QueuedEvent): Promise<Uint8Array> {
    const row = await this.#database.get('SELECT payload FROM invoke_event WHERE seq = ?', [event.seq]);
    if (!(row?.['payload'] instanceof Uint8Array)) {
      throw Object.assign(new Error(`Queued event ${event.seq} has lost its payload.`), { code: 'EVENT_MISSING' });
    }
    return row['payload'];
  }

  async response(event: QueuedEvent): Promise<Uint8Array | undefined> {
    const row = await this.#database.get('SELECT response FROM invoke_event WHERE seq = ?', [event.seq]);
    return row?.['response'] instanceof Uint8Array ? row['response'] : undefined;
  }

  settled(): Promise<void> {
    return this.#writer.settled();
  }
}

function fromRow(row: SqlRow, clock: Clock): StoredEvent {
  const nowMs = clock.now();
  const ending = row['ending'];
  // A clock that was set back must not make an event older or later than it can be.
  const ageMs = Math.max(0, nowMs - Number(row['accepted_at']));
  const waitMs = Math.min(Math.max(0, Number(row['ready_at']) - nowMs), longestWaitMs);
  return {
    readyAtMs: clock.monotonic() + waitMs,
    event: {
      seq: Number(row['seq']),
      account: row['account'] as AccountId,
      region: row['region'] as Region,
      functionArn: row['function_arn'] as FunctionArn,
      invokedArn: row['invoked_arn'] as string,
      requestId: row['request_id'] as RequestId,
      traceId: row['trace_id'] as string,
      ...(row['client_context'] === null ? {} : { clientContext: row['client_context'] as string }),
      ...(typeof row['tenant_id'] === 'string' ? { tenantId: row['tenant_id'] } : {}),
      payloadBytes: Number(row['payload_bytes']),
      acceptedAtMs: clock.monotonic() - ageMs,
      attempts: Number(row['attempts']),
      failures: 0,
      ...(typeof ending === 'string' ? { ending: JSON.parse(ending) as Ending } : {}),
    },
  };
}

/** Rows named in one statement. */
const groupSize = 500;

/** No stored wait is longer. @source spec 2.9-02 */
const longestWaitMs = 120_000;
