/**
 * Why storage did not do what it was asked.
 *
 * `code` is one of ours where a room can act on it, otherwise the engine's own (`SQLITE_CONSTRAINT_UNIQUE`):
 *
 * | code | meaning | what to do |
 * | --- | --- | --- |
 * | `STORAGE_FULL` | no space; this transaction left nothing, later ones may succeed | free space |
 * | `STORAGE_FAILED` | the disk failed; nothing is accepted any more | see the cause, restart the server |
 * | `STORAGE_BUSY` | too many transactions wait, or another program holds the database | try later |
 * | `STORAGE_CLOSED` | called after, or while, storage was closed | – |
 * | `STORAGE_TRANSACTION_ENDED` | a statement came after its transaction had ended | await every statement |
 * | `STORAGE_TRANSACTION_TIMEOUT` | a transaction asked for nothing for too long and was rolled back | await only `tx` |
 * | `STORAGE_NEWER` | written by a later release | start that release, or restore a backup |
 * | `STORAGE_MIGRATION_CHANGED` | a migration step that was applied has been edited | add a step instead |
 * | `STORAGE_UNSAFE` | the database cannot keep its promise here: a setting was not taken, a network file system, a damaged file | see the message |
 * | `STORAGE_STATEMENT` | not one statement, or not as many values as placeholders | mend the caller |
 */
export class StorageError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }
}

/** A row with this key is there already; the same question for every engine. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof StorageError && (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY');
