import type { RestApi, RestApis, RestResource, RestStage } from '../../../services/index.ts';
import type { HttpReply } from '../../url/reply.ts';
import type { Clock, LogSink } from '../../../base/index.ts';
import { AccessLogs } from '../access-log.ts';
import { extendedRequestId } from '../event-v1.ts';
import type { Staged } from '../http-api.ts';
import { RouteTable } from '../routes.ts';
import { RestAuthorizers, shownKey, type RestAuthorizersOptions } from './authorizers.ts';
import { contextOf, reach, type Exchange } from './exchange.ts';
import { RestIntegrations, type RestIntegrationsOptions } from './integrations.ts';
import { refusal } from './refusal.ts';
import { keptOut } from './resource-policy.ts';
import { invalid } from './validation.ts';

export interface RestApiOptions extends RestAuthorizersOptions, RestIntegrationsOptions {
  readonly apis: RestApis;
  /** Absent = nothing is written of requests. */
  readonly logs?: LogSink;
}

const tables = new WeakMap<RestStage, RouteTable<RestResource>>();

/** The data plane of REST APIs. */
export class RestApiServer {
  readonly #apis: RestApis;
  readonly #authorizers: RestAuthorizers;
  readonly #integrations: RestIntegrations;
  /** Whether policies are asked. */
  readonly #strict: boolean;
  readonly #logs: AccessLogs | undefined;
  readonly #clock: Clock;

  constructor(options: RestApiOptions) {
    this.#apis = options.apis;
    this.#authorizers = new RestAuthorizers(options);
    this.#integrations = new RestIntegrations(options);
    this.#strict = options.callers.hashes;
    this.#logs = options.logs === undefined ? undefined : new AccessLogs(options.logs);
    this.#clock = options.clock;
  }

  async answer(api: RestApi, stage: RestStage, request: Staged): Promise<HttpReply> {
    const exchange: Exchange = { ...request, api, stage, parameters: {}, identity: {} };
    const { requestId, atMs } = request.incoming;
    const reply = await this.#answered(exchange);
    this.#logs?.write(api, stage, atMs, (name) => logged(exchange, reply, this.#clock.now() - atMs, name));
    const ids = { 'x-amzn-RequestId': requestId, 'x-amz-apigw-id': extendedRequestId(requestId) };
    return { ...reply, headers: { ...reply.headers, ...ids } };
  }

  async #answered(exchange: Exchange): Promise<HttpReply> {
    const { api, stage, incoming } = exchange;
    let table = tables.get(stage);
    if (table === undefined) {
      const { resources } = stage.definition;
      tables.set(
        stage,
        (table = new RouteTable(
          resources
            .filter(({ methods }) => Object.keys(methods).length > 0)
            .map((route) => ({ method: 'ANY', path: route.path, route })),
        )),
      );
    }
    const path = incoming.path.length > 1 ? incoming.path.replace(/\/$/, '') : incoming.path;
    const match = table.find(incoming.method, path);
    const methods = match?.route.methods ?? {};
    const method = Object.hasOwn(methods, incoming.method) ? methods[incoming.method] : methods['ANY'];
    if (match === undefined || method === undefined) return refusal(exchange, 'MISSING_AUTHENTICATION_TOKEN');
    Object.assign(exchange, { resource: match.route, parameters: match.parameters, method });
    const denied = await this.#authorizers.authorize(exchange);
    if (denied !== undefined) return denied;
    const outside = this.#strict ? keptOut(exchange) : undefined;
    if (outside !== undefined) return outside;
    if (method.apiKeyRequired) {
      const shown = shownKey(exchange);
      const key = shown === undefined ? undefined : this.#apis.key(shown, api.id, stage.name);
      if (key === undefined) return refusal(exchange, 'INVALID_API_KEY');
      exchange.identity = { ...exchange.identity, apiKey: shown, apiKeyId: key.id };
    }
    const wrong = invalid(exchange);
    if (wrong !== undefined) return wrong;
    if (method.integration === undefined) return refusal(exchange, 'API_CONFIGURATION_ERROR');
    return this.#integrations.ask(exchange, method.integration);
  }
}

/** `$context` of access logs has the answer, too. @source API Gateway Developer Guide, "Variables for access logging for API Gateway", read 2026-11 */
function logged(exchange: Exchange, { status, body }: HttpReply, latencyMs: number, name: string): string | undefined {
  const ended = { status, responseLength: body.length, responseLatency: latencyMs };
  const value = reach({ ...contextOf(exchange), ...ended }, name);
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
