import { PatternError } from '../../kit/index.ts';

export { PatternError } from '../../kit/index.ts';

/** Walks over the text of a pattern. */
export class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }
  peek(length = 1): string {
    return this.text.slice(this.at, this.at + length);
  }
  skipSpace(): void {
    while (/\s/.test(this.peek())) this.at += 1;
  }

  /** Takes the word, after spaces, if it is next. */
  take(word: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  /** Takes a keyword, which ends where letters do. */
  takeKeyword(word: string): boolean {
    this.skipSpace();
    const found =
      this.text.slice(this.at, this.at + word.length).toUpperCase() === word &&
      !/\w/.test(this.text[this.at + word.length] ?? '');
    if (found) this.at += word.length;
    return found;
  }

  expect(word: string): void {
    if (!this.take(word)) throw this.fail(`'${word}' is expected`);
  }

  /** Takes what matches, which must be a sticky expression. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Text between two marks of this kind; a backslash keeps the next mark in. */
  quoted(mark: string): string {
    this.expect(mark);
    let text = '';
    for (;;) {
      const next = this.peek();
      if (next === '') throw this.fail(`${mark} is not closed`);
      this.at += 1;
      if (next === mark) return text;
      if (next === '\\' && (this.peek() === mark || (mark !== '%' && this.peek() === '\\'))) {
        text += this.peek();
        this.at += 1;
      } else text += next;
    }
  }

  fail(what: string): PatternError {
    return new PatternError(`${what} at position ${this.at}`);
  }
}
