/** What SQLite and PostgreSQL both take: no booleans, no undefined. Blobs are bytes. */
export type SqlValue = string | number | bigint | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** One statement and what stands for its placeholders. */
export interface Statement {
  readonly query: string;
  readonly values: readonly SqlValue[];
}

/** Statements with `?` placeholders, in the SQL both engines understand. */
export interface Sql {
  all<Row extends SqlRow = SqlRow>(query: string, values?: readonly SqlValue[]): Promise<Row[]>;
  get<Row extends SqlRow = SqlRow>(query: string, values?: readonly SqlValue[]): Promise<Row | undefined>;
  /** @returns rows changed */
  run(query: string, values?: readonly SqlValue[]): Promise<number>;
  /**
   * Many statements with one question, in their order: a tenth of what they cost one by one. Outside of a transaction they are one:
   * all or nothing.
   */
  batch(statements: readonly Statement[]): Promise<void>;
}

/** A room's tables: applied in order, each once, recorded under `room`. Never edit one that has landed; add another. */
export interface Migrations {
  readonly room: string;
  readonly steps: readonly string[];
}

/** Durable records. A resolved transaction is on stable storage. */
export interface Database extends Sql, AsyncDisposable {
  /**
   * All or nothing; transactions run one at a time, in call order. The callback awaits only `tx`.
   *
   * A statement that failed ends its transaction, also when the callback catches the error: the
   * transaction rejects with it and nothing stays. @throws StorageError, see its table of codes
   */
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
  migrate(migrations: Migrations): Promise<void>;
}
