import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServiceFault, type RequestHead } from '@mayfly/wire';
import { openCaller, strictCaller, type CallerSource, type Identified, type SignatureCheck } from './caller.ts';

/** What tells operators from others. */
export interface OperatorPorts {
  /** For `--auth strict`. */
  readonly signatures?: SignatureCheck;
  readonly callers?: CallerSource;
  readonly region?: string;
}

const emptySha256 = createHash('sha256').digest('hex');

/** Connections out of sandboxes: they look local, and are a function's. */
const inside = new WeakSet<object>();
/** Remembers that a connection comes from inside a sandbox. */
export function markInside<Connection extends object>(connection: Connection): Connection {
  inside.add(connection);
  return connection;
}

/**
 * Answers a request of an operator: what `act` says, or why he may not come in.
 *
 * Where signatures are not checked it is for callers on this machine that are neither a web page nor a function;
 * where they are, for the root of an account.
 */
export async function serveOperator(
  request: IncomingMessage,
  response: ServerResponse,
  ports: OperatorPorts,
  act: (caller: Identified, url: URL) => Promise<{ readonly status: number; readonly document: object }>,
): Promise<void> {
  const json = (status: number, document: object): void => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
  };
  try {
    const stranger = refusal(request, ports.signatures !== undefined);
    if (stranger !== undefined) return json(403, { message: stranger });
    const { status, document } = await act(await identified(request, ports), new URL(request.url ?? '', 'http://localhost'));
    json(status, document);
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
  { signatures, callers, region = 'us-east-1' }: OperatorPorts,
): Promise<Identified> {
  const head: RequestHead = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers as Readonly<Record<string, string | undefined>>,
  };
  if (signatures === undefined) return openCaller(head, region, callers);
  const known = await strictCaller(head, emptySha256, region, signatures);
  if (known.caller.kind !== 'signed' || !known.caller.arn.endsWith(':root'))
    throw new ServiceFault('AccessDeniedException', 'This is for the root of the account.', { status: 403 });
  return known;
}
