import type { Socket } from 'node:net';
import { HotConnection, type HotOptions } from './connection.ts';

/** Methods that a request of Lambda's API begins with. */
const methods = new Set(['POST', 'GET ', 'PUT ', 'DELE']);

/** The short way for whole requests to Lambda's API; see `HotConnection`. */
export class HotDoor {
  readonly #options: HotOptions;
  readonly #connections = new Set<HotConnection>();

  constructor(options: Omit<HotOptions, 'date' | 'coming'>) {
    let second = -1;
    let text = '';
    this.#options = {
      ...options,
      coming: { count: 0 },
      date: () => {
        const nowMs = options.clock.now();
        const now = Math.floor(nowMs / 1000);
        if (now !== second) {
          second = now;
          text = new Date(nowMs).toUTCString();
        }
        return text;
      },
    };
  }

  /** @param first  what the client said first. @returns whether the connection was taken */
  offer(socket: Socket, first: Buffer): boolean {
    if (!methods.has(first.toString('latin1', 0, 4))) return false;
    const connection = new HotConnection(socket, this.#options, (gone) => this.#connections.delete(gone));
    this.#connections.add(connection);
    connection.take(first);
    return true;
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (!connection.busy) connection.destroy();
  }

  closeAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}
