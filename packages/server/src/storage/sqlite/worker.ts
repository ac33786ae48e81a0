import { parentPort, workerData } from 'node:worker_threads';
import { StorageError } from '../errors.ts';
import { failureOf, isFull } from './codes.ts';
import { Connection } from './connection.ts';
import type { Statement } from '../port.ts';
import type { Answer, ConnectionOptions, Failure, Reply, Request } from './messages.ts';

/** SQLite's own figure: 4 MB of log before it goes into the database. */
const checkpointPages = 1000;

/** The thread that holds one connection; syncs to disk block it and nothing else. */
class Holder {
  readonly #options: ConnectionOptions;
  #opened: Connection | undefined;
  #transaction = false;
  /** First error of the open transaction. What follows is refused, as PostgreSQL does, and nothing of it stays. */
  #doomed: Failure | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  answer(request: Request): Answer {
    switch (request.kind) {
      case 'open':
        this.#opened = new Connection(this.#options);
        return undefined;
      case 'begin':
        this.#transaction = true;
        return this.#script('BEGIN IMMEDIATE');
      case 'commit':
        return this.#commit();
      case 'rollback':
        return this.#rollback();
      case 'all':
        return this.#dooming(() => this.#connection.all(request.sql, request.values));
      case 'first':
        return this.#dooming(() => this.#connection.first(request.sql, request.values));
      case 'run':
        return this.#dooming(() => this.#connection.run(request.sql, request.values));
      case 'script':
        return this.#script(request.sql);
      case 'batch':
        return request.alone ? this.#alone(request.statements) : this.#all(request.statements);
      case 'close':
        this.#opened?.[Symbol.dispose]();
        return undefined;
    }
  }

  /** @throws only what makes the database unsafe to go on with */
  tidy(): void {
    if (this.#options.role === 'reader' || this.#opened === undefined || this.#opened.inTransaction) return;
    try {
      this.#opened.checkpoint(checkpointPages);
    } catch (error) {
      const { code } = failureOf(error);
      if (!isFull(code) && code !== 'SQLITE_BUSY' && code !== 'SQLITE_LOCKED') throw error;
    }
  }

  get #connection(): Connection {
    if (this.#opened === undefined) throw new StorageError('STORAGE_CLOSED', 'The database is not open.');
    return this.#opened;
  }

  #dooming<T>(work: () => T): T {
    if (this.#doomed !== undefined) throw new StorageError(this.#doomed.code, this.#doomed.message);
    try {
      return work();
    } catch (error) {
      if (this.#transaction) this.#doomed = failureOf(error);
      throw error;
    }
  }

  #all(statements: readonly Statement[]): undefined {
    this.#dooming(() => {
      for (const { query, values } of statements) this.#connection.run(query, values);
    });
  }

  #alone(statements: readonly Statement[]): undefined {
    this.#transaction = true;
    try {
      this.#script('BEGIN IMMEDIATE');
      this.#all(statements);
      this.#script('COMMIT');
    } finally {
      this.#rollback();
    }
  }

  #script(sql: string): undefined {
    this.#dooming(() => this.#connection.script(sql));
  }

  #commit(): undefined {
    try {
      this.#script('COMMIT');
    } finally {
      this.#rollback();
    }
  }

  /** Ends the transaction; after a commit there is nothing to take back. */
  #rollback(): undefined {
    this.#transaction = false;
    this.#doomed = undefined;
    // SQLite has rolled back by itself after some errors.
    if (this.#connection.inTransaction) this.#connection.script('ROLLBACK');
  }
}

/** Bytes of rows move to the other thread instead of being copied. */
function* buffersOf(answer: Answer): Iterable<ArrayBuffer> {
  if (answer === undefined || typeof answer === 'number') return;
  for (const row of Array.isArray(answer) ? answer : [answer]) {
    for (const value of Object.values(row))
      if (value instanceof Uint8Array && value.byteLength > 0) yield value.buffer as ArrayBuffer;
  }
}

function main(port: NonNullable<typeof parentPort>): void {
  const reply = (message: Reply, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  const holder = new Holder(workerData as ConnectionOptions);
  port.on('message', ({ id, request }: { id: number; request: Request }) => {
    try {
      const value = holder.answer(request);
      reply({ id, value }, [...buffersOf(value)]);
    } catch (error) {
      reply({ id, error: failureOf(error) });
    }
    if (request.kind === 'close') return port.close();
    try {
      holder.tidy();
    } catch (error) {
      reply({ id: -1, error: failureOf(error) });
    }
  });
}

if (parentPort !== null) main(parentPort);
