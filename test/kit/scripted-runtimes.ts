import { connect, type Socket } from 'node:net';
import http from 'node:http';
import { encodeFrame, FrameReader, type Frame } from '../../packages/server/src/environment/transport/frames.ts';
import type { Program, ScriptedProcess } from './scripted-sandboxes.ts';

export interface ScriptedEvent {
  readonly requestId: string;
  readonly payload: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

/** What a runtime can do with an event, over whichever transport. `answer` and `fail` resolve once they are sent. */
export interface Reply {
  readonly process: ScriptedProcess;
  answer(body: string | Buffer, contentType?: string): Promise<void>;
  fail(errorType: string, body: string): Promise<void>;
  stream(
    pieces: AsyncIterable<string | Buffer> | Iterable<string | Buffer>,
    options?: { readonly contentType?: string; readonly error?: { readonly errorType: string; readonly body: string } },
  ): Promise<void>;
}

export interface RuntimeScript {
  /** Before the first `next`; may throw InitError, or exit. */
  readonly init?: (process: ScriptedProcess, env: Readonly<Record<string, string>>) => Promise<void> | void;
  readonly handler: (event: ScriptedEvent, reply: Reply) => Promise<void>;
}

export class InitError extends Error {
  readonly errorType: string;
  readonly body: string;
  constructor(errorType: string, body: string) {
    super(errorType);
    this.errorType = errorType;
    this.body = body;
  }
}

/** A runtime that speaks frames, as our own bootstraps do. */
export const framedRuntime =
  (script: RuntimeScript): Program =>
  async (process) => {
    const frames = new Frames(connect(process.env['MAYFLY_CHANNEL'] ?? ''), process.killed);
    void frames.send('H', { pid: 1, version: '1.0' });
    const init = await frames.next();
    if (init === undefined) return;
    const env = init.header['env'] as Record<string, string>;
    try {
      await script.init?.(process, env);
    } catch (error) {
      if (!(error instanceof InitError)) throw error;
      await frames.send('F', { errorType: error.errorType }, error.body);
      return process.exit(1);
    }
    void frames.send('R');
    for (;;) {
      const frame = await frames.next();
      if (frame === undefined) return;
      const requestId = String(frame.header['requestId']);
      const event = { requestId, payload: frame.body.toString(), headers: frame.header, env };
      await script.handler(event, {
        process,
        answer: (body, contentType) => frames.send('A', { requestId, contentType }, body),
        fail: (errorType, body) => frames.send('X', { requestId, errorType }, body),
        stream: async (pieces, options) => {
          await frames.send('S', { requestId, contentType: options?.contentType });
          for await (const piece of pieces) await frames.send('D', { requestId }, piece);
          const { error } = options ?? {};
          await frames.send('Z', {
            requestId,
            ...(error === undefined ? {} : { errorType: error.errorType, errorBody: error.body }),
          });
        },
      });
      await frames.send('N');
    }
  };

class Frames {
  readonly #socket: Socket;
  readonly #queue: Frame[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(socket: Socket, killed: AbortSignal) {
    this.#socket = socket;
    const reader = new FrameReader({
      maxBodyBytes: 100_000_000,
      onFrame: (frame) => {
        this.#queue.push(frame);
        this.#wake?.();
      },
    });
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
    killed.addEventListener('abort', () => socket.end());
  }

  async next(): Promise<Frame | undefined> {
    while (this.#queue.length === 0) {
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#queue.shift();
  }

  async send(type: string, header?: object, body?: string | Buffer): Promise<void> {
    const whole = Buffer.concat(encodeFrame(type, header, body === undefined ? undefined : Buffer.from(body)));
    await new Promise<void>((resolve) => void this.#socket.write(whole, () => resolve()));
  }
}

const api = '/2018-06-01/runtime';

/** A runtime that speaks the HTTP Runtime API, as custom runtimes and AWS's own clients do. */
export const httpRuntime =
  (script: RuntimeScript): Program =>
  async (process) => {
    const client = new InsideClient(process);
    try {
      await script.init?.(process, process.env);
    } catch (error) {
      if (!(error instanceof InitError)) throw error;
      await client.call('POST', `${api}/init/error`, error.body, { 'Lambda-Runtime-Function-Error-Type': error.errorType });
      return process.exit(1);
    }
    for (;;) {
      const next = await client.call('GET', `${api}/invocation/next`);
      const requestId = String(next.headers['lambda-runtime-aws-request-id']);
      const event = { requestId, payload: next.body, headers: next.headers, env: process.env };
      await script.handler(event, {
        process,
        answer: async (body, contentType) => {
          await client.call(
            'POST',
            `${api}/invocation/${requestId}/response`,
            body,
            contentType === undefined ? {} : { 'Content-Type': contentType },
          );
        },
        fail: async (errorType, body) => {
          await client.call('POST', `${api}/invocation/${requestId}/error`, body, {
            'Lambda-Runtime-Function-Error-Type': errorType,
          });
        },
        stream: async (pieces, options) => {
          const { contentType, error } = options ?? {};
          await client.stream(`${api}/invocation/${requestId}/response`, pieces, contentType, error);
        },
      });
    }
  };

export interface InsideAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Calls the Runtime API from inside a scripted process. Rejects when the process is killed. */
export class InsideClient {
  readonly #process: ScriptedProcess;
  readonly #agent = new http.Agent({ keepAlive: true });

  constructor(process: ScriptedProcess) {
    this.#process = process;
    process.killed.addEventListener('abort', () => this.#agent.destroy());
  }

  async call(method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}): Promise<InsideAnswer> {
    return this.#send(method, path, headers, async (request) => void request.end(body));
  }

  async stream(
    path: string,
    pieces: AsyncIterable<string | Buffer> | Iterable<string | Buffer>,
    contentType: string | undefined,
    error?: { readonly errorType: string; readonly body: string },
  ): Promise<InsideAnswer> {
    const headers: Record<string, string> = {
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
      ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
    };
    return this.#send('POST', path, headers, async (request) => {
      for await (const piece of pieces) {
        if (!request.write(piece)) await new Promise((resolve) => request.once('drain', resolve));
      }
      if (error !== undefined) {
        request.addTrailers({
          'Lambda-Runtime-Function-Error-Type': error.errorType,
          'Lambda-Runtime-Function-Error-Body': Buffer.from(error.body).toString('base64'),
        });
      }
      request.end();
    });
  }

  #send(
    method: string,
    path: string,
    headers: Record<string, string>,
    write: (request: http.ClientRequest) => Promise<void>,
  ): Promise<InsideAnswer> {
    const [host, port] = this.#process.box.runtimeApiAddress.split(':');
    return new Promise((resolve, reject) => {
      const options = { host, port, method, path, headers, agent: this.#agent, signal: this.#process.killed };
      const request = http.request(options, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces).toString() }),
        );
        response.on('error', reject);
      });
      request.on('error', reject);
      write(request).catch(reject);
    });
  }
}
