import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readCredentialScope, ServiceFault, type RequestHead } from '@mayfly/wire';
import type { Clock, Limits, Logger, Random, RequestId } from '../../base/index.ts';
import { buffered, newTraceId, type Invoker, type Outcome } from '../../invoke/index.ts';
import type { Authoriser } from '../authoriser.ts';
import { readBody } from '../body.ts';
import { openCaller, strictCaller, type CallerSource, type Identified, type SignatureCheck } from '../caller.ts';
import type { Addressed } from './address.ts';
import { corsHeaders, preflight } from './cors.ts';
import { eventOf } from './event.ts';
import type { FunctionUrl, FunctionUrls } from './port.ts';
import { internalServerError, prelude, replyOf, type HttpReply } from './reply.ts';

export interface UrlDoorOptions {
  readonly urls: FunctionUrls;
  readonly invoker: Invoker;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signatures?: SignatureCheck;
  readonly callers?: CallerSource;
  /** Absent = everybody may call. */
  readonly authoriser?: Pick<Authoriser, 'mayCallUrl'>;
}

/** The data plane of function URLs: HTTP in, one invocation, HTTP out. @source spec 2.8 */
export class UrlDoor {
  readonly #options: UrlDoorOptions;

  constructor(options: UrlDoorOptions) {
    this.#options = options;
  }

  /** Answers every request it is given. */
  async serve(request: IncomingMessage, response: ServerResponse, addressed: Addressed, requestId: string): Promise<void> {
    const url = this.#options.urls.find(addressed.id);
    if (url === undefined) return send(response, refusal(404, 'ResourceNotFoundException', { Message: null }));
    const origin = request.headers.origin;
    const wanted = request.headers['access-control-request-method'];
    if (url.cors !== undefined && request.method === 'OPTIONS' && wanted !== undefined) {
      const headers = preflight(url.cors, { origin, method: wanted, headers: request.headers['access-control-request-headers'] });
      return send(response, { status: 200, headers, body: nothing });
    }
    try {
      await this.#invoke(url, request, response, addressed, requestId);
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      send(response, withHeaders(faultReply(error, this.#options.log, requestId), corsHeaders(url.cors, origin)));
    }
  }

  async #invoke(
    url: FunctionUrl,
    request: IncomingMessage,
    response: ServerResponse,
    addressed: Addressed,
    requestId: string,
  ): Promise<void> {
    const { limits, clock, random, invoker } = this.#options;
    const body = await readBody(request, {
      limitBytes: limits.syncRequestBytes,
      hash: this.#options.signatures !== undefined && url.authType === 'AWS_IAM',
    });
    if (body === 'tooLarge') {
      response.setHeader('Connection', 'close');
      return send(
        response,
        refusal(413, 'RequestEntityTooLargeException', {
          message: `Request must be smaller than ${limits.syncRequestBytes} bytes for the InvokeFunction operation`,
        }),
      );
    }
    const who = url.authType === 'AWS_IAM' ? await this.#signer(request, url, body.sha256 ?? '') : undefined;
    const headers = request.headers as Readonly<Record<string, string | undefined>>;
    const caller = who?.caller ?? { kind: 'anonymous' as const };
    if (
      this.#options.authoriser?.mayCallUrl(url, {
        caller,
        account: who?.account ?? url.account,
        region: url.region,
        headers,
        sourceIp: request.socket.remoteAddress,
      }) === false
    )
      throw forbidden();
    const header = request.headers['x-amzn-trace-id'];
    const traceId = newTraceId(typeof header === 'string' ? header : undefined, { clock, random });
    const event = eventOf(url, {
      method: request.method ?? 'GET',
      protocol: `HTTP/${request.httpVersion}`,
      addressed,
      rawHeaders: request.rawHeaders,
      host: request.headers.host ?? '',
      sourceIp: request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1',
      body: body.bytes,
      requestId: requestId as RequestId,
      traceId,
      atMs: clock.now(),
      ...(who?.caller.kind === 'signed'
        ? { iam: { accessKey: who.caller.accessKeyId, account: who.account, arn: who.caller.arn, userId: who.caller.userId } }
        : {}),
    });
    const { outcome } = await invoker.invoke({
      account: url.account,
      region: url.region,
      functionName: url.functionName,
      ...(url.qualifier === undefined ? {} : { qualifier: url.qualifier }),
      requestId: requestId as RequestId,
      payload: Buffer.from(JSON.stringify(event)),
      traceId,
    });
    response.setHeader('X-Amzn-Trace-Id', traceId.split(';')[0] ?? traceId);
    const cors = corsHeaders(url.cors, request.headers.origin);
    if (outcome.kind === 'streamed' && url.invokeMode === 'RESPONSE_STREAM') {
      return this.#stream(outcome, response, cors, addressed);
    }
    send(response, withHeaders(moved(await this.#whole(outcome, url), addressed), cors));
  }

  /** Open mode takes any signature, but a caller must have signed. @source spec 2.8-11, 2.8-12 */
  async #signer(request: IncomingMessage, url: FunctionUrl, sha256: string): Promise<Identified> {
    const head: RequestHead = {
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      headers: request.headers as Readonly<Record<string, string | undefined>>,
    };
    if (readCredentialScope(head) === undefined) throw forbidden();
    const { signatures, callers } = this.#options;
    if (signatures === undefined) return openCaller(head, url.region, callers);
    const who = await strictCaller(head, sha256, url.region, signatures);
    if (this.#options.authoriser === undefined && who.account !== url.account) throw forbidden();
    return who;
  }

  async #whole(outcome: Outcome, url: FunctionUrl): Promise<HttpReply> {
    const isHttp = outcome.kind === 'streamed' && outcome.contentType === httpIntegration;
    const result = await buffered(outcome, this.#options.limits.syncResponseBytes);
    if (result.functionError !== undefined) return internalServerError;
    if (isHttp) {
      const split = await prelude(once(result.body));
      return split === undefined ? internalServerError : { ...split.head, body: split.first };
    }
    // A streaming URL hands on what a handler returned as it is. @source spec 2.8-14
    if (url.invokeMode === 'RESPONSE_STREAM')
      return { status: 200, headers: { 'Content-Type': 'application/octet-stream' }, body: result.body };
    return replyOf(result.body);
  }

  async #stream(
    outcome: Extract<Outcome, { kind: 'streamed' }>,
    response: ServerResponse,
    cors: Readonly<Record<string, string>>,
    addressed: Addressed,
  ): Promise<void> {
    const source = outcome.body[Symbol.asyncIterator]();
    let head: Pick<HttpReply, 'status' | 'headers'> = { status: 200, headers: { 'Content-Type': outcome.contentType } };
    let first: Uint8Array = nothing;
    if (outcome.contentType === httpIntegration) {
      const split = await prelude(source);
      if (split === undefined) {
        await source.return?.();
        return send(response, withHeaders(internalServerError, cors));
      }
      ({ head, first } = split);
    }
    const { status, headers } = withHeaders(moved({ ...head, body: nothing }, addressed), cors);
    response.writeHead(status, headers as Record<string, string | string[]>);
    response.flushHeaders();
    async function* pieces(): AsyncGenerator<Uint8Array> {
      if (first.length > 0) yield first;
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
      // Too late for a status: a broken stream is told by cutting it.
      if ((await outcome.end).kind === 'failed') throw new Error('The function ended in the middle of its answer.');
    }
    try {
      await pipeline(Readable.from(pieces(), { objectMode: false }), response);
    } catch (error) {
      this.#options.log.debug('A streamed answer was cut.', { error });
      response.destroy();
      // The handler goes on as it would have; nobody reads it any more.
      await source.return?.();
    }
  }
}

const nothing = new Uint8Array(0);
const httpIntegration = 'application/vnd.awslambda.http-integration-response';

const forbidden = (): ServiceFault =>
  new ServiceFault(
    'AccessDeniedException',
    'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
    { status: 403 },
  );

const refusal = (status: number, type: string, document: object): HttpReply => ({
  status,
  headers: { 'Content-Type': 'application/json', 'x-amzn-ErrorType': type },
  body: Buffer.from(JSON.stringify(document)),
});

function faultReply(error: unknown, log: Logger, requestId: string): HttpReply {
  if (!(error instanceof ServiceFault)) {
    log.error('A function URL could not be served.', { requestId, error });
    return refusal(502, 'ServiceException', { message: 'Internal Server Error' });
  }
  const key = error.code === 'AccessDeniedException' ? 'Message' : 'message';
  return refusal(error.status ?? 400, error.code, { ...error.members, [key]: error.message });
}

export const withHeaders = (reply: HttpReply, headers: Readonly<Record<string, string>>): HttpReply => {
  if (Object.keys(headers).length === 0) return reply;
  // Configured CORS has the last word. @source spec 2.8-13
  const kept = Object.entries(reply.headers).filter(([name]) => !name.toLowerCase().startsWith('access-control-'));
  return { ...reply, headers: { ...Object.fromEntries(kept), ...headers } };
};

/**
 * What an address below our own origin needs: a redirect to `/…` must stay below its prefix, and a page
 * must not act with the origin of the AWS API, so browsers are told to give it an origin of its own.
 */
export function moved(reply: HttpReply, { prefix }: Pick<Addressed, 'prefix'>): HttpReply {
  if (prefix === '') return reply;
  const policies: string[] = [];
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(reply.headers)) {
    const lower = name.toLowerCase();
    if (lower === 'content-security-policy') policies.push(String(value));
    else headers[name] = lower === 'location' && typeof value === 'string' && /^\/(?!\/)/.test(value) ? prefix + value : value;
  }
  headers['Content-Security-Policy'] = [...policies, sandboxed];
  return { ...reply, headers };
}

const sandboxed = 'sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads';

export function send(response: ServerResponse, { status, headers, body }: HttpReply): void {
  const empty = status === 204 || status === 304;
  response.writeHead(status, {
    ...(headers as Record<string, string | string[]>),
    ...(empty ? {} : { 'Content-Length': body.length }),
  });
  response.end(empty || response.req.method === 'HEAD' ? undefined : body);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
