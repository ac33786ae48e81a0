import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/index.ts';
import type { Result, Task } from './workshop-thread.ts';

/** Archives unpacked at once: the disk is one, and a bomb may use up one thread's heap but no more. */
const threads = 2;
const heapMiB = 256;
/** A quarter of a gigabyte in a hundred thousand files takes less on a slow disk. */
const taskMs = 300_000;
/** Kept for the next archive of a deployment. */
const idleMs = 10_000;

/** Threads that unpack and merge, made when needed and ended when idle. */
export class Workshop implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #closed = false;

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  async perform(task: Task): Promise<Result> {
    if (this.#busy >= threads) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#busy += 1;
    try {
      if (this.#closed) return { kind: 'failed', code: 'UNPACK_ENDED', message: 'The server is stopping.' };
      return await this.#inThread(task);
    } finally {
      // The place goes to the next in line without becoming free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy -= 1;
      else next();
    }
  }

  /** Ends what runs; what waits is answered, and nothing starts any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  async #inThread(task: Task): Promise<Result> {
    const worker = this.#idle.pop() ?? this.#start();
    worker.ref();
    const { promise, resolve } = Promise.withResolvers<Result>();
    const failed = (code: string, message: string): void => resolve({ kind: 'failed', code, message });
    const onError = (error: Error): void => failed((error as NodeJS.ErrnoException).code ?? 'UNPACK_FAILED', error.message);
    const onExit = (): void => failed('UNPACK_ENDED', 'The thread that unpacks was ended.');
    worker.on('message', resolve).on('error', onError).on('exit', onExit);
    worker.postMessage(task, []);
    using _deadline = this.#clock.after(taskMs, () => {
      failed('UNPACK_TIMEOUT', `Unpacking took more than ${taskMs} ms.`);
      void worker.terminate();
    });
    const result = await promise;
    worker.off('message', resolve).off('error', onError).off('exit', onExit);
    this.#keep(worker);
    return result;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./workshop-thread.ts', import.meta.url), {
      execArgv: [],
      name: 'unpacking',
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    this.#all.add(worker);
    worker.on('error', () => this.#forget(worker)).on('exit', () => this.#forget(worker));
    return worker;
  }

  #keep(worker: Worker): void {
    if (!this.#all.has(worker)) return;
    worker.unref();
    this.#idle.push(worker);
    this.#clock
      .after(idleMs, () => {
        if (!this.#idle.includes(worker)) return;
        this.#forget(worker);
        void worker.terminate();
      })
      .unref();
  }

  #forget(worker: Worker): void {
    this.#all.delete(worker);
    const index = this.#idle.indexOf(worker);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}
