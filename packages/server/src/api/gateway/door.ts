import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHead } from '@mayfly/wire';
import type { Clock, Limits, Logger, LogSink, Random } from '../../base/index.ts';
import { newTraceId, type Invoker } from '../../invoke/index.ts';
import type { FetchPort, HttpApi, HttpApis, RestApi, RestApis, Sender } from '../../services/index.ts';
import { readBody } from '../body.ts';
import { moved, send } from '../url/door.ts';
import type { HttpReply } from '../url/reply.ts';
import { domainAddress, gatewayAddress, type GatewayAddress } from './address.ts';
import { Callers, type CallersOptions } from './callers.ts';
import { Functions } from './functions.ts';
import { HttpApiServer, type Staged } from './http-api.ts';
import { headerPairs, joinedHeaders, type Incoming } from './incoming.ts';
import { TokenCheck } from './jwt.ts';
import { mostPayloadBytes } from './proxy.ts';
import { messageReply } from './reply.ts';
import type { RestApiServer } from './rest/index.ts';
import type { ServicePort } from './service-calls.ts';

export interface GatewayDoorOptions extends CallersOptions {
  readonly httpApis: HttpApis;
  readonly restApis: RestApis;
  readonly invoker: Invoker;
  /** Whether a function lets the gateway in; absent = everybody is. @throws ServiceFault */
  readonly admit?: (from: Sender, functionArn: string) => void;
  readonly http: Pick<FetchPort, 'fetch'>;
  /** Other services that routes stand for. */
  readonly services?: ServicePort;
  /** Where access logs go. */
  readonly logs?: LogSink;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The data plane of API Gateway: HTTP in, an integration, HTTP out. */
export class GatewayDoor {
  readonly #options: GatewayDoorOptions;
  readonly #callers: Callers;
  readonly #httpServer: HttpApiServer;
  /** Loaded with the first request to a REST API. */
  readonly #loadRest: () => Promise<RestApiServer>;
  #restServer: Promise<RestApiServer> | undefined;

  constructor(options: GatewayDoorOptions) {
    this.#options = options;
    this.#callers = new Callers(options);
    const functions = new Functions(options);
    const tokens = new TokenCheck(options);
    const shared = { ...options, functions, tokens, callers: this.#callers };
    this.#httpServer = new HttpApiServer(shared);
    this.#loadRest = async () => {
      const rest = await import('./rest/index.ts');
      return new rest.RestApiServer({ ...shared, apis: options.restApis });
    };
  }

  /** Where a request goes; undefined when it is for no API. */
  addressed(host: string | undefined, target: string): GatewayAddress | 'nowhere' | undefined {
    const address = gatewayAddress(host, target);
    if (address !== undefined || host === undefined) return address;
    const name = host.replace(/:\d+$/, '').toLowerCase();
    const { httpApis, restApis } = this.#options;
    const mappings = httpApis.domain(name) ?? restApis.domain(name)?.map(({ basePath, ...to }) => ({ ...to, key: basePath }));
    return mappings === undefined ? undefined : domainAddress(mappings, target);
  }

  /** Answers every request it is given. */
  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    address: GatewayAddress | 'nowhere',
    requestId: string,
  ): Promise<void> {
    response.removeHeader('x-amzn-RequestId');
    response.setHeader('apigw-requestid', requestId);
    if (address === 'nowhere') return send(response, messageReply(403, 'Forbidden'));
    const found = this.#find(address.apiId);
    if (found?.kind === 'rest') response.removeHeader('apigw-requestid');
    if (found === undefined) return send(response, messageReply(403, 'Forbidden'));
    if (found.api.closed && address.own !== true) return send(response, absent[found.kind]);
    let reply: HttpReply;
    try {
      const read = await this.#read(request, requestId);
      if (read === 'tooLarge') {
        response.setHeader('Connection', 'close');
        return send(response, messageReply(413, 'Request Entity Too Large'));
      }
      reply = await this.#answer(found, address, read);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'BODY_CUT') return void response.destroy();
      this.#options.log.error('A request to an API could not be answered.', { requestId, error });
      reply = messageReply(500, 'Internal Server Error');
    }
    send(response, moved(reply, address));
  }

  #find(apiId: string): Found | undefined {
    const http = this.#options.httpApis.find(apiId);
    if (http !== undefined) return { kind: 'http', api: http };
    const rest = this.#options.restApis.find(apiId);
    return rest && { kind: 'rest', api: rest };
  }

  async #answer(found: Found, address: GatewayAddress, read: Read): Promise<HttpReply> {
    const [path = '/', query = ''] = cut(address.target);
    const name = address.stage || stageIn(found.api.stages, path);
    const rest = address.stage || name === '$default' ? path : path.slice((name ?? '').length + 1);
    const staged: Staged = {
      ...read,
      incoming: { ...read.incoming, path: rest === '' ? '/' : rest, query },
      basePath: address.own === true ? address.prefix.slice(1) : undefined,
    };
    switch (found.kind) {
      case 'http': {
        const stage = found.api.stages.get(name ?? '');
        return stage === undefined ? absent.http : this.#httpServer.answer(found.api, stage, staged);
      }
      case 'rest': {
        const stage = found.api.stages.get(name ?? '');
        if (stage === undefined) return absent.rest;
        this.#restServer ??= this.#loadRest();
        return (await this.#restServer).answer(found.api, stage, staged);
      }
    }
  }

  async #read(request: IncomingMessage, requestId: string): Promise<Read | 'tooLarge'> {
    const { clock, random } = this.#options;
    const body = await readBody(request, { limitBytes: mostPayloadBytes, hash: this.#callers.hashes });
    if (body === 'tooLarge') return 'tooLarge';
    const header = request.headers['x-amzn-trace-id'];
    const traceId = newTraceId(typeof header === 'string' ? header : undefined, { clock, random });
    const sourceIp = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '127.0.0.1';
    const host = request.headers.host ?? '';
    const { headers, cookies } = joinedHeaders(headerPairs({ rawHeaders: request.rawHeaders, host, sourceIp, traceId }));
    return {
      sha256: body.sha256,
      head: {
        method: request.method ?? 'GET',
        target: request.url ?? '/',
        headers: request.headers as Readonly<Record<string, string | undefined>>,
      },
      incoming: {
        method: request.method ?? 'GET',
        protocol: `HTTP/${request.httpVersion}`,
        path: '/',
        query: '',
        rawHeaders: request.rawHeaders,
        headers,
        cookies,
        host,
        sourceIp,
        body: body.bytes,
        requestId,
        traceId,
        atMs: clock.now(),
      },
    };
  }
}

interface Read {
  readonly sha256: string | undefined;
  readonly head: RequestHead;
  readonly incoming: Incoming;
}

type Found = { readonly kind: 'http'; readonly api: HttpApi } | { readonly kind: 'rest'; readonly api: RestApi };

/** How either kind says that there is nothing to be had there. */
const absent = { http: messageReply(404, 'Not Found'), rest: messageReply(403, 'Forbidden') } as const;

/** A stage of this name, else the one without a name in paths. */
function stageIn(stages: ReadonlyMap<string, unknown>, path: string): string | undefined {
  const [, first = ''] = path.split('/');
  if (first !== '$default' && stages.has(first)) return first;
  return stages.has('$default') ? '$default' : undefined;
}

const cut = (target: string): readonly [string, string] => {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
};
