import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer } from '../../kit/stage.ts';

export interface Heard {
  /** Spelt as the recordings do: `X-Amz-Sns-Message-Id`. */
  readonly headers: Answer;
  readonly body: string;
}

/** An HTTP endpoint that says yes to everything and remembers it. */
export class Listener implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #heard: Heard[] = [];
  #waiting: ((heard: Heard) => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', async (request, response) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
      response.end();
      const headers = Object.entries(request.headers).map(([name, value]) => [
        name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()),
        value,
      ]);
      const heard = { headers: Object.fromEntries(headers) as Answer, body: Buffer.concat(chunks).toString('utf8') };
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#heard.push(heard);
      else waiting(heard);
    });
  }

  static async start(): Promise<Listener> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Listener(server);
  }

  /** The request that came first and was not asked for yet. */
  next(): Promise<Heard> {
    const heard = this.#heard.shift();
    return heard === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(heard);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}
