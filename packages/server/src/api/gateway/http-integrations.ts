import type { Logger } from '../../base/index.ts';
import type { HttpIntegration, HttpRoute } from '../../services/index.ts';
import type { HttpReply } from '../url/reply.ts';
import { eventV1 } from './event-v1.ts';
import { eventV2 } from './event-v2.ts';
import { withVariables, type Called, type Functions } from './functions.ts';
import { arnOf, pathOf, routedOf, routedV1, type Authorized } from './http-route.ts';
import type { Incoming } from './incoming.ts';
import type { Journal } from './journal.ts';
import type { Values } from './mapping.ts';
import { filledUrl, proxied, type ProxyOptions } from './proxy.ts';
import { internal, messageReply, replyV1, replyV2 } from './reply.ts';
import type { Match } from './routes.ts';
import { serviceReply, type ServicePort } from './service-calls.ts';

export interface HttpIntegrationsOptions extends ProxyOptions {
  readonly functions: Functions;
  /** Absent = no route stands for an operation of another service. */
  readonly services?: ServicePort;
  readonly log: Logger;
}

/** What an integration is asked with. */
export interface Leg {
  readonly journal: Journal;
  readonly match: Match<HttpRoute>;
  readonly integration: HttpIntegration;
  readonly authorized: Authorized;
  readonly values: Values;
}

/** With a failure it is the gateway that answers. */
export interface Answered {
  readonly reply: HttpReply;
  readonly failure?: string;
}

const isOperation = (integration: HttpIntegration): integration is HttpIntegration & { readonly operation: object } =>
  integration.operation !== undefined;

/** What stands behind the routes of HTTP APIs: functions, servers elsewhere, operations of other services. */
export class HttpIntegrations {
  readonly #options: HttpIntegrationsOptions;

  constructor(options: HttpIntegrationsOptions) {
    this.#options = options;
  }

  async ask({ journal, match, integration, authorized, values }: Leg, incoming: Incoming): Promise<Answered> {
    const { api, stage } = journal;
    const { route, parameters } = match;
    const sourceArn = arnOf(api, stage, route.key === '$default' ? '/$default' : `/${incoming.method}${pathOf(route.key)}`);
    if (isOperation(integration)) return this.#operated(integration, values, { ...api, sourceArn });
    if (integration.type === 'HTTP_PROXY') {
      const url = filledUrl(withVariables(integration.uri, stage.variables), parameters);
      const path = incoming.path === journal.incoming.path ? undefined : incoming.path;
      return this.#proxy(incoming, { url, path, method: integration.method, timeoutMs: integration.timeoutMs });
    }
    const isV2 = integration.payloadFormat === '2.0';
    const routed = routedOf(api, stage, match, authorized);
    const called = await this.#options.functions.call({
      uri: integration.uri,
      event: isV2 ? eventV2(incoming, routed) : eventV1(incoming, routedV1(incoming, routed, authorized)),
      sourceArn,
      account: api.account,
      credentialsArn: integration.credentialsArn,
      variables: stage.variables,
      timeoutMs: integration.timeoutMs,
      requestId: incoming.requestId,
      traceId: incoming.traceId,
    });
    return this.#replyOf(called, isV2);
  }

  async #operated(
    integration: Parameters<typeof serviceReply>[1],
    values: Values,
    { account, region, sourceArn }: { readonly account: string; readonly region: string; readonly sourceArn: string },
  ): Promise<Answered> {
    const { services, clock, log } = this.#options;
    if (services === undefined) return { reply: internal, failure: 'There is no such service here.' };
    const { promise: passed, resolve } = Promise.withResolvers<'timedOut'>();
    using _timer = clock.after(integration.timeoutMs, () => resolve('timedOut'));
    try {
      const asked = serviceReply(services, integration, values, { account, region, sourceArn });
      asked.catch(() => undefined);
      const reply = await Promise.race([asked, passed]);
      return reply === 'timedOut'
        ? { reply: messageReply(503, 'Service Unavailable'), failure: 'Network error communicating with endpoint' }
        : { reply };
    } catch (error) {
      log.error('The service behind a route did not answer.', { error });
      return { reply: internal, failure: 'Internal server error' };
    }
  }

  #replyOf(called: Called, isV2: boolean): Answered {
    switch (called.kind) {
      case 'timedOut':
        return { reply: messageReply(503, 'Service Unavailable'), failure: 'Endpoint request timed out' };
      case 'failed':
        return { reply: internal, failure: 'The function failed.' };
      case 'refused': {
        this.#options.log.debug('The function behind a route was not called.', { reason: called.fault.message });
        const { code, message: failure } = called.fault;
        if (code === 'RequestEntityTooLargeException') return { reply: messageReply(413, 'Request Entity Too Large'), failure };
        return { reply: code === 'TooManyRequestsException' ? messageReply(503, 'Service Unavailable') : internal, failure };
      }
      case 'returned': {
        const reply = isV2
          ? replyV2(called.body)
          : replyV1(called.body, { strict: false, binary: true, contentType: 'text/plain;charset=UTF-8' });
        return reply === undefined ? { reply: internal, failure: 'The response from the function was malformed.' } : { reply };
      }
    }
  }

  async #proxy(
    incoming: Incoming,
    to: { readonly url: string; readonly path: string | undefined; readonly method: string; readonly timeoutMs: number },
  ): Promise<Answered> {
    try {
      const reply = await proxied(this.#options, incoming, to);
      return reply === 'timedOut'
        ? { reply: messageReply(504, 'Gateway Timeout'), failure: 'Endpoint request timed out' }
        : { reply };
    } catch (error) {
      this.#options.log.debug('The server behind a route did not answer.', { error });
      return { reply: messageReply(503, 'Service Unavailable'), failure: 'Network error communicating with endpoint' };
    }
  }
}
