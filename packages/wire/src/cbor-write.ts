import { members, type Shape } from './operation.ts';

/** How a protocol writes what CBOR leaves open. */
export interface CborStyle {
  /** What a timestamp counts, in milliseconds. Seconds are written as doubles, milliseconds as integers. */
  readonly unitMs: number;
  /**
   * Members whose numbers are doubles in the service's model: the SDK's schemas do not say, and some clients take an
   * integer for no double.
   */
  readonly doubles: ReadonlySet<string>;
}

/** What a handler returned → CBOR. Members the schema does not know are left out. */
export function toCbor(shape: Shape, value: unknown, style: CborStyle): Uint8Array {
  const writer = new Writer(style);
  writer.value(shape, value ?? {}, false);
  return writer.whole();
}

/** A document that no schema describes. */
export function plainToCbor(document: Readonly<Record<string, unknown>>): Uint8Array {
  const writer = new Writer({ unitMs: 1_000, doubles: new Set() });
  writer.plain(document);
  return writer.whole();
}

const [positive, negative, bytes, text, list, map, tag] = [0, 1, 2, 3, 4, 5, 6] as const;

class Writer {
  readonly #style: CborStyle;
  #buffer = Buffer.allocUnsafe(512);
  #at = 0;

  constructor(style: CborStyle) {
    this.#style = style;
  }

  whole(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  value(shape: Shape, value: unknown, isDouble: boolean): void {
    if (value === undefined || value === null) this.#scalar(value, isDouble);
    else if (shape.isStructSchema()) this.#structure(shape, value as Record<string, unknown>);
    else if (shape.isListSchema()) {
      const item = shape.getValueSchema();
      this.#head(list, (value as unknown[]).length);
      for (const each of value as unknown[]) this.value(item, each, isDouble);
    } else if (shape.isMapSchema()) {
      const item = shape.getValueSchema();
      const entries = Object.entries(value).filter(([, each]) => each !== undefined && each !== null);
      this.#head(map, entries.length);
      for (const [key, each] of entries) {
        this.#text(key);
        this.value(item, each, isDouble);
      }
    } else if (shape.isBlobSchema()) this.#bytes(value as Uint8Array);
    else if (shape.isTimestampSchema()) this.#timestamp(value as Date);
    else this.#scalar(value, isDouble);
  }

  plain(value: unknown): void {
    if (Array.isArray(value)) {
      this.#head(list, value.length);
      for (const each of value) this.plain(each);
    } else if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).filter(([, each]) => each !== undefined);
      this.#head(map, entries.length);
      for (const [key, each] of entries) {
        this.#text(key);
        this.plain(each);
      }
    } else this.#scalar(value, false);
  }

  #structure(shape: Shape, source: Readonly<Record<string, unknown>>): void {
    const present = members(shape).filter(([name]) => source[name] !== undefined && source[name] !== null);
    this.#head(map, present.length);
    for (const [name, member] of present) {
      this.#text(name);
      this.value(member, source[name], this.#style.doubles.has(name));
    }
  }

  #scalar(value: unknown, isDouble: boolean): void {
    if (value === undefined || value === null) this.#byte(0xf6);
    else if (typeof value === 'number') this.#number(value, isDouble);
    else if (typeof value === 'boolean') this.#byte(value ? 0xf5 : 0xf4);
    else this.#text(String(value));
  }

  #timestamp(date: Date): void {
    this.#head(tag, 1);
    this.#number(date.getTime() / this.#style.unitMs, this.#style.unitMs > 1);
  }

  #number(value: number, isDouble: boolean): void {
    if (!isDouble && Number.isSafeInteger(value) && !Object.is(value, -0)) {
      return value >= 0 ? this.#head(positive, value) : this.#head(negative, -1 - value);
    }
    this.#byte(0xfb);
    this.#room(8);
    this.#at = this.#buffer.writeDoubleBE(value, this.#at);
  }

  #text(value: string): void {
    const size = Buffer.byteLength(value);
    this.#head(text, size);
    this.#room(size);
    this.#at += this.#buffer.write(value, this.#at);
  }

  #bytes(value: Uint8Array): void {
    this.#head(bytes, value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** In as few bytes as there are. */
  #head(major: number, argument: number): void {
    const kind = major << 5;
    if (argument < 24) return this.#byte(kind | argument);
    const size = argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
    this.#byte(kind | (24 + Math.log2(size)));
    this.#room(8);
    this.#at =
      size === 8 ? this.#buffer.writeBigUInt64BE(BigInt(argument), this.#at) : this.#buffer.writeUIntBE(argument, this.#at, size);
  }

  #byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#at] = value;
    this.#at += 1;
  }

  #room(size: number): void {
    if (this.#at + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#at + size));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
