/** A query cannot be read; `at` says where. */
export class QueryError extends Error {
  readonly from: number;
  readonly to: number;

  constructor(message: string, at: { readonly from: number; readonly to: number }) {
    super(message);
    this.from = at.from;
    this.to = at.to;
  }
}

export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'regex' | 'sign' | 'end';
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

const shapes: readonly (readonly [Token['kind'] | 'nothing', RegExp])[] = [
  ['nothing', /\s+|#[^\n]*/y],
  ['name', /`[^`]+`|[@A-Za-z_][\w@]*(?:\.[\w@-]+)*/y],
  ['number', /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['text', /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y],
  ['sign', /=~|!=|<=|>=|[-=<>+*%^/(),|[\]]/y],
];
/** After one of these a slash begins a regular expression. */
const beforeRegex = /^(like|=~|parse)$/i;

/** @throws QueryError */
export function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const last = tokens.at(-1);
    const isRegex =
      query[at] === '/' &&
      (beforeRegex.test(last?.value ?? '') || (last?.kind === 'name' && beforeRegex.test(tokens.at(-2)?.value ?? '')));
    const regex = isRegex ? /\/((?:[^/\\]|\\.)+)\//y : undefined;
    const [kind, shape] =
      regex === undefined ? (shapes.find(([, each]) => matches(each, query, at)) ?? []) : (['regex', regex] as const);
    if (kind === undefined || shape === undefined || !matches(shape, query, at))
      throw new QueryError(`unexpected symbol found ${query[at]} at position ${at}`, { from: at, to: at + 1 });
    const to = shape.lastIndex;
    const text = query.slice(at, to);
    if (kind !== 'nothing') tokens.push({ kind, value: meantBy(kind, text), from: at, to });
    at = to;
  }
  tokens.push({ kind: 'end', value: '', from: query.length, to: query.length });
  return tokens;
}

function matches(shape: RegExp, text: string, at: number): boolean {
  shape.lastIndex = at;
  return shape.test(text);
}

function meantBy(kind: Token['kind'], text: string): string {
  if (kind === 'regex') return text.slice(1, -1);
  if (kind === 'text') return text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  return kind === 'name' ? text.replace(/^`(.*)`$/, '$1') : text;
}

/** Takes tokens one after the other. */
export class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(query: string) {
    this.#tokens = tokensOf(query);
  }

  /** Where the token before the next one ends. */
  get before(): number {
    return this.#tokens[this.#at - 1]?.to ?? 0;
  }
  get next(): Token {
    return this.#tokens[this.#at] as Token;
  }
  take(): Token {
    const { next } = this;
    if (next.kind !== 'end') this.#at += 1;
    return next;
  }
  /** Takes a sign or a word, in any case of letters, if it is there. */
  has(...values: readonly string[]): Token | undefined {
    const { next } = this;
    const found = (next.kind === 'sign' || next.kind === 'name') && values.includes(next.value.toLowerCase());
    return found ? this.take() : undefined;
  }
  sees(...values: readonly string[]): boolean {
    return (this.next.kind === 'sign' || this.next.kind === 'name') && values.includes(this.next.value.toLowerCase());
  }
  /** @throws QueryError */
  expect(what: string): Token {
    return this.has(what) ?? this.fail(`'${what}'`);
  }
  /** @throws QueryError */
  name(): string {
    return this.next.kind === 'name' ? this.take().value : this.fail('a field');
  }
  /** @throws QueryError */
  fail(wanted: string): never {
    const { kind, value, from, to } = this.next;
    const found = kind === 'end' ? 'the end of the query' : value;
    throw new QueryError(`unexpected symbol found ${found} at position ${from}: ${wanted} is expected`, { from, to });
  }
}
