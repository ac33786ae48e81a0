import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorTypeOf } from '../failures.ts';
import type { Invocation, StreamEnd } from '../port.ts';
import type { NextWaiter, Refusal, Session } from '../session.ts';
import { Attempts, staleInvocation } from './attempts.ts';
import { readBody } from './http-body.ts';

/** Answers one request of a process inside a box. */
export type InsideHandler = (request: IncomingMessage, response: ServerResponse, path: string) => void;

export interface RuntimeApiLimits {
  /** @source spec 2.3-03 */
  readonly responseBytes: number;
}

/** Of `Lambda-Runtime-Function-Error-Body`, which is base64. */
const maxErrorBodyText = 1_048_576;
/** Of an initialisation error, of which several might come at once. */
const maxInitErrorBytes = 262_144;
const prefix = '/2018-06-01';
const invocation = `${prefix}/runtime/invocation/`;

/** The Runtime API over HTTP. @source spec 3.2, 3.3 */
export function runtimeApi(session: Session, limits: RuntimeApiLimits, attempts = new Attempts()): InsideHandler {
  return (request, response, path) => {
    const { method } = request;
    if (path === `${invocation}next`) return method === 'GET' ? next(session, attempts, response) : notAllowed(response);
    if (path.startsWith(invocation)) {
      const [requestId = '', verb, ...more] = path.slice(invocation.length).split('/');
      if (more.length > 0 || (verb !== 'response' && verb !== 'error')) return notFound(response);
      if (method !== 'POST') return notAllowed(response);
      if (!attempts.match(requestId, single(request, 'lambda-runtime-invocation-id')))
        return refuseUnread(request, response, staleInvocation);
      return void (verb === 'error'
        ? error(session, limits, requestId, request, response)
        : answer(session, limits, requestId, request, response));
    }
    switch (path) {
      case `${prefix}/runtime/init/error`:
        return method === 'POST' ? void initError(session, request, response) : notAllowed(response);
      case `${prefix}/ping`:
        return void response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 4 }).end('pong');
      case `${prefix}/runtime/restore/next`:
      case `${prefix}/runtime/restore/error`:
        // @source spec 3.2-05: SnapStart is off for this function
        return tell(response, 404, 'SnapStartNotEnabled', 'SnapStart is not enabled for this function.');
      default:
        return notFound(response);
    }
  };
}

function next(session: Session, attempts: Attempts, response: ServerResponse): void {
  const waiter: NextWaiter = {
    deliver: (event) => {
      if (response.destroyed || response.socket?.destroyed !== false) return false;
      response.writeHead(200, eventHeaders(event, attempts.begin(event.requestId))).end(event.payload);
      return true;
    },
  };
  response.on('close', () => session.withdraw(waiter));
  const refusal = session.next(waiter);
  if (refusal !== undefined) refuse(response, refusal);
}

/** @source spec 3.2-09 to 3.2-16 */
export function eventHeaders(event: Invocation, attempt: string): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json',
    'Content-Length': event.payload.byteLength,
    'Lambda-Runtime-Aws-Request-Id': headerText(event.requestId),
    'Lambda-Runtime-Invocation-Id': headerText(attempt),
    'Lambda-Runtime-Deadline-Ms': event.deadlineMs,
    'Lambda-Runtime-Invoked-Function-Arn': headerText(event.invokedArn),
    'Lambda-Runtime-Trace-Id': headerText(event.traceId),
  };
  if (event.clientContext !== undefined) headers['Lambda-Runtime-Client-Context'] = headerText(event.clientContext);
  if (event.cognitoIdentity !== undefined) headers['Lambda-Runtime-Cognito-Identity'] = headerText(event.cognitoIdentity);
  if (event.tenantId !== undefined) headers['Lambda-Runtime-Aws-Tenant-Id'] = headerText(event.tenantId);
  return headers;
}

/**
 * A value that somebody else made, as a header's: UTF-8 bytes as they came. A control character would end the
 * header, or the whole answer; none is part of JSON text or of a trace id.
 */
function headerText(text: string): string {
  if (/^[\u0020-\u007e]*$/.test(text)) return text;
  // oxlint-disable-next-line no-control-regex
  return Buffer.from(text.replaceAll(/[\u0000-\u001f\u007f]/g, ' '), 'utf8').toString('latin1');
}

async function answer(
  session: Session,
  limits: RuntimeApiLimits,
  requestId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = session.receive(requestId);
  if (refusal !== undefined) return refuseUnread(request, response, refusal);
  const mode = single(request, 'lambda-runtime-function-response-mode');
  if (mode !== undefined && mode.toLowerCase() === 'streaming') return stream(session, requestId, request, response);
  if (mode !== undefined && mode.toLowerCase() !== 'buffered') {
    return refuseUnread(request, response, session.invalidMode(requestId, mode));
  }
  const body = await readBody(request, limits.responseBytes);
  switch (body.kind) {
    case 'whole':
      return settle(response, session.answer(requestId, body.bytes, request.headers['content-type']));
    case 'tooLarge':
      return settle(response, session.answerTooLarge(requestId));
    case 'truncated':
      return settle(response, session.answerTruncated(requestId));
  }
}

/** @source spec 3.3-01, 3.3-02 */
function stream(session: Session, requestId: string, request: IncomingMessage, response: ServerResponse): void {
  const stream = session.stream(requestId, request.headers['content-type'] ?? 'application/octet-stream');
  if ('status' in stream) return refuseUnread(request, response, stream);
  stream.onRoom = () => void request.resume();
  request.on('data', (piece: Buffer) => {
    if (!session.streamed(stream, piece)) request.pause();
  });
  request.on('end', () => {
    session.streamEnded(requestId, trailerEnd(request));
    settle(response, undefined);
  });
  request.on('error', () => {});
  request.on('close', () => {
    if (request.complete) return;
    session.streamEnded(requestId, truncated(requestId));
  });
}

function trailerEnd(request: IncomingMessage): StreamEnd {
  const told = request.trailers['lambda-runtime-function-error-type'];
  if (told === undefined) return { kind: 'complete' };
  const errorType = errorTypeOf(told);
  const encoded = (request.trailers['lambda-runtime-function-error-body'] ?? '').slice(0, maxErrorBodyText);
  const body = Buffer.from(encoded, 'base64');
  return {
    kind: 'failed',
    errorType,
    body: body.length > 0 ? body : Buffer.from(JSON.stringify({ errorType, errorMessage: '' })),
  };
}

/** @source spec 2.4-16 */
const truncated = (requestId: string): StreamEnd => ({
  kind: 'failed',
  errorType: 'Runtime.TruncatedResponse',
  body: Buffer.from(
    JSON.stringify({
      errorType: 'Runtime.TruncatedResponse',
      errorMessage: `RequestId: ${requestId} Error: The response was truncated`,
    }),
  ),
});

async function error(
  session: Session,
  limits: RuntimeApiLimits,
  requestId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = session.receive(requestId);
  if (refusal !== undefined) return refuseUnread(request, response, refusal);
  const errorType = single(request, 'lambda-runtime-function-error-type');
  const body = await readBody(request, limits.responseBytes);
  if (body.kind === 'tooLarge') return settle(response, session.answerTooLarge(requestId));
  if (body.kind === 'truncated') return settle(response, session.answerTruncated(requestId));
  settle(response, session.error(requestId, errorType, body.bytes));
}

async function initError(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const errorType = single(request, 'lambda-runtime-function-error-type');
  const body = await readBody(request, maxInitErrorBytes);
  const bytes =
    body.kind === 'whole' ? body.bytes : Buffer.from(JSON.stringify({ errorType: errorTypeOf(errorType), errorMessage: '' }));
  // The answer leaves first: the session ends with the error, and its connections with it.
  if (session.state === 'initialising') settle(response, undefined);
  const refusal = session.initError(errorType, bytes);
  if (refusal !== undefined && !response.headersSent) refuse(response, refusal);
}

const single = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

function settle(response: ServerResponse, refusal: Refusal | undefined): void {
  if (refusal === undefined) send(response, 202, '{"status":"OK"}\n');
  else refuse(response, refusal);
}

/** Answers before the body has come, and lets the body go by. */
function refuseUnread(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  request.resume();
  refuse(response, refusal);
}

const refuse = (response: ServerResponse, { status, errorType, errorMessage }: Refusal): void =>
  tell(response, status, errorType, errorMessage);

/** @source spec 3.2-08 */
export function tell(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  send(response, status, JSON.stringify({ errorMessage, errorType }));
}

export function send(response: ServerResponse, status: number, text: string, headers?: Record<string, string>): void {
  if (response.destroyed || response.headersSent) return;
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...headers })
    .end(text);
}

export const notFound = (response: ServerResponse): void => tell(response, 404, 'NotFound', 'Not found');
export const notAllowed = (response: ServerResponse): void => tell(response, 405, 'MethodNotAllowed', 'Method not allowed');
