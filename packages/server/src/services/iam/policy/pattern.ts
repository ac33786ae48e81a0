import type { RequestContext } from './request.ts';

type Token = string | typeof any | typeof one;
const any = Symbol('*');
const one = Symbol('?');

/** The pattern names a variable that the request does not have, so it matches nothing. */
const unresolved = Symbol('unresolved');

/**
 * Whether a text fits a pattern with `*` and `?`, after its variables are put in. What a variable brings
 * is never a wildcard.
 */
export function fits(
  pattern: string,
  text: string,
  context: RequestContext,
  options: { readonly variables: boolean; readonly ignoreCase?: boolean },
): boolean {
  const ignoreCase = options.ignoreCase === true;
  const folded = ignoreCase ? text.toLowerCase() : text;
  if (pattern === '*') return true;
  if (options.variables && pattern.includes('${')) {
    const tokens = tokensOf(pattern, context);
    if (tokens === unresolved) return false;
    return glob(ignoreCase ? tokens.map((token) => (typeof token === 'string' ? token.toLowerCase() : token)) : tokens, folded);
  }
  return glob(compiled(pattern, ignoreCase), folded);
}

/** Patterns read lately; a request is compared with many, and they change seldom. */
const patternsKept = 4_000;
const exact = new Map<string, readonly Token[]>();
const anyCase = new Map<string, readonly Token[]>();

function compiled(pattern: string, ignoreCase: boolean): readonly Token[] {
  const known = ignoreCase ? anyCase : exact;
  let tokens = known.get(pattern);
  if (tokens === undefined) {
    tokens = tokensOf(ignoreCase ? pattern.toLowerCase() : pattern, undefined) as readonly Token[];
    if (known.size >= patternsKept) known.clear();
    known.set(pattern, tokens);
  }
  return tokens;
}

/** As `fits`, for ARNs: a star between the first colons stays between them. */
export function arnFits(
  pattern: string,
  text: string,
  context: RequestContext,
  options: { readonly variables: boolean },
): boolean {
  if (pattern === '*') return true;
  const [patternParts, textParts] = [splitArn(pattern), splitArn(text)];
  if (patternParts === undefined || textParts === undefined) return fits(pattern, text, context, options);
  return patternParts.every((part, index) => fits(part, textParts[index] ?? '', context, options));
}

const splits = new Map<string, readonly string[] | undefined>();
function splitArn(text: string): readonly string[] | undefined {
  if (splits.has(text)) return splits.get(text);
  const parts = arnParts(text);
  if (splits.size >= patternsKept) splits.clear();
  splits.set(text, parts);
  return parts;
}

/** `arn`, partition, service, region, account, and the rest in one. Colons in variables do not count. */
function arnParts(text: string): string[] | undefined {
  if (!text.startsWith('arn:')) return undefined;
  const parts = text.split(/:(?![^${]*\})/);
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function tokensOf(pattern: string, context: RequestContext | undefined): Token[] | typeof unresolved {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const variable = context !== undefined && pattern.startsWith('${', at) ? pattern.indexOf('}', at) : -1;
    if (variable !== -1 && context !== undefined) {
      const value = variableOf(pattern.slice(at + 2, variable), context);
      if (value === undefined) return unresolved;
      tokens.push(...value);
      at = variable;
      continue;
    }
    const unit = pattern[at] as string;
    tokens.push(unit === '*' ? any : unit === '?' ? one : unit);
  }
  return tokens;
}

/** `${aws:username}`, `${aws:username, 'nobody'}`, and the signs themselves: `${*}`, `${?}`, `${$}`. */
export function variableOf(text: string, context: RequestContext): string | undefined {
  if (text === '*' || text === '?' || text === '$') return text;
  const found = /^([^,]+?)\s*(?:,\s*'([^']*)')?$/.exec(text);
  const value = context.get((found?.[1] ?? '').trim());
  return value?.length === 1 ? value[0] : found?.[2];
}

/** Linear in the text for each star, and goes back only to the last one. */
function glob(tokens: readonly Token[], text: string): boolean {
  let at = 0;
  let token = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const current = tokens[token];
    if (current === any) {
      star = token++;
      starAt = at;
    } else if (current !== undefined && (current === one || current === text[at])) {
      token += 1;
      at += 1;
    } else if (star !== -1) {
      token = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (tokens[token] === any) token += 1;
  return token === tokens.length;
}
