import type { LogTail } from '../environment/index.ts';

/** @source spec 2.1-03 */
const tailBytes = 4096;

/** Keeps the last 4 KB of an invocation's log, for `X-Amz-Log-Result`. What a line costs does not depend on how many came before. */
export class Tail {
  /** Twice the tail: it is moved to the front once in 4 KB. */
  #kept: Buffer | undefined;
  #end = 0;

  readonly append: LogTail = (line) => {
    // A character is a byte or more: what is before these cannot show.
    const bytes = Buffer.from(`${line.length > tailBytes ? line.slice(-tailBytes - 1) : line}\n`);
    const last = bytes.length > tailBytes ? bytes.subarray(bytes.length - tailBytes) : bytes;
    const kept = (this.#kept ??= Buffer.allocUnsafeSlow(2 * tailBytes));
    if (this.#end + last.length > kept.length) {
      const from = Math.max(0, this.#end - tailBytes);
      kept.copyWithin(0, from, this.#end);
      this.#end -= from;
    }
    kept.set(last, this.#end);
    this.#end += last.length;
  };

  /** Base64, as the header carries it. */
  toString(): string {
    return this.#kept?.toString('base64', Math.max(0, this.#end - tailBytes), this.#end) ?? '';
  }
}
