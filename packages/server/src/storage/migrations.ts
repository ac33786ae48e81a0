import { createHash } from 'node:crypto';
import type { Clock } from '../base/index.ts';
import { StorageError } from './errors.ts';
import type { Migrations, Sql } from './port.ts';

/** What a migration needs beyond `Sql`: a step may hold several statements. */
export interface MigratingSql extends Sql {
  script(statements: string): Promise<void>;
}

export const migrationTable = `CREATE TABLE IF NOT EXISTS storage_migration (
  room TEXT NOT NULL,
  step BIGINT NOT NULL,
  hash TEXT NOT NULL,
  applied_at BIGINT NOT NULL,
  PRIMARY KEY (room, step)
)`;

/**
 * Applies what a room's tables lack, each step with its record in one transaction, so that a crash
 * leaves a step done or not begun.
 *
 * @throws StorageError `STORAGE_NEWER`, `STORAGE_MIGRATION_CHANGED`, or the engine's error of a step
 */
export async function applyMigrations(
  { room, steps }: Migrations,
  options: {
    readonly transaction: (work: (tx: MigratingSql) => Promise<void>) => Promise<void>;
    readonly clock: Pick<Clock, 'now'>;
  },
): Promise<void> {
  for (let step = 0; step < Math.max(steps.length, 1); step += 1) {
    await options.transaction(async (tx) => {
      const applied = await tx.all('SELECT step, hash FROM storage_migration WHERE room = ? ORDER BY step', [room]);
      check(
        room,
        steps,
        applied.map((row) => String(row['hash'])),
      );
      const statements = steps[step];
      if (statements === undefined || step < applied.length) return;
      await tx.script(statements);
      await tx.run('INSERT INTO storage_migration (room, step, hash, applied_at) VALUES (?, ?, ?, ?)', [
        room,
        step,
        hashOf(statements),
        Math.floor(options.clock.now()),
      ]);
    });
  }
}

function check(room: string, steps: readonly string[], hashes: readonly string[]): void {
  if (hashes.length > steps.length) {
    throw new StorageError(
      'STORAGE_NEWER',
      `The records of "${room}" were written by a later release of Mayfly (step ${hashes.length}, this release knows ` +
        `${steps.length}). Start that release, or restore a backup made before the upgrade.`,
    );
  }
  const changed = hashes.findIndex((hash, step) => hash !== hashOf(steps[step] ?? ''));
  if (changed >= 0) {
    throw new StorageError(
      'STORAGE_MIGRATION_CHANGED',
      `Step ${changed + 1} of the tables of "${room}" is not the one this database was made with. ` +
        'A step that has landed is never edited: put the change into a further step.',
    );
  }
}

/** White space may be laid out anew. */
const hashOf = (statements: string): string => createHash('sha256').update(statements.replace(/\s+/g, ' ').trim()).digest('hex');
