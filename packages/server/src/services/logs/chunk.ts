/**
 * Events are kept in chunks: those of one stream that were written together, at most `chunkSpanMs` apart,
 * in one row. A row an event would cost twenty times the work at the rates functions log with.
 */
export interface LogLine {
  readonly atMs: number;
  readonly message: string;
}

export interface Chunk {
  readonly firstMs: number;
  readonly lastMs: number;
  /** What AWS counts: UTF-8 of the messages, about, and 26 for each event. */
  readonly bytes: number;
  /** In order. */
  readonly lines: readonly LogLine[];
  readonly body: string;
}

/** Bounds how far back a reader must look for chunks that reach into its range. */
export const chunkSpanMs = 60_000;
const chunkLength = 262_144;
const chunkEvents = 2_000;

/** Cuts lines into chunks; within a stream, the order of equal moments is the order of arrival. */
export function toChunks(lines: readonly LogLine[]): Chunk[] {
  const sorted = isSorted(lines) ? lines : lines.toSorted((a, b) => a.atMs - b.atMs);
  const chunks: Chunk[] = [];
  let start = 0;
  let length = 0;
  for (let index = 0; index < sorted.length; index += 1) {
    const line = sorted[index] as LogLine;
    const first = sorted[start] as LogLine;
    const full =
      index - start >= chunkEvents || length + line.message.length > chunkLength || line.atMs - first.atMs > chunkSpanMs;
    if (full && index > start) {
      chunks.push(toChunk(sorted.slice(start, index), length));
      start = index;
      length = 0;
    }
    length += line.message.length;
  }
  if (start < sorted.length) chunks.push(toChunk(sorted.slice(start), length));
  return chunks;
}

function toChunk(lines: readonly LogLine[], length: number): Chunk {
  const firstMs = (lines[0] as LogLine).atMs;
  return {
    firstMs,
    lastMs: (lines.at(-1) as LogLine).atMs,
    bytes: length + 26 * lines.length,
    lines,
    // JSON escapes what no text column takes: NUL and half surrogate pairs.
    body: JSON.stringify(lines.map((line) => [line.atMs - firstMs, line.message])),
  };
}

export const fromChunk = (firstMs: number, body: string): LogLine[] =>
  (JSON.parse(body) as [number, string][]).map(([offset, message]) => ({ atMs: firstMs + offset, message }));

const isSorted = (lines: readonly LogLine[]): boolean =>
  lines.every((line, index) => index === 0 || (lines[index - 1] as LogLine).atMs <= line.atMs);
