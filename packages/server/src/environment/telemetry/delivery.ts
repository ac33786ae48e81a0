import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../base/index.ts';
import type { Destination } from './subscription.ts';

/** Opens a connection to a port inside the box. */
export type Connect = (port: number) => Promise<Socket>;

/** A subscriber that does not take a batch in this time is not waited for. */
const answerMs = 10_000;

/** Takes batches of records to one subscriber, one at a time. */
export interface Delivery extends Disposable {
  /** @throws Error when the subscriber did not take it */
  deliver(records: readonly string[]): Promise<void>;
}

export const deliveryTo = (destination: Destination, connect: Connect, clock: Clock): Delivery =>
  destination.protocol === 'HTTP' ? new HttpDelivery(destination, connect, clock) : new TcpDelivery(destination.port, connect);

/** One request for each batch, a JSON array. @source spec 3.5-03 */
class HttpDelivery implements Delivery {
  readonly #destination: Extract<Destination, { protocol: 'HTTP' }>;
  readonly #connect: Connect;
  readonly #clock: Clock;

  constructor(destination: Extract<Destination, { protocol: 'HTTP' }>, connect: Connect, clock: Clock) {
    this.#destination = destination;
    this.#connect = connect;
    this.#clock = clock;
  }

  async deliver(records: readonly string[]): Promise<void> {
    const { port, path, method } = this.#destination;
    const body = Buffer.from(`[${records.join(',')}]`);
    const socket = await this.#connect(port);
    const answered = Promise.withResolvers<number>();
    const headers = {
      Host: `sandbox.localdomain:${port}`,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      Connection: 'close',
    };
    const call = request({ createConnection: () => socket, method, path, headers }, (response) => {
      response.resume();
      answered.resolve(response.statusCode ?? 0);
    });
    call.on('error', answered.reject);
    call.end(body);
    using _late = this.#clock.after(answerMs, () => answered.reject(new Error('The subscriber does not answer.')));
    try {
      const status = await answered.promise;
      if (status >= 300) throw new Error(`The subscriber answers ${status}.`);
    } finally {
      socket.destroy();
    }
  }

  [Symbol.dispose](): void {}
}

/** One connection for all, a record a line. @source spec 3.5-03 */
class TcpDelivery implements Delivery {
  readonly #port: number;
  readonly #connect: Connect;
  #socket: Socket | undefined;

  constructor(port: number, connect: Connect) {
    this.#port = port;
    this.#connect = connect;
  }

  async deliver(records: readonly string[]): Promise<void> {
    const socket = (this.#socket ??= await this.#open());
    await new Promise<void>((resolve, reject) => {
      socket.once('close', () => reject(new Error('The subscriber has hung up.')));
      socket.write(records.join('\n') + '\n', (error) => (error === null || error === undefined ? resolve() : reject(error)));
    });
    socket.removeAllListeners('close').on('close', () => (this.#socket = undefined));
  }

  async #open(): Promise<Socket> {
    const socket = await this.#connect(this.#port);
    socket.on('error', () => {});
    socket.on('close', () => (this.#socket = undefined));
    socket.resume();
    return socket;
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy();
  }
}
