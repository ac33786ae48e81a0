import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import type { Clock } from '../base/index.ts';
import type { ProcessSpec, Sandbox, SandboxDriver, SandboxProcess, SandboxSpec } from '../sandbox/index.ts';
import type { ResolvedRuntime } from './runtimes/port.ts';
import { DirectRuntimeApi, type Direct } from './transport/direct-runtime-api.ts';
import { Link } from './transport/link.ts';
import { notFound, type InsideHandler } from './transport/runtime-api.ts';

/** Connections to each of a box's listeners; more are closed. What is received on each is bounded, so this bounds what a box costs us. */
const maxConnections = { runtimeApi: 64, endpoint: 256, channel: 4 };
/** For a booted bootstrap to say hello. */
const helloMs = 60_000;
/** Of a request from inside: an X-Ray cause travels in a header. @source spec 3.2-18 */
const maxHeaderBytes = 1_310_720;

/** An interpreter with our bootstrap in it, connected, that may not know its function yet. */
export interface Booted {
  readonly process: SandboxProcess;
  readonly link: Link;
}

export interface BootOptions {
  /** Instead of the runtime's own. */
  readonly command?: readonly [string, ...string[]] | undefined;
  readonly early?: Readonly<Record<string, string>>;
  readonly wrapper?: string | undefined;
  readonly background?: boolean;
  /** It runs, and may say something long before it is connected, if it ever is. */
  onStarted?(process: SandboxProcess): void;
}

export interface BoxOptions {
  readonly driver: SandboxDriver;
  readonly runtime: ResolvedRuntime;
  readonly spec: SandboxSpec;
  /** The largest body of a frame. */
  readonly maxBodyBytes: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  serveEndpoint(connection: Socket): void;
}

/** A sandbox with its listeners attended to. Whose calls they are, whoever lives in it decides by `handler`. */
export class Box implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly runtime: ResolvedRuntime;
  readonly tmpMiB: number;
  /** Answers the calls of the processes inside to the Runtime API's address. */
  handler: InsideHandler | undefined;
  /** Whose runtime calls here: the calls that every invocation is made of need no more. */
  direct: Direct | undefined;
  /** The kernel's count when it was last read. */
  oomKills = 0;
  readonly #options: BoxOptions;
  readonly #http: Server;
  readonly #calls = new Set<Socket>();
  readonly #starts = new Set<Promise<unknown>>();
  #onLink: ((link: Link) => void) | undefined;
  #disposed: Promise<void> | undefined;

  private constructor(sandbox: Sandbox, options: BoxOptions) {
    this.sandbox = sandbox;
    this.runtime = options.runtime;
    this.tmpMiB = options.spec.limits.tmpMiB;
    this.#options = options;
    // A runtime may wait for its next event for days, and its caller for its body as long as the function may run.
    const noTimeouts = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, connectionsCheckingInterval: 2_147_483_647 };
    this.#http = createServer({ ...noTimeouts, maxHeaderSize: maxHeaderBytes }, (request, response) =>
      this.#handle(request, response),
    );
    this.#http.on('clientError', (_error, socket) => socket.destroy());
    accept(sandbox.runtimeApi, maxConnections.runtimeApi, (socket) => {
      this.#calls.add(socket);
      socket.on('close', () => this.#calls.delete(socket));
      void new DirectRuntimeApi(socket, { direct: () => this.direct, handOver: (left) => this.#http.emit('connection', left) });
    });
    accept(sandbox.endpoint, maxConnections.endpoint, (socket) => options.serveEndpoint(socket));
    accept(sandbox.channel, maxConnections.channel, (socket) => {
      this.#calls.add(socket);
      socket.on('close', () => this.#calls.delete(socket));
      this.#greet(socket);
    });
  }

  static async open(options: BoxOptions): Promise<Box> {
    return new Box(await options.driver.create(options.spec, { signal: options.signal }), options);
  }

  /**
   * Starts our bootstrap and waits until it is connected.
   *
   * @param options.early  variables that must be there before the interpreter starts
   * @param options.wrapper  a program that is started in its place, with its command as arguments
   * @param options.background  nobody waits for it yet: everything else goes first
   * @throws Error with `exit` when it ended before it was connected, and with `process` to read what it said
   */
  async boot(options: BootOptions = {}): Promise<Booted> {
    const { early, wrapper, background = false } = options;
    const { bootEnv, takesConnection } = this.runtime;
    const { channelPath, channelFd } = this.sandbox;
    const command = options.command ?? this.runtime.command;
    if (command === undefined) throw new Error(`${this.runtime.identifier} has no bootstrap to boot`);
    // A wrapper may close what it does not know; and who boots while nobody waits had better connect itself.
    const connected = takesConnection === true && channelFd !== undefined && wrapper === undefined && !background;
    const hello = Promise.withResolvers<Link>();
    this.#onLink = hello.resolve;
    const process = await this.start({
      command: wrapper === undefined ? command : [wrapper, ...command],
      env: { ...bootEnv, ...early, MAYFLY_CHANNEL: channelPath, ...(connected ? { MAYFLY_CHANNEL_FD: String(channelFd) } : {}) },
      connected,
      // A folder that is bound later would not be the one a process stands in already.
      cwd: early === undefined ? '/' : this.sandbox.taskRoot,
      early: early === undefined,
      background,
      // A wrapper may start another runtime client than ours, and so may a start that belongs to its function.
      framedLog: wrapper !== undefined || this.runtime.startsWith === 'function',
    });
    options.onStarted?.(process);
    const late = Promise.withResolvers<undefined>();
    using _timer = this.#options.clock.after(helloMs, () => late.resolve(undefined));
    const ended = process.exited.then(() => undefined);
    const link = await Promise.race([hello.promise, ended, late.promise]);
    this.#onLink = undefined;
    if (link === undefined) throw new BootError(process);
    return { process, link };
  }

  /** Starts a process; `clear` and the end wait for it, so that none appears after everything was killed. */
  start(spec: ProcessSpec): Promise<SandboxProcess> {
    const { framedLogFd } = this.sandbox;
    const framed = spec.framedLog === true && framedLogFd !== undefined;
    const starting = this.sandbox.start(
      // @source spec 3.9-01
      framed ? { ...spec, env: { ...spec.env, _LAMBDA_TELEMETRY_LOG_FD: String(framedLogFd) } } : spec,
    );
    this.#starts.add(starting);
    const started = (): void => void this.#starts.delete(starting);
    starting.then(started, started);
    return starting;
  }

  /** Ends every process inside and every call of theirs; the box can be started again. */
  async clear(): Promise<void> {
    this.handler = undefined;
    this.direct = undefined;
    this.#onLink = undefined;
    await Promise.allSettled(this.#starts);
    await this.sandbox.killAll();
    for (const socket of this.#calls) socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    this.handler = undefined;
    this.direct = undefined;
    this.#onLink = undefined;
    for (const socket of this.#calls) socket.destroy();
    await Promise.allSettled(this.#starts);
    await this.sandbox[Symbol.asyncDispose]();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '/';
    const query = url.indexOf('?');
    const handler = this.handler;
    if (handler === undefined) return notFound(response);
    handler(request, response, query < 0 ? url : url.slice(0, query));
  }

  /** Only the one connection that is waited for is taken, and only when it says hello first. */
  #greet(socket: Socket): void {
    const link = new Link(socket, { maxBodyBytes: this.#options.maxBodyBytes, clock: this.#options.clock });
    link.onFrame = ({ type }) => {
      const onLink = this.#onLink;
      this.#onLink = undefined;
      if (type !== 'H' || onLink === undefined) return link[Symbol.dispose]();
      link.onFrame = () => {};
      onLink(link);
    };
  }
}

/** The bootstrap ended, or kept silent, before it was connected. */
export class BootError extends Error {
  readonly process: SandboxProcess;
  constructor(process: SandboxProcess) {
    super('The bootstrap did not connect.');
    this.process = process;
  }
}

function accept(server: NetServer, most: number, onConnection: (socket: Socket) => void): void {
  server.maxConnections = most;
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.on('error', () => {});
}
