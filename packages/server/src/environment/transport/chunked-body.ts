const [carriageReturn, lineFeed] = [13, 10];
/** Five hexadecimal digits say a megabyte; more is not for the short way. */
const sizeLine = /^[0-9a-fA-F]{1,5}\r$/;
const longestSizeLine = 6;

/**
 * A body in chunks, read as it comes and strictly: sizes without extensions, nothing behind the last chunk. AWS's library for Go sends
 * every answer so.
 */
export class ChunkedBody {
  readonly #mostBytes: number;
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  #state: 'size' | 'data' | 'afterData' | 'end' = 'size';
  #line = '';
  #missingBytes = 0;

  /** @param mostBytes  of the body, without what is between the chunks */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** @returns how many bytes of the piece belong to the body when it is whole with them; `other`: it has to be read elsewhere */
  take(piece: Buffer): number | 'more' | 'other' {
    for (let at = 0; at < piece.length;) {
      if (this.#state === 'data') {
        const part = piece.subarray(at, at + this.#missingBytes);
        this.#parts.push(part);
        this.#bytes += part.length;
        this.#missingBytes -= part.length;
        at += part.length;
        if (this.#missingBytes === 0) this.#state = 'afterData';
        continue;
      }
      const byte = piece[at] ?? 0;
      at += 1;
      if (byte !== lineFeed) {
        const most = this.#state === 'size' ? longestSizeLine : 1;
        this.#line += String.fromCharCode(byte);
        if (this.#line.length > most || (most === 1 && byte !== carriageReturn)) return 'other';
        continue;
      }
      const line = this.#line;
      this.#line = '';
      if (this.#state === 'size') {
        if (!sizeLine.test(line)) return 'other';
        this.#missingBytes = Number.parseInt(line, 16);
        if (this.#bytes + this.#missingBytes > this.#mostBytes) return 'other';
        this.#state = this.#missingBytes === 0 ? 'end' : 'data';
      } else {
        if (line !== '\r') return 'other';
        if (this.#state === 'end') return at;
        this.#state = 'size';
      }
    }
    return 'more';
  }

  /** What came in the chunks. */
  whole(): Buffer {
    return this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
  }
}
