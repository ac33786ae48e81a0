import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { signalPath } from '../services/index.ts';
import { takeSignal } from './signal-door.ts';
import { accountsPath, serveAccounts, type AccountsPort } from './accounts-door.ts';
import { isOfThisMachine, type OperatorPorts } from './operator.ts';
import { queuePath, serveQueue, type QueuePort } from './queue-door.ts';

/** What `/_mayfly/` tells; `main` plugs it in. */
export interface AdminPorts extends OperatorPorts {
  readonly queue?: QueuePort;
  /** For `--auth strict`. */
  readonly accounts?: AccountsPort;
  /** Prometheus text. */
  metrics(): string;
  status(): Promise<object>;
  /** File of the archive that a link of ours opens; undefined for any other word. */
  archive?(word: string): string | undefined;
  /** Takes what a stack waits for from outside; false when none waits for it under this word. */
  signal?(word: string, answer: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** A document that some service says is at this path. */
  document?(path: string): Promise<string | undefined>;
}

const archivePath = '/_mayfly/code/';

/** Where an archive may be fetched without a signature. */
export const archiveLink = (origin: string, word: string): string => `${origin}${archivePath}${word}`;

/** `/_mayfly/health`, `/_mayfly/status`, `/_mayfly/metrics`. Never rejects. */
export async function serveAdmin(
  request: IncomingMessage,
  response: ServerResponse,
  ports: AdminPorts,
  state: { readonly ready: boolean },
): Promise<void> {
  const path = (request.url ?? '').split('?')[0];
  const json = (status: number, document: object): void => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
  };
  if (path === queuePath || path?.startsWith(`${queuePath}/`) === true) return serveQueue(request, response, ports);
  if (path === accountsPath || path?.startsWith(`${accountsPath}/`) === true) return serveAccounts(request, response, ports);
  if (path?.startsWith(signalPath) === true && ports.signal !== undefined)
    return takeSignal(
      request,
      response,
      (answer) => ports.signal?.(path.slice(signalPath.length), answer) ?? Promise.resolve(false),
    );
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { message: 'Only GET.' });
  if (path?.startsWith(archivePath) === true) {
    const file = ports.archive?.(path.slice(archivePath.length));
    if (file === undefined)
      return json(403, { message: 'This link is not valid, or not any more. GetFunction gives a new one.' });
    return sendFile(request, response, file);
  }
  // Names of functions and folders are nobody's business where keys are asked for.
  if ((path === '/_mayfly/status' || path === '/_mayfly/metrics') && ports.signatures !== undefined && !isOfThisMachine(request))
    return json(403, { message: 'Where signatures are verified this is for callers on the same machine.' });
  switch (path) {
    case '/_mayfly/health':
      return state.ready ? json(200, { status: 'ok' }) : json(503, { status: 'stopping' });
    case '/_mayfly/status':
      return json(200, await ports.status());
    case '/_mayfly/metrics':
      response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(ports.metrics());
      return;
    default: {
      const document = await ports.document?.(path ?? '');
      if (document !== undefined)
        return void response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(document);
      return json(404, { message: `Nothing is at ${path}. There are /_mayfly/health, /_mayfly/status and /_mayfly/metrics.` });
    }
  }
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
  const { size } = await stat(file);
  response.writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': size });
  if (request.method === 'HEAD') return void response.end();
  // A client that goes away in the middle is no failure of ours.
  await pipeline(createReadStream(file), response).catch(() => response.destroy());
}
