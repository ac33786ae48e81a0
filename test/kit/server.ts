import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const cli = path.join(import.meta.dirname, '../../packages/cli/bin/mayfly.cjs');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `mayfly` to its end. */
export async function mayfly(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}

/** A server in a process of its own, started through the command a user types. Disposing kills it. */
export class RunningServer implements AsyncDisposable {
  readonly origin: string;
  readonly startMs: number;
  /** What it printed of itself. */
  readonly started: {
    readonly origin: string;
    readonly isolation: string;
    readonly firstKey?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly #child: ChildProcess;
  #said = '';

  private constructor(child: ChildProcess, started: RunningServer['started'], startMs: number) {
    this.#child = child;
    this.started = started;
    this.origin = started.origin;
    this.startMs = startMs;
    child.stderr?.on('data', (chunk: string) => (this.#said = (this.#said + chunk).slice(-10_000_000)));
  }

  static async start(dataDir: string, flags: readonly string[] = []): Promise<RunningServer> {
    const since = performance.now();
    const child = spawn(process.execPath, [cli, '--json', 'start', '--port', '0', '--data', dataDir, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err = (err + chunk).slice(-10_000)));
    for await (const line of createInterface({ input: child.stdout })) {
      return new RunningServer(child, JSON.parse(line) as RunningServer['started'], performance.now() - since);
    }
    throw new Error(`The server ended before it was ready: ${err}`);
  }

  /** What its log had since it was ready. */
  get said(): string {
    return this.#said;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @returns exit code, or the signal that ended it */
  async stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM'): Promise<number | string | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.signalCode ?? this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

/** A folder that is gone after the block. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const dir = mkdtempSync(path.join(tmpdir(), 'mayfly-e2e-'));
  return { path: dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
