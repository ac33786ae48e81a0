import type { Failure } from './messages.ts';

/** Extended result codes that mean something to a room or to an operator; others are shown by their primary code. */
const names: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  15: 'SQLITE_PROTOCOL',
  17: 'SQLITE_SCHEMA',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  25: 'SQLITE_RANGE',
  26: 'SQLITE_NOTADB',
  266: 'SQLITE_IOERR_READ',
  522: 'SQLITE_IOERR_SHORT_READ',
  778: 'SQLITE_IOERR_WRITE',
  1034: 'SQLITE_IOERR_FSYNC',
  1290: 'SQLITE_IOERR_DIR_FSYNC',
  1546: 'SQLITE_IOERR_TRUNCATE',
  4874: 'SQLITE_IOERR_SHMSIZE',
  275: 'SQLITE_CONSTRAINT_CHECK',
  787: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  1299: 'SQLITE_CONSTRAINT_NOTNULL',
  1555: 'SQLITE_CONSTRAINT_PRIMARYKEY',
  2067: 'SQLITE_CONSTRAINT_UNIQUE',
};

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'STORAGE_FAILED', message: String(error) };
  const { errcode, code } = error as { errcode?: number; code?: string };
  if (errcode === undefined) return { code: code ?? 'STORAGE_FAILED', message: error.message };
  return { code: names[errcode] ?? names[errcode & 0xff] ?? `SQLITE_${errcode}`, message: error.message };
}

/** The index file beside the log is not durable and is grown before anything is written: when it cannot grow, the disk is full. */
export const isFull = (code: string): boolean => code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE';

/** After these nobody knows what is on the disk: a sync that failed once may claim success the next time. */
export const isFatal = (code: string): boolean =>
  !isFull(code) && /^SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|PROTOCOL)|^STORAGE_FAILED/.test(code);
