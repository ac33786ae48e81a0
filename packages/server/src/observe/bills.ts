import type { AccountId, Clock, InvocationFact, Logger, Region, Timer } from '../base/index.ts';
import type { Database, Migrations, Sql, SqlRow, SqlValue } from '../storage/index.ts';

/** What one invocation cost. @source spec 8.3 */
export interface Bill {
  readonly requestId: string;
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName: string;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  readonly billedMs: number;
  readonly durationMs: number;
  readonly initMs?: number;
  readonly memorySizeMiB: number;
  readonly maxMemoryUsedMiB: number;
  readonly status: string;
}

export interface BillQuery {
  readonly account: AccountId;
  readonly region?: Region;
  readonly functionName?: string;
  readonly requestId?: string;
  /** Epoch milliseconds; the end is exclusive. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Newest first; at most this many, 1,000 when absent. */
  readonly limit?: number;
}

const migrations: Migrations = {
  room: 'observe',
  steps: [
    `CREATE TABLE bill (
       request_id TEXT NOT NULL,
       account TEXT NOT NULL,
       region TEXT NOT NULL,
       function_name TEXT NOT NULL,
       version TEXT NOT NULL,
       started_at BIGINT NOT NULL,
       billed_ms BIGINT NOT NULL,
       duration_ms DOUBLE PRECISION NOT NULL,
       init_ms DOUBLE PRECISION,
       memory_size_mib BIGINT NOT NULL,
       max_memory_used_mib BIGINT NOT NULL,
       status TEXT NOT NULL
     )`,
    'CREATE INDEX bill_by_function ON bill (account, region, function_name, started_at)',
    'CREATE INDEX bill_by_time ON bill (started_at)',
  ],
};

const columns = 12;
const oneRow = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
const insert = (rows: number): string =>
  `INSERT INTO bill (request_id, account, region, function_name, version, started_at, billed_ms, duration_ms, init_ms,
     memory_size_mib, max_memory_used_mib, status) VALUES ${Array.from({ length: rows }, () => oneRow).join(', ')}`;
/** Rows of one statement: few statements to prepare, and short turns of the event loop. */
const chunkRows = 50;
const insertChunk = insert(chunkRows);
const insertOne = insert(1);

/** Written after this long, or when this many have come together. */
const flushAfterMs = 1000;
const flushAt = 1000;
/** Kept while storage does not answer; what comes beyond is lost, and counted. */
const bufferBound = 100_000;

/** Bills are kept for this long; looked after once in `pruneEveryMs`. */
const keptMs = 90 * 86_400_000;
const pruneEveryMs = 3_600_000;

/** One row for each invocation, written behind: never on the path of a call. */
export class Bills implements AsyncDisposable {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  #buffer: InvocationFact[] = [];
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #lost = 0;
  #prunedAtMs = -Infinity;

  private constructor(options: { readonly database: Database; readonly clock: Clock; readonly log: Logger }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  static async open(options: { readonly database: Database; readonly clock: Clock; readonly log: Logger }): Promise<Bills> {
    await options.database.migrate(migrations);
    return new Bills(options);
  }

  add(fact: InvocationFact): void {
    if (this.#buffer.length >= bufferBound) {
      this.#lost += 1;
      return;
    }
    this.#buffer.push(fact);
    if (this.#writing !== undefined) return;
    if (this.#buffer.length >= flushAt) this.#flushSoon(0);
    else if (this.#timer === undefined) this.#flushSoon(flushAfterMs);
  }

  /** Newest first, those not yet on storage included. */
  async read(query: BillQuery): Promise<Bill[]> {
    await this.flush();
    const where = ['account = ?'];
    const values: SqlValue[] = [query.account];
    const also = (condition: string, value: SqlValue | undefined): void => {
      if (value === undefined) return;
      where.push(condition);
      values.push(value);
    };
    also('region = ?', query.region);
    also('function_name = ?', query.functionName);
    also('request_id = ?', query.requestId);
    also('started_at >= ?', query.fromMs);
    also('started_at < ?', query.toMs);
    const rows = await this.#database.all(
      `SELECT * FROM bill WHERE ${where.join(' AND ')} ORDER BY started_at DESC LIMIT ?`,
      [...values, query.limit ?? 1000],
    );
    return rows.map(fromRow);
  }

  /** Writes what is there. Never rejects: what could not be written stays for the next time. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#buffer.length === 0) return;
    this.#writing = this.#write();
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #flushSoon(delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock.after(delayMs, () => void this.flush());
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    const facts = this.#buffer;
    this.#buffer = [];
    try {
      await this.#database.transaction(async (tx) => {
        let at = 0;
        for (; at + chunkRows <= facts.length; at += chunkRows) {
          await tx.run(insertChunk, facts.slice(at, at + chunkRows).flatMap(toValues));
        }
        for (; at < facts.length; at += 1) await insertFact(tx, facts[at]);
        await this.#prune(tx);
      });
      if (this.#lost > 0) this.#log.warn('Bills were lost while storage did not answer.', { lost: this.#lost });
      this.#lost = 0;
    } catch (error) {
      this.#log.error('Bills could not be written; they are kept for the next try.', { error, waiting: facts.length });
      this.#buffer = facts.concat(this.#buffer);
    } finally {
      this.#writing = undefined;
      if (this.#buffer.length > 0) this.#flushSoon(flushAfterMs);
    }
  }

  async #prune(tx: Sql): Promise<void> {
    if (this.#clock.monotonic() - this.#prunedAtMs < pruneEveryMs) return;
    await tx.run('DELETE FROM bill WHERE started_at < ?', [Math.floor(this.#clock.now() - keptMs)]);
    this.#prunedAtMs = this.#clock.monotonic();
  }
}

const insertFact = async (tx: Sql, fact: InvocationFact | undefined): Promise<void> => {
  if (fact !== undefined) await tx.run(insertOne, toValues(fact));
};

const toValues = (fact: InvocationFact): SqlValue[] => [
  fact.requestId,
  fact.account,
  fact.region,
  fact.functionName,
  fact.version,
  Math.floor(fact.startedAtMs),
  fact.billedMs,
  fact.durationMs,
  fact.initMs ?? null,
  fact.memorySizeMiB,
  Math.round(fact.maxMemoryUsedMiB),
  fact.status,
];

const fromRow = (row: SqlRow): Bill => ({
  requestId: row['request_id'] as string,
  account: row['account'] as AccountId,
  region: row['region'] as Region,
  functionName: row['function_name'] as string,
  version: row['version'] as string,
  startedAtMs: Number(row['started_at']),
  billedMs: Number(row['billed_ms']),
  durationMs: Number(row['duration_ms']),
  ...(row['init_ms'] === null ? {} : { initMs: Number(row['init_ms']) }),
  memorySizeMiB: Number(row['memory_size_mib']),
  maxMemoryUsedMiB: Number(row['max_memory_used_mib']),
  status: row['status'] as string,
});
