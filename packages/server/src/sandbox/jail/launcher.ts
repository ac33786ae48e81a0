import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import path from 'node:path';
import type { Logger } from '../../base/index.ts';

export interface Exit {
  readonly exitCode: number;
  readonly signal: number;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly handles: unknown[];
}

interface Reply {
  readonly pid: number | undefined;
  readonly handles: readonly unknown[];
}

interface Message {
  readonly ready?: 1;
  readonly re?: number;
  readonly part?: number;
  readonly error?: string;
  readonly pid?: number;
  readonly exit?: number;
  readonly code?: number;
  readonly signal?: number;
}

/** Flags of mount(2) and umount2(2). */
export const mountFlags = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16_384,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  detach: 2,
} as const;

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
    this.gone = once(child, 'exit').then(([code, signal]) => {
      this.#closed ??= new Error(`The sandbox launcher ended (${String(signal ?? code)}).`);
      for (const waiting of this.#waiting.values()) waiting.reject(this.#closed);
      this.#waiting.clear();
      log.debug('launcher ended', { code, signal });
    });
  }

  static async open(options: { readonly log: Logger }): Promise<Launcher> {
    const child = spawn('perl', [path.join(import.meta.dirname, 'launcher.pl')], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {},
      serialization: 'json',
    });
    const launcher = new Launcher(child, options.log);
    const ready = once(child, 'message');
    await Promise.race([
      ready,
      launcher.gone.then(() => Promise.reject(new Error('The sandbox launcher could not be started: is perl installed?'))),
      once(child, 'error').then(([error]) => Promise.reject(error as Error)),
    ]);
    return launcher;
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
    else waiting.resolve({ pid: message.pid, handles: waiting.handles });
  }

  #ask(...words: readonly (string | number)[]): Promise<Reply> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const number = this.#next;
    this.#next += 1;
    const line = [number, ...words].map((word) => encodeURIComponent(String(word))).join(' ');
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject, handles: [] });
      this.#child.send(line);
    });
  }

  /** A private network namespace, and one listening server for each port on its loopback. */
  async network(id: string, ports: readonly number[]): Promise<readonly Server[]> {
    const { handles } = await this.#ask('netns', id, ...ports);
    return handles as readonly Server[];
  }

  async dropNetwork(id: string): Promise<void> {
    await this.#ask('drop', id);
  }

  async mount(source: string, target: string, type: string, flags: number, data = '-'): Promise<void> {
    await this.#ask('mount', source, target, type, flags, data);
  }

  async unmount(target: string, flags: number = mountFlags.detach): Promise<void> {
    await this.#ask('umount', target, flags);
  }

  /** Starts a process; `output` is the read end of its standard output and error. */
  async start(options: {
    readonly network: string;
    readonly user: number;
    readonly openFiles: number;
    readonly seccompFile: string;
    readonly cgroupFiles: readonly string[];
    readonly command: readonly string[];
  }): Promise<{ readonly pid: number; readonly output: Socket; readonly exited: Promise<Exit> }> {
    const { pid, handles } = await this.#ask(
      'start',
      options.network,
      options.user,
      options.openFiles,
      options.seccompFile,
      ...options.cgroupFiles,
      '--',
      ...options.command,
    );
    if (pid === undefined) throw new Error('Sandbox launcher: no process id in the reply');
    const exited = new Promise<Exit>((resolve) => {
      const early = this.#early.get(pid);
      this.#early.delete(pid);
      if (early !== undefined) resolve(early);
      else this.#exits.set(pid, resolve);
    });
    const lost = this.gone.then((): Exit => ({ exitCode: 0, signal: 9 }));
    return { pid, output: handles[0] as Socket, exited: Promise.race([exited, lost]) };
  }

  async kill(pid: number, signal: 'TERM' | 'KILL'): Promise<void> {
    await this.#ask('kill', pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = new Error('The sandbox launcher was closed.');
      this.#child.disconnect();
    }
    await this.gone;
  }
}
