import type { RestIntegration } from '../../../services/index.ts';
import type { HttpReply } from '../../url/reply.ts';
import { groupedQuery, headerPairs } from '../incoming.ts';
import { lastOf } from '../event-v1.ts';
import { compileTemplate, type Rendered, type Template } from '../templates/index.ts';
import { contextOf, type Exchange } from './exchange.ts';
import { firstAccepted, isBinary, mediaType } from './media.ts';
import { parameterOf, type Answer } from './parameters.ts';
import { isMatched } from '../patterns.ts';
import { isFieldValue, refusal } from './refusal.ts';

/** What an integration is asked with, after the mappings of the request. */
export interface Asked {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly path: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** What the request's template wants of the answer: status and headers. */
  readonly override?: Readonly<Record<string, unknown>>;
}

const templates = new Map<string, Template>();
const mostTemplates = 1_000;

/** Compiled once for as long as its text is asked for. */
function templateOf(text: string): Template {
  const known = templates.get(text);
  if (known !== undefined) return known;
  const template = compileTemplate(text);
  if (templates.size >= mostTemplates) templates.clear();
  templates.set(text, template);
  return template;
}

/** The integration's request; the gateway's answer where its type of body is not wanted. @throws TemplateFault */
export function mappedRequest(exchange: Exchange, integration: RestIntegration): Asked | { readonly refused: HttpReply } {
  const { incoming } = exchange;
  const [headers, query, path]: [Record<string, string>, Record<string, string>, Record<string, string>] = [{}, {}, {}];
  const places: Readonly<Record<string, Record<string, string>>> = { header: headers, querystring: query, path };
  for (const [target, expression] of Object.entries(integration.requestParameters)) {
    const [, kind = '', name = ''] = /^integration\.request\.(header|querystring|path)\.(.+)$/.exec(target) ?? [];
    const value = parameterOf(expression, exchange);
    if (value !== undefined && (kind !== 'header' || isFieldValue(value))) (places[kind] ?? {})[name] = value;
  }
  const type = mediaType(incoming);
  const template = own(integration.requestTemplates, type) ?? own(integration.requestTemplates, '$default');
  const body = convertedRequest(exchange, integration);
  if (template === undefined) {
    const none = Object.keys(integration.requestTemplates).length === 0;
    const { passthrough } = integration;
    if (passthrough === 'NEVER' || (passthrough === 'WHEN_NO_TEMPLATES' && !none))
      return { refused: refusal(exchange, 'UNSUPPORTED_MEDIA_TYPE') };
    return { headers, query, path, body };
  }
  const rendered = render(template, Buffer.from(body).toString('utf8'), exchange);
  const overridden = rendered.requestOverride ?? {};
  for (const [kind, place] of Object.entries(places))
    for (const [name, value] of Object.entries((overridden[kind] ?? {}) as Readonly<Record<string, unknown>>))
      if (kind !== 'header' || isFieldValue(String(value))) place[name] = String(value);
  return {
    headers,
    query,
    path,
    body: Buffer.from(rendered.text),
    ...(rendered.responseOverride && { override: rendered.responseOverride }),
  };
}

/** Bytes in base64 where the integration wants text, and the other way round. */
function convertedRequest(exchange: Exchange, { contentHandling }: RestIntegration): Uint8Array {
  const { incoming, stage } = exchange;
  const binary = isBinary(stage.definition.binaryMediaTypes, incoming.headers['content-type'] ?? 'application/json');
  if (contentHandling === 'CONVERT_TO_TEXT' && binary) return Buffer.from(Buffer.from(incoming.body).toString('base64'));
  if (contentHandling === 'CONVERT_TO_BINARY' && !binary)
    return Buffer.from(Buffer.from(incoming.body).toString('utf8'), 'base64');
  return incoming.body;
}

/** What decides which response of the integration an answer is: a status, or a function's error. */
export type Selector = { readonly status: number } | { readonly errorMessage: string | undefined };

/** The client's answer; undefined when the integration has no response for it. @throws TemplateFault */
export function mappedReply(
  exchange: Exchange,
  integration: RestIntegration,
  answer: Answer,
  selector: Selector,
  override: Readonly<Record<string, unknown>> = {},
): HttpReply | undefined {
  const text = 'status' in selector ? String(selector.status) : selector.errorMessage;
  const { responses } = integration;
  const chosen =
    (text === undefined
      ? undefined
      : responses.find(({ selectionPattern }) => selectionPattern !== '' && isMatched(selectionPattern, text))) ??
    responses.find(({ selectionPattern }) => selectionPattern === '');
  if (chosen === undefined) return undefined;
  const headers = new Map<string, string>();
  const set = (name: string, value: string): void => {
    for (const each of headers.keys()) if (each.toLowerCase() === name.toLowerCase()) headers.delete(each);
    if (isFieldValue(value)) headers.set(name, value);
  };
  const wanted = firstAccepted(exchange.incoming);
  const entries = Object.entries(chosen.templates);
  const [contentType, template] = entries.find(([type]) => type === wanted) ??
    entries.find(([type]) => type === 'application/json') ??
    entries[0] ?? [undefined, undefined];
  set('Content-Type', contentType ?? 'application/json');
  for (const [target, expression] of Object.entries(chosen.parameters)) {
    const [, name] = /^method\.response\.header\.(.+)$/.exec(target) ?? [];
    const value = name === undefined ? undefined : parameterOf(expression, exchange, answer);
    if (name !== undefined && value !== undefined) set(name, value);
  }
  const converted = convertedReply(exchange, chosen.contentHandling, answer);
  let status = Number(chosen.statusCode);
  const overrule = ({ status: other, header }: { readonly status?: unknown; readonly header?: unknown }): void => {
    const code = Number(other);
    if (other !== undefined && Number.isInteger(code) && code >= 200 && code <= 599) status = code;
    for (const [name, value] of Object.entries(header ?? {})) set(name, String(value));
  };
  overrule(override);
  if (template === undefined) return { status, headers: Object.fromEntries(headers), body: converted };
  const rendered = render(template, Buffer.from(converted).toString('utf8'), exchange);
  overrule(rendered.responseOverride ?? {});
  return { status, headers: Object.fromEntries(headers), body: Buffer.from(rendered.text) };
}

function convertedReply(
  { stage }: Exchange,
  handling: 'CONVERT_TO_BINARY' | 'CONVERT_TO_TEXT' | undefined,
  { headers, body }: Answer,
): Uint8Array {
  const binary = isBinary(stage.definition.binaryMediaTypes, headers['content-type']?.[0] ?? 'application/json');
  if (handling === 'CONVERT_TO_TEXT' && binary) return Buffer.from(Buffer.from(body).toString('base64'));
  if (handling === 'CONVERT_TO_BINARY' && !binary) return Buffer.from(Buffer.from(body).toString('utf8'), 'base64');
  return body;
}

export function render(template: string, body: string, exchange: Exchange): Rendered {
  const { incoming, parameters, stage } = exchange;
  return templateOf(template).render({
    body,
    params: {
      path: parameters,
      querystring: lastOf(groupedQuery(incoming.query)),
      header: Object.fromEntries(headerPairs(incoming)),
    },
    context: contextOf(exchange),
    stageVariables: stage.variables,
  });
}

const own = <T>(values: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;
