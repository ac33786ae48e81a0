import { badRequest, notHere } from '../faults.ts';
import { parseExpression, type Expression } from './expression.ts';

/** What becomes of one part of a request or of an answer. */
export interface MappingRule {
  readonly action: 'append' | 'overwrite' | 'remove';
  readonly where: 'header' | 'querystring' | 'path' | 'statuscode';
  /** Of a header in lower case; empty for a path or a status code. */
  readonly name: string;
  readonly value: Expression;
}

/** @throws BadRequestException */
export const requestRules = (parameters: Readonly<Record<string, string>> = {}): readonly MappingRule[] =>
  Object.entries(parameters).map(([key, value]) => {
    const [, action, where, name = ''] =
      /^(append|overwrite|remove):(header|querystring)\.(.+)$/s.exec(key) ?? /^(overwrite):(path)$/.exec(key) ?? [];
    return rule(key, { action, where, name }, value, 'request');
  });

/** By status code. @throws BadRequestException */
export const responseRules = (
  responses: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Readonly<Record<string, readonly MappingRule[]>> =>
  Object.fromEntries(
    Object.entries(responses).map(([status, parameters]) => {
      if (!/^[1-5]\d\d$/.test(status)) throw badRequest(`Invalid status code specified for response parameters: ${status}`);
      const rules = Object.entries(parameters).map(([key, value]) => {
        const [, action, where, name = ''] =
          /^(append|overwrite|remove):(header)\.(.+)$/s.exec(key) ?? /^(overwrite):(statuscode)$/.exec(key) ?? [];
        return rule(key, { action, where, name }, value, 'response');
      });
      return [status, rules];
    }),
  );

function rule(
  key: string,
  { action, where, name }: { readonly action: string | undefined; readonly where: string | undefined; readonly name: string },
  value: string,
  side: 'request' | 'response',
): MappingRule {
  if (action === undefined || where === undefined) throw badRequest(`Invalid mapping expression specified: ${key}`);
  const lower = name.toLowerCase();
  if (where === 'header' && !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower))
    throw badRequest(`Invalid mapping expression specified: ${key}`);
  if (where === 'header' && lower === 'host') throw notHere('mappings of the header Host');
  if (where === 'header' && isReserved(lower)) throw badRequest(`Operations on header ${lower} are restricted`);
  return {
    action: action as MappingRule['action'],
    where: where as MappingRule['where'],
    name: where === 'header' ? lower : name,
    value: action === 'remove' ? [] : parseExpression(value, side),
  };
}

const reserved = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-location',
  'forwarded',
  'keep-alive',
  'origin',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
]);
/** @source API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs", reserved headers, read 2026-11 */
const isReserved = (name: string): boolean => reserved.has(name) || /^(access-control-|apigw-|x-amz-|x-amzn-)/.test(name);
