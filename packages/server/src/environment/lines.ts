/** One event of a log at most. @source spec 5.1-12 */
export const maxLineBytes = 262_144;

const newline = 0x0a;

/** Cuts what a process writes into lines; holds one line at most, and cuts a longer one. */
export class Lines {
  readonly #onLine: (line: string) => void;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let at = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, at)) {
      this.#add(chunk.subarray(at, end));
      this.flush();
      at = end + 1;
    }
    if (at < chunk.length) this.#add(at === 0 ? chunk : chunk.subarray(at));
  }

  /** What is held becomes a line although no line break came. */
  flush(): void {
    if (this.#heldBytes === 0) return;
    const whole = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    this.#onLine(whole.toString('utf8'));
  }

  #add(piece: Buffer): void {
    let rest = piece;
    while (this.#heldBytes + rest.length > maxLineBytes) {
      const room = characterEnd(rest, maxLineBytes - this.#heldBytes);
      this.#hold(rest.subarray(0, room));
      this.flush();
      rest = rest.subarray(room);
    }
    this.#hold(rest);
  }

  #hold(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#held.push(piece);
    this.#heldBytes += piece.length;
  }
}

/** The cut at or just before `at` that does not split a character; `at` itself where the bytes are no UTF-8. */
function characterEnd(bytes: Buffer, at: number): number {
  for (let back = 0; back < 4 && at - back > 0; back += 1) {
    const byte = bytes[at - back];
    if (byte === undefined || (byte & 0xc0) !== 0x80) return at - back;
  }
  return at;
}

/** Cuts one whole event of a log to what an event may have. */
export function clipped(message: string): string {
  if (message.length * 3 <= maxLineBytes) return message;
  const bytes = Buffer.from(message);
  return bytes.length <= maxLineBytes ? message : bytes.toString('utf8', 0, characterEnd(bytes, maxLineBytes));
}
