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
    // A row an invocation cost more than the invocation did.
    `CREATE TABLE bill_page (
       account TEXT NOT NULL,
       region TEXT NOT NULL,
       function_name TEXT NOT NULL,
       version TEXT NOT NULL,
       first_at BIGINT NOT NULL,
       last_at BIGINT NOT NULL,
       memory_size_mib BIGINT NOT NULL,
       count BIGINT NOT NULL,
       body TEXT NOT NULL
     )`,
    'CREATE INDEX bill_page_by_function ON bill_page (account, region, function_name, last_at)',
    'CREATE INDEX bill_page_by_time ON bill_page (last_at)',
    `INSERT INTO bill_page SELECT account, region, function_name, version, started_at, started_at, memory_size_mib, 1,
       '[["' || request_id || '",0,' || billed_ms || ',' || duration_ms || ',' || COALESCE(CAST(init_ms AS TEXT), 'null') || ',' ||
       max_memory_used_mib || ',"' || status || '"]]' FROM bill`,
    'DROP TABLE bill',
  ],
};

/** Written after this long, or when this many have come together. */
const flushAfterMs = 1000;
const flushAt = 10_000;
/** Kept while storage does not answer; what comes beyond is lost, and counted. */
const bufferBound = 100_000;

/** Bills are kept for this long; looked after once in `pruneEveryMs`. */
const keptMs = 90 * 86_400_000;
const pruneEveryMs = 3_600_000;

/** Bills of one row at most: what a reader of one of them must parse. */
const pageBills = 2_000;
const pagesAtOnce = 20;

/** What each invocation cost, a row for those of one version that are written together. Written behind: never on the path of a call. */
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
    also('last_at >= ?', query.fromMs);
    also('first_at < ?', query.toMs);
    const limit = query.limit ?? 1000;
    const sql = `SELECT * FROM bill_page WHERE ${where.join(' AND ')} ORDER BY last_at DESC LIMIT ? OFFSET ?`;
    let found: Bill[] = [];
    for (let offset = 0; ; offset += pagesAtOnce) {
      const pages = await this.#database.all(sql, [...values, pagesAtOnce, offset]);
      for (const page of pages) found.push(...billsOf(page).filter((bill) => fits(bill, query)));
      found = found.sort((one, other) => other.startedAtMs - one.startedAtMs).slice(0, limit);
      // What is on later pages is older than all of this.
      const reachedMs = Number(pages.at(-1)?.['last_at'] ?? 0);
      const settled = found.length === limit && (found.at(-1)?.startedAtMs ?? 0) >= reachedMs;
      if (pages.length < pagesAtOnce || settled) return found;
    }
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
        await Promise.all(pagesOf(facts).map((page) => tx.run(insert, rowOf(page))));
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
    await tx.run('DELETE FROM bill_page WHERE last_at < ?', [Math.floor(this.#clock.now() - keptMs)]);
    this.#prunedAtMs = this.#clock.monotonic();
  }
}

const insert = `INSERT INTO bill_page (account, region, function_name, version, first_at, last_at, memory_size_mib, count, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Facts of one version, size and hour, in pages. */
function pagesOf(facts: readonly InvocationFact[]): InvocationFact[][] {
  const open = new Map<string, InvocationFact[]>();
  const pages: InvocationFact[][] = [];
  for (const fact of facts) {
    const hour = Math.floor(fact.startedAtMs / 3_600_000);
    const key = `${fact.account}/${fact.region}/${fact.functionName}/${fact.version}/${fact.memorySizeMiB}/${hour}`;
    let page = open.get(key);
    if (page === undefined || page.length >= pageBills) {
      open.set(key, (page = []));
      pages.push(page);
    }
    page.push(fact);
  }
  return pages;
}

type Line = readonly [
  requestId: string,
  sinceMs: number,
  billedMs: number,
  durationMs: number,
  initMs: number | null,
  maxMemoryUsedMiB: number,
  status: string,
];

function rowOf(page: readonly InvocationFact[]): SqlValue[] {
  const { account, region, functionName, version, memorySizeMiB } = page[0] as InvocationFact;
  let firstMs = Infinity;
  let lastMs = 0;
  for (const { startedAtMs } of page) {
    firstMs = Math.min(firstMs, Math.floor(startedAtMs));
    lastMs = Math.max(lastMs, Math.floor(startedAtMs));
  }
  const lines = page.map((fact): Line => [
    fact.requestId,
    Math.floor(fact.startedAtMs) - firstMs,
    fact.billedMs,
    thousandths(fact.durationMs),
    fact.initMs === undefined ? null : thousandths(fact.initMs),
    Math.round(fact.maxMemoryUsedMiB),
    fact.status,
  ]);
  return [account, region, functionName, version, firstMs, lastMs, memorySizeMiB, page.length, JSON.stringify(lines)];
}

const thousandths = (ms: number): number => Math.round(ms * 1000) / 1000;

function billsOf(row: SqlRow): Bill[] {
  const firstMs = Number(row['first_at']);
  return (JSON.parse(row['body'] as string) as Line[]).map(
    ([requestId, sinceMs, billedMs, durationMs, initMs, maxMemoryUsedMiB, status]) => ({
      requestId,
      account: row['account'] as AccountId,
      region: row['region'] as Region,
      functionName: row['function_name'] as string,
      version: row['version'] as string,
      startedAtMs: firstMs + sinceMs,
      billedMs,
      durationMs,
      ...(initMs === null ? {} : { initMs }),
      memorySizeMiB: Number(row['memory_size_mib']),
      maxMemoryUsedMiB,
      status,
    }),
  );
}

const fits = ({ requestId, startedAtMs }: Bill, query: BillQuery): boolean =>
  (query.requestId === undefined || query.requestId === requestId) &&
  startedAtMs >= (query.fromMs ?? -Infinity) &&
  startedAtMs < (query.toMs ?? Infinity);
