import type { ServiceFault } from '@mayfly/wire';
import { invalid } from '../faults.ts';
import type { Value } from '../value.ts';
import type { Path } from './ast.ts';
import type { Placeholders } from './placeholders.ts';
import { isReserved } from './reserved.ts';
import { tokenize, type Token } from './tokens.ts';

export type ExpressionName =
  | 'ConditionExpression'
  | 'FilterExpression'
  | 'KeyConditionExpression'
  | 'ProjectionExpression'
  | 'UpdateExpression';

/** @source Developer Guide, "Quotas": 4 KB an expression, 300 operators */
const longest = 4096;
const mostOperators = 300;

/** Walks the tokens of one expression; paths and values are resolved as they are read. */
export class Reader {
  readonly name: ExpressionName;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #placeholders: Placeholders;
  #at = 0;
  #operators = 0;

  constructor(name: ExpressionName, text: string, placeholders: Placeholders) {
    this.name = name;
    this.#text = text;
    this.#placeholders = placeholders;
    if (text.trim() === '') throw this.fault('The expression can not be empty;');
    if (Buffer.byteLength(text) > longest) {
      throw this.fault(`Expression size has exceeded the maximum allowed size; expression size: ${Buffer.byteLength(text)}`);
    }
    const { tokens, badAt } = tokenize(text);
    if (badAt !== undefined) {
      const token = [...text.slice(badAt)][0] ?? '';
      throw this.fault(`Syntax error; token: "${token}", near: "${text.slice(Math.max(0, badAt - 1), badAt + 2).trim()}"`);
    }
    this.#tokens = tokens;
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? this.#end();
  }
  get ended(): boolean {
    return this.next.kind === 'end';
  }
  peek(ahead: number): Token {
    return this.#tokens[this.#at + ahead] ?? this.#end();
  }
  take(): Token {
    const token = this.next;
    this.#at += 1;
    return token;
  }

  /** Whether the next token is this word (in any case) or symbol. */
  is(text: string): boolean {
    const { kind, text: own } = this.next;
    return (kind === 'symbol' && own === text) || (kind === 'word' && own.toUpperCase() === text);
  }
  /** Takes the next token if it is this one. */
  skip(text: string): boolean {
    const found = this.is(text);
    if (found) this.#at += 1;
    return found;
  }
  expect(text: string): void {
    if (!this.skip(text)) throw this.syntax();
  }
  done(): void {
    if (!this.ended) throw this.syntax();
  }

  operator(): void {
    this.#operators += 1;
    if (this.#operators > mostOperators) {
      throw this.fault(`The expression contains too many operators; operator count: ${this.#operators}`);
    }
  }

  path(): Path {
    const path: (string | number)[] = [this.#element()];
    for (;;) {
      if (this.skip('.')) path.push(this.#element());
      else if (this.skip('[')) {
        const index = this.take();
        if (index.kind !== 'number' || index.text.length > 9) throw this.syntax(-1);
        path.push(Number(index.text));
        this.expect(']');
      } else return path;
    }
  }

  value(): Value {
    const { text } = this.take();
    const value = this.#placeholders.value(text);
    if (value === undefined) {
      throw this.fault(`An expression attribute value used in expression is not defined; attribute value: ${text}`);
    }
    return value;
  }

  fault(message: string): ServiceFault {
    return invalid(`Invalid ${this.name}: ${message}`);
  }

  /** Names the token that does not belong, and its neighbours. */
  syntax(offset = 0): ServiceFault {
    const index = this.#at + offset;
    const token = this.#tokens[index] ?? this.#end();
    const before = this.#tokens[index - 1] ?? token;
    const after = this.#tokens[index + 1] ?? token;
    const to = after.kind === 'end' ? this.#text.length : after.at + after.text.length;
    return this.fault(`Syntax error; token: "${token.text}", near: "${this.#text.slice(before.at, to).trim()}"`);
  }

  #element(): string {
    const { kind, text } = this.next;
    if (kind === 'name') {
      this.#at += 1;
      const name = this.#placeholders.name(text);
      if (name === undefined) {
        throw this.fault(`An expression attribute name used in the document path is not defined; attribute name: ${text}`);
      }
      return name;
    }
    if (kind !== 'word') throw this.syntax();
    if (isReserved(text)) {
      throw this.fault(`Attribute name is a reserved keyword; reserved keyword: ${text}`);
    }
    this.#at += 1;
    return text;
  }

  #end(): Token {
    return { kind: 'end', text: '<EOF>', at: this.#text.length };
  }
}
