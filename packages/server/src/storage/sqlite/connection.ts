import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { StorageError } from '../errors.ts';
import { countPlaceholders } from '../placeholders.ts';
import type { SqlRow, SqlValue } from '../port.ts';
import type { ConnectionOptions } from './messages.ts';

/** Marks a file as ours, "MFLY". */
const applicationId = 0x4d464c59;
/** Of the file as a whole; the rooms' tables have their own steps. */
const formatVersion = 1;
/** Statements kept prepared. The rooms together have a few hundred. */
const cachedStatements = 1024;
/** A backup or a shell may hold the database for a moment. */
const busyTimeoutMs = 5000;

interface Prepared {
  readonly statement: StatementSync;
  readonly placeholders: number;
}

/** One open database with its promises checked. Synchronous: it lives in a thread of its own. */
export class Connection implements Disposable {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  /** @throws StorageError `STORAGE_UNSAFE`, `STORAGE_NEWER`, or SQLite's error */
  constructor(options: ConnectionOptions) {
    const readOnly = options.role === 'reader';
    this.#database = new DatabaseSync(options.file, { readOnly, timeout: busyTimeoutMs, readBigInts: true });
    try {
      if (readOnly) this.#database.exec('PRAGMA cache_size = -8000');
      else this.#prepareWriter(options);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  script(sql: string): void {
    this.#database.exec(sql);
  }

  all(sql: string, values: readonly SqlValue[]): SqlRow[] {
    const rows = this.#prepare(sql, values).all(...values.map(toSqlite));
    for (const row of rows) fromSqlite(row);
    return rows;
  }

  first(sql: string, values: readonly SqlValue[]): SqlRow | undefined {
    const row = this.#prepare(sql, values).get(...values.map(toSqlite));
    if (row !== undefined) fromSqlite(row);
    return row;
  }

  /** @returns rows changed */
  run(sql: string, values: readonly SqlValue[]): number {
    return Number(this.#prepare(sql, values).run(...values.map(toSqlite)).changes);
  }

  /** Moves what the log holds into the database once it is large. @returns pages in the log */
  checkpoint(whenPages: number): number {
    const pages = Number(this.#pragma('wal_checkpoint(NOOP)', 'log'));
    if (pages >= whenPages) this.#pragma('wal_checkpoint(PASSIVE)', 'busy');
    return pages;
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(sql: string, values: readonly SqlValue[]): StatementSync {
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) {
      const statement = this.#database.prepare(sql);
      // SQLite compiles the first statement and says nothing of the rest.
      if (/[^\s;]/.test(sql.slice(statement.sourceSQL.length).replace(/--[^\n]*|\/\*[^]*?\*\//g, ''))) {
        throw new StorageError('STORAGE_STATEMENT', 'One call takes one SQL statement.');
      }
      prepared = { statement, placeholders: countPlaceholders(sql) };
      if (this.#prepared.size >= cachedStatements) this.#prepared.delete(this.#prepared.keys().next().value ?? '');
    } else {
      this.#prepared.delete(sql);
    }
    // Last in the map is most recently used.
    this.#prepared.set(sql, prepared);
    if (prepared.placeholders !== values.length) {
      throw new StorageError(
        'STORAGE_STATEMENT',
        `The statement has ${prepared.placeholders} placeholders, ${values.length} values were given.`,
      );
    }
    return prepared.statement;
  }

  #prepareWriter(options: ConnectionOptions): void {
    // Before anything is written, so that a strange file stays as it is.
    const owner = Number(this.#pragma('application_id'));
    const version = Number(this.#pragma('user_version'));
    const tables = Number(this.first('SELECT count(*) AS n FROM sqlite_schema', [])?.['n']);
    if (owner !== applicationId && (owner !== 0 || version !== 0 || tables > 0)) {
      throw new StorageError('STORAGE_UNSAFE', `${options.file} is a database of another program.`);
    }
    if (version > formatVersion) {
      throw new StorageError(
        'STORAGE_NEWER',
        `${options.file} was written by a later release of Mayfly (format ${version}, this release knows ${formatVersion}). ` +
          'Start that release, or restore a backup made before the upgrade.',
      );
    }
    for (const [name, value, expected] of promises) this.#insist(options.file, name, value, expected);
    if (options.maxBytes !== undefined) {
      this.#pragma(
        `max_page_count = ${Math.max(1, Math.floor(options.maxBytes / Number(this.#pragma('page_size'))))}`,
        'max_page_count',
      );
    }
    const verdict = this.#pragma('quick_check(1)', 'quick_check');
    if (verdict !== 'ok') {
      throw new StorageError(
        'STORAGE_UNSAFE',
        `${options.file} is damaged (${verdict}). Restore a backup; the file was left as it is.`,
      );
    }
    if (owner === 0)
      this.#database.exec(`BEGIN; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}; COMMIT`);
  }

  /** Sets a value and reads it back: a build, a file system or a lock can ignore it without an error. */
  #insist(file: string, name: string, value: string, expected: string | number): void {
    this.#database.exec(`PRAGMA ${name} = ${value}`);
    const found = this.#pragma(name);
    if (found === expected) return;
    throw new StorageError(
      'STORAGE_UNSAFE',
      `SQLite did not take PRAGMA ${name} = ${value} for ${file} (it says ${found}). Without it a power cut could lose what ` +
        'was acknowledged, so the server does not start. Put the data folder on a local disk.',
    );
  }

  #pragma(pragma: string, column = pragma): string | number {
    const row = this.#database.prepare(`PRAGMA ${pragma}`).get();
    const value = row?.[column] ?? Object.values(row ?? {})[0] ?? '';
    return typeof value === 'bigint' ? Number(value) : String(value);
  }
}

/** Name, value, and what SQLite must answer. */
const promises: readonly (readonly [string, string, string | number])[] = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['foreign_keys', 'ON', 1],
  // The drive's own cache too, where the system tells the two apart (macOS).
  ['fullfsync', 'ON', 1],
  ['checkpoint_fullfsync', 'ON', 1],
  // Ours to do: SQLite drops the error of a checkpoint it does by itself.
  ['wal_autocheckpoint', '0', 0],
  ['journal_size_limit', String(64 * 1024 * 1024), 64 * 1024 * 1024],
  ['trusted_schema', 'OFF', 0],
  ['cell_size_check', 'ON', 1],
  ['cache_size', '-16000', -16000],
];

/** A whole number goes in as one: as a float it would be kept as `'1.0'` in a text column. */
const toSqlite = (value: SqlValue): SQLInputValue =>
  typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;

function fromSqlite(row: Record<string, SQLOutputValue>): void {
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER)
      row[name] = Number(value);
  }
}
