/** No line of a protocol is longer. */
const longestLine = 4096;

/** Lines and counted bytes out of pieces of any size. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #malformed: () => Error;
  #rest: Buffer = Buffer.alloc(0);

  /** @param malformed  what is thrown when the source ends too soon */
  constructor(source: AsyncIterable<Uint8Array>, malformed: () => Error) {
    this.#malformed = malformed;
    this.#source = source[Symbol.asyncIterator]();
  }

  async line(options: { readonly orEnd?: boolean } = {}): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end !== -1) {
        const line = this.#rest.subarray(0, end).toString('latin1');
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > longestLine) throw this.#malformed();
      const more = await this.#more();
      if (more === undefined) {
        if (options.orEnd === true && this.#rest.length === 0) return '';
        throw this.#malformed();
      }
      this.#rest = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    }
  }

  async *bytes(count: number): AsyncGenerator<Uint8Array> {
    let left = count;
    while (left > 0) {
      if (this.#rest.length === 0) {
        const more = await this.#more();
        if (more === undefined) throw this.#malformed();
        this.#rest = more;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** What comes before the marker, which is passed over. */
  async *until(marker: Uint8Array): AsyncGenerator<Uint8Array> {
    for (;;) {
      const end = this.#rest.indexOf(marker);
      if (end !== -1) {
        const last = this.#rest.subarray(0, end);
        this.#rest = this.#rest.subarray(end + marker.length);
        if (last.length > 0) yield last;
        return;
      }
      // The marker may have begun at the end of what is here.
      const safe = this.#rest.length - marker.length + 1;
      if (safe > 0) {
        const piece = this.#rest.subarray(0, safe);
        this.#rest = this.#rest.subarray(safe);
        yield piece;
      }
      const more = await this.#more();
      if (more === undefined) throw this.#malformed();
      this.#rest = Buffer.concat([this.#rest, more]);
    }
  }

  async #more(): Promise<Buffer | undefined> {
    const { done, value } = await this.#source.next();
    return done === true ? undefined : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}
