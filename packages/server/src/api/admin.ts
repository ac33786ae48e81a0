import type { IncomingMessage, ServerResponse } from 'node:http';

/** What `/_mayfly/` tells; `main` plugs it in. */
export interface AdminPorts {
  /** Prometheus text. */
  metrics(): string;
  status(): Promise<object>;
}

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
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { message: 'Only GET.' });
  switch (path) {
    case '/_mayfly/health':
      return state.ready ? json(200, { status: 'ok' }) : json(503, { status: 'stopping' });
    case '/_mayfly/status':
      return json(200, await ports.status());
    case '/_mayfly/metrics':
      response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(ports.metrics());
      return;
    default:
      return json(404, { message: `Nothing is at ${path}. There are /_mayfly/health, /_mayfly/status and /_mayfly/metrics.` });
  }
}
