/**
 * Says whether bytes are one JSON value, without building it: an event of 6 MB made of nothing but
 * brackets would otherwise cost a hundred times its size. The texts are those of the parser that
 * Lambda's front end uses. @source spec 2.1-09
 *
 * @returns undefined when well-formed, otherwise what the parser would say
 */
export function jsonComplaint(bytes: Uint8Array): string | undefined {
  return new Checker(bytes).check();
}

const code = (text: string): number => text.charCodeAt(0);
const quote = code('"');
const backslash = code('\\');
const openObject = code('{');
const closeObject = code('}');
const openArray = code('[');
const closeArray = code(']');
const comma = code(',');
const colon = code(':');
const minus = code('-');
const zero = code('0');
const nine = code('9');

const words = ['true', 'false', 'null'] as const;
const anyValue = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

const isSpace = (byte: number | undefined): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= nine;
const isWord = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || isDigit(byte) || byte === 95 || byte === 36 || byte >= 128);
const isHex = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && ((byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70)));
/** After a backslash: " \ / b f n r t (u is looked at apart). */
const escapes = new Set([34, 92, 47, 98, 102, 110, 114, 116]);

class Complaint extends Error {}

class Checker {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  check(): string | undefined {
    try {
      this.#document();
      return undefined;
    } catch (error) {
      if (error instanceof Complaint) return error.message;
      throw error;
    }
  }

  /** One loop and a stack of where the open brackets stand, so that depth costs four bytes and no recursion. */
  #document(): void {
    const bytes = this.#bytes;
    const open: number[] = [];
    this.#space();
    if (this.#at >= bytes.length) this.#refuse('No content to map due to end-of-input', this.#at);
    for (;;) {
      const byte = bytes[this.#at];
      if (byte === openObject) {
        open.push(this.#at++);
        this.#space();
        if (bytes[this.#at] === closeObject) {
          this.#at += 1;
          open.pop();
        } else {
          this.#fieldName(open);
          continue;
        }
      } else if (byte === openArray) {
        open.push(this.#at++);
        this.#space();
        if (bytes[this.#at] !== closeArray) {
          this.#mustGoOn(open);
          continue;
        }
        this.#at += 1;
        open.pop();
      } else this.#scalar(open);
      if (!this.#afterValue(open)) return;
    }
  }

  /** Closes what ends here. @returns whether another value must follow */
  #afterValue(open: number[]): boolean {
    const bytes = this.#bytes;
    for (;;) {
      this.#space();
      const start = open.at(-1);
      if (start === undefined) {
        if (this.#at < bytes.length) this.#unexpectedValue();
        return false;
      }
      this.#mustGoOn(open);
      const inObject = bytes[start] === openObject;
      const byte = bytes[this.#at];
      if (byte === (inObject ? closeObject : closeArray)) {
        this.#at += 1;
        open.pop();
        continue;
      }
      if (byte !== comma) {
        this.#unexpected(`was expecting comma to separate ${inObject ? 'Object' : 'Array'} entries`);
      }
      this.#at += 1;
      this.#space();
      this.#mustGoOn(open);
      if (inObject) this.#fieldName(open);
      return true;
    }
  }

  #fieldName(open: readonly number[]): void {
    this.#mustGoOn(open);
    if (this.#bytes[this.#at] !== quote) this.#unexpected('was expecting double-quote to start field name');
    this.#string();
    this.#space();
    this.#mustGoOn(open);
    if (this.#bytes[this.#at] !== colon) this.#unexpected('was expecting a colon to separate field name and value');
    this.#at += 1;
    this.#space();
    this.#mustGoOn(open);
  }

  #scalar(open: readonly number[]): void {
    const byte = this.#bytes[this.#at];
    if (byte === quote) this.#string();
    else if (byte === minus || isDigit(byte)) this.#number(open);
    else this.#word();
  }

  #string(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) {
        this.#refuse('Unexpected end-of-input: was expecting closing quote for a string value', at);
      }
      if (byte === quote) break;
      if (byte === backslash) {
        const next = bytes[at + 1];
        if (next === undefined) this.#refuse('Unexpected end-of-input in character escape sequence', at + 1);
        if (next === 117) {
          for (let digit = at + 2; digit < at + 6; digit += 1) {
            if (isHex(bytes[digit])) continue;
            this.#at = digit;
            this.#unexpected('expected a hex-digit for character escape sequence');
          }
          at += 6;
        } else if (escapes.has(next)) at += 2;
        else this.#refuse(`Unrecognized character escape ${describe(next)}`, at + 2);
      } else if (byte < 32) {
        this.#refuse(
          `Illegal unquoted character (${describe(byte)}): has to be escaped using backslash to be included in string value`,
          at + 1,
        );
      } else at += 1;
    }
    this.#at = at + 1;
  }

  #number(open: readonly number[]): void {
    const bytes = this.#bytes;
    const digits = (after: string): void => {
      if (!isDigit(bytes[this.#at])) {
        if (this.#at >= bytes.length) this.#mustGoOn(open);
        this.#unexpected(after);
      }
      while (isDigit(bytes[this.#at])) this.#at += 1;
    };
    if (bytes[this.#at] === minus) this.#at += 1;
    if (bytes[this.#at] === zero) {
      this.#at += 1;
      if (isDigit(bytes[this.#at])) this.#refuse('Invalid numeric value: Leading zeroes not allowed', this.#at);
    } else digits('expected digit (0-9) to follow minus sign, for valid numeric value');
    if (bytes[this.#at] === 46) {
      this.#at += 1;
      digits('Decimal point not followed by a digit');
    }
    if (bytes[this.#at] === 101 || bytes[this.#at] === 69) {
      this.#at += 1;
      if (bytes[this.#at] === minus || bytes[this.#at] === 43) this.#at += 1;
      digits('Exponent indicator not followed by a digit');
    }
    // A number runs into nothing but a space, a bracket or a comma: `1a` is not a number and then something.
    if (isWord(bytes[this.#at])) this.#unexpected('Expected space separating root-level values');
  }

  #word(): void {
    const bytes = this.#bytes;
    if (!isWord(bytes[this.#at])) this.#unexpected(`expected a valid value ${anyValue}`);
    let end = this.#at;
    while (isWord(bytes[end])) end += 1;
    // Only as much as an error may show is ever turned into text.
    const token = Buffer.from(bytes.subarray(this.#at, Math.min(end, this.#at + 256))).toString('utf8');
    if (!words.some((word) => word === token)) {
      this.#refuse(`Unrecognized token '${token}': was expecting ${anyValue}`, end);
    }
    this.#at = end;
  }

  /** What follows the value. Jackson itself would not look; a runtime would fail over it later, so we refuse it here. */
  #unexpectedValue(): never {
    if (isWord(this.#bytes[this.#at])) this.#word();
    this.#unexpected('expected end of input');
  }

  #space(): void {
    const bytes = this.#bytes;
    while (isSpace(bytes[this.#at])) this.#at += 1;
  }

  #mustGoOn(open: readonly number[]): void {
    if (this.#at < this.#bytes.length) return;
    const start = open.at(-1);
    if (start === undefined) this.#refuse('Unexpected end-of-input', this.#at);
    const kind = this.#bytes[start] === openObject ? 'Object' : 'Array';
    this.#refuse(`Unexpected end-of-input: expected close marker for ${kind} (start marker at ${this.#source(start)})`, this.#at);
  }

  #unexpected(expected: string): never {
    this.#refuse(`Unexpected character (${describe(this.#bytes[this.#at] ?? 0)}): ${expected}`, this.#at);
  }

  #refuse(text: string, at: number): never {
    throw new Complaint(`${text}\n at ${this.#source(at)}`);
  }

  #source(at: number): string {
    let line = 1;
    let lineStart = 0;
    for (let index = 0; index < at; index += 1) {
      if (this.#bytes[index] !== 10) continue;
      line += 1;
      lineStart = index + 1;
    }
    const column = at - lineStart + 1;
    return `[Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;
  }
}

const describe = (byte: number): string =>
  byte < 32 ? `(CTRL-CHAR, code ${byte})` : `'${byte < 127 ? String.fromCharCode(byte) : '?'}' (code ${byte})`;
