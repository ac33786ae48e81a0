import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import type { Logger } from '../../base/index.ts';
import type { ProcessExit } from '../port.ts';
import type { HelperMessage, StartRequest } from './helper.ts';

export interface PlainProcess {
  readonly pid: number;
  readonly output: Socket;
  readonly exited: Promise<ProcessExit>;
}

/** The server's side of `helper.ts`. */
export class Starter implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (message: HelperMessage) => void>();
  readonly #exits = new Map<number, (exit: ProcessExit) => void>();
  #next = 1;
  #closed: Error | undefined;
  readonly gone: Promise<void>;

  constructor(options: { readonly log: Logger }) {
    const { log } = options;
    this.#child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, 'helper.ts')],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      },
    );
    this.#child.on('message', (message: HelperMessage) => this.#receive(message));
    const ended = (error: Error): void => {
      if (this.#closed === undefined) log.error('the process starter ended; every function process has ended with it', { error });
      this.#closed ??= error;
      for (const [number, tell] of this.#waiting) tell({ kind: 'refused', number, message: error.message });
      for (const tell of this.#exits.values()) tell({ exitCode: null, signal: 'SIGKILL' });
      this.#exits.clear();
    };
    this.gone = once(this.#child, 'exit').then(() => ended(new Error('The process starter ended.')), ended);
  }

  #receive(message: HelperMessage): void {
    if (message.kind === 'ended') {
      this.#exits.get(message.pid)?.({ exitCode: message.exitCode, signal: message.signal });
      this.#exits.delete(message.pid);
      return;
    }
    this.#waiting.get(message.number)?.(message);
  }

  /** @param output  a free name for a socket @throws Error when the program cannot be executed */
  async start(request: Omit<StartRequest, 'number'>): Promise<PlainProcess> {
    if (this.#closed !== undefined) throw this.#closed;
    const number = this.#next;
    this.#next += 1;
    const server = createServer();
    server.listen(request.output);
    await once(server, 'listening');
    try {
      const connected = once(server, 'connection') as Promise<[Socket]>;
      const { promise, resolve } = Promise.withResolvers<HelperMessage>();
      const { promise: exited, resolve: exit } = Promise.withResolvers<ProcessExit>();
      this.#waiting.set(number, (message) => {
        this.#waiting.delete(number);
        // At once: its end may be the next message.
        if (message.kind === 'started') this.#exits.set(message.pid, exit);
        resolve(message);
      });
      this.#child.send({ ...request, number });
      const answer = await promise;
      if (answer.kind !== 'started')
        throw new Error(answer.kind === 'refused' ? answer.message : 'The process starter answered out of turn');
      const [output] = await connected;
      return { pid: answer.pid, output, exited };
    } finally {
      server.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= new Error('The process starter was closed.');
    if (this.#child.connected) this.#child.disconnect();
    await this.gone;
  }
}
