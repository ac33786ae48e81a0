/**
 * The process that starts processes for the `none` driver, so that the server never forks its own pages.
 * Requests come over Node's IPC channel; a started process writes to a unix socket of the server's.
 */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';

export interface StartRequest {
  readonly number: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** A socket the server listens on. */
  readonly output: string;
}

export type HelperMessage =
  | { readonly kind: 'started'; readonly number: number; readonly pid: number }
  | { readonly kind: 'refused'; readonly number: number; readonly message: string }
  | { readonly kind: 'ended'; readonly pid: number; readonly exitCode: number | null; readonly signal: string | null };

const running = new Set<number>();
/**
 * A server that was killed hears nothing any more. With nobody to take it, the failure to tell would end this process
 * before it has ended the others, and those that are frozen would stay.
 */
const tell = (message: HelperMessage): void => void process.send?.(message, undefined, undefined, () => {});

function start({ number, command, env, cwd, output }: StartRequest): void {
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
  process.exit(0);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
