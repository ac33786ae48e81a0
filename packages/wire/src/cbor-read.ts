import { ServiceFault } from './fault.ts';
import { members, type Shape } from './operation.ts';

/** No AWS document needs more; deeper ones are an attack on the stack. */
const deepest = 64;
/** A full PutMetricData has some 400 000 items. An item of one byte becomes an object of fifty. */
const mostItems = 500_000;

/** Major types of RFC 8949. */
const kinds = ['number', 'number', 'byte string', 'text', 'list', 'map', 'tag', 'simple value'] as const;
const [positive, negative, bytes, text, list, map, tag, simple] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** Argument of an item whose end is marked by a break. */
const indefinite = -1;
const epochTag = 1;

const malformed = (message: string): ServiceFault => new ServiceFault('SerializationException', message, { status: 400 });

/**
 * CBOR → what a handler sees, in one pass along the schema: what it does not know is passed over and never built.
 *
 * @param unitMs  what a timestamp counts: seconds, or milliseconds
 * @throws SerializationException
 * @source RFC 8949; Smithy 2.0, "Smithy RPC v2 CBOR protocol"
 */
export function fromCbor(shape: Shape, body: Uint8Array, unitMs: number): unknown {
  return body.length === 0 ? {} : new Reader(body, unitMs).whole(shape);
}

class Reader {
  readonly #bytes: Buffer;
  readonly #unitMs: number;
  #at = 0;
  #items = 0;
  /** Of the head read last: its argument, and the five bits that say how it is written. */
  #argument = 0;
  #info = 0;

  constructor(body: Uint8Array, unitMs: number) {
    this.#bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#unitMs = unitMs;
  }

  whole(shape: Shape): unknown {
    const value = this.#value(shape, 0);
    if (this.#at < this.#bytes.length) throw malformed('Something follows the end of the CBOR document.');
    return value;
  }

  #value(shape: Shape, depth: number): unknown {
    const major = this.#head();
    if (major === simple && (this.#info === 22 || this.#info === 23)) return undefined;
    if (depth > deepest) throw malformed(`The document is nested more than ${deepest} levels deep.`);
    if (shape.isStructSchema()) return this.#expected(major, map, 'Structure') && this.#structure(shape, depth);
    if (shape.isListSchema()) return this.#expected(major, list, 'List') && this.#list(shape.getValueSchema(), depth);
    if (shape.isMapSchema()) return this.#expected(major, map, 'Map') && this.#map(shape.getValueSchema(), depth);
    if (shape.isBlobSchema()) return this.#expected(major, bytes, 'Blob') && Buffer.concat(this.#pieces(bytes));
    if (shape.isTimestampSchema()) return this.#timestamp(major);
    if (shape.isBooleanSchema()) return this.#boolean(major);
    if (shape.isStringSchema()) return this.#expected(major, text, 'String') && this.#text();
    return this.#number(major, 'Number');
  }

  #expected(major: number, wanted: number, type: string): true {
    if (major !== wanted) throw malformed(`A ${kinds[major]} can not be converted to a ${type}`);
    return true;
  }

  #structure(shape: Shape, depth: number): object {
    const known = membersOf(shape);
    const seen = new Set<string>();
    const result: Record<string, unknown> = {};
    this.#each(() => {
      const name = this.#key();
      const member = known.get(name);
      if (member === undefined) return this.#skip(depth + 1);
      if (seen.has(name)) throw malformed(`The member ${name} is there twice.`);
      seen.add(name);
      const value = this.#value(member, depth + 1);
      if (value !== undefined) result[name] = value;
    });
    return result;
  }

  #list(item: Shape, depth: number): unknown[] {
    const result: unknown[] = [];
    this.#each(() => void result.push(this.#value(item, depth + 1)));
    return result;
  }

  #map(item: Shape, depth: number): object {
    const result: Record<string, unknown> = {};
    this.#each(() => {
      const key = this.#key();
      if (Object.hasOwn(result, key)) throw malformed(`The key ${key.slice(0, 100)} is there twice.`);
      const value = this.#value(item, depth + 1);
      if (key !== '__proto__') result[key] = value;
    });
    return result;
  }

  #timestamp(major: number): Date {
    if (major === tag) {
      if (this.#argument !== epochTag) throw malformed(`A tag ${this.#argument} can not be converted to a Timestamp`);
      major = this.#head();
    }
    // A Date cuts, and seconds times a thousand are seldom whole.
    const date = new Date(Math.round(this.#number(major, 'Timestamp') * this.#unitMs));
    if (Number.isNaN(date.getTime())) throw malformed('A number beyond all dates can not be converted to a Timestamp');
    return date;
  }

  #boolean(major: number): boolean {
    if (major !== simple || (this.#info !== 20 && this.#info !== 21)) this.#expected(major, -1, 'Boolean');
    return this.#info === 21;
  }

  #number(major: number, type: string): number {
    if (major === positive) return this.#argument;
    if (major === negative) return -1 - this.#argument;
    if (major === simple) {
      const at = this.#at;
      if (this.#info === 25) return half(this.#bytes.readUInt16BE(at - 2));
      if (this.#info === 26) return this.#bytes.readFloatBE(at - 4);
      if (this.#info === 27) return this.#bytes.readDoubleBE(at - 8);
    }
    throw malformed(`A ${kinds[major]} can not be converted to a ${type}`);
  }

  #key(): string {
    if (this.#head() !== text) throw malformed('The keys of a map must be texts.');
    return this.#text();
  }

  #text(): string {
    const pieces = this.#pieces(text);
    try {
      return pieces.map((piece) => utf8.decode(piece)).join('');
    } catch {
      throw malformed('A text is not valid UTF-8.');
    }
  }

  /** The bytes of a string; those of indefinite length come in several pieces. */
  #pieces(major: number): Buffer[] {
    if (this.#argument !== indefinite) return [this.#take(this.#argument)];
    const pieces: Buffer[] = [];
    while (!this.#atBreak()) {
      if (this.#head() !== major || this.#argument === indefinite)
        throw malformed('A string of indefinite length must be made of whole strings of its kind.');
      pieces.push(this.#take(this.#argument));
    }
    return pieces;
  }

  /** Goes through what a list or map holds. A length is only believed as far as there are bytes. */
  #each(one: () => void): void {
    const count = this.#argument;
    if (count === indefinite) while (!this.#atBreak()) one();
    else {
      if (count > this.#bytes.length - this.#at) throw cut();
      for (let index = 0; index < count; index += 1) one();
    }
  }

  /** Passes over an item without building it. */
  #skip(depth: number): void {
    if (depth > deepest) throw malformed(`The document is nested more than ${deepest} levels deep.`);
    const major = this.#head();
    if (major === bytes || major === text) this.#pieces(major);
    else if (major === list) this.#each(() => this.#skip(depth + 1));
    else if (major === tag) this.#skip(depth + 1);
    else if (major === map) {
      this.#each(() => {
        this.#key();
        this.#skip(depth + 1);
      });
    }
  }

  #atBreak(): boolean {
    if (this.#bytes[this.#at] !== 0xff) return false;
    this.#at += 1;
    return true;
  }

  #head(): number {
    if ((this.#items += 1) > mostItems) throw malformed(`The document has more than ${mostItems} items.`);
    const initial = this.#take(1)[0] ?? 0;
    const major = initial >> 5;
    this.#info = initial & 0x1f;
    this.#argument = this.#readArgument(major);
    return major;
  }

  #readArgument(major: number): number {
    const info = this.#info;
    if (info < 24) {
      if (major === simple && (info < 20 || info > 23)) throw malformed(`There is no simple value ${info}.`);
      return info;
    }
    if (info === 31 && major >= bytes && major <= map) return indefinite;
    if (info > 27)
      throw malformed(info === 31 && major === simple ? 'A break is where nothing is open.' : 'A head is not valid CBOR.');
    if (major === simple && info === 24) throw malformed('There are no simple values of two bytes.');
    const size = 1 << (info - 24);
    const argument = this.#take(size);
    return size === 8 ? Number(argument.readBigUInt64BE()) : argument.readUIntBE(0, size);
  }

  #take(size: number): Buffer {
    if (size > this.#bytes.length - this.#at) throw cut();
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}

const cut = (): ServiceFault => malformed('The CBOR document ends too early.');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Five bits of exponent, ten of fraction. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 === 1 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const known = new WeakMap<Shape, ReadonlyMap<string, Shape>>();

function membersOf(shape: Shape): ReadonlyMap<string, Shape> {
  let found = known.get(shape);
  if (found === undefined) known.set(shape, (found = new Map(members(shape))));
  return found;
}
