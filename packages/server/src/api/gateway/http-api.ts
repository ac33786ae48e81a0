import type { LogSink } from '../../base/index.ts';
import type { HttpApi, HttpStage } from '../../services/index.ts';
import type { RequestHead } from '@mayfly/wire';
import { corsHeaders, preflight } from '../url/cors.ts';
import { withHeaders } from '../url/door.ts';
import type { HttpReply } from '../url/reply.ts';
import { AccessLogs } from './access-log.ts';
import { HttpAuthorizers, type HttpAuthorizersOptions } from './http-authorizers.ts';
import { HttpIntegrations, type HttpIntegrationsOptions } from './http-integrations.ts';
import { matchOf } from './http-route.ts';
import type { Incoming } from './incoming.ts';
import { contextValue, type Journal } from './journal.ts';
import { mappedReply, mappedRequest, Values } from './mapping.ts';
import { messageReply } from './reply.ts';
import { Throttle } from './throttle.ts';

export interface HttpApiOptions extends HttpAuthorizersOptions, HttpIntegrationsOptions {
  /** Absent = nothing is written of requests. */
  readonly logs?: LogSink;
}

/** A request that has found its stage. */
export interface Staged {
  readonly incoming: Incoming;
  readonly head: RequestHead;
  /** Hex; where signatures are checked. */
  readonly sha256?: string | undefined;
  /** Key of the mapping that a domain name led here by. */
  readonly basePath?: string | undefined;
}

/** The data plane of HTTP APIs. */
export class HttpApiServer {
  readonly #options: HttpApiOptions;
  readonly #authorizers: HttpAuthorizers;
  readonly #integrations: HttpIntegrations;
  readonly #throttle: Throttle;
  readonly #logs: AccessLogs | undefined;

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#authorizers = new HttpAuthorizers(options);
    this.#integrations = new HttpIntegrations(options);
    this.#throttle = new Throttle(options.clock);
    this.#logs = options.logs === undefined ? undefined : new AccessLogs(options.logs);
  }

  async answer(api: HttpApi, stage: HttpStage, request: Staged): Promise<HttpReply> {
    const { incoming, basePath } = request;
    const journal: Journal = { api, stage, incoming, basePath };
    const reply = await this.#answered(journal, request);
    journal.ended = { reply, latencyMs: this.#options.clock.now() - incoming.atMs };
    this.#logs?.write(api, stage, incoming.atMs, (name) => contextValue(journal, name));
    return reply;
  }

  async #answered(journal: Journal, request: Staged): Promise<HttpReply> {
    const { api, incoming } = journal;
    const { origin, 'access-control-request-method': wanted, 'access-control-request-headers': wantedHeaders } = incoming.headers;
    if (api.cors !== undefined && incoming.method === 'OPTIONS' && origin !== undefined && wanted !== undefined) {
      const headers = preflight(api.cors, { origin, method: wanted, headers: wantedHeaders });
      return { status: 204, headers, body: new Uint8Array(0) };
    }
    return withHeaders(await this.#routed(journal, request), corsHeaders(api.cors, origin));
  }

  async #routed(journal: Journal, request: Staged): Promise<HttpReply> {
    const { stage, incoming } = journal;
    const match = matchOf(stage, incoming);
    const integration = match?.route.integration;
    if (match === undefined || integration === undefined) return refused(journal, 'NOT_FOUND', messageReply(404, 'Not Found'));
    journal.match = match;
    if (!this.#throttle.admits(match.route)) return refused(journal, 'THROTTLED', messageReply(429, 'Too Many Requests'));
    const values = new Values(journal);
    const authorized = await this.#authorizers.authorize({ journal, match, values }, request);
    if ('status' in authorized) return refused(journal, denials[authorized.status] ?? 'AUTHORIZER_FAILURE', authorized);
    Object.assign(journal, authorized);
    const beganMs = this.#options.clock.now();
    const mapped = mappedRequest(integration.requestRules, incoming, values);
    const { reply, failure } = await this.#integrations.ask({ journal, match, integration, authorized, values }, mapped);
    const requestId = reply.headers['x-amzn-RequestId'];
    journal.integration = {
      latencyMs: this.#options.clock.now() - beganMs,
      status: reply.status,
      ...(typeof requestId === 'string' ? { requestId } : {}),
      ...(failure === undefined ? {} : { error: failure }),
    };
    if (failure !== undefined)
      return refused(journal, reply.status === 504 ? 'INTEGRATION_TIMEOUT' : 'INTEGRATION_FAILURE', reply);
    return mappedReply(integration.responseRules[reply.status], reply, new Values(journal, reply));
  }
}

/** How access logs call it, by status. */
const denials: Readonly<Record<number, string>> = { 401: 'UNAUTHORIZED', 403: 'ACCESS_DENIED' };

/** The gateway answers by itself. */
function refused(journal: Journal, type: string, reply: HttpReply): HttpReply {
  const { message } = JSON.parse(Buffer.from(reply.body).toString('utf8')) as { readonly message: string };
  journal.error = { message, type };
  if (type === 'AUTHORIZER_FAILURE') journal.authorizerError = message;
  return reply;
}
