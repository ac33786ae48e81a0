import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';

/** What an HTTP/2 client that knows beforehand sends first. The Kinesis clients do, also without TLS. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n');
/** A connection that says nothing is not kept. */
const silenceMs = 65_000;
const mostStreams = 128;
/** Each may have its streams and as much memory as `maxSessionMemory`. */
const mostSessions = 128;

/**
 * Lets a server answer HTTP/2 on the same port: the first bytes of a connection tell which it is.
 *
 * The server's own way of taking connections is kept for everything else, so its timeouts and its
 * counting of connections hold as before.
 */
export function alsoHttp2(
  server: HttpServer,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
  /** Asked with the first bytes whether it takes a connection that is not HTTP/2. */
  offer: (socket: Socket, first: Buffer) => boolean = () => false,
): { handOver(socket: Socket, bytes: Buffer): void; closeAll(): void } {
  const sessions = new Set<ServerHttp2Session>();
  const second = createHttp2Server({
    maxSessionMemory: 64,
    settings: { maxConcurrentStreams: mostStreams },
    unknownProtocolTimeout: 10_000,
  });
  second.on('session', (session) => {
    sessions.add(session);
    session.setTimeout(silenceMs, () => session.close());
    session.once('close', () => sessions.delete(session));
  });
  second.on('sessionError', () => {});
  second.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => {
    request.headers.host ??= request.authority;
    serve(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });

  /** Connected, and nothing said yet. */
  const silent = new Set<Socket>();
  const takers = server.listeners('connection') as ((this: HttpServer, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  /** To the server's own way, these bytes first. */
  const handOver = (socket: Socket, bytes: Buffer): void => {
    socket.pause();
    socket.setTimeout(0);
    socket.unshift(bytes);
    for (const take of takers) take.call(server, socket);
    socket.resume();
  };
  server.on('connection', (socket: Socket) => {
    socket.setTimeout(silenceMs, () => socket.destroy());
    const ignored = (): void => {};
    const forget = (): void => void silent.delete(socket);
    silent.add(socket);
    socket.on('error', ignored).once('close', forget);
    socket.once('data', (chunk: Buffer) => {
      forget();
      socket.off('close', forget);
      socket.off('error', ignored);
      socket.removeAllListeners('timeout');
      if (chunk.length >= 4 && preface.subarray(0, chunk.length).equals(chunk.subarray(0, preface.length))) {
        if (sessions.size >= mostSessions) return void socket.on('error', ignored).destroy();
        socket.pause();
        socket.setTimeout(0);
        socket.unshift(chunk);
        // A session reads the socket itself, what was put back included.
        second.emit('connection', socket);
        return;
      }
      if (!offer(socket, chunk)) handOver(socket, chunk);
    });
  });
  return {
    handOver,
    closeAll() {
      for (const session of sessions) session.destroy();
      for (const socket of silent) socket.destroy();
    },
  };
}
