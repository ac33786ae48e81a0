import { groupedQuery } from '../incoming.ts';
import { jsonPath } from '../templates/index.ts';
import { contextOf, headerOf, reach, type Exchange } from './exchange.ts';

/** What an integration answered, before anything is made of it. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
}

/**
 * What an expression of a parameter mapping means for a request, and for its answer when there is one.
 *
 * @source API Gateway Developer Guide, "Parameter mapping source reference for REST APIs", read 2026-11
 */
export function parameterOf(expression: string, exchange: Exchange, answer?: Answer): string | undefined {
  const [, constant] = /^'(.*)'$/s.exec(expression) ?? [];
  if (constant !== undefined) return constant;
  const [where = '', from = '', kind = '', ...rest] = expression.split('.');
  const name = rest.join('.');
  switch (where) {
    case 'method':
      return from === 'request' ? ofRequest(kind, name, exchange) : undefined;
    case 'integration':
      return from === 'response' ? ofAnswer(kind, name, answer) : undefined;
    case 'context':
      return textOf(reach(contextOf(exchange), [from, kind, ...rest].filter((each) => each !== '').join('.')));
    case 'stageVariables': {
      const { variables } = exchange.stage;
      return Object.hasOwn(variables, from) ? variables[from] : undefined;
    }
    default:
      return undefined;
  }
}

function ofRequest(kind: string, name: string, { incoming, parameters }: Exchange): string | undefined {
  switch (kind) {
    case 'path':
      return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    case 'querystring':
      return values(groupedQuery(incoming.query), name)?.at(-1);
    case 'multivaluequerystring':
      return values(groupedQuery(incoming.query), name)?.join(',');
    case 'header':
    case 'multivalueheader':
      return name.toLowerCase() === 'cookie' ? incoming.cookies.join('; ') || undefined : headerOf(incoming, name);
    case 'body':
      return ofBody(incoming.body, name);
    default:
      return undefined;
  }
}

function ofAnswer(kind: string, name: string, answer: Answer | undefined): string | undefined {
  if (answer === undefined) return undefined;
  if (kind === 'body') return ofBody(answer.body, name);
  const found = values(answer.headers, name.toLowerCase());
  return kind === 'multivalueheader' ? found?.join(',') : kind === 'header' ? found?.at(-1) : undefined;
}

function ofBody(body: Uint8Array, path: string): string | undefined {
  const text = Buffer.from(body).toString('utf8');
  if (path === '') return text;
  try {
    return textOf(jsonPath(JSON.parse(text), `$.${path}`));
  } catch {
    return undefined;
  }
}

const values = (grouped: Readonly<Record<string, readonly string[]>>, name: string): readonly string[] | undefined =>
  Object.hasOwn(grouped, name) ? grouped[name] : undefined;

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value);
