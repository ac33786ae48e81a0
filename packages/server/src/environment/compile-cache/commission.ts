import type { Frame } from '../transport/frames.ts';
import type { Link } from '../transport/link.ts';

/** What came of a commission: files by name, or why there are none. */
export type Ended = ReadonlyMap<string, readonly Uint8Array[]> | 'useless' | 'unfinished';

/** More modules than that, and reading the cache costs what it saves. */
const maxFiles = 20_000;
/** As Node names them: by itself and its user, then by a hash of the module's name. */
const named = /^v[\w.-]{1,40}-\w{1,16}-[0-9a-f]{8}-\d{1,10}\/[0-9a-f]{8}$/;

/**
 * The cache of one version, while it is received from the process that makes it.
 *
 * Only what comes before the process is ready counts: no event, and so nobody's input, has touched it by then.
 */
export class Commission implements Disposable {
  readonly maxBytes: number;
  readonly #end: (ended: Ended) => void;
  readonly #files = new Map<string, Uint8Array[]>();
  #bytes = 0;
  #bad = false;
  #ended = false;

  constructor(options: { readonly maxBytes: number; readonly ended: (ended: Ended) => void }) {
    this.maxBytes = options.maxBytes;
    this.#end = options.ended;
  }

  /** Takes the frames of the cache out of a connection until `ready` comes; all others pass. */
  listen(link: Pick<Link, 'onFrame'>): void {
    const pass = link.onFrame;
    link.onFrame = (frame) => {
      if (frame.type === 'C') return this.#add(frame);
      if (frame.type === 'R') {
        link.onFrame = pass;
        this.#finish(this.#bad || this.#files.size === 0 ? 'useless' : this.#files);
      }
      pass(frame);
    };
  }

  /** The process ended before it was ready. */
  [Symbol.dispose](): void {
    this.#finish('unfinished');
  }

  #add({ header, body, oversize }: Frame): void {
    const { name } = header;
    this.#bytes += body.length;
    const good = typeof name === 'string' && named.test(name) && !oversize && this.#bytes <= this.maxBytes;
    if (!good || this.#bad) return this.#spoil();
    const pieces = this.#files.get(name);
    if (pieces !== undefined) pieces.push(body);
    else if (this.#files.size < maxFiles) this.#files.set(name, [body]);
    else this.#spoil();
  }

  #spoil(): void {
    this.#bad = true;
    this.#files.clear();
  }

  #finish(ended: Ended): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end(ended);
  }
}
