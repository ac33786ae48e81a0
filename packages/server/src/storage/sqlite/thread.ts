import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { StorageError } from '../errors.ts';
import type { SqlValue } from '../port.ts';
import type { Answer, ConnectionOptions, Failure, Reply, Request } from './messages.ts';

interface Waiting {
  readonly resolve: (value: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

/** A thread with one connection, seen from outside: questions go in order, answers come in order. */
export class Thread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onFailure: (failure: Failure) => void;
  #lastId = 0;
  #ended: StorageError | undefined;

  /** Starts the thread; `open` is its first question. */
  constructor(options: ConnectionOptions, onFailure: (failure: Failure) => void) {
    this.#onFailure = onFailure;
    // What the process was started with (loaders, a debugger, --test) is not for this thread.
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: options,
      execArgv: [],
      name: `storage ${options.role}`,
    });
    this.#worker.on('message', (reply: Reply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(undefined));
  }

  /** @throws StorageError with the engine's code */
  ask(request: Request): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const id = ++this.#lastId;
    const transfer: ArrayBuffer[] = [];
    this.#worker.postMessage({ id, request: sendable(request, transfer) }, transfer);
    // After the question has left: what cannot be sent throws and waits for nothing.
    this.#waiting.set(id, { resolve, reject });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended !== undefined) return;
    const exited = once(this.#worker, 'exit');
    await this.ask({ kind: 'close' }).catch(() => undefined);
    await exited;
  }

  #take(reply: Reply): void {
    if (reply.id === -1) return void ('error' in reply && this.#onFailure(reply.error));
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new StorageError(reply.error.code, reply.error.message));
    else waiting?.resolve(reply.value);
  }

  #end(cause: unknown): void {
    if (this.#ended !== undefined) return;
    const unanswered = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#ended = new StorageError('STORAGE_FAILED', 'The thread that holds the database has ended.', { cause });
    for (const { reject } of unanswered) reject(this.#ended);
    if (cause !== undefined || unanswered.length > 0) this.#onFailure({ code: this.#ended.code, message: this.#ended.message });
  }
}

function sendable(request: Request, transfer: ArrayBuffer[]): Request {
  const own = (values: readonly SqlValue[]): readonly SqlValue[] => values.map((value) => ownBytes(value, transfer));
  if ('values' in request) return { ...request, values: own(request.values) };
  if (request.kind !== 'batch') return request;
  return { ...request, statements: request.statements.map(({ query, values }) => ({ query, values: own(values) })) };
}

/** A view may sit in a larger buffer, all of which would be cloned with it; and the caller may reuse its bytes. */
function ownBytes(value: SqlValue, transfer: ArrayBuffer[]): SqlValue {
  if (!(value instanceof Uint8Array)) return value;
  const copy = new Uint8Array(value);
  transfer.push(copy.buffer);
  return copy;
}
