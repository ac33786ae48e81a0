import { Pieces } from '../base/index.ts';

/** A body of which more is to come. */
export interface Coming {
  readonly pieces: Pieces;
  /** Its connection is to end. */
  cut(): void;
}

/**
 * Bodies that are still coming, with a bound for all of them together: hundreds of connections may each
 * send as much as their operation allows, but not at once. When there is no room the one that has taken longest is cut.
 */
export class ComingBodies {
  readonly #mostBytes: number;
  /** Longest first: a `Set` keeps insertion order. */
  readonly #all = new Set<Coming>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  begin(cut: () => void): Coming {
    const body: Coming = { pieces: new Pieces(), cut };
    this.#all.add(body);
    return body;
  }

  /** @returns false when it is not kept any more */
  add(body: Coming, piece: Uint8Array): boolean {
    if (!this.#all.has(body)) return false;
    body.pieces.add(piece);
    this.#bytes += piece.length;
    if (this.#bytes > this.#mostBytes) this.#makeRoom(body);
    return true;
  }

  /** It is complete, or not wanted any more. Twice is harmless. */
  end(body: Coming): void {
    if (this.#all.delete(body)) this.#bytes -= body.pieces.bytes;
  }

  #makeRoom(newest: Coming): void {
    for (const each of this.#all) {
      if (this.#bytes <= this.#mostBytes) return;
      if (each === newest || each.pieces.bytes === 0) continue;
      this.end(each);
      each.pieces.clear();
      each.cut();
    }
  }
}
