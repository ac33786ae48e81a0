import type { Clock, Timer } from '../../base/index.ts';
import { StorageError } from '../errors.ts';
import type { MigratingSql } from '../migrations.ts';
import type { SqlRow, SqlValue, Statement } from '../port.ts';
import type { Answer, Request } from './messages.ts';
import type { Thread } from './thread.ts';

/** The statements of one transaction, from its begin to its end. */
export class Transaction implements MigratingSql, Disposable {
  readonly #thread: Thread;
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #translated: (error: unknown) => unknown;
  readonly #abandoned = Promise.withResolvers<never>();
  #running = 0;
  #timer: Timer | undefined;
  #ended: StorageError | undefined;

  constructor(options: {
    readonly thread: Thread;
    readonly clock: Clock;
    readonly idleMs: number;
    readonly translated: (error: unknown) => unknown;
  }) {
    this.#thread = options.thread;
    this.#clock = options.clock;
    this.#idleMs = options.idleMs;
    this.#translated = options.translated;
    // Nobody may be listening any more when it rejects.
    this.#abandoned.promise.catch(() => undefined);
    this.#watch();
  }

  /** Rejects when nothing was asked for too long: a callback that waits for something else would hold everybody up. */
  get abandoned(): Promise<never> {
    return this.#abandoned.promise;
  }

  all<Row extends SqlRow = SqlRow>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return this.#ask({ kind: 'all', sql, values }) as Promise<Row[]>;
  }

  get<Row extends SqlRow = SqlRow>(sql: string, values: readonly SqlValue[] = []): Promise<Row | undefined> {
    return this.#ask({ kind: 'first', sql, values }) as Promise<Row | undefined>;
  }

  run(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return this.#ask({ kind: 'run', sql, values }) as Promise<number>;
  }

  async batch(statements: readonly Statement[]): Promise<void> {
    if (statements.length > 0) await this.#ask({ kind: 'batch', statements, alone: false });
  }

  async script(sql: string): Promise<void> {
    await this.#ask({ kind: 'script', sql });
  }

  [Symbol.dispose](): void {
    this.#ended ??= new StorageError('STORAGE_TRANSACTION_ENDED', 'A statement came after its transaction had ended.');
    this.#timer?.[Symbol.dispose]();
  }

  async #ask(request: Request): Promise<Answer> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#running += 1;
    try {
      return await this.#thread.ask(request);
    } catch (error) {
      throw this.#translated(error);
    } finally {
      this.#running -= 1;
      if (this.#ended === undefined) this.#watch();
    }
  }

  #watch(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock.after(this.#idleMs, () => {
      if (this.#running > 0) return;
      this.#ended = new StorageError(
        'STORAGE_TRANSACTION_TIMEOUT',
        `A transaction asked for nothing for ${this.#idleMs} ms and was rolled back. Await only its own statements inside.`,
      );
      this.#abandoned.reject(this.#ended);
    });
    this.#timer.unref();
  }
}
