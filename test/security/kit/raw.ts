import { once } from 'node:events';
import { connect } from 'node:net';

export interface Heard {
  /** Everything that came, as latin1. */
  readonly text: string;
  /** Statuses of the answers, in order. */
  readonly statuses: readonly number[];
  /** The server ended the connection. */
  readonly closed: boolean;
}

const statusesOf = (text: string): number[] =>
  [...text.matchAll(/^HTTP\/1\.[01] (\d{3}) /gm)].map(([, status]) => Number(status));

/**
 * Says these bytes on one connection and hears what comes until there were so many answers, or the server hangs up.
 *
 * @param options.answers  how many are waited for; 0 = until the connection ends
 */
export async function say(
  origin: string,
  pieces: string | Buffer | readonly (string | Buffer)[],
  options: { readonly answers?: number; readonly withinMs?: number } = {},
): Promise<Heard> {
  const { answers = 1, withinMs = 10_000 } = options;
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true).on('error', () => {});
  let text = '';
  let closed = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    if (answers > 0 && statusesOf(text).length >= answers) setImmediate(resolve);
  });
  socket.on('close', () => {
    closed = true;
    resolve();
  });
  await once(socket, 'connect');
  for (const piece of Array.isArray(pieces) ? (pieces as readonly (string | Buffer)[]) : [pieces as string | Buffer]) {
    if (!socket.destroyed) socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    await new Promise((turn) => setImmediate(turn));
  }
  const late = setTimeout(resolve, withinMs);
  await promise;
  clearTimeout(late);
  socket.destroy();
  return { text, statuses: statusesOf(text), closed };
}

/** One request as text. */
export const request = (line: string, headers: readonly string[], body = ''): string =>
  [`${line} HTTP/1.1`, ...headers, '', body].join('\r\n');
