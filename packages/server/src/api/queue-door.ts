import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServiceFault, type RequestHead } from '@mayfly/wire';
import { functionArn, type AccountId, type FunctionArn, type Region } from '../base/index.ts';
import { openCaller, strictCaller, type CallerSource, type Identified, type SignatureCheck } from './caller.ts';

/** What an operator may see of the event queue, and do to it. */
export interface QueuePort {
  list(account: AccountId): Promise<readonly object[]>;
  peek(functionArn: FunctionArn, most: number): Promise<readonly object[]>;
  purge(functionArn: FunctionArn): Promise<object>;
  redrive(functionArn: FunctionArn, most: number): Promise<object>;
}

export interface QueueDoorPorts {
  readonly queue?: QueuePort;
  /** For `--auth strict`. */
  readonly signatures?: SignatureCheck;
  readonly callers?: CallerSource;
  readonly region?: string;
}

export const queuePath = '/_mayfly/queue';
const emptySha256 = createHash('sha256').digest('hex');

/** Connections out of sandboxes: they look local, and are a function's. */
const inside = new WeakSet<object>();
/** Remembers that a connection comes from inside a sandbox. */
export function markInside<Connection extends object>(connection: Connection): Connection {
  inside.add(connection);
  return connection;
}

/**
 * `GET /_mayfly/queue`, `GET /_mayfly/queue/NAME?max=10`, `POST /_mayfly/queue/NAME/purge`, `POST …/redrive?max=1000`.
 *
 * Where signatures are not checked it is for callers on this machine that are neither a web page nor a function;
 * where they are, for the root of the account.
 */
export async function serveQueue(request: IncomingMessage, response: ServerResponse, ports: QueueDoorPorts): Promise<void> {
  const json = (status: number, document: object): void => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
  };
  const { queue } = ports;
  if (queue === undefined) return json(404, { message: 'There is no event queue.' });
  try {
    const stranger = refusal(request, ports.signatures !== undefined);
    if (stranger !== undefined) return json(403, { message: stranger });
    const caller = await identified(request, ports);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const [name, action, ...more] = pathname.slice(queuePath.length + 1).split('/');
    const max = Number(searchParams.get('max') ?? 10);
    if (more.length > 0 || !Number.isInteger(max) || max < 1) return json(400, { message: 'max is a number of at least 1.' });
    if (name === undefined || name === '')
      return request.method === 'GET'
        ? json(200, { functions: await queue.list(caller.account as AccountId) })
        : json(405, { message: 'Only GET.' });
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) return json(400, { message: 'This is no name of a function.' });
    const arn = functionArn(caller.region as Region, caller.account as AccountId, name);
    if (action === undefined)
      return request.method === 'GET' ? json(200, { events: await queue.peek(arn, max) }) : json(405, { message: 'Only GET.' });
    if (request.method !== 'POST') return json(405, { message: 'Only POST.' });
    if (action === 'purge') return json(200, await queue.purge(arn));
    if (action === 'redrive') return json(200, await queue.redrive(arn, max));
    return json(404, { message: `A queue can be purged and redriven; it cannot be "${action.slice(0, 32)}".` });
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    json(error.status ?? 400, { message: error.message, code: error.code });
  }
}

/** HTTP/2 hides the connection, and with it whose it is. */
const isFromInside = (request: IncomingMessage): boolean => request.httpVersionMajor !== 1 || inside.has(request.socket);
const isFromHere = (request: IncomingMessage): boolean => /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '');
/** A process of this machine, and no function. */
export const isOfThisMachine = (request: IncomingMessage): boolean => !isFromInside(request) && isFromHere(request);

/** Who may not come in whatever his signature says, and, without signatures, who may not at all. */
function refusal(request: IncomingMessage, signed: boolean): string | undefined {
  const { host, origin, 'sec-fetch-site': site } = request.headers;
  if (Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined)
    return 'No body is taken here.';
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    return 'A web page of another origin may not come here.';
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'A web page of another origin may not come here.';
  if (signed) return undefined;
  if (isFromInside(request)) return 'A function may not come here.';
  if (!isFromHere(request)) return 'Without --auth strict this is for callers on the same machine.';
  if (!/^(localhost|[a-z0-9-]+\.localhost|127\.[\d.]+|\[::1\])(:\d+)?$/i.test(host ?? ''))
    return 'This name of the server is not known; use 127.0.0.1.';
  return undefined;
}

async function identified(
  request: IncomingMessage,
  { signatures, callers, region = 'us-east-1' }: QueueDoorPorts,
): Promise<Identified> {
  const head: RequestHead = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers as Readonly<Record<string, string | undefined>>,
  };
  if (signatures === undefined) return openCaller(head, region, callers);
  const known = await strictCaller(head, emptySha256, region, signatures);
  if (known.caller.kind !== 'signed' || !known.caller.arn.endsWith(':root'))
    throw new ServiceFault('AccessDeniedException', 'The queue is shown to the root of the account.', { status: 403 });
  return known;
}
