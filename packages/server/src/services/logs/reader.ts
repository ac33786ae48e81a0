import type { Sql, SqlRow, SqlValue } from '../../storage/index.ts';
import { chunkSpanMs, fromChunk } from './chunk.ts';
import { compare, type Position } from './position.ts';

export interface StoredEvent extends Position {
  readonly streamId: number;
  readonly message: string;
  readonly ingestedAt: number;
}

export interface ReadRange {
  readonly groupId: number;
  /** Absent = every stream of the group. */
  readonly streamIds?: readonly number[];
  readonly direction: 'forward' | 'backward';
  /** First and last moment, both within. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Only events behind this one, in the direction of reading. */
  readonly after?: Position;
}

/** Chunks fetched at once; a chunk is at most a quarter of a MiB. */
const chunksAtOnce = 16;

/**
 * Reads events in the order of their moments, though chunks overlap. Yields what one fetch made certain,
 * and how many bytes were looked at for it; lets other work pass between fetches.
 */
export async function* readEvents(sql: Sql, range: ReadRange): AsyncGenerator<{ events: StoredEvent[]; scanned: number }> {
  if (range.streamIds?.length === 0) return;
  const forward = range.direction === 'forward';
  const order = forward ? compare : (a: Position, b: Position): number => compare(b, a);
  const wanted = (event: StoredEvent): boolean =>
    event.atMs >= range.fromMs && event.atMs <= range.toMs && (range.after === undefined || order(event, range.after) > 0);

  const bounds = reach(range, forward);
  let cursor: { atMs: number; seq: number } | undefined;
  /** Read, but a chunk not yet fetched may hold earlier ones. */
  let waiting: StoredEvent[] = [];
  for (;;) {
    const rows = await fetchChunks(sql, range, bounds, forward, cursor);
    let scanned = 0;
    for (const row of rows) {
      scanned += Number(row['bytes']);
      for (const event of eventsOf(row)) if (wanted(event)) waiting.push(event);
    }
    waiting.sort(order);
    const lastRow = rows.at(-1);
    if (lastRow === undefined || rows.length < chunksAtOnce) {
      if (waiting.length > 0 || scanned > 0) yield { events: waiting, scanned };
      return;
    }
    // Chunks come by their nearer edge, so nothing before the edge of the last one is still to come.
    const edge = Number(lastRow[forward ? 'first_ms' : 'last_ms']);
    const certain = waiting.findIndex((event) => (forward ? event.atMs >= edge : event.atMs <= edge));
    const ready = certain === -1 ? waiting : waiting.slice(0, certain);
    waiting = certain === -1 ? [] : waiting.slice(certain);
    cursor = { atMs: edge, seq: Number(lastRow['seq']) };
    yield { events: ready, scanned };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Reach {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The moments between which the nearer edge of a chunk with wanted events lies. */
function reach({ fromMs, toMs, after }: ReadRange, forward: boolean): Reach {
  const start = forward ? Math.max(fromMs, after?.atMs ?? 0) : fromMs;
  const end = forward ? toMs : Math.min(toMs, after?.atMs ?? Infinity);
  return forward
    ? { fromMs: start - chunkSpanMs, toMs: end }
    : { fromMs: start, toMs: Math.min(end + chunkSpanMs, Number.MAX_SAFE_INTEGER) };
}

function fetchChunks(
  sql: Sql,
  range: ReadRange,
  bounds: Reach,
  forward: boolean,
  cursor: { atMs: number; seq: number } | undefined,
): Promise<SqlRow[]> {
  const [edge, direction, beyond] = forward ? ['first_ms', 'ASC', '>'] : ['last_ms', 'DESC', '<'];
  const values: SqlValue[] = [range.groupId];
  let where = 'group_id = ?';
  if (range.streamIds !== undefined) {
    where += ` AND stream_id IN (${range.streamIds.map(() => '?').join(', ')})`;
    values.push(...range.streamIds);
  }
  where += ` AND ${edge} >= ? AND ${edge} <= ?`;
  values.push(
    Math.max(0, forward && cursor !== undefined ? cursor.atMs : bounds.fromMs),
    !forward && cursor !== undefined ? cursor.atMs : bounds.toMs,
  );
  // Of the chunks that could reach into the range, those that do.
  where += forward ? ' AND last_ms >= ?' : ' AND first_ms <= ?';
  values.push(
    forward ? Math.max(range.fromMs, range.after?.atMs ?? 0) : Math.min(range.toMs, range.after?.atMs ?? Number.MAX_SAFE_INTEGER),
  );
  if (cursor !== undefined) {
    where += ` AND (${edge} ${beyond} ? OR seq ${beyond} ?)`;
    values.push(cursor.atMs, cursor.seq);
  }
  return sql.all(
    `SELECT seq, stream_id, first_ms, last_ms, ingested_at, bytes, body FROM log_chunk
       WHERE ${where} ORDER BY ${edge} ${direction}, seq ${direction} LIMIT ?`,
    [...values, chunksAtOnce],
  );
}

const eventsOf = (row: SqlRow): StoredEvent[] =>
  fromChunk(Number(row['first_ms']), row['body'] as string).map(({ atMs, message }, index) => ({
    atMs,
    message,
    seq: Number(row['seq']),
    index: index + 1,
    streamId: Number(row['stream_id']),
    ingestedAt: Number(row['ingested_at']),
  }));
