import type { Path, Seen } from './error.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * Where a reader stands that has just noticed a value: past a number or word, past the opening of a text, object or
 * array, unless it has read on.
 *
 * @param text  valid JSON
 * @param path  of a value in it
 */
export function locate(text: string, path: Path, seen: Seen): Place {
  const scanner = new Scanner(text);
  for (const step of path) scanner.enter(step);
  return placeOf(text, scanner.end(seen));
}

/** Lines and columns count from one. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

const texts = /"(?:[^"\\]|\\[^])*"/y;
const words = /[^\s,:[\]{}"]+/y;
const space = /\s*/y;

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#take(space);
  }

  /** Goes into an object or array, to the value of this name or index; of names written twice, the last is meant. */
  enter(step: string | number): void {
    const isObject = this.#text[this.#at] === '{';
    let found: number | undefined;
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      this.#take(space);
      if (this.#at >= this.#text.length || /[\]}]/.test(this.#text.charAt(this.#at))) break;
      const name = isObject ? (JSON.parse(this.#take(texts)) as string) : index;
      this.#take(space);
      if (isObject) this.#at += 1;
      this.#take(space);
      if (name === step) found = this.#at;
      this.#skip();
      this.#take(space);
      if (this.#text[this.#at] === ',') this.#at += 1;
    }
    if (found !== undefined) this.#at = found;
  }

  end(seen: Seen): number {
    const first = this.#text.charAt(this.#at);
    const isOpen = /["{[]/.test(first) && seen === 'opening';
    if (isOpen) return this.#at + 1;
    this.#skip();
    return this.#at;
  }

  /** Passes over one value, without recursion. */
  #skip(): void {
    let depth = 0;
    do {
      this.#take(space);
      const character = this.#text.charAt(this.#at);
      if (character === '"') this.#take(texts);
      else if (/[{[]/.test(character)) [depth, this.#at] = [depth + 1, this.#at + 1];
      else if (/[}\]]/.test(character)) [depth, this.#at] = [depth - 1, this.#at + 1];
      else if (/[,:]/.test(character)) this.#at += 1;
      else if (this.#take(words) === '') return;
    } while (depth > 0);
  }

  #take(what: RegExp): string {
    what.lastIndex = this.#at;
    const found = what.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}
