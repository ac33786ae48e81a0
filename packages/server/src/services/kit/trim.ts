import type { Sql, SqlValue } from '../../storage/index.ts';

/** Few enough that a step holds up others for milliseconds only. */
const stepRows = 1000;

/** Rows in the order of `seq`, none of them earlier than the one before: the log of one shard. */
export interface Log {
  readonly table: 'kinesis_record' | 'dynamodb_record';
  /** Which rows, for example `stream_no = ? AND shard_no = ?`; a prefix of the primary key that ends with `seq`. */
  readonly where: string;
  readonly values: readonly SqlValue[];
}

/**
 * Deletes rows up to a moment from the front of a log, without looking at the rows behind it.
 *
 * @returns whether more are left to delete
 */
export async function trimStep(tx: Sql, { table, where, values }: Log, horizonMs: number): Promise<boolean> {
  const edge = await tx.get(`SELECT seq, at FROM ${table} WHERE ${where} ORDER BY seq LIMIT 1 OFFSET ${stepRows - 1}`, values);
  if (edge === undefined || Number(edge['at']) > horizonMs) {
    const bound = edge === undefined ? {} : { seq: edge['seq'] as SqlValue };
    await tx.run(`DELETE FROM ${table} WHERE ${where}${'seq' in bound ? ' AND seq < ?' : ''} AND at <= ?`, [
      ...values,
      ...('seq' in bound ? [bound.seq ?? null] : []),
      horizonMs,
    ]);
    return false;
  }
  await tx.run(`DELETE FROM ${table} WHERE ${where} AND seq <= ?`, [...values, edge['seq'] ?? null]);
  return true;
}
