import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { connect, createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { pinned } from './machine.ts';

const root = path.join(import.meta.dirname, '../..');

/** A program that printed one line when it was ready. Disposing ends it. */
export class Program implements AsyncDisposable {
  readonly firstLine: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #folder: string | undefined;

  private constructor(child: ChildProcess, firstLine: string, folder?: string) {
    this.#child = child;
    this.#folder = folder;
    this.firstLine = firstLine;
    this.pid = child.pid ?? 0;
  }

  static async #start(command: readonly string[], folder?: string): Promise<Program> {
    const [program = '', ...args] = [...pinned(), ...command];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: root });
    for await (const line of createInterface({ input: child.stdout })) return new Program(child, line, folder);
    throw new Error(`${command.join(' ')} ended before it was ready.`);
  }

  /** The bare `node:http` echo. `firstLine` is its port. */
  static echo(): Promise<Program> {
    return Program.#start([process.execPath, path.join(root, 'bench/baselines/echo.ts')]);
  }

  /** A process behind one pipe, over HTTP. `firstLine` is its port. */
  static pipe(): Promise<Program> {
    return Program.#start([process.execPath, path.join(root, 'bench/baselines/pipe.ts')]);
  }

  /** An interpreter that has nothing to do. */
  static idle(): Promise<Program> {
    return Program.#start([process.execPath, '-e', 'setInterval(() => {}, 1e6); console.log("idle")']);
  }

  /** A program of somebody else's, ready when it listens on this port. Its folder goes with it. */
  static async listening(command: readonly string[], port: number, folder: string): Promise<Program> {
    const [program = '', ...args] = [...pinned(), ...command];
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' };
    const child = spawn(program, args, { stdio: 'ignore', cwd: folder, env });
    for (const startedAt = performance.now(); performance.now() - startedAt < 60_000 && child.exitCode === null;) {
      const socket = connect(port, '127.0.0.1');
      const there = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(
        () => false,
      );
      socket.destroy();
      if (there) return new Program(child, String(port), folder);
      await pause(100);
    }
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`${command.join(' ')} does not listen.`);
  }

  /** A Mayfly server on a folder of its own. */
  static async server(flags: readonly string[] = []): Promise<Program & { readonly port: number }> {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-bench-'));
    const program = await Program.#start(
      [
        process.execPath,
        path.join(root, 'packages/cli/src/main.ts'),
        '--json',
        'start',
        '--port',
        '0',
        '--data',
        folder,
        '--log-level',
        'warn',
        ...flags,
      ],
      folder,
    );
    return Object.assign(program, { port: Number(new URL((JSON.parse(program.firstLine) as { origin: string }).origin).port) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await ended;
    }
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Milliseconds a command takes from spawn to exit, in an empty environment, on the system's cores. */
export async function timeOf(command: readonly string[], cwd = root): Promise<number> {
  const [program = '', ...args] = [...pinned(), ...command];
  const startedAt = performance.now();
  const child = spawn(program, args, { stdio: 'ignore', cwd, env: { PATH: process.env['PATH'] ?? '' } });
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`${command.join(' ')} failed.`);
  return performance.now() - startedAt;
}

/** Where a program is, or undefined. */
export function whereIs(name: string): string | undefined {
  const found = spawnSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/** What an interpreter on PATH says of itself, for example where it really is; undefined when there is none. */
export function interpreterOf(name: string, expression: string): string | undefined {
  const said = spawnSync(name, ['-c', expression], { encoding: 'utf8' });
  return said.status === 0 ? said.stdout.trim() : undefined;
}
