/** Where an event is in the order of its group: by moment, then by arrival. */
export interface Position {
  readonly atMs: number;
  /** Of its chunk. */
  readonly seq: number;
  /** In its chunk, from 1, so that there is always room for "just before". */
  readonly index: number;
}

export const beginning: Position = { atMs: 0, seq: 0, index: 0 };

export const compare = (a: Position, b: Position): number => a.atMs - b.atMs || a.seq - b.seq || a.index - b.index;

/** 56 digits, as AWS's event ids have, that sort as their events do. */
export const eventId = ({ atMs, seq, index }: Position): string =>
  String(atMs).padStart(20, '0') + String(seq).padStart(24, '0') + String(index).padStart(12, '0');

export function positionOf(id: string): Position | undefined {
  if (!/^\d{56}$/.test(id)) return undefined;
  const position = { atMs: Number(id.slice(0, 20)), seq: Number(id.slice(20, 44)), index: Number(id.slice(44)) };
  return Object.values(position).every(Number.isSafeInteger) ? position : undefined;
}
