import { TemplateFault } from './fault.ts';
import type { Block, Branch, Expression, Node, Operator, Reference, Step } from './syntax.ts';

/** Blocks in blocks, and expressions in expressions. */
const deepest = 64;

/**
 * Reads a template. White space behind a directive goes with the end of its line, and in front of `#set` too.
 *
 * @throws TemplateFault
 */
export function parseTemplate(text: string): Block {
  const parser = new Parser(text);
  const block = parser.block();
  if (!parser.isAtEnd) throw new TemplateFault(`There is an #end, #else or #elseif too many at ${parser.place}.`);
  return block;
}

const identifier = /[A-Za-z_][\w-]*/y;
const directive =
  /#(?:\{(set|if|elseif|else|end|foreach|break|stop|return|define|macro|include|parse|evaluate)\}|(set|if|elseif|else|end|foreach|break|stop|return|define|macro|include|parse|evaluate)(?![A-Za-z]))/y;
const referenceStart = /\$!?\{?[A-Za-z_]/y;
const operators: readonly (readonly (readonly [RegExp, Operator])[])[] = [
  [[/\|\||or\b/y, '||']],
  [[/&&|and\b/y, '&&']],
  [
    [/==|eq\b/y, '=='],
    [/!=|ne\b/y, '!='],
  ],
  [
    [/<=|le\b/y, '<='],
    [/>=|ge\b/y, '>='],
    [/<|lt\b/y, '<'],
    [/>|gt\b/y, '>'],
  ],
  [
    [/\+/y, '+'],
    [/-/y, '-'],
  ],
  [
    [/\*/y, '*'],
    [/\//y, '/'],
    [/%/y, '%'],
  ],
];

class Parser {
  readonly #text: string;
  #at = 0;
  #depth: number;

  constructor(text: string, depth = 0) {
    this.#text = text;
    this.#depth = depth;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  get place(): string {
    const before = this.#text.slice(0, this.#at).split('\n');
    return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  }

  /** Up to its end, or to the directive that ends it, which is not taken. */
  block(): Block {
    return this.#deeper(() => {
      const nodes: Node[] = [];
      let from = this.#at;
      const flush = (to: number): void => {
        if (to > from) nodes.push({ kind: 'text', text: this.#text.slice(from, to) });
      };
      while (!this.isAtEnd) {
        const char = this.#text[this.#at];
        if (char === '\\' && this.#isReferenceAt(this.#at + 1)) {
          flush(this.#at);
          from = this.#at + 1;
          this.#at += 2;
        } else if (char === '$' && this.#isReferenceAt(this.#at)) {
          flush(this.#at);
          nodes.push({ kind: 'reference', reference: this.#reference() });
          from = this.#at;
        } else if (char === '#') {
          const before = this.#at;
          const skipped = this.#comment();
          if (skipped !== undefined) {
            flush(before);
            if (skipped !== '') nodes.push({ kind: 'text', text: skipped });
            from = this.#at;
            continue;
          }
          const name = this.#peek(directive)?.slice(1).find(Boolean);
          if (name === undefined) {
            this.#at += 1;
            continue;
          }
          let end = before;
          if (name === 'set') while (end > from && /[ \t]/.test(this.#text[end - 1] ?? '')) end -= 1;
          flush(end);
          if (name === 'end' || name === 'else' || name === 'elseif') return nodes;
          nodes.push(this.#directive(name));
          from = this.#at;
        } else this.#at += 1;
      }
      flush(this.#at);
      return nodes;
    });
  }

  #isReferenceAt(at: number): boolean {
    referenceStart.lastIndex = at;
    return referenceStart.test(this.#text);
  }

  /** @returns what stands for a comment, or for text that is not to be read; undefined when there is neither */
  #comment(): string | undefined {
    const rest = this.#text.slice(this.#at, this.#at + 3);
    if (rest.startsWith('##')) {
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end === -1 ? this.#text.length : end + 1;
      return '';
    }
    for (const [open, close] of [
      ['#*', '*#'],
      ['#[[', ']]#'],
    ] as const) {
      if (!rest.startsWith(open)) continue;
      const end = this.#text.indexOf(close, this.#at + open.length);
      if (end === -1) throw new TemplateFault(`${open} at ${this.place} has no ${close}.`);
      const inner = this.#text.slice(this.#at + open.length, end);
      this.#at = end + close.length;
      return open === '#[[' ? inner : '';
    }
    return undefined;
  }

  #directive(name: string): Node {
    this.#take(directive);
    switch (name) {
      case 'set': {
        this.#open(name);
        const target = this.#reference();
        this.#sign('=');
        const value = this.#expression();
        this.#close();
        return { kind: 'set', target, value };
      }
      case 'if':
        return this.#conditional();
      case 'foreach': {
        this.#open(name);
        const variable = this.#reference();
        this.#space();
        if (variable.steps.length > 0 || this.#take(/in\b/y) === undefined)
          throw new TemplateFault(`#foreach at ${this.place} wants ($variable in list).`);
        this.#space();
        const list = this.#expression();
        this.#close();
        const body = this.block();
        this.#end();
        return { kind: 'foreach', name: variable.name, list, body };
      }
      case 'break':
      case 'stop':
      case 'return':
        this.#restOfLine();
        return { kind: name === 'break' ? 'break' : 'stop' };
      default:
        throw new TemplateFault(`#${name} at ${this.place} is nothing that templates here can do.`);
    }
  }

  #conditional(): Node {
    const branches: Branch[] = [];
    let otherwise: Block = [];
    const branch = (): void => {
      this.#open('if');
      const condition = this.#expression();
      this.#close();
      branches.push({ condition, body: this.block() });
    };
    branch();
    for (;;) {
      const name = this.#peek(directive)?.slice(1).find(Boolean);
      if (name === 'elseif') {
        this.#take(directive);
        branch();
        continue;
      }
      if (name === 'else') {
        this.#take(directive);
        this.#restOfLine();
        otherwise = this.block();
      }
      this.#end();
      return { kind: 'if', branches, otherwise };
    }
  }

  #end(): void {
    if (this.#peek(directive)?.slice(1).find(Boolean) !== 'end') throw new TemplateFault(`#end is missing at ${this.place}.`);
    this.#take(directive);
    this.#restOfLine();
  }

  #restOfLine(): void {
    this.#take(/[ \t]*(?:\r\n|\n|\r)/y);
  }

  #open(name: string): void {
    if (this.#take(/[ \t]*\(/y) === undefined) throw new TemplateFault(`#${name} at ${this.place} wants a bracket.`);
    this.#space();
  }

  #close(): void {
    this.#sign(')');
    this.#restOfLine();
  }

  /** White space goes in front; behind a bracket it may be the text's. */
  #sign(sign: string): void {
    this.#space();
    if (!this.#text.startsWith(sign, this.#at)) throw new TemplateFault(`${JSON.stringify(sign)} is missing at ${this.place}.`);
    this.#at += sign.length;
    if (sign === '=' || sign === ':') this.#space();
  }

  #reference(): Reference {
    const start = this.#at;
    const open = this.#take(/\$!?\{?/y);
    const [name] = this.#take(identifier) ?? [];
    if (open === undefined || name === undefined) throw new TemplateFault(`A reference is missing at ${this.place}.`);
    const steps: Step[] = [];
    for (;;) {
      const member = this.#take(/\.([A-Za-z_][\w-]*)/y)?.[1];
      if (member !== undefined) {
        if (this.#take(/\(/y) === undefined) steps.push({ kind: 'member', name: member });
        else steps.push({ kind: 'method', name: member, parameters: this.#items(')') });
        continue;
      }
      // In text a bracket that is not closed, or holds nothing, is text.
      if (
        this.#text[this.#at] !== '[' ||
        !/^\[\s*(?:-?\d+|'[^']*'|"[^"]*"|\$[^\]]+)\s*\]/.test(this.#text.slice(this.#at, this.#at + 400))
      )
        break;
      this.#at += 1;
      this.#space();
      const index = this.#expression();
      this.#sign(']');
      steps.push({ kind: 'index', index });
    }
    if (open[0].endsWith('{') && this.#take(/\}/y) === undefined) throw new TemplateFault(`"}" is missing at ${this.place}.`);
    const source = this.#text.slice(start, this.#at);
    // White space behind is the text's, but not within a directive, where whoever goes on skips it.
    return { name, steps, quiet: open[0].includes('!'), source };
  }

  #items(close: string): Expression[] {
    const items: Expression[] = [];
    this.#space();
    while (!this.#text.startsWith(close, this.#at)) {
      items.push(this.#expression());
      this.#space();
      if (this.#take(/,/y) === undefined) break;
      this.#space();
    }
    if (!this.#text.startsWith(close, this.#at)) throw new TemplateFault(`${JSON.stringify(close)} is missing at ${this.place}.`);
    this.#at += close.length;
    return items;
  }

  #expression(level = 0): Expression {
    if (level === operators.length) return this.#deeper(() => this.#unary());
    let left = this.#expression(level + 1);
    for (;;) {
      this.#space();
      const found = operators[level]?.find(([sign]) => this.#take(sign) !== undefined);
      if (found === undefined) return left;
      this.#space();
      left = { kind: 'binary', operator: found[1], left, right: this.#expression(level + 1) };
    }
  }

  #unary(): Expression {
    this.#space();
    if (this.#take(/!(?!=)|not\b/y) !== undefined) return { kind: 'not', of: this.#deeper(() => this.#unary()) };
    const number = this.#take(/-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/y)?.[0];
    if (number !== undefined) return { kind: 'constant', value: Number(number) };
    if (this.#take(/-/y) !== undefined) return { kind: 'negative', of: this.#deeper(() => this.#unary()) };
    const word = this.#take(/(?:true|false)\b/y)?.[0];
    if (word !== undefined) return { kind: 'constant', value: word === 'true' };
    switch (this.#text[this.#at]) {
      case "'":
        return { kind: 'constant', value: this.#quoted("'") };
      case '"': {
        const text = this.#quoted('"');
        return /[$#]/.test(text)
          ? { kind: 'interpolated', block: new Parser(text, this.#depth).block() }
          : { kind: 'constant', value: text };
      }
      case '$':
        return { kind: 'reference', reference: this.#reference() };
      case '(': {
        this.#at += 1;
        const inner = this.#expression();
        this.#sign(')');
        return inner;
      }
      case '[':
        return this.#list();
      case '{': {
        this.#at += 1;
        return { kind: 'map', entries: this.#entries() };
      }
      default:
        throw new TemplateFault(`A value is missing at ${this.place}.`);
    }
  }

  #list(): Expression {
    this.#at += 1;
    this.#space();
    if (this.#take(/\]/y) !== undefined) return { kind: 'list', items: [] };
    const first = this.#expression();
    this.#space();
    if (this.#take(/\.\./y) !== undefined) {
      const to = this.#expression();
      this.#sign(']');
      return { kind: 'range', from: first, to };
    }
    if (this.#take(/,/y) === undefined) {
      this.#sign(']');
      return { kind: 'list', items: [first] };
    }
    return { kind: 'list', items: [first, ...this.#items(']')] };
  }

  #entries(): (readonly [Expression, Expression])[] {
    const entries: (readonly [Expression, Expression])[] = [];
    this.#space();
    while (this.#take(/\}/y) === undefined) {
      const key = this.#expression();
      this.#sign(':');
      entries.push([key, this.#expression()]);
      this.#space();
      if (this.#take(/,/y) === undefined && this.#text[this.#at] !== '}')
        throw new TemplateFault(`"}" is missing at ${this.place}.`);
      this.#space();
    }
    return entries;
  }

  /** Twice the sign is the sign. */
  #quoted(sign: string): string {
    let text = '';
    for (let from = this.#at + 1; ;) {
      const end = this.#text.indexOf(sign, from);
      if (end === -1) throw new TemplateFault(`The text at ${this.place} has no end.`);
      text += this.#text.slice(from, end);
      if (this.#text[end + 1] !== sign) {
        this.#at = end + 1;
        return text;
      }
      text += sign;
      from = end + 2;
    }
  }

  #space(): void {
    this.#take(/\s+/y);
  }

  #peek(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text) ?? undefined;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const found = this.#peek(pattern);
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }

  #deeper<T>(work: () => T): T {
    this.#depth += 1;
    if (this.#depth > deepest) throw new TemplateFault('The template is nested too deeply.');
    try {
      return work();
    } finally {
      this.#depth -= 1;
    }
  }
}
