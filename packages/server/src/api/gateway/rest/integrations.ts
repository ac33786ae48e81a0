import type { Logger } from '../../../base/index.ts';
import type { RestIntegration } from '../../../services/index.ts';
import { headOf, type HttpReply } from '../../url/reply.ts';
import { eventV1 } from '../event-v1.ts';
import { functionArnIn, withVariables, type Called, type Functions } from '../functions.ts';
import { filledUrl, fetched, proxied, type ProxyOptions } from '../proxy.ts';
import { replyV1 } from '../reply.ts';
import type { ServicePort } from '../service-calls.ts';
import { TemplateFault } from '../templates/index.ts';
import { fullPath, identityOf, sourceArn, type Exchange } from './exchange.ts';
import { mappedReply, mappedRequest, type Asked } from './mapped.ts';
import { firstAccepted, isBinary } from './media.ts';
import type { Answer } from './parameters.ts';
import { refusal } from './refusal.ts';

export interface RestIntegrationsOptions extends ProxyOptions {
  readonly functions: Functions;
  /** Absent = no method reaches another service. */
  readonly services?: ServicePort;
  readonly log: Logger;
}

const nothing = new Uint8Array(0);

/** What stands behind the methods of REST APIs. */
export class RestIntegrations {
  readonly #options: RestIntegrationsOptions;

  constructor(options: RestIntegrationsOptions) {
    this.#options = options;
  }

  async ask(exchange: Exchange, integration: RestIntegration): Promise<HttpReply> {
    try {
      switch (integration.type) {
        case 'AWS_PROXY':
          return await this.#proxiedFunction(exchange, integration);
        case 'HTTP_PROXY':
          return await this.#proxiedServer(exchange, integration);
        case 'MOCK':
          return await this.#mapped(exchange, integration, (asked) => mocked(exchange, asked));
        case 'HTTP':
          return await this.#mapped(exchange, integration, (asked) => this.#server(exchange, integration, asked));
        case 'AWS':
          return await this.#mapped(exchange, integration, (asked) => this.#function(exchange, integration, asked));
      }
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error;
      this.#options.log.debug('A mapping template failed.', { api: exchange.api.id, error });
      return refusal(exchange, 'API_CONFIGURATION_ERROR');
    }
  }

  async #proxiedFunction(exchange: Exchange, integration: RestIntegration): Promise<HttpReply> {
    const { api, stage, incoming, resource, authorizer, parameters } = exchange;
    const { binaryMediaTypes } = stage.definition;
    const called = await this.#call(
      exchange,
      integration,
      eventV1(incoming, {
        apiId: api.id,
        account: api.account,
        stage: stage.name,
        deploymentId: stage.deploymentId,
        variables: stage.variables,
        resource: resource?.path ?? '',
        resourceId: resource?.id ?? '',
        parameters,
        fullPath: fullPath(exchange),
        isText: !isBinary(binaryMediaTypes, incoming.headers['content-type'] ?? 'application/json'),
        identity: identityOf(exchange),
        ...(authorizer === undefined ? {} : { authorizer }),
      }),
    );
    if (called.kind === 'returned') {
      const binary = isBinary(binaryMediaTypes, firstAccepted(incoming)) || binaryMediaTypes.includes('*/*');
      const reply = replyV1(called.body, { strict: true, binary, contentType: 'application/json' });
      return reply ?? refusal(exchange, 'API_CONFIGURATION_ERROR', { status: 502 });
    }
    return this.#failed(exchange, called, 502);
  }

  #call(exchange: Exchange, integration: RestIntegration, event: object, asynchronous = false): Promise<Called> {
    const { api, stage, incoming } = exchange;
    return this.#options.functions.call({
      uri: integration.uri,
      event,
      sourceArn: sourceArn(exchange),
      account: api.account,
      credentialsArn: integration.credentials,
      variables: stage.variables,
      timeoutMs: integration.timeoutMs,
      requestId: incoming.requestId,
      traceId: incoming.traceId,
      asynchronous,
    });
  }

  #failed(exchange: Exchange, called: Exclude<Called, { readonly kind: 'returned' }>, status: number): HttpReply {
    switch (called.kind) {
      case 'timedOut':
        return refusal(exchange, 'INTEGRATION_TIMEOUT');
      case 'failed':
        return refusal(exchange, 'API_CONFIGURATION_ERROR', { status });
      case 'refused':
        this.#options.log.debug('The function behind a method was not called.', { reason: called.fault.message });
        if (called.fault.code === 'RequestEntityTooLargeException') return refusal(exchange, 'REQUEST_TOO_LARGE');
        return refusal(exchange, 'API_CONFIGURATION_ERROR');
    }
  }

  async #proxiedServer(exchange: Exchange, integration: RestIntegration): Promise<HttpReply> {
    const { incoming, stage, parameters } = exchange;
    const asked = mappedRequest(exchange, { ...integration, requestTemplates: {}, passthrough: 'WHEN_NO_MATCH' });
    if ('refused' in asked) return asked.refused;
    const url = filledUrl(withVariables(integration.uri, stage.variables), { ...parameters, ...asked.path });
    try {
      const query = new URLSearchParams(incoming.query);
      for (const [name, value] of Object.entries(asked.query)) query.set(name, value);
      const mapped = new Set(Object.keys(asked.headers).map((name) => name.toLowerCase()));
      const kept: string[] = [];
      for (let at = 0; at < incoming.rawHeaders.length; at += 2)
        if (!mapped.has((incoming.rawHeaders[at] ?? '').toLowerCase()))
          kept.push(incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '');
      const rawHeaders = [...kept, ...Object.entries(asked.headers).flat()];
      const isQueryMapped = Object.keys(asked.query).length > 0;
      const reply = await proxied(
        this.#options,
        { ...incoming, rawHeaders, query: isQueryMapped ? query.toString() : incoming.query },
        { url, method: integration.httpMethod, timeoutMs: integration.timeoutMs },
      );
      return reply === 'timedOut' ? refusal(exchange, 'INTEGRATION_TIMEOUT') : reply;
    } catch (error) {
      this.#options.log.debug('The server behind a method did not answer.', { error });
      return refusal(exchange, 'INTEGRATION_FAILURE');
    }
  }

  /** Request mapping, the integration, response mapping. */
  async #mapped(
    exchange: Exchange,
    integration: RestIntegration,
    ask: (asked: Asked) => Outcome | Promise<Outcome>,
  ): Promise<HttpReply> {
    const asked = mappedRequest(exchange, integration);
    if ('refused' in asked) return asked.refused;
    const outcome = await ask(asked);
    if ('reply' in outcome) return outcome.reply;
    const { answer, errorMessage, isFunction } = outcome;
    const selector = isFunction === true ? { errorMessage } : { status: answer.status };
    const reply = mappedReply(exchange, integration, answer, selector, asked.override);
    if (reply === undefined) return refusal(exchange, 'API_CONFIGURATION_ERROR');
    // The same words apply to it as to what a function answers.
    const head = headOf({ statusCode: reply.status, headers: reply.headers });
    return head === undefined ? refusal(exchange, 'API_CONFIGURATION_ERROR') : { ...head, body: reply.body };
  }

  async #server(exchange: Exchange, integration: RestIntegration, asked: Asked): Promise<Outcome> {
    const { incoming, stage, parameters } = exchange;
    const url = new URL(filledUrl(withVariables(integration.uri, stage.variables), { ...parameters, ...asked.path }));
    for (const [name, value] of Object.entries(asked.query)) url.searchParams.set(name, value);
    const contentType = incoming.headers['content-type'] ?? 'application/json';
    try {
      const answer = await fetched(this.#options, url.href, {
        method: integration.httpMethod === 'ANY' ? incoming.method : integration.httpMethod,
        headers: { 'Content-Type': contentType, 'User-Agent': `AmazonAPIGateway_${exchange.api.id}`, ...asked.headers },
        body: asked.body,
        timeoutMs: integration.timeoutMs,
      });
      return answer === 'timedOut' ? { reply: refusal(exchange, 'INTEGRATION_TIMEOUT') } : { answer };
    } catch (error) {
      this.#options.log.debug('The server behind a method did not answer.', { error });
      return { reply: refusal(exchange, 'INTEGRATION_FAILURE') };
    }
  }

  async #function(exchange: Exchange, integration: RestIntegration, asked: Asked): Promise<Outcome> {
    if (functionArnIn(integration.uri, exchange.stage.variables) === undefined)
      return this.#service(exchange, integration, asked);
    let event: unknown = {};
    if (asked.body.length > 0) {
      try {
        event = JSON.parse(Buffer.from(asked.body).toString('utf8'));
      } catch {
        return {
          reply: refusal(exchange, 'API_CONFIGURATION_ERROR', { status: 400, message: 'Could not parse request body into json' }),
        };
      }
    }
    const type = Object.entries(asked.headers).find(([name]) => name.toLowerCase() === 'x-amz-invocation-type')?.[1];
    const called = await this.#call(exchange, integration, event as object, type === 'Event');
    if (called.kind !== 'returned' && called.kind !== 'failed') return { reply: this.#failed(exchange, called, 500) };
    const answer = { status: 200, headers: { 'content-type': ['application/json'] }, body: called.body };
    return { answer, isFunction: true, ...(called.kind === 'failed' ? { errorMessage: messageIn(called.body) } : {}) };
  }

  /** Another service of this house, in the name of the integration's role. */
  async #service(exchange: Exchange, integration: RestIntegration, asked: Asked): Promise<Outcome> {
    const { api, incoming, stage } = exchange;
    const { services, log, clock } = this.#options;
    const to = serviceIn(withVariables(integration.uri, stage.variables));
    const roleArn = integration.credentials;
    if (services === undefined || to === undefined || roleArn === undefined) {
      log.warn('A method stands for what no service here can do, or has no role.', { api: api.id, uri: integration.uri });
      return { reply: refusal(exchange, 'API_CONFIGURATION_ERROR') };
    }
    const query = new URLSearchParams(asked.query).toString();
    const headers: Record<string, string> = {
      host: 'localhost',
      'content-type': incoming.headers['content-type'] ?? 'application/json',
    };
    for (const [name, value] of Object.entries(asked.headers)) headers[name.toLowerCase()] = value;
    const path = to.kind === 'path' ? `/${filledUrl(to.rest, asked.path)}` : '/';
    const { promise: passed, resolve } = Promise.withResolvers<'timedOut'>();
    using _timer = clock.after(integration.timeoutMs, () => resolve('timedOut'));
    const asking = services.forward(
      to.service,
      {
        method: integration.httpMethod,
        target: query === '' ? path : `${path}?${query}`,
        headers,
        body: asked.body,
        ...(to.kind === 'action' ? { action: to.rest } : {}),
      },
      { roleArn, region: to.region, account: api.account, sourceArn: sourceArn(exchange) },
    );
    asking.catch(() => undefined);
    const answer = await Promise.race([asking, passed]);
    if (answer === 'timedOut') return { reply: refusal(exchange, 'INTEGRATION_TIMEOUT') };
    if (answer === undefined) {
      log.warn('A method stands for an operation that no service here has.', { api: api.id, uri: integration.uri });
      return { reply: refusal(exchange, 'API_CONFIGURATION_ERROR') };
    }
    const answered = Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), [value]] as const);
    return { answer: { status: answer.status, headers: Object.fromEntries(answered), body: answer.body } };
  }
}

/** `arn:aws:apigateway:us-east-1:sqs:path/000000000000/queue` or `…:dynamodb:action/PutItem`. */
function serviceIn(
  uri: string,
): { readonly region: string; readonly service: string; readonly kind: 'path' | 'action'; readonly rest: string } | undefined {
  const [, region = '', service = '', kind, rest = ''] =
    /^arn:aws[\w-]*:apigateway:([\w-]+):(?:[\w-]+\.)?([\w-]+):(path|action)\/{1,2}(.*)$/.exec(uri) ?? [];
  return kind === 'path' || kind === 'action' ? { region, service, kind, rest } : undefined;
}

type Outcome =
  | { readonly reply: HttpReply }
  | { readonly answer: Answer; readonly isFunction?: true; readonly errorMessage?: string | undefined };

/** Its request template says the status, in JSON or in what people write for it: `{statusCode:200}`. */
function mocked(exchange: Exchange, asked: Asked): Outcome {
  const text = Buffer.from(asked.body).toString('utf8');
  const [, status] = /["']?\bstatusCode["']?\s*:\s*["']?(\d{3})\b/.exec(text) ?? [];
  if (status === undefined) return { reply: refusal(exchange, 'API_CONFIGURATION_ERROR') };
  return { answer: { status: Number(status), headers: {}, body: nothing } };
}

function messageIn(body: Uint8Array): string {
  try {
    const { errorMessage } = JSON.parse(Buffer.from(body).toString('utf8')) as { readonly errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : '';
  } catch {
    return '';
  }
}
