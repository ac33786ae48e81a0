import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FunctionVersion } from '../../control/index.ts';
import { errorTypeOf } from '../failures.ts';
import { readBody } from '../transport/http-body.ts';
import { notAllowed, notFound, send, tell, type InsideHandler } from '../transport/runtime-api.ts';
import type { Extension, ExtensionEvent } from './extension.ts';
import type { Extensions } from './extensions.ts';

const prefix = '/2020-01-01/extension/';
/** Of a registration or an error. */
const maxBodyBytes = 262_144;

/** The Extensions API over HTTP. @source spec 3.4 */
export function extensionsApi(extensions: Extensions, version: FunctionVersion): InsideHandler {
  return (request, response, path) => {
    switch (path.slice(prefix.length)) {
      case 'register':
        return request.method === 'POST' ? void register(extensions, version, request, response) : notAllowed(response);
      case 'event/next':
        return request.method === 'GET' ? next(extensions, request, response) : notAllowed(response);
      case 'init/error':
        return request.method === 'POST' ? void error(extensions, 'init', request, response) : notAllowed(response);
      case 'exit/error':
        return request.method === 'POST' ? void error(extensions, 'exit', request, response) : notAllowed(response);
      default:
        return notFound(response);
    }
  };
}

export const isExtensionPath = (path: string): boolean => path.startsWith(prefix);

async function register(
  extensions: Extensions,
  version: FunctionVersion,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes);
  const name = header(request, 'lambda-extension-name');
  if (name === undefined || !/^[\w.-]{1,128}$/.test(name)) {
    return tell(response, 400, 'Extension.InvalidExtensionName', 'Empty or invalid extension name');
  }
  const events = body.kind === 'whole' ? eventsOf(body.bytes) : undefined;
  if (events === undefined)
    return tell(
      response,
      400,
      'Extension.InvalidEventType',
      `Invalid registration of ${name}: events must be INVOKE or SHUTDOWN`,
    );
  const extension = extensions.register(name, events);
  if (typeof extension === 'string') return tell(response, 403, 'Extension.RegistrationRefused', extension);
  const wantsAccount = header(request, 'lambda-extension-accept-feature')
    ?.split(',')
    .some((feature) => feature.trim() === 'accountId');
  const answer = {
    functionName: version.functionName,
    functionVersion: version.version,
    handler: version.handler ?? '',
    ...(wantsAccount === true ? { accountId: version.account } : {}),
  };
  send(response, 200, JSON.stringify(answer), { 'Lambda-Extension-Identifier': extension.id });
}

function eventsOf(bytes: Buffer): readonly ExtensionEvent[] | undefined {
  try {
    const value: unknown = bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
    const events = (value as { events?: unknown } | null)?.events ?? [];
    if (!Array.isArray(events)) return undefined;
    return events.every((event): event is ExtensionEvent => event === 'INVOKE' || event === 'SHUTDOWN') ? events : undefined;
  } catch {
    return undefined;
  }
}

function next(extensions: Extensions, request: IncomingMessage, response: ServerResponse): void {
  const extension = identified(extensions, request, response);
  if (extension === undefined) return;
  const accepted = extensions.next(extension, (event, eventId) => {
    if (response.destroyed) return false;
    send(response, 200, JSON.stringify(event), { 'Lambda-Extension-Event-Identifier': eventId });
    return true;
  });
  if (!accepted)
    tell(response, 403, 'Extension.InvalidStateTransition', `Extension ${extension.name} cannot ask for an event now`);
}

async function error(
  extensions: Extensions,
  phase: 'init' | 'exit',
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await readBody(request, maxBodyBytes);
  const extension = identified(extensions, request, response);
  if (extension === undefined) return;
  const told = header(request, 'lambda-extension-function-error-type');
  if (told === undefined)
    return tell(response, 400, 'Extension.MissingHeader', 'Lambda-Extension-Function-Error-Type is missing');
  if (phase === 'init' && extension.state !== 'registered') {
    return tell(response, 403, 'Extension.InvalidStateTransition', `Extension ${extension.name} is initialised`);
  }
  // The answer leaves first: the environment ends with the error, and its connections with it.
  send(response, 202, '{"status":"OK"}');
  extensions.error(extension, phase, /^(Extension|[\w]+)\.[\w.]{1,100}$/.test(told) ? told : errorTypeOf(told));
}

/** The caller of a request, by its identifier; answers the request when there is none. */
export function identified(extensions: Extensions, request: IncomingMessage, response: ServerResponse): Extension | undefined {
  const id = header(request, 'lambda-extension-identifier');
  const extension = extensions.byId(id);
  if (extension !== undefined) return extension;
  if (id === undefined) tell(response, 403, 'Extension.MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header');
  else tell(response, 403, 'Extension.UnknownExtensionIdentifier', `Unknown extension ${id.slice(0, 64)}`);
  return undefined;
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};
