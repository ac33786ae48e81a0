import { parseJsonPath, type JsonPath } from '../../kit/json-path.ts';
import { badRequest } from '../faults.ts';

/** Where a value comes from. */
export type Selection =
  | {
      readonly from: 'request.header' | 'request.querystring' | 'response.header' | 'context' | 'stageVariables';
      readonly name: string;
    }
  /** Without a name the whole path, else one of its variables. */
  | { readonly from: 'request.path'; readonly name?: string }
  /** Without a path the whole body, else a value of its JSON. */
  | { readonly from: 'request.body' | 'response.body'; readonly path?: JsonPath };

/** A text with values in it; a lone selection is the value itself, or nothing when there is none. */
export type Expression = readonly (string | Selection)[];

/**
 * `$request.header.x`, or a text with `${request.header.x}` in it.
 *
 * @throws BadRequestException
 * @source API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs", read 2026-11
 */
export function parseExpression(text: string, side: 'request' | 'response'): Expression {
  const lone = /^\$(?!\{)(.+)$/s.exec(text)?.[1];
  if (lone !== undefined) return [selection(lone, side, text)];
  const parts = text
    .split(/(\$\{[^{}]*\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('${') && part.endsWith('}') ? selection(part.slice(2, -1), side, text) : part));
  return parts;
}

function selection(text: string, side: 'request' | 'response', whole: string): Selection {
  const invalid = () => badRequest(`Invalid mapping expression specified: ${whole}`);
  const [, from = '', name = ''] = /^((?:request|response)\.\w+|context|stageVariables)\.?(.*)$/s.exec(text) ?? [];
  switch (from) {
    case 'context':
    case 'stageVariables':
      if (name === '') throw invalid();
      return { from, name };
    case 'request.header':
    case 'request.querystring':
    case 'response.header':
      if (name === '' || !from.startsWith(side)) throw invalid();
      return { from, name: from === 'request.querystring' ? name : name.toLowerCase() };
    case 'request.path':
      if (side !== 'request') throw invalid();
      return name === '' ? { from } : { from, name };
    case 'request.body':
    case 'response.body': {
      if (!from.startsWith(side)) throw invalid();
      const rest = text.slice(from.length);
      if (rest === '') return { from };
      const path = parseJsonPath(`$${rest}`);
      if (path === undefined) throw invalid();
      return { from, path };
    }
    default:
      throw invalid();
  }
}
