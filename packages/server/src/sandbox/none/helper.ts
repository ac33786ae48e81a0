/**
 * The process that starts processes for the `none` driver, so that the server never forks its own pages.
 * Requests come over Node's IPC channel; a started process writes to a unix socket of the server's.
 */
import { spawn } from 'node:child_process';
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';

export interface StartRequest {
  readonly number: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** A socket the server listens on. */
  readonly output: string;
  /** Of its box; goes when the server is gone. */
  readonly folder: string;
}

export type HelperMessage =
  | { readonly kind: 'started'; readonly number: number; readonly pid: number }
  | { readonly kind: 'refused'; readonly number: number; readonly message: string }
  | { readonly kind: 'ended'; readonly pid: number; readonly exitCode: number | null; readonly signal: string | null };

const running = new Set<number>();
const folders = new Set<string>();
/**
 * A server that was killed hears nothing any more. With nobody to take it, the failure to tell would end this process
 * before it has ended the others, and those that are frozen would stay.
 */
const tell = (message: HelperMessage): void => void process.send?.(message, undefined, undefined, () => {});

function start({ number, command, env, cwd, output, folder }: StartRequest): void {
  // Those that the server has taken away are not kept in mind for ever.
  if (folders.size >= 1000) for (const each of folders) if (!existsSync(each)) folders.delete(each);
  folders.add(folder);
  const refuse = (error: Error): void => tell({ kind: 'refused', number, message: error.message });
  const socket = connect(output);
  socket.once('error', refuse);
  socket.once('connect', () => {
    const [program = '', ...words] = command;
    // A session of its own, so that one signal reaches the whole tree.
    const child = spawn(program, words, { env, cwd, stdio: ['ignore', socket, socket], detached: true });
    child.once('error', (error) => {
      socket.destroy();
      refuse(error);
    });
    child.once('spawn', () => {
      const pid = child.pid ?? 0;
      running.add(pid);
      child.once('exit', (exitCode, signal) => {
        running.delete(pid);
        tell({ kind: 'ended', pid, exitCode, signal });
      });
      tell({ kind: 'started', number, pid });
      socket.destroy();
    });
  });
}

process.on('message', start);
process.on('disconnect', () => {
  for (const pid of running) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended by itself in the meantime.
    }
  }
  // Each by its own name, and the one that holds them only when it is empty: the next server may be there already.
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      rmdirSync(path.dirname(folder));
    } catch {
      // Others are in it, or it went with the last.
    }
  }
  process.exit(0);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
