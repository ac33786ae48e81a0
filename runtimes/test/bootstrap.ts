import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Frame {
  readonly type: string;
  readonly header: Record<string, unknown>;
  readonly body: Buffer;
}

export interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** Written by the server's side: type, header, body. */
export function encode(type: string, header: object, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.from(JSON.stringify(header));
  const front = Buffer.alloc(9);
  front.writeUInt32BE(5 + head.length + body.length, 0);
  front.write(type, 4, 'latin1');
  front.writeUInt32BE(head.length, 5);
  return Buffer.concat([front, head, body]);
}

/** One invocation as its frames tell it. */
export interface Told {
  readonly frames: readonly Frame[];
  readonly logs: readonly string[];
  /** `A`, `X` or `Z`; absent when the process ended without one. */
  readonly end?: Frame;
  /** Parsed body of the end, or of a stream all its pieces as text. */
  readonly value: unknown;
}

/**
 * The server's side of the channel, for tests: starts a real interpreter with a real bootstrap on a unix
 * socket in a folder of its own, and hands out what it says.
 */
export class Bootstrap implements AsyncDisposable {
  readonly folder: string;
  readonly process: ChildProcess;
  readonly ended: Promise<Ending>;
  /** Resolves with what the bootstrap said of itself first. */
  readonly hello: Promise<Frame>;
  /** Standard output and error, as text. */
  output = '';
  readonly #server: Server;
  readonly #frames: Frame[] = [];
  #socket: Socket | undefined;
  #buffer = Buffer.alloc(0);
  #over = false;
  #wake: () => void = () => {};

  private constructor(folder: string, server: Server, child: ChildProcess) {
    this.folder = folder;
    this.#server = server;
    this.process = child;
    server.on('connection', (socket) => this.#attach(socket));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    this.ended = once(child, 'close').then(([exitCode, signal]) => {
      this.#over = true;
      this.#wake();
      return { exitCode, signal };
    });
    this.hello = this.next('H');
    this.hello.catch(() => {});
  }

  /** @param files  of the function, by relative path */
  static async start(options: {
    readonly command: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
  }): Promise<Bootstrap> {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-runtime-'));
    for (const [name, text] of Object.entries(options.files ?? {})) {
      const file = path.join(folder, 'task', name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    mkdirSync(path.join(folder, 'task'), { recursive: true });
    const channel = path.join(folder, 'channel');
    const server = createServer();
    server.listen(channel);
    await once(server, 'listening');
    const [file, ...parameters] = options.command;
    const child = spawn(file!, parameters, {
      env: { PATH: '/usr/bin:/bin', ...options.env, MAYFLY_CHANNEL: channel },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Bootstrap(folder, server, child);
  }

  /** Sends `init` and waits for `ready` or `init failed`. */
  async init(
    handler: string,
    options: { readonly env?: Record<string, string>; readonly [more: string]: unknown } = {},
  ): Promise<Told> {
    await this.hello;
    const cwd = path.join(this.folder, 'task');
    const env = { ...functionEnvironment, LAMBDA_TASK_ROOT: cwd, _HANDLER: handler, ...options.env };
    this.send('I', { cwd, handler, logFormat: 'Text', ...options, env });
    return this.#until((frame) => frame.type === 'R' || frame.type === 'F');
  }

  /** Sends an event and waits until the bootstrap takes another or ends. */
  async invoke(event: unknown, header: Readonly<Record<string, unknown>> = {}): Promise<Told> {
    this.event(event, header);
    return this.#until((frame) => frame.type === 'N');
  }

  event(event: unknown, header: Readonly<Record<string, unknown>> = {}): void {
    const standard = {
      requestId,
      deadlineMs: Date.now() + 3000,
      invokedArn: arn,
      traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
    };
    this.send('E', { ...standard, ...header }, Buffer.from(event instanceof Uint8Array ? event : JSON.stringify(event)));
  }

  send(type: string, header: object, body?: Uint8Array): void {
    this.#socket?.write(encode(type, header, body));
  }

  raw(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  /** The next frame; logs in front of it are passed over only when `type` is given. */
  async next(type?: string): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined && (type === undefined || frame.type === type)) return frame;
      if (frame !== undefined) continue;
      if (this.#over) throw new Error(`The bootstrap ended. It wrote: ${this.output}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  get socket(): Socket {
    return this.#socket!;
  }

  async #until(last: (frame: Frame) => boolean): Promise<Told> {
    const frames: Frame[] = [];
    try {
      do frames.push(await this.next());
      while (!last(frames.at(-1)!));
    } catch (error) {
      if (!this.#over) throw error;
    }
    const end = frames.findLast((frame) => 'AXZRF'.includes(frame.type));
    const pieces = frames.filter((frame) => frame.type === 'D').map((frame) => frame.body);
    const logs = frames.filter((frame) => frame.type === 'L').map((frame) => frame.body.toString());
    const body = end?.body.toString() ?? '';
    return {
      frames,
      logs,
      ...(end && { end }),
      value: end?.type === 'Z' ? Buffer.concat(pieces).toString() : body === '' ? undefined : JSON.parse(body),
    };
  }

  #attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      while (this.#buffer.length >= 4 && this.#buffer.length >= 4 + this.#buffer.readUInt32BE(0)) {
        const frame = this.#buffer.subarray(4, 4 + this.#buffer.readUInt32BE(0));
        const head = frame.readUInt32BE(1);
        this.#frames.push({
          type: String.fromCharCode(frame[0]!),
          header: head === 0 ? {} : JSON.parse(frame.toString('utf8', 5, 5 + head)),
          body: frame.subarray(5 + head),
        });
        this.#buffer = this.#buffer.subarray(4 + frame.length);
      }
      this.#wake();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy();
    this.process.kill('SIGKILL');
    await this.ended;
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const requestId = '8476a536-e9f4-11e8-9739-2dfe598c3fcd';
export const arn = 'arn:aws:lambda:us-east-1:123456789012:function:walk:live';

const functionEnvironment = {
  AWS_LAMBDA_FUNCTION_NAME: 'walk',
  AWS_LAMBDA_FUNCTION_VERSION: '7',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/walk',
  AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/24/[7]0123456789abcdef0123456789abcdef',
  AWS_REGION: 'us-east-1',
  PATH: '/usr/bin:/bin',
};
