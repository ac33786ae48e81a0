import type { Clock } from '../../base/index.ts';
import { GroupedWrites, type Database, type Migrations, type SqlRow, type Statement } from '../../storage/index.ts';
import { attributesFromText, attributesToText, type Content, type Message } from './message.ts';

/**
 * One row a message, until it is deleted. `queue_id` names one life of a queue. Deduplication outlives the
 * message, so it has rows of its own.
 */
const migrations: Migrations = {
  room: 'services/sqs',
  steps: [
    `CREATE TABLE sqs_message (
       seq BIGINT PRIMARY KEY,
       queue_id TEXT NOT NULL,
       message_id TEXT NOT NULL,
       body TEXT NOT NULL,
       attributes TEXT,
       bytes BIGINT NOT NULL,
       sender_id TEXT NOT NULL,
       trace_header TEXT,
       group_id TEXT,
       deduplication_id TEXT,
       source_arn TEXT,
       sent_at BIGINT NOT NULL,
       visible_at BIGINT NOT NULL,
       receive_count BIGINT NOT NULL,
       first_received_at BIGINT
     )`,
    'CREATE INDEX sqs_message_queue ON sqs_message (queue_id)',
    `CREATE TABLE sqs_deduplication (
       queue_id TEXT NOT NULL,
       dedup_key TEXT NOT NULL,
       message_id TEXT NOT NULL,
       seq BIGINT NOT NULL,
       expires_at BIGINT NOT NULL,
       PRIMARY KEY (queue_id, dedup_key)
     )`,
  ],
};

export interface StoredMessage {
  readonly queueId: string;
  readonly message: Message;
}

export interface StoredDeduplication {
  readonly queueId: string;
  readonly key: string;
  readonly messageId: string;
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** The rows behind the queues. Writes resolve when they are on stable storage; those that come together share a transaction. */
export class MessageStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #writer: GroupedWrites;

  private constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#writer = new GroupedWrites(database);
  }

  /** Reads everything but the contents. */
  static async open(
    database: Database,
    clock: Clock,
  ): Promise<{ store: MessageStore; messages: StoredMessage[]; deduplication: StoredDeduplication[] }> {
    await database.migrate(migrations);
    const store = new MessageStore(database, clock);
    const rows = await database.all(
      `SELECT seq, queue_id, message_id, bytes, sender_id, trace_header, group_id, deduplication_id, source_arn, sent_at,
              visible_at, receive_count, first_received_at FROM sqs_message ORDER BY seq`,
    );
    const known = await database.all(
      'SELECT queue_id, dedup_key, message_id, seq, expires_at FROM sqs_deduplication ORDER BY expires_at',
    );
    return {
      store,
      messages: rows.map((row) => ({ queueId: row['queue_id'] as string, message: store.#fromRow(row) })),
      deduplication: known.map((row) => ({
        queueId: row['queue_id'] as string,
        key: row['dedup_key'] as string,
        messageId: row['message_id'] as string,
        seq: Number(row['seq']),
        expiresAtMs: Number(row['expires_at']),
      })),
    };
  }

  insert(queueId: string, message: Message, content: Content, deduplication?: StoredDeduplication): Promise<void> {
    const row = {
      query: `INSERT INTO sqs_message (seq, queue_id, message_id, body, attributes, bytes, sender_id, trace_header, group_id,
         deduplication_id, source_arn, sent_at, visible_at, receive_count, first_received_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      values: [
        message.seq,
        queueId,
        message.messageId,
        content.body,
        attributesToText(content.attributes),
        message.bytes,
        message.senderId,
        message.traceHeader ?? null,
        message.groupId ?? null,
        message.deduplicationId ?? null,
        message.sourceArn ?? null,
        message.sentAtMs,
        this.#wall(message.visibleAtMs),
        message.receiveCount,
        message.firstReceivedAtMs ?? null,
      ],
    };
    const statements = deduplication === undefined ? [row] : [row, deduplicationRow(deduplication)];
    return this.#writer.writeAll(() => statements);
  }

  /** Writes when messages are visible again, and how often they were received; of those that are gone by then, nothing. */
  received(messages: readonly Message[]): Promise<void> {
    return this.#writer.writeAll(() =>
      messages
        .filter(({ state }) => state !== 'gone')
        .map((each) => ({
          query: 'UPDATE sqs_message SET visible_at = ?, receive_count = ?, first_received_at = ? WHERE seq = ?',
          values: [this.#wall(each.visibleAtMs), each.receiveCount, each.firstReceivedAtMs ?? null, each.seq],
        })),
    );
  }

  remove(seqs: readonly number[]): Promise<void> {
    return this.#writer.writeAll(() => seqs.map((seq) => ({ query: 'DELETE FROM sqs_message WHERE seq = ?', values: [seq] })));
  }

  /** Gives a message a new place in another queue, as it is now: what was not yet written of its old one is written here. */
  move(fromSeq: number, queueId: string, message: Message): Promise<void> {
    return this.#writer.write(
      'UPDATE sqs_message SET seq = ?, queue_id = ?, source_arn = ?, visible_at = ?, receive_count = ?, first_received_at = ? WHERE seq = ?',
      [
        message.seq,
        queueId,
        message.sourceArn ?? null,
        this.#wall(message.visibleAtMs),
        message.receiveCount,
        message.firstReceivedAtMs ?? null,
        fromSeq,
      ],
    );
  }

  purge(queueId: string, options: { readonly upToSeq: number }): Promise<void> {
    return this.#writer.write('DELETE FROM sqs_message WHERE queue_id = ? AND seq <= ?', [queueId, options.upToSeq]);
  }

  forget(queueId: string): Promise<void> {
    return this.#writer.writeAll(() => [
      { query: 'DELETE FROM sqs_message WHERE queue_id = ?', values: [queueId] },
      { query: 'DELETE FROM sqs_deduplication WHERE queue_id = ?', values: [queueId] },
    ]);
  }

  sweepDeduplication(): Promise<void> {
    return this.#writer.write('DELETE FROM sqs_deduplication WHERE expires_at <= ?', [Math.floor(this.#clock.now())]);
  }

  async contents(seqs: readonly number[]): Promise<ReadonlyMap<number, Content>> {
    const marks = seqs.map(() => '?').join(', ');
    const rows = await this.#database.all(`SELECT seq, body, attributes FROM sqs_message WHERE seq IN (${marks})`, seqs);
    return new Map(
      rows.map((row) => [
        Number(row['seq']),
        { body: row['body'] as string, attributes: attributesFromText(row['attributes'] as string | null) },
      ]),
    );
  }

  settled(): Promise<void> {
    return this.#writer.settled();
  }

  #wall(monotonicMs: number): number {
    return Math.floor(this.#clock.now() + monotonicMs - this.#clock.monotonic());
  }

  #fromRow(row: SqlRow): Message {
    // A clock that was set back must not hide a message longer than anything can.
    const waitMs = Math.min(Number(row['visible_at']) - this.#clock.now(), longestHiddenMs);
    const received = Number(row['receive_count']);
    const text = (name: string): string | undefined => (row[name] === null ? undefined : (row[name] as string));
    const [traceHeader, groupId, deduplicationId, sourceArn] = [
      text('trace_header'),
      text('group_id'),
      text('deduplication_id'),
      text('source_arn'),
    ];
    return {
      seq: Number(row['seq']),
      messageId: row['message_id'] as string,
      sentAtMs: Number(row['sent_at']),
      senderId: row['sender_id'] as string,
      bytes: Number(row['bytes']),
      ...(traceHeader === undefined ? {} : { traceHeader }),
      ...(groupId === undefined ? {} : { groupId }),
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
      ...(sourceArn === undefined ? {} : { sourceArn }),
      state: waitMs <= 0 ? 'ready' : received > 0 ? 'inFlight' : 'delayed',
      visibleAtMs: this.#clock.monotonic() + Math.max(0, waitMs),
      receiveCount: received,
      ...(row['first_received_at'] === null ? {} : { firstReceivedAtMs: Number(row['first_received_at']) }),
    };
  }
}

/** Twelve hours. */
const longestHiddenMs = 43_200_000;

const deduplicationRow = ({ queueId, key, messageId, seq, expiresAtMs }: StoredDeduplication): Statement => ({
  query: `INSERT INTO sqs_deduplication (queue_id, dedup_key, message_id, seq, expires_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (queue_id, dedup_key) DO UPDATE SET message_id = excluded.message_id, seq = excluded.seq, expires_at = excluded.expires_at`,
  values: [queueId, key, messageId, seq, expiresAtMs],
});
