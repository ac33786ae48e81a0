import type { Clock } from '../../base/index.ts';
import type { Database, Sql, SqlRow, Statement } from '../../storage/index.ts';
import { toChunks, type LogLine } from './chunk.ts';
import { migrations } from './migrations.ts';

export interface StreamRow {
  readonly id: number;
  readonly groupId: number;
  readonly name: string;
  readonly createdAt: number;
  readonly firstEventAt?: number;
  readonly lastEventAt?: number;
  readonly lastIngestionAt?: number;
}

/** Lines for one stream. */
export interface Batch {
  readonly groupId: number;
  readonly stream: string;
  readonly lines: readonly LogLine[];
}

/** Where lines of a batch went: the n-th line of it is event n + 1 of chunk `seq`. */
export interface Written {
  readonly seq: number;
  readonly lines: readonly LogLine[];
}

/** Stream ids kept at hand; one a running environment is enough. */
const idsKept = 10_000;
/** Streams one prefix may stand for, and ids in one statement. */
const idsOfPrefix = 5_000;
/** Rows a clean-up takes in one transaction, so that no writer waits long for it. */
const rowsAtOnce = 200;

/** The tables of streams and chunks. */
export class LogStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #ids = new Map<string, number>();
  #lastStream: number;
  #lastSeq: number;

  private constructor(database: Database, clock: Clock, last: { stream: number; seq: number }) {
    this.#database = database;
    this.#clock = clock;
    this.#lastStream = last.stream;
    this.#lastSeq = last.seq;
  }

  static async open(database: Database, clock: Clock): Promise<LogStore> {
    await database.migrate(migrations);
    const stream = await database.get('SELECT MAX(id) AS last FROM log_stream');
    const chunk = await database.get('SELECT MAX(seq) AS last FROM log_chunk');
    return new LogStore(database, clock, { stream: Number(stream?.['last'] ?? 0), seq: Number(chunk?.['last'] ?? 0) });
  }

  /**
   * Writes all batches in one transaction; streams that are missing are made.
   *
   * @returns for each batch where its lines went
   */
  async write(batches: readonly Batch[]): Promise<Written[][]> {
    const nowMs = Math.floor(this.#clock.now());
    const written: Written[][] = [];
    await this.#database
      .transaction(async (tx) => {
        const statements: Statement[] = [];
        for (const { groupId, stream, lines } of batches) {
          const streamId = await this.#streamId(tx, groupId, stream, nowMs);
          let bytes = 0;
          let firstMs = Infinity;
          let lastMs = 0;
          const chunks: Written[] = [];
          written.push(chunks);
          for (const chunk of toChunks(lines)) {
            statements.push({
              query:
                'INSERT INTO log_chunk (seq, group_id, stream_id, first_ms, last_ms, ingested_at, count, bytes, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
              values: [
                ++this.#lastSeq,
                groupId,
                streamId,
                chunk.firstMs,
                chunk.lastMs,
                nowMs,
                chunk.lines.length,
                chunk.bytes,
                chunk.body,
              ],
            });
            chunks.push({ seq: this.#lastSeq, lines: chunk.lines });
            bytes += chunk.bytes;
            firstMs = Math.min(firstMs, chunk.firstMs);
            lastMs = Math.max(lastMs, chunk.lastMs);
          }
          if (bytes === 0) continue;
          statements.push({
            query: `UPDATE log_stream SET bytes = bytes + ?, last_ingestion_at = ?,
             first_event_at = CASE WHEN first_event_at IS NULL OR first_event_at > ? THEN ? ELSE first_event_at END,
             last_event_at = CASE WHEN last_event_at IS NULL OR last_event_at < ? THEN ? ELSE last_event_at END
           WHERE id = ?`,
            values: [bytes, nowMs, firstMs, firstMs, lastMs, lastMs, streamId],
          });
        }
        await tx.batch(statements);
      })
      .catch((error: unknown) => {
        // Ids of streams that the failed transaction made are ids of nothing.
        this.#ids.clear();
        throw error;
      });
    return written;
  }

  async stream(groupId: number, name: string): Promise<StreamRow | undefined> {
    const row = await this.#database.get(`SELECT ${streamColumns} FROM log_stream WHERE group_id = ? AND name = ?`, [
      groupId,
      name,
    ]);
    return row === undefined ? undefined : streamOf(row);
  }

  /** @returns false when there is one of this name */
  createStream(groupId: number, name: string): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      if ((await tx.get('SELECT id FROM log_stream WHERE group_id = ? AND name = ?', [groupId, name])) !== undefined)
        return false;
      await this.#streamId(tx, groupId, name, Math.floor(this.#clock.now()));
      return true;
    });
  }

  /** @returns false when there is none of this name */
  async deleteStream(groupId: number, name: string): Promise<boolean> {
    const stream = await this.stream(groupId, name);
    if (stream === undefined) return false;
    // Most of it piece by piece, so that writers need not wait; the stream itself with what came meanwhile.
    await this.#deleteChunks('stream_id = ?', [stream.id]);
    return this.#database.transaction(async (tx) => {
      this.#ids.delete(`${groupId}/${name}`);
      await tx.run('DELETE FROM log_chunk WHERE stream_id = ?', [stream.id]);
      return (await tx.run('DELETE FROM log_stream WHERE id = ?', [stream.id])) > 0;
    });
  }

  /** In the order of names, or of the last event with the newest first when descending; `after` is the last one shown. */
  async streams(
    groupId: number,
    options: {
      readonly by: 'name' | 'lastEvent';
      readonly descending: boolean;
      readonly prefix?: string | undefined;
      readonly after?: { readonly name: string; readonly lastEventAt: number } | undefined;
      readonly limit: number;
    },
  ): Promise<StreamRow[]> {
    const [direction, beyond] = options.descending ? ['DESC', '<'] : ['ASC', '>'];
    const values: (string | number)[] = [groupId];
    let where = 'group_id = ?';
    if (options.prefix !== undefined) {
      where += ' AND substr(name, 1, ?) = ?';
      values.push([...options.prefix].length, options.prefix);
    }
    const last = 'COALESCE(last_event_at, 0)';
    if (options.after !== undefined && options.by === 'name') {
      where += ` AND name ${beyond} ?`;
      values.push(options.after.name);
    } else if (options.after !== undefined) {
      where += ` AND (${last} ${beyond} ? OR (${last} = ? AND name ${beyond} ?))`;
      values.push(options.after.lastEventAt, options.after.lastEventAt, options.after.name);
    }
    const order = options.by === 'name' ? `name ${direction}` : `${last} ${direction}, name ${direction}`;
    const rows = await this.#database.all(`SELECT ${streamColumns} FROM log_stream WHERE ${where} ORDER BY ${order} LIMIT ?`, [
      ...values,
      options.limit,
    ]);
    return rows.map(streamOf);
  }

  /** Newest first, so that what is left out by the bound is what is least asked for. */
  async streamIds(groupId: number, prefix: string): Promise<number[]> {
    const rows = await this.#database.all(
      'SELECT id FROM log_stream WHERE group_id = ? AND substr(name, 1, ?) = ? ORDER BY id DESC LIMIT ?',
      [groupId, [...prefix].length, prefix, idsOfPrefix],
    );
    return rows.map((row) => Number(row['id']));
  }

  async names(ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const found = new Map<number, string>();
    for (let at = 0; at < ids.length; at += idsOfPrefix) {
      const some = ids.slice(at, at + idsOfPrefix);
      const rows = await this.#database.all(
        `SELECT id, name FROM log_stream WHERE id IN (${some.map(() => '?').join(', ')})`,
        some,
      );
      for (const row of rows) found.set(Number(row['id']), row['name'] as string);
    }
    return found;
  }

  async storedBytes(groupId: number): Promise<number> {
    const row = await this.#database.get('SELECT SUM(bytes) AS total FROM log_stream WHERE group_id = ?', [groupId]);
    return Number(row?.['total'] ?? 0);
  }

  /** Everything of groups that are no more. */
  async deleteGroup(groupId: number): Promise<void> {
    await this.#deleteChunks('group_id = ?', [groupId]);
    await this.#database.run('DELETE FROM log_stream WHERE group_id = ?', [groupId]);
  }

  async groupIds(): Promise<number[]> {
    const rows = await this.#database.all('SELECT DISTINCT group_id FROM log_stream');
    return rows.map((row) => Number(row['group_id']));
  }

  /** Chunks whose newest event is older than this. @returns how many */
  trim(groupId: number, beforeMs: number): Promise<number> {
    // The index knows first moments; a chunk's last is at most its span later.
    return this.#deleteChunks('group_id = ? AND first_ms < ? AND last_ms < ?', [groupId, beforeMs, beforeMs]);
  }

  async #deleteChunks(where: string, values: readonly number[]): Promise<number> {
    let deleted = 0;
    for (;;) {
      const rows = await this.#database.all(`SELECT seq, stream_id, bytes FROM log_chunk WHERE ${where} LIMIT ?`, [
        ...values,
        rowsAtOnce,
      ]);
      if (rows.length === 0) return deleted;
      await this.#database.transaction(async (tx) => {
        for (const row of rows) {
          await tx.run('DELETE FROM log_chunk WHERE seq = ?', [row['seq'] as number]);
          await tx.run('UPDATE log_stream SET bytes = bytes - ? WHERE id = ?', [
            row['bytes'] as number,
            row['stream_id'] as number,
          ]);
        }
      });
      deleted += rows.length;
    }
  }

  async #streamId(tx: Sql, groupId: number, name: string, nowMs: number): Promise<number> {
    const key = `${groupId}/${name}`;
    const kept = this.#ids.get(key);
    if (kept !== undefined) return kept;
    const row = await tx.get('SELECT id FROM log_stream WHERE group_id = ? AND name = ?', [groupId, name]);
    let id = row === undefined ? undefined : Number(row['id']);
    if (id === undefined) {
      id = ++this.#lastStream;
      await tx.run('INSERT INTO log_stream (id, group_id, name, created_at, bytes) VALUES (?, ?, ?, ?, 0)', [
        id,
        groupId,
        name,
        nowMs,
      ]);
    }
    this.#ids.set(key, id);
    if (this.#ids.size > idsKept) this.#ids.delete(this.#ids.keys().next().value ?? '');
    return id;
  }
}

const streamColumns = 'id, group_id, name, created_at, first_event_at, last_event_at, last_ingestion_at';

function streamOf(row: SqlRow): StreamRow {
  const optional = (name: string, key: string): Record<string, number> =>
    row[name] === null ? {} : { [key]: Number(row[name]) };
  return {
    id: Number(row['id']),
    groupId: Number(row['group_id']),
    name: row['name'] as string,
    createdAt: Number(row['created_at']),
    ...optional('first_event_at', 'firstEventAt'),
    ...optional('last_event_at', 'lastEventAt'),
    ...optional('last_ingestion_at', 'lastIngestionAt'),
  };
}
