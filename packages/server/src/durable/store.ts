import type { AccountId, Region } from '../base/index.ts';
import { GroupedWrites, type Database, type SqlRow, type SqlValue, type Statement } from '../storage/index.ts';
import { nextDueMs } from './due.ts';
import { Execution, type ExecutionHead, type ExecutionState, type ExecutionStatus, type HistoryEvent } from './execution.ts';
import { migrations } from './migrations.ts';
import { isPending, type Operation } from './operation.ts';

/** Encryption at rest; `main` plugs it in. */
export interface Sealer {
  seal(plain: Uint8Array): Uint8Array;
  /** Undefined for what this key did not seal. */
  open(sealed: Uint8Array): Uint8Array | undefined;
}

/** An execution that still runs, as a start finds it. */
export interface Found {
  readonly id: string;
  readonly of: Pick<ExecutionHead, 'account' | 'region' | 'functionName' | 'version'>;
  readonly dueAtMs: number;
  readonly hasChained: boolean;
}

export interface Listing {
  readonly head: ExecutionHead;
  readonly status: ExecutionStatus;
  readonly endedAtMs?: number;
}

export interface ListQuery {
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName: string;
  readonly version?: string;
  readonly name?: string;
  readonly statuses?: readonly string[];
  readonly startedAfterMs?: number;
  readonly startedBeforeMs?: number;
  readonly oldestFirst: boolean;
  readonly after?: { readonly startedAtMs: number; readonly id: string };
  readonly limit: number;
}

/** The rows of executions. Every write resolves when it is on stable storage. */
export class ExecutionStore {
  readonly #database: Database;
  readonly #writes: GroupedWrites;
  readonly #sealer: Sealer;

  private constructor(database: Database, sealer: Sealer) {
    this.#database = database;
    this.#writes = new GroupedWrites(database);
    this.#sealer = sealer;
  }

  static async open(database: Database, sealer: Sealer): Promise<ExecutionStore> {
    await database.migrate(migrations);
    return new ExecutionStore(database, sealer);
  }

  async running(): Promise<Found[]> {
    const rows = await this.#database.all(
      'SELECT id, account, region, function_name, version, due_at, chained FROM durable_execution WHERE due_at IS NOT NULL',
    );
    return rows.map((row) => ({
      id: row['id'] as string,
      of: {
        account: row['account'] as AccountId,
        region: row['region'] as Region,
        functionName: row['function_name'] as string,
        version: row['version'] as string,
      },
      dueAtMs: Number(row['due_at']),
      hasChained: Number(row['chained']) > 0,
    }));
  }

  async owingDeadLetter(): Promise<string[]> {
    const rows = await this.#database.all('SELECT id FROM durable_execution WHERE owes_dead_letter = 1');
    return rows.map((row) => row['id'] as string);
  }

  /** Writes a new execution, unless its function has one of the name that it was given. @returns the one that is there */
  startNamed(execution: Execution): Promise<{ readonly head: ExecutionHead; readonly isNew: boolean }> {
    const { account, region, functionName, name } = execution.head;
    const statements = this.#statements(execution);
    return this.#database.transaction(async (tx) => {
      const known = await tx.get(
        'SELECT head FROM durable_execution WHERE account = ? AND region = ? AND function_name = ? AND name = ?',
        [account, region, functionName, name],
      );
      if (known !== undefined) return { head: JSON.parse(known['head'] as string) as ExecutionHead, isNew: false };
      await tx.batch(statements);
      return { head: execution.head, isNew: true };
    });
  }

  save(execution: Execution): Promise<void> {
    const statements = this.#statements(execution);
    return this.#writes.writeAll(() => statements);
  }

  async load(id: string): Promise<Execution | undefined> {
    const row = await this.#database.get('SELECT head, state FROM durable_execution WHERE id = ?', [id]);
    if (row === undefined) return undefined;
    const operations = await this.#database.all('SELECT document FROM durable_operation WHERE execution_id = ? ORDER BY seq', [
      id,
    ]);
    return new Execution(
      JSON.parse(row['head'] as string) as ExecutionHead,
      this.#open(row['state']) as ExecutionState,
      operations.map((each) => this.#open(each['document']) as Operation),
    );
  }

  /** Without its operations. */
  async summary(id: string): Promise<{ readonly head: ExecutionHead; readonly state: ExecutionState } | undefined> {
    const row = await this.#database.get('SELECT head, state FROM durable_execution WHERE id = ?', [id]);
    return row && { head: JSON.parse(row['head'] as string) as ExecutionHead, state: this.#open(row['state']) as ExecutionState };
  }

  async input(id: string): Promise<string | undefined> {
    const row = await this.#database.get('SELECT document FROM durable_operation WHERE execution_id = ? AND seq = 0', [id]);
    return row && (this.#open(row['document']) as Operation).input;
  }

  /** @param from  the first event to be told */
  async history(
    id: string,
    { from, newestFirst, limit }: { readonly from: number | undefined; readonly newestFirst: boolean; readonly limit: number },
  ): Promise<HistoryEvent[]> {
    const rows = await this.#database.all(
      newestFirst
        ? 'SELECT document FROM durable_event WHERE execution_id = ? AND event_id <= ? ORDER BY event_id DESC LIMIT ?'
        : 'SELECT document FROM durable_event WHERE execution_id = ? AND event_id >= ? ORDER BY event_id LIMIT ?',
      [id, from ?? (newestFirst ? Number.MAX_SAFE_INTEGER : 0), limit],
    );
    return rows.map((row) => this.#open(row['document'], dates) as HistoryEvent);
  }

  async list(query: ListQuery): Promise<Listing[]> {
    const { account, region, functionName, after, oldestFirst } = query;
    const where = ['account = ?', 'region = ?', 'function_name = ?'];
    const values: SqlValue[] = [account, region, functionName];
    const add = (condition: string, ...more: SqlValue[]): void => {
      where.push(condition);
      values.push(...more);
    };
    if (query.version !== undefined) add('version = ?', query.version);
    if (query.name !== undefined) add('name = ?', query.name);
    if (query.statuses !== undefined && query.statuses.length > 0)
      add(`status IN (${query.statuses.map(() => '?').join(', ')})`, ...query.statuses);
    if (query.startedAfterMs !== undefined) add('started_at > ?', query.startedAfterMs);
    if (query.startedBeforeMs !== undefined) add('started_at < ?', query.startedBeforeMs);
    const [beyond, order] = oldestFirst ? ['>', 'ASC'] : ['<', 'DESC'];
    if (after !== undefined)
      add(`(started_at ${beyond} ? OR (started_at = ? AND id ${beyond} ?))`, after.startedAtMs, after.startedAtMs, after.id);
    const rows = await this.#database.all(
      `SELECT head, status, ended_at FROM durable_execution WHERE ${where.join(' AND ')} ORDER BY started_at ${order}, id ${order} LIMIT ?`,
      [...values, query.limit],
    );
    return rows.map((row) => ({
      head: JSON.parse(row['head'] as string) as ExecutionHead,
      status: row['status'] as ExecutionStatus,
      ...(row['ended_at'] === null ? {} : { endedAtMs: Number(row['ended_at']) }),
    }));
  }

  /** Ended executions whose retention is over, or all of a function that is gone. @returns how many went */
  forget(of: { readonly expiredAtMs: number } | Pick<ExecutionHead, 'account' | 'region' | 'functionName'>): Promise<number> {
    const [condition, values]: readonly [string, readonly SqlValue[]] =
      'expiredAtMs' in of
        ? ['expires_at IS NOT NULL AND expires_at <= ?', [of.expiredAtMs]]
        : [
            'expires_at IS NOT NULL AND account = ? AND region = ? AND function_name = ?',
            [of.account, of.region, of.functionName],
          ];
    return this.#database.transaction(async (tx) => {
      const which = `(SELECT id FROM durable_execution WHERE ${condition})`;
      await tx.run(`DELETE FROM durable_operation WHERE execution_id IN ${which}`, values);
      await tx.run(`DELETE FROM durable_event WHERE execution_id IN ${which}`, values);
      return tx.run(`DELETE FROM durable_execution WHERE ${condition}`, values);
    });
  }

  #statements(execution: Execution): Statement[] {
    const { head, state } = execution;
    const { operations, events } = execution.takeChanges();
    const day = 86_400_000;
    const due = nextDueMs(execution, false);
    return [
      {
        query: `INSERT INTO durable_execution (id, account, region, function_name, version, name, status, started_at, ended_at, expires_at,
                  due_at, chained, owes_dead_letter, head, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at, expires_at = excluded.expires_at,
                  due_at = excluded.due_at, chained = excluded.chained, owes_dead_letter = excluded.owes_dead_letter, state = excluded.state`,
        values: [
          head.id,
          head.account,
          head.region,
          head.functionName,
          head.version,
          head.name,
          state.status,
          Math.floor(head.startedAtMs),
          state.endedAtMs === undefined ? null : Math.floor(state.endedAtMs),
          state.endedAtMs === undefined ? null : Math.floor(state.endedAtMs + head.retentionDays * day),
          due === undefined ? null : Math.floor(due),
          [...execution.operations.values()].filter((each) => each.type === 'CHAINED_INVOKE' && isPending(each)).length,
          state.owesDeadLetter === true ? 1 : 0,
          JSON.stringify(head),
          this.#seal(state),
        ],
      },
      ...operations.map((operation) => ({
        query: `INSERT INTO durable_operation (execution_id, operation_id, seq, document) VALUES (?, ?, ?, ?)
                ON CONFLICT (execution_id, operation_id) DO UPDATE SET document = excluded.document`,
        values: [head.id, operation.id, operation.seq, this.#seal(operation)],
      })),
      ...events.map((event) => ({
        query: 'INSERT INTO durable_event (execution_id, event_id, document) VALUES (?, ?, ?)',
        values: [head.id, event.EventId ?? 0, this.#seal(event)],
      })),
    ];
  }

  #seal(document: object): Uint8Array {
    return this.#sealer.seal(Buffer.from(JSON.stringify(document)));
  }

  #open(sealed: SqlRow[string] | undefined, reviver?: (key: string, value: unknown) => unknown): unknown {
    const plain = sealed instanceof Uint8Array ? this.#sealer.open(sealed) : undefined;
    if (plain === undefined)
      throw Object.assign(
        new Error('A durable execution does not open: bring back the key file that was there when it was written.'),
        { code: 'DURABLE_SEALED' },
      );
    return JSON.parse(Buffer.from(plain).toString('utf8'), reviver) as unknown;
  }
}

/** Events are kept as they are told, and their moments are dates. Nothing that a function wrote is an object here but its errors, which have no such member. */
const dates = (key: string, value: unknown): unknown =>
  key.endsWith('Timestamp') && typeof value === 'string' ? new Date(value) : value;
