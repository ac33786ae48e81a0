export type TokenKind = 'word' | 'name' | 'value' | 'number' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

const pattern = /\s+|([A-Za-z_][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|(\d+)|(<>|<=|>=|[=<>()[\].,+-])/y;
const kinds: readonly TokenKind[] = ['word', 'name', 'value', 'number', 'symbol'];

/** Cuts an expression into tokens; `undefined` and the place where it cannot be cut. */
export function tokenize(text: string): { readonly tokens: readonly Token[]; readonly badAt?: number } {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return { tokens, badAt: at };
    const group = match.slice(1).findIndex((each) => each !== undefined);
    const kind = kinds[group];
    if (kind !== undefined) tokens.push({ kind, text: match[0], at });
    at += match[0].length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', at });
  return { tokens };
}
