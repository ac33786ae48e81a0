import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WireResponse } from '@mayfly/wire';
import type { Logger } from '../base/index.ts';

/** Writes an answer, streamed ones at the pace of the reader. Never rejects. */
export async function send(request: IncomingMessage, response: ServerResponse, reply: WireResponse, log: Logger): Promise<void> {
  if (response.destroyed) return;
  const { body } = reply;
  if (!(body instanceof Uint8Array)) {
    response.writeHead(reply.status, reply.headers);
    try {
      await pipeline(Readable.from(body, { objectMode: false }), response);
    } catch (error) {
      // Too late for a status: cutting the connection is the only way to say that the rest will not come.
      log.debug('A streamed answer was cut.', { error });
      response.destroy();
    }
    return;
  }
  // A HEAD says how long the body would have been.
  if (request.method === 'HEAD' && reply.headers['Content-Length'] !== undefined) {
    response.writeHead(reply.status, reply.headers).end();
    return;
  }
  const empty = reply.status === 204 || reply.status === 304;
  response.writeHead(reply.status, empty ? reply.headers : { ...reply.headers, 'Content-Length': body.length });
  response.end(empty || request.method === 'HEAD' ? undefined : body);
}
