import type { Database, Migrations, Sql } from '../../storage/index.ts';
import type { EventDocument } from './event.ts';

const migrations: Migrations = {
  room: 'events',
  steps: [
    `CREATE TABLE events_archived (
       archive_no BIGINT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, bytes BIGINT NOT NULL, event TEXT NOT NULL,
       PRIMARY KEY (archive_no, seq)
     )`,
  ],
};

export interface Archived {
  readonly seq: number;
  readonly atMs: number;
  readonly event: EventDocument;
}

/** Events that archives keep, as rows in the order of their arrival. */
export class ArchiveStore {
  readonly #database: Database;
  #lastSeq = 0;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(database: Database): Promise<ArchiveStore> {
    await database.migrate(migrations);
    const store = new ArchiveStore(database);
    const last = await database.get('SELECT MAX(seq) AS seq FROM events_archived');
    store.#lastSeq = Number(last?.['seq'] ?? 0);
    return store;
  }

  async add(tx: Sql, archiveNo: number, atMs: number, text: string): Promise<void> {
    await tx.run('INSERT INTO events_archived (archive_no, seq, at, bytes, event) VALUES (?, ?, ?, ?, ?)', [
      archiveNo,
      (this.#lastSeq += 1),
      Math.floor(atMs),
      Buffer.byteLength(text),
      text,
    ]);
  }

  /** Of a span of time (to its end, exclusive), behind a number. */
  async read(
    archiveNo: number,
    span: { readonly fromMs: number; readonly toMs: number; readonly afterSeq: number },
    limit: number,
  ): Promise<readonly Archived[]> {
    const rows = await this.#database.all(
      'SELECT seq, at, event FROM events_archived WHERE archive_no = ? AND seq > ? AND at >= ? AND at < ? ORDER BY seq LIMIT ?',
      [archiveNo, span.afterSeq, span.fromMs, span.toMs, limit],
    );
    return rows.map((row) => ({
      seq: Number(row['seq']),
      atMs: Number(row['at']),
      event: JSON.parse(row['event'] as string) as EventDocument,
    }));
  }

  async count(archiveNo: number): Promise<{ readonly events: number; readonly bytes: number }> {
    const row = await this.#database.get(
      'SELECT COUNT(*) AS events, COALESCE(SUM(bytes), 0) AS bytes FROM events_archived WHERE archive_no = ?',
      [archiveNo],
    );
    return { events: Number(row?.['events'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
  }

  /** Without a moment everything goes. */
  async drop(tx: Sql, archiveNo: number, beforeMs = Number.MAX_SAFE_INTEGER): Promise<void> {
    await tx.run('DELETE FROM events_archived WHERE archive_no = ? AND at < ?', [archiveNo, Math.floor(beforeMs)]);
  }
}
