import type { Path } from '../expressions/ast.ts';
import { canonicalNumber } from '../number.ts';
import { readValue, setMember, type Item, type Value } from '../value.ts';
import { malformed, tokenize, type Token } from './tokens.ts';

const deepest = 32;

/** Walks the tokens of one statement; parameters are filled in as they are met. */
export class Reader {
  readonly #tokens: readonly Token[];
  readonly #parameters: readonly unknown[];
  #at = 0;
  #parameter = 0;

  constructor(text: string, parameters: readonly unknown[]) {
    this.#tokens = tokenize(text);
    this.#parameters = parameters;
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }
  peek(ahead: number): Token {
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: '' };
  }
  is(text: string): boolean {
    return (
      (this.next.kind === 'symbol' && this.next.text === text) ||
      (this.next.kind === 'word' && this.next.text.toUpperCase() === text)
    );
  }
  /** Takes these tokens if they all come next. */
  skip(...texts: readonly string[]): boolean {
    const all = texts.every((text, index) => {
      const token = this.peek(index);
      return (token.kind === 'symbol' && token.text === text) || (token.kind === 'word' && token.text.toUpperCase() === text);
    });
    if (all) this.#at += texts.length;
    return all;
  }
  expect(...texts: readonly string[]): void {
    if (!this.skip(...texts)) throw malformed(`Expected ${texts.join(' ')}, found ${this.next.text}`);
  }
  take(): Token {
    const token = this.next;
    this.#at += 1;
    return token;
  }

  done(): void {
    if (this.next.kind !== 'end') throw malformed(`Unexpected ${this.next.text}`);
    if (this.#parameter !== this.#parameters.length) {
      throw malformed(`Number of parameters in request and statement don't match.`);
    }
  }

  name(): string {
    const { kind, text } = this.take();
    if (kind !== 'word' && kind !== 'name') throw malformed(`Expected a name, found ${text}`);
    return text;
  }

  path(): Path {
    const path: (string | number)[] = [this.name()];
    for (;;) {
      if (this.skip('.')) path.push(this.name());
      else if (this.skip('[')) {
        const { kind, text } = this.take();
        if (kind === 'number' && /^\d{1,9}$/.test(text)) path.push(Number(text));
        else if (kind === 'string') path.push(text);
        else throw malformed(`Expected an index, found ${text}`);
        this.expect(']');
      } else return path;
    }
  }

  /** Whether a value comes next, rather than a path or a function. */
  get atValue(): boolean {
    const { kind, text } = this.next;
    if (kind === 'word') return /^(true|false|null)$/i.test(text);
    return kind === 'string' || kind === 'number' || kind === 'parameter' || ['[', '{', '<<', '-', '+'].includes(text);
  }

  value(depth = 0): Value {
    if (depth > deepest) throw malformed('Nesting Levels have exceeded supported limits');
    const { kind, text } = this.take();
    if (kind === 'string') return { S: text };
    if (kind === 'number') return { N: canonicalNumber(text) };
    if (kind === 'parameter') return this.#nextParameter();
    if (kind === 'word') {
      const word = text.toLowerCase();
      if (word === 'null') return { NULL: true };
      if (word === 'true' || word === 'false') return { BOOL: word === 'true' };
    }
    if (kind === 'symbol') {
      if (text === '-' || text === '+') return { N: canonicalNumber(text + this.take().text) };
      if (text === '[') return { L: this.#list(']', depth) };
      if (text === '{') return { M: this.#map(depth) };
      if (text === '<<') return setOf(this.#list('>>', depth));
    }
    throw malformed(`Expected a value, found ${text}`);
  }

  #nextParameter(): Value {
    const raw = this.#parameters[this.#parameter];
    this.#parameter += 1;
    if (raw === undefined) throw malformed(`Number of parameters in request and statement don't match.`);
    return readValue(raw);
  }

  #list(end: string, depth: number): Value[] {
    const list: Value[] = [];
    while (!this.skip(end)) {
      if (list.length > 0) this.expect(',');
      list.push(this.value(depth + 1));
    }
    return list;
  }

  #map(depth: number): Item {
    const map: Record<string, Value> = {};
    let isFirst = true;
    while (!this.skip('}')) {
      if (!isFirst) this.expect(',');
      isFirst = false;
      const { kind, text } = this.take();
      if (kind !== 'string') throw malformed(`Expected the name of an attribute in quotes, found ${text}`);
      this.expect(':');
      setMember(map, text, this.value(depth + 1));
    }
    return map;
  }
}

/** Elements decide what kind of set it is. */
function setOf(list: readonly Value[]): Value {
  const of = <T>(pick: (value: Value) => T | undefined): T[] | undefined => {
    const picked = list.map(pick);
    return picked.includes(undefined) ? undefined : (picked as T[]);
  };
  const strings = of((value) => ('S' in value ? value.S : undefined));
  const numbers = of((value) => ('N' in value ? value.N : undefined));
  const bytes = of((value) => ('B' in value ? value.B : undefined));
  if (list.length === 0 || (strings ?? numbers ?? bytes) === undefined)
    throw malformed('A set holds strings, numbers or bytes, and at least one of them');
  return readValue(strings !== undefined ? { SS: strings } : numbers !== undefined ? { NS: numbers } : { BS: bytes });
}
