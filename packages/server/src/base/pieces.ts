/** Pieces smaller than this are copied together. */
const smallBytes = 4_096;
const blockBytes = 16_384;

/**
 * What comes in pieces and is wanted in one.
 *
 * A buffer costs a hundred bytes beside its content. Who sends single bytes would have us keep a hundred times what was
 * allowed, so small pieces are copied together as they come.
 */
export class Pieces {
  #kept: Uint8Array[] = [];
  /** The block that small pieces are copied into, and what of it is taken and not in `#kept` yet. */
  #block: Buffer | undefined;
  #from = 0;
  #to = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (piece.length >= smallBytes || (this.#kept.length === 0 && this.#block === undefined)) {
      this.#cut();
      this.#kept.push(piece);
      return;
    }
    if (this.#block === undefined || this.#to + piece.length > blockBytes) {
      this.#cut();
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#from = this.#to = 0;
    }
    this.#block.set(piece, this.#to);
    this.#to += piece.length;
  }

  /** All of it; nothing is kept afterwards. */
  take(): Buffer {
    this.#cut();
    const kept = this.#kept;
    const bytes = this.#bytes;
    this.clear();
    const [only] = kept;
    return kept.length === 1 && Buffer.isBuffer(only) ? only : Buffer.concat(kept, bytes);
  }

  clear(): void {
    this.#kept = [];
    this.#block = undefined;
    this.#from = this.#to = this.#bytes = 0;
  }

  /** What is in the block so far becomes a piece of its own; the rest of the block is used on. */
  #cut(): void {
    if (this.#block === undefined || this.#from === this.#to) return;
    this.#kept.push(this.#block.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}
