import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { RequestHead } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../base/index.ts';
import { serveAdmin, type AdminPorts } from './admin.ts';
import { mostConnections } from './connections.ts';
import { markInside } from './operator.ts';
import type { AwsDoor } from './aws.ts';
import { meansUs } from './host.ts';
import { keepAliveMs } from './hot/connection.ts';
import { isByName, type GatewayDoor } from './gateway/index.ts';
import { HotDoor } from './hot/index.ts';
import type { SiteDoor } from './site/door.ts';
import { siteOf } from './site/routing.ts';
import { alsoHttp2 } from './sniff.ts';
import { isForRegistry, type RegistryDoor } from './registry-door.ts';
import { addressed, type UrlDoor } from './url/index.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Names that Host may have besides addresses and local ones; absent = any name will do. */
  readonly hostNames?: readonly string[];
  readonly aws: AwsDoor;
  /** Function URLs; absent = there are none. */
  readonly urls?: UrlDoor;
  /** APIs in front of functions; absent = there are none. */
  readonly gateway?: GatewayDoor;
  /** Buckets as web sites; absent = none is. */
  readonly sites?: SiteDoor;
  /** Container images, pushed and pulled below `/v2/`; absent = there are none. */
  readonly registry?: RegistryDoor;
  /** Whole requests to Lambda's API take a short way past `node:http`; true unless told otherwise. */
  readonly hot?: boolean;
  readonly admin: AdminPorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:4566` */
  readonly origin: string;
  /** Serves a connection that was accepted elsewhere: inside a sandbox. */
  serveConnection(connection: Socket): void;
  /** Refuses new connections, waits for the answers under way, then cuts what is left. Idempotent. */
  drain(options: { readonly withinMs: number }): Promise<void>;
}

/**
 * The street door: one listener for every AWS service and `/_mayfly/`.
 *
 * @throws Error code `EADDRINUSE`, `EACCES` … as the socket has it
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { aws, admin, random, log, clock } = options;
  let draining = false;
  let underWay = 0;
  let onQuiet: (() => void) | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = random.uuid();
    response.setHeader('x-amzn-RequestId', requestId);
    if (draining) response.setHeader('Connection', 'close');
    const refused = (refusal: Refusal): void => {
      response.writeHead(refusal.status, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end(JSON.stringify({ message: refusal.message }));
    };
    const unclear = ambiguous(request);
    if (unclear !== undefined) return refused(unclear);
    const api = options.gateway?.addressed(request.headers.host, request.url ?? '/');
    // An API may have a name of its own; below a path of ours the name has to be ours.
    const isNamed = api !== undefined && isByName(api);
    if (!isNamed && options.hostNames !== undefined && !meansUs(request.headers.host, options.hostNames))
      return refused({
        status: 403,
        message: `This server does not know itself as ${request.headers.host?.slice(0, 200)}. Start it with --host-names to add a name.`,
      });
    // What leads to an API by a name of its owner's, or to a function, is for web pages too: who may call is their own business.
    if (api !== undefined && options.gateway !== undefined) return options.gateway.serve(request, response, api, requestId);
    // Function URLs are for web pages; who may call them is the function's own business.
    const url = options.urls === undefined ? undefined : addressed(request.headers.host, request.url ?? '/');
    if (url !== undefined && options.urls !== undefined) return options.urls.serve(request, response, url, requestId);
    const site = options.sites === undefined ? undefined : siteOf(request.headers.host);
    if (site !== undefined && options.sites !== undefined) return options.sites.serve(request, response, site, requestId);
    const head: RequestHead = {
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      headers: request.headers as Readonly<Record<string, string | undefined>>,
    };
    const stray = crossSite(request);
    if (stray !== undefined && !aws.welcomes(head)) return refused(stray);
    if (request.url?.startsWith('/_mayfly/') === true) return serveAdmin(request, response, admin, { ready: !draining });
    if (options.registry !== undefined && isForRegistry(head)) return options.registry.serve(request, response);
    return aws.serve(request, response, head, requestId);
  };

  const ended = (): void => {
    underWay -= 1;
    if (underWay === 0) onQuiet?.();
  };

  const take = (request: IncomingMessage, response: ServerResponse): void => {
    underWay += 1;
    response.once('close', ended);
    // A client that does not read its answer is not waited for; what it does read counts as life.
    response.once('prefinish', () => void request.socket.setTimeout(keepAliveMs));
    answer(request, response).catch((error: unknown) => {
      log.error('A request could not be answered.', { error });
      if (response.headersSent) return void response.destroy();
      response.writeHead(500, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ message: "Internal error. The server's log has the details." }));
    });
  };

  // requestTimeout covers only the receiving: an invocation may take its fifteen minutes, an upload its hour.
  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 3_600_000,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 1_000,
      noDelay: true,
    },
    take,
  );
  let admitted: string | undefined;
  /** Ours, and not a function's; clients say the same one all day. */
  const isPlainHost = (host: string | undefined): boolean => {
    const plain =
      (options.hostNames === undefined || meansUs(host, options.hostNames)) &&
      (options.urls === undefined || addressed(host, '/') === undefined) &&
      options.gateway?.addressed(host, '/') === undefined &&
      (options.sites === undefined || siteOf(host) === undefined);
    if (plain) admitted = host;
    return plain;
  };
  const hot: HotDoor = new HotDoor({
    aws,
    clock,
    random,
    log,
    admits: ({ headers, target }) =>
      !target.startsWith('/_mayfly/') && (headers['host'] === admitted || isPlainHost(headers['host'])),
    draining: () => draining,
    begin: () => {
      underWay += 1;
      return ended;
    },
    handOver: (socket, bytes) => http2.handOver(socket, bytes),
  });
  const http2 = alsoHttp2(server, take, (socket, first) => options.hot !== false && hot.offer(socket, first));
  server.maxHeadersCount = 100;
  server.maxConnections = mostConnections();
  server.on('connect', (_request, socket) => void socket.destroy());
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const status =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? '408 Request Timeout'
          : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;

  let drained: Promise<void> | undefined;
  const drain = (withinMs: number): Promise<void> =>
    (drained ??= (async () => {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      hot.closeIdle();
      if (underWay > 0) {
        using deadline = deadlineOf(clock, withinMs);
        await Promise.race([deadline.passed, new Promise<void>((resolve) => (onQuiet = resolve))]);
      }
      server.closeAllConnections();
      hot.closeAll();
      http2.closeAll();
      await closed;
    })());

  return {
    host: options.host,
    port,
    origin: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    serveConnection: (connection) => void (draining ? connection.destroy() : server.emit('connection', markInside(connection))),
    drain: ({ withinMs }) => drain(withinMs),
    [Symbol.asyncDispose]: () => drain(0),
  };
}

function deadlineOf(clock: Clock, ms: number): Disposable & { readonly passed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(ms, resolve);
  return { passed: promise, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

const onlyOnce = new Set(['host', 'authorization', 'content-length', 'transfer-encoding']);

interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** What could be read in two ways. */
function ambiguous(request: IncomingMessage): Refusal | undefined {
  const seen = new Set<string>();
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]?.toLowerCase() ?? '';
    if (!onlyOnce.has(name)) continue;
    if (seen.has(name)) return { status: 400, message: `The header ${name} may be given once.` };
    seen.add(name);
  }
  if (seen.has('content-length') && seen.has('transfer-encoding'))
    return { status: 400, message: 'Content-Length and Transfer-Encoding exclude each other.' };
  return undefined;
}

/** What comes from a web page that has no business here. */
function crossSite(request: IncomingMessage): Refusal | undefined {
  const { 'sec-fetch-site': site, origin, host, authorization } = request.headers;
  // Browsers tell the site only where they trust the way: with TLS, or to this machine. A page's origin they always tell.
  const stranger =
    site === undefined
      ? origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
      : site === 'cross-site' || site === 'same-site';
  if (stranger && authorization === undefined)
    return { status: 403, message: 'A web page of another origin may not call this server unsigned.' };
  return undefined;
}
