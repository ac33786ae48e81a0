import type { Clock, Logger } from '../../base/index.ts';
import { StorageError } from '../errors.ts';
import { applyMigrations, migrationTable, type MigratingSql } from '../migrations.ts';
import type { Database, Migrations, Sql, SqlRow, SqlValue, Statement } from '../port.ts';
import { isFatal, isFull } from './codes.ts';
import { Lane } from './lane.ts';
import type { Answer, Failure, Request } from './messages.ts';
import { Thread } from './thread.ts';
import { Transaction } from './transaction.ts';

/** Each is a caller that waits; the rooms' own bounds are lower. */
const waitingTransactions = 10_000;
/** Longest time a transaction may ask for nothing. */
const idleMs = 30_000;

export interface SqliteOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The database may not grow beyond; then transactions answer `STORAGE_FULL`. */
  readonly maxBytes?: number;
  /** Called once when the disk has failed and nothing is accepted any more. */
  readonly onFailure?: (error: StorageError) => void;
}

/**
 * Two threads, each with a connection: one writes, a transaction at a time; the other reads what is
 * committed, so that a long transaction holds up no reader.
 */
export class SqliteDatabase implements Database {
  readonly #options: SqliteOptions;
  readonly #lane = new Lane({ limit: waitingTransactions });
  #writer!: Thread;
  #reader!: Thread;
  #reading = new Set<Promise<unknown>>();
  #failed: StorageError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: SqliteOptions) {
    this.#options = options;
  }

  /** @throws StorageError `STORAGE_UNSAFE`, `STORAGE_NEWER`, `STORAGE_FULL` or `STORAGE_BUSY` */
  static async open(options: SqliteOptions): Promise<SqliteDatabase> {
    const { file, maxBytes } = options;
    const database = new SqliteDatabase(options);
    const onFailure = (failure: Failure): void => void database.#fail(new StorageError(failure.code, failure.message));
    await using opened = new AsyncDisposableStack();
    // Both threads start at once; the reader opens what the writer has made.
    database.#writer = opened.use(
      new Thread({ file, role: 'writer', ...(maxBytes === undefined ? {} : { maxBytes }) }, onFailure),
    );
    database.#reader = opened.use(new Thread({ file, role: 'reader' }, onFailure));
    try {
      await database.#writer.ask({ kind: 'open' });
      await database.#writer.ask({ kind: 'run', sql: migrationTable, values: [] });
      await database.#reader.ask({ kind: 'open' });
    } catch (error) {
      throw unopened(file, error);
    }
    opened.move();
    return database;
  }

  all<Row extends SqlRow = SqlRow>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return this.#read({ kind: 'all', sql, values }) as Promise<Row[]>;
  }

  get<Row extends SqlRow = SqlRow>(sql: string, values: readonly SqlValue[] = []): Promise<Row | undefined> {
    return this.#read({ kind: 'first', sql, values }) as Promise<Row | undefined>;
  }

  run(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return this.#write({ kind: 'run', sql, values }) as Promise<number>;
  }

  async batch(statements: readonly Statement[]): Promise<void> {
    if (statements.length > 0) await this.#write({ kind: 'batch', statements, alone: true });
  }

  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    return this.#transaction(work);
  }

  migrate(migrations: Migrations): Promise<void> {
    return applyMigrations(migrations, { transaction: (work) => this.#transaction(work), clock: this.#options.clock });
  }

  /** Refuses what comes, waits for what runs or waits, and closes. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#lane.settled();
    await Promise.allSettled(this.#reading);
    // The last to close brings the log into the database.
    await this.#reader[Symbol.asyncDispose]();
    await this.#writer[Symbol.asyncDispose]();
  }

  async #transaction<T>(work: (tx: MigratingSql) => Promise<T>): Promise<T> {
    this.#refuseWhenOver();
    return this.#lane.enter(async () => {
      if (this.#failed !== undefined) throw this.#failed;
      const translated = (error: unknown): unknown => this.#translated(error);
      using tx = new Transaction({ thread: this.#writer, clock: this.#options.clock, idleMs, translated });
      // Not awaited: the thread works in order, and what goes wrong here is said again by the commit.
      this.#writer.ask({ kind: 'begin' }).catch(() => undefined);
      try {
        const result = await Promise.race([work(tx), tx.abandoned]);
        tx[Symbol.dispose]();
        await this.#writer.ask({ kind: 'commit' });
        return result;
      } catch (error) {
        tx[Symbol.dispose]();
        await this.#writer.ask({ kind: 'rollback' }).catch((cause: unknown) => this.#fail(cause));
        throw this.#translated(error);
      }
    });
  }

  async #write(request: Request): Promise<Answer> {
    this.#refuseWhenOver();
    return this.#lane.enter(async () => {
      if (this.#failed !== undefined) throw this.#failed;
      try {
        return await this.#writer.ask(request);
      } catch (error) {
        throw this.#translated(error);
      }
    });
  }

  async #read(request: Request): Promise<Answer> {
    this.#refuseWhenOver();
    const answer = this.#reader.ask(request);
    this.#reading.add(answer);
    try {
      return await answer;
    } catch (error) {
      // An INSERT … RETURNING, for example. The reader has changed nothing.
      if (error instanceof StorageError && error.code === 'SQLITE_READONLY') return await this.#write(request);
      throw this.#translated(error);
    } finally {
      this.#reading.delete(answer);
    }
  }

  #refuseWhenOver(): void {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#closing !== undefined) throw new StorageError('STORAGE_CLOSED', 'Storage is closed.');
  }

  /** What the engine says, in the words of the port; the end of everything when the disk has failed. */
  #translated(error: unknown): unknown {
    if (this.#failed !== undefined) return this.#failed;
    if (!(error instanceof StorageError)) return error;
    if (isFull(error.code)) {
      return new StorageError('STORAGE_FULL', `No space is left for ${this.#options.file}; the change was not made.`, {
        cause: error,
      });
    }
    if (error.code === 'SQLITE_BUSY') {
      return new StorageError('STORAGE_BUSY', `Another program holds ${this.#options.file}; the change was not made.`, {
        cause: error,
      });
    }
    return isFatal(error.code) ? this.#fail(error) : error;
  }

  #fail(cause: unknown): StorageError {
    if (this.#failed !== undefined) return this.#failed;
    const said = cause instanceof Error ? cause.message : String(cause);
    this.#failed = new StorageError(
      'STORAGE_FAILED',
      `The disk below ${this.#options.file} failed (${said}), and nothing is accepted any more. Everything acknowledged is kept. ` +
        'Check the disk and start the server again.',
      { cause },
    );
    this.#options.log.error('Storage has failed and stopped.', { file: this.#options.file, error: this.#failed });
    this.#options.onFailure?.(this.#failed);
    return this.#failed;
  }
}

/** What stands in the way of opening, with the file's name and what to do. */
function unopened(file: string, error: unknown): unknown {
  if (!(error instanceof StorageError) || !error.code.startsWith('SQLITE_')) return error;
  const said = `(${error.code}: ${error.message})`;
  if (isFull(error.code))
    return new StorageError('STORAGE_FULL', `No space is left to open ${file} ${said}. Free some.`, { cause: error });
  if (error.code === 'SQLITE_BUSY') {
    return new StorageError('STORAGE_BUSY', `Another program holds ${file} ${said}. End it and start again.`, { cause: error });
  }
  return new StorageError(
    'STORAGE_UNSAFE',
    `${file} cannot be opened ${said}. Check the disk, or restore a backup; the file was left as it is.`,
    {
      cause: error,
    },
  );
}
