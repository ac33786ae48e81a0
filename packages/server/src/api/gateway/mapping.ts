import { selectJson, type Expression, type MappingRule, type Selection } from '../../services/index.ts';
import type { HttpReply } from '../url/reply.ts';
import { groupedQuery, headerPairs, joinedHeaders, type Incoming } from './incoming.ts';
import { contextValue, type Journal } from './journal.ts';

/** Of a body that is longer, nothing is selected. @source API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs", read 2026-11 */
const mostBodyBytes = 102_400;

/** Values for mappings of one request, and of its answer when there is one. */
export class Values {
  readonly #journal: Journal;
  readonly #reply: HttpReply | undefined;
  #document: { readonly value: unknown } | undefined;

  constructor(journal: Journal, reply?: HttpReply) {
    this.#journal = journal;
    this.#reply = reply;
  }

  /** Undefined for a lone selection of what is not there; within a text that is nothing. */
  of(expression: Expression): string | undefined {
    const [first] = expression;
    if (expression.length === 1 && typeof first === 'object') return this.#select(first);
    return expression.map((part) => (typeof part === 'string' ? part : (this.#select(part) ?? ''))).join('');
  }

  #select(selection: Selection): string | undefined {
    const { incoming, stage, match } = this.#journal;
    switch (selection.from) {
      case 'context':
        return contextValue(this.#journal, selection.name);
      case 'stageVariables':
        return own(stage.variables, selection.name);
      case 'request.header':
        return own(incoming.headers, selection.name);
      case 'request.querystring':
        return own(groupedQuery(incoming.query), selection.name)?.join(',');
      case 'request.path':
        return selection.name === undefined ? incoming.path : own(match?.parameters ?? {}, selection.name);
      case 'response.header':
        return headerOf(this.#reply, selection.name);
      case 'request.body':
      case 'response.body': {
        const body = selection.from === 'request.body' ? incoming.body : (this.#reply?.body ?? new Uint8Array(0));
        if (selection.path === undefined) return Buffer.from(body).toString('utf8');
        this.#document ??= { value: parsed(body) };
        const value = selectJson(this.#document.value, selection.path);
        if (value === undefined || value === null) return undefined;
        return typeof value === 'object' ? JSON.stringify(value) : String(value);
      }
    }
  }
}

const own = <T>(values: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

function headerOf(reply: HttpReply | undefined, name: string): string | undefined {
  const found = Object.entries(reply?.headers ?? {}).find(([each]) => each.toLowerCase() === name)?.[1];
  return found === undefined ? undefined : [found].flat().join(',');
}

function parsed(body: Uint8Array): unknown {
  if (body.length > mostBodyBytes) return undefined;
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Neither lines nor anything else can be put into a head by what stands in a request. */
// oxlint-disable-next-line no-control-regex -- control characters are what must not get into a header
const isFieldValue = (text: string): boolean => !/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(text);

/** A request as an integration is to see it. What is overwritten by nothing is gone: nobody may say it in its place. */
export function mappedRequest(rules: readonly MappingRule[], incoming: Incoming, values: Values): Incoming {
  if (rules.length === 0) return incoming;
  let pairs: [string, string][] = [];
  for (let at = 0; at < incoming.rawHeaders.length; at += 2)
    pairs.push([incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '']);
  const query = new URLSearchParams(incoming.query);
  let isQueryMapped = false;
  let { path } = incoming;
  for (const { action, where, name, value: expression } of rules) {
    const found = action === 'remove' ? undefined : values.of(expression);
    switch (where) {
      case 'header': {
        const value = found !== undefined && isFieldValue(found) ? found : undefined;
        if (action !== 'append') pairs = pairs.filter(([each]) => each.toLowerCase() !== name);
        // In the letters of those that are there already: a list is one name.
        const written = pairs.find(([each]) => each.toLowerCase() === name)?.[0] ?? name;
        if (value !== undefined) pairs.push([written, value]);
        break;
      }
      case 'querystring':
        isQueryMapped = true;
        if (action !== 'append') query.delete(name);
        if (found !== undefined) query.append(name, found);
        break;
      case 'path':
        if (found !== undefined) path = found.startsWith('/') ? found : `/${found}`;
        break;
      case 'statuscode':
        break;
    }
  }
  const mapped = { ...incoming, path, query: isQueryMapped ? query.toString() : incoming.query, rawHeaders: pairs.flat() };
  return { ...mapped, ...joinedHeaders(headerPairs(mapped)) };
}

/** An answer as a client is to see it. */
export function mappedReply(rules: readonly MappingRule[] | undefined, reply: HttpReply, values: Values): HttpReply {
  if (rules === undefined || rules.length === 0) return reply;
  let { status } = reply;
  const headers = new Map(Object.entries(reply.headers));
  for (const { action, where, name, value: expression } of rules) {
    const found = action === 'remove' ? undefined : values.of(expression);
    if (where === 'statuscode') {
      const code = Number(found);
      if (Number.isInteger(code) && code >= 200 && code <= 599) status = code;
      continue;
    }
    const before = action === 'append' ? headerOf(reply, name) : undefined;
    for (const each of headers.keys()) if (each.toLowerCase() === name) headers.delete(each);
    const value = found !== undefined && isFieldValue(found) ? found : undefined;
    const both = [before, value].filter((each) => each !== undefined);
    if (both.length > 0) headers.set(name, name === 'set-cookie' ? both : both.join(','));
  }
  return { ...reply, status, headers: Object.fromEntries(headers) };
}
