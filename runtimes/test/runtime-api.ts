import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { arn, requestId } from './bootstrap.ts';

/** The HTTP Runtime API as far as a bootstrap needs it: gives these events, keeps what is posted. */
export class RuntimeApi implements AsyncDisposable {
  readonly posted: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: unknown }[] = [];
  readonly #events: unknown[];
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #wake: () => void = () => {};

  constructor(events: readonly unknown[]) {
    this.#events = [...events];
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async until(count: number): Promise<void> {
    while (this.posted.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.replace('/2018-06-01/runtime', '');
    if (path === '/invocation/next') {
      if (this.#events.length === 0) return; // waits for ever, as the real one does
      response.setHeader('Lambda-Runtime-Aws-Request-Id', requestId);
      response.setHeader('Lambda-Runtime-Deadline-Ms', Date.now() + 3000);
      response.setHeader('Lambda-Runtime-Invoked-Function-Arn', arn);
      response.end(JSON.stringify(this.#events.shift()));
      return;
    }
    this.posted.push({ path, headers: request.headers, body: JSON.parse(await text(request)) });
    response.writeHead(202).end('{"status":"OK"}');
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
