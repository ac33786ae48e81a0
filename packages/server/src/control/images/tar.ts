import { hostile } from './refusal.ts';

export interface TarHeader {
  readonly name: string;
  readonly kind: 'file' | 'hardLink' | 'link' | 'folder' | 'device';
  /** Of a link. */
  readonly target: string;
  readonly mode: number;
  /** Content that follows; 0 for all but files. */
  readonly bytes: number;
  readonly mtimeS: number;
}

/** What becomes of the entries. */
export interface TarSink {
  /** @throws RefusedImage to end the reading */
  entry(header: TarHeader): void;
  /** Content of the last entry. */
  data(chunk: Uint8Array): void;
  /** The content is complete; called for files without content too. */
  end(): void;
}

const block = 512;
/** Names and attributes that come as an entry of their own: held in memory, therefore few. */
const mostMetaBytes = 1_048_576;

/**
 * Reads a tar archive as it comes: ustar, pax and GNU long names. Written here because what a layer
 * claims of itself must be bounded before it is held in memory.
 *
 * @source POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format", read 2026-11
 */
export class TarReader {
  readonly #sink: TarSink;
  /** What has not made up a block yet. */
  #held = Buffer.alloc(0);
  #state: 'header' | 'file' | 'skip' | 'meta' | 'ended' = 'header';
  #left = 0;
  #padding = 0;
  #metaKind = '';
  #meta: Buffer[] = [];
  #pax: ReadonlyMap<string, string> = new Map();
  #global: ReadonlyMap<string, string> = new Map();
  #longName: string | undefined;
  #longTarget: string | undefined;
  #zeros = 0;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'ended') return;
      at += this.#state === 'header' ? this.#takeHeader(chunk, at) : this.#takeBody(chunk, at);
    }
  }

  /** @throws RefusedImage when the archive was cut */
  finish(): void {
    // Some tools leave out the last padding and the zeros behind it; content they do not.
    if (this.#state !== 'ended' && this.#left === 0 && this.#held.length === 0) {
      this.#padding = 0;
      if (this.#state !== 'header') this.#endBody();
      return;
    }
    if (this.#state !== 'ended') throw hostile('The archive of a layer is cut short.');
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(block - this.#held.length, chunk.length - at);
    const piece = chunk.subarray(at, at + taken);
    const full =
      this.#held.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.length) : Buffer.concat([this.#held, piece]);
    if (full.length < block) this.#held = Buffer.from(full);
    else {
      this.#held = Buffer.alloc(0);
      this.#header(full);
    }
    return taken;
  }

  #takeBody(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#left > 0 ? this.#left : this.#padding, chunk.length - at);
    if (this.#left > 0) {
      const piece = chunk.subarray(at, at + taken);
      if (this.#state === 'file') this.#sink.data(piece);
      else if (this.#state === 'meta') this.#meta.push(Buffer.from(piece));
      this.#left -= taken;
    } else this.#padding -= taken;
    if (this.#left === 0 && this.#padding === 0) this.#endBody();
    return taken;
  }

  #begin(state: 'file' | 'skip' | 'meta', bytes: number): void {
    this.#state = state;
    this.#left = bytes;
    this.#padding = (block - (bytes % block)) % block;
    if (bytes === 0) this.#endBody();
  }

  #endBody(): void {
    const state = this.#state;
    this.#state = 'header';
    if (state === 'file') this.#sink.end();
    if (state !== 'meta') return;
    const bytes = Buffer.concat(this.#meta);
    this.#meta = [];
    switch (this.#metaKind) {
      case 'x':
        this.#pax = paxOf(bytes);
        return;
      case 'g':
        this.#global = new Map([...this.#global, ...paxOf(bytes)]);
        return;
      case 'L':
        this.#longName = text(bytes);
        return;
      default:
        this.#longTarget = text(bytes);
    }
  }

  #header(bytes: Buffer): void {
    if (bytes.every((byte) => byte === 0)) {
      this.#zeros += 1;
      if (this.#zeros === 2) this.#state = 'ended';
      return;
    }
    this.#zeros = 0;
    checkSum(bytes);
    const type = String.fromCharCode(bytes[156] ?? 0);
    const size = number(bytes, 124, 12);
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (size > mostMetaBytes) throw hostile(`An entry of a layer describes itself in ${size} bytes.`);
      this.#metaKind = type;
      return this.#begin('meta', size);
    }
    const pax = new Map([...this.#global, ...this.#pax]);
    const paxSize = pax.get('size');
    const realSize = paxSize !== undefined && /^\d{1,15}$/.test(paxSize) ? Number(paxSize) : size;
    const prefix =
      bytes.subarray(257, 262).toString('latin1') === 'ustar' && bytes[263] === 0x30 ? text(bytes.subarray(345, 500)) : '';
    const short = text(bytes.subarray(0, 100));
    const name = pax.get('path') ?? this.#longName ?? (prefix === '' ? short : `${prefix}/${short}`);
    const target = pax.get('linkpath') ?? this.#longTarget ?? text(bytes.subarray(157, 257));
    const sparse = [...pax.keys()].some((key) => key.startsWith('GNU.sparse.'));
    this.#pax = new Map();
    this.#longName = this.#longTarget = undefined;
    const kind = sparse ? undefined : kindOf(type, name);
    if (kind === undefined)
      throw hostile(`An entry of a layer is of a kind that is not taken: ${JSON.stringify(sparse ? 'sparse' : type)}.`);
    const mtime = Number(pax.get('mtime') ?? number(bytes, 136, 12));
    this.#sink.entry({
      name,
      kind,
      target,
      mode: number(bytes, 100, 8),
      bytes: kind === 'file' ? realSize : 0,
      mtimeS: Number.isFinite(mtime) ? mtime : 0,
    });
    // Whatever a link or a folder claims, nothing follows it.
    this.#begin(kind === 'file' ? 'file' : 'skip', kind === 'file' ? realSize : 0);
  }
}

function kindOf(type: string, name: string): TarHeader['kind'] | undefined {
  switch (type) {
    case '0':
    case '\0':
    case '7':
      return name.endsWith('/') ? 'folder' : 'file';
    case '1':
      return 'hardLink';
    case '2':
      return 'link';
    case '3':
    case '4':
    case '6':
      return 'device';
    case '5':
      return 'folder';
    default:
      return undefined;
  }
}

const text = (bytes: Buffer): string => {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? bytes.length : end).toString('utf8');
};

/** Octal, or binary when the first bit says so. */
function number(bytes: Buffer, at: number, length: number): number {
  if (((bytes[at] ?? 0) & 0x80) !== 0) {
    let value = (bytes[at] ?? 0) & 0x7f;
    for (let index = at + 1; index < at + length; index += 1) value = value * 256 + (bytes[index] ?? 0);
    if (!Number.isSafeInteger(value)) throw hostile('A number in the archive of a layer is too large.');
    return value;
  }
  const digits = text(bytes.subarray(at, at + length)).trim();
  if (digits !== '' && !/^[0-7]+$/.test(digits)) throw hostile('A number in the archive of a layer is none.');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function checkSum(bytes: Buffer): void {
  const claimed = number(bytes, 148, 8);
  let sum = 8 * 0x20;
  for (let index = 0; index < block; index += 1) if (index < 148 || index >= 156) sum += bytes[index] ?? 0;
  if (sum !== claimed) throw hostile('A layer is no tar archive, or a damaged one.');
}

/** `<length> <key>=<value>\n`, again and again. */
function paxOf(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const length = space === -1 ? 0 : Number(bytes.subarray(at, space).toString('latin1'));
    if (!Number.isSafeInteger(length) || length < space - at + 3 || at + length > bytes.length)
      throw hostile('The attributes of an entry cannot be read.');
    const record = bytes.subarray(space + 1, at + length - 1);
    const equals = record.indexOf(0x3d);
    if (equals === -1) throw hostile('The attributes of an entry cannot be read.');
    const key = record.subarray(0, equals).toString('utf8');
    const value = record.subarray(equals + 1);
    if (value.includes(0) && (key === 'path' || key === 'linkpath')) throw hostile('A name in a layer holds a zero byte.');
    records.set(key, value.toString('utf8'));
    at += length;
  }
  return records;
}
