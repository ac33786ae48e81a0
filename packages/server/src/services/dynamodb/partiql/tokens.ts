import { invalid } from '../faults.ts';

export type TokenKind = 'word' | 'name' | 'string' | 'number' | 'parameter' | 'symbol' | 'end';
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const pattern =
  /\s+|([A-Za-z_][A-Za-z0-9_]*)|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(\?)|(<<|>>|<>|!=|<=|>=|[=<>()[\]{},.:*+-])/y;
const kinds: readonly TokenKind[] = ['word', 'name', 'string', 'number', 'parameter', 'symbol'];

/** @source API Reference, ExecuteStatement: 8192 characters */
const longest = 8192;

export const malformed = (why: string) => invalid(`Statement wasn't well formed, can't be processed: ${why}`);

/** @throws ValidationException */
export function tokenize(text: string): readonly Token[] {
  if (text.length > longest) throw malformed('Statement is too long');
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw malformed(`Unexpected character ${text[at]} at ${at}`);
    const group = match.slice(1).findIndex((each) => each !== undefined);
    const kind = kinds[group];
    const body = match[group + 1] ?? '';
    if (kind === 'name') tokens.push({ kind, text: body.replaceAll('""', '"') });
    else if (kind === 'string') tokens.push({ kind, text: body.replaceAll("''", "'") });
    else if (kind !== undefined) tokens.push({ kind, text: body });
    at += match[0].length;
  }
  return [...tokens, { kind: 'end', text: 'end of statement' }];
}
