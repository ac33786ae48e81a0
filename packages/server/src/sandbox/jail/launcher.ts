import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import path from 'node:path';
import type { Logger } from '../../base/index.ts';
import { encodeSteps, step, type Step } from './steps.ts';

export interface Exit {
  readonly exitCode: number;
  readonly signal: number;
}

export interface Started {
  readonly pid: number;
  /** Read end of the process's standard output and error. */
  readonly output: Socket;
  /** Read end of its second pipe. */
  readonly framedLog: Socket | undefined;
  readonly exited: Promise<Exit>;
}

export interface StartOptions {
  /** A network made by `step.network`, or `-` for the host's. */
  readonly network: string;
  /** Owns the output pipe; the process itself starts as the launcher's user. */
  readonly user: number;
  readonly openFiles: number;
  readonly nice: number;
  /** Where the process finds a second pipe, if it is to have one. */
  readonly framedLogFd?: number | undefined;
  /** A unix socket of the host: the process has a connection to it as descriptor 3. */
  readonly connection?: string | undefined;
  /** Becomes descriptor 9. */
  readonly seccompFile?: string;
  readonly cgroupFiles: readonly string[];
  /** Recursive binds that only this process sees, in order; the source `-` takes a mount away. */
  readonly binds: readonly (readonly [source: string, target: string])[];
  /** Become a file on descriptor 8. */
  readonly hidden: readonly string[];
  readonly command: readonly string[];
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly handles: unknown[];
}

interface Reply {
  readonly pid: number | undefined;
  readonly said: string | undefined;
  readonly handles: readonly unknown[];
}

interface Message {
  readonly ready?: 1;
  readonly re?: number;
  readonly part?: number;
  readonly error?: string;
  readonly pid?: number;
  readonly said?: string;
  readonly exit?: number;
  readonly code?: number;
  readonly signal?: number;
}

/**
 * The other side of `launcher.pl`: a small process that starts processes, so that the server's event
 * loop never forks its own pages. Requests are answered in order.
 */
export class Launcher implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exits = new Map<number, (exit: Exit) => void>();
  readonly #early = new Map<number, Exit>();
  #next = 1;
  #closed: Error | undefined;
  /** Resolves when the launcher has ended, wanted or not. */
  readonly gone: Promise<void>;

  private constructor(child: ChildProcess, log: Logger) {
    this.#child = child;
    child.on('message', (message: Message, handle: unknown) => this.#receive(message, handle));
    this.gone = once(child, 'exit').then(
      ([code, signal]) => this.#end(new Error(`The sandbox launcher ended (${String(signal ?? code)}).`), log),
      (error: Error) => this.#end(error, log),
    );
  }

  /**
   * @param options.mode  `private`: mounts stay in a namespace of the launcher's own and vanish with it, for root;
   *   `user`: the same for an ordinary user; `shared`: no namespace
   */
  static async open(options: { readonly log: Logger; readonly mode: 'private' | 'user' | 'shared' }): Promise<Launcher> {
    const script = path.join(import.meta.dirname, 'launcher.pl');
    const child = spawn('/usr/bin/perl', [script, options.mode], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      serialization: 'json',
    });
    const launcher = new Launcher(child, options.log);
    await Promise.race([
      once(child, 'message'),
      launcher.gone.then(() =>
        Promise.reject(
          new Error('The sandbox launcher could not be started: perl is missing, or this user may make no namespaces'),
        ),
      ),
    ]);
    return launcher;
  }

  #end(error: Error, log: Logger): void {
    const wanted = this.#closed !== undefined;
    this.#closed ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#closed);
    this.#waiting.clear();
    // With the launcher every process it started dies; the kernel sees to it.
    for (const tell of this.#exits.values()) tell({ exitCode: 0, signal: 9 });
    this.#exits.clear();
    if (!wanted) log.error('sandbox launcher ended; every sandbox has ended with it', { error });
  }

  #receive(message: Message, handle: unknown): void {
    if (message.exit !== undefined) {
      const exit = { exitCode: message.code ?? 0, signal: message.signal ?? 0 };
      const listener = this.#exits.get(message.exit);
      this.#exits.delete(message.exit);
      if (listener === undefined) this.#early.set(message.exit, exit);
      else listener(exit);
      return;
    }
    const waiting = this.#waiting.get(message.re ?? 0);
    if (waiting === undefined) return;
    if (message.part !== undefined) {
      waiting.handles.push(handle);
      return;
    }
    this.#waiting.delete(message.re ?? 0);
    if (message.error !== undefined) waiting.reject(new Error(`Sandbox launcher: ${message.error}`));
    else waiting.resolve({ pid: message.pid, said: message.said, handles: waiting.handles });
  }

  #ask(steps: readonly Step[]): Promise<Reply> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const number = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject, handles: [] });
      this.#child.send(`${number} ${encodeSteps(steps)}`, (error) => {
        if (error === null || !this.#waiting.delete(number)) return;
        reject(error);
      });
    });
  }

  /** Does the steps in order, in one round trip. @returns the listeners of its `network` steps */
  async do(steps: readonly Step[]): Promise<readonly Server[]> {
    if (steps.length === 0) return [];
    const { handles } = await this.#ask(steps);
    return handles as readonly Server[];
  }

  /** Runs a short program of the host to its end. @returns what it said @throws Error when it fails */
  async ask(command: readonly string[]): Promise<string> {
    return (await this.#ask([step.run(command)])).said ?? '';
  }

  /** Starts a process, after `before`, in the same round trip. */
  async start(options: StartOptions, before: readonly Step[] = []): Promise<Started> {
    const {
      network,
      user,
      openFiles,
      nice,
      framedLogFd,
      connection,
      seccompFile = '-',
      cgroupFiles,
      binds,
      hidden,
      command,
    } = options;
    const words = [
      network,
      user,
      openFiles,
      nice,
      framedLogFd ?? '-',
      connection ?? '-',
      seccompFile,
      ...cgroupFiles,
      '--',
      binds.length,
      ...binds.flat(),
      hidden.length,
      ...hidden,
      ...command,
    ];
    const { pid, handles } = await this.#ask([...before, ['start', ...words]]);
    if (pid === undefined) throw new Error('Sandbox launcher: no process id in the reply');
    const exited = new Promise<Exit>((resolve) => {
      const early = this.#early.get(pid);
      this.#early.delete(pid);
      if (early !== undefined) resolve(early);
      else if (this.#child.connected) this.#exits.set(pid, resolve);
      else resolve({ exitCode: 0, signal: 9 });
    });
    const [output, framedLog] = handles as readonly [Socket, Socket | undefined];
    return { pid, output, framedLog, exited };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = new Error('The sandbox launcher was closed.');
      this.#child.disconnect();
    }
    await this.gone;
  }
}
