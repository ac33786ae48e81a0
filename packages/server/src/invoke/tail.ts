import type { LogTail } from '../environment/index.ts';

/** @source spec 2.1-03 */
const tailBytes = 4096;

/** Keeps the last 4 KB of an invocation's log, for `X-Amz-Log-Result`. */
export class Tail {
  #lines: Buffer[] = [];
  #bytes = 0;

  readonly append: LogTail = (line) => {
    const bytes = Buffer.from(line + '\n');
    this.#lines.push(bytes);
    this.#bytes += bytes.length;
    // Whole lines that can no longer show go at once, so that a chatty function costs 4 KB and not all it says.
    let first = 0;
    for (let next = this.#lines[first]; next !== undefined && this.#bytes - next.length >= tailBytes; ) {
      this.#bytes -= next.length;
      next = this.#lines[++first];
    }
    if (first > 0) this.#lines.splice(0, first);
  };

  /** Base64, as the header carries it. */
  toString(): string {
    const all = Buffer.concat(this.#lines);
    return all.subarray(Math.max(0, all.length - tailBytes)).toString('base64');
  }
}
